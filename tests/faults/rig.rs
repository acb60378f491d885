//! A fleet of several nodes, and what is seen of each.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sshoal::{
    fleet::{Answers, Clock, Fleet, Link, Millis, NodeState, Order, Snapshot},
    inventory::Inventory,
    node::{Node, NodeId},
    ssh::{Config, Error, Keepalive},
};
use tokio::time::{interval, timeout};

/// Far above what anything here takes: only a hang meets it.
pub(crate) const SOON: Duration = Duration::from_secs(40);

/// A silent peer is found within 1.5 s: for tests in which the time is not the point.
pub(crate) const BRISK: Keepalive = Keepalive {
    interval: Duration::from_millis(500),
    max: 2,
};

/// A fleet with these nodes.
pub(crate) async fn fleet(config: Config, nodes: Vec<Node>) -> Fleet {
    let fleet = Fleet::start(config, Answers::None, Clock::start());
    let inventory = Inventory {
        nodes: nodes.into_iter().map(Arc::new).collect(),
        ..Inventory::default()
    };
    let order = Order::Inventory(Arc::new(inventory));
    fleet.orders().send(order).await.expect("a fleet");
    fleet
}

/// The node by another name, at another port.
pub(crate) fn named(node: Node, name: &str, port: u16) -> Node {
    Node {
        id: NodeId::new(name),
        port: Some(port),
        ..node
    }
}

/// The node as it is now.
pub(crate) fn now(fleet: &Fleet, name: &str) -> Arc<NodeState> {
    find(&fleet.snapshots().borrow(), name).expect("a node of the fleet")
}

fn find(snapshot: &Snapshot, name: &str) -> Option<Arc<NodeState>> {
    let mut nodes = snapshot.nodes.iter();
    nodes.find(|n| n.node.id.as_str() == name).cloned()
}

/// Waits until the node is as wanted: what it is then, and how long it took. Panics with what it is when it never is.
pub(crate) async fn until(
    fleet: &Fleet,
    name: &str,
    what: &str,
    wanted: impl Fn(&NodeState) -> bool,
) -> (Arc<NodeState>, Duration) {
    let started = Instant::now();
    let mut snapshots = fleet.snapshots();
    let is_so = |s: &Arc<Snapshot>| find(s, name).is_some_and(|node| wanted(&node));
    let found = timeout(SOON, snapshots.wait_for(is_so)).await;
    let found = found.ok().and_then(Result::ok).map(|s| find(&s, name));
    let Some(Some(node)) = found else {
        let last = now(fleet, name);
        panic!(
            "{name} is never {what}: {:?}, {:?}",
            last.link, last.sampler
        )
    };
    println!(
        "{name} {what} after {:.1?}: {}",
        started.elapsed(),
        node.reason()
    );
    (node, started.elapsed())
}

/// Waits until it is up and a sample has come from now on.
pub(crate) async fn until_sampled(fleet: &Fleet, name: &str) -> Duration {
    until_sampled_since(fleet, name, fleet.clock().now()).await
}

/// Waits until it is up and a sample has come since then.
pub(crate) async fn until_sampled_since(fleet: &Fleet, name: &str, since: Millis) -> Duration {
    let sampled =
        |n: &NodeState| matches!(n.link, Link::Up(_)) && n.sample.is_some() && n.sample_at > since;
    until(fleet, name, "sampled", sampled).await.1
}

/// Looks at each snapshot for so long, and now and then without one: time alone makes values stale.
pub(crate) async fn during(fleet: &Fleet, time: Duration, mut look: impl FnMut(&Snapshot)) {
    let mut snapshots = fleet.snapshots();
    let mut beat = interval(Duration::from_millis(100));
    let watching = async {
        loop {
            tokio::select! {
                _ = snapshots.changed() => {}
                _ = beat.tick() => {}
            }
            let mut snapshot = Snapshot::clone(&snapshots.borrow_and_update());
            snapshot.at = fleet.clock().now();
            look(&snapshot);
        }
    };
    let watched: Result<(), _> = timeout(time, watching).await;
    assert!(watched.is_err(), "it looks to the end");
}

/// Panics when the node is not up with fresh values.
pub(crate) fn assert_well(snapshot: &Snapshot, name: &str) {
    let node = find(snapshot, name).expect("a node of the fleet");
    assert_eq!(
        node.state_word(snapshot.at),
        "up",
        "{name}: {}",
        node.reason()
    );
}

/// Why it is down.
pub(crate) fn error(node: &NodeState) -> &Error {
    match &node.link {
        Link::Down { error, .. } | Link::Refused(error) => error,
        other => panic!("{}: {other:?}", node.node.id),
    }
}

/// Waits until it is lost, or was never reached.
pub(crate) async fn until_down(fleet: &Fleet, name: &str) -> (Error, Duration) {
    let is_down = |n: &NodeState| matches!(n.link, Link::Down { .. } | Link::Refused(_));
    let (node, time) = until(fleet, name, "down", is_down).await;
    (error(&node).clone(), time)
}

/// Ends the fleet; panics when that takes long or a task stays.
pub(crate) async fn stop(fleet: Fleet) {
    timeout(SOON, fleet.stop()).await.expect("the fleet ends");
}
