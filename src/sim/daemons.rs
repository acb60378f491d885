//! What a node answers to the script that looks at its daemons or restarts them.

use std::{fmt::Write as _, time::Duration};

use super::{
    model::{Model, Moment},
    services::Service,
    shell::Ended,
};

/// A script as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call {
    is_restart: bool,
    names: Vec<String>,
}

impl Call {
    /// Reads a command; none where it is something else.
    pub(super) fn parse(command: &str) -> Option<Self> {
        let is_script = command.lines().any(|line| line.starts_with("/bin/sh -c "));
        let is_restart = command.contains("a=restart; L=");
        let mark = if is_restart {
            "a=restart; L="
        } else {
            "a=status; L="
        };
        let (_, calls) = command.split_once(mark).filter(|_| is_script)?;
        let name = |call: &str| {
            let (_, name) = call.split_once("n=")?;
            let (name, _) = name.split_once("; m=")?;
            Some(name.replace(['\'', '\\'], ""))
        };
        let names = calls.split("one; ").filter_map(name).collect();
        Some(Self { is_restart, names })
    }

    /// Its one step: a restart takes a while, and a daemon that is lost does not come back by it.
    pub(super) fn answer(&self, model: &Model, now: Moment) -> Ended {
        let services = model.services(now.time);
        let mut ended = Ended::default();
        for name in &self.names {
            let service = services.iter().find(|service| service.name == *name);
            if service.is_none_or(|service| !service.up) {
                ended.code = 1;
            }
            let Some(service) = service else {
                let text = "- absent reason=no unit, container or pid file";
                let _ = writeln!(ended.stdout, "{name} {text}");
                continue;
            };
            self.tell(service, (model, now), &mut ended.stdout);
            if self.is_restart {
                ended.after += pause(model.profile().name.as_str());
            }
        }
        ended
    }

    fn tell(&self, service: &Service, (model, now): (&Model, Moment), out: &mut String) {
        let (name, manager) = (&service.name, service.manager.as_str());
        let result = match (self.is_restart, service.up) {
            (false, _) => "",
            (true, true) => " result=done",
            (true, false) => " result=failed",
        };
        if !service.up {
            let reason = "exit=1 reason=exit-code";
            let _ = writeln!(out, "{name} {manager} failed{result} {reason}");
            let _ = writeln!(
                out,
                "| {name}: bind() to 0.0.0.0:80 failed: address already in use"
            );
            return;
        }
        let age = if self.is_restart {
            0.0
        } else {
            model.uptime(now.time) - service.started
        };
        let since = now.epoch as i64 - age as i64;
        let (pid, restarts, memory) = (service.pid, service.restarts, service.memory);
        let _ = writeln!(
            out,
            "{name} {manager} up{result} since={since} pid={pid} restarts={restarts} memory={memory}"
        );
    }
}

/// What a restart takes there: 0.6 to 2.1 s.
fn pause(node: &str) -> Duration {
    let sum: u64 = node.bytes().map(u64::from).sum();
    Duration::from_millis(600 + sum * 37 % 1500)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        node::quote::quoted,
        sim::{Profile, Story},
    };

    /// As the script quotes it.
    fn command(action: &str, name: &str) -> String {
        let text = format!(
            "n() {{ x; }}; a={action}; L=10; W=30; n={}; m=auto; d_start=; one; exit $bad",
            quoted(name)
        );
        format!(": sshoal-roll-1.2.\n/bin/sh -c {}", quoted(&text))
    }

    #[test]
    fn a_restart_takes_a_while_and_a_lost_daemon_stays_lost() {
        let profile = Profile::new("web03").story(Story::LosesDaemon);
        let model = Model::new(Arc::new(profile), 1);
        let at = |time| Moment {
            time,
            epoch: 1_000_000_000,
        };
        let call = Call::parse(&command("restart", "nginx")).unwrap();
        let well = call.answer(&model, at(5.0));
        assert!(
            well.stdout
                .starts_with("nginx systemd up result=done since="),
            "{}",
            well.stdout
        );
        assert!(well.code == 0 && well.after >= Duration::from_millis(600));
        let lost = call.answer(&model, at(30.0));
        assert!(
            lost.stdout.contains(" failed result=failed "),
            "{}",
            lost.stdout
        );
        assert_eq!(lost.code, 1);
        let look = Call::parse(&command("status", "none")).unwrap();
        let look = look.answer(&model, at(5.0));
        assert_eq!((look.code, look.after), (1, Duration::ZERO));
        assert_eq!(Call::parse("echo a=restart; L=1"), None);
        assert_eq!(Call::parse(&command("stop", "nginx")), None);
    }
}
