//! Pressure stall information, from `/proc/pressure`.

use super::{Field, Unit};

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
