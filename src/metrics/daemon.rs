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

    fn count(&self, wanted: impl Fn(State) -> bool) -> Option<f64> {
        (!self.daemons.is_empty())
            .then(|| self.daemons.iter().filter(|d| wanted(d.state)).count() as f64)
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
