//! The files that a refusal was judged by: when one of them changes, another attempt may end otherwise.

use std::{fs, os::unix::fs::MetadataExt, path::PathBuf, time::Duration};

use tokio::{task::spawn_blocking, time::timeout};

use super::{Connector, Step};
use crate::node::Node;

/// A file system that takes longer is away.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3);

/// The files of known hosts, or of keys and the agent, that count for a node, as they were.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    files: Vec<PathBuf>,
    seen: Vec<Option<Look>>,
}

/// Inode, size, and the time of the last change.
type Look = (u64, u64, i64, i64);

impl Evidence {
    /// True when a file is not what it was.
    pub async fn has_changed(&self) -> bool {
        let seen = look(self.files.clone()).await;
        seen.is_some_and(|seen| seen != self.seen)
    }
}

impl Connector {
    /// What a refusal at this step was judged by: a new line in known_hosts is no reason to offer a refused key again.
    pub async fn evidence(&self, node: &Node, step: Step) -> Evidence {
        let Ok(target) = self.shared().target(node).await else {
            return Evidence::default();
        };
        let files: Vec<PathBuf> = match step {
            Step::HostKey => target.known_hosts,
            Step::Auth => [target.identities, target.certificates]
                .into_iter()
                .flatten()
                .chain(target.agent)
                .collect(),
            _ => Vec::new(),
        };
        let seen = look(files.clone()).await.unwrap_or_default();
        Evidence { files, seen }
    }
}

async fn look(files: Vec<PathBuf>) -> Option<Vec<Option<Look>>> {
    let one = |file: &PathBuf| {
        let about = fs::metadata(file).ok()?;
        let changed = (about.mtime(), about.mtime_nsec());
        Some((about.ino(), about.len(), changed.0, changed.1))
    };
    let looking = spawn_blocking(move || files.iter().map(one).collect());
    timeout(LOOK_TIMEOUT, looking).await.ok()?.ok()
}
