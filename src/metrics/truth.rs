//! What the managers say of the watched daemons, read from a slow answer.

use super::{
    daemon::{State, Status},
    sampler::clipped,
    slow::{Answer, Hello, unit},
};
use crate::node::{Daemon, Manager, quote::is_plain_word, text::SafeText};

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
            .map(|block| Unit(block))
            .find(|block| block.is(&wanted))
            .map_or_else(|| self.no_word(part), |block| block.truth(part))
    }

    /// The manager is there, but said nothing of this daemon.
    fn no_word(&self, part: &str) -> Truth {
        let mut lines = self.answer.lines(part);
        let first = lines.find(|line| !line.trim_ascii().is_empty());
        match (self.answer.part(part), first) {
            (_, Some(line)) => Truth::new(part, State::Unknown, &text(line)),
            (Some("124"), None) => Truth::new(part, State::Unknown, "no answer in 8 s"),
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
        if rows.iter().any(missing) || (self.answer.part(part).is_some() && rows.is_empty()) {
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
            Some((status, mut lines)) => read(status, &lines.next().map(text).unwrap_or_default()),
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
            _ => Truth::new("pidfile", State::Unknown, "pid file without a number"),
        };
        truth.status.pid = pid.parse().ok();
        truth
    }
}

const NO_PIDFILE: &str = "no pid file";

fn text(line: &[u8]) -> String {
    let line = line.get(..line.len().min(4096)).unwrap_or_default();
    String::from_utf8_lossy(line).trim().to_owned()
}

/// A block of `systemctl show`; the order of its keys is not promised.
struct Unit<'a>(&'a [&'a [u8]]);

impl<'a> Unit<'a> {
    fn value(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find_map(|line| {
            let value = line.strip_prefix(key.as_bytes())?.strip_prefix(b"=")?;
            std::str::from_utf8(value).ok().map(str::trim)
        })
    }

    fn number(&self, key: &str) -> Option<u64> {
        let number = self.value(key)?.parse().ok()?;
        (number != u64::MAX).then_some(number)
    }

    /// An alias answers under its unit's own Id, and is one of its Names.
    fn is(&self, wanted: &str) -> bool {
        let names = self.value("Names").unwrap_or_default();
        self.value("Id") == Some(wanted) || names.split(' ').any(|name| name == wanted)
    }

    fn truth(&self, part: &str) -> Truth {
        let word = |key| self.value(key).unwrap_or("?");
        let (load, active, sub) = (word("LoadState"), word("ActiveState"), word("SubState"));
        if load == "not-found" {
            return Truth::new(part, State::Absent, "no such unit");
        }
        let state = match (active, sub) {
            ("active", _) => State::Up,
            // A crash loop waits here most of the time.
            (_, "auto-restart" | "auto-restart-queued") | ("failed", _) => State::Failed,
            ("inactive", _) if matches!(load, "error" | "bad-setting") => State::Failed,
            ("inactive", _) => State::Stopped,
            ("activating" | "deactivating" | "reloading" | "refreshing" | "maintenance", _) => {
                State::Changing
            }
            _ => State::Unknown,
        };
        let why = match word("Result") {
            "success" | "?" | "" => String::new(),
            "exit-code" => format!(" (exit {})", word("ExecMainStatus")),
            other => format!(" ({other})"),
        };
        let load = if matches!(load, "loaded" | "?") {
            String::new()
        } else {
            format!(", {load}")
        };
        let mut truth = Truth::new(part, state, &format!("{active}/{sub}{why}{load}"));
        truth.status.pid = self
            .number("MainPID")
            .and_then(|pid| u32::try_from(pid).ok())
            .filter(|pid| *pid > 0);
        truth.status.restarts = self.number("NRestarts");
        truth.status.memory = self.number("MemoryCurrent").filter(|_| state == State::Up);
        let entered = self
            .number("ActiveEnterTimestampMonotonic")
            .filter(|us| *us > 0);
        truth.started = entered
            .filter(|_| state == State::Up)
            .map(|us| us as f64 / 1e6);
        truth.cgroup = self.value("ControlGroup").and_then(cgroup);
        truth
    }
}

/// The folder of a control group, when its name can travel as a word of a tick.
fn cgroup(group: &str) -> Option<String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"@:._-/\\".contains(&b);
    let fits = group.len() > 1 && group.len() < 200 && group.starts_with('/');
    (fits && group.bytes().all(plain) && !group.contains(".."))
        .then(|| format!("/sys/fs/cgroup{group}"))
}

/// A row of `docker inspect`.
struct Container {
    status: String,
    pid: Option<u32>,
    restarts: Option<u64>,
    exit: String,
    oom: bool,
    started: Option<f64>,
    health: String,
}

