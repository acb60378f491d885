//! The output of a running command as the dashboard keeps it: bounded, and cheap to clone again and again. Pure.

use std::collections::VecDeque;

use bytes::Bytes;

use super::Capture;

/// Most bytes that are copied by a clone: what was gathered since the last whole piece.
const PIECE: usize = 16 << 10;

/// Beginning and end of one output. Clones share all but the newest piece.
#[derive(Clone, Debug, Default)]
pub struct Output {
    limit: usize,
    head: Vec<Bytes>,
    head_bytes: usize,
    tail: VecDeque<Bytes>,
    tail_bytes: usize,
    newest: Vec<u8>,
    total: u64,
}

impl Output {
    /// Keeps about this many bytes, half of them of the beginning.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        self.newest.extend_from_slice(bytes);
        if self.newest.len() >= PIECE.min(self.limit / 4) {
            let piece = Bytes::from(std::mem::take(&mut self.newest));
            self.seal(piece);
        }
    }

    fn seal(&mut self, mut piece: Bytes) {
        let half = self.limit / 2;
        if self.tail.is_empty() && self.head_bytes < half {
            let first = piece.split_to(piece.len().min(half - self.head_bytes));
            self.head_bytes += first.len();
            self.head.push(first);
        }
        if piece.is_empty() {
            return;
        }
        self.tail_bytes += piece.len();
        self.tail.push_back(piece);
        while let Some(oldest) = self.tail.front()
            && self.tail_bytes - oldest.len() >= half
        {
            self.tail_bytes -= oldest.len();
            self.tail.pop_front();
        }
    }

    /// Bytes so far.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Bytes that were left out between the beginning and the end.
    pub fn cut(&self) -> u64 {
        self.total - (self.head_bytes + self.tail_bytes + self.newest.len()) as u64
    }

    /// The beginning; all of it where nothing is cut.
    pub fn head(&self) -> Vec<u8> {
        let mut head = self.head.concat();
        if self.cut() == 0 {
            self.add_end(&mut head);
        }
        head
    }

    /// The end, where something is cut in between.
    pub fn tail(&self) -> Vec<u8> {
        let mut tail = Vec::new();
        if self.cut() > 0 {
            self.add_end(&mut tail);
        }
        tail
    }

    fn add_end(&self, bytes: &mut Vec<u8>) {
        self.tail
            .iter()
            .for_each(|piece| bytes.extend_from_slice(piece));
        bytes.extend_from_slice(&self.newest);
    }

    /// The last line that says something, as far as it is within the newest bytes.
    pub fn last_line(&self) -> Option<&[u8]> {
        let pieces = self.tail.back().into_iter().chain(self.head.last());
        let pieces = pieces.map(Bytes::as_ref);
        std::iter::once(self.newest.as_slice())
            .chain(pieces)
            .find_map(last_line)
    }
}

/// Of a command that has ended; what it was kept by then.
impl From<&Capture> for Output {
    fn from(capture: &Capture) -> Self {
        let some = |bytes: &Bytes| (!bytes.is_empty()).then(|| bytes.clone());
        Self {
            limit: capture.head.len() + capture.tail.len(),
            head: some(&capture.head).into_iter().collect(),
            head_bytes: capture.head.len(),
            tail: some(&capture.tail).into_iter().collect(),
            tail_bytes: capture.tail.len(),
            newest: Vec::new(),
            total: capture.total,
        }
    }
}

/// The last line with a sign in it.
fn last_line(bytes: &[u8]) -> Option<&[u8]> {
    let is_said = |line: &&[u8]| !line.trim_ascii().is_empty();
    bytes.rsplit(|byte| *byte == b'\n').find(is_said)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_ends_are_kept_and_the_cut_is_counted() {
        let mut output = Output::new(8);
        (b'a'..=b'z').for_each(|byte| output.push(&[byte, b'\n']));
        assert_eq!(output.head(), b"a\nb\n");
        assert!(output.tail().ends_with(b"y\nz\n"));
        assert_eq!(output.total(), 52);
        let kept = output.head().len() + output.tail().len();
        assert_eq!(output.cut(), 52 - kept as u64);
        assert_eq!(output.last_line(), Some(&b"z"[..]));
    }

    #[test]
    fn the_last_line_is_one_that_says_something() {
        let mut output = Output::new(1 << 18);
        assert_eq!(output.last_line(), None);
        output.push(b"one\ntwo\n\n  \n");
        assert_eq!(output.last_line(), Some(&b"two"[..]));
        output.push(b"thr");
        assert_eq!(output.last_line(), Some(&b"thr"[..]));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_below_the_limit(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..12), limit in 0usize..200) {
            let whole = chunks.concat();
            let mut output = Output::new(limit);
            for chunk in &chunks {
                output.push(chunk);
            }
            let (head, tail) = (output.head(), output.tail());
            prop_assert!(whole.starts_with(&head) && whole.ends_with(&tail));
            prop_assert_eq!(output.cut() as usize, whole.len() - head.len() - tail.len());
            if whole.len() <= limit / 2 {
                prop_assert_eq!(head, whole);
            }
            prop_assert!(output.head_bytes + output.tail_bytes <= limit + 60);
        }
    }
}
