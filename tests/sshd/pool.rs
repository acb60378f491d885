//! Connections are kept, shared and given up.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use futures::future::join_all;
use sshoal::{
    node::{Node, Transport},
    ssh::{Channel, Config, Connector, End, Limits, Session, Step},
};
use tokio::{io::AsyncWriteExt, net::TcpListener, time::timeout};

use crate::{
    SOON, eventually, finish, first_line, refused, run,
    support::sshd::{Sshd, config, keygen, node},
    tasks,
};

fn limited(server: &Sshd, limits: Limits) -> Connector {
    server.trust();
    let config = Config {
        limits,
        ..server.config()
    };
    Connector::new(config, None)
}

fn usual(server: &Sshd) -> Connector {
    limited(server, Limits::default())
}

fn logins(server: &Sshd) -> usize {
    server.log().matches("Accepted publickey").count()
}

#[tokio::test]
async fn all_who_want_a_server_share_one_connection() {
    let Some(server) = Sshd::start() else { return };
    let connector = usual(&server);
    let node = server.node();
    let sessions = join_all((0..8).map(|_| connector.connect(&node))).await;
    let sessions: Vec<Session> = sessions.into_iter().map(Result::unwrap).collect();
    join_all(sessions.iter().map(|session| run(session, "true"))).await;
    let later = connector.connect(&node).await.unwrap();
    let table = connector.table().await;
    assert_eq!(table.len(), 1, "{table:?}");
    assert_eq!(table[0].opened, 8);
    assert_eq!(logins(&server), 1);
    drop((sessions, later));
}

#[tokio::test]
async fn channels_beyond_what_the_server_allows_go_over_more_connections() {
    for allowed in [1, 2] {
        let Some(server) = Sshd::with(&[&format!("MaxSessions {allowed}")]) else {
            return;
        };
        let connector = usual(&server);
        let session = connector.connect(&server.node()).await.unwrap();
        let all = join_all((0..7).map(|_| session.exec("echo $$; exec cat"))).await;
        let mut all: Vec<_> = all.into_iter().map(Result::unwrap).collect();
        for channel in &mut all {
            first_line(channel).await;
        }
        let table = connector.table().await;
        assert!(table.iter().all(|row| row.channels <= allowed), "{table:?}");
        assert!(table.iter().any(|row| row.limit == allowed), "{table:?}");
        assert_eq!(table.len(), 7_usize.div_ceil(allowed), "{table:?}");
    }
}

