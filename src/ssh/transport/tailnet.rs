//! What `tailscale status --json` says of the peers. Pure.

use std::{collections::HashMap, net::IpAddr};

use jiff::Timestamp;
use serde::Deserialize;

/// The state of the tailnet as this machine sees it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Tailnet {
    backend_state: String,
    #[serde(rename = "MagicDNSSuffix")]
    suffix: String,
    peer: Option<HashMap<String, Peer>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Peer {
    host_name: String,
    #[serde(rename = "DNSName")]
    dns_name: String,
    #[serde(rename = "TailscaleIPs")]
    addresses: Option<Vec<IpAddr>>,
    online: bool,
    last_seen: Option<String>,
}

/// What is known of an address or name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing: this machine, one behind a subnet router, or a name of elsewhere.
    Unknown,
    /// A peer that is there, at this address where it has one.
    Online(Option<IpAddr>),
    /// A peer that is away, and since when where that is known.
    Offline(Option<Timestamp>),
}

impl Tailnet {
    pub(super) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// Why there is no tailnet, where there is none.
    pub(super) fn not_running(&self) -> Option<&'static str> {
        Some(match self.backend_state.as_str() {
            "NeedsLogin" => "it wants a login",
            "NeedsMachineAuth" => "this machine is not approved yet",
            "Stopped" => "it is stopped",
            "NoState" | "Starting" => "it is starting",
            // `Running`, and what later versions may say.
            _ => return None,
        })
    }

    /// The peer of that address or name.
    pub(super) fn find(&self, wanted: &str) -> Known {
        let Some(peer) = self.peer(wanted) else {
            return Known::Unknown;
        };
        if peer.online {
            let addresses = peer.addresses.iter().flatten();
            let exact = addresses.clone().find(|ip| ip.to_string() == wanted);
            return Known::Online(exact.or(addresses.clone().next()).copied());
        }
        let seen = peer.last_seen.as_deref().unwrap_or_default();
        // Where it is not known, Go's zero time stands: the year 1.
        let seen = seen
            .parse()
            .ok()
            .filter(|seen: &Timestamp| seen.as_second() > 0);
        Known::Offline(seen)
    }

    /// The full name counts before its first label, that before the host's own name; one of several peers is none.
    fn peer(&self, wanted: &str) -> Option<&Peer> {
        let peers = || self.peer.iter().flat_map(HashMap::values);
        if let Ok(ip) = wanted.parse::<IpAddr>() {
            return peers().find(|peer| peer.addresses.iter().flatten().any(|own| *own == ip));
        }
        let wanted = wanted.trim_end_matches('.');
        let full = |peer: &&Peer| peer.name().eq_ignore_ascii_case(wanted);
        let short = |peer: &&Peer| {
            let own = peer.name().split_once('.');
            own.is_some_and(|(label, suffix)| {
                label.eq_ignore_ascii_case(wanted) && suffix.eq_ignore_ascii_case(&self.suffix)
            })
        };
        let host = |peer: &&Peer| peer.host_name.eq_ignore_ascii_case(wanted);
        only(peers().filter(full))
            .or_else(|| only(peers().filter(short)))
            .or_else(|| only(peers().filter(host)))
    }
}

impl Peer {
    fn name(&self) -> &str {
        self.dns_name.trim_end_matches('.')
    }
}

fn only<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    found.next().filter(|_| found.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As version 1.80 prints it, less what is not read.
    const STATUS: &str = r#"{"Version": "1.80.2", "BackendState": "Running", "MagicDNSSuffix": "tail1.ts.net",
        "Self": {"HostName": "desk", "DNSName": "desk.tail1.ts.net.", "Online": true, "TailscaleIPs": ["100.64.0.1"]},
        "Peer": {
          "nodekey:1": {"HostName": "web", "DNSName": "web1.tail1.ts.net.", "Online": true, "Tags": null,
            "TailscaleIPs": ["100.64.0.2", "fd7a:115c:a1e0::2"], "LastSeen": "0001-01-01T00:00:00Z"},
          "nodekey:2": {"HostName": "db", "DNSName": "db1.tail1.ts.net.", "Online": false,
            "TailscaleIPs": ["100.64.0.3"], "LastSeen": "2026-11-20T08:15:30.1Z"},
          "nodekey:3": {"HostName": "web", "DNSName": "web1.other.ts.net.", "Online": false,
            "TailscaleIPs": null, "LastSeen": "0001-01-01T00:00:00Z"}}}"#;

    fn tailnet() -> Tailnet {
        Tailnet::parse(STATUS.as_bytes()).unwrap()
    }

    #[test]
    fn peers_are_found_by_address_and_name() {
        let first = Known::Online(Some("100.64.0.2".parse().unwrap()));
        for wanted in [
            "100.64.0.2",
            "web1",
            "WEB1.tail1.ts.net",
            "web1.tail1.ts.net.",
        ] {
            assert_eq!(tailnet().find(wanted), first, "{wanted}");
        }
        let sixth = Known::Online(Some("fd7a:115c:a1e0::2".parse().unwrap()));
        assert_eq!(tailnet().find("fd7a:115c:a1e0::2"), sixth);
        // Two peers have this host name; nobody has the others.
        for wanted in ["web", "desk", "10.0.0.1", "web2"] {
            assert_eq!(tailnet().find(wanted), Known::Unknown, "{wanted}");
        }
    }

    #[test]
    fn an_absent_peer_is_told_with_the_time_where_it_is_known() {
        let since = "2026-11-20T08:15:30.1Z".parse().unwrap();
        assert_eq!(tailnet().find("db"), Known::Offline(Some(since)));
        assert_eq!(tailnet().find("web1.other.ts.net"), Known::Offline(None));
    }

    #[test]
    fn a_backend_that_does_not_run_is_told() {
        let of = |json: &str| Tailnet::parse(json.as_bytes()).unwrap();
        let stopped = of(r#"{"BackendState": "Stopped", "Peer": null}"#);
        assert_eq!(stopped.not_running(), Some("it is stopped"));
        assert_eq!(tailnet().not_running(), None);
        assert!(Tailnet::parse(b"failed to connect to local tailscaled").is_err());
    }
}
