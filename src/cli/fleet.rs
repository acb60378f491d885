//! A fleet for one command: started, given an inventory, waited for, stopped.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::timeout};

use crate::{
    fleet::{Answers, Clock, Fleet, NodeState, Order, Snapshot},
    inventory::Inventory,
    ssh::{self, Prompt},
};

/// Starts a fleet on the nodes of `inventory`.
pub(super) async fn start(
    config: ssh::Config,
    answers: Answers,
    inventory: Arc<Inventory>,
) -> Fleet {
    let fleet = Fleet::start(config, answers, Clock::start());
    // The actor outlives this call, so its queue is open.
    fleet.orders().send(Order::Inventory(inventory)).await.ok();
    fleet
}

/// Waits until `enough` holds of every node, or `patience` is over, which starts anew after each question to a person;
/// gives the newest snapshot either way.
pub(super) async fn wait(
    fleet: &Fleet,
    patience: Duration,
    enough: fn(&NodeState) -> bool,
) -> Arc<Snapshot> {
    let mut snapshots = fleet.snapshots();
    let done = |s: &Arc<Snapshot>| s.seq > 0 && s.nodes.iter().all(|n| enough(n));
    // Neither a timeout nor a closed channel changes what is known: the newest snapshot.
    tokio::select! {
        biased;
        _ = snapshots.wait_for(done) => {}
        () = over(patience, fleet.prompts()) => {}
    }
    snapshots.borrow().clone()
}

/// Resolves when nobody was asked anything for so long.
async fn over(patience: Duration, mut prompts: watch::Receiver<Arc<Vec<Prompt>>>) {
    while prompts.wait_for(|all| all.is_empty()).await.is_ok() {
        let asked = prompts.wait_for(|all| !all.is_empty());
        if timeout(patience, asked).await.is_err() {
            return;
        }
    }
}
