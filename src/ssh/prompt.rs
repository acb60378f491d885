//! Questions to the person, as plain data: who answers and how is for the dashboard, the CLI or a served session to decide.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};

use super::{secret::Secret, trail::Trail};
use crate::node::{NodeId, text::SafeText};

/// For a person to answer: sshd waits 120 s for a login by default, and the connection is held meanwhile.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(100);

/// Names one question of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PromptId(pub u64);

impl PromptId {
    /// The next one of this process.
    fn next() -> Self {
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
    pub reply: oneshot::Sender<Answer>,
    /// The login that asks: what was answered may be wrong, and is then asked again.
    pub login: Login,
}

impl Asked {
    /// A question that no login waits for, and its answer to come.
    pub fn of(node: NodeId, question: Question) -> (Self, oneshot::Receiver<Answer>) {
        let (reply, answer) = oneshot::channel();
        let prompt = Prompt {
            id: PromptId::next(),
            node,
            question,
        };
        let login = Login(watch::channel(0).1);
        let asked = Self {
            prompt,
            reply,
            login,
        };
        (asked, answer)
    }
}

/// A login under way.
#[derive(Debug)]
pub struct Login(watch::Receiver<usize>);

impl Login {
    /// Resolves once it has ended, well or not. May be dropped before.
    pub async fn ended(&mut self) {
        while self.0.changed().await.is_ok() {}
    }
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
    /// The passphrase of an encrypted key file. One question serves all nodes that wait for this file.
    Passphrase {
        /// Login.
        user: SafeText,
        /// `~/.ssh/id_ed25519`
        file: SafeText,
        /// From 1; the ones before were wrong.
        attempt: u8,
    },
    /// A login's password.
    Password {
        /// Login.
        user: SafeText,
        /// `host` or `[host]:port`.
        host: SafeText,
        /// From 1; the ones before were wrong.
        attempt: u8,
    },
    /// The password that sudo wants for a run; one for all its nodes. Never kept.
    Sudo {
        /// `[sudo] password for ops: `
        prompt: SafeText,
        /// How many nodes it is for.
        nodes: usize,
    },
    /// What the server itself asks (keyboard-interactive), such as one-time codes. Never kept.
    Codes {
        /// Login.
        user: SafeText,
        /// `host` or `[host]:port`.
        host: SafeText,
        /// The server's title; often empty.
        name: SafeText,
        /// The server's explanation; often empty.
        instruction: SafeText,
        /// One answer each, in this order; at least one.
        fields: Vec<Field>,
    },
}

/// One line that a server asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// `Verification code:`
    pub label: SafeText,
    /// What is typed may be seen.
    pub echo: bool,
}

/// An answer. Recorded like every order, it shows nothing of its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Declined.
    No,
    /// The host key is right.
    Yes,
    /// What was asked for, one for each field.
    Secrets(Vec<Secret>),
    /// The same, for every node that asks now for a password of this login. Only a person's explicit wish.
    ForAll(Vec<Secret>),
}

impl Answer {
    /// True when the answer to one question is meant for another too: one host key under several names is looked at once,
    /// and a person may give one password for all. A one-time code is good for one login only.
    pub fn covers(&self, asked: &Question, other: &Question) -> bool {
        match (asked, other) {
            (Question::HostKey { .. }, Question::HostKey { .. }) => asked == other,
            (Question::Password { user, .. }, Question::Password { user: login, .. }) => {
                matches!(self, Self::ForAll(_)) && user == login
            }
            _ => false,
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// Nobody is there to be asked.
    Nobody,
    /// Nobody answered in time.
    Late,
}

/// Puts questions about one node to whoever answers. Clones share one rest.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    to: Option<mpsc::Sender<Asked>>,
    node: NodeId,
    /// How many wait for a person; other deadlines rest while any does.
    asking: watch::Sender<usize>,
    /// Told how long a person takes.
    trail: Trail,
}

impl Asker {
    /// Asks `to`; without one, every question goes unanswered.
    pub(super) fn new(to: Option<mpsc::Sender<Asked>>, node: NodeId, trail: Trail) -> Self {
        let asking = watch::channel(0).0;
        Self {
            to,
            node,
            asking,
            trail,
        }
    }

    /// True where somebody can be asked.
    pub(super) fn is_there(&self) -> bool {
        self.to.is_some()
    }

    /// How many wait for a person: while any does, other deadlines rest.
    pub(super) fn asking(&self) -> watch::Receiver<usize> {
        self.asking.subscribe()
    }

    /// Waits for the answer. Whoever drops the question declines it.
    pub(super) async fn ask(&self, question: Question) -> Result<Answer, Unanswered> {
        let to = self.to.as_ref().ok_or(Unanswered::Nobody)?;
        let (reply, answer) = oneshot::channel();
        let prompt = Prompt {
            id: PromptId::next(),
            node: self.node.clone(),
            question,
        };
        let answered = timeout(ANSWER_TIMEOUT, async {
            let login = Login(self.asking.subscribe());
            let asked = Asked {
                prompt,
                reply,
                login,
            };
            let sent = to.send(asked).await;
            sent.map_err(|_| Unanswered::Nobody)?;
            Ok(answer.await.unwrap_or(Answer::No))
        });
        let _rest = self.rest();
        self.person(answered).await.unwrap_or(Err(Unanswered::Late))
    }

    /// Waits for what depends on a person: that is no time of the connection's own.
    pub(super) async fn person<T>(&self, waiting: impl Future<Output = T>) -> T {
        let before = Instant::now();
        let done = waiting.await;
        self.trail.wait(before.elapsed());
        done
    }

    /// Until it is dropped, a person is waited for.
    pub(super) fn rest(&self) -> Rest<'_> {
        self.asking.send_modify(|waiting| *waiting += 1);
        Rest(&self.asking)
    }
}

/// A person is being waited for.
pub(super) struct Rest<'a>(&'a watch::Sender<usize>);

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}
