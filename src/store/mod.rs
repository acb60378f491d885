//! What is kept on this machine: the audit log and the journals of rolls. Its functions block; an async caller runs them in `spawn_blocking`.

pub mod audit;
pub mod roll;

use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock in ms since 1970: the time that records are given.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |time| time.as_millis() as u64)
}
