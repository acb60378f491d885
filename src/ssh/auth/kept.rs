//! What key files came to, kept for the next login while every file that was looked at stays as it is.

use std::{
    collections::HashMap,
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::{oneshot, watch};

use super::identity::{self, Files};
use crate::ssh::{
    config::{has_settled, stamp},
    target::Target,
};

/// A look that is older says little about now: a person may have been asked meanwhile, and have mended a file.
const FRESH: Duration = Duration::from_secs(1);

/// Which files one login reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::ssh) struct Wanted {
    pub(super) identities: Vec<PathBuf>,
    /// Somebody chose them: a missing one is told.
    pub(super) named: bool,
    pub(super) certificates: Vec<PathBuf>,
}

/// What files came to. Clones share it.
#[derive(Clone, Default)]
pub(in crate::ssh) struct Kept(watch::Sender<HashMap<Wanted, Arc<Files>>>);

/// A look at the files that is under way.
pub(in crate::ssh) struct Look(oneshot::Receiver<(Instant, Option<Arc<Files>>)>);

impl Wanted {
    /// Those of one login.
    pub(in crate::ssh) fn of(target: &Target) -> Self {
        Self {
            identities: target.identities.clone(),
            named: target.identities_named,
            certificates: target.certificates.clone(),
        }
    }
}

impl Kept {
    /// A look at what is kept, and what takes it, off the runtime's threads.
    pub(in crate::ssh) fn look(&self, target: &Target) -> (Look, impl FnOnce() + Send + 'static) {
        let (sender, look) = oneshot::channel();
        let (kept, wanted) = (self.clone(), Wanted::of(target));
        let take = move || {
            // Whoever wanted to know may have gone.
            let _ = sender.send((Instant::now(), kept.current(&wanted)));
        };
        (Look(look), take)
    }

    /// What the files come to; read where they have changed. Blocks.
    pub(super) fn files(&self, wanted: &Wanted) -> Arc<Files> {
        self.files_at(wanted, SystemTime::now())
    }

    fn files_at(&self, wanted: &Wanted, now: SystemTime) -> Arc<Files> {
        if let Some(files) = self.current(wanted) {
            return files;
        }
        let files = Arc::new(identity::read_all(wanted));
        self.0.send_modify(|kept| {
            if files.seen.iter().all(|(_, seen)| has_settled(*seen, now)) {
                kept.insert(wanted.clone(), Arc::clone(&files));
            } else {
                kept.remove(wanted);
            }
        });
        files
    }

    /// What is kept, where no file has changed. Blocks.
    fn current(&self, wanted: &Wanted) -> Option<Arc<Files>> {
        let files = self.0.borrow().get(wanted).map(Arc::clone)?;
        let mut seen = files.seen.iter();
        let same = seen.all(|(path, seen)| stamp(path) == *seen);
        same.then_some(files)
    }

    /// Drops all of it. Logins under way may still hold a copy for a moment.
    pub(in crate::ssh) fn forget(&self) {
        self.0.send_modify(HashMap::clear);
    }
}

impl fmt::Debug for Kept {
    /// It holds private keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl Look {
    /// What is kept, where it still counts.
    pub(super) async fn fresh(self) -> Option<Arc<Files>> {
        let (at, files) = self.0.await.ok()?;
        files.filter(|_| at.elapsed() < FRESH)
    }
}

#[cfg(test)]
#[path = "kept_tests.rs"]
mod tests;
