//! What a roll tells a person besides what happens: how it stands, and what it has come to.

use std::fmt::Write as _;

use crate::daemon::roll::{At, Reason, Standing, State};

/// `12 of 200 done, 4 in flight, 2 failed · batch 2 of 9 · 34 s · p pause, a abort`, in so many columns.
pub(super) fn status(state: &State, now_ms: u64, columns: usize) -> String {
    let (tally, all) = (state.tally(), state.nodes.len());
    let mut text = format!(
        "{} of {all} done, {} in flight",
        tally.done, tally.in_flight
    );
    for (count, word) in [
        (tally.failed, "failed"),
        (tally.unreached, "not reached"),
        (tally.cut, "cut"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {count} {word}");
        }
    }
    let down = state.nodes.iter().filter(|node| node.is_down).count();
    if down > 0 {
        let _ = write!(text, ", {down} down");
    }
    let (batch, batches) = (state.batch + 1, state.batches.len());
    let elapsed = now_ms.saturating_sub(state.started_ms) / 1000;
    let keys = match state.standing {
        Standing::Going => "p pause, a abort",
        Standing::Paused => "PAUSED: r goes on, a abort",
        Standing::Promotion => "CANARY: P promote, a abort",
        Standing::Stopping(_) => "STOPPING: a abort",
        Standing::Over(_) => "over",
    };
    let settling = state.nodes.iter().filter(|n| n.at == At::Settling).count();
    if settling > 0 {
        let _ = write!(text, " ({settling} settling)");
    }
    let _ = write!(text, " · batch {batch} of {batches} · {elapsed} s · {keys}");
    text.chars().take(columns.saturating_sub(1)).collect()
}

/// One line on all of it, and another on what to do where it isn't all done.
pub(super) fn end(id: &str, reason: Reason, state: &State, elapsed_ms: u64) -> Vec<String> {
    let tally = state.tally();
    let mut text = format!("roll {id}: {}", reason.text());
    let _ = write!(text, "; {} of {} nodes done", tally.done, state.nodes.len());
    for (count, word) in [
        (tally.failed, "failed"),
        (tally.unreached, "not reached"),
        (tally.cut, "cut"),
        (tally.waiting, "not begun"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {count} {word}");
        }
    }
    let _ = write!(text, " in {:.1} s", elapsed_ms as f64 / 1000.0);
    let mut lines = vec![text];
    if tally.done < state.nodes.len() {
        lines.push(format!("to go on with the others: sshoal roll resume {id}"));
    }
    lines
}
