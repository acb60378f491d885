//! Seconds since 1970, or thousandths, or millionths, or billionths of them.

use super::{Time, tail};

/// A number at the start of a line; what it is shows in its length.
pub(super) fn read(text: &[u8]) -> Option<Time> {
    let length = text.iter().take(20).take_while(|b| b.is_ascii_digit());
    let (digits, rest) = text.split_at(length.count());
    let number = digits
        .iter()
        .fold(0i64, |sum, b| sum.wrapping_mul(10) + i64::from(b - b'0'));
    let is_padded = digits.first() == Some(&b'0');
    let us = match digits.len() {
        10 if !is_padded => number * 1_000_000,
        13 if !is_padded => number * 1000,
        16 if !is_padded => number,
        19 if !is_padded => number / 1000,
        _ => return None,
    };
    let (part, rest) = tail::fraction(rest);
    let us = if digits.len() == 10 { us + part } else { us };
    let is_whole = matches!(
        rest.first(),
        None | Some(b' ' | b'\t' | b']' | b':' | b',' | b'|' | b')' | b';')
    );
    is_whole.then_some(Time::Guess(us))
}

/// A number as JSON has it: `1.795297801123e9` too.
pub(super) fn number(text: &[u8]) -> Option<Time> {
    if let Some(time) = read(text) {
        return Some(time);
    }
    let text = std::str::from_utf8(text.get(..text.len().min(32))?).ok()?;
    let seconds: f64 = text.parse().ok()?;
    let is_fine = text.contains(['e', 'E']) && (1e9..1e10).contains(&seconds);
    is_fine.then_some(Time::Guess((seconds * 1e6) as i64))
}
