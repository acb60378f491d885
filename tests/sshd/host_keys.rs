//! Host keys: unknown, known, changed, revoked, and the person who is asked.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use sshoal::{
    node::HostKeyPolicy,
    ssh::{Answer, Asked, Connector, Question, Step},
};
use tokio::sync::mpsc;

use crate::{
    eventually, refused,
    support::sshd::{Sshd, keygen, peer},
    tasks,
};

#[tokio::test]
async fn an_unknown_host_is_asked_about_once_and_remembered() {
    let Some(server) = Sshd::start() else { return };
    let (sender, mut questions) = mpsc::channel::<Asked>(4);
    let connector = Connector::new(server.config(), Some(sender));
    let node = server.node();
    let (session, ()) = tokio::join!(connector.connect(&node), async {
        let asked = questions.recv().await.unwrap();
        let Question::HostKey {
            host,
            algorithm,
            fingerprint,
        } = &asked.prompt.question
        else {
            panic!("another question");
        };
        assert_eq!(host.as_str(), format!("[127.0.0.1]:{}", server.port));
        assert_eq!(algorithm.as_str(), "ssh-ed25519");
        assert_eq!(
            fingerprint.as_str(),
            fingerprint_of(&server.path("host_ed25519.pub"))
        );
        assert_eq!(asked.prompt.node, node.id);
        asked.reply.send(Answer::Yes).unwrap();
    });
    assert!(session.is_ok());
    assert!(connector.connect(&node).await.is_ok());
    assert!(questions.try_recv().is_err());
    let ssh_agrees = Command::new("ssh-keygen")
        .args(["-F", &format!("[127.0.0.1]:{}", server.port), "-f"])
        .arg(server.path("known_hosts"))
        .output()
        .unwrap();
    assert!(ssh_agrees.status.success());
}

fn fingerprint_of(public: &Path) -> String {
    let listed = Command::new("ssh-keygen").arg("-lf").arg(public).output();
    let text = String::from_utf8(listed.unwrap().stdout).unwrap();
    text.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn two_connections_that_ask_at_once_write_one_line() {
    let Some(server) = Sshd::start() else { return };
    let (sender, mut questions) = mpsc::channel::<Asked>(4);
    let connector = Connector::new(server.config(), Some(sender));
    let node = server.node();
    let (first, second, ()) = tokio::join!(
        connector.connect(&node),
        connector.connect_bulk(&node),
        async {
            let both = (
                questions.recv().await.unwrap(),
                questions.recv().await.unwrap(),
            );
            assert_ne!(both.0.prompt.id, both.1.prompt.id);
            both.0.reply.send(Answer::Yes).unwrap();
            both.1.reply.send(Answer::Yes).unwrap();
        }
    );
    assert!(first.is_ok() && second.is_ok());
    let written = fs::read_to_string(server.path("known_hosts")).unwrap();
    assert_eq!(written.lines().count(), 1);
}

#[tokio::test]
async fn an_unknown_host_is_refused_where_nobody_says_yes() {
    let Some(server) = Sshd::start() else { return };
    let mut node = server.node();
    let error = refused(&Connector::new(server.config(), None), &node).await;
    assert_eq!((error.step, error.permanent), (Step::HostKey, true));
    assert!(error.advice.as_str().contains("--accept-new"));
    let (sender, mut questions) = mpsc::channel::<Asked>(4);
    let connector = Connector::new(server.config(), Some(sender));
    let (error, ()) = tokio::join!(refused(&connector, &node), async {
        questions
            .recv()
            .await
            .unwrap()
            .reply
            .send(Answer::No)
            .unwrap();
    });
    assert!(error.reason.as_str().contains("declined"), "{error}");
    node.host_keys = Some(HostKeyPolicy::Strict);
    let error = refused(&connector, &node).await;
    assert!(error.advice.as_str().contains("strict"));
    assert!(!server.path("known_hosts").exists());
}

#[tokio::test]
async fn accept_new_writes_the_key_unless_the_node_is_strict() {
    let Some(server) = Sshd::start() else { return };
    let mut config = server.config();
    config.accept_new = true;
    config.known_hosts = vec![server.path("new/known_hosts")];
    let connector = Connector::new(config, None);
    let mut node = server.node();
    node.host_keys = Some(HostKeyPolicy::Strict);
    assert_eq!(refused(&connector, &node).await.step, Step::HostKey);
    node.host_keys = Some(HostKeyPolicy::Ask);
    assert!(connector.connect(&node).await.is_ok());
    node.host_keys = Some(HostKeyPolicy::Strict);
    assert!(connector.connect(&node).await.is_ok());
}

#[tokio::test]
async fn a_changed_key_is_refused_with_both_fingerprints() {
    let Some(server) = Sshd::start() else { return };
    let old = server.path("old");
    keygen(&old, "ed25519", "");
    server.append("known_hosts", "# a comment\n");
    server.know(&fs::read_to_string(server.path("old.pub")).unwrap());
    let mut config = server.config();
    config.accept_new = true;
    let mut node = server.node();
    node.host_keys = Some(HostKeyPolicy::AcceptNew);
    let before = fs::read(server.path("known_hosts")).unwrap();
    let error = refused(&Connector::new(config, None), &node).await;
    assert_eq!((error.step, error.permanent), (Step::HostKey, true));
    let reason = error.reason.as_str();
    let place = format!("{}:2", server.path("known_hosts").display());
    let (shown, known) = (server.path("host_ed25519.pub"), server.path("old.pub"));
    for part in [place, fingerprint_of(&shown), fingerprint_of(&known)] {
        assert!(reason.contains(&part), "{part}: {reason}");
    }
    assert_eq!(fs::read(server.path("known_hosts")).unwrap(), before);
    assert!(!server.log().contains("Accepted"));
}

#[tokio::test]
async fn a_host_known_by_another_kind_of_key_is_asked_for_that_kind() {
    let folder = tempfile::tempdir().unwrap();
    if peer("ssh-keygen").is_none() {
        return;
    }
    let rsa = folder.path().join("host_rsa");
    keygen(&rsa, "rsa", "");
    let option = format!("HostKey {}", rsa.display());
    let Some(server) = Sshd::with(&[&option]) else {
        return;
    };
    server.know(&fs::read_to_string(folder.path().join("host_rsa.pub")).unwrap());
    let connector = Connector::new(server.config(), None);
    assert!(connector.connect(&server.node()).await.is_ok());
}

#[tokio::test]
async fn a_revoked_key_is_refused_though_it_is_known() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let key = fs::read_to_string(server.path("host_ed25519.pub")).unwrap();
    server.append("known_hosts", &format!("@revoked * {key}"));
    let error = refused(&Connector::new(server.config(), None), &server.node()).await;
    assert_eq!((error.step, error.permanent), (Step::HostKey, true));
    assert!(error.reason.as_str().contains("REVOKED"), "{error}");
}

