//! What a scenario file can say.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use sshoal::sim;

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// What it shows.
    pub(crate) about: String,
    /// Somebody answers questions; else what would be asked is refused.
    #[serde(default)]
    pub(crate) asked: bool,
    /// The host keys are in known_hosts from the start.
    #[serde(default = "yes")]
    pub(crate) known: bool,
    /// Deadline of key exchange and of authentication.
    #[serde(default = "two")]
    pub(crate) patience: f64,
    /// Nodes by node set.
    pub(crate) nodes: BTreeMap<String, Nodes>,
    /// What happens, one after the other.
    #[serde(rename = "step")]
    pub(crate) steps: Vec<Step>,
}

/// Nodes that are alike.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Nodes {
    /// What is wrong from the start.
    pub(crate) fault: Fault,
    /// Listens on a port of its own.
    pub(crate) own_port: bool,
    /// In the inventory only from a later step on.
    pub(crate) later: bool,
    /// More of its entry in hosts.yaml, as flow YAML without braces.
    pub(crate) entry: String,
}

/// One thing that happens.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// Something goes wrong, or is mended.
    Fault { nodes: String, is: Fault },
    /// This comes true in time.
    Expect(Expect),
    /// This is true all the time.
    Holds(Expect),
    /// A question about this node comes, and is answered.
    Answer { node: String, yes: bool },
    /// hosts.yaml changes.
    Inventory(Change),
    /// Somebody wants another attempt.
    Retry { nodes: String },
    /// The sessions and samples of these nodes are what later steps compare with.
    Remember { nodes: String },
    /// Samples keep coming: no two are further apart.
    Cadence { nodes: String, lasts: f64, gap: f64 },
    /// This is in known_hosts or isn't.
    Remembered { is: bool },
}

/// What is expected of nodes; everything that is said has to be so.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Expect {
    pub(crate) nodes: String,
    /// Seconds: the deadline, or how long it lasts.
    pub(crate) within: f64,
    /// `up`, `down`, `refused`, ...
    pub(crate) state: Option<String>,
    /// `Ok`, `Info`, `Critical`, ...
    pub(crate) status: Option<String>,
    /// All of these are in the reason.
    pub(crate) reason: Vec<String>,
    /// `Off`, `Starting`, `Running`, `Failed`.
    pub(crate) sampler: Option<String>,
    /// Fields with a number.
    pub(crate) has: Vec<String>,
    /// Fields without one.
    pub(crate) lacks: Vec<String>,
    /// Failures in a row, at least.
    pub(crate) failures: Option<u32>,
    /// The session is the remembered one, or another.
    pub(crate) same_session: Option<bool>,
    /// There is a sample, newer than the remembered one.
    pub(crate) fresh: bool,
    /// The link has been as it is since it was remembered, or has changed since.
    pub(crate) same_link: Option<bool>,
    /// The round trip is at least so long, in milliseconds.
    pub(crate) round_trip: Option<f64>,
    /// There is no such node.
    pub(crate) gone: bool,
    /// Rates, disks, daemons and GPUs are in.
    pub(crate) complete: Option<bool>,
}

/// A change of hosts.yaml.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Change {
    /// No longer in it.
    pub(crate) remove: Option<String>,
    /// In it from now on.
    pub(crate) add: Option<String>,
    /// New entries by name.
    pub(crate) entries: BTreeMap<String, String>,
    /// Comment lines above all entries, which move them.
    pub(crate) moved_by: usize,
}

/// A fault by its name.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    #[default]
    None,
    Refuse,
    HangAfterAccept,
    GarbageBanner,
    ChangedHostKey,
    AuthStall,
    AuthRefuse,
    NoHello,
    GarbageFrames,
    Silent,
    CloseChannel,
    /// After so many bytes.
    DropMidFrame(usize),
    /// By so many milliseconds.
    SlowReply(u64),
    /// From and until, in seconds since the start.
    Away(f64, f64),
}

impl From<Fault> for Option<sim::Fault> {
    fn from(fault: Fault) -> Self {
        Some(match fault {
            Fault::None => return None,
            Fault::Refuse => sim::Fault::Refuse,
            Fault::HangAfterAccept => sim::Fault::HangAfterAccept,
            Fault::GarbageBanner => sim::Fault::GarbageBanner,
            Fault::ChangedHostKey => sim::Fault::ChangedHostKey,
            Fault::AuthStall => sim::Fault::AuthStall,
            Fault::AuthRefuse => sim::Fault::AuthRefuse,
            Fault::NoHello => sim::Fault::NoHello,
            Fault::GarbageFrames => sim::Fault::GarbageFrames,
            Fault::Silent => sim::Fault::Silent,
            Fault::CloseChannel => sim::Fault::CloseChannel,
            Fault::DropMidFrame(after) => sim::Fault::DropMidFrame { after },
            Fault::SlowReply(ms) => sim::Fault::SlowReply(Duration::from_millis(ms)),
            Fault::Away(from, until) => sim::Fault::Away { from, until },
        })
    }
}

fn yes() -> bool {
    true
}

fn two() -> f64 {
    2.0
}