/// Trap: a cancelled command keeps its slot and its process on the server.
#[tokio::test]
async fn cancelled_commands_give_their_slots_back_before_these_are_used_again() {
    let Some(server) = Sshd::with(&["MaxSessions 2"]) else {
        return;
    };
    let connector = usual(&server);
    let session = connector.connect(&server.node()).await.unwrap();
    for _ in 0..20 {
        let mut channel = session.exec("echo $$; exec cat").await.unwrap();
        first_line(&mut channel).await;
        drop(channel);
        // Given up before it has started, it must not keep a slot either.
        let _ = timeout(Duration::from_micros(300), session.exec("cat")).await;
    }
    assert_eq!(run(&session, "true").await.end, Some(End::Exit(0)));
    let idle = async {
        while connector.table().await.iter().any(|row| row.channels > 0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, idle).await.unwrap();
    // A slow machine needs a few connections for those that are still ending; a false lesson would need one for each.
    let table = connector.table().await;
    assert!(table.iter().all(|row| row.limit >= 2), "{table:?}");
    assert!(table.len() <= 6, "{table:?}");
}

/// Trap: a cancelled command keeps its slot and its process on the server.
#[tokio::test]
async fn a_cancelled_command_that_ignores_its_input_counts_until_it_ends() {
    let Some(server) = Sshd::with(&["MaxSessions 1"]) else {
        return;
    };
    let connector = usual(&server);
    let session = connector.connect(&server.node()).await.unwrap();
    let mut stubborn = session
        .exec("trap '' HUP; echo $$; exec sleep 4 </dev/null")
        .await
        .unwrap();
    first_line(&mut stubborn).await;
    drop(stubborn);
    // Its slot is taken: the next goes elsewhere, and nothing false is learnt of the server meanwhile.
    let done = run(&session, "echo other").await;
    assert_eq!(done.stdout, b"other\n");
    assert_eq!(connector.table().await.len(), 2);
}

#[tokio::test]
async fn a_connection_that_died_unseen_is_replaced_when_a_command_is_started() {
    let Some(server) = Sshd::start() else { return };
    let connector = usual(&server);
    let session = connector.connect(&server.node()).await.unwrap();
    server.kill_connections();
    // Whether its end was noticed or not by now: no command was sent.
    let done = run(&session, "echo anew").await;
    assert_eq!(done.stdout, b"anew\n");
    assert_eq!(logins(&server), 2);
    timeout(SOON, session.closed()).await.unwrap();
}

#[tokio::test]
async fn an_unused_connection_is_closed_after_a_while() {
    let Some(server) = Sshd::start() else { return };
    let idle = Duration::from_millis(300);
    let connector = limited(
        &server,
        Limits {
            idle,
            ..Limits::default()
        },
    );
    let session = connector.connect(&server.node()).await.unwrap();
    let channel = session.exec("cat").await.unwrap();
    drop(session);
    tokio::time::sleep(idle * 3).await;
    assert_eq!(connector.table().await.len(), 1, "its channel is in use");
    drop(channel);
    let empty = async {
        while !connector.table().await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, empty).await.unwrap();
    eventually("the server is told", || {
        server.log().contains("Received disconnect")
    })
    .await;
}

#[tokio::test]
async fn at_the_limit_of_files_idle_connections_make_room_and_others_are_refused_with_the_number() {
    let [Some(first), Some(second)] = [Sshd::start(), Sshd::start()] else {
        return;
    };
    let known = fs::read_to_string(second.path("host_ed25519.pub")).unwrap();
    first.append(
        "known_hosts",
        &format!("[127.0.0.1]:{} {}\n", second.port, known.trim()),
    );
    let limits = Limits {
        files: 1,
        ..Limits::default()
    };
    let connector = limited(&first, limits);
    let held = connector.connect(&first.node()).await.unwrap();
    let error = connector.connect(&second.node()).await.unwrap_err();
    assert_eq!((error.step, error.permanent), (Step::Config, false));
    assert!(error.advice.as_str().contains("ulimit -n 256"), "{error:?}");
    drop(held);
    let session = connector.connect(&second.node()).await.unwrap();
    assert_eq!(run(&session, "true").await.end, Some(End::Exit(0)));
    assert_eq!(connector.table().await.len(), 1);
}

fn stuck(port: u16) -> Node {
    Node {
        port: Some(port),
        ..node(Transport::Direct)
    }
}

async fn silent(folder: &Path) -> (Connector, TcpListener, Node) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let node = stuck(listener.local_addr().unwrap().port());
    (Connector::new(config(folder), None), listener, node)
}

#[tokio::test]
async fn whoever_comes_while_an_attempt_is_given_up_gets_one_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (connector, listener, node) = silent(folder.path()).await;
    let accepting = async {
        let mut streams = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"SSH-2.0-stuck\r\n").await.unwrap();
            streams.push(stream);
            if streams.len() == 3 {
                return streams;
            }
        }
    };
    let asking = async {
        // Each is given up within a sweep, at some moment of which the next comes.
        for wait in (0..).map(|n| 200 + n * 7) {
            let _ = timeout(Duration::from_millis(wait), connector.connect(&node)).await;
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
    };
    tokio::select! {
        streams = timeout(SOON, accepting) => assert_eq!(streams.unwrap().len(), 3),
        () = asking => unreachable!(),
    }
}

#[tokio::test]
async fn a_failed_attempt_is_told_to_all_who_waited_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let (connector, listener, node) = silent(folder.path()).await;
    let all = join_all((0..5).map(|_| connector.connect(&node)));
    let (all, ()) = tokio::join!(all, async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"go away\r\n").await.unwrap();
    });
    assert!(
        all.into_iter()
            .all(|one| one.unwrap_err().step == Step::Banner)
    );
}

