//! What a roll tells a person: a line for each happening, and one on how it stands.

use std::fmt::Write as _;

use crate::{
    command::rolling::names,
    daemon::roll::{At, End, Event, Gate, Order, Reason, Standing, State, Step},
    exec::NodeResult,
    store::roll::Note,
};

/// Nodes that are down and named one by one.
const NAMED: usize = 10;

/// A line for a happening, where it is worth one.
pub(super) fn line(event: &Event, order: &Order, state: &State) -> Option<String> {
    let name = |place: usize| order.nodes.get(place).map_or("", |node| node.id.as_str());
    Some(match event {
        Event::Standing(standing) => return standing_line(*standing, &order.id),
        Event::Batch(at) => batch(*at, order),
        Event::Looked(down) if down.is_empty() => return None,
        Event::Looked(down) => {
            let all = order.nodes.len();
            let mut text = format!("{} of {all} down without us:", down.len());
            for (place, why) in down.iter().take(NAMED) {
                let _ = write!(text, "\n  {}: {why}", name(*place));
            }
            text
        }
        Event::Checking(place) => format!("{}: begun before; looked at first", name(*place)),
        Event::Began(place) => format!("{}: begins", name(*place)),
        Event::Stepped(place, step, result) if result.outcome.is_ok() => {
            let took = seconds(result);
            format!("{}: {} ok ({took})", name(*place), step.as_str())
        }
        Event::Stepped(place, Step::OnFail, result) => {
            let how = result.outcome.as_str();
            format!("{}: on-fail did not do well either: {how}", name(*place))
        }
        Event::Gate(place, Gate::Green, _) if order.options.settle > 0 => {
            let settle = order.options.settle as f64 / 1000.0;
            format!("{}: gate green, must stay so for {settle} s", name(*place))
        }
        Event::Gate(place, Gate::Red | Gate::Unreached, why) => {
            format!("{}: not yet: {why}", name(*place))
        }
        Event::Ended(place, End::Done, _, _) => {
            let tally = state.tally();
            let all = state.nodes.len();
            format!("{}: done, {} of {all}", name(*place), tally.done)
        }
        Event::Ended(place, end, why, _) => {
            let word = end.as_str().to_uppercase();
            format!("{}: {word}: {why}", name(*place))
        }
        Event::Ordered(note, is_outside) => ordered(*note, *is_outside, &order.id),
        Event::Stepping(..)
        | Event::Stepped(..)
        | Event::Gate(..)
        | Event::Password(_)
        | Event::Trouble(_) => return None,
    })
}

fn batch(at: usize, order: &Order) -> String {
    let Some(batch) = order.batches.get(at) else {
        return String::new();
    };
    let all: Vec<String> = order.nodes.iter().map(|node| node.id.to_string()).collect();
    let (count, names) = (order.batches.len(), names(&all, &batch.places));
    let canary = if batch.is_canary { ", canary" } else { "" };
    let value = batch.value.as_ref();
    let value = value.map_or_else(String::new, |value| format!(", {value}"));
    format!("batch {} of {count}{canary}{value}: {names}", at + 1)
}

fn standing_line(standing: Standing, id: &str) -> Option<String> {
    match standing {
        Standing::Promotion => Some(format!(
            "the canaries have ended; P here, or `sshoal roll promote {id}`, goes on"
        )),
        Standing::Stopping(reason) => Some(format!(
            "no node begins any more: {}",
            reason.text().trim_start_matches("stopped: ")
        )),
        _ => None,
    }
}

fn ordered(note: Note, is_outside: bool, id: &str) -> String {
    let paused = format!("paused: no node begins; r here, or `sshoal roll resume {id}`, goes on");
    let what = match note {
        Note::Pause => paused.as_str(),
        Note::Resume => "goes on",
        Note::Promote => "the canaries are good",
        Note::Abort => "aborted: what is in flight is ended",
        Note::Interrupt => {
            "interrupted: what is in flight goes on to its end; r takes that back, Ctrl-C again cuts it"
        }
    };
    let from = if is_outside {
        " (from another process)"
    } else {
        ""
    };
    format!("{what}{from}")
}

fn seconds(result: &NodeResult) -> String {
    format!("{:.1} s", result.duration.as_secs_f64())
}

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
