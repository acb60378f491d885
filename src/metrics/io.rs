//! Block device traffic over the last interval, from two readings of `/proc/diskstats`.

use super::{
    Field, Unit,
    rate::{self, Devices},
    words::Words,
};
use crate::node::text::SafeText;

/// The whole disks of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// In kernel order.
    pub devices: Vec<Device>,
}

/// One disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Device {
    /// `nvme0n1`, `sda`, ...
    pub name: SafeText,
    /// Bytes read a second.
    pub read: Option<f64>,
    /// Bytes written a second.
    pub written: Option<f64>,
    /// Reads and writes a second.
    pub operations: Option<f64>,
    /// Percent of the interval with a request outstanding.
    pub busy: Option<f64>,
    /// Requests in flight now.
    pub in_flight: Option<u64>,
}

fn sum(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().reduce(|a, b| a + b)
}

/// The lines `dDISK`: reads, sectors read, writes, sectors written, in flight, busy ms.
#[derive(Debug, Default)]
pub(super) struct Raw(Devices<5>);

/// The kernel counts sectors of this size whatever the disk's are.
const SECTOR: f64 = 512.0;

impl Raw {
    /// One disk; without figures it is gone.
    pub(super) fn take(&mut self, name: &[u8], mut value: Words) {
        let Some([reads, read, writes, written, in_flight, busy]) = value.counters(6) else {
            return self.0.remove(name);
        };
        let counters = [reads, read, writes, written, busy];
        self.0.set(name, counters, Some(in_flight));
    }

    /// A full frame follows.
    pub(super) fn expect(&mut self) {
        self.0.expect();
    }

    /// Ends the interval.
    pub(super) fn close(&mut self, uptime: Option<f64>) {
        self.0.close(uptime);
    }

    /// Rates of the last interval.
    pub(super) fn reading(&self) -> Reading {
        let device = |d: &rate::Device<5>| {
            let rates = d.counters.rates();
            Device {
                name: d.name.clone(),
                read: rates.map(|r| r[1] * SECTOR),
                written: rates.map(|r| r[3] * SECTOR),
                operations: rates.map(|r| r[0] + r[2]),
                busy: rates.map(|r| (r[4] / 10.0).min(100.0)),
                in_flight: d.gauge,
            }
        };
        Reading {
            devices: self.0.iter().map(device).collect(),
        }
    }
}

/// Its fields: sums over the disks, and the busiest one. Device-mapper and md rows repeat their members and are left out of sums.
pub const FIELDS: &[Field] = &[
    Field {
        id: "io.read",
        short: "READ",
        title: "disk reads",
        unit: Unit::BytesPerSecond,
        history: true,
        read: |s| sum(s.io.physical().map(|d| d.read)),
    },
    Field {
        id: "io.written",
        short: "WRITE",
        title: "disk writes",
        unit: Unit::BytesPerSecond,
        history: true,
        read: |s| sum(s.io.physical().map(|d| d.written)),
    },
    Field {
        id: "io.operations",
        short: "IOPS",
        title: "disk reads and writes",
        unit: Unit::PerSecond,
        history: false,
        read: |s| sum(s.io.physical().map(|d| d.operations)),
    },
    Field {
        id: "io.busy",
        short: "BUSY",
        title: "busiest disk",
        unit: Unit::Percent,
        history: true,
        read: |s| s.io.devices.iter().filter_map(|d| d.busy).reduce(f64::max),
    },
];

impl Reading {
    /// The devices that are not built from others.
    pub fn physical(&self) -> impl Iterator<Item = &Device> {
        self.devices
            .iter()
            .filter(|d| !d.name.as_str().starts_with("dm-") && !d.name.as_str().starts_with("md"))
    }
}
