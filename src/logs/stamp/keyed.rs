//! Times that have a name: in JSON and in logfmt.

use super::{Time, epoch, iso};
use crate::logs::pairs;

/// The first of the usual names at the top of a JSON object.
pub(super) fn json(line: &[u8]) -> Option<Time> {
    pairs::json(line)
        .filter(|(key, _)| is_name(key))
        .find_map(|(_, value)| read(value))
}

/// `ts=…`, where nothing but other pairs stands before it.
pub(super) fn logfmt(line: &[u8]) -> Option<Time> {
    pairs::logfmt(line).find_map(|(key, value)| match key {
        b"msg" => epoch::read(value.strip_prefix(b"audit(")?),
        key if is_name(key) => read(value),
        _ => None,
    })
}

fn is_name(key: &[u8]) -> bool {
    matches!(
        key,
        b"ts"
            | b"t"
            | b"time"
            | b"timestamp"
            | b"@timestamp"
            | b"asctime"
            | b"Timestamp"
            | b"datetime"
            | b"__REALTIME_TIMESTAMP"
    )
}

fn read(value: &[u8]) -> Option<Time> {
    let value = value.strip_prefix(b"{\"$date\":").unwrap_or(value);
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    let value = value.split(|b| *b == b'"').next().unwrap_or_default();
    iso::read(value).or_else(|| epoch::number(value))
}
