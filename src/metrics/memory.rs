//! Memory and swap, from `/proc/meminfo`, and the cache of ZFS, which the kernel counts as used.

use super::{Field, Unit, words::Words};

/// Sizes in bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// All memory (a container's limit where there is one).
    pub total: Option<u64>,
    /// What new work could have without swapping; also what the cache of ZFS (ARC) would give back.
    pub available: Option<u64>,
    /// Buffers, page cache, reclaimable slab, and what the cache of ZFS would give back.
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

/// The lines `m`, `z` and `k`.
#[derive(Debug, Default)]
pub(super) struct Raw {
    kernel: [Option<u64>; 10],
    /// Size of the cache of ZFS, and the least that it keeps.
    arc: Option<[u64; 2]>,
    limited: Option<[u64; 2]>,
    /// A container's limit in bytes.
    pub(super) limit: Option<u64>,
}

impl Raw {
    /// Ten values in kB, in the order of the line `m`.
    pub(super) fn take(&mut self, mut value: Words) {
        self.kernel = std::array::from_fn(|_| Some(value.u64()?.saturating_mul(1024)));
    }

    /// Size of the cache of ZFS and the least that it keeps, in bytes.
    pub(super) fn take_arc(&mut self, mut value: Words) {
        self.arc = value.counters(2);
    }

    /// A container's memory in use and its reclaimable page cache, in bytes.
    pub(super) fn take_limited(&mut self, mut value: Words) {
        self.limited = value.counters(2);
    }

    /// A full frame follows.
    pub(super) fn expect(&mut self) {
        self.kernel = [None; 10];
        self.arc = None;
        self.limited = None;
    }

    /// The newest; under a container's limit the kernel's figures are the host's.
    pub(super) fn reading(&self) -> Reading {
        self.of_container().unwrap_or_else(|| self.of_kernel())
    }

    fn of_container(&self) -> Option<Reading> {
        let [total, ..] = self.kernel;
        let limit = self
            .limit
            .filter(|limit| total.is_none_or(|total| *limit < total))?;
        // Where its use is not told, that of the host says nothing of it.
        let used = self.limited.map(|[used, cache]| used.saturating_sub(cache));
        Some(Reading {
            total: Some(limit),
            available: used.map(|used| limit.saturating_sub(used)),
            cached: self.limited.map(|[_, cache]| cache),
            ..Reading::default()
        })
    }

    fn of_kernel(&self) -> Reading {
        let [
            total,
            free,
            available,
            buffers,
            cached,
            shared,
            slab,
            dirty,
            swap,
            swap_free,
        ] = self.kernel;
        // MemAvailable came with Linux 3.14; before, it is estimated as `free` does.
        let guess = || {
            let parts = [free?, buffers?, cached?, slab.unwrap_or(0)];
            Some(sum(&parts).saturating_sub(shared.unwrap_or(0)))
        };
        let arc = self
            .arc
            .map_or(0, |[size, least]| size.saturating_sub(least));
        let swap_total = swap.filter(|bytes| *bytes > 0);
        Reading {
            total,
            // In LXC it can exceed the total (procps-ng commit 96bce4e1).
            available: available.or_else(guess).map(|n| {
                let n = n.saturating_add(arc);
                n.min(total.unwrap_or(n))
            }),
            cached: buffers
                .zip(cached)
                .map(|(b, c)| sum(&[b, c, slab.unwrap_or(0), arc])),
            dirty,
            swap_total,
            swap_used: swap_total
                .zip(swap_free)
                .map(|(all, free)| all.saturating_sub(free)),
        }
    }
}

fn sum(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |all, part| all.saturating_add(*part))
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
