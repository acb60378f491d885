//! Nodes behind bastions: real servers behind real servers.

use std::{sync::Arc, time::Duration};

use sshoal::{
    node::{Node, NodeId, Transport},
    ssh::{Answer, Config, Connector, End, Output, Question, Source, SshConfig, Step},
};
use tokio::time::{Instant, timeout};

use crate::{SOON, eventually, refused, run, support::sshd::Sshd, tasks};

/// A bastion and a server behind it, each with keys of its own; both are known.
struct Pair {
    gate: Sshd,
    inner: Sshd,
}

impl Pair {
    fn start(gate: &[&str]) -> Option<Self> {
        let pair = Self {
            gate: Sshd::with(gate)?,
            inner: Sshd::start()?,
        };
        pair.gate.trust();
        pair.inner.trust();
        Some(pair)
    }

    fn config(&self) -> Config {
        let mut config = self.gate.config();
        config.known_hosts.push(self.inner.path("known_hosts"));
        config
    }

    fn bastion(&self) -> Node {
        named("b1", self.gate.node())
    }

    /// A node behind the bastion.
    fn node(&self, name: &str) -> Node {
        behind(named(name, self.inner.node()), &[self.bastion()])
    }
}

fn named(name: &str, node: Node) -> Node {
    Node {
        id: NodeId::new(name),
        ..node
    }
}

fn behind(mut node: Node, bastions: &[Node]) -> Node {
    node.transports = vec![Transport::Jump];
    node.route.jump = bastions.iter().cloned().map(Arc::new).collect();
    node
}

#[tokio::test]
async fn nodes_behind_a_bastion_share_its_connection() {
    let Some(pair) = Pair::start(&["MaxSessions 0"]) else {
        return;
    };
    let connector = Connector::new(pair.config(), None);
    let session = connector.connect(&pair.node("web1")).await.unwrap();
    let info = session.info();
    assert_eq!(info.transport, Transport::Jump);
    assert_eq!(info.peer, format!("b1 → 127.0.0.1:{}", pair.inner.port));
    let done = run(&session, "echo $SSH_CONNECTION; exit 3").await;
    assert_eq!(done.end, Some(End::Exit(3)));
    let mut other = pair.node("web2");
    other.address = "localhost".to_owned();
    pair.inner.append(
        "known_hosts",
        &std::fs::read_to_string(pair.inner.path("known_hosts"))
            .unwrap()
            .replace("[127.0.0.1]", "[localhost]"),
    );
    let second = connector.connect(&other).await.unwrap();
    assert!(second.info().peer.starts_with("b1 → localhost:"));
    let table = connector.table().await;
    let direct = |row: &&sshoal::ssh::Row| row.transport == Transport::Direct;
    assert_eq!(table.iter().filter(direct).count(), 1, "{table:?}");
    assert_eq!(table.len(), 3);
    // Bulk goes over connections of its own, all the way.
    let bulk = connector.connect_bulk(&pair.node("web1")).await.unwrap();
    assert_eq!(bulk.info().transport, Transport::Jump);
    let table = connector.table().await;
    assert_eq!(table.iter().filter(|row| row.bulk).count(), 2, "{table:?}");
    connector.close().await;
}

#[tokio::test]
async fn a_chain_goes_through_every_bastion() {
    let Some(pair) = Pair::start(&[]) else { return };
    let Some(second) = Sshd::start() else { return };
    second.trust();
    let mut config = pair.config();
    config.known_hosts.push(second.path("known_hosts"));
    let hops = [pair.bastion(), named("b2", second.node())];
    let node = behind(named("web1", pair.inner.node()), &hops);
    let connector = Connector::new(config, None);
    let session = connector.connect(&node).await.unwrap();
    let port = pair.inner.port;
    assert_eq!(session.info().peer, format!("b1 → b2 → 127.0.0.1:{port}"));
    assert_eq!(run(&session, "true").await.end, Some(End::Exit(0)));
    // b2 itself, without b1, is another connection.
    let direct = connector
        .connect(&named("b2", second.node()))
        .await
        .unwrap();
    assert_eq!(direct.info().transport, Transport::Direct);
    assert_eq!(connector.table().await.len(), 4);
}

/// The pair as two hosts of an ssh_config, the inner one behind the other.
fn ssh_config(pair: &Pair) -> String {
    let entry = |name: &str, server: &Sshd| {
        let known = server.path("known_hosts");
        format!(
            "Host {name}\n HostName 127.0.0.1\n Port {}\n IdentityFile {}\n UserKnownHostsFile {}\n",
            server.port,
            server.path("id_ed25519").display(),
            known.display()
        )
    };
    format!(
        "{}{} ProxyJump gate\nHost handed\n ProxyCommand nc %h %p\n ProxyUseFdpass yes\n\
         Host one\n ProxyJump two\nHost two\n ProxyJump one\n",
        entry("gate", &pair.gate),
        entry("inner", &pair.inner)
    )
}

