//! Our own log: a file in the state folder, never the screen. `SSHOAL_LOG=debug` says more.

use tracing_appender::{
    non_blocking::{NonBlockingBuilder, WorkerGuard},
    rolling::{RollingFileAppender, Rotation},
};
use tracing_subscriber::EnvFilter;

use crate::config::Paths;

/// Lines that wait for the disk; more are dropped. The usual 128,000 places cost 5 MiB and two milliseconds at each start.
const LINES: usize = 4096;

/// Starts the log; without a folder that can be written there is none, and nothing else changes. The guard flushes when dropped.
pub(super) fn start(paths: &Paths) -> Option<WorkerGuard> {
    super::create_state(paths).ok()?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("sshoal")
        .filename_suffix("log")
        .max_log_files(7)
        .build(&paths.state)
        .ok()?;
    let queue = NonBlockingBuilder::default().buffered_lines_limit(LINES);
    let (writer, guard) = queue.finish(file);
    let filter =
        EnvFilter::try_from_env("SSHOAL_LOG").unwrap_or_else(|_| EnvFilter::new("sshoal=info"));
    let log = tracing_subscriber::fmt()
        .with_writer(writer)
        .with_ansi(false)
        .with_env_filter(filter);
    log.try_init().ok()?;
    Some(guard)
}
