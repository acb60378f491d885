//! What an operator does to the daemons of a simulated node: they are started, stopped, restarted, and stay so.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use super::{
    model::{Model, Moment},
    services::Service,
    shell::Ended,
};

/// What was done to a daemon last.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Act {
    /// It was started, not stopped.
    pub(super) is_up: bool,
    /// Simulated seconds.
    pub(super) at: f64,
    /// How often something was done to it.
    pub(super) count: u32,
}

/// By the name of the daemon.
pub(super) type Acts = BTreeMap<String, Act>;

/// What the script of a daemon command asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wish {
    verb: String,
    names: Vec<String>,
}

impl Wish {
    /// Reads the script; none where it is something else.
    pub(super) fn parse(command: &str) -> Option<Self> {
        let (before, after) = command.split_once("; L=")?;
        let (_, verb) = before.rsplit_once(" a=")?;
        let plain = |word: &str| word.replace(['\'', '\\'], "");
        let calls = after.split("; m=").map(|part| part.rsplit_once(" n="));
        let names: Vec<String> = calls.flatten().map(|(_, name)| plain(name)).collect();
        let is_verb = matches!(verb, "status" | "start" | "stop" | "restart");
        (is_verb && !names.is_empty()).then(|| Self {
            verb: verb.to_owned(),
            names,
        })
    }

    /// Does it, and says what came of it as the real script does.
    pub(super) fn carry_out(&self, model: &Model, now: Moment) -> Ended {
        let mut ended = Ended::default();
        for name in &self.names {
            let find = || {
                model
                    .services(now.time)
                    .into_iter()
                    .find(|s| s.name == *name)
            };
            let Some(before) = find() else {
                let why = "reason=no such unit on this node";
                let _ = writeln!(ended.stdout, "{name} - absent result=refused {why}");
                ended.code = 1;
                continue;
            };
            let verdict = match (self.verb.as_str(), before.up) {
                ("status", _) => "",
                ("start", true) | ("stop", false) => " result=already",
                _ => " result=done",
            };
            if verdict.ends_with("done") {
                model.act(name, self.verb != "stop", now.time);
                ended.after = takes(model.profile().name.as_str());
            }
            let after = find().unwrap_or(before);
            let is_wanted = after.up != (self.verb == "stop");
            ended.code |= u32::from(!is_wanted);
            ended.stdout += &line(&after, verdict, model, now);
        }
        ended
    }
}

fn line(service: &Service, verdict: &str, model: &Model, now: Moment) -> String {
    let Service {
        name,
        manager,
        pid,
        restarts,
        memory,
        ..
    } = service;
    let manager = manager.as_str();
    let since = now.epoch as i64 - (model.uptime(now.time) - service.started) as i64;
    match (service.up, service.is_stopped) {
        (true, _) => format!(
            "{name} {manager} up{verdict} since={since} pid={pid} restarts={restarts} memory={memory}\n"
        ),
        (false, true) => format!("{name} {manager} stopped{verdict} restarts={restarts} exit=0\n"),
        (false, false) => format!(
            "{name} {manager} failed{verdict} restarts={restarts} exit=1 reason=exit-code\n\
             | ERROR cannot bind to its port: address already in use\n| INFO leaving with status 1\n"
        ),
    }
}

/// Until a manager has done what it was told, and it is seen that it lasts: 0.6 to 2.1 s.
fn takes(node: &str) -> Duration {
    let sum: u64 = node.bytes().map(u64::from).sum();
    Duration::from_millis(600 + sum * 37 % 1500)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        daemon::{Action, Manner, answer, script::script},
        metrics::daemon::State,
        node::Daemon,
        sim::{Profile, Story},
    };

    fn asked(action: Action, name: &str) -> Wish {
        let daemon = Daemon {
            name: name.to_owned(),
            ..Daemon::default()
        };
        Wish::parse(&script(&[daemon], action, &Manner::default())).unwrap()
    }

    fn at(time: f64) -> Moment {
        Moment {
            time,
            epoch: 1_800_000_000,
        }
    }

    #[test]
    fn what_is_done_to_a_daemon_stays_done() {
        let mut profile = Profile::new("web03");
        profile.story = Some(Story::LosesDaemon);
        profile.delay = 0.0;
        let model = Model::new(Arc::new(profile), 1);
        let name = model.services(0.0).remove(0).name;
        let state = |action, time| {
            let ended = asked(action, &name).carry_out(&model, at(time));
            let report = answer::read(ended.stdout.as_bytes()).remove(0);
            (report.state, ended.code)
        };
        assert_eq!(state(Action::Status, 10.0), (State::Up, 0));
        assert_eq!(state(Action::Status, 30.0), (State::Failed, 1));
        assert_eq!(state(Action::Restart, 31.0), (State::Up, 0));
        assert_eq!(state(Action::Status, 60.0), (State::Up, 0));
        assert_eq!(state(Action::Stop, 61.0), (State::Stopped, 0));
        assert_eq!(state(Action::Status, 100.0), (State::Stopped, 1));
        assert_eq!(state(Action::Start, 101.0), (State::Up, 0));
        // The story goes on.
        assert_eq!(state(Action::Status, 330.0), (State::Failed, 1));
        assert_eq!(Wish::parse("echo a=restart"), None);
    }
}
