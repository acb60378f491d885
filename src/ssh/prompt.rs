//! Questions to the person, as plain data: who answers and how is for the dashboard, the CLI or a served session to decide.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::oneshot;

use crate::node::{NodeId, text::SafeText};

/// Names one question of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PromptId(pub u64);

impl PromptId {
    /// The next one of this process.
    pub(crate) fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// A question on its way to whoever can answer it.
#[derive(Debug)]
pub struct Asked {
    /// What is asked.
    pub prompt: Prompt,
    /// Takes the answer. Dropped unanswered, it means no; closed on this side, the question no longer stands.
    pub reply: oneshot::Sender<bool>,
}

/// A question about one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// To answer or withdraw it.
    pub id: PromptId,
    /// The node it is about.
    pub node: NodeId,
    /// What is asked.
    pub question: Question,
}

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// An unknown host key: accept and remember it?
    HostKey {
        /// `host` or `[host]:port`, as `known_hosts` would hold it.
        host: SafeText,
        /// `ssh-ed25519`, ...
        algorithm: SafeText,
        /// `SHA256:...`
        fingerprint: SafeText,
    },
}
