//! What a record of the audit log says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Hash, RunId, redact};

/// How many nodes had each outcome, by the word for it.
pub type Counts = BTreeMap<String, u64>;

/// A run that is about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Its name.
    pub run: RunId,
    /// Who: the user of this system; of a visitor, their key too.
    pub actor: String,
    /// From where: `cli`, `dashboard`, `serve`.
    pub origin: String,
    /// The command exactly as typed; secrets are taken out before it is written.
    pub command: String,
    /// How the nodes were chosen, as typed.
    pub selector: String,
    /// The nodes that it came to.
    pub nodes: Vec<String>,
    /// What happens after a failure, and in what batches.
    pub strategy: String,
    /// When, in ms since 1970.
    pub at_ms: u64,
}

/// How a run ended on one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunResult {
    /// The run.
    pub run: RunId,
    /// The node.
    pub node: String,
    /// The word for it: `ok`, `exit`, `signal`, `timeout`, `cancelled`, `lost`, `unknown`, `refused`, `skipped`.
    pub outcome: String,
    /// Why, where the word doesn't say it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The exit code, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// The signal, without SIG.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// Bytes on standard output.
    pub out_bytes: u64,
    /// Bytes on standard error.
    pub err_bytes: u64,
    /// How long it took.
    pub duration_ms: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// The way in use; none where no connection came about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// Of a command that was ended: the processes that still run; none where that could not be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<Vec<u32>>,
    /// Of standard output; none where it never began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_sha256: Option<Hash>,
    /// Of standard error; none where it never began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub err_sha256: Option<Hash>,
    /// When, in ms since 1970. In the file it stands beside the other fields of the record.
    #[serde(skip)]
    pub at_ms: u64,
}

/// A line of the log, but for its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Counts on through all files, from 0.
    pub seq: u64,
    /// The hash of the record before.
    pub prev: Hash,
    /// When, in ms since 1970.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Event {
    /// A file begins.
    Open(Open),
    /// A run is about to begin: on disk before its first byte goes to a node.
    Intent(IntentRecord),
    /// A run ended on a node.
    Result(RunResult),
    /// A run is over.
    End(RunEnd),
    /// A known host key was changed by somebody.
    HostKey(HostKey),
    /// Somebody ordered something of a roll that another process drives.
    Order(RollOrder),
    /// Something was torn: a crash, or a full disk, in the middle of a write.
    Gap(Gap),
    /// Of a later version of sshoal.
    #[serde(other)]
    Later,
}

/// A file begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The number of the file.
    pub file: u64,
    /// The sshoal that began it.
    pub version: String,
}

/// An [`Intent`] as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntentRecord {
    /// The name of the run.
    pub run: RunId,
    /// Who.
    pub actor: String,
    /// From where.
    pub origin: String,
    /// The command without its secrets.
    pub command: String,
    /// Of the command exactly as typed.
    pub command_sha256: Hash,
    /// True where something was taken out of the command.
    pub redacted: bool,
    /// How the nodes were chosen.
    pub selector: String,
    /// The nodes.
    pub nodes: Vec<String>,
    /// What happens after a failure, and in what batches.
    pub strategy: String,
}

impl From<&Intent> for IntentRecord {
    fn from(intent: &Intent) -> Self {
        let command = redact(&intent.command);
        Self {
            run: intent.run.clone(),
            actor: intent.actor.clone(),
            origin: intent.origin.clone(),
            redacted: command != intent.command,
            command_sha256: Hash::of(intent.command.as_bytes()),
            command,
            selector: intent.selector.clone(),
            nodes: intent.nodes.clone(),
            strategy: intent.strategy.clone(),
        }
    }
}

/// A run is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunEnd {
    /// The run.
    pub run: RunId,
    /// How many nodes had each outcome.
    pub counts: Counts,
}

/// A known host key was changed by somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostKey {
    /// Who.
    pub actor: String,
    /// From where.
    pub origin: String,
    /// The node.
    pub node: String,
    /// What was done.
    pub change: HostKeyChange,
    /// Fingerprints that went.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub old: Vec<String>,
    /// The fingerprint that came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// Somebody ordered something of a roll that another process drives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollOrder {
    /// Who.
    pub actor: String,
    /// From where.
    pub origin: String,
    /// The roll.
    pub roll: RunId,
    /// `pause`, `resume`, `promote`, `abort`.
    pub order: String,
}

/// What was done to a host key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostKeyChange {
    /// A new one is trusted.
    Accepted,
    /// A changed one is trusted in the place of the known one.
    Replaced,
    /// It is trusted no longer.
    Forgotten,
}

impl HostKeyChange {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Replaced => "replaced",
            Self::Forgotten => "forgotten",
        }
    }
}

/// What stood at the end of a file and was no record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// How long it was.
    pub bytes: u64,
    /// Of all of it.
    pub sha256: Hash,
    /// Its beginning.
    pub fragment: String,
}
