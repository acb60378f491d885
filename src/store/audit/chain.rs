//! The chain: how a record becomes a line that names the one before, and how a line is checked. Pure.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::record::{Event, Record};

/// Between the hashed part of a line and its hash.
const SEAM: &[u8] = b",\"hash\":\"";

/// What follows the hash.
const END: &[u8] = b"\"}";

/// Hexadecimal digits of a hash.
const DIGITS: usize = 64;

/// A SHA-256, written in lower-case hexadecimal.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash([u8; 32]);

impl Hash {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    fn chained(prev: Self, body: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(prev.to_string());
        hasher.update(body);
        Self(hasher.finalize().into())
    }
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const BAD: &str = "not a hash of 64 lower-case hexadecimal digits";
        let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != DIGITS || !text.bytes().all(is_hex) {
            return Err(BAD);
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(2 * at..2 * at + 2).ok_or(BAD)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| BAD)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Hash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

/// Where the chain stands: what the next record is chained to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The number of the next record, which is how many there have been.
    pub next: u64,
    /// The hash of the last one; zeros before the first.
    pub hash: Hash,
}

impl Head {
    /// Adds a record to `lines`, and moves on to it.
    pub(super) fn append(&mut self, at_ms: u64, event: Event, lines: &mut Vec<u8>) {
        let record = Record {
            seq: self.next,
            prev: self.hash,
            at_ms,
            event,
        };
        let mut body = serde_json::to_vec(&record).expect("plain fields with names become JSON");
        let brace = body.pop();
        debug_assert_eq!(brace, Some(b'}'), "a record is an object");
        let hash = Hash::chained(self.hash, &body);
        lines.extend_from_slice(&body);
        lines.extend_from_slice(SEAM);
        lines.extend_from_slice(hash.to_string().as_bytes());
        lines.extend_from_slice(END);
        lines.push(b'\n');
        *self = Self {
            next: self.next + 1,
            hash,
        };
    }

    /// Takes a whole line, without its end, as the next record.
    pub(super) fn accept(&mut self, line: &[u8]) -> Result<Record, Broken> {
        let (body, hash) = split(line).ok_or(Broken::Shape)?;
        let record = read(line).ok_or(Broken::Shape)?;
        if record.seq != self.next {
            return Err(Broken::Number {
                found: record.seq,
                expected: self.next,
            });
        }
        if record.prev != self.hash {
            return Err(Broken::Link);
        }
        if hash != Hash::chained(record.prev, body) {
            return Err(Broken::Hash);
        }
        *self = Self {
            next: self.next + 1,
            hash,
        };
        Ok(record)
    }

    /// The head that a line claims to be, whether its hash is right or not: writing goes on after an edited record too, and
    /// it is for `verify` to tell.
    pub(super) fn claimed(line: &[u8]) -> Option<(Self, Record)> {
        let (_, hash) = split(line)?;
        let record = read(line)?;
        let next = record.seq.checked_add(1)?;
        Some((Self { next, hash }, record))
    }
}

/// Why a line is not the next record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// It is no record at all.
    Shape,
    /// Its number is not the next one.
    Number { found: u64, expected: u64 },
    /// It is chained to another record than the one before.
    Link,
    /// Its text is not what was hashed.
    Hash,
}

/// A line in its hashed part and its hash.
fn split(line: &[u8]) -> Option<(&[u8], Hash)> {
    let rest = line.strip_suffix(END)?;
    let (rest, digits) = rest.split_at_checked(rest.len().checked_sub(DIGITS)?)?;
    let hash = str::from_utf8(digits).ok()?.parse().ok()?;
    Some((rest.strip_suffix(SEAM)?, hash))
}

/// A line's record, whatever its place in the chain.
pub(super) fn read(line: &[u8]) -> Option<Record> {
    let mut record: Record = serde_json::from_slice(line).ok()?;
    if let Event::Result(result) = &mut record.event {
        result.at_ms = record.at_ms;
    }
    Some(record)
}
