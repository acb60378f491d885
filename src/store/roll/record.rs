//! What a line of a roll's journal says.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::store::audit::RunId;

/// A node, by its place in [`Header::nodes`].
pub type Place = usize;

/// The files that count for a roll: a resumption has the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// The inventory.
    pub hosts: Option<PathBuf>,
    /// The file of host keys.
    pub known_hosts: Option<PathBuf>,
    /// The ssh_config.
    pub ssh_config: Option<PathBuf>,
}

/// The first line: what was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The name of the roll, and of its first run in the audit log.
    pub id: RunId,
    /// Of this format.
    pub version: u32,
    /// Who.
    pub actor: String,
    /// What stood behind `daemon roll` on the command line. Not to be shown as it is: it may hold secrets.
    pub words: Vec<String>,
    /// The inventory.
    pub hosts: Option<PathBuf>,
    /// The file of host keys.
    pub known_hosts: Option<PathBuf>,
    /// The ssh_config.
    pub ssh_config: Option<PathBuf>,
    /// The nodes.
    pub nodes: Vec<String>,
    /// In what batches they come.
    pub batches: Vec<Batch>,
}

impl Header {
    /// The files that counted at its beginning.
    pub fn files(&self) -> Files {
        Files {
            hosts: self.hosts.clone(),
            known_hosts: self.known_hosts.clone(),
            ssh_config: self.ssh_config.clone(),
        }
    }
}

/// Nodes that come together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// In the order in which they begin.
    pub places: Vec<Place>,
    /// They come before all others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_canary: bool,
    /// The value of the label that they share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// How a node ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// Rolled.
    Done,
    /// A step failed, or the gate did not turn green.
    Failed,
    /// Not reached, or lost.
    Unreached,
    /// The roll was aborted meanwhile.
    Cut,
}

/// What somebody ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Note {
    /// No node begins.
    Pause,
    /// The pause is over.
    Resume,
    /// The canaries are good.
    Promote,
    /// It is cut.
    Abort,
    /// It is left, to be resumed.
    Interrupt,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Record {
    /// The first line.
    Roll(Header),
    /// A process begins to drive it.
    Drive {
        /// Its id.
        pid: u32,
    },
    /// A node is about to begin: on disk before its first step is.
    Begin {
        /// Which one.
        place: Place,
    },
    /// A step has ended.
    Step {
        /// On which node.
        place: Place,
        /// `before`, `restart`, `after`, `on-fail`.
        step: String,
        /// The word for how.
        outcome: String,
        /// Why, where there is more to say.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// All steps before the gate did well.
    Worked {
        /// On which node.
        place: Place,
    },
    /// A node has ended.
    Node {
        /// Which one.
        place: Place,
        /// How.
        end: End,
        /// Why, where it is not done.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// Somebody ordered something.
    Note {
        /// What.
        what: Note,
    },
    /// Nobody drives it any more.
    Over {
        /// The word for why: `done`, `failures`, `deadline`, `min-up`, `interrupted`, `aborted`, `broken`.
        reason: String,
    },
    /// Something was torn: a crash, or a full disk, in the middle of a write.
    Gap {
        /// How long it was.
        bytes: u64,
        /// Its beginning.
        fragment: String,
    },
    /// Of a later version.
    #[serde(other)]
    Later,
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When, in ms since 1970.
    pub at_ms: u64,
    /// What.
    #[serde(flatten)]
    pub record: Record,
}
