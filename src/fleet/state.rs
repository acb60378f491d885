//! What is known of each node now. Plain and pure: `Snapshot` is cloned per change, nodes are shared.

use std::{borrow::Cow, sync::Arc};

use super::{Answered, Followed, Inquiry, Rolled};
use crate::{
    exec::RunState,
    inventory::Inventory,
    metrics::{
        Field, Valued, daemon,
        health::{Health, Severity},
        history::History,
    },
    node::{Daemon, Node, Transport, text::SafeText},
    ssh::{Error, Row, SessionInfo, Ways},
};

/// Failures in a row up to which a node that was up counts as reconnecting.
const PATIENCE: u32 = 3;

/// Milliseconds since this process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u64);

impl Millis {
    /// Time from `earlier` to `self`; zero when it is the other way round.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Everything the screens need, at one instant. Newest wins.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Grows with each snapshot.
    pub seq: u64,
    /// When it was made.
    pub at: Millis,
    /// In inventory order.
    pub nodes: Vec<Arc<NodeState>>,
    /// The inventory it is about: groups for filters.
    pub inventory: Arc<Inventory>,
    /// A trouble of our own, e.g. a hosts.yaml that became unreadable; one line.
    pub notice: Option<String>,
    /// The connections that are kept; `None` while nobody looks at them.
    pub connections: Option<Arc<Vec<Row>>>,
    /// Runs that go on, and the last ones that are over; oldest first.
    pub runs: Arc<Vec<Arc<RunState>>>,
    /// Rolls that go on, and the last ones that are over; oldest first.
    pub rolls: Arc<Vec<Arc<Rolled>>>,
    /// Logs that are followed, oldest first.
    pub logs: Arc<Vec<Arc<Followed>>>,
    /// The last inquiries that are answered, oldest first.
    pub answers: Arc<Vec<(Arc<Inquiry>, Arc<Answered>)>>,
}

/// What is known of one node.
#[derive(Clone, Debug)]
pub struct NodeState {
    /// Its inventory entry.
    pub node: Arc<Node>,
    /// The connection.
    pub link: Link,
    /// Since when `link` is what it is.
    pub link_since: Millis,
    /// How its transports have done.
    pub ways: Arc<Ways>,
    /// The sampler on it.
    pub sampler: Sampler,
    /// The newest sample; stays when the node is lost, with its age.
    pub sample: Option<Arc<Valued>>,
    /// When that sample arrived.
    pub sample_at: Millis,
    /// Its cadence in milliseconds: older than 3 of these is stale.
    pub interval_ms: u64,
    /// Round trip of the last tick, in milliseconds.
    pub round_trip_ms: Option<f64>,
    /// Everything that the node can tell is in: rates, disks, daemons, GPUs.
    pub complete: bool,
    /// Rules that fire.
    pub health: Health,
    /// The last ten minutes.
    pub history: History,
}

/// The connection to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Not tried yet.
    Idle,
    /// Dialling, exchanging keys.
    Connecting,
    /// Logging in.
    Authenticating,
    /// Waiting for a person's answer.
    Asking,
    /// Open.
    Up(Arc<SessionInfo>),
    /// Gone or never there; tried again at `retry_at`.
    Down {
        /// Why.
        error: Arc<Error>,
        /// Failures in a row.
        failures: u32,
        /// When the next attempt starts.
        retry_at: Millis,
    },
    /// Not tried again until somebody acts.
    Refused(Arc<Error>),
}

/// The sampler on a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sampler {
    /// None: not connected, or `sampler: false`.
    #[default]
    Off,
    /// Started, no hello yet.
    Starting,
    /// Answers ticks; `mawk`, `gawk`, `sh`, ...
    Running(SafeText),
    /// Can't run there: why, and the first line that came instead.
    Failed(SafeText),
}

/// A node in one word, for glyph and colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Up, nothing fires. ●
    Ok,
    /// Up with a remark, or connected without a sampler, or a question waits. ◆
    Info,
    /// Not known (yet): connecting, or its values are stale. ◌
    Unknown,
    /// A warning fires. ▲
    Warn,
    /// A critical rule fires, or the node is down or refused. ✖
    Critical,
}

impl NodeState {
    /// A node that nothing is known of.
    pub fn new(node: Arc<Node>) -> Self {
        Self {
            node,
            link: Link::Idle,
            link_since: Millis(0),
            ways: Arc::default(),
            sampler: Sampler::Off,
            sample: None,
            sample_at: Millis(0),
            interval_ms: 1000,
            round_trip_ms: None,
            complete: false,
            health: Health::default(),
            history: History::default(),
        }
    }

    /// True when its values are older than three intervals, or the link is not up.
    pub fn is_stale(&self, now: Millis) -> bool {
        self.sample.is_some()
            && (!matches!(self.link, Link::Up(_))
                || now.since(self.sample_at) > 3 * self.interval_ms)
    }

    /// True when what is known of it is of now: connected, and not stale.
    pub fn is_live(&self, now: Millis) -> bool {
        matches!(self.link, Link::Up(_)) && !self.is_stale(now)
    }

