//! OSC 52: asks the terminal to put a text on the clipboard of the machine that the person sits at.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Terminals refuse longer ones, some by showing them as text.
const MOST: usize = 74_000;

/// The request. Its text is coded, so that nothing in it is anything else to the terminal.
pub(super) fn offer(text: &str) -> Vec<u8> {
    let end = text.floor_char_boundary(MOST);
    let text = text.get(..end).unwrap_or_default();
    format!("\x1b]52;c;{}\x1b\\", STANDARD.encode(text)).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_sequence_whatever_the_text() {
        assert_eq!(offer("a\x1b\\\n"), b"\x1b]52;c;YRtcCg==\x1b\\");
        let long = offer(&"é".repeat(MOST));
        assert!(long.len() < 100_000 && long.is_ascii());
    }
}