#[tokio::test]
async fn bastions_of_ssh_config_are_gone_through() {
    let Some(pair) = Pair::start(&[]) else { return };
    let file = pair.gate.path("ssh_config");
    std::fs::write(&file, ssh_config(&pair)).unwrap();
    for program in [None, crate::support::sshd::peer("ssh")] {
        let config = Config {
            known_hosts_chosen: false,
            ssh_config: SshConfig::On(Source {
                file: Some(file.clone()),
                home: pair.gate.folder.path().to_path_buf(),
                user: pair.gate.config().user,
                cache: None,
                program,
            }),
            ..pair.config()
        };
        let connector = Connector::new(config, None);
        let by = |name: &str| Node {
            transports: vec![Transport::Direct],
            ..Node::blank(name)
        };
        let session = connector.connect(&by("inner")).await.unwrap();
        let peer = format!("gate → 127.0.0.1:{}", pair.inner.port);
        assert_eq!(session.info().peer, peer);
        assert_eq!(run(&session, "true").await.end, Some(End::Exit(0)));
        let error = refused(&connector, &by("handed")).await;
        assert_eq!((error.step, error.permanent), (Step::Config, true));
        assert!(error.reason.as_str().contains("ProxyUseFdpass"), "{error}");
        let error = refused(&connector, &by("one")).await;
        assert_eq!(
            error.reason.as_str(),
            "bastions in a circle: one behind two behind one"
        );
    }
}

#[tokio::test]
async fn what_a_bastion_refuses_is_told_with_its_name() {
    let Some(pair) = Pair::start(&[]) else { return };
    let connector = Connector::new(pair.config(), None);
    let mut node = pair.node("web1");
    node.port = Some(1);
    let error = refused(&connector, &node).await;
    assert_eq!((error.step, error.permanent), (Step::Connect, false));
    let reason = error.reason.as_str();
    assert_eq!(
        reason,
        "through bastion b1: it can't connect to 127.0.0.1:1: Connection refused"
    );
    node.address = "no-such-name.invalid".to_owned();
    let error = refused(&connector, &node).await;
    assert_eq!(error.step, Step::Resolve, "{error}");
    assert!(error.advice.as_str().contains("at the bastion"));

    let Some(closed) = Pair::start(&["AllowTcpForwarding no"]) else {
        return;
    };
    let connector = Connector::new(closed.config(), None);
    let error = refused(&connector, &closed.node("web1")).await;
    assert_eq!((error.step, error.permanent), (Step::Connect, true));
    assert!(error.advice.as_str().contains("AllowTcpForwarding"));
}

#[tokio::test]
async fn a_bastion_that_cannot_be_reached_is_told_and_another_transport_is_tried() {
    let Some(pair) = Pair::start(&[]) else { return };
    let mut bastion = pair.bastion();
    bastion.identity.clear();
    let mut node = behind(pair.node("web1"), &[bastion]);
    let connector = Connector::new(pair.config(), None);
    let error = refused(&connector, &node).await;
    assert_eq!((error.step, error.permanent), (Step::Connect, true));
    let reason = error.reason.as_str();
    assert!(
        reason.starts_with("through bastion b1: auth (direct): "),
        "{reason}"
    );
    node.transports = vec![Transport::Jump, Transport::Local];
    let session = connector.connect(&node).await.unwrap();
    assert_eq!(session.info().transport, Transport::Local);
}

#[tokio::test]
async fn the_key_of_a_bastion_is_asked_about_in_its_own_name() {
    let Some(pair) = Pair::start(&[]) else { return };
    let mut config = pair.config();
    config.known_hosts = vec![pair.inner.path("known_hosts")];
    let (asker, mut asked) = tokio::sync::mpsc::channel(4);
    let connector = Connector::new(config, Some(asker));
    let node = pair.node("web1");
    let (session, ()) = tokio::join!(connector.connect(&node), async {
        let asked = timeout(SOON, asked.recv()).await.unwrap().unwrap();
        assert_eq!(asked.prompt.node.as_str(), "b1");
        let Question::HostKey { host, .. } = &asked.prompt.question else {
            panic!("{:?}", asked.prompt)
        };
        assert_eq!(host.as_str(), format!("[127.0.0.1]:{}", pair.gate.port));
        asked.reply.send(Answer::Yes).unwrap();
    });
    assert_eq!(run(&session.unwrap(), "true").await.end, Some(End::Exit(0)));
}

