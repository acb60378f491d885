//! One line of a `known_hosts` file, read as sshd(8) defines it and as OpenSSH's `hostfile.c` does: on bytes, since comments may hold anything. Pure.

use hmac::{Hmac, KeyInit, Mac};
use russh::keys::ssh_encoding::base64::{Base64, Encoding};
use sha1::Sha1;

/// Length of a hashed name's salt: OpenSSH takes that of the hash, and no other matches there.
pub(super) const SALT: usize = 20;

/// What the first word of a line says about its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    /// A host key.
    None,
    /// The key of an authority that signs host certificates.
    Authority,
    /// A key that must never be accepted.
    Revoked,
}

/// A line cut into its parts; the key is still text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) marker: Marker,
    hosts: &'a [u8],
    key: &'a [u8],
}

/// A key as it travels: its algorithm's name and its wire form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) algorithm: String,
    pub(crate) blob: Vec<u8>,
}

/// The line has the form of no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl<'a> Line<'a> {
    /// Cuts one line; `None` for an empty one or a comment.
    pub(crate) fn cut(line: &'a [u8]) -> Option<Result<Self, Malformed>> {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            return None;
        }
        Some(Self::cut_entry(line))
    }

    fn cut_entry(line: &'a [u8]) -> Result<Self, Malformed> {
        let (first, rest) = word(line);
        let (marker, hosts, key) = if first.starts_with(b"@") {
            let marker = match first {
                b"@cert-authority" => Marker::Authority,
                b"@revoked" => Marker::Revoked,
                _ => return Err(Malformed),
            };
            let (hosts, key) = word(rest);
            (marker, hosts, key)
        } else {
            (Marker::None, first, rest)
        };
        if hosts.is_empty() || hosts.starts_with(b"@") || key.is_empty() || key.starts_with(b"#") {
            return Err(Malformed);
        }
        Ok(Self { marker, hosts, key })
    }

    /// True where the line speaks of `host`, which is in lower case: `name`, or `[name]:port`.
    pub(crate) fn names(&self, host: &str) -> bool {
        match self.hosts.strip_prefix(b"|1|") {
            Some(hashed) => matches_hash(hashed, host),
            None => matches_list(self.hosts, host.as_bytes()),
        }
    }

    /// The names that it speaks of, in lower case; `None` where patterns or hashes stand among them.
    pub(super) fn plain_names(&self) -> Option<impl Iterator<Item = Vec<u8>>> {
        let odd = |byte: &u8| b"|!*?".contains(byte);
        let names = self.hosts.split(|byte| *byte == b',');
        (!self.hosts.iter().any(odd)).then(|| names.map(<[u8]>::to_ascii_lowercase))
    }

    /// Reads the key; an algorithm that the wire form contradicts is refused, as OpenSSH does.
    pub(crate) fn key(&self) -> Result<Key, Malformed> {
        let (algorithm, rest) = word(self.key);
        let (text, _comment) = word(rest);
        let algorithm = std::str::from_utf8(algorithm).map_err(|_| Malformed)?;
        let text = std::str::from_utf8(text).map_err(|_| Malformed)?;
        let blob = Base64::decode_vec(text).map_err(|_| Malformed)?;
        if blob_algorithm(&blob) != Some(algorithm.as_bytes()) {
            return Err(Malformed);
        }
        let algorithm = algorithm.to_owned();
        Ok(Key { algorithm, blob })
    }
}

/// The algorithm's name, which every key's wire form begins with (RFC 4253, 6.6).
fn blob_algorithm(blob: &[u8]) -> Option<&[u8]> {
    let (length, rest) = blob.split_first_chunk::<4>()?;
    rest.get(..u32::from_be_bytes(*length) as usize)
}

/// The first word and what follows the blanks after it.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let end = text.iter().position(blank).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
    (word, rest.trim_ascii_start())
}

/// `salt|hash`, both in base64: HMAC-SHA1 of the name under the salt.
fn matches_hash(hashed: &[u8], host: &str) -> bool {
    let Ok(text) = std::str::from_utf8(hashed) else {
        return false;
    };
    let Some((salt, hash)) = text.split_once('|') else {
        return false;
    };
    let (Ok(salt), Ok(hash)) = (Base64::decode_vec(salt), Base64::decode_vec(hash)) else {
        return false;
    };
    if salt.len() != SALT {
        return false;
    }
    mac(host, &salt).verify_slice(&hash).is_ok()
}

fn mac(host: &str, salt: &[u8]) -> Hmac<Sha1> {
    let mut mac = Hmac::new_from_slice(salt).expect("HMAC takes keys of any length");
    mac.update(host.as_bytes());
    mac
}

/// A name as `HashKnownHosts` has it written.
pub(super) fn hash(host: &str, salt: &[u8; SALT]) -> String {
    let hash = mac(host, salt).finalize().into_bytes();
    let [salt, hash] = [salt.as_slice(), &hash].map(Base64::encode_string);
    format!("|1|{salt}|{hash}")
}

/// A comma-separated list of patterns; a negated one that matches rules the whole line out.
fn matches_list(patterns: &[u8], host: &[u8]) -> bool {
    let mut found = false;
    for pattern in patterns.split(|byte| *byte == b',') {
        match pattern.strip_prefix(b"!") {
            Some(negated) if matches_pattern(negated, host) => return false,
            Some(_) => {}
            None => found |= matches_pattern(pattern, host),
        }
    }
    found
}

/// `*` and `?`, letters of either case. Linear in both lengths: it falls back to the last star only.
pub(super) fn matches_pattern(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(seen) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted.to_ascii_lowercase() == *byte => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((star_at, star_seen)) = star else {
                    return false;
                };
                star = Some((star_at, star_seen + 1));
                at = star_at + 1;
                seen = star_seen + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
