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
    /// True for what is built from others (bond, bridge, tunnel, VLAN): its traffic is theirs.
    pub is_built: bool,
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
    /// Interfaces that are not built from others, whose traffic would count twice.
    pub fn physical(&self) -> impl Iterator<Item = &Interface> {
        self.interfaces.iter().filter(|one| !one.is_built)
    }
}

/// What kernels and common tools call what they build: `bond0`, `vmbr0`, `podman0`, `vxlan.calico`, `eth0.100`.
fn is_built(name: &str) -> bool {
    const BUILT: [&str; 18] = [
        "bond",
        "br",
        "docker",
        "podman",
        "cilium",
        "flannel",
        "kube",
        "ovs",
        "fwln",
        "fwpr",
        "tun",
        "wg",
        "tailscale",
        "zt",
        "macvlan",
        "ipvlan",
        "vxlan",
        "genev",
    ];
    // A card may be called `green0`, or `fabric0`.
    const NUMBERED: [&str; 6] = ["br", "team", "cni", "gre", "sit", "vlan"];
    let is_digit = |c: char| c.is_ascii_digit();
    let is_numbered = |word: &str| {
        let word = word.strip_suffix(is_digit).unwrap_or_default();
        NUMBERED.iter().any(|kind| word.ends_with(kind))
    };
    name.contains('.')
        || BUILT.iter().any(|kind| name.starts_with(kind))
        || name.split_inclusive(is_digit).any(is_numbered)
}

fn sum(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().reduce(|a, b| a + b)
}

/// The lines `nIF`: received bytes, errors, drops; sent bytes, errors, drops.
#[derive(Debug, Default)]
pub(super) struct Raw(Devices<6>);

impl Raw {
    /// One interface; without figures it is gone.
    pub(super) fn take(&mut self, name: &[u8], mut value: Words) {
        match value.counters(6) {
            Some(counters) => self.0.set(name, counters, None),
            None => self.0.remove(name),
        }
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
        let interface = |d: &rate::Device<6>| {
            let rates = d.counters.rates();
            Interface {
                name: d.name.clone(),
                is_built: is_built(d.name.as_str()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_from_others_counts_once() {
        let built = [
            "bond0",
            "team0",
            "br0",
            "br-1f2e3d",
            "bridge0",
            "virbr0",
            "vmbr0",
            "lxdbr0",
            "fwbr100i0",
            "docker0",
            "podman0",
            "cni0",
            "flannel.1",
            "vxlan.calico",
            "cilium_host",
            "eth0.100",
            "vlan7",
            "wg0",
            "tun0",
            "tunl0",
            "zt7nnig",
            "ovs-system",
        ];
        assert_eq!(
            built
                .iter()
                .filter(|name| !is_built(name))
                .collect::<Vec<_>>(),
            [&""; 0]
        );
        let cards = [
            "eth0",
            "enp3s0f0np0",
            "eno1",
            "wlp3s0",
            "ib0",
            "hsn0",
            "fabric0",
            "em1",
            "usb0",
            "green0",
            "wlbr",
        ];
        assert_eq!(cards.iter().filter(|name| is_built(name)).count(), 0);
    }
}
