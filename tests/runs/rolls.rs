//! Rolls of simulated nodes behind a real SSH server.

use std::{sync::Arc, time::Instant};

use sshoal::{
    daemon::roll::{
        End, Event, Finished, GateBy, Options, Order, Past, Reason, Share, Start, State, Steps,
        batches, drive,
    },
    exec::{Control, plan},
    inventory,
    node::Node,
    sim::{self, Sim},
    ssh::{self, Connector, SshConfig},
    store::{
        audit::RunId,
        roll::{Folder, Header},
    },
};
use tokio::{sync::mpsc, time::timeout};

use crate::PATIENCE;

const NODES: usize = 200;

/// A tenth of them, by chance, and always the same.
fn is_bad(place: usize) -> bool {
    (place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & 0xff < 26
}

fn header(id: &RunId) -> Header {
    Header {
        id: id.clone(),
        version: 1,
        actor: "tester".to_owned(),
        words: Vec::new(),
        hosts: None,
        known_hosts: None,
        ssh_config: None,
        nodes: Vec::new(),
        batches: Vec::new(),
    }
}

fn order(id: &RunId, nodes: Vec<Arc<Node>>) -> Order {
    let options = Options {
        batches: vec![Share::Nodes(1), Share::Percent(10), Share::Percent(25)],
        min_up: Some(Share::Percent(75)),
        max_failures: Share::Percent(20),
        ..Options::default()
    };
    let refs: Vec<&Node> = nodes.iter().map(|node| &**node).collect();
    let batches = batches(&refs, &options);
    Order {
        id: id.to_string(),
        batches: batches.into(),
        nodes,
        options,
        steps: Arc::new(Steps {
            before: Some(Box::new(|_, _| "true".to_owned())),
            restart: Box::new(|_, place| {
                let end = if is_bad(place) { "false" } else { "true" };
                format!("sleep 0.0{}; {end}", place % 10)
            }),
            after: None,
            gate: GateBy::OnNode(Box::new(|_, _| "true".to_owned())),
            on_fail: None,
        }),
        manner: plan::Options::default(),
    }
}

/// Drives it; the most nodes that were unavailable at once.
async fn driven(start: Start, order: &Order) -> (Finished, State, usize) {
    let (_orders, taken) = mpsc::channel(1);
    let (to, mut events) = mpsc::channel::<Event>(64);
    let mut state = State::new(Arc::clone(&order.batches), 0);
    let mut most = 0;
    let watch = async {
        while let Some(event) = events.recv().await {
            state.apply(&event, 0);
            most = most.max(state.tally().unavailable);
        }
    };
    let both = async { tokio::join!(drive(start, taken, to), watch) };
    let (finished, ()) = timeout(PATIENCE, both).await.expect("an end");
    (finished, state, most)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_nodes_of_which_a_tenth_fails_never_cross_the_limit() {
    let config = sim::Config {
        nodes: crate::steady(NODES),
        ..sim::Config::default()
    };
    let sim = Sim::start(config).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = sim.write_files(folder.path()).unwrap();
    let located = inventory::locate(Some(&files.hosts), None, folder.path(), folder.path());
    let nodes = inventory::load(&located).unwrap().nodes;
    let ssh = ssh::Config {
        agent: None,
        ssh_config: SshConfig::Off,
        ..ssh::Config::apart(vec![files.known_hosts], "nobody")
    };
    let id = RunId::new(5);
    let rolls = Folder::new(&folder.path().join("rolls"));
    let journal = rolls.begin(&header(&id), 5).unwrap();
    let order = Arc::new(order(&id, nodes));
    let connector = Connector::new(ssh, None);
    let start = Start {
        order: Arc::clone(&order),
        past: Past::default(),
        journal,
        pid: 1,
        connector: connector.clone(),
        control: Control::default(),
    };
    let begun = Instant::now();
    let (finished, state, most) = driven(start, &order).await;
    println!(
        "{NODES} nodes in {:?}, {most} unavailable at most",
        begun.elapsed()
    );
    assert_eq!(finished.reason, Reason::Done);
    let bad = (0..NODES).filter(|place| is_bad(*place)).count();
    assert!((15..=30).contains(&bad), "{bad}");
    for (place, end) in finished.ends.iter().enumerate() {
        let wanted = if is_bad(place) {
            End::Failed
        } else {
            End::Done
        };
        assert_eq!(*end, Some(wanted), "{place}");
    }
    assert!(most <= NODES / 4, "{most}");
    assert_eq!(state.tally().done, NODES - bad);
    // What is written down is what happened.
    let stored = rolls.read(&id).unwrap();
    let past = Past::of(NODES, stored.lines.iter().map(|line| &line.record));
    let done = past
        .nodes
        .iter()
        .filter(|t| **t == sshoal::daemon::roll::Trace::Done);
    assert_eq!(done.count(), NODES - bad);
    connector.close().await;
    sim.stop().await;
}
