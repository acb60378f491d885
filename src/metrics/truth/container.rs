//! `docker inspect` and `podman inspect`: one row per container.

use super::{State, Truth};

/// A row of `docker inspect`.
pub(super) struct Container {
    status: String,
    pid: Option<u32>,
    restarts: Option<u64>,
    exit: String,
    oom: bool,
    /// Seconds since 1970.
    pub(super) started: Option<f64>,
    health: String,
}

/// `/web|running|123|0|0|false|2023-06-26T20:44:32Z|healthy`
pub(super) fn container(row: &str, name: &str) -> Option<Container> {
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
    /// What it says, without its start.
    pub(super) fn truth(&self, part: &str) -> Truth {
        let state = match (self.status.as_str(), self.health.as_str()) {
            ("running", "starting") | ("removing" | "stopping", _) => State::Changing,
            ("running", health) if health != "unhealthy" => State::Up,
            // A crash loop waits in `restarting`.
            ("running" | "restarting" | "dead", _) => State::Failed,
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
pub(super) fn instant(text: &str) -> Option<f64> {
    let mut words = text.split(' ');
    let joined = match (words.next(), words.next(), words.next()) {
        (Some(date), Some(time), Some(zone)) => format!("{date}T{time}{zone}"),
        _ => text.to_owned(),
    };
    let instant: jiff::Timestamp = joined.parse().ok()?;
    // A container that never ran was "started" in the year 1.
    Some(instant.as_second() as f64).filter(|seconds| *seconds > 0.0)
}
