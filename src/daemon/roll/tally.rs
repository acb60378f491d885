//! How many nodes of a roll are at what. Pure.

use super::{End, Phase};

/// How many nodes are at what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Their turn has not come.
    pub waiting: usize,
    /// Begun, and not ended.
    pub in_flight: usize,
    /// Rolled.
    pub done: usize,
    /// A step failed, or the gate did not turn green.
    pub failed: usize,
    /// Not reached, or lost.
    pub unreached: usize,
    /// Cut by an abort.
    pub cut: usize,
    /// Down without us, in flight, or ended badly.
    pub unavailable: usize,
}

impl Tally {
    pub(super) fn of(&mut self, phase: &Phase) -> &mut usize {
        match phase {
            Phase::Waiting => &mut self.waiting,
            Phase::Ended(End::Done) => &mut self.done,
            Phase::Ended(End::Failed) => &mut self.failed,
            Phase::Ended(End::Unreached) => &mut self.unreached,
            Phase::Ended(End::Cut) => &mut self.cut,
            _ => &mut self.in_flight,
        }
    }
}
