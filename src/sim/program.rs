//! What runs on a channel of a simulated node: it reads standard input and answers.

use super::{fast::Fast, model::Moment, slow::Slow};
use crate::metrics::sampler::{END, FAST_MARK, SLOW_MARK};
use std::mem;

/// Input that is kept while a program is loaded; the real ones are a tenth of it.
const MAX_PROGRAM: usize = 256 << 10;

/// One program.
pub(super) enum Program {
    /// A shell that reads its program.
    Shell,
    /// One that reads a line, and runs it.
    Line,
    /// The sampler.
    Fast(Box<Fast>),
    /// The loop of the slow channel.
    Slow(Slow),
    /// Reads and says nothing.
    Mute,
}

/// What a shell was given to run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Loaded<'a> {
    /// The sampler with its nonce and the sources that it must leave out.
    Fast(&'a str, Vec<&'a str>),
    /// The slow loop with its nonce.
    Slow(&'a str),
    /// Something else.
    Unknown,
}

/// The text of the program once all of it is there; the rest of `read` stays.
pub(super) fn loaded(read: &mut Vec<u8>) -> Option<String> {
    let end = format!("\n{END}\n");
    let at = find(read, end.as_bytes())? + end.len();
    let rest = read.split_off(at);
    let text = mem::replace(read, rest);
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// True when so much was read that no program will come of it.
pub(super) fn is_too_long(read: &[u8]) -> bool {
    read.len() > MAX_PROGRAM
}

/// What the program `text` is.
pub(super) fn identify(text: &str) -> Loaded<'_> {
    let marked = |mark: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(mark))?;
        Some(line.trim())
    };
    if let Some(nonce) = marked(FAST_MARK) {
        return Loaded::Fast(nonce, without(text));
    }
    marked(SLOW_MARK).map_or(Loaded::Unknown, Loaded::Slow)
}

/// The sources that the program leaves out: it says `case ,A,B, in *,`.
fn without(text: &str) -> Vec<&str> {
    let list = text
        .split_once("case ,")
        .and_then(|(_, rest)| rest.split_once(", in *,"));
    let list = list.map_or("", |(list, _)| list);
    list.split(',').filter(|s| !s.is_empty()).collect()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|w| w == wanted)
}

/// Splits the whole lines off `read`.
pub(super) fn lines(read: &mut Vec<u8>) -> Vec<String> {
    let Some(last) = read.iter().rposition(|b| *b == b'\n') else {
        return Vec::new();
    };
    let rest = read.split_off(last + 1);
    let whole = mem::replace(read, rest);
    let text = String::from_utf8_lossy(&whole);
    text.lines().map(str::to_owned).collect()
}

impl Program {
    /// The answer to one line.
    pub(super) fn answer(&mut self, line: &str, now: Moment) -> String {
        match self {
            Self::Fast(fast) => fast.tick(line, now),
            Self::Slow(slow) => slow.answer(line, now),
            Self::Shell | Self::Line | Self::Mute => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::sampler;

    #[test]
    fn the_real_program_is_known_by_its_mark_and_its_end() {
        let text = sampler::program("00ff", &["net/dev", "diskstats"]);
        let mut read = text.clone().into_bytes();
        let tick = read.split_off(read.len() - 3);
        assert_eq!(loaded(&mut read), None);
        read.extend(tick);
        read.extend(b"1 a\n2");
        let program = loaded(&mut read).unwrap();
        assert_eq!(program, text);
        assert_eq!(
            identify(&program),
            Loaded::Fast("00ff", vec!["net/dev", "diskstats"])
        );
        assert_eq!(identify("echo hello\n"), Loaded::Unknown);
        assert_eq!(lines(&mut read), ["1 a"]);
        assert_eq!(read, b"2");
    }
}
