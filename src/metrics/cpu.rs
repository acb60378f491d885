//! CPU use over the last interval, from two readings of `/proc/stat`; in a container with a limit, of its own account.

use super::{Field, Unit, rate::Counters, raw::Asked, words::Words};

/// Shares of the interval, in percent of all cores, or of what a container may use of them.
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
    /// How many CPUs a container may use; `None` where all that are online.
    pub limit: Option<f64>,
    /// Periods in which the container had used up its quota, in percent.
    pub throttled: Option<f64>,
    /// Busy percent per core, only while it is asked for; `None` for an offline core.
    pub cores: Vec<Option<f32>>,
}

/// The lines `c` and `c0`, `c1`, …: jiffies since boot; and `q` or `Q`, of a container.
#[derive(Debug, Default)]
pub(super) struct Raw {
    limit: Option<f64>,
    /// Microseconds in all, in user mode and in the kernel, the latter two of which an old kernel does not know.
    spent: [Counters<1>; 3],
    /// Periods of the quota, and those that were cut short.
    periods: Counters<2>,
    all: Counters<8>,
    cores: Vec<Counters<8>>,
}

/// Most cores that are believed.
const MAX_CORES: usize = 8192;

/// Jiffies by which a counter may step back: iowait is an estimate (proc(5)).
const SLACK: u64 = 1000;

/// Microseconds by which the estimates of a container's user and system time may.
const JITTER: u64 = 100_000;

impl Raw {
    /// user nice system idle iowait irq softirq steal; guest times are inside user and nice.
    pub(super) fn take(&mut self, mut value: Words) {
        if let Some(jiffies) = value.counters(4) {
            self.all.set_lenient(jiffies, SLACK);
        }
    }

    /// A container may use so many CPUs; the machine has `cores` online.
    pub(super) fn limit_to(&mut self, cpus: Option<f64>, cores: Option<u32>) {
        self.limit = cpus.filter(|cpus| cores.is_none_or(|cores| *cpus < f64::from(cores)));
    }

    /// A container's time, in `per_us` to the microsecond, and its periods, which only a quota has.
    pub(super) fn take_limited(&mut self, mut value: Words, per_us: u64) {
        for counter in &mut self.spent {
            if let Some(time) = value.u64() {
                counter.set_lenient([time / per_us], JITTER);
            }
        }
        if let Some(periods) = value.counters(2) {
            self.periods.set(periods);
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
            self.spent.iter_mut().for_each(Counters::expect);
            self.periods.expect();
        }
        self.cores.iter_mut().for_each(Counters::expect);
    }

    /// Ends the interval.
    pub(super) fn close(&mut self, uptime: Option<f64>, asked: Asked) {
        self.all.close(uptime);
        self.spent.iter_mut().for_each(|time| time.close(uptime));
        self.periods.close(uptime);
        if !asked.cores {
            self.cores.clear();
        }
        self.cores.iter_mut().for_each(|core| core.close(uptime));
    }

    /// Shares of the last interval.
    pub(super) fn reading(&self) -> Reading {
        let cores = self.cores.iter();
        let cores = cores.map(|core| Some(shares(core.growth()?)?.busy? as f32));
        let cores = cores.collect();
        match self.limit {
            Some(limit) => Reading {
                cores,
                ..self.limited(limit)
            },
            None => Reading {
                cores,
                ..self.all.growth().and_then(shares).unwrap_or_default()
            },
        }
    }

    /// Under a limit the kernel's figures are the host's, and so are its waiting and what was stolen from it.
    fn limited(&self, limit: f64) -> Reading {
        let share = |time: &Counters<1>| {
            let [us] = time.rates()?;
            Some((100.0 * us / 1e6 / limit).clamp(0.0, 100.0))
        };
        let [busy, user, system] = self.spent.each_ref().map(share);
        let [all, cut] = self.periods.growth().unwrap_or_default();
        Reading {
            busy,
            user,
            system,
            limit: Some(limit),
            throttled: super::memory::percent(Some(cut), Some(all)),
            ..Reading::default()
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
        ..Reading::default()
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
    Field {
        id: "cpu.limit",
        short: "CPUS",
        title: "CPUs that a container may use",
        unit: Unit::Load,
        history: false,
        read: |s| s.cpu.limit,
    },
    Field {
        id: "cpu.throttled",
        short: "THROTTL",
        title: "periods in which a container's CPU quota was used up",
        unit: Unit::Percent,
        history: false,
        read: |s| s.cpu.throttled,
    },
];
