//! A daemon that dies is noticed at the next sample, not at the next turn of the slow channel.

use std::{
    fs,
    process::{Child, Command},
    time::{Duration, Instant},
};

use sshoal::{
    fleet::NodeState,
    metrics::daemon::State,
    node::{Daemon, Manager, Node},
};

use crate::{
    lab::{Lab, adopt, until},
    support::sshd::is_alive,
};

/// A process of our own in the role of a daemon; ended when dropped.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> Self {
        let child = Command::new("sleep").arg("600").spawn();
        Self(child.expect("sleep is part of every system"))
    }

    /// Dies as by a crash, with nobody to restart it.
    fn die(&mut self) {
        self.0.kill().expect("a child of ours");
        self.0.wait().expect("a child of ours");
        assert!(!is_alive(self.0.id()));
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn daemon(name: &str, manager: Manager) -> Daemon {
    Daemon {
        name: name.to_owned(),
        manager,
        ..Daemon::default()
    }
}

fn states(node: &NodeState) -> Vec<State> {
    let daemons = node.sample.iter().flat_map(|s| &s.daemon.daemons);
    daemons.map(|d| d.state).collect()
}

#[tokio::test]
async fn a_dead_process_is_noticed_within_two_seconds_and_a_new_one_too() {
    let Some(lab) = Lab::new(&[]) else { return };
    let mut sleeper = Sleeper::start();
    let file = lab.path("sleeper.pid");
    fs::write(&file, format!("{}\n", sleeper.0.id())).unwrap();
    let file = file.display().to_string();
    let by_file = Daemon {
        pidfile: Some(file.clone()),
        ..daemon("by-file", Manager::Pidfile)
    };
    let by_command = Daemon {
        status: Some(format!("kill -0 \"$(cat '{file}')\"")),
        ..daemon("by-command", Manager::Custom)
    };
    let missing = Daemon {
        pidfile: Some(format!("{file}.none")),
        ..daemon("missing", Manager::Pidfile)
    };
    let watched = vec![by_file, by_command, missing];
    let fleet = lab.fleet(|node| node.daemons = watched).await;
    let state = until(&fleet, "up", |n| {
        states(n) == [State::Up, State::Up, State::Stopped]
    });
    let state = state.await;
    let pid = state.sample.as_ref().unwrap().daemon.daemons[0].pid;
    assert_eq!(pid, Some(sleeper.0.id()));
    // One more sample, so that the node watches the process.
    let seen = state.sample_at;
    until(&fleet, "sampled again", |n| n.sample_at.0 > seen.0 + 1500).await;
    sleeper.die();
    let died = Instant::now();
    until(&fleet, "noticed", |n| {
        states(n).first().is_some_and(|s| s.is_bad())
    })
    .await;
    let noticed = died.elapsed();
    assert!(noticed < Duration::from_secs(2), "{noticed:?}");
    println!("a dead process noticed after {noticed:?}");
    let all_bad = until(&fleet, "all known", |n| {
        states(n).iter().all(|s| s.is_bad())
    });
    all_bad.await;
    assert!(
        died.elapsed() < Duration::from_secs(4),
        "{:?}",
        died.elapsed()
    );
    fleet.stop().await;
}

#[tokio::test]
async fn an_edit_of_daemons_keeps_the_graphs_of_the_same_machine() {
    let Some(lab) = Lab::new(&[]) else { return };
    let fleet = lab.fleet(|_| ()).await;
    let first = until(&fleet, "sampled", |n| n.sample.is_some()).await;
    let mut node = Node::clone(&first.node);
    node.daemons = vec![daemon("sshd", Manager::Auto)];
    adopt(&fleet, node.clone()).await;
    let anew = until(&fleet, "adopted", |n| !n.node.daemons.is_empty()).await;
    assert!(anew.history.newest() >= first.history.newest());
    let before = first.history.newest();
    until(&fleet, "gone on", |n| n.history.newest() > before).await;
    node.address = "localhost".to_owned();
    adopt(&fleet, node).await;
    let other = until(&fleet, "adopted", |n| n.node.address == "localhost").await;
    assert_eq!(
        other.history.newest(),
        None,
        "another address may be another machine"
    );
    fleet.stop().await;
}
