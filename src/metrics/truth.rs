//! What the managers say of the watched daemons, read from a slow answer.

use super::{
    daemon::{State, Status},
    question::unit,
    sampler::clipped,
    slow::{Answer, Hello},
};
use crate::node::{Daemon, Manager, quote::is_plain_word, text::SafeText};
use container::{Container, container};
use systemd::Unit;
use words::{custom, openrc, runit, supervisor};

mod container;
mod systemd;
mod words;

/// A manager's word about one daemon.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Truth {
    /// Its state, without the time since its start.
    pub(super) status: Status,
    /// When it was started, in seconds since boot.
    pub(super) started: Option<f64>,
    /// Its cgroup v2 folder, absolute.
    pub(super) cgroup: Option<String>,
}

impl Truth {
    fn new(manager: &str, state: State, detail: &str) -> Self {
        Self {
            status: Status {
                manager: Some(SafeText::from(manager)),
                state,
                detail: clipped(detail),
                ..Status::default()
            },
            ..Self::default()
        }
    }
}

/// The truth about each daemon, in the order of the node.
pub(super) fn truths(answer: &Answer, hello: &Hello, daemons: &[Daemon]) -> Vec<Truth> {
    let asked = Asked { answer, hello };
    let truth = |(i, daemon): (usize, &Daemon)| {
        let mut truth = asked.truth(i, daemon);
        truth.status.name = SafeText::from(daemon.name.as_str());
        truth
    };
    daemons.iter().enumerate().map(truth).collect()
}

struct Asked<'a> {
    answer: &'a Answer,
    hello: &'a Hello,
}

