//! Equal answers of many nodes, taken together as they come. Pure.

mod diff;

#[cfg(test)]
#[path = "gather/tests.rs"]
mod tests;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use sha2::{Digest, Sha256};

pub use diff::{DiffLine, Sign};

use super::{Capture, Grade, Mask, NodeResult, Outcome, Stream};
use crate::node::{NodeId, set::NodeSet, text::SafeText};

/// The results so far, grouped by outcome, stdout and stderr.
#[derive(Clone, Debug, Default)]
pub struct Gather {
    mask: Option<Mask>,
    places: HashMap<Key, usize>,
    members: Vec<Members>,
    tally: BTreeMap<(u8, Grade, String), BTreeMap<SafeText, Vec<NodeId>>>,
}

/// What makes answers equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    outcome: String,
    stdout: [u8; 32],
    stderr: [u8; 32],
}

#[derive(Clone, Debug)]
struct Members {
    nodes: Vec<NodeId>,
    sample: NodeResult,
}

/// Nodes that gave the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which nodes.
    pub nodes: NodeSet,
    /// How many of them.
    pub size: usize,
    /// The answer of one of them; under a mask the others may differ in what is hidden.
    pub sample: NodeResult,
    /// The others are compared with this one.
    pub is_reference: bool,
}

/// How many nodes ended in one way, by reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// `ok`, `exit 1`, `signal TERM`, `refused`.
    pub label: String,
    /// How many.
    pub count: usize,
    /// What that says of the command.
    pub grade: Grade,
    /// The nodes of each reason, the largest share first; without one the reason is empty.
    pub reasons: Vec<(NodeSet, SafeText)>,
}

impl Gather {
    /// Groups by what nodes print or, with a mask, by what it leaves of that.
    pub fn new(mask: Option<Mask>) -> Self {
        Self {
            mask,
            ..Self::default()
        }
    }

    /// Takes one more result; each node's only once.
    pub fn add(&mut self, result: &NodeResult) {
        self.count(result);
        let key = self.key(result);
        let place = *self.places.entry(key).or_insert(self.members.len());
        match self.members.get_mut(place) {
            Some(members) => {
                members.nodes.push(result.node.clone());
                // The first in the alphabet, so that the order of arrival can't be seen.
                if result.node < members.sample.node {
                    members.sample = result.clone();
                }
            }
            None => self.members.push(Members {
                nodes: vec![result.node.clone()],
                sample: result.clone(),
            }),
        }
    }

    /// True under a mask: a group's sample speaks for the others only so far.
    pub fn is_masked(&self) -> bool {
        self.mask.is_some()
    }

    /// The groups, the largest first, then in the order of node names. One is the reference: the largest that is ok, else the
    /// largest that has run.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = self.members.iter().map(Members::group).collect();
        let firsts = groups.iter().filter_map(first).collect::<Vec<String>>();
        let order = NodeSet::from_names(firsts.iter().map(String::as_str));
        let rank: HashMap<String, usize> = order.iter().zip(0..).collect();
        groups.sort_by_cached_key(|group| {
            let place = first(group).and_then(|name| rank.get(&name).copied());
            (Reverse(group.size), place)
        });
        let ok = groups.iter().position(|g| g.sample.outcome.is_ok());
        let ran = || groups.iter().position(|g| has_run(&g.sample.outcome));
        if let Some(group) = ok.or_else(ran).and_then(|at| groups.get_mut(at)) {
            group.is_reference = true;
        }
        groups
    }

    /// How a group's output differs from the reference's: stdout, then stderr; empty where both are equal to the eye of the
    /// mask. Long outputs are compared in part, which the last line then says.
    pub fn diff(&self, reference: &Group, group: &Group) -> Vec<DiffLine> {
        let (old, new) = (&reference.sample, &group.sample);
        let of = |stream, old_capture, new_capture| {
            let old = diff::Side::new(self.mask.as_ref(), &old.node, old_capture);
            let new = diff::Side::new(self.mask.as_ref(), &new.node, new_capture);
            diff::lines(stream, &old, &new)
        };
        let mut lines = of(Stream::Stdout, &old.stdout, &new.stdout);
        lines.extend(of(Stream::Stderr, &old.stderr, &new.stderr));
        lines
    }

    /// What became of all nodes: those that are ok first, then by outcome.
    pub fn tally(&self) -> Vec<Tally> {
        let tallies = self.tally.iter().map(|((_, grade, label), reasons)| {
            let mut shares: Vec<_> = reasons.iter().collect();
            shares.sort_by_key(|(_, nodes)| Reverse(nodes.len()));
            let folded = shares
                .iter()
                .map(|(why, nodes)| (fold(nodes), (*why).clone()));
            Tally {
                label: label.clone(),
                count: shares.iter().map(|(_, nodes)| nodes.len()).sum(),
                grade: *grade,
                reasons: folded.collect(),
            }
        });
        tallies.collect()
    }

    fn count(&mut self, result: &NodeResult) {
        let outcome = &result.outcome;
        let reasons = self
            .tally
            .entry((rank(outcome), outcome.grade(), label(outcome)))
            .or_default();
        let why = SafeText::from(outcome.reason());
        reasons.entry(why).or_default().push(result.node.clone());
    }

    fn key(&self, result: &NodeResult) -> Key {
        let (label, reason) = (label(&result.outcome), result.outcome.reason());
        let Some(mask) = &self.mask else {
            return Key {
                outcome: format!("{label}\n{reason}"),
                stdout: result.stdout.digest,
                stderr: result.stderr.digest,
            };
        };
        let reason = mask.hide(&result.node, reason.as_bytes());
        Key {
            outcome: format!("{label}\n{}", String::from_utf8_lossy(&reason)),
            stdout: masked_digest(mask, &result.node, &result.stdout),
            stderr: masked_digest(mask, &result.node, &result.stderr),
        }
    }
}

impl Members {
    fn group(&self) -> Group {
        Group {
            nodes: fold(&self.nodes),
            size: self.nodes.len(),
            sample: self.sample.clone(),
            is_reference: false,
        }
    }
}

/// The outcome in a few words, without its reason: `ok`, `exit 3`, `signal KILL`, `refused`.
pub fn label(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Exit(code) => format!("exit {code}"),
        Outcome::Signal(name) => format!("signal {}", SafeText::line(name, 20)),
        other => other.as_str().to_owned(),
    }
}

/// Of an output that was cut only the kept parts can be masked, and two such are alike where these are.
fn masked_digest(mask: &Mask, node: &NodeId, capture: &Capture) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(mask.hide(node, &capture.head));
    if capture.cut() > 0 {
        hash.update([0xff, 0xff]);
        hash.update(mask.hide(node, &capture.tail));
    }
    hash.finalize().into()
}

fn fold(nodes: &[NodeId]) -> NodeSet {
    NodeSet::from_names(nodes.iter().map(NodeId::as_str))
}

fn first(group: &Group) -> Option<String> {
    group.nodes.iter().next()
}

/// True where the command came to its own end.
pub(super) fn has_run(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Ok | Outcome::Exit(_) | Outcome::Signal(_))
}

/// Where an outcome stands in a summary.
fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Ok => 0,
        Outcome::Exit(_) => 1,
        Outcome::Signal(_) => 2,
        Outcome::Timeout => 3,
        Outcome::Cancelled => 4,
        Outcome::Lost(_) => 5,
        Outcome::Unknown(_) => 6,
        Outcome::Refused(_) => 7,
        Outcome::Skipped(_) => 8,
    }
}
