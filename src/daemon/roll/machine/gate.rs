//! A node's gate: when it is asked, how long it must stay green, and when it was red for too long. Pure.

use super::{End, Gate};
use crate::daemon::roll::Options;

/// A gate while it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gating {
    since: u64,
    green_since: Option<u64>,
    is_asked: bool,
    again_at: u64,
}

impl Gating {
    pub(super) fn new(now: u64) -> Self {
        Self {
            since: now,
            green_since: None,
            is_asked: false,
            again_at: now,
        }
    }

    /// True once for each time that it is to be asked.
    pub(super) fn is_due(&mut self, now: u64) -> bool {
        let is_due = !self.is_asked && self.again_at <= now;
        self.is_asked |= is_due;
        is_due
    }

    /// When it is to be asked, unless it is being asked.
    pub(super) fn due_at(&self) -> Option<u64> {
        (!self.is_asked).then_some(self.again_at)
    }

    /// True while it is green, and not yet for long enough.
    pub fn is_settling(&self) -> bool {
        self.green_since.is_some()
    }

    /// Takes in what it says; how the node ends, where that is known by it.
    pub(super) fn told(&mut self, gate: Gate, options: &Options, now: u64) -> Option<End> {
        if !std::mem::take(&mut self.is_asked) {
            return None;
        }
        let settle = options.settle;
        self.green_since = match gate {
            Gate::Green => self.green_since.or(Some(now)),
            Gate::Red | Gate::Unreached => None,
        };
        let settled_at = self.green_since.map(|since| since.saturating_add(settle));
        if settled_at.is_some_and(|at| at <= now) {
            return Some(End::Done);
        }
        let deadline = self.since.saturating_add(options.gate_timeout);
        // What has turned green in time has time to settle.
        if settled_at.is_none() && now >= deadline {
            let is_unreached = gate == Gate::Unreached;
            return Some(if is_unreached {
                End::Unreached
            } else {
                End::Failed
            });
        }
        let next = now.saturating_add(options.gate_every.max(1));
        self.again_at = settled_at.unwrap_or(deadline).min(next);
        None
    }
}
