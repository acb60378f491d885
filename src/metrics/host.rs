//! Identity, uptime, clock skew and kernel-wide counters of a node.

use super::{Field, Unit};
use crate::node::text::SafeText;

/// What is known of the machine as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Kernel and architecture, from `uname -srm`.
    pub kernel: Option<SafeText>,
    /// Changes at each boot.
    pub boot_id: Option<SafeText>,
    /// `docker`, `lxc`, ... when the node is a container.
    pub container: Option<SafeText>,
    /// Number of online CPUs.
    pub cores: Option<u32>,
    /// Seconds since boot.
    pub uptime: Option<f64>,
    /// Wall clock of the node minus ours, in seconds; known to the width of an interval that shrinks with each tick.
    pub skew: Option<f64>,
    /// OOM kills since boot.
    pub oom_kills: Option<u64>,
    /// OOM kills seen since the sampler started.
    pub oom_new: u64,
    /// Major page faults a second.
    pub major_faults: Option<f64>,
    /// Open file handles.
    pub files_open: Option<u64>,
    /// Limit of open file handles; `None` when it is in effect unlimited.
    pub files_max: Option<u64>,
    /// Processes blocked on I/O.
    pub blocked: Option<u64>,
    /// Forks a second.
    pub forks: Option<f64>,
}

/// Its fields.
pub const FIELDS: &[Field] = &[
    Field {
        id: "host.uptime",
        short: "UPTIME",
        title: "time since boot",
        unit: Unit::Seconds,
        history: false,
        read: |s| s.host.uptime,
    },
    Field {
        id: "host.cores",
        short: "CORES",
        title: "online CPUs",
        unit: Unit::Count,
        history: false,
        read: |s| s.host.cores.map(f64::from),
    },
    Field {
        id: "host.skew",
        short: "SKEW",
        title: "node clock minus ours",
        unit: Unit::Seconds,
        history: false,
        read: |s| s.host.skew,
    },
    Field {
        id: "host.oom_kills",
        short: "OOM",
        title: "OOM kills since boot",
        unit: Unit::Count,
        history: false,
        read: |s| s.host.oom_kills.map(|n| n as f64),
    },
    Field {
        id: "host.major_faults",
        short: "MAJFLT",
        title: "major page faults",
        unit: Unit::PerSecond,
        history: false,
        read: |s| s.host.major_faults,
    },
    Field {
        id: "host.files",
        short: "FILES",
        title: "open file handles",
        unit: Unit::Count,
        history: false,
        read: |s| s.host.files_open.map(|n| n as f64),
    },
    Field {
        id: "host.blocked",
        short: "BLOCKED",
        title: "processes blocked on I/O",
        unit: Unit::Count,
        history: false,
        read: |s| s.host.blocked.map(|n| n as f64),
    },
    Field {
        id: "host.forks",
        short: "FORKS",
        title: "processes created",
        unit: Unit::PerSecond,
        history: false,
        read: |s| s.host.forks,
    },
];
