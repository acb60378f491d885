//! The files that a refusal was judged by: when one of them changes, another attempt may end otherwise.

use std::{fs, os::unix::fs::MetadataExt, path::PathBuf, time::Duration};

use tokio::{task::spawn_blocking, time::timeout};

use super::{
    Connector, Step,
    known_hosts::{Host, Known, Shelf},
};
use crate::node::Node;

/// A file system that takes longer is away.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3);

/// The files of known hosts, or of keys and the agent, that count for a node, as they were.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    files: Vec<PathBuf>,
    seen: Vec<Option<Look>>,
    /// Where the files are known_hosts: a line about another host is no reason to ask again.
    host: Option<Told>,
}

/// What known_hosts files said of a host; nothing where they couldn't be read.
#[derive(Clone, Debug)]
struct Told {
    shelf: Shelf,
    host: Host,
    known: Option<Known>,
}

/// Inode, size, and the time of the last change.
type Look = (u64, u64, i64, i64);

impl Evidence {
    /// True when a file is not what it was; of known_hosts, when it says something else of the host.
    pub async fn has_changed(&self) -> bool {
        let seen = look(self.files.clone()).await;
        if seen.is_none_or(|seen| seen == self.seen) {
            return false;
        }
        let Some(told) = &self.host else { return true };
        let known = known(&told.shelf, &self.files, &told.host).await;
        match (&told.known, &known) {
            (Some(before), Some(now)) => !now.says_as(before),
            (before, now) => before.is_some() != now.is_some(),
        }
    }
}

impl Connector {
    /// What a refusal at this step was judged by: a new line in known_hosts is no reason to offer a refused key again.
    pub async fn evidence(&self, node: &Node, step: Step) -> Evidence {
        let Ok(target) = self.shared().target(node).await else {
            return Evidence::default();
        };
        let host = (step == Step::HostKey).then(|| target.known_as.clone());
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
        let shelf = self.shared().shelf.clone();
        let host = match host {
            Some(host) => Some(Told {
                known: known(&shelf, &files, &host).await,
                shelf,
                host,
            }),
            None => None,
        };
        Evidence { files, seen, host }
    }
}

async fn known(shelf: &Shelf, files: &[PathBuf], host: &Host) -> Option<Known> {
    let (shelf, files, host) = (shelf.clone(), files.to_vec(), host.clone());
    let reading = spawn_blocking(move || shelf.lookup(&files, &host).ok());
    timeout(LOOK_TIMEOUT, reading).await.ok()?.ok()?
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::Config;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";

    #[tokio::test]
    async fn a_line_about_another_host_speaks_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("known_hosts");
        let connector = Connector::new(Config::apart(vec![file.clone()], "ops"), None);
        let evidence = connector.evidence(&Node::blank("n3"), Step::HostKey).await;
        assert!(!evidence.has_changed().await);
        let others = format!("n1 {KEY}\n[n3]:2222 {KEY}\n");
        fs::write(&file, &others).unwrap();
        assert!(!evidence.has_changed().await);
        fs::write(&file, format!("{others}n3 {KEY}\n")).unwrap();
        assert!(evidence.has_changed().await);
        let evidence = connector.evidence(&Node::blank("n3"), Step::HostKey).await;
        fs::write(&file, format!("# n1 is gone\nn3 {KEY}\n")).unwrap();
        assert!(!evidence.has_changed().await, "it stands elsewhere");
        fs::write(&file, "").unwrap();
        assert!(evidence.has_changed().await);
    }
}
