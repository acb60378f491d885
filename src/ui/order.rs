//! The order of the nodes: worst first, by name, or by a column; rows keep still long enough to be read.

use std::{
    cmp::Ordering,
    sync::{Arc, LazyLock},
};

use super::view::columns::{Column, Key};
use crate::{
    fleet::{Link, Millis, NodeState, Snapshot, Status},
    inventory::Inventory,
    metrics::{self, Field, Valued},
};

/// No row moves twice within this.
const STILL_MS: u64 = 5_000;

/// No row moves so soon after the cursor did.
const CURSOR_MS: u64 = 2_000;

/// A signal counts as changed when it moved by so many points of a hundred.
const STEP: u32 = 15;

/// By what nodes are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Severity, number of findings, worst signal.
    #[default]
    Worst,
    /// Natural order of names: n2 before n10.
    Name,
    /// The values of a column, the largest first.
    Column(Column),
}

/// The order in force, and since when.
#[derive(Clone, Debug, Default)]
pub struct Order {
    sort: Sort,
    inverted: bool,
    /// Positions of the snapshot's nodes, first to last.
    sequence: Vec<usize>,
    /// Scores as last sorted by, by position.
    scores: Vec<u32>,
    inventory: Option<Arc<Inventory>>,
    sorted_at: Option<Millis>,
    cursor_at: Option<Millis>,
}

impl Order {
    /// By what, and whether turned round.
    pub fn sort(&self) -> (Sort, bool) {
        (self.sort, self.inverted)
    }

    /// Orders by something else, from the next [`Order::arrange`] on.
    pub fn set(&mut self, sort: Sort, inverted: bool) {
        (self.sort, self.inverted) = (sort, inverted);
        self.sorted_at = None;
    }

    /// The cursor moved: rows stay where they are for a while.
    pub fn touch(&mut self, now: Millis) {
        self.cursor_at = Some(now);
    }

    /// True once the cursor moved.
    pub fn is_touched(&self) -> bool {
        self.cursor_at.is_some()
    }

    /// Positions of all nodes in order; sorted anew when it is time to.
    pub fn arrange(&mut self, snapshot: &Snapshot, now: Millis) -> &[usize] {
        let same = self
            .inventory
            .as_ref()
            .is_some_and(|i| Arc::ptr_eq(i, &snapshot.inventory));
        if !same || self.sequence.len() != snapshot.nodes.len() {
            self.inventory = Some(snapshot.inventory.clone());
            self.sequence = (0..snapshot.nodes.len()).collect();
            self.scores = vec![0; snapshot.nodes.len()];
            self.sorted_at = None;
        }
        if self.is_due(now) {
            self.sorted_at = Some(now);
            self.sort_all(&snapshot.nodes, now);
        }
        &self.sequence
    }

    fn is_due(&self, now: Millis) -> bool {
        let Some(sorted) = self.sorted_at else {
            return true;
        };
        let cursor_rests = self.cursor_at.is_none_or(|at| now.since(at) >= CURSOR_MS);
        now.since(sorted) >= STILL_MS && cursor_rests
    }

    fn sort_all(&mut self, nodes: &[Arc<NodeState>], now: Millis) {
        match self.sort {
            Sort::Worst => {
                for (held, node) in self.scores.iter_mut().zip(nodes) {
                    *held = settle(*held, score(node, now));
                }
                let keys: Vec<Key> = self
                    .scores
                    .iter()
                    .map(|s| Key::Number(f64::from(*s)))
                    .collect();
                self.sort_by(nodes, &keys);
            }
            Sort::Name => self.sort_by(nodes, &[]),
            Sort::Column(column) => {
                let keys: Vec<Key> = nodes.iter().map(|n| column.key(n, now)).collect();
                self.sort_by(nodes, &keys);
            }
        }
    }

