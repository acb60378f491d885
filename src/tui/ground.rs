//! Whether the terminal is dark or light: asked before its events are read, with a deadline.

use std::{
    io::{self, Write},
    str,
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{Screen, input::Decoder, term};

/// Colour of the background, then device attributes: every terminal answers those, so silence means "can't say".
const QUESTION: &[u8] = b"\x1b]11;?\x1b\\\x1b[c";
/// What a person doesn't notice at the start.
const PATIENCE: Duration = Duration::from_millis(100);
/// More than any answer.
const BYTES: usize = 1024;

/// What text is drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Light text is read well.
    Dark,
    /// Dark text is read well.
    Light,
}

impl<I> Screen<I> {
    /// Asks this process's own terminal; `None` when it doesn't say in time. Before [`run`](super::run) only: keys typed
    /// meanwhile are lost, an answer that comes later is not taken for keys.
    pub fn ask_ground(&mut self) -> Option<Ground> {
        self.terminal.as_ref()?;
        // A terminal that can't be asked can't say: the caller has a default.
        let answer = ask().unwrap_or_default();
        if !is_whole(&answer) {
            self.decoder = Decoder::new(true);
        }
        ground(&answer)
    }
}

fn ask() -> io::Result<Vec<u8>> {
    term::writer()?.write_all(QUESTION)?;
    let (end, stdin) = (Instant::now() + PATIENCE, io::stdin());
    let mut answer = Vec::new();
    while !is_whole(&answer) && answer.len() < BYTES {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).unwrap_or_default();
        let mut asked = [PollFd::new(&stdin, PollFlags::IN)];
        if poll(&mut asked, Some(&timeout))? == 0 {
            break;
        }
        let mut chunk = [0; 256];
        let length = rustix::io::read(&stdin, &mut chunk)?;
        let read = chunk.get(..length).unwrap_or_default();
        if read.is_empty() {
            break;
        }
        answer.extend_from_slice(read);
    }
    Ok(answer)
}

/// True when the device attributes came: `CSI ? ... c`.
fn is_whole(answer: &[u8]) -> bool {
    let mut rest = answer;
    while let Some((_, after)) = split(rest, b"\x1b[?") {
        let letter = after
            .iter()
            .find(|byte| !matches!(byte, b'0'..=b'9' | b';'));
        if letter == Some(&b'c') {
            return true;
        }
        rest = after;
    }
    false
}

/// `OSC 11 ; rgb:RR/GG/BB ST`, one to four hexadecimal digits each.
fn ground(answer: &[u8]) -> Option<Ground> {
    let (_, after) = split(answer, b"\x1b]11;rgb:")?;
    let end = after.iter().position(|byte| matches!(byte, 7 | 27))?;
    let text = str::from_utf8(after.get(..end)?).ok()?;
    let mut parts = text.split('/').map(|digits| {
        if digits.len() > 4 {
            return None;
        }
        let value = u16::from_str_radix(digits, 16).ok()?;
        let full = 16_u32.pow(digits.len() as u32) - 1;
        Some(f64::from(value) / f64::from(full))
    });
    let (r, g, b) = (parts.next()??, parts.next()??, parts.next()??);
    // ITU-R BT.601: how bright the eye finds it.
    let bright = 0.299 * r + 0.587 * g + 0.114 * b;
    Some(if bright > 0.5 {
        Ground::Light
    } else {
        Ground::Dark
    })
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let start = bytes.windows(at.len()).position(|window| window == at)?;
    Some((bytes.get(..start)?, bytes.get(start + at.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn answers_of_real_terminals_are_read() {
        let cases: [(&[u8], Option<Ground>, bool); 7] = [
            (
                b"\x1b]11;rgb:1d1d/1f1f/2121\x1b\\\x1b[?62;22c",
                Some(Ground::Dark),
                true,
            ),
            (
                b"\x1b]11;rgb:ffff/ffff/ffff\x07\x1b[?1;2c",
                Some(Ground::Light),
                true,
            ),
            (b"\x1b]11;rgb:f/f/f\x07", Some(Ground::Light), false),
            (b"\x1b[?1;2c", None, true),
            (b"jj\x1b[?2026;2$y\x1b[?64;1;9c", None, true),
            (b"\x1b]11;rgb:ffff/ff", None, false),
            (b"\x1b]11;rgb:0000000ff/0/0\x07", None, false),
        ];
        for (answer, wanted, whole) in cases {
            let text = String::from_utf8_lossy(answer);
            assert_eq!(ground(answer), wanted, "{text:?}");
            assert_eq!(is_whole(answer), whole, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_comes_is_too_strange(noise: Vec<u8>, digits in "[0-9a-f/]{0,20}") {
            is_whole(&noise);
            ground(&noise);
            ground(format!("\x1b]11;rgb:{digits}\x07").as_bytes());
        }
    }
}