/// `/web|running|123|0|0|false|2023-06-26T20:44:32Z|healthy`
fn container(row: &str, name: &str) -> Option<Container> {
    let mut cells = row.split('|');
    (cells.next()?.trim_start_matches('/') == name).then_some(())?;
    let mut next = || cells.next().unwrap_or_default().trim().to_owned();
    let status = next();
    (!status.is_empty()).then(|| Container {
        status,
        pid: next().parse().ok().filter(|pid| *pid > 0),
        restarts: next().parse().ok(),
        exit: next(),
        oom: next() == "true",
        started: instant(&next()),
        health: next(),
    })
}

impl Container {
    fn truth(&self, part: &str) -> Truth {
        let state = match (self.status.as_str(), self.health.as_str()) {
            ("running", "unhealthy") => State::Failed,
            ("running", "starting") | ("removing" | "stopping", _) => State::Changing,
            ("running", _) => State::Up,
            // A crash loop waits here.
            ("restarting" | "dead", _) => State::Failed,
            ("exited" | "stopped", _) if self.oom || self.exit != "0" => State::Failed,
            ("exited" | "stopped" | "created" | "paused" | "configured" | "initialized", _) => {
                State::Stopped
            }
            _ => State::Unknown,
        };
        let detail = match (self.status.as_str(), self.health.as_str()) {
            ("exited" | "stopped", _) if self.oom => format!("{} (out of memory)", self.status),
            ("exited" | "stopped", _) => format!("{} ({})", self.status, self.exit),
            (status, "" | "none") => status.to_owned(),
            (status, health) => format!("{status} ({health})"),
        };
        let mut truth = Truth::new(part, state, &detail);
        truth.status.pid = self.pid.filter(|_| self.status == "running");
        truth.status.restarts = self.restarts;
        truth
    }
}

/// Docker's `2023-06-26T20:44:32.1Z` or podman's `2023-06-26 22:44:32.1 +0200 CEST`, in seconds since 1970.
fn instant(text: &str) -> Option<f64> {
    let mut words = text.split(' ');
    let joined = match (words.next(), words.next(), words.next()) {
        (Some(date), Some(time), Some(zone)) => format!("{date}T{time}{zone}"),
        _ => text.to_owned(),
    };
    let instant: jiff::Timestamp = joined.parse().ok()?;
    // A container that never ran was "started" in the year 1.
    Some(instant.as_second() as f64).filter(|seconds| *seconds > 0.0)
}

/// rc-service(8): 0 started, 3 stopped, 4 stopping, 8 starting, 16 inactive, 32 crashed.
fn openrc(status: &str, line: &str) -> Truth {
    let state = match status {
        "0" => State::Up,
        "3" => State::Stopped,
        "4" | "8" | "16" => State::Changing,
        "32" => State::Failed,
        _ if line.contains("does not exist") => State::Absent,
        _ => State::Unknown,
    };
    Truth::new("openrc", state, line.trim_start_matches(['*', ' ']))
}

/// `run: nginx: (pid 123) 456s`, `down: nginx: 5s, normally up`, `fail: nginx: unable to change to service directory`
fn runit(_status: &str, line: &str) -> Truth {
    let line = line.split(';').next().unwrap_or_default();
    let state = match line.split(':').next() {
        Some("run") => State::Up,
        Some("down") => State::Stopped,
        Some("finish" | "want up") => State::Changing,
        Some("fail") if line.contains("service directory") => State::Absent,
        _ => State::Unknown,
    };
    let mut truth = Truth::new("runit", state, line);
    truth.status.pid = after(line, "(pid ");
    truth
}

/// `web:web_00  RUNNING  pid 123, uptime 0:01:02`
fn supervisor(row: &str, name: &str) -> Option<Truth> {
    let (program, rest) = row.split_once(char::is_whitespace)?;
    let program = program.trim_end_matches(':');
    let is_it = program == name || program.split(':').any(|part| part == name);
    let rest = rest.trim();
    let state = match rest.split_whitespace().next()? {
        "RUNNING" => State::Up,
        "STARTING" | "STOPPING" => State::Changing,
        "STOPPED" | "EXITED" => State::Stopped,
        "FATAL" | "BACKOFF" => State::Failed,
        "ERROR" if rest.contains("no such") => State::Absent,
        _ => State::Unknown,
    };
    let mut truth = Truth::new("supervisor", state, rest);
    truth.status.pid = after(rest, "pid ");
    is_it.then_some(truth)
}

/// Exit 0 means running; 124 is the deadline's, 126 and 127 are the shell's.
fn custom(status: &str, line: &str) -> Truth {
    let (state, otherwise) = match status {
        "0" => (State::Up, "running"),
        "124" => (State::Unknown, "no answer in 8 s"),
        "126" | "127" => (State::Unknown, "the status command can't be run"),
        _ => (State::Stopped, "not running"),
    };
    Truth::new(
        "custom",
        state,
        if line.is_empty() { otherwise } else { line },
    )
}

/// The number behind a word.
fn after(line: &str, word: &str) -> Option<u32> {
    let (_, rest) = line.split_once(word)?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

#[cfg(test)]
#[path = "truth_tests.rs"]
mod tests;