#[tokio::test]
async fn known_hosts_that_cannot_be_read_never_count_as_empty() {
    let Some(server) = Sshd::start() else { return };
    let mut config = server.config();
    config.accept_new = true;
    config.known_hosts.push(server.path("home"));
    let error = refused(&Connector::new(config, None), &server.node()).await;
    assert_eq!((error.step, error.permanent), (Step::HostKey, true));
}

#[tokio::test]
async fn a_question_is_withdrawn_with_the_attempt_that_asked_it() {
    let Some(server) = Sshd::start() else { return };
    let (sender, mut questions) = mpsc::channel::<Asked>(4);
    let connector = Connector::new(server.config(), Some(sender));
    let node = server.node();
    let before = tasks();
    let asked = tokio::select! {
        _ = connector.connect(&node) => panic!("nobody has answered"),
        asked = questions.recv() => asked.unwrap(),
    };
    eventually("the question is void", || asked.reply.is_closed()).await;
    eventually("no task is left", || tasks() == before).await;
    assert!(!server.path("known_hosts").exists());
}

#[tokio::test]
async fn the_time_that_a_person_takes_is_not_part_of_the_set_up() {
    let Some(server) = Sshd::start() else { return };
    let thinking = Duration::from_millis(1_200);
    let (to, mut questions) = mpsc::channel(4);
    let connector = Connector::new(server.config(), Some(to));
    let person = async {
        let asked = questions.recv().await.unwrap();
        tokio::time::sleep(thinking).await;
        asked.reply.send(Answer::Yes).unwrap();
    };
    let (watcher, mut steps) = mpsc::channel(64);
    let started = Instant::now();
    let node = server.node();
    let (attempt, ()) = tokio::join!(connector.watched(&node, watcher), person);
    let total = started.elapsed();
    let session = attempt.result.unwrap();
    assert!(attempt.waited >= thinking && attempt.waited < total);
    assert!(session.info().setup + thinking <= total);
    assert!(attempt.tried[0].outcome.clone().unwrap() + thinking <= total);
    assert!(connector.table().await[0].setup + thinking <= total);
    let mut times = Vec::new();
    while let Ok(step) = steps.try_recv() {
        times.push(step.at);
    }
    let (first, last) = (times[0], times[times.len() - 1]);
    assert!(last - first + thinking <= total);
}
