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

/// Beside each other, as all of it is waiting.
#[tokio::test]
async fn ways_that_are_far_uneven_or_narrow_cost_no_sample() {
    let Some(server) = Sshd::start() else { return };
    let far = Faults {
        delay: Duration::from_millis(150),
        ..Faults::default()
    };
    let uneven = Faults {
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(250),
        ..Faults::default()
    };
    let narrow = Faults {
        rate: Some(4096),
        ..Faults::default()
    };
    let ((far, round_trip), (uneven, _), (narrow, _)) = tokio::join!(
        samples(&server, far),
        samples(&server, uneven),
        samples(&server, narrow)
    );
    assert!((9..=13).contains(&far), "{far}");
    assert!(round_trip >= 300.0, "{round_trip}");
    assert!((8..=13).contains(&uneven), "{uneven}");
    assert!(narrow >= 5, "{narrow}");
}
