//! Where a person wants to be in time: `21:50`, `21:50:30`, `-10m`, or a whole date. Pure.

use jiff::Timestamp;

use crate::logs::{
    Line,
    stamp::{Reader, Zone},
};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Zones are whole ones of these ahead of UTC.
const QUARTER: i64 = 900 * SECOND;

/// Microseconds since 1970. A time of day is read as the line under the cursor shows its own: in its zone, on its day or the
/// day before.
pub(super) fn read(text: &str, line: &Line, newest_us: i64) -> Option<i64> {
    let text = text.trim();
    let ahead = ahead(line);
    if let Some(back) = text.strip_prefix('-') {
        return Some(newest_us - span(back)?);
    }
    if let Some(of_day) = clock(text) {
        let here = line.at_us.unwrap_or(newest_us) + ahead;
        let on_day = here.div_euclid(DAY) * DAY + of_day;
        // Half a day ahead of the newest line, yesterday is meant.
        let is_ahead = on_day - ahead > newest_us + DAY / 2;
        return Some(on_day - ahead - if is_ahead { DAY } else { 0 });
    }
    let zone = Zone {
        offset_s: (ahead / SECOND) as i32,
        now_us: newest_us,
    };
    Reader::new(zone, 0).read(text.as_bytes())
}

/// As the line shows its own, with the date where that is not the day of `other_us`.
pub(super) fn shown(at_us: i64, line: &Line, other_us: i64) -> String {
    let ahead = ahead(line);
    let local = Timestamp::from_microsecond(at_us + ahead).unwrap_or(Timestamp::MAX);
    let is_same_day = (at_us + ahead).div_euclid(DAY) == (other_us + ahead).div_euclid(DAY);
    let form = if is_same_day { "%T" } else { "%F %T" };
    local.strftime(form).to_string()
}

/// `10m`, `2h`, `30s`, `1d`.
fn span(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: i64 = number
        .trim()
        .parse()
        .ok()
        .filter(|n| (0..100_000).contains(n))?;
    let unit = match unit {
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        "d" => DAY,
        _ => return None,
    };
    Some(number * unit)
}

/// `21:50` or `21:50:30`.
fn clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let mut part = |most: i64| {
        let part = parts.next()?;
        let is_short = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        let number: i64 = is_short.then(|| part.parse().ok())??;
        (number < most).then_some(number)
    };
    let (hour, minute) = (part(24)?, part(60)?);
    let second = part(60).unwrap_or(0);
    let is_all = text.split(':').count() <= 3;
    is_all.then_some(((hour * 60 + minute) * 60 + second) * SECOND)
}

/// What the line shows is so far ahead of UTC: told by its own text, which its node wrote in its zone.
fn ahead(line: &Line) -> i64 {
    let text = line.text.get(..64).unwrap_or(&line.text);
    let shown = text.windows(8).find_map(|window| match window {
        [_, _, b':', _, _, b':', _, _] => clock(std::str::from_utf8(window).ok()?),
        _ => None,
    });
    let (Some(shown), Some(at_us), true) = (shown, line.at_us, line.is_stamped) else {
        return 0;
    };
    // A clock that is set right by the way is a little off.
    let off = (shown - at_us.rem_euclid(DAY) + DAY / 2).rem_euclid(DAY) - DAY / 2;
    (off + QUARTER / 2).div_euclid(QUARTER) * QUARTER
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::logs::StreamId;

    /// 2026-11-21T21:50:01Z.
    const NOW: i64 = 1_795_297_801 * SECOND;

    fn line(text: &str, at_us: i64) -> Line {
        Line {
            stream: StreamId(0),
            at_us: Some(at_us),
            is_stamped: true,
            level: None,
            is_late: false,
            is_gap: false,
            text: Bytes::copy_from_slice(text.as_bytes()),
        }
    }

    #[test]
    fn a_time_is_read_as_the_line_shows_its_own() {
        let utc = line("2026-11-21T21:50:01Z x", NOW);
        let berlin = line("Nov 21 22:50:01 n x", NOW + 300);
        let india = line("2026-11-22 03:20:01 x", NOW - 2 * SECOND);
        for (line, text, expected) in [
            (&utc, "21:50:01", NOW),
            (&utc, "21:50", NOW - SECOND),
            (&utc, "1:00", NOW - 75_001 * SECOND),
            (&berlin, "22:50:01", NOW),
            (&india, "03:20:01", NOW),
            (&utc, "-10m", NOW - 600 * SECOND),
            (&utc, "2026-11-21 21:50:01", NOW),
            (&berlin, "2026-11-21 22:50:01", NOW),
            (&berlin, "2026-11-21T21:50:01Z", NOW),
        ] {
            assert_eq!(read(text, line, NOW), Some(expected), "{text}");
        }
        let midnight = line_at_midnight();
        assert_eq!(
            read("23:59", &midnight, NOW_NEXT),
            Some(NOW_NEXT - 61 * SECOND)
        );
    }

    /// 2026-11-22T00:00:01Z.
    const NOW_NEXT: i64 = NOW + 7_800 * SECOND;

    fn line_at_midnight() -> Line {
        line("2026-11-22T00:00:01Z x", NOW_NEXT)
    }

    #[test]
    fn a_time_is_shown_as_the_line_shows_its_own() {
        let berlin = line("Nov 21 22:50:01 n x", NOW);
        assert_eq!(shown(NOW, &berlin, NOW - 60 * SECOND), "22:50:01");
        assert_eq!(shown(NOW, &berlin, NOW - DAY), "2026-11-21 22:50:01");
        let utc = line("x", NOW);
        assert_eq!(shown(NOW, &utc, NOW), "21:50:01");
    }

    #[test]
    fn what_is_no_time_is_none() {
        let line = line("x", NOW);
        for text in [
            "",
            "-",
            "soon",
            "25:00",
            "12:60",
            "1:2:3:4",
            "-5y",
            "-é",
            "::",
            "-99999999999d",
        ] {
            assert_eq!(read(text, &line, NOW), None, "{text}");
        }
    }
}
