//! What may stand before the time: a bracket, a syslog priority, a level, the day of the week, a process.

use super::civil;
use crate::logs::level;

/// Where the time would begin, and whether a level stood before it.
pub(super) fn strip(line: &[u8]) -> (&[u8], bool) {
    let (mut rest, mut has_level) = (line, false);
    for _ in 0..6 {
        let Some((after, is_level)) = piece(rest) else {
            break;
        };
        rest = after;
        has_level |= is_level;
    }
    (rest.strip_prefix(b"[").unwrap_or(rest), has_level)
}

/// The text after one piece that is none of the time, and whether that was a level.
fn piece(text: &[u8]) -> Option<(&[u8], bool)> {
    match *text.first()? {
        b'<' => Some((priority(text)?, false)),
        b'\x1b' => Some((colour(text)?, false)),
        b'[' => bracket(text),
        b'(' => Some((process(text)?, false)),
        b'0'..=b'9' => Some((redis(text)?, false)),
        b'A'..=b'Z' | b'a'..=b'z' => word(text),
        _ => None,
    }
}

/// `<34>` and, of RFC 5424, `<34>1 `.
fn priority(text: &[u8]) -> Option<&[u8]> {
    let close = text.iter().take(5).position(|b| *b == b'>')?;
    let digits = text.get(1..close)?;
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let rest = text.get(close + 1..)?;
    is_number.then(|| rest.strip_prefix(b"1 ").unwrap_or(rest))
}

/// `ESC [ 2 m`, and the spaces behind it.
fn colour(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().take(16).position(|b| *b == b'm')?;
    Some(text.get(end + 1..)?.trim_ascii_start())
}

/// `[INFO] ` and `[rank0]:`, or the bracket alone before the day of the week; any other may hold the time itself.
fn bracket(text: &[u8]) -> Option<(&[u8], bool)> {
    let inside = text.get(1..)?;
    if weekday(inside).is_some() {
        return Some((inside, false));
    }
    let close = text.iter().take(16).position(|b| *b == b']')?;
    let inner = text.get(1..close)?.trim_ascii();
    let is_level = level::named(inner).is_some();
    if !is_level && !inner.starts_with(b"rank") {
        return None;
    }
    let rest = text.get(close + 1..)?;
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    Some((rest.trim_ascii_start(), is_level))
}

/// `(EngineCore pid=123) `.
fn process(text: &[u8]) -> Option<&[u8]> {
    let close = text.iter().take(64).position(|b| *b == b')')?;
    let inner = text.get(1..close)?;
    let has_pid = memchr::memmem::find(inner, b"pid=").is_some();
    has_pid.then_some(())?;
    text.get(close + 1..)?.strip_prefix(b" ")
}

/// `1234:M `, a process and its role.
fn redis(text: &[u8]) -> Option<&[u8]> {
    let digits = text
        .iter()
        .take(8)
        .take_while(|b| b.is_ascii_digit())
        .count();
    match text.get(digits..)? {
        [b':', b'A'..=b'Z', b' ', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// `Sat `, `Sat, ` or `INFO `, `INFO:`.
fn word(text: &[u8]) -> Option<(&[u8], bool)> {
    if let Some(rest) = weekday(text) {
        return Some((rest, false));
    }
    let length = text.iter().take(10).take_while(|b| b.is_ascii_uppercase());
    let (name, rest) = text.split_at(length.count());
    level::named(name)?;
    match rest {
        [b'\x1b', ..] => Some((rest, true)),
        [b':' | b' ' | b'\t', rest @ ..] => Some((rest.trim_ascii_start(), true)),
        _ => None,
    }
}

fn weekday(text: &[u8]) -> Option<&[u8]> {
    let (name, rest) = text.split_first_chunk::<3>()?;
    let rest = rest.strip_prefix(b",").unwrap_or(rest);
    rest.strip_prefix(b" ").filter(|_| civil::is_weekday(*name))
}
