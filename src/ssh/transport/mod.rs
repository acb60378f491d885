//! The ways to reach a node, and the order in which they are tried.

pub(super) mod direct;
pub(super) mod local;
pub(super) mod stream;

use crate::node::{Node, Transport};
use stream::Stream;

/// An open way to an SSH server.
pub(super) struct Way {
    pub(super) stream: Box<dyn Stream>,
    /// The other end, as `203.0.113.9:22`.
    pub(super) peer: String,
}

/// The node's transports in its order, without those that it has no settings for. A node behind a bastion or a proxy
/// command is never dialled directly: the address may mean another machine here.
pub(super) fn plan(node: &Node) -> Vec<Transport> {
    let route = &node.route;
    let mut plan = Vec::new();
    for transport in &node.transports {
        let transport = match transport {
            Transport::Direct if !route.jump.is_empty() => Transport::Jump,
            Transport::Direct if route.proxy_command.is_some() => Transport::ProxyCommand,
            other => *other,
        };
        let configured = match transport {
            Transport::Direct | Transport::Local => true,
            Transport::Jump => !route.jump.is_empty(),
            Transport::ProxyCommand => route.proxy_command.is_some(),
            Transport::Tailscale => route.tailscale.is_some(),
            Transport::Cloudflare => route.cloudflare.is_some(),
        };
        if configured && !plan.contains(&transport) {
            plan.push(transport);
        }
    }
    plan
}

#[cfg(test)]
pub(super) mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use super::*;
    use crate::node::{HostKeyPolicy, Interval, NodeId, Route, Sudo};

    /// A node with nothing special about it.
    pub(crate) fn node(transports: &[Transport], route: Route) -> Node {
        Node {
            id: NodeId::new("web1"),
            address: "127.0.0.1".to_owned(),
            port: 22,
            user: None,
            identity: Vec::new(),
            transports: transports.to_vec(),
            route,
            host_keys: HostKeyPolicy::Ask,
            connect_timeout: Duration::from_secs(5),
            command_timeout: Duration::ZERO,
            prelude: String::new(),
            sudo: Sudo::Never,
            interval: Interval::Auto,
            sampler: true,
            protected: false,
            labels: BTreeMap::new(),
            groups: Vec::new(),
            daemons: Vec::new(),
            origins: Vec::new(),
        }
    }

    #[test]
    fn only_configured_ways_are_tried() {
        use Transport::{Cloudflare, Direct, Tailscale};
        let all = [Tailscale, Direct, Cloudflare];
        assert_eq!(plan(&node(&all, Route::default())), [Direct]);
        let route = Route {
            tailscale: Some("100.101.1.7".to_owned()),
            ..Route::default()
        };
        assert_eq!(plan(&node(&all, route)), [Tailscale, Direct]);
    }

    #[test]
    fn a_node_behind_something_is_never_dialled_directly() {
        use Transport::{Direct, Jump, ProxyCommand};
        let route = Route {
            jump: vec!["bastion".to_owned()],
            ..Route::default()
        };
        assert_eq!(plan(&node(&[Direct], route.clone())), [Jump]);
        assert_eq!(plan(&node(&[Jump, Direct], route)), [Jump]);
        let route = Route {
            proxy_command: Some("nc %h %p".to_owned()),
            ..Route::default()
        };
        assert_eq!(plan(&node(&[Direct], route)), [ProxyCommand]);
    }
}
