//! `systemctl show`: blocks of `Key=value`.

use super::{State, Truth};

/// A block of `systemctl show`; the order of its keys is not promised.
pub(super) struct Unit<'a>(pub(super) &'a [&'a [u8]]);

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
    pub(super) fn is(&self, wanted: &str) -> bool {
        let names = self.value("Names").unwrap_or_default();
        self.value("Id") == Some(wanted) || names.split(' ').any(|name| name == wanted)
    }

    /// What it says.
    pub(super) fn truth(&self, part: &str) -> Truth {
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
pub(super) fn cgroup(group: &str) -> Option<String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"@:._-/\\".contains(&b);
    let fits = group.len() > 1 && group.len() < 200 && group.starts_with('/');
    (fits && group.bytes().all(plain) && !group.contains(".."))
        .then(|| format!("/sys/fs/cgroup{group}"))
}