#[tokio::test]
async fn closing_takes_leave_of_all_at_once_and_leaves_nothing() {
    let servers: Vec<Sshd> = (0..5).map_while(|_| Sshd::start()).collect();
    if servers.is_empty() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.accept_new = true;
    let connector = Connector::new(config, None);
    let nodes: Vec<Node> = servers.iter().map(Sshd::node).collect();
    let sessions = join_all(nodes.iter().map(|node| connector.connect(node))).await;
    let sessions: Vec<Session> = sessions.into_iter().map(Result::unwrap).collect();
    // A server that is still busy with the login hears of no leave: it finds the connection gone when it writes.
    let channels = join_all(sessions.iter().map(|session| session.exec("cat"))).await;
    let mut channels: Vec<Channel> = channels.into_iter().map(Result::unwrap).collect();
    timeout(SOON, connector.close()).await.unwrap();
    for channel in &mut channels {
        assert_eq!(finish(channel).await.end, Some(End::Lost));
    }
    assert!(connector.table().await.is_empty());
    for server in &servers {
        eventually("each server is told", || {
            server.log().contains("Received disconnect")
        })
        .await;
    }
    drop((sessions, connector, channels));
    eventually("no task is left", || tasks() == 0).await;
}

/// Trap: a channel that nobody reads stops all others of its connection.
#[tokio::test]
async fn a_channel_that_nobody_reads_holds_nobody_up() {
    let Some(server) = Sshd::start() else { return };
    let connector = usual(&server);
    let session = connector.connect(&server.node()).await.unwrap();
    let mut flood = session.exec("exec cat /dev/zero").await.unwrap();
    for _ in 0..20 {
        assert_eq!(run(&session, "echo here").await.stdout, b"here\n");
    }
    eventually("the channel is given up", || connector.overruns() == 1).await;
    let lost = finish(&mut flood).await;
    assert_eq!(lost.end, Some(End::Lost));
    assert!(lost.stdout.len() <= 8 << 20, "{}", lost.stdout.len());
    assert_eq!(logins(&server), 1);
}

#[tokio::test]
async fn bulk_waits_for_its_reader_and_nobody_waits_for_bulk() {
    let Some(server) = Sshd::start() else { return };
    let connector = usual(&server);
    let node = server.node();
    let session = connector.connect(&node).await.unwrap();
    let bulk = connector.connect_bulk(&node).await.unwrap();
    let command = "head -c 33554432 /dev/zero; echo end";
    let mut flood = bulk.exec(command).await.unwrap();
    let mut second = bulk.exec("echo; exec cat /dev/zero").await.unwrap();
    second.next().await;
    for _ in 0..20 {
        assert_eq!(run(&session, "echo here").await.stdout, b"here\n");
    }
    // Longer than anything would be waited for.
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(second);
    let all = finish(&mut flood).await;
    assert_eq!(all.end, Some(End::Exit(0)));
    assert_eq!(all.stdout.len(), (32 << 20) + 4);
    assert_eq!(connector.overruns(), 0);
    let bulks = connector.table().await.into_iter().filter(|row| row.bulk);
    assert_eq!(bulks.count(), 2);
}

#[tokio::test]
async fn a_writer_that_waits_for_its_command_holds_nobody_up() {
    let Some(server) = Sshd::start() else { return };
    let connector = usual(&server);
    let session = connector.connect(&server.node()).await.unwrap();
    let mut deaf = session.exec("exec sleep 30").await.unwrap();
    let flood = vec![0; 8 << 20];
    let started = Instant::now();
    let (written, ()) = tokio::join!(timeout(Duration::from_secs(1), deaf.write(&flood)), async {
        while started.elapsed() < Duration::from_secs(1) {
            assert_eq!(run(&session, "echo here").await.stdout, b"here\n");
        }
    });
    assert!(written.is_err(), "it still waits");
}

#[tokio::test]
async fn a_connection_is_for_those_alone_who_would_be_let_in_themselves() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let wrong = server.path("id_wrong");
    keygen(&wrong, "ed25519", "");
    let connector = Connector::new(server.config(), None);
    let _held = connector.connect(&server.node()).await.unwrap();
    let mut other = server.node();
    other.identity = vec![wrong];
    let error = refused(&connector, &other).await;
    assert_eq!((error.step, error.permanent), (Step::Auth, true));
}

#[tokio::test]
async fn what_is_remembered_nowhere_is_accepted_each_time() {
    let Some(server) = Sshd::start() else { return };
    let mut config = server.config();
    config.known_hosts = vec!["/dev/null".into()];
    config.accept_new = true;
    for _ in 0..2 {
        let connector = Connector::new(config.clone(), None);
        connector.connect(&server.node()).await.unwrap();
    }
    config.known_hosts = vec!["/dev/zero".into()];
    let error = refused(&Connector::new(config, None), &server.node()).await;
    assert!(
        error.reason.as_str().contains("not a regular file"),
        "{error}"
    );
}
