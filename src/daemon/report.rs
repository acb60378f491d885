//! What is known of a daemon after a look, or after an action.

use crate::{
    metrics::daemon::State,
    node::{Manager, text::SafeText},
};

/// A node's word on one daemon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// As it was asked for.
    pub name: SafeText,
    /// Who runs it; none where nobody knows it.
    pub manager: Option<Manager>,
    /// Is it up: by its manager, at the end.
    pub state: State,
    /// What came of an action; none after a mere look.
    pub verdict: Option<Verdict>,
    /// Seconds since 1970, by the node's clock.
    pub since: Option<i64>,
    /// Main process.
    pub pid: Option<u32>,
    /// Restarts by the manager.
    pub restarts: Option<u64>,
    /// Bytes in use.
    pub memory: Option<u64>,
    /// Milliseconds of CPU time.
    pub cpu_ms: Option<u64>,
    /// How it ended last; 128 and the signal's number where one has ended it.
    pub exit: Option<u32>,
    /// The manager's own word, or why it is not as wanted.
    pub reason: SafeText,
    /// The last lines of its log, where it is not as wanted.
    pub log: Vec<SafeText>,
}

/// What came of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is as wanted now.
    Done,
    /// It was as wanted before.
    Already,
    /// It is not as wanted.
    Failed,
    /// Nobody can say.
    Unknown,
    /// There is no way to do it; nothing was done.
    Refused,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Done,
        Self::Already,
        Self::Failed,
        Self::Unknown,
        Self::Refused,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Already => "already",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
        }
    }
}

impl Report {
    /// As wanted: after an action by its verdict, after a look when it is up.
    pub fn is_well(&self) -> bool {
        match self.verdict {
            Some(verdict) => matches!(verdict, Verdict::Done | Verdict::Already),
            None => self.state == State::Up,
        }
    }
}
