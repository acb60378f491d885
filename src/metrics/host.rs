//! Identity, uptime, clock skew and kernel-wide counters of a node.

use super::{Field, Unit, rate::Counters, words::Words};
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
    /// 0 where the clocks may agree.
    pub skew: Option<f64>,
    /// Half the width of that interval, in seconds.
    pub skew_error: Option<f64>,
    /// OOM kills since boot.
    pub oom_kills: Option<u64>,
    /// OOM kills seen since the sampler started; `None` where the kernel does not count them (before 4.13).
    pub oom_new: Option<u64>,
    /// Major page faults a second.
    pub major_faults: Option<f64>,
    /// Pages swapped out a second.
    pub swap_outs: Option<f64>,
    /// Open file handles.
    pub files_open: Option<u64>,
    /// Limit of open file handles; `None` when it is in effect unlimited.
    pub files_max: Option<u64>,
    /// Processes blocked on I/O.
    pub blocked: Option<u64>,
    /// Forks a second.
    pub forks: Option<f64>,
}

/// The lines `u`, `C`, `pf`, `pb`, `vs`, `vf`, `vo` and `f`.
#[derive(Debug, Default)]
pub(super) struct Raw {
    uptime: Option<f64>,
    cores: Option<u32>,
    forks: Counters<1>,
    faults: Counters<1>,
    swapped: Counters<1>,
    blocked: Option<u64>,
    oom_kills: Option<u64>,
    oom_before: Option<u64>,
    files: Option<(u64, Option<u64>)>,
}

impl Raw {
    /// Seconds since boot.
    pub(super) fn take_uptime(&mut self, mut value: Words) {
        self.uptime = value.f64().filter(|seconds| *seconds < 1e11);
    }

    /// Seconds since boot.
    pub(super) fn uptime(&self) -> Option<f64> {
        self.uptime
    }

    /// CPUs online: they come and go.
    pub(super) fn take_cores(&mut self, mut value: Words) {
        let cores = value.u64().and_then(|n| u32::try_from(n).ok());
        self.cores = cores.filter(|n| *n > 0);
    }

    /// The other lines: the first letter of the key, and the rest of it.
    pub(super) fn take(&mut self, first: u8, name: &[u8], mut value: Words) {
        let Some(n) = value.u64() else { return };
        match (first, name) {
            (b'p', b"f") => self.forks.set([n]),
            (b'p', b"b") => self.blocked = Some(n),
            (b'v', b"f") => self.faults.set([n]),
            (b'v', b"s") => self.swapped.set([n]),
            (b'v', b"o") => {
                self.oom_kills = Some(n);
                // A kernel that counts from anew has been booted.
                self.oom_before = Some(self.oom_before.map_or(n, |before| before.min(n)));
            }
            (b'f', b"") => {
                let limit = value.nth(1).and_then(|max| Words(max).u64());
                self.files = Some((n, limit.filter(|max| *max < UNLIMITED)));
            }
            _ => {}
        }
    }

    /// A full frame follows.
    pub(super) fn expect(&mut self) {
        (self.uptime, self.blocked, self.oom_kills, self.files) = (None, None, None, None);
        self.forks.expect();
        self.faults.expect();
        self.swapped.expect();
    }

    /// Ends the interval of the medium sources.
    pub(super) fn close(&mut self, uptime: Option<f64>) {
        self.forks.close(uptime);
        self.faults.close(uptime);
        self.swapped.close(uptime);
    }

    /// Starts anew, but remembers how many OOM kills there were.
    pub(super) fn restart(&mut self) {
        *self = Self {
            oom_before: self.oom_before,
            ..Self::default()
        };
    }

    /// The newest.
    pub(super) fn fill(&self, reading: &mut Reading) {
        let rate = |counters: &Counters<1>| counters.rates().map(|[rate]| rate);
        reading.uptime = self.uptime;
        reading.cores = self.cores;
        reading.forks = rate(&self.forks);
        reading.major_faults = rate(&self.faults);
        reading.swap_outs = rate(&self.swapped);
        reading.blocked = self.blocked;
        reading.oom_kills = self.oom_kills;
        let kills = self.oom_kills.zip(self.oom_before);
        reading.oom_new = kills.map(|(now, before)| now.saturating_sub(before));
        reading.files_open = self.files.map(|(open, _)| open);
        reading.files_max = self.files.and_then(|(_, max)| max);
    }
}

/// Limits beyond this are none: 2^63 - 1 is the default of large machines.
const UNLIMITED: u64 = 1 << 48;

/// The node's wall clock against ours: the range in which every tick so far leaves the difference.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Skew {
    range: Option<(f64, f64)>,
    at: f64,
}

impl Skew {
    /// Clocks drift apart by less than this part of the time that passes.
    const DRIFT: f64 = 1e-4;

    /// `epoch` whole seconds were read on the node between our `sent` and `received`.
    pub(super) fn take(&mut self, epoch: f64, sent: f64, received: f64) {
        let new = (epoch - received, epoch + 1.0 - sent);
        let drift = (received - self.at).max(0.0) * Self::DRIFT;
        let kept = self.range.map(|(low, high)| (low - drift, high + drift));
        let both = kept.map(|(low, high)| (low.max(new.0), high.min(new.1)));
        self.range = both.filter(|(low, high)| low <= high).or(Some(new));
        self.at = received;
    }

    /// The middle of the range, 0 where the clocks may agree, and half its width.
    pub(super) fn estimate(&self) -> Option<(f64, f64)> {
        let (low, high) = self.range?;
        let middle = f64::midpoint(low, high);
        let may_agree = low <= 0.0 && high >= 0.0;
        Some((if may_agree { 0.0 } else { middle }, (high - low) / 2.0))
    }
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
