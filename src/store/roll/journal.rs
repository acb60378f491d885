//! One roll's journal: appends lines under a lock that lasts as long as it is open, and mends what a crash has torn.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use super::{Control, Error, Line, Record, control, folder::wrong};

/// Bytes of a fragment that are kept.
const KEPT: usize = 4 << 10;

/// The journal of a roll that this process drives. Nobody else can open it meanwhile.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    pub(super) fn new(path: PathBuf, file: File) -> Self {
        Self { path, file }
    }

    /// Appends, in one write. On disk when this returns.
    pub fn append(&mut self, records: &[Record], now_ms: u64) -> Result<(), Error> {
        let mut text = Vec::new();
        for record in records {
            text.extend_from_slice(&encoded(record, now_ms));
        }
        let written = self.file.write_all(&text);
        let synced = written.and_then(|()| self.file.sync_data());
        synced.map_err(|error| wrong("written", &self.path, error))
    }

    /// The orders of other processes from now on.
    pub fn control(&self) -> Result<Control, Error> {
        Control::open(&control::path(&self.path))
    }
}

fn encoded(record: &Record, now_ms: u64) -> Vec<u8> {
    let line = Line {
        at_ms: now_ms,
        record: record.clone(),
    };
    // Strings, numbers and lists alone: there is nothing that JSON can't say.
    let mut text = serde_json::to_vec(&line).unwrap_or_default();
    text.push(b'\n');
    text
}

/// All whole lines. What is none is left out.
pub(super) fn lines(text: &[u8]) -> Vec<Line> {
    let whole = text.split_inclusive(|byte| *byte == b'\n');
    let whole = whole.filter_map(|line| line.strip_suffix(b"\n"));
    whole
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect()
}

/// Moves what was torn at the end into a line of its own. Older lines stay as they are.
pub(super) fn mend(path: &Path, mut file: &File, now_ms: u64) -> Result<(), Error> {
    let broken = |error| wrong("read", path, error);
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0)).map_err(broken)?;
    file.read_to_end(&mut text).map_err(broken)?;
    let end = whole(&text);
    let torn = text.get(end..).unwrap_or_default();
    if torn.is_empty() {
        return Ok(());
    }
    let kept = torn.get(..KEPT).unwrap_or(torn);
    let gap = Record::Gap {
        bytes: torn.len() as u64,
        fragment: String::from_utf8_lossy(kept).into_owned(),
    };
    let line = encoded(&gap, now_ms);
    let written = file
        .set_len(end as u64)
        .and_then(|()| file.write_all(&line))
        .and_then(|()| file.sync_data());
    written.map_err(|error| wrong("written", path, error))
}

/// Where the last whole line ends.
fn whole(text: &[u8]) -> usize {
    let mut end = text.len();
    while let Some(newline) = memchr::memrchr(b'\n', text.get(..end).unwrap_or_default()) {
        let before = text.get(..newline).unwrap_or_default();
        let from = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let line = before.get(from..).unwrap_or_default();
        if serde_json::from_slice::<Line>(line).is_ok() {
            return newline + 1;
        }
        end = newline;
    }
    0
}
