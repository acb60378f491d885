//! Says when a file changed, whatever way an editor writes it.

use std::{
    future::pending,
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    pin::Pin,
    time::Duration,
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::{
    sync::mpsc,
    task::spawn_blocking,
    time::{Sleep, sleep},
};

/// Quiet time after the last event: an editor's write, rename and chmod are one change.
const DEBOUNCE: Duration = Duration::from_millis(300);

/// In a folder that is never quiet, the file is looked at this often.
const BUSY: Duration = Duration::from_secs(1);

/// Network file systems and full event tables say nothing, so the file is looked at anyway.
const LOOK: Duration = Duration::from_secs(5);

/// Watches a file, and others that it refers to.
pub struct Watch {
    paths: Vec<PathBuf>,
    seen: Vec<Option<Stamp>>,
    /// One event waits; more would say the same, and are dropped.
    events: mpsc::Receiver<()>,
    /// Ends when there was no event for a while; lives across cancelled calls.
    quiet: Timer,
    /// Ends the wait for quiet.
    look: Timer,
    /// `None` where the system has no watch to give; then the file is looked at.
    _watcher: Option<RecommendedWatcher>,
}

type Timer = Option<Pin<Box<Sleep>>>;

/// What differs between two states of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: (u64, u64),
    length: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn at(path: &Path) -> Option<Self> {
        path.metadata().ok().as_ref().map(Self::of)
    }

    fn of(metadata: &std::fs::Metadata) -> Self {
        Self {
            inode: (metadata.dev(), metadata.ino()),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

impl Watch {
    /// Starts to watch; the file itself need not exist, its folder has to. Of the others nothing need exist.
    pub fn start(path: &Path, others: &[PathBuf]) -> io::Result<Self> {
        folder(path).read_dir().map(drop)?;
        let paths = [&[path.to_path_buf()], others].concat();
        let mut folders: Vec<PathBuf> = Vec::new();
        for path in &paths {
            // Behind a link, the file changes in another folder.
            let target = path.canonicalize().ok();
            for folder in [Some(folder(path)), target.as_deref().map(folder)]
                .into_iter()
                .flatten()
            {
                if !folders.iter().any(|known| known == folder) {
                    folders.push(folder.to_path_buf());
                }
            }
        }
        let (sender, events) = mpsc::channel(1);
        Ok(Self {
            seen: paths.iter().map(|path| Stamp::at(path)).collect(),
            paths,
            events,
            quiet: None,
            look: None,
            _watcher: watcher(&folders, sender).ok(),
        })
    }

    /// Waits until one of the files changed, vanished or came back, and is quiet. Cancel-safe.
    pub async fn changed(&mut self) {
        loop {
            let look = self.look.get_or_insert_with(|| Box::pin(sleep(LOOK)));
            tokio::select! {
                biased;
                () = ended(&mut self.quiet) => {}
                () = look => {}
                Some(()) = self.events.recv() => {
                    if self.quiet.is_none() {
                        self.look = Some(Box::pin(sleep(BUSY)));
                    }
                    self.quiet = Some(Box::pin(sleep(DEBOUNCE)));
                    continue;
                }
            }
            let paths = self.paths.clone();
            let look = move || paths.iter().map(|path| Stamp::at(path)).collect();
            // Only a panic could end it otherwise, and there is none in it.
            let now = spawn_blocking(look).await.unwrap_or_default();
            (self.quiet, self.look) = (None, None);
            if now != self.seen {
                self.seen = now;
                return;
            }
        }
    }
}

/// The folder that holds a path.
fn folder(path: &Path) -> &Path {
    let parent = path.parent();
    parent
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn watcher(folders: &[PathBuf], sender: mpsc::Sender<()>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |_| {
        // Full means that a change is announced already.
        let _ = sender.try_send(());
    })?;
    for (index, folder) in folders.iter().enumerate() {
        let watched = watcher.watch(folder, RecursiveMode::NonRecursive);
        // The first is the file's own; without a watch on another one, its files are looked at.
        if index == 0 {
            watched?;
        }
    }
    Ok(watcher)
}

async fn ended(timer: &mut Timer) {
    match timer {
        Some(timer) => timer.await,
        None => pending().await,
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
