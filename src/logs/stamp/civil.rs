//! Dates and times of day as microseconds, and nothing that isn't on a calendar.

/// Microseconds of a second.
pub(super) const SECOND: i64 = 1_000_000;

/// Microseconds of a day.
pub(super) const DAY: i64 = 86_400 * SECOND;

/// Two digits.
pub(super) fn two(a: u8, b: u8) -> Option<i64> {
    let (a, b) = (a.wrapping_sub(b'0'), b.wrapping_sub(b'0'));
    (a < 10 && b < 10).then(|| i64::from(a) * 10 + i64::from(b))
}

/// Four digits.
pub(super) fn four(digits: [u8; 4]) -> Option<i64> {
    let [a, b, c, d] = digits;
    Some(two(a, b)? * 100 + two(c, d)?)
}

/// Three letters of a month, as `Nov`.
pub(super) fn month(name: [u8; 3]) -> Option<i64> {
    const NAMES: [&[u8; 3]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let at = NAMES.iter().position(|known| **known == name)?;
    Some(at as i64 + 1)
}

/// Three letters of a day of the week, as `Sat`.
pub(super) fn is_weekday(name: [u8; 3]) -> bool {
    matches!(
        &name,
        b"Mon" | b"Tue" | b"Wed" | b"Thu" | b"Fri" | b"Sat" | b"Sun"
    )
}

/// Microseconds from 1970 to the beginning of a day of the years that computers log in.
pub(super) fn day(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap),
        _ => return None,
    };
    let is_fine = (1970..2300).contains(&year) && (1..=length).contains(&day);
    is_fine.then(|| days(year, month, day) * DAY)
}

/// Howard Hinnant's `days_from_civil`, for years after 0: the year begins in March, so that a leap day is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year in which a time lies, for times after 1970; an estimate that is off by a day at its turn.
pub(super) fn year(us: i64) -> i64 {
    1970 + us.div_euclid(DAY) * 400 / 146_097
}

/// Microseconds from midnight, by two digits each of hours, minutes and seconds. A leap second is the end of the second
/// before, so that the order is kept.
pub(super) fn time([h1, h2, i1, i2, s1, s2]: [u8; 6]) -> Option<i64> {
    let (hour, minute, second) = (two(h1, h2)?, two(i1, i2)?, two(s1, s2)?);
    let is_fine = hour < 24 && minute < 60 && second <= 60;
    let us = ((hour * 60 + minute) * 60 + second.min(59)) * SECOND;
    is_fine.then_some(us + if second == 60 { SECOND - 1 } else { 0 })
}
