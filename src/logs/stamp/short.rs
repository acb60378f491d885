//! Times without a year or a separator: klog's `I1121 21:50:01.123456`, and `11-21 21:50:01`.

use super::{
    Time, civil,
    tail::{fraction, is_end},
};

/// The letter of a level, month and day, and the time.
pub(super) fn klog(text: &[u8]) -> Option<Time> {
    let (head, rest) = text.split_first_chunk::<14>()?;
    let [
        b'I' | b'W' | b'E' | b'F' | b'D' | b'V',
        m1,
        m2,
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
        return None;
    };
    // Nobody writes this without a fraction, and it keeps names of parts out.
    rest.starts_with(b".").then_some(())?;
    let month = civil::two(m1, m2)?;
    yearless([month, civil::two(d1, d2)?], [h1, h2, i1, i2, s1, s2], rest)
}

/// Month and day, and the time; only behind a word that says the line is a log's.
pub(super) fn dashed(text: &[u8]) -> Option<Time> {
    let (head, rest) = text.split_first_chunk::<14>()?;
    let [
        m1,
        m2,
        b'-',
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
        return None;
    };
    let month = civil::two(m1, m2)?;
    yearless([month, civil::two(d1, d2)?], [h1, h2, i1, i2, s1, s2], rest)
}

fn yearless([month, day]: [i64; 2], time: [u8; 6], rest: &[u8]) -> Option<Time> {
    let time = civil::time(time)?;
    let (part, rest) = fraction(rest);
    is_end(rest).then_some(Time::Yearless {
        month,
        day,
        time: time + part,
    })
}
