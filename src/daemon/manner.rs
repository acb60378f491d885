//! How a daemon is acted on: how long is waited, and how much of its log is wanted.

use std::time::Duration;

/// For the questions of each daemon, besides its own wait.
const QUESTIONS: Duration = Duration::from_secs(30);

/// Bounds of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Whole seconds within which the daemon has to be as wanted.
    pub wait: Duration,
    /// How long it has to stay up then; counted in tenths of a second.
    pub settle: Duration,
    /// Lines of its log, where it isn't as wanted.
    pub lines: u32,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(30),
            settle: Duration::from_secs(2),
            lines: 10,
        }
    }
}

impl Manner {
    /// More than the script of so many daemons of one node takes.
    pub fn limit(&self, daemons: usize) -> Duration {
        let each = self.wait + self.settle + QUESTIONS;
        each.saturating_mul(u32::try_from(daemons.max(1)).unwrap_or(u32::MAX))
    }
}
