//! Network traffic over the last interval, from two readings of `/proc/net/dev`.

use super::{
    Field, Unit,
    rate::{self, Devices},
    words::Words,
};
use crate::node::text::SafeText;

/// The interfaces of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// In kernel order, without loopback and container ends.
    pub interfaces: Vec<Interface>,
}

/// One interface.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interface {
    /// `eth0`, ...
    pub name: SafeText,
    /// Bytes received a second.
    pub rx: Option<f64>,
    /// Bytes sent a second.
    pub tx: Option<f64>,
    /// Receive and send errors a second.
    pub errors: Option<f64>,
    /// Dropped packets a second.
    pub drops: Option<f64>,
}

impl Reading {
    /// Interfaces that are not built from others (bond, bridge, tunnel, VLAN).
    pub fn physical(&self) -> impl Iterator<Item = &Interface> {
        const BUILT: [&str; 7] = ["bond", "br", "docker", "tun", "wg", "tailscale", "virbr"];
        self.interfaces.iter().filter(|i| {
            let name = i.name.as_str();
            !name.contains('.') && !BUILT.iter().any(|prefix| name.starts_with(prefix))
        })
    }
}

fn sum(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().reduce(|a, b| a + b)
}

/// The lines `nIF`: received bytes, errors, drops; sent bytes, errors, drops.
#[derive(Debug, Default)]
pub(super) struct Raw(Devices<6>);

impl Raw {
    /// One interface.
    pub(super) fn take(&mut self, name: &[u8], mut value: Words) {
        if let Some(counters) = value.counters(6) {
            self.0.set(name, counters, None);
        }
    }

    /// A full frame follows.
    pub(super) fn expect(&mut self) {
        self.0.expect();
    }

    /// Ends the interval.
    pub(super) fn close(&mut self, uptime: f64) {
        self.0.close(uptime);
    }

    /// Rates of the last interval.
    pub(super) fn reading(&self) -> Reading {
        let interface = |d: &rate::Device<6>| {
            let rates = d.counters.rates();
            Interface {
                name: d.name.clone(),
                rx: rates.map(|r| r[0]),
                tx: rates.map(|r| r[3]),
                errors: rates.map(|r| r[1] + r[4]),
                drops: rates.map(|r| r[2] + r[5]),
            }
        };
        Reading {
            interfaces: self.0.iter().map(interface).collect(),
        }
    }
}

/// Its fields: sums over the physical interfaces.
pub const FIELDS: &[Field] = &[
    Field {
        id: "net.rx",
        short: "RX",
        title: "network received",
        unit: Unit::BytesPerSecond,
        history: true,
        read: |s| sum(s.net.physical().map(|i| i.rx)),
    },
    Field {
        id: "net.tx",
        short: "TX",
        title: "network sent",
        unit: Unit::BytesPerSecond,
        history: true,
        read: |s| sum(s.net.physical().map(|i| i.tx)),
    },
    Field {
        id: "net.errors",
        short: "NETERR",
        title: "network errors",
        unit: Unit::PerSecond,
        history: false,
        read: |s| sum(s.net.physical().map(|i| i.errors)),
    },
    Field {
        id: "net.drops",
        short: "NETDROP",
        title: "dropped packets",
        unit: Unit::PerSecond,
        history: false,
        read: |s| sum(s.net.physical().map(|i| i.drops)),
    },
];
