//! Hostile output: whatever a node prints, in whatever chunks, nothing acts on the terminal and nothing is lost.

#![no_main]
#![allow(dead_code, unused_imports, reason = "modules are taken in whole")]

use libfuzzer_sys::fuzz_target;

#[path = "../../src/exec/lines.rs"]
mod lines;
#[path = "../../src/node/mod.rs"]
mod node;

use lines::{Lines, MAX_LINE};
use node::text::{
    SafeText,
    styled::{Style, Styled},
};

fuzz_target!(|data: &[u8]| {
    let (size, data) = data.split_first().map_or((1, data), |(first, rest)| (1 + usize::from(*first), rest));
    let whole = lines_of([data]);
    assert_eq!(whole, lines_of(data.chunks(size)), "chunking changes nothing");
    assert_eq!(joined(&whole), data, "no byte is lost");
    let mut pen = Style::default();
    for (line, _) in &whole {
        check(line, &mut pen);
    }
    // Not a line: the cleaning must not need the cutting.
    check(data, &mut Style::default());
});

fn lines_of<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<(Vec<u8>, Option<bool>)> {
    let (mut decoder, mut found) = (Lines::new(), Vec::new());
    for chunk in chunks {
        decoder.feed(chunk, |line| found.push((line.bytes.to_vec(), Some(line.continued))));
        assert!(decoder.rest().len() <= MAX_LINE);
    }
    decoder.flush(|line| found.push((line.bytes.to_vec(), None)));
    found
}

fn joined(lines: &[(Vec<u8>, Option<bool>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (line, continued) in lines {
        bytes.extend(line);
        bytes.extend((*continued == Some(false)).then_some(b'\n'));
    }
    bytes
}

fn check(line: &[u8], pen: &mut Style) {
    let styled = Styled::line(line, pen);
    let mut written = String::new();
    styled.write_ansi(&mut written, true);
    let plain = without_sgr(&written);
    assert!(!plain.contains(char::is_control), "{plain:?}");
    assert_eq!(plain, styled.text().as_str());
    assert_eq!(SafeText::from(plain.as_str()), *styled.text(), "clean already");
    let mut pen = Style::default();
    assert_eq!(Styled::line(written.as_bytes(), &mut pen), styled, "cleaning twice");
    assert!(pen.is_default(), "the style ends with the line");
}

/// Takes out the only sequence that may be there.
fn without_sgr(mut text: &str) -> String {
    let mut plain = String::new();
    while let Some((before, after)) = text.split_once("\x1b[") {
        plain.push_str(before);
        let end = after.find(|c: char| !(c.is_ascii_digit() || c == ';')).expect("an end");
        text = after[end..].strip_prefix('m').expect("an SGR");
    }
    plain + text
}
