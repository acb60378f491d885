//! How numbers are printed: short, and of one shape per unit.

use std::fmt::{self, Display, Formatter};

use super::Unit;

/// A number and its unit, to be printed: `1.23`, `87%`, `1.2G`, `3.4M/s`, `71°`, `2d03h`. At most seven cells for anything
/// that a node can say.
#[derive(Clone, Copy, Debug)]
pub struct Figure(Unit, f64);

impl Unit {
    /// The number as text.
    pub fn format(self, value: f64) -> String {
        self.figure(value).to_string()
    }

    /// The number as it is printed.
    pub fn figure(self, value: f64) -> Figure {
        Figure(self, value)
    }
}

impl Display for Figure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const COUNTS: [&str; 6] = ["", "k", "M", "G", "T", "P"];
        const BYTES: [&str; 7] = ["B", "K", "M", "G", "T", "P", "E"];
        let Self(unit, value) = *self;
        if !value.is_finite() {
            return f.write_str("?");
        }
        match unit {
            Unit::Percent => write!(f, "{}%", whole(value, 9999.0)),
            Unit::Count => scaled(value, (1000.0, &COUNTS, ""), f),
            Unit::PerSecond => scaled(value, (1000.0, &COUNTS, "/s"), f),
            Unit::Load if value < 100.0 => write!(f, "{value:.2}"),
            Unit::Load => whole(value, 99_999.0).fmt(f),
            Unit::Bytes => scaled(value, (1024.0, &BYTES, ""), f),
            Unit::BytesPerSecond => scaled(value, (1024.0, &BYTES, "/s"), f),
            Unit::Seconds => seconds(value, f),
            Unit::Celsius => write!(f, "{}°", whole(value, 9999.0)),
            Unit::Watts => scaled(value, (1000.0, &["W", "kW", "MW"], ""), f),
        }
    }
}

/// Rounded as `{:.0}` does, at a third of its cost: most figures of a table are whole.
fn whole(value: f64, most: f64) -> i64 {
    value.clamp(-most, most).round_ties_even() as i64
}

/// Two significant figures below ten, else whole; the next unit from 999.5 on.
fn scaled(
    value: f64,
    (step, units, per): (f64, &[&str], &str),
    f: &mut Formatter<'_>,
) -> fmt::Result {
    let (mut rest, mut units) = (value, units.iter());
    let mut unit = units.next().unwrap_or(&"");
    while rest.abs() >= 999.5 {
        let Some(next) = units.next() else { break };
        (rest, unit) = (rest / step, next);
    }
    // What is not scaled may be exact; what is has its tenth.
    let exact = rest.fract() == 0.0 && rest.to_bits() == value.to_bits();
    if rest.abs() >= 9.95 || exact {
        write!(f, "{}{unit}{per}", whole(rest, 9999.0))
    } else {
        write!(f, "{rest:.1}{unit}{per}")
    }
}

/// Two units of time; tenths below ten seconds, for clocks that differ.
fn seconds(value: f64, f: &mut Formatter<'_>) -> fmt::Result {
    let sign = if value < 0.0 { "-" } else { "" };
    let value = value.abs().min(1e9);
    if value < 0.05 {
        return f.write_str("0s");
    }
    if value < 9.95 {
        return write!(f, "{sign}{value:.1}s");
    }
    let n = value.round() as u64;
    let (days, hours, minutes) = (n / 86_400, n / 3600 % 24, n / 60 % 60);
    match (days, n) {
        (0, ..60) => write!(f, "{sign}{n}s"),
        (0, ..3600) => write!(f, "{sign}{minutes}m{:02}s", n % 60),
        (0, _) => write!(f, "{sign}{hours}h{minutes:02}m"),
        (..100, _) => write!(f, "{sign}{days}d{hours:02}h"),
        _ => write!(f, "{sign}{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_unit_has_one_shape() {
        let shapes = [
            (Unit::Percent, 87.4, "87%"),
            (Unit::Load, 1.234, "1.23"),
            (Unit::Load, 128.7, "129"),
            (Unit::Bytes, 0.0, "0B"),
            (Unit::Bytes, 1000.0, "1.0K"),
            (Unit::Bytes, 1_288_490_189.0, "1.2G"),
            (Unit::Bytes, 34.0 * 1024.0, "34K"),
            (Unit::BytesPerSecond, 3_565_158.0, "3.4M/s"),
            (Unit::PerSecond, 0.25, "0.2/s"),
            (Unit::PerSecond, 3.0, "3/s"),
            (Unit::Count, 605.0, "605"),
            (Unit::Count, 12_345.0, "12k"),
            (Unit::Celsius, 71.2, "71°"),
            (Unit::Watts, 631.95, "632W"),
            (Unit::Seconds, -2.13, "-2.1s"),
            (Unit::Seconds, 42.0, "42s"),
            (Unit::Seconds, 187.0, "3m07s"),
            (Unit::Seconds, 18_540.0, "5h09m"),
            (Unit::Seconds, 183_600.0, "2d03h"),
            (Unit::Seconds, 40_000_000.0, "462d"),
            (Unit::Bytes, f64::NAN, "?"),
        ];
        for (unit, value, text) in shapes {
            assert_eq!(unit.format(value), text);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_seven_cells(value in prop_oneof![0.0..1e4f64, 0.0..1e18f64]) {
            use Unit::{Bytes, BytesPerSecond, Celsius, Count, Load, PerSecond, Percent, Seconds, Watts};
            for unit in [Percent, Count, Load, Bytes, BytesPerSecond, PerSecond, Seconds, Celsius, Watts] {
                let text = unit.format(value);
                prop_assert!(text.chars().count() <= 7, "{unit:?} {value} {text}");
            }
        }
    }
}
