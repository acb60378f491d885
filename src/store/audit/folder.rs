//! The log's folder, lock and files: only ours, whatever the umask, and never through a link.

use std::{
    fs::{DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{
        DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
    },
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::Error;

/// For the lock: others hold it for a write and a sync.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two tries for the lock: about what a sync takes.
const LOCK_PAUSE: Duration = Duration::from_millis(2);

const LOCK: &str = "lock";
const PREFIX: &str = "audit-";
const SUFFIX: &str = ".jsonl";

/// Group and others may write.
const OTHERS_WRITE: u32 = 0o022;

/// The folder of the log, found to be ours.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

/// A file of the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LogFile {
    /// Counts up from 1.
    pub(super) number: u64,
    pub(super) path: PathBuf,
}

/// Held until dropped.
pub(super) struct Lock {
    /// Closing it ends the lock.
    _file: File,
}

impl Folder {
    /// Makes the folder where it is not there. The one above has to be: a home that is not there is never made.
    pub(super) fn create(path: &Path) -> Result<Self, Error> {
        let made = DirBuilder::new().mode(0o700).create(path);
        match made {
            // The umask can only take away.
            Ok(()) => std::fs::set_permissions(path, Permissions::from_mode(0o700)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
        .map_err(|error| wrong("written", path, error))?;
        Self::of(path)
    }

    /// The folder where it is there.
    pub(super) fn existing(path: &Path) -> Result<Option<Self>, Error> {
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            _ => Self::of(path).map(Some),
        }
    }

    fn of(path: &Path) -> Result<Self, Error> {
        let about = path.symlink_metadata();
        let about = about.map_err(|error| wrong("opened", path, error))?;
        if !about.is_dir() {
            return Err(Error::Odd {
                path: path.to_owned(),
                expected: "folder",
            });
        }
        check(path, &about)?;
        Ok(Self(path.to_owned()))
    }

    /// Keeps all others out.
    pub(super) fn lock(&self) -> Result<Lock, Error> {
        let path = self.0.join(LOCK);
        let options = OpenOptions::new().read(true).write(true).clone();
        let file = match open(&path, options.clone()) {
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                match create(&path, options.clone()) {
                    // Somebody else was first.
                    Err(Error::Io { source, .. })
                        if source.kind() == io::ErrorKind::AlreadyExists =>
                    {
                        open(&path, options)
                    }
                    other => other,
                }
            }
            other => other,
        }?;
        wait(&path, &file, File::try_lock)?;
        Ok(Lock { _file: file })
    }

    /// Keeps writers out; none where nothing was ever written.
    pub(super) fn lock_to_read(&self) -> Result<Option<Lock>, Error> {
        let path = self.0.join(LOCK);
        match open(&path, OpenOptions::new().read(true).clone()) {
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
            Ok(file) => {
                wait(&path, &file, File::try_lock_shared)?;
                Ok(Some(Lock { _file: file }))
            }
        }
    }

    /// The files in their order.
    pub(super) fn files(&self) -> Result<Vec<LogFile>, Error> {
        let broken = |error| wrong("read", &self.0, error);
        let mut files = Vec::new();
        for entry in self.0.read_dir().map_err(broken)? {
            let path = entry.map_err(broken)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some(number) = name.and_then(number) {
                files.push(LogFile { number, path });
            }
        }
        files.sort();
        Ok(files)
    }

    /// A new file, for this user alone, that is there after a crash too.
    pub(super) fn begin(&self, number: u64) -> Result<(LogFile, File), Error> {
        let path = self.0.join(format!("{PREFIX}{number:06}{SUFFIX}"));
        let file = create(&path, OpenOptions::new().read(true).append(true).clone())?;
        let synced = File::open(&self.0).and_then(|folder| folder.sync_all());
        synced.map_err(|error| wrong("written", &self.0, error))?;
        Ok((LogFile { number, path }, file))
    }
}

impl LogFile {
    pub(super) fn append(&self) -> Result<File, Error> {
        open(
            &self.path,
            OpenOptions::new().read(true).append(true).clone(),
        )
    }

    pub(super) fn read(&self) -> Result<File, Error> {
        open(&self.path, OpenOptions::new().read(true).clone())
    }
}

pub(super) fn length(path: &Path, file: &File) -> Result<u64, Error> {
    let about = file.metadata();
    Ok(about.map_err(|error| wrong("read", path, error))?.len())
}

pub(super) fn wrong(what: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io {
        what,
        path: path.to_owned(),
        source,
    }
}

fn number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let is_number = digits.len() >= 6 && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

fn create(path: &Path, mut options: OpenOptions) -> Result<File, Error> {
    // O_EXCL follows no link either.
    let file = options.create_new(true).mode(0o600).open(path);
    let file = file.map_err(|error| wrong("written", path, error))?;
    file.set_permissions(Permissions::from_mode(0o600))
        .map_err(|error| wrong("written", path, error))?;
    Ok(file)
}

fn open(path: &Path, mut options: OpenOptions) -> Result<File, Error> {
    // Without O_NONBLOCK a pipe in the file's place would hold us until somebody writes to it.
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let odd = || Error::Odd {
        path: path.to_owned(),
        expected: "file",
    };
    let file = options
        .open(path)
        .map_err(|error| match error.raw_os_error() {
            Some(libc::ELOOP | libc::ENXIO | libc::EISDIR) => odd(),
            _ => wrong("opened", path, error),
        })?;
    let about = file
        .metadata()
        .map_err(|error| wrong("opened", path, error))?;
    if !about.is_file() {
        return Err(odd());
    }
    check(path, &about)?;
    Ok(file)
}

fn check(path: &Path, about: &Metadata) -> Result<(), Error> {
    let (owner, own) = (about.uid(), rustix::process::geteuid().as_raw());
    let (path, mode) = (path.to_owned(), about.mode() & 0o7777);
    if owner != own {
        return Err(Error::Foreign { path, owner, own });
    }
    if mode & OTHERS_WRITE != 0 {
        return Err(Error::Open { path, mode });
    }
    Ok(())
}

/// The system offers no lock with a deadline.
fn wait(
    path: &Path,
    file: &File,
    lock: impl Fn(&File) -> Result<(), TryLockError>,
) -> Result<(), Error> {
    let end = Instant::now() + LOCK_TIMEOUT;
    loop {
        match lock(file) {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(wrong("opened", path, error)),
            Err(TryLockError::WouldBlock) if Instant::now() < end => thread::sleep(LOCK_PAUSE),
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Locked {
                    path: path.to_owned(),
                    seconds: LOCK_TIMEOUT.as_secs(),
                });
            }
        }
    }
}
