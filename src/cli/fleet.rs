//! A fleet for one command: started, given an inventory, waited for, stopped.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use crate::{
    fleet::{Clock, Fleet, NodeState, Order, Snapshot},
    inventory::Inventory,
    ssh::{self, Asked},
};

/// Starts a fleet on the nodes of `inventory`, its questions put to `asker`.
pub(super) async fn start(
    config: ssh::Config,
    asker: Option<mpsc::Sender<Asked>>,
    inventory: Arc<Inventory>,
) -> Fleet {
    let fleet = Fleet::start_asking(config, asker, Clock::start());
    give(&fleet, inventory).await;
    fleet
}

/// Tells a fleet its nodes.
pub(super) async fn give(fleet: &Fleet, inventory: Arc<Inventory>) {
    // The actor outlives this call, so its queue is open.
    fleet.orders().send(Order::Inventory(inventory)).await.ok();
}

/// Waits until `enough` holds of every node, or `patience` is over, which starts anew after each question to a person;
/// gives the newest snapshot either way.
pub(super) async fn wait(
    fleet: &Fleet,
    patience: Duration,
    asking: watch::Receiver<bool>,
    enough: fn(&NodeState) -> bool,
) -> Arc<Snapshot> {
    let mut snapshots = fleet.snapshots();
    let done = |s: &Arc<Snapshot>| s.seq > 0 && s.nodes.iter().all(|n| enough(n));
    // Neither a timeout nor a closed channel changes what is known: the newest snapshot.
    tokio::select! {
        biased;
        _ = snapshots.wait_for(done) => {}
        () = over(patience, asking) => {}
    }
    snapshots.borrow().clone()
}

/// Resolves when nobody was asked anything for so long.
async fn over(patience: Duration, mut asking: watch::Receiver<bool>) {
    while asking.wait_for(|is_asking| !is_asking).await.is_ok() {
        let asked = asking.wait_for(|is_asking| *is_asking);
        if timeout(patience, asked).await.is_err() {
            return;
        }
    }
}