impl Asked<'_> {
    fn truth(&self, i: usize, daemon: &Daemon) -> Truth {
        let name = daemon.name.as_str();
        let by_path = match daemon.manager {
            Manager::Custom => daemon.status.is_some(),
            Manager::Pidfile => daemon.pidfile.is_some(),
            _ => false,
        };
        if !by_path && daemon.manager != Manager::Custom && !is_plain_word(name) {
            let why = "only letters, digits and @:._- can be asked for";
            return Truth::new("-", State::Unknown, why);
        }
        match daemon.manager {
            Manager::Auto => self.auto(i, name),
            Manager::Systemd => self.systemd("systemd", name),
            Manager::SystemdUser => self.systemd("systemd-user", name),
            Manager::Docker => self.container("docker", name),
            Manager::Podman => self.container("podman", name),
            Manager::Openrc => self.one(i, "openrc", openrc),
            Manager::Runit => self.one(i, "runit", runit),
            Manager::Supervisor => self.supervisor(name),
            Manager::Launchd => Truth::new("launchd", State::Absent, "no launchd here"),
            Manager::Pidfile => self.pidfile(i),
            Manager::Custom if by_path => self.one(i, "custom", custom),
            Manager::Custom => Truth::new("custom", State::Unknown, "no status command"),
        }
    }

    /// The first manager that knows it; else the first that could not be asked.
    fn auto(&self, i: usize, name: &str) -> Truth {
        let mut all = vec![
            self.systemd("systemd", name),
            self.container("docker", name),
            self.container("podman", name),
            self.one(i, "openrc", openrc),
            self.one(i, "runit", runit),
            self.supervisor(name),
            self.pidfile(i),
        ];
        let nobody = |truth: &Truth| {
            truth.status.state == State::Absent || truth.status.detail.as_str() == NO_PIDFILE
        };
        all.retain(|truth| !nobody(truth));
        let known = all
            .iter()
            .position(|truth| truth.status.state != State::Unknown);
        match known {
            Some(at) => all.swap_remove(at),
            None if all.is_empty() => Truth {
                status: Status {
                    manager: None,
                    ..Truth::new("", State::Absent, "no unit, container or pid file").status
                },
                ..Truth::default()
            },
            None => all.swap_remove(0),
        }
    }

    /// True where the manager that speaks under this part's name is there.
    fn has(&self, part: &str) -> bool {
        match part {
            "systemd" | "systemd-user" => self.hello.has("systemd"),
            "custom" | "pidfile" => true,
            other => self.hello.has(other),
        }
    }

    fn absent(part: &str) -> Truth {
        let manager = part.strip_suffix("-user").unwrap_or(part);
        Truth::new(part, State::Absent, &format!("no {manager} here"))
    }

    fn systemd(&self, part: &str, name: &str) -> Truth {
        if !self.has(part) {
            return Self::absent(part);
        }
        let wanted = unit(name);
        let lines: Vec<&[u8]> = self.answer.lines(part).collect();
        let blocks = lines.split(|line| line.is_empty());
        blocks
            .map(Unit)
            .find(|block| block.is(&wanted))
            .map_or_else(|| self.no_word(part), |block| block.truth(part))
    }

    /// The manager is there, but said nothing of this daemon.
    fn no_word(&self, part: &str) -> Truth {
        let mut lines = self.answer.lines(part);
        let first = lines.find(|line| !line.trim_ascii().is_empty());
        match (self.answer.part(part), first) {
            (_, Some(line)) => Truth::new(part, State::Unknown, &text(line)),
            (Some(LATE), None) => Truth::new(part, State::Unknown, NO_ANSWER),
            _ => Truth::new(part, State::Unknown, "no answer"),
        }
    }

    fn container(&self, part: &str, name: &str) -> Truth {
        if !self.has(part) {
            return Self::absent(part);
        }
        let rows = self.answer.lines(part).map(text);
        let rows: Vec<String> = rows.collect();
        if let Some(row) = rows.iter().find_map(|row| container(row, name)) {
            return self.timed(part, &row);
        }
        let missing = |row: &String| row.to_ascii_lowercase().contains("no such");
        if rows.iter().any(missing) {
            return Truth::new(part, State::Absent, "no such container");
        }
        self.no_word(part)
    }

    /// A container's truth, with its start counted from boot.
    fn timed(&self, part: &str, row: &Container) -> Truth {
        let mut truth = row.truth(part);
        let age = self
            .answer
            .epoch
            .zip(row.started)
            .map(|(now, then)| now - then);
        let started = self
            .answer
            .uptime
            .zip(age)
            .map(|(uptime, age)| uptime - age);
        truth.started = started.filter(|_| truth.status.state == State::Up);
        truth
    }

    /// A daemon that is asked about by its position.
    fn one(&self, i: usize, part: &str, read: fn(&str, &str) -> Truth) -> Truth {
        if !self.has(part) {
            return Self::absent(part);
        }
        let head = format!("{part} {i}");
        match self.answer.parts(&head).next() {
            Some((status, mut lines)) => match lines.next().map(text).unwrap_or_default() {
                line if line.is_empty() && status == LATE => {
                    Truth::new(part, State::Unknown, NO_ANSWER)
                }
                line => read(status, &line),
            },
            None => Truth::new(part, State::Unknown, "no answer"),
        }
    }

    fn supervisor(&self, name: &str) -> Truth {
        if !self.has("supervisor") {
            return Self::absent("supervisor");
        }
        let rows = self.answer.lines("supervisor").map(text);
        let mut truths = rows.filter_map(|row| supervisor(&row, name));
        truths.next().unwrap_or_else(|| self.no_word("supervisor"))
    }

    fn pidfile(&self, i: usize) -> Truth {
        let head = format!("pidfile {i}");
        let Some(words) = self.answer.part(&head) else {
            return Truth::new("pidfile", State::Unknown, "no answer");
        };
        let (pid, word) = words.split_once(' ').unwrap_or((words, ""));
        let mut truth = match word {
            "up" => Truth::new("pidfile", State::Up, "running"),
            "gone" => {
                let detail = format!("process {pid} of its pid file is gone");
                return Truth::new("pidfile", State::Failed, &detail);
            }
            "none" => Truth::new("pidfile", State::Stopped, NO_PIDFILE),
            "denied" => Truth::new("pidfile", State::Unknown, "its pid file may not be read"),
            _ => Truth::new("pidfile", State::Unknown, "pid file without a number"),
        };
        truth.status.pid = pid.parse().ok();
        truth
    }
}

const NO_PIDFILE: &str = "no pid file";

/// The exit status of timeout(1) where it ended its command.
const LATE: &str = "124";
const NO_ANSWER: &str = "no answer in 8 s";

fn text(line: &[u8]) -> String {
    let line = line.get(..line.len().min(4096)).unwrap_or_default();
    String::from_utf8_lossy(line).trim().to_owned()
}

#[cfg(test)]
#[path = "truth_tests.rs"]
mod tests;
