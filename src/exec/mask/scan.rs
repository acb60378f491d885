//! Finds the value that a word begins with: an address, a UUID, a time, a number.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::placeholder;

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Shapes of dates and times of day: `9` is a digit, all else itself. The longest that fits is taken.
const TIMES: [&str; 9] = [
    "9999-99-99T99:99:99",
    "9999-99-99 99:99:99",
    "9999-99-99 99:99",
    "9999-99-99",
    "9999/99/99 99:99:99",
    "9999/99/99",
    "99:99:99",
    "99:99",
    "9:99",
];

/// Shapes of a day and what follows it, after the month's name.
const DAYS: [&str; 4] = [" 99 99:99:99", "  9 99:99:99", " 99 99:99", "  9 99:99"];

/// Hexadecimal digits in a row that are taken for a number, where one of them is decimal: hashes, container ids.
const HEX: usize = 6;

/// How far an address is looked for: each of many colons in a row may begin one.
const MAX_ADDRESS: usize = 64;

/// Longest text that can be an IPv6 address.
const MAX_IPV6: usize = 45;

/// True where a text begins with this name, in either case, and the name ends there.
pub(super) fn begins(text: &[u8], name: &str) -> bool {
    let start = text.get(..name.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes())) && ends(text, name.len())
}

/// The value at the beginning of a text, as its placeholder and its length.
pub(super) fn value(text: &[u8]) -> Option<(&'static str, usize)> {
    let first = *text.first()?;
    if let Some(length) = named_time(text) {
        return Some(("<time>", length));
    }
    if !first.is_ascii_hexdigit() && first != b':' {
        return None;
    }
    let near = text.get(..MAX_ADDRESS).unwrap_or(text);
    let run = run(near, |b| {
        b.is_ascii_hexdigit() || matches!(b, b':' | b'.' | b'-')
    });
    if !run.iter().any(u8::is_ascii_digit) {
        return None;
    }
    address(text, run)
        .or_else(|| time(text).map(|length| ("<time>", length)))
        .or_else(|| number(text))
}

fn address(text: &[u8], run: &[u8]) -> Option<(&'static str, usize)> {
    let found = [
        ("<uuid>", uuid(run)),
        ("<mac>", mac(run)),
        ("<ip>", ipv4(run)),
        ("<ip>", ipv6(run)),
    ];
    let found = found
        .into_iter()
        .find_map(|(name, length)| length.map(|l| (name, l)));
    found.filter(|(_, length)| ends(text, *length))
}

fn uuid(run: &[u8]) -> Option<usize> {
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    let is_right = |(at, b): (usize, &u8)| match b {
        b'-' => DASHES.contains(&at),
        _ => b.is_ascii_hexdigit() && !DASHES.contains(&at),
    };
    let id = run.get(..36)?;
    id.iter().enumerate().all(is_right).then_some(36)
}

/// Six pairs and more: InfiniBand has longer ones.
fn mac(run: &[u8]) -> Option<usize> {
    let sign = *run.get(2).filter(|b| matches!(b, b':' | b'-'))?;
    let is_pair = |piece: &[u8]| match piece {
        [a, b, rest @ ..] => {
            let is_over = !rest.first().is_some_and(u8::is_ascii_alphanumeric);
            a.is_ascii_hexdigit() && b.is_ascii_hexdigit() && is_over
        }
        _ => false,
    };
    let mut pairs = 0;
    while let Some(piece) = run.get(pairs * 3..).filter(|piece| is_pair(piece)) {
        pairs += 1;
        if piece.get(2) != Some(&sign) {
            break;
        }
    }
    (pairs >= 6).then(|| pairs * 3 - 1)
}

fn ipv4(run: &[u8]) -> Option<usize> {
    let digits = run.iter().take_while(|b| b.is_ascii_digit() || **b == b'.');
    let text = str::from_utf8(run.get(..digits.count())?).ok()?;
    let text = text.trim_end_matches('.');
    text.parse::<Ipv4Addr>().ok().map(|_| text.len())
}

