//! What an attempt has passed, step by step, for whoever watches it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

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
    /// When, by a clock that stands still while a person is waited for.
    pub at: Instant,
}

/// Where passed steps are told, nowhere by default; and for how many microseconds a person was waited for on the way.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail(Option<mpsc::Sender<Passed>>, Arc<AtomicU64>);

impl Trail {
    pub(super) fn to(watcher: mpsc::Sender<Passed>) -> Self {
        Self(Some(watcher), Arc::default())
    }

    /// The same way, told to nobody.
    pub(super) fn untold(&self) -> Self {
        Self(None, Arc::clone(&self.1))
    }

    /// True for clones of one trail.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.1, &other.1)
    }

    /// A person was waited for: no time of the connection's own.
    pub(super) fn wait(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.1.fetch_add(micros, Ordering::Relaxed);
    }

    /// For how long a person was waited for so far.
    pub(super) fn waited(&self) -> Duration {
        Duration::from_micros(self.1.load(Ordering::Relaxed))
    }

    /// True where somebody wants to know all that can be told.
    pub(super) fn is_watched(&self) -> bool {
        self.0.is_some()
    }

    /// Tells of a step. What finds no room is left out: a watcher must not hold up a connection.
    pub(super) fn pass(&self, step: Step, transport: Transport, what: impl FnOnce() -> String) {
        if let Some(watcher) = &self.0 {
            let now = Instant::now();
            let passed = Passed {
                step,
                transport,
                what: what().as_str().into(),
                at: now.checked_sub(self.waited()).unwrap_or(now),
            };
            let _ = watcher.try_send(passed);
        }
    }
}
