//! TCP health, from two readings of `/proc/net/snmp` and `/proc/net/sockstat`.

use super::{Field, Unit, rate::Counters, words::Words};

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

/// The lines `t` and `ts`.
#[derive(Debug, Default)]
pub(super) struct Raw {
    established: Option<u64>,
    segments: Counters<2>,
    sockets: Option<u64>,
}

impl Raw {
    /// `CurrEstab OutSegs RetransSegs`
    pub(super) fn take(&mut self, mut value: Words) {
        if let Some([established, sent, again]) = value.counters(3) {
            self.established = Some(established);
            self.segments.set([sent, again]);
        }
    }

    /// Sockets in use of IPv4, and of IPv6: one that serves both is one of IPv6.
    pub(super) fn take_sockets(&mut self, value: Words) {
        let counts = value.map(|count| Words(count).u64());
        self.sockets = counts.flatten().reduce(u64::saturating_add);
    }

    /// A full frame follows.
    pub(super) fn expect(&mut self) {
        (self.established, self.sockets) = (None, None);
        self.segments.expect();
    }

    /// Ends the interval.
    pub(super) fn close(&mut self, uptime: Option<f64>) {
        self.segments.close(uptime);
    }

    /// Rates of the last interval.
    pub(super) fn reading(&self) -> Reading {
        let share = |[sent, again]: [u64; 2]| {
            (sent > 0).then(|| (100.0 * again as f64 / sent as f64).min(100.0))
        };
        Reading {
            retransmitted: self.segments.growth().and_then(share),
            retransmits: self.segments.rates().map(|[_, again]| again),
            sockets: self.sockets,
            established: self.established,
        }
    }
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
