//! The one clock of the fleet: milliseconds since the process began, and the wall clock beside it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::Millis;
use crate::metrics::Clock as Reading;

/// Started once; cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts at zero.
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// Now.
    pub fn now(self) -> Millis {
        Millis(self.start.elapsed().as_millis() as u64)
    }

    /// Now, by both clocks.
    pub(crate) fn reading(self) -> Reading {
        let epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Reading {
            mono_ms: self.now().0,
            epoch_s: epoch.as_secs_f64(),
        }
    }
}
