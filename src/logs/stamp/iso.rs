//! RFC 3339 and its kin: `2026-11-21T21:50:01.123Z`, `2026-11-21 21:50:01,123`, `2026/11/21 21:50:01`.

use super::{
    Time, civil,
    tail::{fraction, is_end, zone},
};

/// A date, a time of day, maybe a fraction, maybe a zone.
pub(super) fn read(text: &[u8]) -> Option<Time> {
    let (head, rest) = text.split_first_chunk::<19>()?;
    let [
        a,
        b,
        c,
        d,
        s,
        m1,
        m2,
        t,
        d1,
        d2,
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
    if s != t || !matches!(s, b'-' | b'/') || !matches!(gap, b'T' | b't' | b' ' | b'_') {
        return None;
    }
    let day = civil::day(
        civil::four([a, b, c, d])?,
        civil::two(m1, m2)?,
        civil::two(d1, d2)?,
    )?;
    let time = civil::time([h1, h2, i1, i2, s1, s2])?;
    zoned(day + time, rest)
}

/// Adds what may follow the seconds.
pub(super) fn zoned(us: i64, rest: &[u8]) -> Option<Time> {
    let (part, rest) = fraction(rest);
    let (ahead, rest) = zone(rest);
    // The fraction of a leap second is lost: its time is the last before midnight already.
    let us = if us % civil::SECOND == 0 {
        us + part
    } else {
        us
    };
    match ahead {
        Some(ahead) => Some(Time::World(us - ahead)),
        None => is_end(rest).then_some(Time::Local(us)),
    }
}
