//! What a refusal was judged by: when a file of it says otherwise, another attempt may end otherwise.

use std::{fs, os::unix::fs::MetadataExt, path::PathBuf, sync::Arc, time::Duration};

use tokio::{task::spawn_blocking, time::timeout};

use super::{
    known_hosts::{Book, Host, Known, Shelf},
    target::Target,
};

/// A file system that takes longer is away.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3);

/// What a refusal was judged by, or several: one for each way to a node, also where it was a bastion that was refused.
#[derive(Clone, Debug, Default)]
pub struct Evidence(Vec<Arc<Judged>>);

/// Looks at evidence again and again.
#[derive(Debug)]
pub struct Watch(Vec<(Arc<Judged>, Option<Looks>)>);

/// The files that one refusal was judged by.
#[derive(Debug)]
struct Judged {
    files: Vec<PathBuf>,
    by: By,
}

#[derive(Debug)]
enum By {
    /// What known_hosts files said of a host; nothing where they couldn't be read. A line about another host is no reason
    /// to ask again.
    Host(Shelf, Host, Option<Known>),
    /// Files of keys and the agent, as they were: a new line in known_hosts is no reason to offer a refused key again.
    Login(Option<Looks>),
}

/// Of each file its inode, size, and the time of the last change; nothing where there is none.
type Looks = Vec<Option<(u64, u64, i64, i64)>>;

impl Evidence {
    /// What was known of a host when its key was refused.
    pub(super) fn of_host(shelf: &Shelf, book: &Book, known: Option<Known>) -> Self {
        Self::of(
            book.files.clone(),
            By::Host(shelf.clone(), book.host.clone(), known),
        )
    }

    /// The keys that were just refused.
    pub(super) async fn of_login(target: &Target) -> Self {
        let keys = target.identities.iter().chain(&target.certificates);
        let files: Vec<PathBuf> = keys.chain(&target.agent).cloned().collect();
        let looks = look(&files).await;
        Self::of(files, By::Login(looks))
    }

    fn of(files: Vec<PathBuf>, by: By) -> Self {
        Self(vec![Arc::new(Judged { files, by })])
    }

    /// The evidence of several refusals.
    pub(super) fn all<'a>(each: impl Iterator<Item = &'a Self>) -> Self {
        Self(each.flat_map(|evidence| &evidence.0).cloned().collect())
    }

    /// Begins to look whether it changes.
    pub fn watch(&self) -> Watch {
        let watched = self.0.iter().map(|judged| {
            let seen = match &judged.by {
                // Somebody may have written since: the first look compares.
                By::Host(..) => None,
                By::Login(looks) => looks.clone(),
            };
            (Arc::clone(judged), seen)
        });
        Watch(watched.collect())
    }
}

/// Errors are compared by what they say.
impl PartialEq for Evidence {
    fn eq(&self, other: &Self) -> bool {
        let files = |evidence: &Self| {
            evidence
                .0
                .iter()
                .map(|judged| judged.files.clone())
                .collect::<Vec<_>>()
        };
        files(self) == files(other)
    }
}

impl Eq for Evidence {}

impl Watch {
    /// True when a file of keys is not what it was, or one of known_hosts says something else of the host.
    pub async fn has_changed(&mut self) -> bool {
        for (judged, seen) in &mut self.0 {
            let looks = look(&judged.files).await;
            if looks.is_none() || looks == *seen {
                continue;
            }
            if judged.is_otherwise().await {
                return true;
            }
            *seen = looks;
        }
        false
    }
}

impl Judged {
    /// Asked when a file has changed.
    async fn is_otherwise(&self) -> bool {
        let By::Host(shelf, host, before) = &self.by else {
            return true;
        };
        match (before, known(shelf, &self.files, host).await) {
            (Some(before), Some(now)) => !now.says_as(before),
            (before, now) => before.is_some() != now.is_some(),
        }
    }
}

async fn known(shelf: &Shelf, files: &[PathBuf], host: &Host) -> Option<Known> {
    let (shelf, files, host) = (shelf.clone(), files.to_vec(), host.clone());
    let reading = spawn_blocking(move || shelf.lookup(&files, &host).ok());
    timeout(LOOK_TIMEOUT, reading).await.ok()?.ok()?
}

async fn look(files: &[PathBuf]) -> Option<Looks> {
    let one = |file: &PathBuf| {
        let about = fs::metadata(file).ok()?;
        let changed = (about.mtime(), about.mtime_nsec());
        Some((about.ino(), about.len(), changed.0, changed.1))
    };
    let files = files.to_vec();
    let looking = spawn_blocking(move || files.iter().map(one).collect());
    timeout(LOOK_TIMEOUT, looking).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";

    #[tokio::test]
    async fn a_line_about_another_host_speaks_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("known_hosts");
        let shelf = Shelf::default();
        let book = Book {
            files: vec![file.clone()],
            host: Host::new("n3", 22),
            hashed: false,
        };
        let judged = || {
            let known = shelf.lookup(&book.files, &book.host).ok();
            Evidence::of_host(&shelf, &book, known)
        };
        let mut watch = judged().watch();
        assert!(!watch.has_changed().await);
        let others = format!("n1 {KEY}\n[n3]:2222 {KEY}\n");
        fs::write(&file, &others).unwrap();
        assert!(!watch.has_changed().await);
        fs::write(&file, format!("{others}n3 {KEY}\n")).unwrap();
        assert!(watch.has_changed().await);
        let evidence = judged();
        let mut watch = evidence.watch();
        fs::write(&file, format!("# n1 is gone\nn3 {KEY}\n")).unwrap();
        assert!(!watch.has_changed().await, "it stands elsewhere");
        fs::write(&file, "").unwrap();
        assert!(watch.has_changed().await);
        let mut late = evidence.watch();
        assert!(late.has_changed().await, "it changed before the first look");
    }

    #[tokio::test]
    async fn one_of_several_refusals_is_enough() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str| {
            let (files, looks) = (vec![folder.path().join(name)], Some(vec![None]));
            Evidence::of(files, By::Login(looks))
        };
        let both = Evidence::all([of("one"), of("other")].iter());
        let mut watch = both.watch();
        assert!(!watch.has_changed().await);
        fs::write(folder.path().join("other"), "a key").unwrap();
        assert!(watch.has_changed().await);
    }
}
