//! What is to be run, where, and how. Pure.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use crate::node::Node;

/// A command for many nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What each node is to do, in the order of the selection.
    pub jobs: Vec<Job>,
    /// How.
    pub options: Options,
}

/// One node's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Where.
    pub node: Arc<Node>,
    /// Shell text, with everything substituted.
    pub command: String,
}

/// How a command is run.
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The folder to run in; the login's home without one.
    pub folder: Option<String>,
    /// Variables for the command.
    pub variables: Vec<(String, String)>,
    /// The command's input, the same for all; nothing without one.
    pub input: Option<Bytes>,
    /// As root, by sudo.
    pub is_sudo: bool,
    /// On a terminal of this many columns and rows.
    pub terminal: Option<(u16, u16)>,
    /// Sent as it is: no watchdog, no folder, no variables. For servers that are no shells.
    pub is_plain: bool,
    /// Commands that run at once.
    pub fanout: usize,
    /// One part of the nodes after the other.
    pub batches: Batches,
    /// What a failure does to the others.
    pub strategy: Strategy,
    /// Time for the command; zero is without end, `None` what each node says.
    pub timeout: Option<Duration>,
    /// Time to connect, where it isn't what each node says.
    pub connect_timeout: Option<Duration>,
    /// Further attempts where a node can't be reached.
    pub retries: u32,
    /// A command that was lost may be sent again.
    pub is_idempotent: bool,
    /// Bytes of each output that are kept.
    pub keep: usize,
    /// Each command has a connection to itself, so that a reader may be slow.
    pub is_bulk: bool,
}

/// What is kept of each output by default.
pub const KEEP: usize = 10 << 10;

/// Commands that run at once by default, as with clush.
pub const FANOUT: usize = 64;

impl Default for Options {
    fn default() -> Self {
        Self {
            folder: None,
            variables: Vec::new(),
            input: None,
            is_sudo: false,
            terminal: None,
            is_plain: false,
            fanout: FANOUT,
            batches: Batches::One,
            strategy: Strategy::Continue,
            timeout: None,
            connect_timeout: None,
            retries: 0,
            is_idempotent: false,
            keep: KEEP,
            is_bulk: false,
        }
    }
}

/// How many nodes come one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batches {
    /// All at once.
    One,
    /// So many nodes each.
    Nodes(usize),
    /// So many of a hundred each, at least one node.
    Percent(usize),
}

impl Batches {
    /// Nodes in each batch of so many in all.
    pub fn size(self, all: usize) -> usize {
        match self {
            Self::One => all.max(1),
            Self::Nodes(nodes) => nodes.max(1),
            Self::Percent(percent) => (all * percent / 100).max(1),
        }
    }
}

/// What a failure does to nodes that have not begun. Those that run go on to their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Nothing.
    Continue,
    /// After so many failures, no node begins any more.
    AbortAfter(usize),
}
