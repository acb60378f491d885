//! TCP health, from two readings of `/proc/net/snmp` and `/proc/net/sockstat`.

use super::{Field, Unit};

/// TCP over the last interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Segments sent again, in percent of those sent.
    pub retransmitted: Option<f64>,
    /// Segments sent again a second.
    pub retransmits: Option<f64>,
    /// Sockets in use.
    pub sockets: Option<u64>,
    /// Established connections.
    pub established: Option<u64>,
}

/// Its fields.
pub const FIELDS: &[Field] = &[
    Field {
        id: "tcp.retransmitted",
        short: "RETR%",
        title: "TCP segments sent again",
        unit: Unit::Percent,
        history: true,
        read: |s| s.tcp.retransmitted,
    },
    Field {
        id: "tcp.retransmits",
        short: "RETR",
        title: "TCP segments sent again",
        unit: Unit::PerSecond,
        history: false,
        read: |s| s.tcp.retransmits,
    },
    Field {
        id: "tcp.sockets",
        short: "SOCKETS",
        title: "TCP sockets in use",
        unit: Unit::Count,
        history: false,
        read: |s| s.tcp.sockets.map(|n| n as f64),
    },
    Field {
        id: "tcp.established",
        short: "ESTAB",
        title: "TCP connections",
        unit: Unit::Count,
        history: false,
        read: |s| s.tcp.established.map(|n| n as f64),
    },
];
