//! A number with a unit, as typed: `90%`, `10M`, `1.5G`, `2h`, `80°`.

use crate::metrics::Unit;

/// Its value in the field's own unit; why not, otherwise.
pub(super) fn quantity(text: &str, unit: Unit) -> Result<f64, String> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
        .unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    let number: f64 = digits
        .parse()
        .map_err(|_| format!("a number is expected here, not {text}"))?;
    let factor = factor(suffix, unit)
        .ok_or_else(|| format!("{suffix} is no unit of this field; {}", examples(unit)))?;
    Ok(number * factor)
}

fn factor(suffix: &str, unit: Unit) -> Option<f64> {
    if suffix.is_empty() {
        return Some(1.0);
    }
    match unit {
        Unit::Percent => (suffix == "%").then_some(1.0),
        Unit::Celsius => matches!(suffix, "°" | "°C" | "C" | "c").then_some(1.0),
        Unit::Watts if matches!(suffix, "W" | "w") => Some(1.0),
        Unit::Seconds => match suffix {
            "ms" => Some(0.001),
            "s" => Some(1.0),
            "m" => Some(60.0),
            "h" => Some(3600.0),
            "d" => Some(86_400.0),
            _ => None,
        },
        Unit::Bytes | Unit::BytesPerSecond => {
            let bare = suffix.strip_suffix("/s").unwrap_or(suffix);
            let bare = bare.trim_end_matches(['b', 'B']).trim_end_matches('i');
            scale(bare, 1024.0)
        }
        Unit::Count | Unit::Load | Unit::PerSecond | Unit::Watts => {
            scale(suffix.strip_suffix("/s").unwrap_or(suffix), 1000.0)
        }
    }
}

fn scale(prefix: &str, step: f64) -> Option<f64> {
    let power = match prefix {
        "" => 0,
        "k" | "K" => 1,
        "m" | "M" => 2,
        "g" | "G" => 3,
        "t" | "T" => 4,
        _ => return None,
    };
    Some(step.powi(power))
}

fn examples(unit: Unit) -> &'static str {
    match unit {
        Unit::Percent => "90 or 90%",
        Unit::Celsius => "80 or 80°",
        Unit::Seconds => "90s, 5m, 2h, 3d",
        Unit::Bytes | Unit::BytesPerSecond => "500k, 10M, 2G, 1T",
        Unit::Watts => "250 or 250W",
        Unit::Count | Unit::Load | Unit::PerSecond => "4, 1.5, 2k",
    }
}
