//! CPU use over the last interval, from two readings of `/proc/stat`.

use super::{Field, Unit, rate::Counters, raw::Asked, words::Words};

/// Shares of the interval, in percent of all cores.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Neither idle nor waiting for I/O.
    pub busy: Option<f64>,
    /// In user mode, nice included.
    pub user: Option<f64>,
    /// In the kernel, interrupts included.
    pub system: Option<f64>,
    /// Idle with I/O outstanding.
    pub iowait: Option<f64>,
    /// Taken by the hypervisor.
    pub steal: Option<f64>,
    /// Busy percent per core, only while it is asked for; `None` for an offline core.
    pub cores: Vec<Option<f32>>,
}

/// The lines `c` and `c0`, `c1`, …: jiffies since boot.
#[derive(Debug, Default)]
pub(super) struct Raw {
    all: Counters<8>,
    cores: Vec<Counters<8>>,
}

/// Most cores that are believed.
const MAX_CORES: usize = 8192;

/// Jiffies by which a counter may step back: iowait is an estimate (proc(5)).
const SLACK: u64 = 1000;

impl Raw {
    /// user nice system idle iowait irq softirq steal; guest times are inside user and nice.
    pub(super) fn take(&mut self, mut value: Words) {
        if let Some(jiffies) = value.counters(4) {
            self.all.set_lenient(jiffies, SLACK);
        }
    }

    /// The same of one core.
    pub(super) fn take_core(&mut self, core: Option<u64>, mut value: Words) {
        let Some(core) = core.map(|n| n as usize).filter(|n| *n < MAX_CORES) else {
            return;
        };
        if self.cores.len() <= core {
            self.cores.resize_with(core + 1, Counters::default);
        }
        if let (Some(counters), Some(jiffies)) = (self.cores.get_mut(core), value.counters(4)) {
            counters.set_lenient(jiffies, SLACK);
        }
    }

    /// An online core moves with every tick of its clock, so one without a line is offline.
    pub(super) fn expect(&mut self, asked: Asked) {
        if asked.full {
            self.all.expect();
        }
        self.cores.iter_mut().for_each(Counters::expect);
    }

    /// Ends the interval.
    pub(super) fn close(&mut self, uptime: f64, asked: Asked) {
        self.all.close(uptime);
        if !asked.cores {
            self.cores.clear();
        }
        self.cores.iter_mut().for_each(|core| core.close(uptime));
    }

    /// Shares of the last interval.
    pub(super) fn reading(&self) -> Reading {
        let cores = self.cores.iter();
        let cores = cores.map(|core| Some(shares(core.growth()?)?.busy? as f32));
        Reading {
            cores: cores.collect(),
            ..self.all.growth().and_then(shares).unwrap_or_default()
        }
    }
}

fn shares(grown: [u64; 8]) -> Option<Reading> {
    let [user, nice, system, idle, iowait, irq, softirq, steal] = grown.map(|n| n as f64);
    let total: f64 = grown.iter().map(|n| *n as f64).sum();
    let share = |jiffies: f64| (total > 0.0).then(|| 100.0 * jiffies / total);
    Some(Reading {
        busy: Some(share(total - idle - iowait)?.clamp(0.0, 100.0)),
        user: share(user + nice),
        system: share(system + irq + softirq),
        iowait: share(iowait),
        steal: share(steal),
        cores: Vec::new(),
    })
}

/// Its fields.
pub const FIELDS: &[Field] = &[
    Field {
        id: "cpu.busy",
        short: "CPU",
        title: "CPU busy",
        unit: Unit::Percent,
        history: true,
        read: |s| s.cpu.busy,
    },
    Field {
        id: "cpu.user",
        short: "USER",
        title: "CPU in user mode",
        unit: Unit::Percent,
        history: false,
        read: |s| s.cpu.user,
    },
    Field {
        id: "cpu.system",
        short: "SYS",
        title: "CPU in the kernel",
        unit: Unit::Percent,
        history: false,
        read: |s| s.cpu.system,
    },
    Field {
        id: "cpu.iowait",
        short: "IOWAIT",
        title: "CPU waiting for I/O",
        unit: Unit::Percent,
        history: true,
        read: |s| s.cpu.iowait,
    },
    Field {
        id: "cpu.steal",
        short: "STEAL",
        title: "CPU taken by the hypervisor",
        unit: Unit::Percent,
        history: false,
        read: |s| s.cpu.steal,
    },
];
