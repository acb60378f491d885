//! What `known_hosts` files hold, kept while each of them stays as it is, its lines to be found by the names they tell.

use std::{
    collections::HashMap,
    fmt,
    fs::OpenOptions,
    io,
    ops::Range,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use tokio::sync::watch;

use super::{Entry, Host, Known, Line, contents, entry, named, warn};
use crate::ssh::config::{Stamp, has_settled, stamp_of};

/// A larger file is read each time: it would only lie in memory.
const MAX_KEPT: usize = 4 << 20;

/// The files that were read. Clones share it.
#[derive(Clone, Default)]
pub(in crate::ssh) struct Shelf(watch::Sender<HashMap<PathBuf, Arc<Page>>>);

/// A file as it was.
struct Page {
    seen: Stamp,
    bytes: Vec<u8>,
    /// Lines that tell names as they are, under each of them in lower case.
    by_name: HashMap<Vec<u8>, Vec<Spot>>,
    /// Lines with patterns or hashes, which may mean anybody.
    others: Vec<Spot>,
}

/// Where a line stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    /// From 1.
    number: usize,
    start: usize,
    end: usize,
}

impl Shelf {
    /// As [`Known::lookup`], but a file that has not changed is not read again. Blocks.
    pub(in crate::ssh) fn lookup(&self, files: &[PathBuf], host: &Host) -> io::Result<Known> {
        self.lookup_at(files, host, SystemTime::now())
    }

    pub(super) fn lookup_at(
        &self,
        files: &[PathBuf],
        host: &Host,
        now: SystemTime,
    ) -> io::Result<Known> {
        let mut entries = Vec::new();
        for path in files {
            match self.page(path, now) {
                Ok(page) => page.collect(path, host, &mut entries),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(named(path, &error)),
            }
        }
        Ok(Known { entries })
    }

    #[cfg(test)]
    pub(super) fn keeps(&self, path: &Path) -> bool {
        self.0.borrow().contains_key(path)
    }

    /// Drops all of it.
    pub(in crate::ssh) fn forget(&self) {
        self.0.send_modify(HashMap::clear);
    }

    fn page(&self, path: &Path, now: SystemTime) -> io::Result<Arc<Page>> {
        // Before the file is read: what is written meanwhile is seen by the next look.
        let seen = opened(path);
        let kept = self.0.borrow().get(path).cloned();
        if let Some(page) = kept.filter(|page| seen.is_some() && page.seen == seen) {
            return Ok(page);
        }
        let read = contents(path).map(|bytes| Arc::new(Page::new(path, seen, bytes)));
        self.0.send_modify(|pages| match &read {
            Ok(page) if page.can_stay(now) => drop(pages.insert(path.to_owned(), Arc::clone(page))),
            _ => drop(pages.remove(path)),
        });
        read
    }
}

/// The state of the file behind a path. It is opened, as NFS looks anew for what other machines have written only then,
/// and so that one that may not be read any more is none.
fn opened(path: &Path) -> Stamp {
    let mut options = OpenOptions::new();
    // A pipe in its place has nobody at its other end.
    options.read(true).custom_flags(libc::O_NONBLOCK);
    let about = options.open(path).and_then(|file| file.metadata());
    about.ok().as_ref().map(stamp_of)
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shelf")
    }
}

impl Page {
    fn new(path: &Path, seen: Stamp, bytes: Vec<u8>) -> Self {
        let (mut by_name, mut others) = (HashMap::<Vec<u8>, Vec<Spot>>::new(), Vec::new());
        let mut start = 0;
        for (index, text) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let (number, end) = (index + 1, start + text.len());
            let spot = Spot { number, start, end };
            start = end + 1;
            match Line::cut(text) {
                None => {}
                Some(Err(_)) => warn(path, number, "not a known_hosts entry"),
                Some(Ok(line)) => match line.plain_names() {
                    None => others.push(spot),
                    Some(names) => names.for_each(|name| {
                        by_name.entry(name).or_default().push(spot.clone());
                    }),
                },
            }
        }
        Self {
            seen,
            bytes,
            by_name,
            others,
        }
    }

    fn can_stay(&self, now: SystemTime) -> bool {
        self.seen.is_some() && self.bytes.len() <= MAX_KEPT && has_settled(self.seen, now)
    }

    /// In the order of the file.
    fn collect(&self, path: &Path, host: &Host, entries: &mut Vec<Entry>) {
        let label = host.label();
        let of = |name: &str| self.by_name.get(name.as_bytes()).into_iter().flatten();
        let mut spots: Vec<&Spot> = of(&label)
            .chain(of(&host.name))
            .chain(&self.others)
            .collect();
        spots.sort_unstable();
        spots.dedup();
        let file: Arc<Path> = path.into();
        for spot in spots {
            let text = self.bytes.get(Range::from(spot)).unwrap_or_default();
            if let Some(Ok(line)) = Line::cut(text) {
                entries.extend(entry(&line, (&file, spot.number), (host, &label)));
            }
        }
    }
}

impl From<&Spot> for Range<usize> {
    fn from(spot: &Spot) -> Self {
        spot.start..spot.end
    }
}
