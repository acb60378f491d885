//! Keys and values of a line in JSON or in logfmt, as raw text and no further than needed.

use memchr::{memchr, memchr2};

/// What is looked at: times and levels stand at the front, and a line can be megabytes.
const MOST: usize = 8192;

/// The pairs at the top of a JSON object; ends where the text is none.
pub(super) fn json(line: &[u8]) -> Json<'_> {
    let near = line.get(..MOST).unwrap_or(line).trim_ascii_start();
    Json {
        rest: near.strip_prefix(b"{").unwrap_or_default(),
    }
}

/// The pairs that a line begins with; ends at the first word that is none.
pub(super) fn logfmt(line: &[u8]) -> Logfmt<'_> {
    Logfmt {
        rest: line.get(..MOST).unwrap_or(line),
    }
}

/// Pairs of an object: keys without quotes, values as they stand.
pub(super) struct Json<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Json<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.trim_ascii_start();
        let text = text.strip_prefix(b",").unwrap_or(text).trim_ascii_start();
        let (key, text) = string(text)?;
        let text = text.trim_ascii_start().strip_prefix(b":")?;
        let text = text.trim_ascii_start();
        let (value, rest) = text.split_at(value(text)?);
        self.rest = rest;
        let key = key.get(1..key.len() - 1)?;
        Some((key, value))
    }
}

/// A string with its quotes, and what comes after.
fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = text.starts_with(b"\"").then_some(1)?;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        match text.get(at)? {
            b'"' => return text.split_at_checked(at + 1),
            _ => at += 2,
        }
    }
}

/// How long a value is.
fn value(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'"' => string(text).map(|(value, _)| value.len()),
        b'{' | b'[' => nested(text),
        _ => Some(
            text.iter()
                .position(|b| matches!(b, b',' | b'}'))
                .unwrap_or(text.len()),
        ),
    }
}

fn nested(text: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0usize, 0);
    loop {
        match text.get(at)? {
            b'"' => at += string(text.get(at..)?)?.0.len() - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Pairs of a line: a quoted value keeps its quotes.
pub(super) struct Logfmt<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Logfmt<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let near = self.rest.get(..64).unwrap_or(self.rest);
        let (key, text) = self.rest.split_at(memchr(b'=', near)?);
        let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'@' | b'-');
        if key.is_empty() || !key.iter().all(is_name) {
            return None;
        }
        let text = text.get(1..)?;
        let (value, rest) = match string(text) {
            Some(quoted) => quoted,
            None => text.split_at(memchr(b' ', text).unwrap_or(text.len())),
        };
        self.rest = rest.strip_prefix(b" ").unwrap_or(rest);
        Some((key, value))
    }
}
