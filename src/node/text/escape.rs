//! Finds where an escape sequence ends (ECMA-48, and xterm's habits where it says nothing).

/// A sequence that hasn't ended after this many bytes ends there.
const MAX_BYTES: usize = 4096;

const ESC: char = '\u{1b}';
const BEL: char = '\u{7}';
const CAN: char = '\u{18}';
const SUB: char = '\u{1a}';
const ST: char = '\u{9c}';

/// What follows the escape sequence that a text starts with; `None` when it doesn't start with one.
pub(super) fn skip(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    let first = chars.next()?;
    let body = chars.as_str();
    match first {
        ESC => Some(skip_after_esc(body)),
        '\u{9b}' => Some(skip_control_sequence(body)),
        '\u{9d}' => Some(skip_string(body, true)),
        '\u{90}' | '\u{98}' | '\u{9e}' | '\u{9f}' => Some(skip_string(body, false)),
        _ => None,
    }
}

fn skip_after_esc(text: &str) -> &str {
    let mut chars = text.chars();
    match chars.next() {
        Some('[') => skip_control_sequence(chars.as_str()),
        Some(']') => skip_string(chars.as_str(), true),
        Some('P' | 'X' | '^' | '_') => skip_string(chars.as_str(), false),
        Some(' '..='/') => skip_designation(text),
        Some('0'..='~') => chars.as_str(),
        _ => text,
    }
}

/// Parameters and intermediates up to the final byte. A character that can't be in a sequence ends it and is kept.
fn skip_control_sequence(text: &str) -> &str {
    end(text, |c| match c {
        '@'..='~' | CAN | SUB => Some(c.len_utf8()),
        ' '..='?' | '\0'..='\u{17}' | '\u{19}' | '\u{1c}'..='\u{1f}' | '\u{7f}' => None,
        _ => Some(0),
    })
}

/// Intermediates and one final, as in `ESC ( 0`.
fn skip_designation(text: &str) -> &str {
    end(text, |c| match c {
        ' '..='/' => None,
        '0'..='~' => Some(c.len_utf8()),
        _ => Some(0),
    })
}

/// A string up to its terminator. ESC ends it too: what follows is a sequence of its own, mostly the terminator `ESC \`.
fn skip_string(text: &str, ends_with_bel: bool) -> &str {
    end(text, |c| match c {
        ST | CAN | SUB => Some(c.len_utf8()),
        BEL if ends_with_bel => Some(c.len_utf8()),
        ESC => Some(0),
        _ => None,
    })
}

/// The text after the first character for which `length` says how much of it belongs to the sequence.
fn end(text: &str, length: impl Fn(char) -> Option<usize>) -> &str {
    let within = text.char_indices().take_while(|(at, _)| *at < MAX_BYTES);
    let mut last = 0;
    for (at, c) in within {
        if let Some(length) = length(c) {
            return text.get(at + length..).unwrap_or_default();
        }
        last = at + c.len_utf8();
    }
    text.get(last..).unwrap_or_default()
}
