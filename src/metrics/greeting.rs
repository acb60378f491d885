//! The wait for a hello: drops what login scripts print, and keeps a line of it for the case that no hello comes.

use super::sampler::clipped;
use crate::node::text::SafeText;

/// Longest line that is looked at.
const MAX_LINE: usize = 4096;

/// More noise than this is no login script.
const MAX_NOISE: usize = 64 * 1024;

/// How sshd refuses every command of a login whose password has expired, by whatever key it came.
const EXPIRED: &str = "Password change required";

/// The last line with anything in it of a text that comes in pieces: whoever gives up says why at the end.
#[derive(Debug, Default)]
pub struct LastLine {
    /// The line that has not ended yet.
    open: Vec<u8>,
    last: Option<SafeText>,
}

impl LastLine {
    /// Takes more of the text.
    pub fn feed(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            self.keep(piece.strip_suffix(b"\n").unwrap_or(piece));
            if piece.ends_with(b"\n") {
                let line = self.end();
                self.note(&line);
            }
        }
    }

    /// The line, also an unfinished one; at most 120 characters.
    pub fn text(&self) -> Option<SafeText> {
        said(&self.open).or_else(|| self.last.clone())
    }

    fn keep(&mut self, part: &[u8]) {
        let room = MAX_LINE.saturating_sub(self.open.len());
        self.open
            .extend_from_slice(part.get(..part.len().min(room)).unwrap_or_default());
    }

    fn end(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.open)
    }

    fn note(&mut self, line: &[u8]) {
        self.last = said(line).or_else(|| self.last.take());
    }
}

fn said(line: &[u8]) -> Option<SafeText> {
    let line = String::from_utf8_lossy(line);
    let line = match line.trim() {
        line if line.starts_with(EXPIRED) => {
            "the password has expired and must be changed: log in once with ssh"
        }
        line => line,
    };
    (!line.is_empty()).then(|| clipped(line))
}

/// What came before the hello.
#[derive(Debug, Default)]
pub(super) struct Greeting {
    lines: LastLine,
    first: Option<SafeText>,
    noise: usize,
}

impl Greeting {
    /// Looks for a line that `parse` accepts; gives what it made of it, and the bytes after the line.
    pub(super) fn find<'a, T>(
        &mut self,
        bytes: &'a [u8],
        parse: impl Fn(&[u8]) -> Option<T>,
    ) -> Option<(T, &'a [u8])> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|b| *b == b'\n') {
            let (part, after) = rest.split_at(end);
            self.keep(part);
            rest = after.get(1..).unwrap_or_default();
            let line = self.lines.end();
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            if let Some(found) = parse(line) {
                return Some((found, rest));
            }
            self.first = self.first.take().or_else(|| said(line));
            self.lines.note(line);
        }
        self.keep(rest);
        None
    }

    fn keep(&mut self, part: &[u8]) {
        self.lines.keep(part);
        self.noise = self.noise.saturating_add(part.len());
    }

    /// True when so much came that no hello will.
    pub(super) fn is_hopeless(&self) -> bool {
        self.noise > MAX_NOISE
    }

    /// The first line that came, also an unfinished one: a flood says nothing more than how it began.
    pub(super) fn first_line(&self) -> Option<SafeText> {
        self.first.clone().or_else(|| said(&self.lines.open))
    }

    /// The last line that came, also an unfinished one.
    pub(super) fn last_line(&self) -> Option<SafeText> {
        self.lines.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(line: &[u8]) -> Option<usize> {
        line.starts_with(b"S1 ").then_some(line.len())
    }

    #[test]
    fn noise_is_dropped_and_its_ends_kept() {
        for cut in 0..30 {
            let text = b"\nWelcome!\r\n> \nS1 abc\nrest";
            let (a, b) = text.split_at(cut.min(text.len()));
            let mut greeting = Greeting::default();
            let found = match greeting.find(a, hello) {
                Some((found, rest)) => Some((found, [rest, b].concat())),
                None => greeting
                    .find(b, hello)
                    .map(|(found, rest)| (found, rest.to_vec())),
            };
            let (found, rest) = found.unwrap();
            assert_eq!(found, 6);
            assert_eq!(rest, b"rest");
            assert_eq!(greeting.first_line(), Some("Welcome!".into()));
            assert_eq!(greeting.last_line(), Some(">".into()));
        }
    }

    #[test]
    fn a_flood_is_hopeless_and_bounded() {
        let mut greeting = Greeting::default();
        for _ in 0..100 {
            assert!(greeting.find(&[b'y'; 1000], hello).is_none());
        }
        assert!(greeting.is_hopeless());
        assert!(greeting.lines.open.len() <= MAX_LINE);
        assert_eq!(greeting.first_line().unwrap().as_str().len(), 120);
        assert_eq!(greeting.last_line(), greeting.first_line());
    }

    #[test]
    fn the_last_line_is_the_same_however_it_is_cut() {
        let text = b"\nhi\nsh: 1: exec: awk: not found\n  \n\n";
        for cut in 0..text.len() {
            let (a, b) = text.split_at(cut);
            let mut line = LastLine::default();
            line.feed(a);
            line.feed(b);
            assert_eq!(line.text(), Some("sh: 1: exec: awk: not found".into()));
        }
        let mut line = LastLine::default();
        assert_eq!(line.text(), None);
        line.feed(b"one\nunfinished");
        assert_eq!(line.text(), Some("unfinished".into()));
        line.feed(&[b'y'; 10_000]);
        assert!(line.open.len() <= MAX_LINE);
    }

    #[test]
    fn a_password_that_has_expired_is_told_plainly() {
        let mut lines = LastLine::default();
        lines.feed(b"WARNING: Your password has expired.\n");
        lines.feed(b"Password change required but no TTY available.\n");
        let text = lines.text().unwrap();
        assert!(text.as_str().contains("log in once with ssh"), "{text}");
    }
}
