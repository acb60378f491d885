//! Logging in by agent and by file, and host keys, as the dashboard meets them.

use std::{fs, process::Command, sync::Arc};

use sshoal::{
    fleet::{Answers, Link, Order},
    node::Transport,
    ssh::{Answer, Question},
};

use crate::{
    lab::{SOON, fleet, until},
    support::sshd::{SshAgent, Sshd, keygen},
};

fn fingerprint(server: &Sshd, public: &str) -> String {
    let listed = Command::new("ssh-keygen")
        .arg("-lf")
        .arg(server.path(public))
        .output();
    let text = String::from_utf8(listed.expect("ssh-keygen").stdout).expect("text");
    text.split(' ').nth(1).expect("a fingerprint").to_owned()
}

#[tokio::test]
async fn the_agent_and_the_file_both_let_in() {
    let Some(server) = Sshd::start() else { return };
    let keys = [server.path("id_ed25519")];
    let Some(agent) = SshAgent::start(server.folder.path(), &keys) else {
        return;
    };
    server.trust();
    let mut config = server.config();
    config.agent = Some(agent.socket.clone());
    let mut node = server.node();
    node.identity.clear();
    let by_agent = fleet(config, Answers::None, node).await;
    let by_file = fleet(server.config(), Answers::None, server.node()).await;
    for (fleet, word) in [(by_agent, "agent"), (by_file, "file")] {
        let state = until(&fleet, "sampled", |n| n.sample.is_some()).await;
        let Link::Up(info) = &state.link else {
            panic!("{:?}", state.link)
        };
        assert!(info.auth.as_str().starts_with(word), "{}", info.auth);
        fleet.stop().await;
    }
}

#[tokio::test]
async fn no_key_that_fits_is_refused_and_not_tried_again() {
    let Some(server) = Sshd::start() else { return };
    keygen(&server.path("other"), "ed25519", "");
    server.trust();
    let mut node = server.node();
    node.identity = vec![server.path("other")];
    let fleet = fleet(server.config(), Answers::None, node).await;
    let refused = until(&fleet, "refused", |n| matches!(n.link, Link::Refused(_))).await;
    assert!(
        refused.reason().starts_with("auth (direct): "),
        "{}",
        refused.reason()
    );
    let connections = || server.log().matches("Connection from").count();
    let before = connections();
    assert!(before >= 1, "{}", server.log());
    // Longer than the first back-off.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(connections(), before);
    fleet.stop().await;
}

#[tokio::test]
async fn an_unknown_key_waits_for_a_person_and_is_remembered() {
    let Some(server) = Sshd::start() else { return };
    let fleet_1 = fleet(server.config(), Answers::Asked, server.node()).await;
    until(&fleet_1, "asking", |n| n.link == Link::Asking).await;
    let mut prompts = fleet_1.prompts();
    let asked = tokio::time::timeout(SOON, prompts.wait_for(|all| !all.is_empty()));
    let asked = asked.await.unwrap().unwrap().clone();
    let Question::HostKey {
        fingerprint: shown, ..
    } = &asked[0].question
    else {
        panic!("another question");
    };
    assert_eq!(shown.as_str(), fingerprint(&server, "host_ed25519.pub"));
    assert!(!server.path("known_hosts").exists());
    fleet_1
        .orders()
        .send(Order::Answer(asked[0].id, Answer::Yes))
        .await
        .unwrap();
    until(&fleet_1, "sampled", |n| n.sample.is_some()).await;
    assert!(prompts.borrow_and_update().is_empty());
    fleet_1.stop().await;
    let known = fs::read_to_string(server.path("known_hosts")).unwrap();
    assert_eq!(known.lines().count(), 1);
    let fleet_2 = fleet(server.config(), Answers::None, server.node()).await;
    until(&fleet_2, "up again, unasked", |n| n.sample.is_some()).await;
    fleet_2.stop().await;
}

#[tokio::test]
async fn a_changed_key_is_refused_with_both_fingerprints() {
    let Some(server) = Sshd::start() else { return };
    keygen(&server.path("old"), "ed25519", "");
    server.know(&fs::read_to_string(server.path("old.pub")).unwrap());
    let fleet = fleet(server.config(), Answers::Asked, server.node()).await;
    let refused = until(&fleet, "refused", |n| matches!(n.link, Link::Refused(_))).await;
    for public in ["old.pub", "host_ed25519.pub"] {
        let wanted = fingerprint(&server, public);
        assert!(
            refused.reason().contains(&wanted),
            "{wanted}: {}",
            refused.reason()
        );
    }
    assert!(
        fleet.prompts().borrow().is_empty(),
        "nobody is asked about a changed key"
    );
    assert!(!server.log().contains("Accepted"));
    fleet.stop().await;
}

#[tokio::test]
async fn a_refused_host_key_is_tried_again_once_known_hosts_has_changed() {
    let Some(server) = Sshd::start() else { return };
    keygen(&server.path("other"), "ed25519", "");
    let other = fs::read_to_string(server.path("other.pub")).expect("a key");
    server.know(&other);
    let fleet = fleet(server.config(), Answers::None, server.node()).await;
    until(&fleet, "refused", |n| matches!(n.link, Link::Refused(_))).await;
    fs::remove_file(server.path("known_hosts")).expect("it was written");
    server.trust();
    until(&fleet, "up", |n| matches!(n.link, Link::Up(_))).await;
    fleet.stop().await;
}

#[tokio::test]
async fn a_node_is_tried_again_once_its_bastions_host_key_is_known() {
    let (Some(gate), Some(server)) = (Sshd::start(), Sshd::start()) else {
        return;
    };
    server.trust();
    let mut config = gate.config();
    config.known_hosts.push(server.path("known_hosts"));
    let mut node = server.node();
    node.transports = vec![Transport::Jump];
    node.route.jump = vec![Arc::new(gate.node())];
    let fleet = fleet(config, Answers::None, node).await;
    let refused = until(&fleet, "refused", |n| matches!(n.link, Link::Refused(_))).await;
    let reason = refused.reason();
    assert!(
        reason.contains("through bastion test: host key"),
        "{reason}"
    );
    gate.trust();
    until(&fleet, "up", |n| matches!(n.link, Link::Up(_))).await;
    fleet.stop().await;
}