    /// Its daemons as they were heard last; those that it should have, as unknown, where nothing was heard.
    pub fn daemons(&self) -> Cow<'_, [daemon::Status]> {
        match &self.sample {
            Some(sample) => Cow::Borrowed(&sample.daemon.daemons),
            None => Cow::Owned(self.declared()),
        }
    }

    /// Its daemons as they are now: of a node that is lost or stale nobody knows.
    pub fn daemons_now(&self, now: Millis) -> Cow<'_, [daemon::Status]> {
        if self.is_live(now) {
            self.daemons()
        } else {
            Cow::Owned(self.declared())
        }
    }

    fn declared(&self) -> Vec<daemon::Status> {
        let unknown = |declared: &Daemon| daemon::Status {
            name: SafeText::from(declared.name.as_str()),
            ..daemon::Status::default()
        };
        self.node.daemons.iter().map(unknown).collect()
    }

    /// The one word.
    pub fn status(&self, now: Millis) -> Status {
        match &self.link {
            Link::Idle | Link::Connecting | Link::Authenticating => Status::Unknown,
            Link::Asking => Status::Info,
            Link::Down { .. } if self.is_reconnecting() => Status::Warn,
            Link::Down { .. } | Link::Refused(_) => Status::Critical,
            Link::Up(_) => self.status_when_up(now),
        }
    }

    fn status_when_up(&self, now: Millis) -> Status {
        if matches!(self.sampler, Sampler::Failed(_)) || !self.node.sampler {
            return Status::Info;
        }
        if self.sample.is_none() || self.is_stale(now) {
            return Status::Unknown;
        }
        match self.health.severity() {
            Severity::Ok if self.fallback().is_some() => Status::Info,
            Severity::Ok => Status::Ok,
            Severity::Info => Status::Info,
            Severity::Warn => Status::Warn,
            Severity::Critical => Status::Critical,
        }
    }

    /// True for a node that was up and is being tried again for the first few times: it may be back at once.
    pub fn is_reconnecting(&self) -> bool {
        let young = |failures| failures < PATIENCE;
        matches!(self.link, Link::Down { failures, .. } if young(failures)) && self.sample.is_some()
    }

    /// The way in use, where a better one fails.
    pub fn fallback(&self) -> Option<&SessionInfo> {
        let Link::Up(info) = &self.link else {
            return None;
        };
        let used = info.transport;
        let better = self.node.transports.iter().take_while(|t| **t != used);
        let fails = |t: &Transport| self.ways.way(*t).is_some_and(|w| w.breaker.failures() > 0);
        better.into_iter().any(fails).then_some(&**info)
    }

    /// The state in one word for tables and JSON: `idle`, `connecting`, `authenticating`, `asking`, `up`, `degraded`, `stale`,
    /// `reconnecting`, `down`, `refused`.
    pub fn state_word(&self, now: Millis) -> &'static str {
        match &self.link {
            Link::Idle => "idle",
            Link::Connecting => "connecting",
            Link::Authenticating => "authenticating",
            Link::Asking => "asking",
            Link::Up(_) if self.is_stale(now) => "stale",
            Link::Up(_) if self.fallback().is_some() => "degraded",
            Link::Up(_) => "up",
            Link::Down { .. } if self.is_reconnecting() => "reconnecting",
            Link::Down { .. } => "down",
            Link::Refused(_) => "refused",
        }
    }

    /// The state as a person reads it: that word, but of a node that is connected and has told nothing yet, this.
    pub fn state_text(&self, now: Millis) -> &'static str {
        let waits = self.node.sampler && !matches!(self.sampler, Sampler::Failed(_));
        match &self.link {
            Link::Up(_) if waits && self.sample.is_none() => "no data yet",
            _ => self.state_word(now),
        }
    }

    /// Why it is not well, one line; empty when it is.
    pub fn reason(&self) -> String {
        match (&self.link, &self.sampler) {
            (Link::Down { error, .. } | Link::Refused(error), _) => error.to_string(),
            (Link::Asking, _) => "a question waits for its answer".to_owned(),
            (_, Sampler::Failed(why)) => format!("no sampler: {why}"),
            _ => match self.health.findings.first() {
                Some(finding) => finding.reason.clone(),
                None => self.remark(),
            },
        }
    }

    /// What a person should know of the open connection; mostly empty.
    fn remark(&self) -> String {
        match &self.link {
            Link::Up(info) if !info.remark.as_str().is_empty() => info.remark.to_string(),
            _ => self.detour().unwrap_or_default(),
        }
    }

    /// Why a better way is not in use.
    fn detour(&self) -> Option<String> {
        let used = self.fallback()?.transport.as_str();
        let failing = self.ways.iter().find(|way| way.breaker.failures() > 0)?;
        let why = failing.error.as_ref()?;
        Some(format!("by {used}, as it failed at {why}"))
    }

    /// A field of the newest sample.
    pub fn value(&self, field: &Field) -> Option<f64> {
        self.sample.as_deref()?.value(field)
    }
}

/// How many nodes are in which state, for the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Nodes in all.
    pub total: usize,
    /// [`Status::Ok`].
    pub ok: usize,
    /// [`Status::Info`].
    pub info: usize,
    /// [`Status::Unknown`].
    pub unknown: usize,
    /// [`Status::Warn`].
    pub warn: usize,
    /// [`Status::Critical`].
    pub critical: usize,
}

impl Counts {
    /// Counts one more node.
    pub fn add(&mut self, status: Status) {
        let count = match status {
            Status::Ok => &mut self.ok,
            Status::Info => &mut self.info,
            Status::Unknown => &mut self.unknown,
            Status::Warn => &mut self.warn,
            Status::Critical => &mut self.critical,
        };
        *count += 1;
        self.total += 1;
    }
}
