//! How numbers are printed: short, and of one shape per unit.

use super::Unit;

impl Unit {
    /// The number as text: `1.23`, `87%`, `1.2G`, `3.4M/s`, `71°`, `2d03h`. At most seven cells for anything that a node can say.
    pub fn format(self, value: f64) -> String {
        if !value.is_finite() {
            return "?".to_owned();
        }
        match self {
            Self::Percent => format!("{}%", whole(value, 9999.0)),
            Self::Count => scaled(value, 1000.0, &["", "k", "M", "G", "T", "P"]),
            Self::PerSecond => scaled(value, 1000.0, &["", "k", "M", "G", "T", "P"]) + "/s",
            Self::Load if value < 100.0 => format!("{value:.2}"),
            Self::Load => whole(value, 99_999.0).to_string(),
            Self::Bytes => scaled(value, 1024.0, &["B", "K", "M", "G", "T", "P", "E"]),
            Self::BytesPerSecond => {
                scaled(value, 1024.0, &["B", "K", "M", "G", "T", "P", "E"]) + "/s"
            }
            Self::Seconds => seconds(value),
            Self::Celsius => format!("{}°", whole(value, 9999.0)),
            Self::Watts => scaled(value, 1000.0, &["W", "kW", "MW"]),
        }
    }
}

/// Rounded as `{:.0}` does, at a third of its cost: most figures of a table are whole.
fn whole(value: f64, most: f64) -> i64 {
    value.clamp(-most, most).round_ties_even() as i64
}

/// Two significant figures below ten, else whole; the next unit from 999.5 on.
fn scaled(value: f64, step: f64, units: &[&str]) -> String {
    let (mut rest, mut units) = (value, units.iter());
    let mut unit = units.next().unwrap_or(&"");
    while rest.abs() >= 999.5 {
        let Some(next) = units.next() else { break };
        (rest, unit) = (rest / step, next);
    }
    // What is not scaled may be exact; what is has its tenth.
    let exact = rest.fract() == 0.0 && rest.to_bits() == value.to_bits();
    if rest.abs() >= 9.95 || exact {
        format!("{}{unit}", whole(rest, 9999.0))
    } else {
        format!("{rest:.1}{unit}")
    }
}

/// Two units of time; tenths below ten seconds, for clocks that differ.
fn seconds(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    let value = value.abs().min(1e9);
    if value < 9.95 {
        return if value < 0.05 {
            "0s".to_owned()
        } else {
            format!("{sign}{value:.1}s")
        };
    }
    let n = value.round() as u64;
    let (days, hours, minutes) = (n / 86_400, n / 3600 % 24, n / 60 % 60);
    match (days, n) {
        (0, ..60) => format!("{sign}{n}s"),
        (0, ..3600) => format!("{sign}{minutes}m{:02}s", n % 60),
        (0, _) => format!("{sign}{hours}h{minutes:02}m"),
        (..100, _) => format!("{sign}{days}d{hours:02}h"),
        _ => format!("{sign}{days}d"),
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
