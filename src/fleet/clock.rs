//! The one clock of the fleet: milliseconds since the process began, and the wall clock beside it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use super::Millis;
use crate::metrics::Clock as Reading;

/// Started once; cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Duration,
}

/// One that goes on while this machine sleeps: whoever opens a laptop must not see old values as new ones.
#[cfg(target_os = "linux")]
const AWAKE_OR_NOT: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const AWAKE_OR_NOT: ClockId = ClockId::Monotonic;

fn time() -> Duration {
    Duration::try_from(clock_gettime(AWAKE_OR_NOT)).unwrap_or_default()
}

impl Clock {
    /// Starts at zero.
    pub fn start() -> Self {
        Self { start: time() }
    }

    /// Now.
    pub fn now(self) -> Millis {
        Millis(time().saturating_sub(self.start).as_millis() as u64)
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
