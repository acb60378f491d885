//! The wait for a hello: drops what login scripts print, and keeps its first line for the case that no hello comes.

use super::sampler::clipped;
use crate::node::text::SafeText;

/// Longest line that is looked at.
const MAX_LINE: usize = 4096;

/// More noise than this is no login script.
const MAX_NOISE: usize = 64 * 1024;

/// What came before the hello.
#[derive(Debug, Default)]
pub(super) struct Greeting {
    line: Vec<u8>,
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
            let line = std::mem::take(&mut self.line);
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            if let Some(found) = parse(line) {
                return Some((found, rest));
            }
            self.note(line);
        }
        self.keep(rest);
        None
    }

    fn keep(&mut self, part: &[u8]) {
        let room = MAX_LINE.saturating_sub(self.line.len());
        self.line
            .extend_from_slice(part.get(..part.len().min(room)).unwrap_or_default());
        self.noise = self.noise.saturating_add(part.len());
    }

    fn note(&mut self, line: &[u8]) {
        if self.first.is_none() && !line.trim_ascii().is_empty() {
            self.first = Some(clipped(String::from_utf8_lossy(line).trim()));
        }
    }

    /// True when so much came that no hello will.
    pub(super) fn is_hopeless(&self) -> bool {
        self.noise > MAX_NOISE
    }

    /// The first line that came, also an unfinished one.
    pub(super) fn first_line(&self) -> SafeText {
        match &self.first {
            Some(line) => line.clone(),
            None if self.line.trim_ascii().is_empty() => SafeText::from("no answer"),
            None => clipped(String::from_utf8_lossy(&self.line).trim()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(line: &[u8]) -> Option<usize> {
        line.starts_with(b"S1 ").then_some(line.len())
    }

    #[test]
    fn noise_is_dropped_and_its_first_line_kept() {
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
            assert_eq!(greeting.first_line().as_str(), "Welcome!");
        }
    }

    #[test]
    fn a_flood_is_hopeless_and_bounded() {
        let mut greeting = Greeting::default();
        for _ in 0..100 {
            assert!(greeting.find(&[b'y'; 1000], hello).is_none());
        }
        assert!(greeting.is_hopeless());
        assert!(greeting.line.len() <= MAX_LINE);
        assert!(greeting.first_line().as_str().len() <= 120);
    }
}
