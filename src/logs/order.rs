//! What somebody wants to see of which logs. Pure.

use std::{sync::Arc, time::Duration};

use super::Source;
use crate::node::Node;

/// Streams that are opened at most, where nobody says otherwise.
pub const MOST_STREAMS: usize = 1_000;

/// How long a line waits for an earlier one of another node.
const HOLD: Duration = Duration::from_millis(300);

/// Lines of each stream that are shown first.
const LINES: u64 = 100;

/// Which logs of which nodes, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// In the order of the selection.
    pub targets: Vec<Target>,
    /// How much of what is there already.
    pub tail: Tail,
    /// What comes later too.
    pub is_followed: bool,
    /// By sudo; its password is asked for where somebody is there to be asked.
    pub is_sudo: bool,
    /// Bytes as they are, [`Event::Bytes`], for whoever writes files.
    ///
    /// [`Event::Bytes`]: super::Event::Bytes
    pub is_raw: bool,
    /// How long a line waits for an earlier one of another node.
    pub hold: Duration,
    /// Streams that are opened at most.
    pub most_streams: usize,
}

/// One node and what is wanted of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where.
    pub node: Arc<Node>,
    /// Each may come to no stream, or to several.
    pub sources: Vec<Source>,
}

/// How much of what is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The last so many lines of each stream; all where nothing is said.
    pub lines: Option<u64>,
    /// Nothing from before.
    pub since: Option<Since>,
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// So long ago.
    Ago(Duration),
    /// Microseconds since 1970.
    At(i64),
    /// The last time that a clock of the node's zone showed this hour and minute.
    Clock(u8, u8),
}

impl Order {
    /// The last lines of these logs, and then what comes.
    pub fn follow(targets: Vec<Target>) -> Self {
        Self {
            targets,
            tail: Tail {
                lines: Some(LINES),
                since: None,
            },
            is_followed: true,
            is_sudo: false,
            is_raw: false,
            hold: HOLD,
            most_streams: MOST_STREAMS,
        }
    }
}
