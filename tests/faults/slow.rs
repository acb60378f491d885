//! Ways that are slow, uneven or narrow.

use std::time::Duration;

use sshoal::{
    fleet::{Link, Millis},
    node::HostKeyPolicy,
};

use crate::{
    proxy::{Faults, Proxy},
    rig::{during, fleet, now, stop, until_sampled},
    support::sshd::Sshd,
};

/// Samples within ten seconds of a node behind a proxy, once it is up, and its last round trip in milliseconds.
async fn samples(server: &Sshd, faults: Faults) -> (usize, f64) {
    let proxy = Proxy::start(server.port, faults).await;
    let mut node = server.node();
    node.port = Some(proxy.port);
    node.host_keys = Some(HostKeyPolicy::AcceptNew);
    let fleet = fleet(server.config(), vec![node]).await;
    until_sampled(&fleet, "test").await;
    let (mut samples, mut last) = (0, Millis(0));
    during(&fleet, Duration::from_secs(10), |snapshot| {
        let node = &snapshot.nodes[0];
        assert!(matches!(node.link, Link::Up(_)), "{}", node.reason());
        samples += usize::from(node.sample_at > last);
        last = node.sample_at;
    })
    .await;
    let round_trip = now(&fleet, "test").round_trip_ms.unwrap();
    println!("{samples} samples, {round_trip:.0} ms");
    stop(fleet).await;
    (samples, round_trip)
}

#[tokio::test]
async fn three_hundred_milliseconds_cost_no_sample() {
    let Some(server) = Sshd::start() else { return };
    let far = Faults {
        delay: Duration::from_millis(150),
        ..Faults::default()
    };
    let (samples, round_trip) = samples(&server, far).await;
    assert!((9..=13).contains(&samples), "{samples}");
    assert!(round_trip >= 300.0, "{round_trip}");
}

#[tokio::test]
async fn jitter_costs_no_sample() {
    let Some(server) = Sshd::start() else { return };
    let uneven = Faults {
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(250),
        ..Faults::default()
    };
    let (samples, _) = samples(&server, uneven).await;
    assert!((8..=13).contains(&samples), "{samples}");
}

#[tokio::test]
async fn four_kilobytes_a_second_are_enough() {
    let Some(server) = Sshd::start() else { return };
    let narrow = Faults {
        rate: Some(4096),
        ..Faults::default()
    };
    let (samples, _) = samples(&server, narrow).await;
    assert!(samples >= 5, "{samples}");
}
