//! The folder that holds the journals, for this user alone.

use std::{
    fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{End, Error, Header, Journal, Line, Record, control, journal};
use crate::store::audit::RunId;

/// Ends the name of a journal.
const SUFFIX: &str = ".jsonl";

/// Permission bits that let others write.
const OTHERS_WRITE: u32 = 0o022;

/// A look whether a process drives a roll is over after this many of these.
const LOOKS: u32 = 10;
const LOOK: Duration = Duration::from_millis(20);

/// Rolls are kept for so long after the last that was written of them, in ms: 30 days.
const KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// Of finished ones, so many are kept.
const KEPT: usize = 100;

/// Where journals are.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// A roll as it is kept.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What was ordered.
    pub header: Header,
    /// When, in ms since 1970.
    pub at_ms: u64,
    /// What happened, the first line left out.
    pub lines: Vec<Line>,
    /// A process drives it.
    pub is_driven: bool,
}

impl Folder {
    /// At this path, whether it is there or not.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Begins the journal of a new roll. It is on disk when this returns.
    pub fn begin(&self, header: &Header, now_ms: u64) -> Result<Journal, Error> {
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0);
        made.map_err(|error| wrong("written", &self.0, error))?;
        check(&self.0, &metadata(&self.0)?)?;
        let path = self.path(&header.id);
        let file = OpenOptions::new()
            .create_new(true)
            .read(true)
            .append(true)
            .mode(0o600)
            .open(&path);
        let file = file.map_err(|error| wrong("written", &path, error))?;
        // Nobody but one that looks through all of them knows of it yet.
        if !lock(&path, &file)? {
            let id = header.id.clone();
            return Err(Error::Driven { id, pid: None });
        }
        control::make(&control::path(&path))?;
        let mut journal = Journal::new(path, file);
        journal.append(&[Record::Roll(header.clone())], now_ms)?;
        let synced = File::open(&self.0).and_then(|folder| folder.sync_all());
        synced.map_err(|error| wrong("written", &self.0, error))?;
        Ok(journal)
    }

    /// Opens a roll to go on with it: what is kept of it, and its journal, whose torn end is mended.
    pub fn resume(&self, id: &RunId, now_ms: u64) -> Result<(Stored, Journal), Error> {
        let path = self.path(id);
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(&path);
        let file = file.map_err(|error| missing(id, &path, error))?;
        let about = file.metadata();
        check(&path, &about.map_err(|error| wrong("read", &path, error))?)?;
        if !lock(&path, &file)? {
            let pid = self.read(id).ok().and_then(|stored| stored.pid());
            let id = id.clone();
            return Err(Error::Driven { id, pid });
        }
        journal::mend(&path, &file, now_ms)?;
        control::make(&control::path(&path))?;
        let stored = self.read(id)?;
        Ok((stored, Journal::new(path, file)))
    }

    /// What is kept of a roll.
    pub fn read(&self, id: &RunId) -> Result<Stored, Error> {
        let path = self.path(id);
        let text = std::fs::read(&path).map_err(|error| missing(id, &path, error))?;
        let mut lines = journal::lines(&text).into_iter();
        let Some(Line {
            at_ms,
            record: Record::Roll(header),
        }) = lines.next()
        else {
            return Err(Error::Headless { path });
        };
        Ok(Stored {
            header,
            at_ms,
            lines: lines.collect(),
            is_driven: is_locked(&path)?,
        })
    }

    /// The names of all rolls, the newest first.
    pub fn ids(&self) -> Result<Vec<RunId>, Error> {
        let entries = match self.0.read_dir() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| wrong("read", &self.0, error))?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| wrong("read", &self.0, error))?;
            let name = name.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
            ids.extend(id.and_then(|id| id.parse::<RunId>().ok()));
        }
        ids.sort();
        ids.reverse();
        Ok(ids)
    }

    /// Removes journals that nobody drives: those of 30 days ago, and finished ones beyond the newest hundred. What can't
    /// be read, or removed, stays.
    pub fn tidy(&self, now_ms: u64) -> Result<(), Error> {
        self.tidy_to(KEPT, now_ms)
    }

    pub(super) fn tidy_to(&self, most: usize, now_ms: u64) -> Result<(), Error> {
        let mut finished = 0;
        for id in self.ids()? {
            let Ok(stored) = self.read(&id) else {
                continue;
            };
            finished += usize::from(stored.is_finished());
            let is_old = now_ms.saturating_sub(stored.last_ms()) > KEPT_MS;
            let is_beyond = stored.is_finished() && finished > most;
            if is_old || is_beyond {
                self.remove(&id);
            }
        }
        Ok(())
    }

    /// Under its lock, so that nobody goes on with it meanwhile.
    fn remove(&self, id: &RunId) {
        let path = self.path(id);
        let Ok(file) = File::open(&path) else { return };
        if file.try_lock().is_ok() {
            // The next roll tries again.
            let _ = std::fs::remove_file(control::path(&path));
            let _ = std::fs::remove_file(&path);
        }
    }

    /// Where orders for a roll are written.
    pub fn control(&self, id: &RunId) -> PathBuf {
        control::path(&self.path(id))
    }

    fn path(&self, id: &RunId) -> PathBuf {
        self.0.join(format!("{id}{SUFFIX}"))
    }
}

impl Stored {
    /// All of its nodes are done: there is nothing to go on with.
    pub fn is_finished(&self) -> bool {
        let mut is_done = vec![false; self.header.nodes.len()];
        for line in &self.lines {
            let (place, is_well) = match line.record {
                Record::Begin { place } => (place, false),
                Record::Node { place, end, .. } => (place, end == End::Done),
                _ => continue,
            };
            if let Some(slot) = is_done.get_mut(place) {
                *slot = is_well;
            }
        }
        is_done.into_iter().all(|done| done)
    }

    /// When something was last written of it, in ms since 1970.
    fn last_ms(&self) -> u64 {
        self.lines.last().map_or(self.at_ms, |line| line.at_ms)
    }

    /// The process that drove it last.
    pub fn pid(&self) -> Option<u32> {
        self.lines.iter().rev().find_map(|line| match line.record {
            Record::Drive { pid } => Some(pid),
            _ => None,
        })
    }
}

/// False where another process drives the roll. One that only looks whether somebody does is waited for.
fn lock(path: &Path, file: &File) -> Result<bool, Error> {
    for _ in 0..LOOKS {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(wrong("opened", path, error)),
            Err(TryLockError::WouldBlock) => thread::sleep(LOOK),
        }
    }
    Ok(false)
}

/// True while a process drives the roll.
fn is_locked(path: &Path) -> Result<bool, Error> {
    let file = File::open(path).map_err(|error| wrong("opened", path, error))?;
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(wrong("opened", path, error)),
    }
}

fn missing(id: &RunId, path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::Unknown(id.clone()),
        _ => wrong("opened", path, error),
    }
}

fn metadata(path: &Path) -> Result<Metadata, Error> {
    let about = path.symlink_metadata();
    about.map_err(|error| wrong("opened", path, error))
}

fn check(path: &Path, about: &Metadata) -> Result<(), Error> {
    let is_own = about.uid() == rustix::process::geteuid().as_raw();
    let is_safe = about.mode() & OTHERS_WRITE == 0 && !about.is_symlink();
    if is_own && is_safe {
        return Ok(());
    }
    let path = path.to_owned();
    Err(Error::Open { path })
}

pub(super) fn wrong(what: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io {
        what,
        path: path.to_owned(),
        source,
    }
}
