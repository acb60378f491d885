//! Times that name the month: syslog's `Nov 21 21:50:01`, asctime's with the year, `21/Nov/2026:21:50:01 +0000`.

use super::{
    Time, civil,
    iso::zoned,
    tail::{fraction, is_end},
};

/// `Nov 21 21:50:01`, with the year at its end where it is `date`'s or Apache's.
pub(super) fn month_first(text: &[u8]) -> Option<Time> {
    let (head, rest) = text.split_first_chunk::<15>()?;
    let [
        a,
        b,
        c,
        b' ',
        d1,
        d2,
        b' ',
        h1,
        h2,
        b':',
        i1,
        i2,
        b':',
        s1,
        s2,
    ] = *head
    else {
        return year_second(text);
    };
    let day = civil::two(if d1 == b' ' { b'0' } else { d1 }, d2)?;
    let time = civil::time([h1, h2, i1, i2, s1, s2])?;
    let month = civil::month([a, b, c])?;
    let (part, rest) = fraction(rest);
    match year_after(rest) {
        Some(year) => Some(Time::Local(civil::day(year, month, day)? + time + part)),
        None => is_end(rest).then_some(Time::Yearless {
            month,
            day,
            time: time + part,
        }),
    }
}

/// ` 2026` or ` UTC 2026`.
fn year_after(text: &[u8]) -> Option<i64> {
    match *text {
        [b' ', a, b, c, d, ref rest @ ..] if is_end(rest) && a.is_ascii_digit() => {
            civil::four([a, b, c, d])
        }
        [b' ', x, y, z, b' ', a, b, c, d, ref rest @ ..]
            if is_end(rest) && [x, y, z].iter().all(u8::is_ascii_uppercase) =>
        {
            civil::four([a, b, c, d])
        }
        _ => None,
    }
    .filter(|year| *year >= 1970)
}

/// `Nov 21 2026 21:50:01`.
fn year_second(text: &[u8]) -> Option<Time> {
    let (head, rest) = text.split_first_chunk::<20>()?;
    let [
        a,
        b,
        c,
        b' ',
        d1,
        d2,
        b' ',
        y1,
        y2,
        y3,
        y4,
        b' ',
        h1,
        h2,
        b':',
        i1,
        i2,
        b':',
        s1,
        s2,
    ] = *head
    else {
        return None;
    };
    let day = civil::two(if d1 == b' ' { b'0' } else { d1 }, d2)?;
    let day = civil::day(
        civil::four([y1, y2, y3, y4])?,
        civil::month([a, b, c])?,
        day,
    )?;
    let time = civil::time([h1, h2, i1, i2, s1, s2])?;
    zoned(day + time, rest)
}

/// `21/Nov/2026:21:50:01 +0000`, `21-Nov-2026 21:50:01.123`, `21 Nov 2026 21:50:01.123`.
pub(super) fn day_first(text: &[u8]) -> Option<Time> {
    let (head, rest) = text.split_first_chunk::<20>()?;
    let [
        d1,
        d2,
        s,
        a,
        b,
        c,
        t,
        y1,
        y2,
        y3,
        y4,
        gap,
        h1,
        h2,
        b':',
        i1,
        i2,
        b':',
        s1,
        s2,
    ] = *head
    else {
        return None;
    };
    if s != t || !matches!(s, b'/' | b'-' | b' ') || !matches!(gap, b':' | b' ') {
        return None;
    }
    let day = civil::day(
        civil::four([y1, y2, y3, y4])?,
        civil::month([a, b, c])?,
        civil::two(d1, d2)?,
    )?;
    let time = civil::time([h1, h2, i1, i2, s1, s2])?;
    zoned(day + time, rest)
}

/// A web server's line: an address, two or three words, and the time in brackets.
pub(super) fn access(line: &[u8]) -> Option<Time> {
    /// Addresses and names are short; what comes later is the request.
    const FAR: usize = 300;
    let near = line.get(..FAR).unwrap_or(line);
    let open = memchr::memchr(b'[', near)?;
    let (before, rest) = line.split_at(open);
    let words = before.strip_suffix(b" ")?.split(|b| *b == b' ');
    let count = words
        .map(|word| if word.is_empty() { 9 } else { 1 })
        .sum::<usize>();
    if !matches!(count, 3 | 4) {
        return None;
    }
    day_first(rest.get(1..)?)
}
