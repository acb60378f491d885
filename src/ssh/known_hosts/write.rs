//! Writing `known_hosts`: a new key is appended, an old one goes with the whole file being replaced at once. Blocks.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use russh::keys::ssh_encoding::base64::{Base64, Encoding};

use super::{
    Host, Key, Known, Verdict, contents, is_nowhere,
    line::{Line, Marker, SALT, hash},
    named,
};

/// For the lock: others hold it for a write and a sync.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two tries for the lock.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The files of one host's keys; the first is the one to write to.
#[derive(Clone, Debug)]
pub(in crate::ssh) struct Book {
    pub(in crate::ssh) files: Vec<PathBuf>,
    pub(in crate::ssh) host: Host,
    /// Names are written as hashes (`HashKnownHosts`).
    pub(in crate::ssh) hashed: bool,
}

/// What remembering a key came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ssh) enum Remembered {
    /// Written.
    Added,
    /// Somebody wrote the same key first.
    Already,
    /// Somebody wrote another key first.
    Conflict,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

impl Book {
    /// Appends a key to the first file, under a lock and after another look, so that two connections never write twice.
    pub(in crate::ssh) fn remember(&self, key: &Key) -> io::Result<Remembered> {
        let path = self.first()?;
        if is_nowhere(path) {
            return Ok(Remembered::Already);
        }
        let line = self.line(key)?;
        make_folder(path).map_err(|error| named(path, &error))?;
        let mut file = locked(path, true).map_err(|error| named(path, &error))?;
        match Known::lookup(&self.files, &self.host)?.verdict(key) {
            Verdict::Match => return Ok(Remembered::Already),
            Verdict::Changed(_) | Verdict::Revoked(_) => return Ok(Remembered::Conflict),
            Verdict::Unknown => {}
        }
        append(&mut file, &line).map_err(|error| named(path, &error))?;
        Ok(Remembered::Added)
    }

    /// Takes out all that is known of the host, but for marked lines, as `ssh-keygen -R` does. Gives the lines that went.
    pub(in crate::ssh) fn forget(&self) -> io::Result<Vec<Place>> {
        self.rewrite(None)
    }

    /// The same, and writes down `key` in the same step.
    pub(in crate::ssh) fn replace(&self, key: &Key) -> io::Result<Vec<Place>> {
        let (path, line) = (self.first()?, self.line(key)?);
        if is_nowhere(path) {
            return Err(named(path, &io::Error::other("nothing is kept there")));
        }
        make_folder(path).map_err(|error| named(path, &error))?;
        self.rewrite(Some(&line))
    }

    /// The other files first: where one of them can't be written, nothing was learnt anew.
    fn rewrite(&self, new: Option<&str>) -> io::Result<Vec<Place>> {
        let mut gone = Vec::new();
        for (index, path) in self.files.iter().enumerate().rev() {
            let new = new.filter(|_| index == 0);
            let lines = rewrite(path, &self.host, new).map_err(|error| named(path, &error))?;
            gone.extend(lines.into_iter().map(|line| Place {
                file: path.clone(),
                line,
            }));
        }
        Ok(gone)
    }

    fn first(&self) -> io::Result<&Path> {
        let none = || io::Error::other("no known_hosts file is configured");
        self.files.first().map(PathBuf::as_path).ok_or_else(none)
    }

    /// The line for a key, with its end.
    fn line(&self, key: &Key) -> io::Result<String> {
        if !self.host.is_plain() {
            let reason = "the host's name can't stand in known_hosts";
            return Err(io::Error::other(reason));
        }
        let label = self.host.label();
        let name = if self.hashed {
            hash(&label, &salt()?)
        } else {
            label
        };
        let blob = Base64::encode_string(&key.blob);
        Ok(format!("{name} {} {blob}\n", key.algorithm))
    }
}

fn salt() -> io::Result<[u8; SALT]> {
    let mut salt = [0; SALT];
    File::open("/dev/urandom")?.read_exact(&mut salt)?;
    Ok(salt)
}

