//! Space and inodes of local file systems, from `stat -f` of the mounts in `/proc/mounts`.

use super::{Field, Unit, memory::percent};
use crate::node::text::SafeText;

/// The local file systems.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// In mount order; `/` first where it is there.
    pub mounts: Vec<Mount>,
}

/// One mounted file system.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mount {
    /// Where it is mounted.
    pub path: SafeText,
    /// `ext4`, `xfs`, ...
    pub kind: SafeText,
    /// Bytes in all.
    pub total: u64,
    /// Bytes that an ordinary user can still write.
    pub available: u64,
    /// Inodes in all; `None` where there is no limit (btrfs).
    pub inodes: Option<u64>,
    /// Free inodes.
    pub inodes_free: Option<u64>,
    /// Mounted read-only.
    pub read_only: bool,
}

impl Mount {
    /// Space that is not available, in percent.
    pub fn used(&self) -> Option<f64> {
        percent(
            Some(self.total.saturating_sub(self.available)),
            Some(self.total),
        )
    }

    /// Inodes in use, in percent.
    pub fn inodes_used(&self) -> Option<f64> {
        percent(
            Some(self.inodes?.saturating_sub(self.inodes_free?)),
            self.inodes,
        )
    }
}

fn worst(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().reduce(f64::max)
}

/// Its fields: the fullest mount speaks for the node.
pub const FIELDS: &[Field] = &[
    Field {
        id: "disk.used",
        short: "DISK",
        title: "fullest file system",
        unit: Unit::Percent,
        history: true,
        read: |s| worst(s.disk.mounts.iter().map(Mount::used)),
    },
    Field {
        id: "disk.inodes_used",
        short: "INODES",
        title: "file system with the fewest inodes left",
        unit: Unit::Percent,
        history: false,
        read: |s| worst(s.disk.mounts.iter().map(Mount::inodes_used)),
    },
];
