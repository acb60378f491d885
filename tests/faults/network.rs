//! A network that drops packets: all, some, or those of a server that is gone.

use std::time::{Duration, Instant};

use sshoal::{
    fleet::{Link, Millis},
    ssh::Step,
};
use tokio::time::sleep_until;

use crate::{
    rig::{BRISK, assert_well, during, fleet, named, now, stop, until_down, until_sampled},
    support::sshd::Sshd,
    wire::Wire,
};

#[tokio::test]
async fn a_partition_is_found_within_20_s_and_healed_at_once() {
    let (Some(mut wire), Some(near)) = (Wire::lay(), Sshd::start()) else {
        return;
    };
    wire.serve();
    let mut config = wire.config();
    config.known_hosts.push(near.path("known_hosts"));
    near.trust();
    let nodes = vec![
        wire.node(1),
        wire.node(2),
        named(near.node(), "near", near.port),
    ];
    let fleet = fleet(config, nodes).await;
    for name in ["far1", "far2", "near"] {
        until_sampled(&fleet, name).await;
    }
    wire.cut();
    let healed_at = tokio::time::Instant::now() + Duration::from_secs(30);
    let lost = async {
        for name in ["far1", "far2"] {
            let (error, time) = until_down(&fleet, name).await;
            assert_eq!(
                (error.step, error.permanent),
                (Step::Session, false),
                "{error}"
            );
            assert!(time < Duration::from_secs(20), "{time:?}");
            let node = now(&fleet, name);
            assert_eq!(node.state_word(fleet.clock().now()), "reconnecting");
            assert!(node.sample.is_some(), "the last values stay");
        }
        sleep_until(healed_at).await;
    };
    let well = during(&fleet, Duration::from_secs(30), |s| assert_well(s, "near"));
    tokio::join!(lost, well);
    wire.heal();
    let healed = Instant::now();
    for name in ["far1", "far2"] {
        until_sampled(&fleet, name).await;
    }
    println!("back {:.1?} after healing", healed.elapsed());
    assert!(
        healed.elapsed() < Duration::from_secs(8),
        "{:?}",
        healed.elapsed()
    );
    stop(fleet).await;
}

/// The server's machine lost its power: nothing says that the connection is gone, and what comes back knows nothing of it.
#[tokio::test]
async fn a_peer_that_is_gone_without_a_word_is_found_and_its_successor_too() {
    let Some(mut wire) = Wire::lay() else { return };
    wire.serve();
    let mut config = wire.config();
    config.keepalive = BRISK;
    let fleet = fleet(config, vec![wire.node(1)]).await;
    until_sampled(&fleet, "far1").await;
    wire.cut();
    wire.kill();
    let (error, time) = until_down(&fleet, "far1").await;
    assert_eq!(error.step, Step::Session, "{error}");
    assert!(time < Duration::from_secs(4), "{time:?}");
    wire.heal();
    wire.serve();
    let time = until_sampled(&fleet, "far1").await;
    assert!(time < Duration::from_secs(8), "{time:?}");
    stop(fleet).await;
}

/// As the last, but the network is back before anybody noticed.
#[tokio::test]
async fn a_server_that_was_restarted_behind_a_cut_says_so_itself() {
    let Some(mut wire) = Wire::lay() else { return };
    wire.serve();
    let fleet = fleet(wire.config(), vec![wire.node(1)]).await;
    until_sampled(&fleet, "far1").await;
    wire.cut();
    wire.kill();
    wire.heal();
    wire.serve();
    let (_, found) = until_down(&fleet, "far1").await;
    assert!(found < Duration::from_secs(6), "{found:?}");
    let time = until_sampled(&fleet, "far1").await;
    assert!(time < Duration::from_secs(4), "{time:?}");
    stop(fleet).await;
}

#[tokio::test]
async fn what_is_dropped_at_the_first_packet_ends_at_the_deadline() {
    let Some(mut wire) = Wire::lay() else { return };
    wire.serve();
    wire.cut();
    let fleet = fleet(wire.config(), vec![wire.node(1)]).await;
    let (error, time) = until_down(&fleet, "far1").await;
    assert_eq!(
        (error.step, error.permanent),
        (Step::Connect, false),
        "{error}"
    );
    let expected = Duration::from_secs(5)..Duration::from_secs(7);
    assert!(expected.contains(&time), "{time:?}");
    wire.heal();
    let time = until_sampled(&fleet, "far1").await;
    assert!(time < Duration::from_secs(5), "{time:?}");
    stop(fleet).await;
}

#[tokio::test]
async fn lost_packets_make_samples_late_and_no_node_lost() {
    let Some(mut wire) = Wire::lay() else { return };
    wire.serve();
    let fleet = fleet(wire.config(), vec![wire.node(1)]).await;
    until_sampled(&fleet, "far1").await;
    for (percent, least) in [(5, 5), (20, 2)] {
        wire.lose(percent);
        let (mut samples, mut last) = (0, Millis(0));
        during(&fleet, Duration::from_secs(9), |snapshot| {
            let node = &snapshot.nodes[0];
            assert!(matches!(node.link, Link::Up(_)), "{}", node.reason());
            samples += usize::from(node.sample_at > last);
            last = node.sample_at;
        })
        .await;
        println!("{samples} samples in 9 s with {percent} % lost each way");
        assert!(samples >= least, "{samples}");
        wire.heal();
    }
    stop(fleet).await;
}