/// The longest beginning that is one, whatever hangs on it: `fe80::1.` at the end of a sentence, `fe80::1:99999`.
fn ipv6(run: &[u8]) -> Option<usize> {
    let near = run.get(..MAX_IPV6 + 1).unwrap_or(run);
    let text = str::from_utf8(near).ok()?;
    if text.bytes().filter(|b| *b == b':').count() < 2 {
        return None;
    }
    let ends = |at: &usize| !near.get(*at).is_some_and(u8::is_ascii_alphanumeric);
    let fits = |at: &usize| {
        text.get(..*at)
            .is_some_and(|t| t.parse::<Ipv6Addr>().is_ok())
    };
    (2..=near.len()).rev().filter(ends).find(fits)
}

/// `Sat Nov 21 18:46:04 UTC 2026`, `Nov  5 18:46`.
fn named_time(text: &[u8]) -> Option<usize> {
    text.first().filter(|b| b.is_ascii_uppercase())?;
    let named = |names: &[&str], at: usize| {
        let name = text.get(at..at + 3)?;
        names
            .iter()
            .find(|n| n.as_bytes() == name)
            .map(|n| at + n.len())
    };
    let month = match named(&WEEKDAYS, 0) {
        Some(end) => named(&MONTHS, end + 1),
        None => named(&MONTHS, 0),
    }?;
    let rest = text.get(month..)?;
    let length = DAYS.iter().find_map(|shape| shaped(rest, shape))?;
    let end = month + length;
    let year = [
        " 9999",
        " AAA 9999",
        " AAAA 9999",
        " AM AAA 9999",
        " PM AAA 9999",
    ];
    let rest = text.get(end..)?;
    let year = year
        .iter()
        .find_map(|shape| shaped(rest, shape).filter(|l| ends(rest, *l)));
    let end = end + year.unwrap_or(0);
    ends(text, end).then_some(end)
}

/// A date, a time of day or both, with what is smaller than a second, and the zone.
fn time(text: &[u8]) -> Option<usize> {
    let mut end = TIMES.iter().find_map(|shape| shaped(text, shape))?;
    let digits =
        |from: usize| run(text.get(from..).unwrap_or_default(), |b| b.is_ascii_digit()).len();
    if matches!(text.get(end), Some(b'.' | b',')) && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    let rest = text.get(end..).unwrap_or_default();
    let zones = [
        "Z", "+99:99", "-99:99", "+9999", "-9999", " +9999", " -9999",
    ];
    end += zones
        .iter()
        .find_map(|zone| shaped(rest, zone))
        .unwrap_or(0);
    ends(text, end).then_some(end)
}

/// The length of a shape where the text has it: `9` any digit, `A` any capital.
fn shaped(text: &[u8], shape: &str) -> Option<usize> {
    let fits = |(b, s): (&u8, u8)| match s {
        b'9' => b.is_ascii_digit(),
        b'A' if shape.starts_with(' ') => b.is_ascii_uppercase(),
        _ => *b == s,
    };
    let start = text.get(..shape.len())?;
    start
        .iter()
        .zip(shape.bytes())
        .all(fits)
        .then_some(shape.len())
}

/// `0x1f`, a hash, `1,024.5`, `1.2.3`; a unit may hang on a decimal one.
fn number(text: &[u8]) -> Option<(&'static str, usize)> {
    let hex = run(text, |b| b.is_ascii_hexdigit()).len();
    if matches!(text, [b'0', b'x' | b'X', b, ..] if b.is_ascii_hexdigit()) {
        let digits = run(text.get(2..)?, |b| b.is_ascii_hexdigit()).len();
        return Some(("<num>", 2 + digits));
    }
    let is_mixed = text.get(..hex)?.iter().any(u8::is_ascii_digit);
    if hex >= HEX && is_mixed && ends(text, hex) {
        return Some(("<num>", hex));
    }
    let mut end = 0;
    loop {
        let more = run(text.get(end..)?, |b| b.is_ascii_digit()).len();
        end += more;
        let next = (text.get(end), text.get(end + 1));
        match next {
            _ if more == 0 => return None,
            (Some(b'.' | b','), Some(b)) if b.is_ascii_digit() => end += 1,
            _ => return Some(("<num>", end)),
        }
    }
}

fn run(text: &[u8], fits: impl Fn(u8) -> bool) -> &[u8] {
    let length = text.iter().position(|b| !fits(*b)).unwrap_or(text.len());
    text.get(..length).unwrap_or_default()
}

/// True where no word goes on at `at`. A hidden value goes on as the one it stands for did.
fn ends(text: &[u8], at: usize) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    !rest.first().is_some_and(u8::is_ascii_alphanumeric) && placeholder(rest).is_none()
}