    /// By key, then by name; what has no key is last either way round.
    fn sort_by(&mut self, nodes: &[Arc<NodeState>], keys: &[Key]) {
        let inverted = self.inverted;
        self.sequence.sort_by(|a, b| {
            let by_key = compare(keys.get(*a), keys.get(*b), inverted);
            by_key.then_with(|| {
                let by_name = match (nodes.get(*a), nodes.get(*b)) {
                    (Some(a), Some(b)) => natural(a.node.id.as_str(), b.node.id.as_str()),
                    _ => Ordering::Equal,
                };
                turned(by_name, inverted && keys.is_empty())
            })
        });
    }
}

fn compare(a: Option<&Key>, b: Option<&Key>, inverted: bool) -> Ordering {
    match (a, b) {
        (Some(Key::Number(a)), Some(Key::Number(b))) => turned(b.total_cmp(a), inverted),
        (Some(Key::Text(a)), Some(Key::Text(b))) => turned(natural(a, b), inverted),
        (Some(Key::Absent), Some(Key::Absent)) => Ordering::Equal,
        (Some(Key::Absent), Some(_)) => Ordering::Greater,
        (Some(_), Some(Key::Absent)) => Ordering::Less,
        _ => Ordering::Equal,
    }
}

fn turned(order: Ordering, inverted: bool) -> Ordering {
    if inverted { order.reverse() } else { order }
}

/// How bad a node is: status, then findings, then its worst signal (0 to 100).
pub fn score(node: &NodeState, now: Millis) -> u32 {
    let level = match node.status(now) {
        Status::Ok => 0,
        Status::Info => 1,
        Status::Unknown => 2,
        Status::Warn => 3,
        Status::Critical => 4,
    };
    let lost = matches!(node.link, Link::Down { .. } | Link::Refused(_));
    let findings = if lost {
        9
    } else {
        node.health.findings.len().min(8) as u32
    };
    let live = node.sample.as_deref().filter(|_| !lost);
    let signal = live.map_or(0, signal);
    level * 10_000 + findings * 1_000 + signal
}

/// A value to how bad it is, 0 to 100.
type Badness = fn(f64) -> f64;

/// What can be worst on a node without a rule that fires.
static SIGNALS: LazyLock<Vec<(&'static Field, Badness)>> = LazyLock::new(|| {
    let as_it_is: Badness = |percent| percent;
    // What is half full works no harder for it: fullness counts as it nears its end.
    let fullness: Badness = |percent| percent * percent / 100.0;
    // Worst at twice the cores, where a rule begins to look.
    let crowd: Badness = |per_core| 50.0 * per_core;
    let signals = [
        ("cpu.busy", as_it_is),
        ("load.per_core", crowd),
        ("pressure.cpu", as_it_is),
        ("pressure.memory", as_it_is),
        ("pressure.io", as_it_is),
        ("memory.used", fullness),
        ("disk.used", fullness),
        ("gpu.memory", fullness),
    ];
    let known = |(id, badness)| Some((metrics::field(id)?, badness));
    signals.into_iter().filter_map(known).collect()
});

fn signal(sample: &Valued) -> u32 {
    let values = SIGNALS
        .iter()
        .filter_map(|(field, badness)| sample.value(field).map(badness));
    values.fold(0.0, f64::max).clamp(0.0, 100.0) as u32
}

/// The score to sort by: the one held before while only the signal wavers.
fn settle(held: u32, new: u32) -> u32 {
    let same_class = held / 1_000 == new / 1_000;
    if same_class && held.abs_diff(new) < STEP {
        held
    } else {
        new
    }
}

/// Compares names as people count: runs of digits by their number.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (Some(x), Some(y)) = (left.chars().next(), right.chars().next()) else {
            return left.len().cmp(&right.len()).then_with(|| a.cmp(b));
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let runs = (digits(left), digits(right));
            let order = by_number(runs.0, runs.1);
            if order.is_ne() {
                return order;
            }
            left = left.get(runs.0.len()..).unwrap_or_default();
            right = right.get(runs.1.len()..).unwrap_or_default();
        } else if x != y {
            return x.cmp(&y);
        } else {
            left = left.get(x.len_utf8()..).unwrap_or_default();
            right = right.get(y.len_utf8()..).unwrap_or_default();
        }
    }
}

/// Of any length: no number is too large.
fn by_number(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn digits(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
