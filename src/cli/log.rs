//! Our own log: a file in the state folder, never the screen. `SSHOAL_LOG=debug` says more.

use std::env;

use tracing::Level;
use tracing_appender::{
    non_blocking::{NonBlockingBuilder, WorkerGuard},
    rolling::{RollingFileAppender, Rotation},
};
use tracing_subscriber::{filter::Targets, fmt, prelude::*};

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
    let wanted = env::var("SSHOAL_LOG").ok().filter(|text| !text.is_empty());
    let wanted = wanted.and_then(|wanted| wanted.parse::<Targets>().ok());
    let lines = fmt::layer().with_writer(writer).with_ansi(false);
    tracing_subscriber::registry()
        .with(lines)
        .with(wanted.unwrap_or_else(|| Targets::new().with_target("sshoal", Level::INFO)))
        .try_init()
        .ok()?;
    Some(guard)
}
