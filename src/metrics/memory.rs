//! Memory and swap, from `/proc/meminfo`.

use super::{Field, Unit};

/// Sizes in bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// All memory (a container's limit where there is one).
    pub total: Option<u64>,
    /// What new work could have without swapping.
    pub available: Option<u64>,
    /// Buffers, page cache and reclaimable slab.
    pub cached: Option<u64>,
    /// Waiting to be written.
    pub dirty: Option<u64>,
    /// Swap; `None` when there is none.
    pub swap_total: Option<u64>,
    /// Swap in use; `None` when there is none.
    pub swap_used: Option<u64>,
}

impl Reading {
    /// Total minus available, in bytes.
    pub fn used(&self) -> Option<u64> {
        Some(self.total?.saturating_sub(self.available?))
    }
}

/// `part` of `whole` in percent; `None` without either, or of nothing.
pub(crate) fn percent(part: Option<u64>, whole: Option<u64>) -> Option<f64> {
    let whole = whole.filter(|n| *n > 0)?;
    Some(100.0 * part? as f64 / whole as f64)
}

/// Its fields.
pub const FIELDS: &[Field] = &[
    Field {
        id: "memory.used",
        short: "MEM",
        title: "memory in use",
        unit: Unit::Percent,
        history: true,
        read: |s| percent(s.memory.used(), s.memory.total),
    },
    Field {
        id: "memory.used_bytes",
        short: "MEMUSED",
        title: "memory in use",
        unit: Unit::Bytes,
        history: false,
        read: |s| s.memory.used().map(|n| n as f64),
    },
    Field {
        id: "memory.total",
        short: "MEMTOT",
        title: "memory",
        unit: Unit::Bytes,
        history: false,
        read: |s| s.memory.total.map(|n| n as f64),
    },
    Field {
        id: "memory.cached",
        short: "CACHED",
        title: "buffers and page cache",
        unit: Unit::Bytes,
        history: false,
        read: |s| s.memory.cached.map(|n| n as f64),
    },
    Field {
        id: "memory.dirty",
        short: "DIRTY",
        title: "memory waiting to be written",
        unit: Unit::Bytes,
        history: false,
        read: |s| s.memory.dirty.map(|n| n as f64),
    },
    Field {
        id: "memory.swap_used",
        short: "SWAP",
        title: "swap in use",
        unit: Unit::Percent,
        history: true,
        read: |s| percent(s.memory.swap_used, s.memory.swap_total),
    },
];
