//! What a node of a roll is at. Pure.

use super::{End, gate::Gating};

/// What a node is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its turn has not come.
    Waiting,
    /// An earlier process has begun it, and nobody knows how far it got.
    Suspect(Suspect),
    /// Its steps go on.
    Working,
    /// Its gate is asked again and again.
    Gating(Gating),
    /// It has failed, and what is to be run then goes on: true once it was begun.
    Mending(End, bool),
    /// Done with.
    Ended(End),
}

/// What is known of a node that an earlier process has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    pub(super) is_restarted: bool,
    pub(super) since: u64,
    pub(super) is_asked: bool,
    pub(super) again_at: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) phase: Phase,
    /// By the last look.
    pub(super) is_down: bool,
    /// Begun by an earlier process, to no good end.
    pub(super) is_touched: bool,
}

impl Node {
    pub(super) fn at(phase: Phase) -> Self {
        Self {
            phase,
            is_down: false,
            is_touched: false,
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.phase == Phase::Waiting
    }

    pub(super) fn is_in_flight(&self) -> bool {
        !matches!(self.phase, Phase::Waiting | Phase::Ended(_))
    }

    pub(super) fn is_unavailable(&self) -> bool {
        match self.phase {
            Phase::Waiting => self.is_down || self.is_touched,
            Phase::Ended(End::Done) => self.is_down,
            _ => true,
        }
    }
}
