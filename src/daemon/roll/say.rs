//! What a roll tells a person while it goes on: a line for each happening. Pure.

use std::fmt::{self, Display, Formatter, Write as _};

use super::{End, Event, Gate, Order, Standing, State, Step};
use crate::{exec::NodeResult, node::set::NodeSet, store::roll::Note};

/// Nodes that are down and named one by one.
const NAMED: usize = 10;

/// What is said of a happening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What happened.
    pub what: String,
    /// How a person goes on from there, at a terminal that shows the lines of the roll or in another process.
    pub way_on: Option<String>,
}

impl From<String> for Said {
    fn from(what: String) -> Self {
        Self { what, way_on: None }
    }
}

impl Display for Said {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.way_on
            .as_ref()
            .map_or(Ok(()), |way| write!(f, "; {way}"))
    }
}

/// What to say of a happening, where it is worth a line.
pub fn said(event: &Event, order: &Order, state: &State) -> Option<Said> {
    match event {
        Event::Standing(standing) => standing_line(*standing, &order.id),
        Event::Ordered(note, is_outside) => Some(ordered(*note, *is_outside, &order.id)),
        _ => line(event, order, state).map(Said::from),
    }
}

fn line(event: &Event, order: &Order, state: &State) -> Option<String> {
    let name = |place: usize| order.nodes.get(place).map_or("", |node| node.id.as_str());
    Some(match event {
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
        Event::Standing(_)
        | Event::Ordered(..)
        | Event::Stepping(..)
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
    let (count, names) = (order.batches.len(), folded(order, &batch.places));
    let canary = if batch.is_canary { ", canary" } else { "" };
    let value = batch.value.as_ref();
    let value = value.map_or_else(String::new, |value| format!(", {value}"));
    format!("batch {} of {count}{canary}{value}: {names}", at + 1)
}

fn folded(order: &Order, places: &[usize]) -> NodeSet {
    let names = places.iter().filter_map(|place| order.nodes.get(*place));
    NodeSet::from_names(names.map(|node| node.id.as_str()))
}

fn standing_line(standing: Standing, id: &str) -> Option<Said> {
    match standing {
        Standing::Promotion => Some(Said {
            what: "the canaries have ended".to_owned(),
            way_on: Some(format!("P here, or `sshoal roll promote {id}`, goes on")),
        }),
        Standing::Stopping(reason) => {
            let why = reason.text().trim_start_matches("stopped: ");
            Some(format!("no node begins any more: {why}").into())
        }
        _ => None,
    }
}

fn ordered(note: Note, is_outside: bool, id: &str) -> Said {
    let what = match note {
        Note::Pause => "paused: no node begins",
        Note::Resume => "goes on",
        Note::Promote => "the canaries are good",
        Note::Abort => "aborted: what is in flight is ended",
        Note::Interrupt => "interrupted: what is in flight goes on to its end",
    };
    let from = if is_outside {
        " (from another process)"
    } else {
        ""
    };
    let way_on = match note {
        Note::Pause => Some(format!("r here, or `sshoal roll resume {id}`, goes on")),
        Note::Interrupt => Some("r takes that back, Ctrl-C again cuts it".to_owned()),
        Note::Resume | Note::Promote | Note::Abort => None,
    };
    Said {
        what: format!("{what}{from}"),
        way_on,
    }
}

fn seconds(result: &NodeResult) -> String {
    format!("{:.1} s", result.duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_the_way_on_behind_what_happened() {
        let paused = ordered(Note::Pause, true, "1-a").to_string();
        assert_eq!(
            paused,
            "paused: no node begins (from another process); r here, or `sshoal roll resume 1-a`, goes on"
        );
        let promotion = standing_line(Standing::Promotion, "1-a").map(|said| said.to_string());
        assert_eq!(
            promotion.as_deref(),
            Some("the canaries have ended; P here, or `sshoal roll promote 1-a`, goes on")
        );
        assert_eq!(ordered(Note::Resume, false, "1-a").to_string(), "goes on");
    }
}
