//! How long this process has waited for a core: a bound on what a fleet does is none on what else the machine does.

use std::{collections::HashMap, fs, time::Duration};

/// What each thread has waited by now, since it began.
pub(crate) struct Starved(HashMap<String, Duration>);

impl Starved {
    pub(crate) fn by_now() -> Self {
        let threads = fs::read_dir("/proc/self/task").into_iter().flatten();
        let waited = threads.filter_map(|thread| {
            let thread = thread.ok()?;
            let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            let waited = text.split(' ').nth(1)?.parse().ok()?;
            let name = thread.file_name().to_string_lossy().into_owned();
            Some((name, Duration::from_nanos(waited)))
        });
        Self(waited.collect())
    }

    /// The most that one thread has waited since; nothing where the system doesn't say.
    pub(crate) fn since(&self) -> Duration {
        let Self(now) = Self::by_now();
        let since = now.iter().map(|(thread, waited)| {
            let before = self.0.get(thread).copied().unwrap_or_default();
            waited.saturating_sub(before)
        });
        since.max().unwrap_or_default()
    }
}
