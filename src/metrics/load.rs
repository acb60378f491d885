//! Load averages and run queue, from `/proc/loadavg`.

use super::{Field, Unit, words::Words};

/// Load averages and tasks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Over 1, 5 and 15 minutes.
    pub averages: Option<[f64; 3]>,
    /// Runnable tasks.
    pub running: Option<u32>,
    /// All tasks.
    pub tasks: Option<u32>,
}

/// The line `l`.
#[derive(Debug, Default)]
pub(super) struct Raw(Reading);

impl Raw {
    /// `0.52 0.58 0.59 2/857`
    pub(super) fn take(&mut self, mut value: Words) {
        let averages = [value.f64(), value.f64(), value.f64()];
        let [Some(one), Some(five), Some(fifteen)] = averages else {
            self.0 = Reading::default();
            return;
        };
        self.0.averages = Some([one, five, fifteen].map(|load| load.min(1e6)));
        let tasks = value.next().unwrap_or_default();
        let mut tasks = tasks.split(|b| *b == b'/').map(|n| Words(n).u64());
        let mut count = || u32::try_from(tasks.next()??).ok();
        self.0.running = count();
        self.0.tasks = count();
    }

    /// The newest.
    pub(super) fn reading(&self) -> Reading {
        self.0.clone()
    }
}

/// Its fields.
pub const FIELDS: &[Field] = &[
    Field {
        id: "load.1",
        short: "LOAD",
        title: "load average, 1 min",
        unit: Unit::Load,
        history: true,
        read: |s| s.load.averages.map(|a| a[0]),
    },
    Field {
        id: "load.5",
        short: "LOAD5",
        title: "load average, 5 min",
        unit: Unit::Load,
        history: false,
        read: |s| s.load.averages.map(|a| a[1]),
    },
    Field {
        id: "load.15",
        short: "LOAD15",
        title: "load average, 15 min",
        unit: Unit::Load,
        history: false,
        read: |s| s.load.averages.map(|a| a[2]),
    },
    Field {
        id: "load.per_core",
        short: "LD/CORE",
        title: "load average, 1 min, per core",
        unit: Unit::Load,
        history: false,
        read: |s| Some(s.load.averages?[0] / f64::from(s.host.cores.filter(|n| *n > 0)?)),
    },
    Field {
        id: "load.running",
        short: "RUN",
        title: "runnable tasks",
        unit: Unit::Count,
        history: false,
        read: |s| s.load.running.map(f64::from),
    },
    Field {
        id: "load.tasks",
        short: "TASKS",
        title: "all tasks",
        unit: Unit::Count,
        history: false,
        read: |s| s.load.tasks.map(f64::from),
    },
];
