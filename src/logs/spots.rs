//! Finds the words of the script that follows a file among the bytes of the file. Pure.

use crate::exec::{nonce::Nonce, script::SIGN};

/// What it says between the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// What comes next is of this file, from this place on; it held so many bytes then.
    At {
        inode: u64,
        position: u64,
        size: Option<u64>,
    },
    /// No file has the name now.
    Gone,
    /// What came between is unknown.
    Unknown,
    /// It looks whether the name is another file's whenever it gets a line.
    Waits,
    /// How far the file was read is told next.
    Here,
    /// What came before the last [`Spot::Here`] is of the file's first so many bytes.
    Within(u64),
    /// It waits to be told how far the file was had.
    Asks,
}

/// Bytes and words, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// Of the file.
    Bytes(Vec<u8>),
    /// Of the script.
    Spot(Spot),
}

/// The longest word.
const LONGEST: usize = 72;

/// Searches one stream.
#[derive(Clone, Debug)]
pub(super) struct Spots {
    sign: Vec<u8>,
    /// May be the beginning of a word.
    held: Vec<u8>,
}

impl Spots {
    /// For the words of this execution.
    pub(super) fn new(nonce: &Nonce) -> Self {
        Self {
            sign: format!("{SIGN}{nonce} ").into_bytes(),
            held: Vec::new(),
        }
    }

    /// Takes the next bytes, and hands on what is no part of a word.
    pub(super) fn feed(&mut self, chunk: &[u8], mut each: impl FnMut(Item)) {
        self.held.extend_from_slice(chunk);
        let mut rest = std::mem::take(&mut self.held);
        while let Some(at) = memchr::memmem::find(&rest, &self.sign) {
            let after = at + self.sign.len();
            let said = rest.get(after..).unwrap_or_default();
            let Some(end) = memchr::memchr(
                b'\n',
                said.get(..said.len().min(LONGEST)).unwrap_or_default(),
            ) else {
                if said.len() >= LONGEST {
                    // Somebody else's words behind our sign.
                    pass(&rest, after, &mut each);
                    rest.drain(..after);
                    continue;
                }
                pass(&rest, at, &mut each);
                self.held = rest.split_off(at);
                return;
            };
            let spot = spot(said.get(..end).unwrap_or_default());
            let through = after + end + 1;
            pass(&rest, if spot.is_some() { at } else { through }, &mut each);
            if let Some(spot) = spot {
                each(Item::Spot(spot));
            }
            rest.drain(..through);
        }
        let kept = begun(&rest, &self.sign);
        self.held = rest.split_off(rest.len() - kept);
        let all = rest.len();
        pass(&rest, all, &mut each);
    }
}

fn pass(bytes: &[u8], end: usize, each: &mut impl FnMut(Item)) {
    let bytes = bytes.get(..end).unwrap_or_default();
    if !bytes.is_empty() {
        each(Item::Bytes(bytes.to_vec()));
    }
}

/// How many bytes at the end may begin a sign.
fn begun(text: &[u8], sign: &[u8]) -> usize {
    let most = text.len().min(sign.len() - 1);
    let fits = |length: &usize| text.get(text.len() - length..) == sign.get(..*length);
    (1..=most).rev().find(fits).unwrap_or(0)
}

fn spot(said: &[u8]) -> Option<Spot> {
    let mut words = str::from_utf8(said).ok()?.split(' ');
    let name = words.next()?;
    let numbers: Vec<u64> = words.map(str::parse).collect::<Result<_, _>>().ok()?;
    match (name, numbers.as_slice()) {
        ("g", []) => Some(Spot::Gone),
        ("l", []) => Some(Spot::Unknown),
        ("t", []) => Some(Spot::Waits),
        ("p", []) => Some(Spot::Here),
        ("q", [offset]) => Some(Spot::Within(*offset)),
        ("b", []) => Some(Spot::Asks),
        ("a", [inode, position, size @ ..]) => Some(Spot::At {
            inode: *inode,
            position: *position,
            size: size.first().copied(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(nonce: &Nonce, chunks: &[&[u8]]) -> (Vec<u8>, Vec<(usize, Spot)>) {
        let mut spots = Spots::new(nonce);
        let (mut bytes, mut found) = (Vec::new(), Vec::new());
        for chunk in chunks {
            spots.feed(chunk, |item| match item {
                Item::Bytes(more) => bytes.extend(more),
                Item::Spot(spot) => found.push((bytes.len(), spot)),
            });
        }
        bytes.extend(spots.held);
        (bytes, found)
    }

    proptest! {
        #[test]
        fn words_are_found_at_their_place_however_they_come(
            cuts in proptest::collection::vec(0usize..400, 0..8),
            noise in "[\u{1e}a-f0-9 \n]{0,40}",
        ) {
            let (nonce, other) = (Nonce::random(), Nonce::random());
            let said = format!(
                "{SIGN}{nonce} a 77 4096 5000\n{noise}{SIGN}{other} g\n{SIGN}{nonce} nonsense of somebody\n{SIGN}{nonce} g\n{noise}{SIGN}{nonce} l\n{SIGN}{nonce} p\n{SIGN}{nonce} q 18446744073709551615\n"
            );
            let bytes = said.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let (rest, found) = all(&nonce, &chunks);
            let expected = format!("{noise}{SIGN}{other} g\n{SIGN}{nonce} nonsense of somebody\n{noise}");
            prop_assert_eq!(String::from_utf8(rest).unwrap(), expected.clone());
            let first = expected.len() - noise.len();
            prop_assert_eq!(found, vec![
                (0, Spot::At { inode: 77, position: 4096, size: Some(5000) }),
                (first, Spot::Gone),
                (expected.len(), Spot::Unknown),
                (expected.len(), Spot::Here),
                (expected.len(), Spot::Within(u64::MAX)),
            ]);
        }
    }
}
