//! A batch of a roll in words and a strip of signs. Pure.

use std::sync::Arc;

use super::{
    node::{sign, weight},
    now::names,
};
use crate::{
    daemon::roll::{At, Batch, End, Seen, Standing},
    fleet::{Millis, Rolled},
    ui::{glyph::Glyphs, theme::Role, view::run::span},
};

/// What there is to say of a batch that doesn't change.
#[derive(Clone, Debug)]
pub(super) struct Label {
    /// The canary, and the value of the label that its nodes share.
    pub(super) tag: String,
    /// Its nodes, folded.
    pub(super) names: String,
}

/// Of all batches.
pub(super) fn labels(rolled: &Rolled) -> Arc<[Label]> {
    let batches = rolled.wish.batches.iter();
    let label = |batch: &Batch| Label {
        tag: tag(rolled, batch),
        names: names(rolled, &batch.places).to_string(),
    };
    batches.map(label).collect()
}

/// What marks a batch: the canary, and the value of the label that its nodes share.
fn tag(rolled: &Rolled, batch: &Batch) -> String {
    let has_label = rolled.wish.options.spread.is_some();
    let value = batch.value.as_deref().unwrap_or("-");
    match (batch.is_canary, has_label) {
        (true, true) => format!("canary {value}"),
        (true, false) => "canary".to_owned(),
        (false, true) => value.to_owned(),
        (false, false) => String::new(),
    }
}

/// How it stands, with its colour.
pub(super) fn state(rolled: &Rolled, at: usize, now: Millis) -> (String, Role) {
    let nodes = nodes(rolled, at);
    let turn = rolled.turns.get(at).copied().unwrap_or_default();
    let bad = nodes
        .iter()
        .filter(|node| matches!(node.at, At::Ended(end) if end != End::Done));
    let bad = bad.count();
    let took = |until: Millis| {
        let begun = turn.begun.unwrap_or(until);
        span(until.since(begun))
    };
    let has_ended = nodes.iter().all(|node| matches!(node.at, At::Ended(_)));
    match (turn.begun, turn.ended) {
        (_, Some(_)) if waits_for_promotion(rolled, at) => ("promote?".to_owned(), Role::Warn),
        (_, Some(ended)) if bad == 0 => (format!("done in {}", took(ended)), Role::Ok),
        (_, Some(ended)) => (format!("{bad} bad in {}", took(ended)), Role::Critical),
        _ if has_ended => ("done before".to_owned(), Role::Muted),
        (Some(_), None) if !rolled.is_going() => ("not all".to_owned(), Role::Warn),
        (Some(_), None) => (format!("going {}", took(now)), Role::Info),
        (None, None) if !rolled.is_going() => ("not begun".to_owned(), Role::Muted),
        (None, None) => ("waiting".to_owned(), Role::Muted),
    }
}

fn waits_for_promotion(rolled: &Rolled, at: usize) -> bool {
    let batch = rolled.wish.batches.get(at);
    rolled.state.standing == Standing::Promotion && batch.is_some_and(|batch| batch.is_canary)
}

/// A sign for each node; where there is no room for all, for each few of them the worst.
pub(super) fn strip(
    rolled: &Rolled,
    at: usize,
    room: usize,
    glyphs: Glyphs,
) -> Vec<(&'static str, Role)> {
    let nodes = nodes(rolled, at);
    let each = nodes.len().div_ceil(room.max(1)).max(1);
    let parts = nodes.chunks(each);
    let worst = parts.filter_map(|part| part.iter().max_by_key(|node| weight(node)));
    worst.map(|node| sign(node, glyphs)).collect()
}

fn nodes(rolled: &Rolled, at: usize) -> Vec<&Seen> {
    let places = rolled.wish.batches.get(at).map(|batch| &batch.places);
    let places = places.into_iter().flatten();
    let nodes = places.filter_map(|place| rolled.state.nodes.get(*place));
    nodes.collect()
}
