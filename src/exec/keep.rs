//! The bounded collector of one output: its beginning, its end, how much it was, and the digest of all of it. Pure.

use std::mem;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::Capture;

/// Takes an output as it comes, and keeps at most `limit` bytes of it. One that got nothing owns no memory.
#[derive(Clone, Debug)]
pub struct Keep {
    limit: usize,
    begun: Option<Box<Begun>>,
}

/// What there is once a byte has come.
#[derive(Clone, Debug)]
struct Begun {
    head: Vec<u8>,
    tail: Ring,
    total: u64,
    hash: Sha256,
}

/// The last bytes, at most `room` of them; the oldest one is at `start` once it is full.
#[derive(Clone, Debug)]
struct Ring {
    bytes: Vec<u8>,
    start: usize,
    room: usize,
}

/// What is kept at this moment, borrowed. In order: head, what was cut, both parts of the tail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View<'a> {
    /// The beginning.
    pub head: &'a [u8],
    /// The end, which follows the head at once where nothing is cut.
    pub tail: [&'a [u8]; 2],
    /// Bytes in all.
    pub total: u64,
}

impl Keep {
    /// Keeps all of an output up to `limit` bytes, and of a longer one the first and the last half of that.
    pub fn new(limit: usize) -> Self {
        Self { limit, begun: None }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let limit = self.limit;
        let begun = self.begun.get_or_insert_with(|| Begun::new(limit));
        begun.total += bytes.len() as u64;
        begun.hash.update(bytes);
        let room = limit - limit / 2 - begun.head.len();
        let (head, tail) = bytes.split_at(room.min(bytes.len()));
        begun.head.extend_from_slice(head);
        begun.tail.push(tail);
    }

    /// Bytes so far.
    pub fn total(&self) -> u64 {
        self.begun.as_ref().map_or(0, |begun| begun.total)
    }

    /// What is kept so far, without a copy.
    pub fn view(&self) -> View<'_> {
        match &self.begun {
            Some(begun) => View {
                head: &begun.head,
                tail: begun.tail.parts(),
                total: begun.total,
            },
            None => View::default(),
        }
    }

    /// The end of the output. Nothing at all gives the default `Capture`, whose digest is zero.
    pub fn finish(self) -> Capture {
        self.begun.map(|begun| begun.finish()).unwrap_or_default()
    }
}

impl Begun {
    fn new(limit: usize) -> Box<Self> {
        Box::new(Self {
            head: Vec::new(),
            tail: Ring {
                bytes: Vec::new(),
                start: 0,
                room: limit / 2,
            },
            total: 0,
            hash: Sha256::new(),
        })
    }

    fn finish(mut self) -> Capture {
        let mut tail = self.tail.straight();
        if self.total == (self.head.len() + tail.len()) as u64 {
            self.head.append(&mut tail);
        }
        self.head.shrink_to_fit();
        tail.shrink_to_fit();
        Capture {
            head: Bytes::from(self.head),
            tail: Bytes::from(tail),
            total: self.total,
            digest: self.hash.finalize().into(),
        }
    }
}

impl Ring {
    /// Costs what the kept part of `bytes` costs to copy: nothing is ever moved.
    fn push(&mut self, bytes: &[u8]) {
        let last = bytes.len().saturating_sub(self.room);
        let bytes = bytes.get(last..).unwrap_or_default();
        let free = self.room - self.bytes.len();
        let (grow, over) = bytes.split_at(free.min(bytes.len()));
        self.bytes.extend_from_slice(grow);
        let (to_end, from_start) = over.split_at(over.len().min(self.room - self.start));
        self.write(self.start, to_end);
        self.write(0, from_start);
        if !over.is_empty() {
            self.start = (self.start + over.len()) % self.room;
        }
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    fn parts(&self) -> [&[u8]; 2] {
        let (newer, older) = self.bytes.split_at(self.start);
        [older, newer]
    }

    fn straight(&mut self) -> Vec<u8> {
        let mut bytes = mem::take(&mut self.bytes);
        bytes.rotate_left(self.start);
        bytes
    }
}

impl View<'_> {
    /// Bytes that were left out between head and tail.
    pub fn cut(&self) -> u64 {
        let [older, newer] = self.tail;
        self.total - (self.head.len() + older.len() + newer.len()) as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(limit: usize, chunks: &[Vec<u8>]) -> Keep {
        let mut keep = Keep::new(limit);
        for chunk in chunks {
            keep.push(chunk);
        }
        keep
    }

    fn joined(view: View<'_>) -> Vec<u8> {
        [view.head, view.tail[0], view.tail[1]].concat()
    }

    #[test]
    fn keeps_both_ends_and_says_how_much_is_gone() {
        let capture = kept(6, &[b"abcdefghij".to_vec(), b"k".to_vec()]).finish();
        assert_eq!(
            (&capture.head[..], &capture.tail[..]),
            (&b"abc"[..], &b"ijk"[..])
        );
        assert_eq!((capture.total, capture.cut()), (11, 5));
    }

    #[test]
    fn a_short_output_is_all_head() {
        let capture = kept(7, &[b"abcdefg".to_vec()]).finish();
        assert_eq!(&capture.head[..], b"abcdefg");
        assert_eq!((capture.tail.len(), capture.cut()), (0, 0));
    }

    #[test]
    fn nothing_is_the_same_however_it_comes() {
        assert_eq!(Keep::new(10).finish(), Capture::default());
        assert_eq!(kept(10, &[Vec::new()]).finish(), Capture::default());
        assert_eq!(Keep::new(10).view(), View::default());
        assert!(size_of::<Keep>() <= 16, "an idle one is no buffer");
    }

    #[test]
    fn a_limit_of_nothing_still_counts_and_digests() {
        let capture = kept(0, &[b"abc".to_vec()]).finish();
        assert_eq!((capture.head.len(), capture.cut()), (0, 3));
        assert_eq!(capture.digest[..3], [0xba, 0x78, 0x16], "SHA-256 of abc");
    }

    #[test]
    fn memory_stays_within_twice_the_limit() {
        let mut keep = Keep::new(1000);
        (0..2000).for_each(|_| keep.push(&[b'x'; 999]));
        let begun = keep.begun.as_ref().unwrap();
        assert!(begun.head.capacity() + begun.tail.bytes.capacity() <= 2000);
        assert_eq!(keep.total(), 1_998_000);
    }

    proptest! {
        #[test]
        fn it_is_the_two_ends_of_the_whole(limit in 0usize..24, chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..12)) {
            let whole = chunks.concat();
            let keep = kept(limit, &chunks);
            let seen = joined(keep.view());
            let cut = keep.view().cut();
            let capture = keep.finish();
            prop_assert_eq!(capture.total as usize, whole.len());
            prop_assert_eq!(cut, capture.cut());
            prop_assert_eq!(seen, [&capture.head[..], &capture.tail[..]].concat());
            if whole.len() <= limit {
                prop_assert_eq!(&capture.head[..], &whole[..]);
            } else {
                prop_assert_eq!(capture.head.len() + capture.tail.len(), limit);
                prop_assert!(whole.starts_with(&capture.head) && whole.ends_with(&capture.tail));
            }
            let digest: [u8; 32] = Sha256::digest(&whole).into();
            prop_assert_eq!(capture.digest, if whole.is_empty() { [0; 32] } else { digest });
        }
    }
}
