//! A node of a roll in signs, words and colours. Pure.

use crate::{
    daemon::roll::{At, End, Seen},
    fleet::{Rolled, Status},
    ui::{glyph::Glyphs, theme::Role, view::run::span},
};

/// Where a node stands in its batch: what goes on first, then what failed.
pub(super) fn rank(node: &Seen) -> u8 {
    match node.at {
        At::Ended(End::Done) => 3,
        At::Ended(_) => 1,
        At::Waiting => 2,
        _ => 0,
    }
}

/// How much it matters when many nodes share a cell: the worst is shown.
pub(super) fn weight(node: &Seen) -> u8 {
    match node.at {
        At::Ended(End::Failed) => 6,
        At::Ended(End::Unreached | End::Cut) => 5,
        At::Waiting if node.is_down => 4,
        At::Waiting => 1,
        At::Ended(End::Done) => 0,
        At::Settling => 2,
        _ => 3,
    }
}

/// Its sign, and the colour of that.
pub(super) fn sign(node: &Seen, glyphs: Glyphs) -> (&'static str, Role) {
    match node.at {
        At::Ended(End::Done) => (glyphs.status(Status::Ok), Role::Ok),
        At::Ended(End::Failed) => (glyphs.status(Status::Critical), Role::Critical),
        At::Ended(End::Unreached | End::Cut) => (glyphs.status(Status::Warn), Role::Warn),
        At::Waiting if node.is_down => (glyphs.status(Status::Warn), Role::Warn),
        At::Waiting => (glyphs.status(Status::Unknown), Role::Unknown),
        At::Settling => (glyphs.status(Status::Info), Role::Info),
        At::Checking | At::Step(_) | At::Gate => (glyphs.running(), Role::Info),
    }
}

/// What it is at in a word or two.
pub(super) fn word(node: &Seen) -> &'static str {
    match node.at {
        At::Waiting if node.is_down => "down",
        At::Gate if !node.reason.as_str().is_empty() => "gate red",
        at => at.as_str(),
    }
}

/// True while something is done there.
pub(super) fn is_in_flight(node: &Seen) -> bool {
    !matches!(node.at, At::Waiting | At::Ended(_))
}

/// Since when it is at that, for one that is in flight.
pub(super) fn since(node: &Seen, now_ms: u64) -> String {
    if is_in_flight(node) {
        span(now_ms.saturating_sub(node.since_ms))
    } else {
        String::new()
    }
}

/// Why, or what it waits for.
pub(super) fn why(rolled: &Rolled, node: &Seen, now_ms: u64) -> String {
    let elapsed = now_ms.saturating_sub(node.since_ms);
    match node.at {
        At::Settling => {
            let left = rolled.wish.options.settle.saturating_sub(elapsed);
            format!("green, and must stay so for {}", whole(left))
        }
        At::Gate if node.reason.as_str().is_empty() => "the gate is asked".to_owned(),
        _ => node.reason.to_string(),
    }
}

/// A span of time without tenths: `8s`, `2m05s`.
pub(super) fn whole(ms: u64) -> String {
    match ms {
        0..60_000 => format!("{}s", ms.div_ceil(1000)),
        _ => span(ms),
    }
}
