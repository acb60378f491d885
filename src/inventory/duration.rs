//! `500ms`, `5s`, `1m30s`.

use std::time::Duration;

use super::scalar::quoted;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

fn millis(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let unit = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit);
        let scale = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => DAY_MS,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(scale)?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}

/// Parses a duration; `0` is zero.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    let shown = quoted(text);
    let ms = match text {
        "0" => Some(0),
        text => millis(text),
    };
    match ms {
        Some(ms) if ms <= 366 * DAY_MS => Ok(Duration::from_millis(ms)),
        Some(_) => Err(format!("{shown} is longer than a year")),
        None if text.parse::<u64>().is_ok() => {
            Err(format!("{shown} has no unit; write {text}s for seconds"))
        }
        None => Err(format!(
            "{shown} is not a duration; write 500ms, 5s, 1m or 2h"
        )),
    }
}

/// Parses a duration of more than nothing.
pub(crate) fn positive(text: &str) -> Result<Duration, String> {
    match timeout(text)? {
        Duration::ZERO => Err("the duration is zero; it has to be more".into()),
        duration => Ok(duration),
    }
}

/// The shortest interval between two samples: below it a node's answer may not fit.
const MIN_INTERVAL: Duration = Duration::from_millis(200);

/// Parses `auto` or a duration.
pub(super) fn interval(text: &str) -> Result<Option<Duration>, String> {
    if text == "auto" {
        return Ok(None);
    }
    let interval = positive(text).map_err(|reason| reason.replace("write ", "write auto, "))?;
    if interval < MIN_INTERVAL {
        return Err(format!("{} is too short; at least 200ms", quoted(text)));
    }
    Ok(Some(interval))
}