/// The folder that the file lies in, as ssh makes `~/.ssh`. Nothing above it is made: a home that isn't there has its reason.
fn make_folder(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) else {
        return Ok(());
    };
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The file that has this name, for reading and appending, and for us alone among those who lock.
fn locked(path: &Path, create: bool) -> io::Result<File> {
    let end = Instant::now() + LOCK_TIMEOUT;
    loop {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(create)
            .mode(0o600)
            .open(path)?;
        match file.try_lock() {
            Ok(()) if is_at(&file, path)? => return Ok(file),
            // Another file has taken its place while this one was waited for.
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() < end => thread::sleep(LOCK_PAUSE),
            Err(TryLockError::WouldBlock) => {
                let reason = format!("locked by another process for {} s", LOCK_TIMEOUT.as_secs());
                return Err(io::Error::new(io::ErrorKind::TimedOut, reason));
            }
        }
    }
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((held.dev(), held.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// One write, on a line of its own even where the last line lacks its end.
fn append(file: &mut File, line: &str) -> io::Result<()> {
    let start = if is_mid_line(file)? { "\n" } else { "" };
    file.write_all(format!("{start}{line}").as_bytes())?;
    file.sync_all()
}

fn is_mid_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Puts a file without the host's lines, and with `new`, in the place of this one. Gives the numbers of the lines that went.
fn rewrite(path: &Path, host: &Host, new: Option<&str>) -> io::Result<Vec<usize>> {
    // Never put in the place of a device or a pipe, and least of all in that of /dev/null.
    match contents(path) {
        _ if is_nowhere(path) => return Ok(Vec::new()),
        Ok(bytes) if new.is_none() && without(&bytes, host).1.is_empty() => return Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotFound && new.is_none() => {
            return Ok(Vec::new());
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let held = locked(path, new.is_some())?;
    // A link stays one: what it leads to is replaced.
    let real = fs::canonicalize(path)?;
    loop {
        let old = fs::read(&real)?;
        let (mut kept, gone) = without(&old, host);
        if gone.is_empty() && new.is_none() {
            return Ok(gone);
        }
        if let Some(line) = new {
            if kept.last().is_some_and(|byte| *byte != b'\n') {
                kept.push(b'\n');
            }
            kept.extend_from_slice(line.as_bytes());
        }
        if swap(&real, &held, &old, &kept)? {
            return Ok(gone);
        }
    }
}

/// The file's other lines, byte for byte, and the numbers of the host's.
fn without(bytes: &[u8], host: &Host) -> (Vec<u8>, Vec<usize>) {
    let label = host.label();
    let (mut kept, mut gone) = (Vec::with_capacity(bytes.len()), Vec::new());
    for (index, text) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        // What marks an authority or a revoked key stays, as with ssh-keygen -R.
        let is_its = matches!(Line::cut(text), Some(Ok(line)) if line.marker == Marker::None && line.names(&label));
        if is_its {
            gone.push(index + 1);
        } else {
            kept.extend_from_slice(text);
        }
    }
    (kept, gone)
}

/// False where the file was written to meanwhile: ssh takes no lock. What was there is kept as `FILE.old`.
fn swap(path: &Path, held: &File, old: &[u8], new: &[u8]) -> io::Result<bool> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut fresh = tempfile::Builder::new()
        .prefix(".known_hosts.")
        .tempfile_in(folder)?;
    let (was, is) = (held.metadata()?, fresh.as_file().metadata()?);
    if (was.uid(), was.gid()) != (is.uid(), is.gid()) {
        fchown(fresh.as_file(), Some(was.uid()), Some(was.gid()))?;
    }
    fresh.as_file().set_permissions(was.permissions())?;
    fresh.write_all(new)?;
    fresh.as_file().sync_all()?;
    if fs::read(path)? != old {
        return Ok(false);
    }
    if !old.is_empty() {
        back_up(path)?;
    }
    fresh.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()?;
    Ok(true)
}

fn back_up(path: &Path) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".old");
    let backup = PathBuf::from(name);
    match fs::remove_file(&backup) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Some file systems have no hard links.
    fs::hard_link(path, &backup).or_else(|_| fs::copy(path, &backup).map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_replaced_is_not_the_one_at_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known_hosts");
        let held = locked(&path, true).unwrap();
        assert!(is_at(&held, &path).unwrap());
        fs::write(folder.path().join("new"), "").unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        assert!(!is_at(&held, &path).unwrap());
        let fresh = locked(&path, false).unwrap();
        assert!(is_at(&fresh, &path).unwrap());
        fs::remove_file(&path).unwrap();
        assert!(!is_at(&fresh, &path).unwrap());
    }
}
