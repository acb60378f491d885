//! What may follow the seconds: a fraction, a zone, and then no more of the same word.

use super::civil::{SECOND, two};

/// Microseconds of `.123` or `,123`, and what comes after it; nothing there is zero.
pub(super) fn fraction(text: &[u8]) -> (i64, &[u8]) {
    let Some((b'.' | b',', rest)) = text.split_first() else {
        return (0, text);
    };
    let (mut us, mut unit, mut length) = (0, SECOND / 10, 0);
    for digit in rest.iter().take_while(|b| b.is_ascii_digit()) {
        us += i64::from(digit - b'0') * unit;
        unit /= 10;
        length += 1;
    }
    match length {
        0 => (0, text),
        _ => (us, rest.get(length..).unwrap_or_default()),
    }
}

/// Microseconds that a zone is ahead of UTC: `Z`, `+02`, `+02:00`, ` +0200`, ` UTC`. None where the text names no zone.
pub(super) fn zone(text: &[u8]) -> (Option<i64>, &[u8]) {
    match text {
        [b'Z' | b'z', rest @ ..] => (Some(0), rest),
        [b' ', b'U', b'T', b'C', rest @ ..] | [b' ', b'G', b'M', b'T', rest @ ..]
            if is_end(rest) =>
        {
            (Some(0), rest)
        }
        [b'+' | b'-', ..] => offset(text, true).map_or((None, text), |(us, rest)| (Some(us), rest)),
        // After a space a sign and two digits can be anything.
        [b' ', signed @ ..] => {
            offset(signed, false).map_or((None, text), |(us, rest)| (Some(us), rest))
        }
        _ => (None, text),
    }
}

fn offset(text: &[u8], is_short_fine: bool) -> Option<(i64, &[u8])> {
    let (sign, rest) = match text {
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes, rest) = match rest {
        [a, b, b':', c, d, rest @ ..] if is_end(rest) => (two(*a, *b)?, two(*c, *d)?, rest),
        [a, b, c, d, rest @ ..] if is_end(rest) && two(*c, *d).is_some() => {
            (two(*a, *b)?, two(*c, *d)?, rest)
        }
        [a, b, rest @ ..] if is_short_fine && is_end(rest) => (two(*a, *b)?, 0, rest),
        _ => return None,
    };
    (hours <= 18 && minutes < 60).then_some((sign * (hours * 60 + minutes) * 60 * SECOND, rest))
}

/// No letter or digit goes on here.
pub(super) fn is_end(text: &[u8]) -> bool {
    text.first().is_none_or(|b| !b.is_ascii_alphanumeric())
}
