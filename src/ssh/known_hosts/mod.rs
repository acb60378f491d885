//! What is known of a host's keys: lookup over the `known_hosts` files, the verdict on a key, and remembering a new one.

mod line;

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use russh::keys::{
    HashAlg,
    ssh_encoding::base64::{Base64, Base64Unpadded, Encoding},
};

pub(super) use line::Key;
use line::{Line, Marker};

/// The name under which a host's keys are filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    name: String,
    port: u16,
}

/// A line that speaks of the host.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    marker: Marker,
    key: Key,
    file: Arc<Path>,
    line: usize,
    /// Found under the name alone though another port than 22 is asked for.
    portless: bool,
}

/// All that the files hold of one host.
#[derive(Clone, Debug)]
pub(super) struct Known {
    entries: Vec<Entry>,
}

/// What a key is worth.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verdict<'a> {
    /// Marked `@revoked`: refuse, whatever else is known.
    Revoked(&'a Entry),
    /// Known.
    Match,
    /// Another key of this host is known.
    Changed(&'a Entry),
    /// Nothing is known of this host.
    Unknown,
}

/// What remembering a key came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remembered {
    /// Written.
    Added,
    /// Somebody wrote the same key first.
    Already,
    /// Somebody wrote another key first.
    Conflict,
}

impl Host {
    /// Names are compared in lower case, as ssh does.
    pub(super) fn new(name: &str, port: u16) -> Self {
        let name = name.to_ascii_lowercase();
        Self { name, port }
    }

    /// `name`, or `[name]:port` where the port isn't 22.
    pub(super) fn label(&self) -> String {
        if self.port == 22 {
            self.name.clone()
        } else {
            format!("[{}]:{}", self.name, self.port)
        }
    }

    /// False for a name that would be read back as a pattern, a list, a marker or a comment.
    fn is_plain(&self) -> bool {
        let odd = |c: char| c.is_whitespace() || c.is_control() || ",*?!|@#".contains(c);
        !self.name.is_empty() && !self.name.contains(odd)
    }
}

impl Key {
    /// `SHA256:...`, as ssh prints it.
    pub(super) fn fingerprint(&self) -> String {
        let digest = HashAlg::Sha256.digest(&self.blob);
        format!("SHA256:{}", Base64Unpadded::encode_string(&digest))
    }
}

impl Entry {
    /// Where it stands.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// `file:line`.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.file.display(), self.line)
    }

    /// The key it holds.
    pub(super) fn key(&self) -> &Key {
        &self.key
    }
}

impl Known {
    /// Reads the files. A missing one is empty; one that can't be read is an error, never "unknown host". Blocks.
    pub(super) fn lookup(files: &[PathBuf], host: &Host) -> io::Result<Self> {
        let mut entries = Vec::new();
        for path in files {
            match fs::read(path) {
                Ok(bytes) => collect(&bytes, path, host, &mut entries),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(named(path, &error)),
            }
        }
        Ok(Self { entries })
    }

    /// Revoked, then match, then changed, then unknown: the order in which ssh decides.
    pub(super) fn verdict(&self, key: &Key) -> Verdict<'_> {
        let same = |entry: &&Entry| entry.key.blob == key.blob;
        if let Some(entry) = self.marked(Marker::Revoked).find(same) {
            return Verdict::Revoked(entry);
        }
        if self.hosts(false).any(|entry| same(&entry)) {
            return Verdict::Match;
        }
        let alike = |entry: &&Entry| entry.key.algorithm == key.algorithm;
        if let Some(entry) = self.hosts(false).find(alike).or(self.hosts(false).next()) {
            return Verdict::Changed(entry);
        }
        // As ssh does: a host on another port may be filed under its name alone, and only a match counts there.
        if self.hosts(true).any(|entry| same(&entry)) {
            return Verdict::Match;
        }
        Verdict::Unknown
    }

    /// Algorithms of the keys known for this host, so that a host known by one kind is asked for that kind first.
    pub(super) fn algorithms(&self) -> impl Iterator<Item = &str> {
        let portless = self.hosts(false).next().is_none();
        self.hosts(portless)
            .map(|entry| entry.key.algorithm.as_str())
    }

    fn hosts(&self, portless: bool) -> impl Iterator<Item = &Entry> {
        self.marked(Marker::None)
            .filter(move |entry| entry.portless == portless)
    }

    fn marked(&self, marker: Marker) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.marker == marker)
    }
}

/// Lines of one file that speak of `host`; those that can't be read are skipped with a warning, as ssh does.
fn collect(bytes: &[u8], path: &Path, host: &Host, entries: &mut Vec<Entry>) {
    let label = host.label();
    let file: Arc<Path> = path.into();
    for (index, text) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = index + 1;
        let Some(parsed) = Line::cut(text) else {
            continue;
        };
        let Ok(parsed) = parsed else {
            tracing::warn!(
                "{}:{line}: not a known_hosts entry, skipped",
                path.display()
            );
            continue;
        };
        let exact = parsed.names(&label);
        if !exact && (host.port == 22 || !parsed.names(&host.name)) {
            continue;
        }
        let Ok(key) = parsed.key() else {
            tracing::warn!("{}:{line}: unreadable key, skipped", path.display());
            continue;
        };
        entries.push(Entry {
            marker: parsed.marker,
            key,
            file: Arc::clone(&file),
            line,
            portless: !exact,
        });
    }
}

/// Appends a key to the first of `files`, under a lock and after another look, so that two connections never write twice. Blocks.
pub(super) fn remember(files: &[PathBuf], host: &Host, key: &Key) -> io::Result<Remembered> {
    let path = files
        .first()
        .ok_or_else(|| io::Error::other("no known_hosts file is configured"))?;
    if !host.is_plain() {
        return Err(io::Error::other(
            "the host's name can't stand in known_hosts",
        ));
    }
    let mut file = open_for_append(path).map_err(|error| named(path, &error))?;
    file.lock().map_err(|error| named(path, &error))?;
    match Known::lookup(files, host)?.verdict(key) {
        Verdict::Match => return Ok(Remembered::Already),
        Verdict::Changed(_) | Verdict::Revoked(_) => return Ok(Remembered::Conflict),
        Verdict::Unknown => {}
    }
    append(&mut file, host, key).map_err(|error| named(path, &error))?;
    Ok(Remembered::Added)
}

fn open_for_append(path: &Path) -> io::Result<File> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        // `~/.ssh` may be new; a home that is not there is never made.
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

/// One write, on a line of its own even where the last line lacks its end.
fn append(file: &mut File, host: &Host, key: &Key) -> io::Result<()> {
    let start = if is_mid_line(file)? { "\n" } else { "" };
    let (label, blob) = (host.label(), Base64::encode_string(&key.blob));
    let line = format!("{start}{label} {} {blob}\n", key.algorithm);
    file.write_all(line.as_bytes())?;
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

/// The error with the file's name in it.
fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

#[cfg(test)]
#[path = "peer_tests.rs"]
mod peer_tests;
