//! A node of a run in words, signs and colours.

use crate::{
    exec::{Grade, NodeRun, Outcome, Phase, gather::label},
    node::text::SafeText,
    ui::{glyph::Glyphs, theme::Role},
};

/// Where a node stands in the list: what goes on first, then what failed.
pub(super) fn rank(node: &NodeRun) -> u8 {
    match (&node.phase, node.result.as_deref().map(|r| &r.outcome)) {
        (_, Some(Outcome::Ok)) => 6,
        (_, Some(Outcome::Skipped(_))) => 5,
        (_, Some(_)) => 2,
        (Phase::Ending, _) => 0,
        (Phase::Running, _) => 1,
        (Phase::Connecting | Phase::Retrying(_), _) => 3,
        _ => 4,
    }
}

/// Its state in a word or two.
pub(super) fn word(node: &NodeRun) -> String {
    match (&node.phase, node.result.as_deref()) {
        (_, Some(result)) => label(&result.outcome),
        (Phase::Waiting, _) => "waiting".to_owned(),
        (Phase::Connecting, _) => "connecting".to_owned(),
        (Phase::Retrying(_), _) => "retrying".to_owned(),
        (Phase::Running, _) => "running".to_owned(),
        (Phase::Ending, _) => "ending".to_owned(),
        (Phase::Ended, _) => "ended".to_owned(),
    }
}

/// Its sign, and the colour of that.
pub fn sign(node: &NodeRun, glyphs: Glyphs) -> (&'static str, Role) {
    use crate::fleet::Status;
    let status = match (
        &node.phase,
        node.result.as_deref().map(|r| r.outcome.grade()),
    ) {
        (_, Some(Grade::Good)) => Status::Ok,
        (_, Some(Grade::Bad)) => Status::Critical,
        (_, Some(Grade::Unsure)) => Status::Warn,
        (_, Some(Grade::Unsent)) => return (glyphs.absent(), Role::Muted),
        (Phase::Running | Phase::Ending, None) => return (glyphs.running(), Role::Info),
        _ => Status::Unknown,
    };
    (glyphs.status(status), crate::ui::glyph::status_role(status))
}

/// What it said last; of a command that was ended, what is left of it.
pub(super) fn said(node: &NodeRun) -> (SafeText, Role) {
    let line = node.last_line();
    let Some(result) = &node.result else {
        return (line, Role::Text);
    };
    let why = match (&result.outcome, &result.left) {
        (Outcome::Ok | Outcome::Exit(_) | Outcome::Signal(_), _) => return (line, Role::Text),
        (Outcome::Timeout, left) => format!(
            "its time was over (--timeout); {}",
            remains(left.as_deref())
        ),
        (Outcome::Cancelled, left) => remains(left.as_deref()),
        _ => return (line, Role::Muted),
    };
    let is_left = result.left.as_ref().is_none_or(|left| !left.is_empty());
    let role = if is_left { Role::Warn } else { Role::Muted };
    (why.as_str().into(), role)
}

fn remains(left: Option<&[crate::exec::Leftover]>) -> String {
    let Some(left) = left else {
        return "what still runs could not be seen".to_owned();
    };
    let pids: Vec<String> = left
        .iter()
        .map(|process| format!("{} {}", process.pid, process.name))
        .collect();
    if pids.is_empty() {
        return "ended and gone".to_owned();
    }
    format!("still running: pid {}", pids.join(", "))
}

/// A span of time in at most six cells: `0.4s`, `12.3s`, `2m05s`, `1h02m`, `3d04h`.
pub fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{seconds}.{}s", ms % 1000 / 100),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_stay_short() {
        for (ms, text) in [
            (0, "0.0s"),
            (59_999, "59.9s"),
            (65_000, "1m05s"),
            (3_725_000, "1h02m"),
            (273_600_000, "3d04h"),
        ] {
            assert_eq!(span(ms), text);
        }
    }
}
