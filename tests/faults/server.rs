//! Servers that are odd, strict or short of room, and agents that are gone or slow.

use std::time::{Duration, Instant};

use sshoal::{fleet::Link, node::Node, ssh::Step};
use tokio::net::UnixListener;

use crate::{
    rig::{fleet, named, stop, until, until_down, until_sampled},
    support::sshd::Sshd,
};

#[tokio::test]
async fn without_a_common_algorithm_both_lists_are_told_and_it_is_not_tried_again() {
    for (option, kind, theirs, ours) in [
        (
            "KexAlgorithms diffie-hellman-group1-sha1",
            "kex",
            "group1-sha1",
            "curve25519-sha256",
        ),
        (
            "Ciphers aes128-cbc,3des-cbc",
            "cipher",
            "aes128-cbc, 3des-cbc",
            "aes256-gcm",
        ),
        (
            "Ciphers aes256-ctr\nMACs umac-64@openssh.com",
            "mac",
            "umac-64",
            "hmac-sha2-256",
        ),
    ] {
        let Some(server) = Sshd::with(&[option]) else {
            return;
        };
        server.trust();
        let fleet = fleet(server.config(), vec![server.node()]).await;
        let (error, time) = until_down(&fleet, "test").await;
        assert!(time < Duration::from_secs(2), "{time:?}");
        assert_eq!((error.step, error.permanent), (Step::Kex, true), "{error}");
        for part in [kind, theirs, ours] {
            assert!(error.reason.as_str().contains(part), "{part}: {error}");
        }
        assert!(!error.advice.as_str().is_empty());
        assert_eq!(server.log().matches("Connection from").count(), 1);
        stop(fleet).await;
    }
}

#[tokio::test]
async fn a_server_that_grants_two_channels_is_measured_in_full() {
    let Some(server) = Sshd::with(&["MaxSessions 2"]) else {
        return;
    };
    server.trust();
    let fleet = fleet(server.config(), vec![server.node()]).await;
    let (node, _) = until(&fleet, "test", "complete", |n| n.complete).await;
    let sample = node.sample.as_ref().unwrap();
    assert!(!sample.disk.mounts.is_empty(), "the slow channel works");
    stop(fleet).await;
}

/// Twenty names for one server, of which it can't know, at the strictest limit: whoever comes fourth is dropped.
#[tokio::test]
async fn a_server_that_drops_logins_gets_them_all_in_the_end_without_a_stampede() {
    let port = {
        let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let everywhere = format!("ListenAddress 0.0.0.0:{port}");
    let Some(server) = Sshd::with(&["MaxStartups 3:100:3", &everywhere]) else {
        return;
    };
    let mut config = server.config();
    config.accept_new = true;
    let node = |n: usize| Node {
        address: format!("127.0.0.{}", n + 2),
        ..named(server.node(), &format!("n{n}"), port)
    };
    let started = Instant::now();
    let fleet = fleet(config, (0..20).map(node).collect()).await;
    for n in 0..20 {
        until(&fleet, &format!("n{n}"), "up", |n| {
            matches!(n.link, Link::Up(_))
        })
        .await;
    }
    let snapshot = fleet.snapshots().borrow().clone();
    for node in &snapshot.nodes {
        assert!(matches!(node.link, Link::Up(_)), "none is lost again");
    }
    let log = server.log();
    let tries = log.matches("Connection from").count() + log.matches("drop connection").count();
    println!(
        "20 up after {:.1?} with {tries} attempts",
        started.elapsed()
    );
    assert!(tries < 100, "{tries}");
    stop(fleet).await;
}

#[tokio::test]
async fn an_agent_that_is_gone_or_says_nothing_leaves_the_key_files_their_turn() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let silent = UnixListener::bind(server.path("silent")).unwrap();
    // Its socket is there, and nobody behind it.
    drop(UnixListener::bind(server.path("gone")).unwrap());
    for agent in ["never", "gone", "silent"] {
        let mut config = server.config();
        config.agent = Some(server.path(agent));
        let fleet = fleet(config, vec![server.node()]).await;
        until_sampled(&fleet, "test").await;
        stop(fleet).await;
    }
    drop(silent);
}
