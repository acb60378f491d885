//! Answers of `ssh -G` on disk: a line each, under a key made of all that the answer depends on.

use std::{
    collections::HashMap,
    ffi::OsString,
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    },
    path::Path,
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};

use super::{
    files::{Files, stamp},
    said::Said,
};

/// A larger file is begun anew: most of its lines are about files as they were once.
const MAX_BYTES: u64 = 4 << 20;

/// Counts up when a line's meaning changes.
const VERSION: u8 = 2;

/// What an answer depends on.
pub(super) type Key = [u8; 20];

/// The answers known so far.
#[derive(Debug, Default)]
pub(super) struct Cache {
    known: HashMap<Key, Arc<Said>>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    key: String,
    said: Vec<String>,
}

/// The key of an answer: program, arguments, user, and the state of every file that was read.
pub(super) fn key(program: &Path, arguments: &[OsString], files: &Files) -> Key {
    let mut hash = Sha1::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(&[VERSION]);
    add(&rustix::process::getuid().as_raw().to_le_bytes());
    let binary = (program.to_owned(), stamp(program));
    for (path, stamp) in files.stamps.iter().chain([&binary]) {
        add(path.as_os_str().as_bytes());
        for number in stamp.iter().flatten() {
            add(&number.to_le_bytes());
        }
    }
    for argument in arguments {
        add(argument.as_bytes());
    }
    hash.finalize().into()
}

impl Cache {
    /// Reads the file; what can't be read in it is as if it were not there. Blocks.
    pub(super) fn open(file: Option<&Path>) -> Self {
        let text = file.and_then(|file| read(file).ok());
        let lines = text.as_deref().unwrap_or_default().lines();
        let known = lines.filter_map(|line| {
            let record: Record = serde_json::from_str(line).ok()?;
            let said = Said::parse(&record.said.join("\n"));
            Some((unhex(&record.key)?, Arc::new(said)))
        });
        Self {
            known: known.collect(),
        }
    }

    /// The answer under a key.
    pub(super) fn get(&self, key: &Key) -> Option<Arc<Said>> {
        self.known.get(key).cloned()
    }

    /// Remembers an answer.
    pub(super) fn put(&mut self, key: Key, said: &Arc<Said>) {
        self.known.insert(key, Arc::clone(said));
    }

    /// Forgets the answers about files as they were; those on disk go when the file is full.
    pub(super) fn clear(&mut self) {
        self.known.clear();
    }
}

/// Appends an answer by one write: another process writes whole lines too, and a torn one is not read. Blocks.
pub(super) fn append(file: &Path, key: &Key, said: &Said) -> io::Result<()> {
    let record = Record {
        key: hex(key),
        said: said.lines(),
    };
    let mut line = serde_json::to_vec(&record)?;
    line.push(b'\n');
    let folder = file.parent().unwrap_or(Path::new("."));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    if fs::metadata(file).is_ok_and(|about| about.len() > MAX_BYTES) {
        fs::remove_file(file)?;
    }
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(file)?;
    file.write_all(&line)
}

fn read(path: &Path) -> io::Result<String> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    let about = file.metadata()?;
    // Whoever can write here could send every connection elsewhere.
    if !about.is_file() || about.permissions().mode() & 0o077 != 0 || about.len() > 2 * MAX_BYTES {
        return Err(io::Error::other("not a file of ours"));
    }
    let mut bytes = Vec::new();
    file.take(2 * MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn hex(key: &Key) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    let digits = key.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(digit).collect()
}

fn unhex(text: &str) -> Option<Key> {
    let digits = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..20).map(digits).collect();
    bytes?.try_into().ok().filter(|_| text.len() == 40)
}
