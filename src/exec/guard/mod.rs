//! The guard: what a command line may do, and what is asked before it is run. A seat belt, no sandbox. Pure.
//!
//! It reads shell text as a careful colleague does: words, wrappers such as `sudo` and `sh -c`, substitutions. What it
//! doesn't know changes something; what it knows as a common mistake is a danger. Nothing here stops a program that
//! hides what it does.

mod args;
mod confirm;
mod danger;
mod examine;
mod expand;
mod lex;
mod path;
mod reads;
mod script;
mod wrapper;

#[cfg(test)]
mod tests;

use std::{ops::Range, sync::Arc};

pub use confirm::confirmation;

use examine::Finding;

use crate::node::{Node, NodeId, text::SafeText};

/// A common mistake that a command may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Danger {
    /// The part of the command.
    pub what: SafeText,
    /// What it does, after "it".
    pub reason: &'static str,
    /// Where it is in the command, in bytes; of a command within a word, that word.
    pub span: Range<usize>,
}

/// What must be answered before a command is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Nothing.
    Nothing,
    /// Yes or no.
    YesNo,
    /// This word, typed.
    TypedWord(String),
}

/// What the guard found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// It may change something.
    pub mutating: bool,
    /// Common mistakes in it, in order; no more than [`MAX_DANGERS`].
    pub dangers: Vec<Danger>,
    /// The protected ones of the nodes, in their order.
    pub protected: Vec<NodeId>,
    /// What to ask.
    pub asks: Ask,
}

/// Dangers beyond these are not listed.
pub const MAX_DANGERS: usize = 32;

/// What a command may do to these nodes, and what to ask before.
///
/// Reading asks nothing; so does changing one node that isn't protected, as with ssh. Changing several nodes, or a
/// danger, asks for a yes; a danger on several nodes, or changing a protected one, for a word.
pub fn judge(command: &str, nodes: &[Arc<Node>]) -> Verdict {
    let finding = Finding::of(command);
    let protected: Vec<NodeId> = nodes
        .iter()
        .filter(|node| node.protected)
        .map(|node| node.id.clone())
        .collect();
    let is_dangerous = !finding.dangers.is_empty();
    let mutating = finding.is_mutating || is_dangerous;
    let is_grave = (mutating && !protected.is_empty()) || (is_dangerous && nodes.len() > 1);
    let asks = if is_grave {
        Ask::TypedWord(word(nodes))
    } else if is_dangerous || (mutating && nodes.len() > 1) {
        Ask::YesNo
    } else {
        Ask::Nothing
    };
    Verdict {
        mutating,
        dangers: finding.dangers,
        protected,
        asks,
    }
}

/// True unless a command is known to change nothing.
pub fn is_mutating(command: &str) -> bool {
    let finding = Finding::of(command);
    finding.is_mutating || !finding.dangers.is_empty()
}

/// The group that all protected nodes and no other node of the selection are in, else how many nodes; of one, its name.
fn word(nodes: &[Arc<Node>]) -> String {
    let first = nodes.iter().find(|node| node.protected);
    let groups = first.map_or(&[][..], |node| &node.groups);
    let fits = |group: &&String| {
        nodes
            .iter()
            .all(|node| node.groups.contains(*group) == node.protected)
    };
    let group = groups.iter().find(fits);
    match (group, nodes) {
        (Some(group), _) => group.clone(),
        (None, [node]) => node.id.to_string(),
        (None, _) => nodes.len().to_string(),
    }
}
