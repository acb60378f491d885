//! What is known of a host's keys: lookup over the `known_hosts` files and the verdict on a key.

pub(super) mod certificate;
mod line;
mod shelf;
mod write;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use russh::keys::{
    HashAlg,
    ssh_encoding::base64::{Base64Unpadded, Encoding},
};

use line::Line;
pub(super) use line::{Key, Marker};
pub(super) use shelf::Shelf;
pub use write::Place;
pub(super) use write::{Book, Remembered};

/// More is not a `known_hosts` file.
const MAX_BYTES: u64 = 64 << 20;

/// The name under which a host's keys are filed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

    /// The name that a certificate must be made out to.
    pub(super) fn name(&self) -> &str {
        &self.name
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
    pub(super) fn place(&self) -> Place {
        let (file, line) = (self.file.to_path_buf(), self.line);
        Place { file, line }
    }

    /// What it says about its key.
    pub(super) fn marker(&self) -> Marker {
        self.marker
    }

    /// The key it holds.
    pub(super) fn key(&self) -> &Key {
        &self.key
    }
}

/// A file's bytes. A pipe or a device may never end, but for the one that is always empty.
fn contents(path: &Path) -> io::Result<Vec<u8>> {
    let about = fs::metadata(path)?;
    if is_nowhere(path) {
        return Ok(Vec::new());
    }
    if !about.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if about.len() > MAX_BYTES {
        return Err(io::Error::other("it is larger than 64 MiB"));
    }
    fs::read(path)
}

/// What people name where nothing is to be remembered.
fn is_nowhere(path: &Path) -> bool {
    let nowhere = Path::new("/dev/null");
    // A link is what people make of ~/.ssh/known_hosts.
    path == nowhere || fs::canonicalize(path).is_ok_and(|real| real == nowhere)
}

impl Known {
    /// Reads the files. A missing one is empty; one that can't be read is an error, never "unknown host". Blocks.
    pub(super) fn lookup(files: &[PathBuf], host: &Host) -> io::Result<Self> {
        let mut entries = Vec::new();
        for path in files {
            match contents(path) {
                Ok(bytes) => collect(&bytes, path, host, &mut entries),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(named(path, &error)),
            }
        }
        Ok(Self { entries })
    }

    /// Revoked, then match, then changed, then unknown: the order in which ssh decides.
    pub(super) fn verdict(&self, key: &Key) -> Verdict<'_> {
        if let Some(entry) = self.revoked(key) {
            return Verdict::Revoked(entry);
        }
        let same = |entry: &&Entry| entry.key.blob == key.blob;
        if self.exact(Marker::None).any(|entry| same(&entry)) {
            return Verdict::Match;
        }
        let alike = |entry: &&Entry| entry.key.algorithm == key.algorithm;
        let of_its_kind = self.exact(Marker::None).find(alike);
        if let Some(entry) = of_its_kind.or_else(|| self.exact(Marker::None).next()) {
            return Verdict::Changed(entry);
        }
        // ssh looks for the bare name too where another port is unknown; there only a match counts.
        if self.marked(Marker::None).any(|entry| same(&entry)) {
            return Verdict::Match;
        }
        Verdict::Unknown
    }

    /// The line that marks this key as revoked. One for the bare name counts for every port.
    pub(super) fn revoked(&self, key: &Key) -> Option<&Entry> {
        self.marked(Marker::Revoked)
            .find(|entry| entry.key.blob == key.blob)
    }

    /// The line that makes this key an authority for the host.
    pub(super) fn authority(&self, key: &Key) -> Option<&Entry> {
        self.closest(Marker::Authority)
            .find(|entry| entry.key.blob == key.blob)
    }

    /// True where certificates may vouch for the host.
    pub(super) fn has_authority(&self) -> bool {
        self.marked(Marker::Authority).next().is_some()
    }

    /// Algorithms of the keys known for this host, so that a host known by one kind is asked for that kind first.
    pub(super) fn algorithms(&self) -> impl Iterator<Item = &str> {
        self.closest(Marker::None)
            .map(|entry| entry.key.algorithm.as_str())
    }

    /// All lines that speak of the host.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// True where both say the same of the host, wherever it stands.
    pub(super) fn says_as(&self, other: &Self) -> bool {
        self.said().eq(other.said())
    }

    fn said(&self) -> impl Iterator<Item = (Marker, &Key, bool)> {
        let entries = self.entries.iter();
        entries.map(|entry| (entry.marker, &entry.key, entry.portless))
    }

    /// Lines for this port; for the bare name where there are none.
    fn closest(&self, marker: Marker) -> impl Iterator<Item = &Entry> {
        let portless = self.exact(marker).next().is_none();
        self.marked(marker)
            .filter(move |entry| entry.portless == portless)
    }

    fn exact(&self, marker: Marker) -> impl Iterator<Item = &Entry> {
        self.marked(marker).filter(|entry| !entry.portless)
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
        match Line::cut(text) {
            None => {}
            Some(Err(_)) => warn(path, line, "not a known_hosts entry"),
            Some(Ok(parsed)) => entries.extend(entry(&parsed, (&file, line), (host, &label))),
        }
    }
}

/// What a line says of the host with this label, if anything.
fn entry(parsed: &Line<'_>, place: (&Arc<Path>, usize), host: (&Host, &str)) -> Option<Entry> {
    let ((file, line), (host, label)) = (place, host);
    let exact = parsed.names(label);
    if !exact && (host.port == 22 || !parsed.names(&host.name)) {
        return None;
    }
    let Ok(key) = parsed.key() else {
        warn(file, line, "unreadable key");
        return None;
    };
    Some(Entry {
        marker: parsed.marker,
        key,
        file: Arc::clone(file),
        line,
        portless: !exact,
    })
}

fn warn(path: &Path, line: usize, what: &str) {
    tracing::warn!("{}:{line}: {what}, skipped", path.display());
}

/// The error with the file's name in it.
fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
#[path = "shelf_tests.rs"]
mod shelf_tests;

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

#[cfg(test)]
#[path = "peer_tests.rs"]
mod peer_tests;
