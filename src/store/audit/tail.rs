//! The end of a file: its last record, and what was torn after it.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

use super::{
    Error, Hash,
    chain::Head,
    folder::{LogFile, length, wrong},
    record::{Gap, Record},
};

/// What is read first; most records are a hundredth of it.
const FIRST: u64 = 64 << 10;

/// Bytes of a fragment that are kept.
const KEPT: usize = 4 << 10;

/// The end of a file.
pub(super) struct Tail {
    /// The last record and the head that it makes; none where the file has no record.
    pub(super) last: Option<(Head, Record)>,
    /// Where the last record ends.
    pub(super) end: u64,
    /// What follows it.
    pub(super) torn: Option<Gap>,
}

impl Tail {
    /// Of a file of this length. Whatever is no record at the end is torn: a line without its end, or text that no
    /// record has, as a file system leaves it after a crash.
    pub(super) fn of(file: &File, length: u64) -> io::Result<Self> {
        let mut wanted = FIRST;
        loop {
            let start = length.saturating_sub(wanted);
            let bytes = read(file, start, length)?;
            let tail = find(&bytes, start);
            if tail.last.is_some() || start == 0 {
                return Ok(tail);
            }
            wanted = wanted.saturating_mul(16);
        }
    }
}

/// The head that these files end in.
pub(super) fn head_of(files: &[LogFile]) -> Result<Head, Error> {
    for file in files.iter().rev() {
        let open = file.read()?;
        let tail = Tail::of(&open, length(&file.path, &open)?);
        let tail = tail.map_err(|error| wrong("read", &file.path, error))?;
        if let Some((head, _)) = tail.last {
            return Ok(head);
        }
    }
    Ok(Head::default())
}

fn read(mut file: &File, start: u64, end: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(end - start).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn find(bytes: &[u8], start: u64) -> Tail {
    let mut end = bytes.len();
    while let Some(newline) = memchr::memrchr(b'\n', bytes.get(..end).unwrap_or_default()) {
        let before = bytes.get(..newline).unwrap_or_default();
        let from = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let line = before.get(from..).unwrap_or_default();
        if let Some(last) = Head::claimed(line) {
            return Tail {
                last: Some(last),
                end: start + newline as u64 + 1,
                torn: gap(bytes.get(newline + 1..).unwrap_or_default()),
            };
        }
        end = newline;
    }
    Tail {
        last: None,
        end: start,
        torn: gap(bytes),
    }
}

fn gap(fragment: &[u8]) -> Option<Gap> {
    let kept = fragment.get(..KEPT).unwrap_or(fragment);
    (!fragment.is_empty()).then(|| Gap {
        bytes: fragment.len() as u64,
        sha256: Hash::of(fragment),
        fragment: String::from_utf8_lossy(kept).into_owned(),
    })
}
