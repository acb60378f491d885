//! Our own log: a file in the state folder, never the screen. `SSHOAL_LOG=debug` says more.

use tracing_appender::{
    non_blocking::WorkerGuard,
    rolling::{RollingFileAppender, Rotation},
};
use tracing_subscriber::EnvFilter;

use crate::config::Paths;

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
    let (writer, guard) = tracing_appender::non_blocking(file);
    let filter =
        EnvFilter::try_from_env("SSHOAL_LOG").unwrap_or_else(|_| EnvFilter::new("sshoal=info"));
    let log = tracing_subscriber::fmt()
        .with_writer(writer)
        .with_ansi(false)
        .with_env_filter(filter);
    log.try_init().ok()?;
    Some(guard)
}
