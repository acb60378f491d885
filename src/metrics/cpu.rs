//! CPU use over the last interval, from two readings of `/proc/stat`.

use super::{Field, Unit};

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
