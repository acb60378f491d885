//! What the script says, read back. Whatever bytes come, something is read, and nothing is believed that isn't whole. Pure.
//!
//! ```text
//! NAME MANAGER STATE key=value … reason=TEXT TO THE END
//! | a line of its log
//! ```
//!
//! Keys: `result` (see [`Verdict`]), `since` (seconds since 1970, or RFC 3339), `pid`, `restarts`, `memory` (bytes), `cpu`
//! (ms), `exit`, `reason`. What a node doesn't know isn't there. `MANAGER` is `-` where none knows the daemon.

use super::{Report, Verdict, shell};
use crate::{exec::Capture, metrics::daemon::State, node::text::SafeText};

/// Most daemons of one answer.
const MAX_REPORTS: usize = 1024;

/// Most lines of log of one daemon.
const MAX_LINES: usize = 1000;

/// Columns of a line of log, and of a reason.
const MAX_COLUMNS: usize = 400;

const STATES: [State; 6] = [
    State::Up,
    State::Changing,
    State::Unknown,
    State::Stopped,
    State::Absent,
    State::Failed,
];

/// The reports in an answer, in its order. Lines that are none are skipped: a login may print what it likes.
pub fn read(answer: &[u8]) -> Vec<Report> {
    let mut reports: Vec<Report> = Vec::new();
    for line in answer.split_inclusive(|byte| *byte == b'\n') {
        let whole = line.strip_suffix(b"\n");
        if let Some(log) = line.strip_prefix(b"| ") {
            if let Some(last) = reports.last_mut().filter(|last| last.log.len() < MAX_LINES) {
                last.log.push(text(log));
            }
        } else if let Some(report) = whole.and_then(report)
            && reports.len() < MAX_REPORTS
        {
            reports.push(report);
        }
    }
    reports
}

/// Of an output whose middle may be missing: the line that was cut counts for nothing.
pub fn of(capture: &Capture) -> Vec<Report> {
    let mut reports = read(&capture.head);
    let after = capture.tail.iter().position(|byte| *byte == b'\n');
    let rest = after.and_then(|at| capture.tail.get(at + 1..));
    if capture.cut() == 0 {
        return read(&[&capture.head[..], &capture.tail[..]].concat());
    }
    reports.extend(read(rest.unwrap_or_default()));
    reports
}

fn report(line: &[u8]) -> Option<Report> {
    let line = str::from_utf8(line).map_or_else(
        |_| String::from_utf8_lossy(line).into_owned(),
        str::to_owned,
    );
    let mut words = line.trim_end_matches('\r').splitn(4, ' ');
    let (name, word, state) = (words.next()?, words.next()?, words.next()?);
    let manager = shell::manager(word);
    if name.is_empty() || (manager.is_none() && word != "-") {
        return None;
    }
    let mut report = Report {
        name: SafeText::from(name),
        manager,
        state: STATES.into_iter().find(|known| known.as_str() == state)?,
        ..Report::default()
    };
    let mut rest = words.next().unwrap_or_default();
    while !rest.is_empty() {
        if let Some(reason) = rest.strip_prefix("reason=") {
            report.reason = text(reason.as_bytes());
            break;
        }
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        put(&mut report, word);
        rest = after;
    }
    Some(report)
}

/// A key that isn't known, or a value that can't be, changes nothing.
fn put(report: &mut Report, word: &str) {
    let Some((key, value)) = word.split_once('=') else {
        return;
    };
    match key {
        "result" => report.verdict = Verdict::ALL.into_iter().find(|v| v.as_str() == value),
        "since" => report.since = instant(value),
        "pid" => report.pid = value.parse().ok().filter(|pid| *pid > 0),
        "restarts" => report.restarts = value.parse().ok(),
        "memory" => report.memory = value.parse().ok(),
        "cpu" => report.cpu_ms = value.parse().ok(),
        "exit" => report.exit = value.parse().ok(),
        _ => {}
    }
}

/// Seconds since 1970. What never ran "was started" in the year 1.
fn instant(text: &str) -> Option<i64> {
    let seconds = match text.parse::<i64>() {
        Ok(seconds) => seconds,
        Err(_) => text.parse::<jiff::Timestamp>().ok()?.as_second(),
    };
    Some(seconds).filter(|seconds| (1..1 << 40).contains(seconds))
}

fn text(bytes: &[u8]) -> SafeText {
    let text = String::from_utf8_lossy(bytes);
    SafeText::line(text.trim_end(), MAX_COLUMNS)
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
