//! `SafeText`: text from a node after the one sanitiser. Pure.

mod escape;
mod row;
mod sgr;
pub mod styled;

#[cfg(test)]
#[path = "text/tests.rs"]
mod tests;

use std::{fmt, mem, sync::Arc};

use unicode_width::UnicodeWidthChar;

/// Longest text that is kept, in characters; a longer one ends in `…`.
pub const MAX_CHARS: usize = 65_536;

/// Marks, joiners and other characters without a width that one visible character may carry.
const MAX_MARKS: usize = 8;

/// Columns between tab stops.
const TAB: usize = 8;

/// One line of text that holds no control, escape, bidi or invisible character: it can be drawn, logged and stored.
///
/// Escape sequences are dropped whole, tabs become blanks, and line ends inside the text one blank each run. Cleaning
/// clean text changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeText(Arc<str>);

impl SafeText {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text of at most this many characters, the last of them `…` where it was cut.
    pub fn line(text: impl AsRef<[u8]>, max_chars: usize) -> Self {
        let bytes = text.as_ref();
        match str::from_utf8(bytes) {
            Ok(text) if bytes.len() <= max_chars && is_plain(bytes) => Self(text.into()),
            Ok(text) => Self(clean(text, max_chars).into()),
            Err(_) => Self(clean(&String::from_utf8_lossy(bytes), max_chars).into()),
        }
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for SafeText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SafeText {
    fn from(text: &str) -> Self {
        Self::line(text, MAX_CHARS)
    }
}

/// What is not UTF-8 becomes U+FFFD.
impl From<&[u8]> for SafeText {
    fn from(bytes: &[u8]) -> Self {
        Self::line(bytes, MAX_CHARS)
    }
}

/// True for printable ASCII, which needs no cleaning.
fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| matches!(b, b' '..=b'~'))
}

fn clean(text: &str, max_chars: usize) -> String {
    let mut line = Line::new(max_chars);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = escape::skip(rest).unwrap_or_else(|| {
            line.push(c);
            rest.get(c.len_utf8()..).unwrap_or_default()
        });
        if line.is_full() {
            break;
        }
    }
    line.finish()
}

/// The line as far as it is clean.
struct Line {
    text: String,
    /// Characters so far, at most one more than fit.
    chars: usize,
    max_chars: usize,
    /// Screen columns so far.
    columns: usize,
    /// Marks on the last visible character.
    marks: usize,
    /// A joiner came last, so the next character belongs to the same cell.
    is_joined: bool,
    /// A line ended here, should more text follow.
    is_broken: bool,
}

impl Line {
    fn new(max_chars: usize) -> Self {
        Self {
            text: String::new(),
            chars: 0,
            max_chars,
            columns: 0,
            marks: 0,
            is_joined: false,
            is_broken: false,
        }
    }

    fn is_full(&self) -> bool {
        self.chars > self.max_chars
    }

    fn push(&mut self, c: char) {
        match c {
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                self.is_broken = self.chars > 0;
            }
            '\t' => (0..TAB - self.columns % TAB).for_each(|_| self.put(' ', 1)),
            _ if is_dropped(c) => {}
            _ => self.put(c, c.width().unwrap_or(0)),
        }
    }

    fn put(&mut self, c: char, width: usize) {
        if mem::take(&mut self.is_broken) {
            self.put(' ', 1);
        }
        if width > 0 && !self.is_joined {
            self.marks = 0;
        }
        if width == 0 {
            if self.marks == MAX_MARKS {
                return;
            }
            self.marks += 1;
        }
        self.is_joined = c == '\u{200d}';
        self.chars += 1;
        self.columns += width;
        self.text.push(c);
    }

    fn finish(mut self) -> String {
        if self.is_full() {
            let kept = self.max_chars.saturating_sub(1);
            let end = self
                .text
                .char_indices()
                .nth(kept)
                .map_or(self.text.len(), |(at, _)| at);
            self.text.truncate(end);
            if self.max_chars > 0 {
                self.text.push('…');
            }
        }
        self.text
    }
}

/// Controls, and characters that reorder or hide text: Unicode's format characters but the two joiners of real scripts.
fn is_dropped(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
