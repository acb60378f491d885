//! Pressure stall information, from `/proc/pressure`.

use super::{Field, Unit, words::Words};

/// Share of the last 10 s in percent, per resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Some task waited for a CPU.
    pub cpu_some: Option<f64>,
    /// Some task waited for memory.
    pub memory_some: Option<f64>,
    /// All tasks waited for memory.
    pub memory_full: Option<f64>,
    /// Some task waited for I/O.
    pub io_some: Option<f64>,
    /// All tasks waited for I/O.
    pub io_full: Option<f64>,
    /// Some task waited for a CPU, over 60 s: what the rules judge.
    pub cpu_some_60: Option<f64>,
    /// All tasks waited for memory, over 60 s.
    pub memory_full_60: Option<f64>,
    /// All tasks waited for I/O, over 60 s.
    pub io_full_60: Option<f64>,
}

impl Reading {
    /// The worst of the three, where some task waited.
    pub fn worst(&self) -> Option<f64> {
        let all = [self.cpu_some, self.memory_some, self.io_some];
        all.into_iter().flatten().reduce(f64::max)
    }
}

/// The lines `Pc`, `Pm` and `Pi`.
#[derive(Debug, Default)]
pub(super) struct Raw(Reading);

impl Raw {
    /// Some tasks over 10 and 60 s, then all tasks over 10 and 60 s.
    pub(super) fn take(&mut self, kind: &[u8], mut value: Words) {
        let mut share = || value.f64().map(|percent| percent.min(100.0));
        let (some, some_60, full, full_60) = (share(), share(), share(), share());
        match kind {
            b"c" => (self.0.cpu_some, self.0.cpu_some_60) = (some, some_60),
            b"m" => {
                self.0.memory_some = some;
                (self.0.memory_full, self.0.memory_full_60) = (full, full_60);
            }
            b"i" => {
                self.0.io_some = some;
                (self.0.io_full, self.0.io_full_60) = (full, full_60);
            }
            _ => {}
        }
    }

    /// The newest.
    pub(super) fn reading(&self) -> Reading {
        self.0.clone()
    }
}

/// Its fields.
pub const FIELDS: &[Field] = &[
    Field {
        id: "pressure.cpu",
        short: "PSI-C",
        title: "some task waited for a CPU",
        unit: Unit::Percent,
        history: true,
        read: |s| s.pressure.cpu_some,
    },
    Field {
        id: "pressure.memory",
        short: "PSI-M",
        title: "some task waited for memory",
        unit: Unit::Percent,
        history: true,
        read: |s| s.pressure.memory_some,
    },
    Field {
        id: "pressure.memory_full",
        short: "PSI-MF",
        title: "all tasks waited for memory",
        unit: Unit::Percent,
        history: false,
        read: |s| s.pressure.memory_full,
    },
    Field {
        id: "pressure.io",
        short: "PSI-IO",
        title: "some task waited for I/O",
        unit: Unit::Percent,
        history: true,
        read: |s| s.pressure.io_some,
    },
    Field {
        id: "pressure.io_full",
        short: "PSI-IOF",
        title: "all tasks waited for I/O",
        unit: Unit::Percent,
        history: false,
        read: |s| s.pressure.io_full,
    },
];
