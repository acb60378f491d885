//! What a roll tells while it goes on.

use std::sync::Arc;

use super::{End, Gate, Standing, Step};
use crate::{exec::NodeResult, node::text::SafeText, store::roll::Note};

/// One happening; nodes are named by their places in the selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It stands otherwise.
    Standing(Standing),
    /// This batch has its turn, from 0.
    Batch(usize),
    /// Nodes were looked at; these are not up, for these reasons.
    Looked(Vec<(usize, SafeText)>),
    /// An earlier process has begun this node; it is looked at whether something of it still runs.
    Checking(usize),
    /// A node begins.
    Began(usize),
    /// A step begins.
    Stepping(usize, Step),
    /// A step has ended.
    Stepped(usize, Step, Arc<NodeResult>),
    /// Its gate says something else than before, for this reason.
    Gate(usize, Gate, SafeText),
    /// A node has ended, for this reason, with the result of its last step.
    Ended(usize, End, SafeText, Arc<NodeResult>),
    /// Somebody ordered this; from another process where true.
    Ordered(Note, bool),
    /// sudo asks for the password; told once in a roll.
    Password(SafeText),
    /// Something of ours is broken.
    Trouble(String),
}
