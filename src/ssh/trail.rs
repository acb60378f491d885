//! What an attempt has passed, step by step, for whoever watches it.

use std::time::Instant;

use tokio::sync::mpsc;

use super::Step;
use crate::node::{Transport, text::SafeText};

/// A step that an attempt has passed.
#[derive(Clone, Debug)]
pub struct Passed {
    /// Which.
    pub step: Step,
    /// By which way.
    pub transport: Transport,
    /// What came of it, one line.
    pub what: SafeText,
    /// When.
    pub at: Instant,
}

/// Where passed steps are told; nowhere by default.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail(Option<mpsc::Sender<Passed>>);

impl Trail {
    pub(super) fn to(watcher: mpsc::Sender<Passed>) -> Self {
        Self(Some(watcher))
    }

    /// True where somebody wants to know all that can be told.
    pub(super) fn is_watched(&self) -> bool {
        self.0.is_some()
    }

    /// Tells of a step. What finds no room is left out: a watcher must not hold up a connection.
    pub(super) fn pass(&self, step: Step, transport: Transport, what: impl FnOnce() -> String) {
        if let Some(watcher) = &self.0 {
            let passed = Passed {
                step,
                transport,
                what: what().as_str().into(),
                at: Instant::now(),
            };
            let _ = watcher.try_send(passed);
        }
    }
}
