//! Cuts a stream of output into whole lines, whatever the chunks that it comes in. Pure.

use memchr::memchr;

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;

/// Longest piece of a line, in bytes.
pub const MAX_LINE: usize = 64 * 1024;

/// Memory that is kept from one line to the next.
const KEPT: usize = 4096;

/// A line as the node sent it, without its newline, or a piece of one that is longer than [`MAX_LINE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Raw bytes; a carriage return at the end is still there.
    pub bytes: &'a [u8],
    /// The line was cut here and goes on in the next piece; no newline stood between them.
    pub continued: bool,
}

/// The unfinished line of one stream; holds [`MAX_LINE`] bytes at most.
#[derive(Debug, Default)]
pub struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Nothing fed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and shows each line that is whole now.
    ///
    /// The lines are the same for any chunking. Long ones are cut between characters, never within one.
    pub fn feed(&mut self, chunk: &[u8], mut each: impl FnMut(Line<'_>)) {
        let mut left = chunk;
        while let Some(at) = memchr(b'\n', left) {
            let (line, after) = left.split_at(at);
            self.take(line, true, &mut each);
            left = after.get(1..).unwrap_or_default();
        }
        self.take(left, false, &mut each);
    }

    /// What came after the last newline, for the end of the stream: it had none.
    pub fn flush(&mut self, each: impl FnOnce(Line<'_>)) {
        if !self.rest.is_empty() {
            each(whole(&self.rest));
        }
        self.rest = Vec::new();
    }

    /// Shows what came after the last newline so far, but for a character that isn't whole; the line goes on after it.
    pub fn part(&mut self, each: impl FnOnce(Line<'_>)) {
        let end = boundary(&self.rest);
        if end > 0 {
            each(cut_off(self.rest.get(..end).unwrap_or_default()));
            self.rest.drain(..end);
        }
    }

    /// What came after the last newline so far, such as a prompt or a progress bar.
    pub fn rest(&self) -> &[u8] {
        &self.rest
    }

    /// Adds bytes without a newline to the line, and ends it where that is so.
    fn take(&mut self, mut part: &[u8], is_end: bool, each: &mut impl FnMut(Line<'_>)) {
        while self.rest.len() + part.len() > MAX_LINE {
            part = self.cut(part, each);
        }
        if !is_end {
            self.hold(part);
        } else if self.rest.is_empty() {
            each(whole(part));
        } else {
            self.hold(part);
            each(whole(&self.rest));
            self.rest.clear();
            self.rest.shrink_to(KEPT);
        }
    }

    /// Shows a full piece, and returns what of `part` isn't in it.
    fn cut<'a>(&mut self, part: &'a [u8], each: &mut impl FnMut(Line<'_>)) -> &'a [u8] {
        let (fits, left) = part.split_at(MAX_LINE - self.rest.len());
        if self.rest.is_empty() {
            let (piece, _) = fits.split_at(boundary(fits));
            each(cut_off(piece));
            return part.get(piece.len()..).unwrap_or_default();
        }
        self.hold(fits);
        let end = boundary(&self.rest);
        each(cut_off(self.rest.get(..end).unwrap_or_default()));
        self.rest.drain(..end);
        left
    }

    /// Grows by doubling, but never beyond what a piece needs.
    fn hold(&mut self, part: &[u8]) {
        let needed = self.rest.len() + part.len();
        if needed > self.rest.capacity() {
            let capacity = needed.max(self.rest.capacity() * 2).min(MAX_LINE);
            self.rest
                .reserve_exact(capacity.max(needed) - self.rest.len());
        }
        self.rest.extend_from_slice(part);
    }
}

fn whole(bytes: &[u8]) -> Line<'_> {
    Line {
        bytes,
        continued: false,
    }
}

fn cut_off(bytes: &[u8]) -> Line<'_> {
    Line {
        bytes,
        continued: true,
    }
}

/// How many of the bytes are there before a character of UTF-8 that isn't whole at their end.
fn boundary(bytes: &[u8]) -> usize {
    let is_lead = |b: &u8| *b >= 0xc0;
    let tail = bytes.iter().rev().take(3).position(is_lead);
    let Some(after) = tail else {
        return bytes.len();
    };
    let at = bytes.len() - 1 - after;
    let needed = match bytes.get(at) {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => 1,
    };
    let has_only_followers = bytes.iter().skip(at + 1).all(|b| matches!(b, 0x80..=0xbf));
    if has_only_followers && needed > after + 1 {
        at
    } else {
        bytes.len()
    }
}
