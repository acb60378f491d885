//! The only client-side SSH: a `Connector` opens a `Session` to a node, a session opens `Channel`s. No type of the SSH crate leaves this folder.

mod algorithms;
mod auth;
mod breaker;
mod channel;
mod client;
mod config;
mod connection;
mod connector;
mod dial;
mod events;
mod evidence;
mod host_key;
mod keyring;
mod known_hosts;
mod link;
mod methods;
mod pool;
mod prompt;
mod pump;
mod secret;
mod session;
mod target;
mod trail;
mod transport;
mod trust;
mod ways;

use std::{fmt, path::PathBuf, time::Duration};

pub use breaker::Breaker;
pub(crate) use breaker::hash;
pub use channel::{Channel, Stdin};
pub use config::{Listing, Source, SshConfig, list};
pub use connector::{Attempt, Connector};
pub use evidence::{Evidence, Watch};
pub use known_hosts::Place;
pub use pool::{Limits, Row};
pub use prompt::{Answer, Asked, Field, Login, Prompt, PromptId, Question};
pub use secret::Secret;
pub use session::Session;
pub use target::Keepalive;
pub use trail::Passed;
pub use trust::{KnownKey, Shown, Standing, Worth};
pub use ways::{Tried, Way, Ways};

use tokio::sync::mpsc;

use crate::node::{NodeId, Transport, text::SafeText};

/// What the connector needs to know beyond the node.
#[derive(Clone, Debug)]
pub struct Config {
    /// Files read for host keys; the first is written to. `~/.ssh/known_hosts`, `known_hosts2`, `/etc/ssh/ssh_known_hosts`, `ssh_known_hosts2`.
    pub known_hosts: Vec<PathBuf>,
    /// Somebody chose these files for this run: they count before those that ssh_config names.
    pub known_hosts_chosen: bool,
    /// The agent's socket; `None` when there is none.
    pub agent: Option<PathBuf>,
    /// Key files tried where a node names none, those of them that exist: `~/.ssh/id_ed25519`, `id_ecdsa`, `id_rsa`.
    pub identities: Vec<PathBuf>,
    /// Login of nodes that name none.
    pub user: String,
    /// Accept unknown host keys without asking (`--accept-new`).
    pub accept_new: bool,
    /// Deadline of the server's greeting and the key exchange, where nobody chose a time to connect.
    pub kex_timeout: Duration,
    /// Deadline of authentication.
    pub auth_timeout: Duration,
    /// For one signature of an agent, which may wait for a touch or a confirmation.
    pub agent_timeout: Duration,
    /// How a silent peer is found.
    pub keepalive: Keepalive,
    /// Of the pool.
    pub limits: Limits,
    /// Which ssh_config counts.
    pub ssh_config: SshConfig,
    /// What the commands of advice need to mean the same nodes and host keys, each flag after a blank.
    pub flags: SafeText,
    /// Told when a node's login begins; what finds no room is left out.
    pub progress: Option<mpsc::Sender<NodeId>>,
}

impl Config {
    /// Settings that keep to `known_hosts`: no agent, no key files, nothing of the user's own.
    pub fn apart(known_hosts: Vec<PathBuf>, user: &str) -> Self {
        Self {
            known_hosts,
            known_hosts_chosen: true,
            agent: None,
            identities: Vec::new(),
            user: user.to_owned(),
            accept_new: false,
            kex_timeout: Duration::from_secs(10),
            auth_timeout: Duration::from_secs(10),
            agent_timeout: Duration::from_secs(30),
            keepalive: Keepalive::default(),
            limits: Limits::default(),
            ssh_config: SshConfig::Off,
            flags: SafeText::default(),
            progress: None,
        }
    }
}

/// Where a connection attempt or a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Settings that can't work.
    Config,
    /// Name resolution.
    Resolve,
    /// TCP connect, or the start of a local shell.
    Connect,
    /// The server's identification line.
    Banner,
    /// Key exchange.
    Kex,
    /// Host key check.
    HostKey,
    /// Authentication.
    Auth,
    /// Opening a channel.
    Channel,
    /// Starting a command.
    Exec,
    /// An established session that ended.
    Session,
}

impl Step {
    /// The word for it on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Banner => "banner",
            Self::Kex => "key exchange",
            Self::HostKey => "host key",
            Self::Auth => "auth",
            Self::Channel => "channel",
            Self::Exec => "exec",
            Self::Session => "session",
        }
    }
}

/// Why something failed on a node: where, what, and what to try.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// Where it ended.
    pub step: Step,
    /// By which way.
    pub transport: Transport,
    /// What happened, one line, sanitised.
    pub reason: SafeText,
    /// What to try, one line; empty when there is nothing to say.
    pub advice: SafeText,
    /// Trying again changes nothing until somebody acts: auth refused, changed host key, bad settings.
    pub permanent: bool,
    /// The server hung up on a newcomer before saying anything of itself, as a busy one does: the next attempt may be let in.
    pub busy: bool,
    /// What a refusal was judged by.
    pub evidence: Evidence,
}

/// In advice, until it is known which node it is for: several may wait for one connection, or for one bastion.
const TRUST: &str = "sshoal trust %n";

impl Error {
    /// The same as told of this node.
    #[must_use]
    fn about(mut self, node: &NodeId) -> Self {
        if self.advice.as_str().contains(TRUST) {
            let named = format!("sshoal trust {node}");
            self.advice = self.advice.as_str().replace(TRUST, &named).as_str().into();
        }
        self
    }

    /// A failure that another attempt may not meet.
    pub(crate) fn new(step: Step, transport: Transport, reason: &str) -> Self {
        Self {
            step,
            transport,
            reason: reason.into(),
            advice: SafeText::default(),
            permanent: false,
            busy: false,
            evidence: Evidence::default(),
        }
    }

    /// Says what to try.
    #[must_use]
    pub(crate) fn advise(mut self, advice: &str) -> Self {
        self.advice = advice.into();
        self
    }

    /// Marks it as one of a server that has no room for newcomers now.
    #[must_use]
    pub(crate) fn of_busy(mut self, busy: bool) -> Self {
        self.busy = busy;
        self
    }

    /// Says what it was judged by.
    #[must_use]
    fn judged_by(mut self, evidence: Evidence) -> Self {
        self.evidence = evidence;
        self
    }

    /// Marks it as one that another attempt meets again.
    #[must_use]
    pub(crate) fn for_good(mut self) -> Self {
        self.permanent = true;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}): {}",
            self.step.as_str(),
            self.transport.as_str(),
            self.reason
        )
    }
}

/// What is known of an open session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// The way in use.
    pub transport: Transport,
    /// The peer, as `203.0.113.9:22`; empty for `local`.
    pub peer: String,
    /// The server's identification, `SSH-2.0-OpenSSH_9.2p1`.
    pub ident: SafeText,
    /// Login in use.
    pub user: String,
    /// What authenticated: `agent ed25519 comment (SHA256:mVPwvezn)`, `file ~/.ssh/id_ed25519`.
    pub auth: SafeText,
    /// What a person should know of how it came about, such as a host key that could not be written down; mostly empty.
    pub remark: SafeText,
    /// From dialling to authenticated, without the time that a person took.
    pub setup: Duration,
}

/// What a channel yields, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Bytes of standard output.
    Stdout(bytes::Bytes),
    /// Bytes of standard error.
    Stderr(bytes::Bytes),
    /// The command ended; the last item.
    End(End),
}

/// How a remote command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Exit code.
    Exit(u32),
    /// Killed by this signal.
    Signal(String),
    /// The connection went away first; nothing is known of the command.
    Lost,
}
