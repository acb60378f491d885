//! No connection comes about.

use std::time::Duration;

use sshoal::ssh::Step;
use tokio::net::TcpListener;

use crate::{
    blackhole::Blackhole,
    proxy::{Faults, Proxy},
    rig::{assert_well, during, fleet, named, stop, until_down, until_sampled},
    support::sshd::Sshd,
};

#[tokio::test]
async fn silence_ends_at_its_deadline_and_holds_nobody_up() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let hole = Blackhole::dig();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = silent.local_addr().unwrap().port();
    let mut config = server.config();
    config.kex_timeout = Duration::from_secs(2);
    let mut nodes = vec![server.node()];
    nodes.extend((0..20).map(|n| named(server.node(), &format!("hole{n}"), hole.port)));
    nodes.extend((0..20).map(|n| named(server.node(), &format!("silent{n}"), silent)));
    let fleet = fleet(config, nodes).await;
    until_sampled(&fleet, "test").await;
    let holes = async {
        let (error, time) = until_down(&fleet, "hole0").await;
        assert_eq!(
            (error.step, error.permanent),
            (Step::Connect, false),
            "{error}"
        );
        assert!(error.reason.as_str().contains("within 5 s"), "{error}");
        assert!(time < Duration::from_secs(7), "{time:?}");
    };
    let silences = async {
        let (error, time) = until_down(&fleet, "silent0").await;
        assert_eq!(
            (error.step, error.permanent),
            (Step::Banner, false),
            "{error}"
        );
        assert!(time < Duration::from_secs(4), "{time:?}");
    };
    let well = during(&fleet, Duration::from_secs(7), |s| assert_well(s, "test"));
    tokio::join!(holes, silences, well);
    stop(fleet).await;
}

#[tokio::test]
async fn what_is_no_ssh_is_told_and_tried_again() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let garbage = Faults {
        instead: Some(b"\x16\x03\x01\x00\xff\x1b]0;x\x07 \xfe\n".repeat(40)),
        ..Faults::default()
    };
    let proxy = Proxy::start(server.port, garbage).await;
    let mut node = server.node();
    node.port = Some(proxy.port);
    node.host_keys = Some(sshoal::node::HostKeyPolicy::AcceptNew);
    let fleet = fleet(server.config(), vec![node]).await;
    let (error, time) = until_down(&fleet, "test").await;
    assert!(time < Duration::from_secs(1), "{time:?}");
    assert_eq!(
        (error.step, error.permanent),
        (Step::Banner, false),
        "{error}"
    );
    assert!(!error.reason.as_str().contains(char::is_control), "{error}");
    proxy.set(Faults::default());
    until_sampled(&fleet, "test").await;
    stop(fleet).await;
}
