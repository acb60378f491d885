//! Watched daemons: liveness on the fast tier, the manager's truth on the slow one.

use super::{Field, Unit};
use crate::node::text::SafeText;

/// The daemons of a node, in the order of hosts.yaml.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// One entry per watched daemon.
    pub daemons: Vec<Status>,
}

/// One daemon.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// As named in hosts.yaml.
    pub name: SafeText,
    /// `systemd`, `docker`, ... once known.
    pub manager: Option<SafeText>,
    /// Is it up.
    pub state: State,
    /// The manager's own word: `active/running`, `Exited (1)`, ...
    pub detail: SafeText,
    /// Main process.
    pub pid: Option<u32>,
    /// Restarts by the manager.
    pub restarts: Option<u64>,
    /// Bytes in use.
    pub memory: Option<u64>,
    /// Seconds since it was started.
    pub since: Option<f64>,
}

impl Status {
    /// Why nothing can be said of it: `nginx unknown: no answer`. `None` where it is known, or not asked yet.
    pub fn untold(&self) -> Option<String> {
        let why = self.detail.as_str();
        let is_untold = self.state == State::Unknown && !why.is_empty();
        is_untold.then(|| format!("{} unknown: {why}", self.name))
    }
}

/// Whether a daemon does its work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Running.
    Up,
    /// Between two states: starting, reloading.
    Changing,
    /// Not asked yet, or no answer.
    #[default]
    Unknown,
    /// Stopped in good order.
    Stopped,
    /// The manager doesn't know it, or there is no such manager here.
    Absent,
    /// Failed, crashed, unhealthy.
    Failed,
}

impl State {
    /// True where somebody should look: a watched daemon that is not there to do its work.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Stopped | Self::Absent | Self::Failed)
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Changing => "changing",
            Self::Unknown => "unknown",
            Self::Stopped => "stopped",
            Self::Absent => "absent",
            Self::Failed => "failed",
        }
    }
}

impl Reading {
    /// The one to show when there is room for one.
    pub fn worst(&self) -> Option<&Status> {
        self.daemons.iter().max_by_key(|d| d.state)
    }

    /// Among those whose state is known; `None` where none is.
    fn count(&self, wanted: impl Fn(State) -> bool) -> Option<f64> {
        let states = self.daemons.iter().map(|d| d.state);
        let mut known = states.filter(|state| *state != State::Unknown).peekable();
        known.peek()?;
        Some(known.filter(|state| wanted(*state)).count() as f64)
    }
}

/// Its fields.
pub const FIELDS: &[Field] = &[
    Field {
        id: "daemon.up",
        short: "D-UP",
        title: "watched daemons that run",
        unit: Unit::Count,
        history: false,
        read: |s| s.daemon.count(|d| d == State::Up),
    },
    Field {
        id: "daemon.bad",
        short: "D-BAD",
        title: "watched daemons that are stopped, absent or failed",
        unit: Unit::Count,
        history: false,
        read: |s| s.daemon.count(State::is_bad),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(states: &[State]) -> [Option<f64>; 2] {
        let one = |state: &State| Status {
            state: *state,
            ..Status::default()
        };
        let daemons = states.iter().map(one).collect();
        let reading = Reading { daemons };
        [
            reading.count(|state| state == State::Up),
            reading.count(State::is_bad),
        ]
    }

    #[test]
    fn what_is_not_known_is_not_counted() {
        use State::{Failed, Unknown, Up};
        assert_eq!(counted(&[Unknown, Unknown]), [None, None]);
        assert_eq!(counted(&[]), [None, None]);
        assert_eq!(counted(&[Up, Unknown]), [Some(1.0), Some(0.0)]);
        assert_eq!(counted(&[Failed, Up, Unknown]), [Some(1.0), Some(1.0)]);
    }
}
