//! Finds what the script itself says among what its command prints. Pure.

use super::{nonce::Nonce, script::SIGN};

/// The longest thing that the script says after its nonce.
const LONGEST: usize = 24;

/// What the script says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The script runs, with this process id; the command comes next.
    Begun(u32),
    /// All data was taken.
    Fed,
    /// sudo asks for a password.
    Password,
}

/// What a stream holds, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Of the command.
    Output(Vec<u8>),
    /// Of the script.
    Mark(Mark),
}

/// Searches one stream.
#[derive(Clone, Debug)]
pub struct Marks {
    sign: Vec<u8>,
    /// May be the beginning of a mark.
    held: Vec<u8>,
}

impl Marks {
    /// For the marks of this execution.
    pub fn new(nonce: &Nonce) -> Self {
        Self {
            sign: format!("{SIGN}{nonce} ").into_bytes(),
            held: Vec::new(),
        }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, chunk: &[u8]) -> Vec<Item> {
        let mut items = Vec::new();
        let mut rest = std::mem::take(&mut self.held);
        rest.extend_from_slice(chunk);
        while let Some(at) = find(&rest, &self.sign) {
            let after = at + self.sign.len();
            let said = rest.get(after..).unwrap_or_default();
            match mark(said) {
                Said::Mark(mark, length) => {
                    push(&mut items, rest.get(..at).unwrap_or_default());
                    items.push(Item::Mark(mark));
                    rest.drain(..after + length);
                }
                Said::Unfinished => {
                    push(&mut items, rest.get(..at).unwrap_or_default());
                    self.held = rest.split_off(at);
                    return items;
                }
                // Somebody else's words behind our sign: output.
                Said::Other => {
                    push(&mut items, rest.get(..after).unwrap_or_default());
                    rest.drain(..after);
                }
            }
        }
        let kept = begun(&rest, &self.sign);
        self.held = rest.split_off(rest.len() - kept);
        push(&mut items, &rest);
        items
    }

    /// What was held back, at the end of the stream.
    pub fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

fn push(items: &mut Vec<Item>, bytes: &[u8]) {
    if !bytes.is_empty() {
        items.push(Item::Output(bytes.to_vec()));
    }
}

fn find(text: &[u8], sign: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, sign)
}

/// How many bytes at the end of the text may begin a sign.
fn begun(text: &[u8], sign: &[u8]) -> usize {
    let most = text.len().min(sign.len() - 1);
    let fits = |length: &usize| {
        let end = text.get(text.len() - length..);
        end == sign.get(..*length)
    };
    (1..=most).rev().find(fits).unwrap_or(0)
}

enum Said {
    /// And how many bytes it takes.
    Mark(Mark, usize),
    Unfinished,
    Other,
}

fn mark(said: &[u8]) -> Said {
    const PASSWORD: &[u8] = b"password ";
    if said.starts_with(PASSWORD) {
        return Said::Mark(Mark::Password, PASSWORD.len());
    }
    if PASSWORD.starts_with(said) {
        return Said::Unfinished;
    }
    let Some(end) = said.iter().position(|byte| *byte == b'\n') else {
        return if said.len() < LONGEST {
            Said::Unfinished
        } else {
            Said::Other
        };
    };
    // A terminal puts a carriage return before it.
    let word = said.get(..end).unwrap_or_default().trim_ascii_end();
    let pid = str::from_utf8(word).ok().and_then(|word| word.parse().ok());
    match (word, pid) {
        (b"fed", _) => Said::Mark(Mark::Fed, end + 1),
        (_, Some(pid)) => Said::Mark(Mark::Begun(pid), end + 1),
        _ => Said::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(nonce: &Nonce, chunks: &[&[u8]]) -> (Vec<u8>, Vec<Mark>) {
        let mut marks = Marks::new(nonce);
        let mut items: Vec<Item> = chunks.iter().flat_map(|chunk| marks.feed(chunk)).collect();
        items.push(Item::Output(marks.finish()));
        let (mut output, mut found) = (Vec::new(), Vec::new());
        for item in items {
            match item {
                Item::Output(bytes) => output.extend(bytes),
                Item::Mark(mark) => found.push(mark),
            }
        }
        (output, found)
    }

    #[test]
    fn what_the_script_says_is_taken_out() {
        let nonce = Nonce::random();
        let said = format!("rc noise{SIGN}{nonce} 4711\r\nerr\n{SIGN}{nonce} fed\nmore{SIGN}x");
        let (output, marks) = all(&nonce, &[said.as_bytes()]);
        assert_eq!(output, format!("rc noiseerr\nmore{SIGN}x").as_bytes());
        assert_eq!(marks, [Mark::Begun(4711), Mark::Fed]);
        let prompt = super::super::script::prompt(&nonce);
        assert_eq!(all(&nonce, &[prompt.as_bytes()]).1, [Mark::Password]);
    }

    #[test]
    fn another_executions_words_are_output() {
        let (nonce, other) = (Nonce::random(), Nonce::random());
        let said = format!("{SIGN}{other} password {SIGN}{nonce} nonsense\n");
        let (output, marks) = all(&nonce, &[said.as_bytes()]);
        assert_eq!((output, marks), (said.into_bytes(), Vec::new()));
    }

    proptest! {
        #[test]
        fn chunks_change_nothing(cuts in proptest::collection::vec(0usize..200, 0..8), noise in "[\u{1e}a-f0-9 \n]{0,40}") {
            let nonce = Nonce::random();
            let said = format!("{noise}{SIGN}{nonce} 12\n{noise}{SIGN}{nonce} password {noise}");
            let bytes = said.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(all(&nonce, &chunks), all(&nonce, &[bytes]));
        }
    }
}
