//! What a roll waits for at this moment, and which keys go on: the line that is read first. Pure.

use super::node::{is_in_flight, whole, word};
use crate::{
    config::keymap::Action,
    daemon::roll::{At, End, Reason, Standing},
    fleet::{Millis, Rolled},
    node::set::NodeSet,
    ui::theme::Role,
};

/// Nodes in flight that are named one by one.
const NAMED: usize = 2;

/// The line: a word for how it stands, what that means now, and the keys that change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Now {
    pub(super) word: &'static str,
    pub(super) role: Role,
    pub(super) text: String,
    pub(super) keys: Vec<(Action, &'static str)>,
}

/// How a roll stands in a word, with its colour.
pub fn standing(rolled: &Rolled) -> (&'static str, Role) {
    let tally = rolled.state.tally();
    match rolled.state.standing {
        Standing::Going => ("going", Role::Info),
        Standing::Paused => ("PAUSED", Role::Warn),
        Standing::Promotion => ("WAITS FOR YOU", Role::Warn),
        Standing::Stopping(_) => ("STOPPING", Role::Warn),
        Standing::Over(Reason::Done) if tally.failed + tally.unreached == 0 => ("done", Role::Ok),
        Standing::Over(Reason::Done) => ("done, not all", Role::Warn),
        Standing::Over(Reason::Aborted) => ("aborted", Role::Warn),
        Standing::Over(Reason::Interrupted) => ("left", Role::Warn),
        Standing::Over(_) => ("STOPPED", Role::Critical),
    }
}

impl Now {
    pub(super) fn of(rolled: &Rolled, now: Millis) -> Self {
        let (word, role) = standing(rolled);
        let abort = (Action::Abort, "aborts");
        let (text, keys) = match rolled.state.standing {
            Standing::Going => (going(rolled, now), vec![(Action::Pause, "pauses"), abort]),
            Standing::Paused => (
                paused(rolled, now),
                vec![(Action::Resume, "goes on"), abort],
            ),
            Standing::Promotion => {
                let keys = vec![(Action::Promote, "goes on"), abort];
                (promotion(rolled), keys)
            }
            Standing::Stopping(reason) => stopping(rolled, reason, now),
            Standing::Over(reason) => {
                let rest = (Action::Resume, "rolls the rest");
                let keys = has_rest(rolled).then_some(rest).into_iter().collect();
                (over(rolled, reason), keys)
            }
        };
        Self {
            word,
            role,
            text,
            keys,
        }
    }
}

fn going(rolled: &Rolled, now: Millis) -> String {
    let flying = flying(rolled, now);
    if !flying.is_empty() {
        return flying;
    }
    let (state, options) = (&rolled.state, &rolled.wish.options);
    let tally = state.tally();
    let most = options.most_down(state.nodes.len());
    if let Some(most) = most.filter(|most| tally.unavailable >= *most) {
        let down = tally.unavailable;
        return format!("waits: {down} down, and at most {most} may be; looks again every 5s");
    }
    match options.stagger {
        0 => "looks which nodes are up".to_owned(),
        time => format!("{} between the beginnings of two nodes", whole(time)),
    }
}

fn paused(rolled: &Rolled, now: Millis) -> String {
    let flying = flying(rolled, now);
    if flying.is_empty() {
        return "no node begins, and none is in flight".to_owned();
    }
    format!("no node begins; still in flight: {flying}")
}

fn promotion(rolled: &Rolled) -> String {
    let batches = rolled.wish.batches.iter();
    let canaries = batches.filter(|batch| batch.is_canary);
    let places: Vec<usize> = canaries.flat_map(|batch| batch.places.clone()).collect();
    let names = names(rolled, &places);
    let state = &rolled.state;
    let is_done = |place: &&usize| {
        let node = state.nodes.get(**place);
        node.is_some_and(|node| node.at == At::Ended(End::Done))
    };
    let (done, all) = (places.iter().filter(is_done).count(), places.len());
    if done == all {
        format!("canary {names} is rolled: is it well?")
    } else {
        format!("canary {names}: only {done} of {all} rolled; go on?")
    }
}

fn stopping(rolled: &Rolled, reason: Reason, now: Millis) -> (String, Vec<(Action, &'static str)>) {
    let why = reason.text();
    let why = why.strip_prefix("stopped: ").unwrap_or(why);
    let flying = flying(rolled, now);
    let text = if flying.is_empty() {
        why.to_owned()
    } else {
        format!("{why}; still in flight: {flying}")
    };
    let keys = match reason {
        Reason::Interrupted => vec![(Action::Resume, "goes on"), (Action::Abort, "cuts it")],
        Reason::Aborted => Vec::new(),
        _ => vec![(Action::Abort, "cuts it")],
    };
    (text, keys)
}

fn over(rolled: &Rolled, reason: Reason) -> String {
    let (tally, all) = (rolled.state.tally(), rolled.state.nodes.len());
    if tally.done == all {
        return format!("all {all} nodes are rolled");
    }
    if let Some(trouble) = rolled.trouble.as_ref().filter(|_| reason == Reason::Broken) {
        return trouble.to_string();
    }
    let why = reason.text();
    why.strip_prefix("stopped: ").unwrap_or(why).to_owned()
}

/// True where a roll is over, was begun, and not all of it is done.
pub(super) fn has_rest(rolled: &Rolled) -> bool {
    let is_begun = rolled.turns.iter().any(|turn| turn.begun.is_some());
    let (tally, all) = (rolled.state.tally(), rolled.state.nodes.len());
    !rolled.is_going() && is_begun && tally.done < all
}

/// What goes on, node by node where they are few: `web03 restart 4s, web04 gate red 12s: exit 1: no answer`.
fn flying(rolled: &Rolled, now: Millis) -> String {
    let nodes = rolled.state.nodes.iter().enumerate();
    let flying: Vec<_> = nodes.filter(|(_, node)| is_in_flight(node)).collect();
    if flying.len() > NAMED {
        return counted(flying.iter().map(|(_, node)| word(node)));
    }
    let one = |(place, node): &(usize, &crate::daemon::roll::Seen)| {
        let name = names(rolled, &[*place]);
        let time = whole(now.0.saturating_sub(node.since_ms));
        let why = match node.at {
            At::Gate if !node.reason.as_str().is_empty() => format!(": {}", node.reason),
            _ => String::new(),
        };
        format!("{name} {} {time}{why}", word(node))
    };
    let all: Vec<String> = flying.iter().map(one).collect();
    all.join(", ")
}

/// `3 restart, 1 gate red`: in the order of a node's way.
fn counted(words: impl Iterator<Item = &'static str>) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for word in words {
        match counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => counts.push((word, 1)),
        }
    }
    let all: Vec<String> = counts
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    all.join(", ")
}

/// The names of these places, folded.
pub(super) fn names(rolled: &Rolled, places: &[usize]) -> NodeSet {
    let nodes = places
        .iter()
        .filter_map(|place| rolled.wish.nodes.get(*place));
    NodeSet::from_names(nodes.map(|node| node.id.as_str()))
}
