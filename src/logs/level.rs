//! What a line says of its own weight: a priority, a field, a word in capitals, the status of a request.

use super::{Level, pairs};

#[cfg(test)]
#[path = "level_tests.rs"]
mod tests;

/// A level stands at the front of a line, if anywhere.
const NEAR: usize = 160;

/// The level of a line; none where it names none.
pub fn read(line: &[u8]) -> Option<Level> {
    let near = line.get(..NEAR).unwrap_or(line);
    match near.first()? {
        b'{' => return keyed(pairs::json(line)),
        b'<' => {
            if let Some(level) = priority(near) {
                return Some(level);
            }
        }
        _ => {}
    }
    klog(near)
        .or_else(|| keyed(pairs::logfmt(line)))
        .or_else(|| status(near))
        .or_else(|| words(near))
        .or_else(|| fall(near))
}

/// The level that a word names, in any case.
pub(super) fn named(word: &[u8]) -> Option<Level> {
    const NAMES: &[(&[u8], Level)] = &[
        (b"info", Level::Info),
        (b"debug", Level::Debug),
        (b"error", Level::Error),
        (b"warn", Level::Warning),
        (b"warning", Level::Warning),
        (b"notice", Level::Info),
        (b"trace", Level::Trace),
        (b"err", Level::Error),
        (b"fatal", Level::Critical),
        (b"critical", Level::Critical),
        (b"crit", Level::Critical),
        (b"severe", Level::Error),
        (b"panic", Level::Critical),
        (b"emerg", Level::Critical),
        (b"alert", Level::Critical),
        (b"log", Level::Info),
        (b"finest", Level::Trace),
        (b"dbg", Level::Debug),
        (b"inf", Level::Info),
        (b"wrn", Level::Warning),
    ];
    let mut known = NAMES.iter();
    known
        .find(|(name, _)| word.eq_ignore_ascii_case(name))
        .map(|(_, level)| *level)
}

/// RFC 5424, section 6.2.1.
fn severity(number: u32) -> Level {
    match number & 7 {
        0..=2 => Level::Critical,
        3 => Level::Error,
        4 => Level::Warning,
        5 | 6 => Level::Info,
        _ => Level::Debug,
    }
}

/// `<34>`.
fn priority(near: &[u8]) -> Option<Level> {
    let close = near.iter().take(5).position(|b| *b == b'>')?;
    number(near.get(1..close)?).map(severity)
}

fn number(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// `level=…` and its kin; a journal's is a syslog priority, and small loggers of JavaScript count in tens.
fn keyed<'a>(mut pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<Level> {
    pairs.find_map(|(key, value)| {
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        let value = value.strip_suffix(b"\"").unwrap_or(value).trim_ascii();
        match key {
            b"PRIORITY" => number(value).map(severity),
            b"level" | b"lvl" | b"severity" | b"levelname" | b"log.level" | b"s" => {
                named(value).or_else(|| tens(number(value)?))
            }
            _ => None,
        }
    })
}

fn tens(number: u32) -> Option<Level> {
    match number {
        10 => Some(Level::Trace),
        20 => Some(Level::Debug),
        30 => Some(Level::Info),
        40 => Some(Level::Warning),
        50 => Some(Level::Error),
        60 => Some(Level::Critical),
        _ => None,
    }
}

/// `W1121 21:50:01.123456`.
fn klog(near: &[u8]) -> Option<Level> {
    let [letter, a, b, c, d, b' ', h1, h2, b':', ..] = near else {
        return None;
    };
    let is_time = [a, b, c, d, h1, h2].iter().all(|b| b.is_ascii_digit());
    match letter {
        _ if !is_time => None,
        b'I' => Some(Level::Info),
        b'W' => Some(Level::Warning),
        b'E' => Some(Level::Error),
        b'F' => Some(Level::Critical),
        b'D' | b'V' => Some(Level::Debug),
        _ => None,
    }
}

/// `"GET / HTTP/1.1" 502 `, a web server's line.
fn status(near: &[u8]) -> Option<Level> {
    let at = memchr::memmem::find(near, b" HTTP/")?;
    let quote = at + memchr::memchr(b'"', near.get(at..)?)?;
    match near.get(quote..)? {
        [b'"', b' ', hundreds, b'0'..=b'9', b'0'..=b'9', b' ', ..] => match hundreds {
            b'5' => Some(Level::Error),
            b'4' => Some(Level::Warning),
            b'1'..=b'3' => Some(Level::Info),
            _ => None,
        },
        _ => None,
    }
}

/// The first word that can only be a level: in capitals, in brackets, or small before a colon.
fn words(near: &[u8]) -> Option<Level> {
    let mut at = 0;
    while let Some(rest) = near.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(b"\x1b[") {
            at += 1 + rest.iter().position(|b| *b == b'm').unwrap_or(1);
            continue;
        }
        let length = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        if (3..=8).contains(&length) {
            let before = at.checked_sub(1).and_then(|at| near.get(at));
            let (word, after) = rest.split_at(length);
            if stands_alone(word, before.copied(), after)
                && let Some(level) = named(word)
            {
                return Some(level);
            }
        }
        at += length.max(1);
    }
    None
}

fn stands_alone(word: &[u8], before: Option<u8>, after: &[u8]) -> bool {
    match (before, after.first()) {
        (Some(b'['), Some(b']')) | (Some(b'<'), Some(b'>')) => true,
        (None | Some(b' ' | b'\t' | b'[' | b'(' | b'|' | b']' | b':' | b'm'), next) => {
            let is_end = next.is_none_or(|b| {
                matches!(b, b' ' | b'\t' | b':' | b']' | b')' | b'|' | b',' | b'\x1b')
            });
            let is_capital = word.iter().all(u8::is_ascii_uppercase);
            let is_said = before.is_none_or(|b| b == b' ')
                && after.starts_with(b": ")
                && word.iter().all(u8::is_ascii_lowercase)
                && word != b"log";
            is_end && is_capital || is_said
        }
        _ => false,
    }
}

/// Programs that fall over say so without a level.
fn fall(near: &[u8]) -> Option<Level> {
    let is_fall = near.starts_with(b"Traceback (most recent call last)")
        || near.starts_with(b"Exception in thread")
        || memchr::memmem::find(near, b"segfault at ").is_some()
        || memchr::memmem::find(near, b"Out of memory: Killed process").is_some();
    is_fall.then_some(Level::Error)
}
