//! Connections that end or fall silent at every point of their life.

use std::time::Duration;

use sshoal::{
    fleet::{Fleet, Link, Order},
    node::{HostKeyPolicy, Node, NodeId},
};

use crate::{
    proxy::{Faults, Flow, Proxy},
    rig::{BRISK, fleet, named, now, stop, until_down, until_sampled_since},
    support::sshd::Sshd,
};

/// Bytes: within the banner, key exchange, login, the sampler's start and its frames.
const PLACES: [u64; 14] = [
    0, 1, 7, 21, 41, 60, 800, 1200, 1700, 2000, 2300, 2600, 3300, 4500,
];

/// One node for each place and direction, each behind a proxy of its own.
async fn struck(kind: fn(u64) -> Flow, server: &Sshd) -> (Fleet, Vec<(String, Proxy)>) {
    let mut config = server.config();
    config.kex_timeout = Duration::from_secs(2);
    config.auth_timeout = Duration::from_secs(2);
    config.keepalive = BRISK;
    let (mut nodes, mut proxies) = (Vec::new(), Vec::new());
    for place in PLACES {
        let flow = kind(place);
        let up = Faults {
            up: flow,
            ..Faults::default()
        };
        let down = Faults {
            down: flow,
            ..Faults::default()
        };
        for (name, faults) in [(format!("up{place}"), up), (format!("down{place}"), down)] {
            let proxy = Proxy::start(server.port, faults).await;
            nodes.push(Node {
                host_keys: Some(HostKeyPolicy::AcceptNew),
                ..named(server.node(), &name, proxy.port)
            });
            proxies.push((name, proxy));
        }
    }
    (fleet(config, nodes).await, proxies)
}

/// Each is told with a reason, is tried again, and comes up once the way is clear.
async fn all_are_told_and_come_back(kind: fn(u64) -> Flow) {
    let Some(server) = Sshd::start() else { return };
    let (fleet, proxies) = struck(kind, &server).await;
    for (name, _) in &proxies {
        let (error, _) = until_down(&fleet, name).await;
        assert!(!error.permanent, "{name}: {error}");
        assert!(!error.reason.as_str().is_empty(), "{name}");
    }
    for (_, proxy) in &proxies {
        proxy.set(Faults::default());
    }
    let healed = fleet.clock().now();
    let all = proxies.iter().map(|(name, _)| NodeId::new(name)).collect();
    fleet.orders().send(Order::Retry(all)).await.unwrap();
    for (name, _) in &proxies {
        until_sampled_since(&fleet, name, healed).await;
        assert!(matches!(now(&fleet, name).link, Link::Up(_)), "{name}");
    }
    stop(fleet).await;
}

#[tokio::test]
async fn a_connection_that_ends_anywhere_is_told_and_opened_again() {
    all_are_told_and_come_back(Flow::CutAfter).await;
}

#[tokio::test]
async fn a_connection_that_is_reset_anywhere_is_told_and_opened_again() {
    all_are_told_and_come_back(Flow::ResetAfter).await;
}

#[tokio::test]
async fn a_connection_that_falls_silent_anywhere_is_told_and_opened_again() {
    all_are_told_and_come_back(Flow::StallAfter).await;
}