#[tokio::test]
async fn bastions_in_a_circle_are_refused() {
    let Some(pair) = Pair::start(&[]) else { return };
    let mut gate = pair.bastion();
    for turn in 0..20 {
        gate = behind(named(&format!("b{turn}"), gate.clone()), &[gate]);
    }
    let connector = Connector::new(pair.config(), None);
    let error = refused(&connector, &behind(pair.node("web1"), &[gate])).await;
    assert_eq!((error.step, error.permanent), (Step::Config, true));
    assert!(error.reason.as_str().contains("circle"), "{error}");
}

#[tokio::test]
async fn a_bastion_that_dies_is_the_reason_for_all_behind_it() {
    let Some(pair) = Pair::start(&[]) else { return };
    let connector = Connector::new(pair.config(), None);
    let nodes = [pair.node("web1"), {
        let mut node = pair.node("web2");
        node.user = Some("root".to_owned());
        node
    }];
    for node in &nodes {
        let session = connector.connect(node).await.unwrap();
        let mut sleeper = session.exec("echo up; exec sleep 60").await.unwrap();
        assert_eq!(crate::first_line(&mut sleeper).await, "up");
        pair.gate.kill_connections();
        let reason = timeout(SOON, session.closed()).await.unwrap().reason;
        assert!(
            reason.as_str().starts_with("bastion b1: the server closed"),
            "{reason}"
        );
        let again = timeout(SOON, connector.connect(node)).await.unwrap();
        assert_eq!(run(&again.unwrap(), "true").await.end, Some(End::Exit(0)));
    }
}

#[tokio::test]
async fn an_unread_flood_holds_up_nobody_else_behind_the_bastion() {
    let Some(pair) = Pair::start(&[]) else { return };
    let Some(other) = Sshd::start() else { return };
    other.trust();
    let mut config = pair.config();
    config.known_hosts.push(other.path("known_hosts"));
    let connector = Connector::new(config, None);
    let flooded = connector.connect(&pair.node("web1")).await.unwrap();
    let calm = behind(named("web2", other.node()), &[pair.bastion()]);
    let calm = connector.connect(&calm).await.unwrap();
    let mut flood = flooded.exec("yes").await.unwrap();
    let Output::Stdout(_) = flood.next().await else {
        panic!("a flood")
    };
    // Nobody reads it any more: its channel is given up after 5 s, and until then its connection stands still.
    let started = Instant::now();
    let mut slowest = Duration::ZERO;
    while started.elapsed() < Duration::from_secs(4) {
        let asked = Instant::now();
        let answer = timeout(Duration::from_secs(2), run(&calm, "true")).await;
        assert_eq!(answer.expect("an answer").end, Some(End::Exit(0)));
        slowest = slowest.max(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("slowest answer beside the flood: {slowest:?}");
    drop(flood);
}

#[tokio::test]
async fn dead_nodes_behind_a_bastion_do_not_hold_up_the_others() {
    let Some(pair) = Pair::start(&[]) else { return };
    let mut config = pair.config();
    config.kex_timeout = 3 * SOON;
    let connector = Connector::new(config, None);
    let mut attempts = tokio::task::JoinSet::new();
    let mut listeners = Vec::new();
    // Twice as many as go through a bastion at once; they accept, and say nothing.
    for at in 0..12 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut stuck = pair.node(&format!("stuck{at}"));
        stuck.port = Some(listener.local_addr().unwrap().port());
        listeners.push(listener);
        let connector = connector.clone();
        attempts.spawn(async move { connector.connect(&stuck).await.map(drop) });
    }
    let mut silent = Vec::new();
    for listener in listeners.iter().take(6) {
        silent.push(timeout(SOON, listener.accept()).await.unwrap().unwrap());
    }
    let session = timeout(SOON, connector.connect(&pair.node("web1"))).await;
    assert_eq!(
        run(&session.unwrap().unwrap(), "true").await.end,
        Some(End::Exit(0))
    );
    assert!(
        attempts.try_join_next().is_none(),
        "the dead are still waited for"
    );
}

#[tokio::test]
async fn an_attempt_that_is_dropped_leaves_nothing_at_the_bastion() {
    let Some(pair) = Pair::start(&[]) else { return };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stuck = pair.node("stuck");
    stuck.port = Some(listener.local_addr().unwrap().port());
    let connector = Connector::new(pair.config(), None);
    // The bastion's connection stays.
    let kept = connector.connect(&pair.bastion()).await.unwrap();
    let before = tasks();
    for _ in 0..10 {
        let (cut, mut stream) = tokio::join!(
            timeout(Duration::from_millis(100), connector.connect(&stuck)),
            async { listener.accept().await.unwrap().0 }
        );
        assert!(cut.is_err());
        let mut sink = tokio::io::sink();
        let ended = timeout(SOON, tokio::io::copy(&mut stream, &mut sink)).await;
        assert!(ended.is_ok(), "the bastion has closed its socket");
    }
    eventually("no task is left", || tasks() == before).await;
    assert_eq!(run(&kept, "true").await.end, Some(End::Exit(0)));
}
