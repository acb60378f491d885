//! Commands: the same over SSH and on this machine.

use std::time::{Duration, Instant};

use sshoal::{
    node::Transport,
    ssh::{Connector, End, Output, Session, Step},
};
use tokio::time::timeout;

use crate::{
    SOON, eventually, finish, first_line, open, run,
    support::sshd::{Sshd, config, is_alive, node},
    tasks,
};

async fn sessions() -> Vec<(Session, Option<Sshd>)> {
    let folder = tempfile::tempdir().unwrap();
    let connector = Connector::new(config(folder.path()), None);
    let local = connector.connect(&node(Transport::Local)).await.unwrap();
    let mut sessions = vec![(local, None)];
    if let Some(server) = Sshd::start() {
        sessions.push((open(&server).await, Some(server)));
    }
    sessions
}

#[tokio::test]
async fn output_error_and_exit_code_come_apart() {
    for (session, _server) in sessions().await {
        let done = run(&session, "echo out; echo err >&2; exit 7").await;
        assert_eq!(done.stdout, b"out\n");
        assert_eq!(done.stderr, b"err\n");
        assert_eq!(done.end, Some(End::Exit(7)));
        let done = run(&session, "kill -KILL $$").await;
        assert_eq!(done.end, Some(End::Signal("KILL".to_owned())));
        let done = run(&session, "no-such-command-here").await;
        assert_eq!(done.end, Some(End::Exit(127)));
    }
}

#[tokio::test]
async fn input_is_streamed_and_ended() {
    for (session, _server) in sessions().await {
        let mut channel = session.exec("exec sh").await.unwrap();
        for line in ["a", "b"] {
            let echo = format!("echo {line}\n");
            channel.write(echo.as_bytes()).await.unwrap();
            assert_eq!(first_line(&mut channel).await, line);
        }
        channel.write(b"exit 3\n").await.unwrap();
        assert_eq!(finish(&mut channel).await.end, Some(End::Exit(3)));
        assert!(channel.write(b"echo more\n").await.is_err());
        let mut channel = session.exec("wc -c").await.unwrap();
        channel.write(&vec![b'x'; 5 << 20]).await.unwrap();
        channel.end_input().await;
        assert_eq!(first_line(&mut channel).await, (5 << 20).to_string());
        assert_eq!(channel.next().await, Output::End(End::Exit(0)));
        assert_eq!(channel.next().await, Output::End(End::Exit(0)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_mebibytes_arrive_to_the_byte() {
    for (session, _server) in sessions().await {
        let command = "head -c 67108864 /dev/zero | tr '\\0' x; printf end; echo done >&2";
        let started = Instant::now();
        let done = run(&session, command).await;
        println!("64 MiB in {:?}", started.elapsed());
        assert_eq!(done.stdout.len(), (64 << 20) + 3);
        assert!(done.stdout.starts_with(b"xxx") && done.stdout.ends_with(b"xend"));
        assert_eq!(done.stderr, b"done\n");
        assert_eq!(done.end, Some(End::Exit(0)));
    }
}

#[tokio::test]
async fn many_channels_of_a_session_work_at_once() {
    for (session, _server) in sessions().await {
        let done = futures::future::join_all((0..8).map(|index| {
            let session = &session;
            async move { run(session, &format!("echo {index}")).await.stdout }
        }))
        .await;
        let expected: Vec<Vec<u8>> = (0..8).map(|i| format!("{i}\n").into_bytes()).collect();
        assert_eq!(done, expected);
    }
}

#[tokio::test]
async fn a_dropped_channel_ends_its_command() {
    for (session, _server) in sessions().await {
        let mut channel = session.exec("echo $$; exec cat").await.unwrap();
        let process: u32 = first_line(&mut channel).await.parse().unwrap();
        assert!(is_alive(process));
        drop(channel);
        eventually("cat has ended", || !is_alive(process)).await;
        assert_eq!(run(&session, "true").await.end, Some(End::Exit(0)));
    }
}

/// Trap: a lost connection looks like the end of the output.
#[tokio::test]
async fn a_lost_connection_is_no_exit() {
    let Some(server) = Sshd::start() else { return };
    let session = open(&server).await;
    let mut channel = session.exec("echo started; exec cat").await.unwrap();
    assert_eq!(first_line(&mut channel).await, "started");
    server.kill_connections();
    assert_eq!(finish(&mut channel).await.end, Some(End::Lost));
    let reason = timeout(SOON, session.closed()).await.unwrap();
    assert_eq!((reason.step, reason.permanent), (Step::Session, false));
    println!("{reason}");
    assert!(channel.write(b"x").await.is_err());
}

/// Trap: a writer that waits for the window is not woken when the connection ends.
#[tokio::test]
async fn a_writer_that_waits_is_woken_when_the_connection_dies() {
    let Some(server) = Sshd::start() else { return };
    let session = open(&server).await;
    let mut channel = session.exec("echo started; exec sleep 5").await.unwrap();
    assert_eq!(first_line(&mut channel).await, "started");
    // More than the server's window: the rest waits for a reader that never comes.
    let flood = vec![0; 8 << 20];
    let (written, ()) = tokio::join!(timeout(SOON, channel.write(&flood)), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.kill_connections();
    });
    assert!(written.unwrap().is_err());
}

async fn leaves_nothing_behind(session: Session, close: bool) {
    let mut channel = session.exec("echo $$; exec cat").await.unwrap();
    let process: u32 = first_line(&mut channel).await.parse().unwrap();
    if close {
        timeout(SOON, session.close()).await.unwrap();
    } else {
        drop(session);
    }
    assert_eq!(finish(&mut channel).await.end, Some(End::Lost));
    drop(channel);
    eventually("cat has ended", || !is_alive(process)).await;
    eventually("no task is left", || tasks() == 0).await;
}

#[tokio::test]
async fn a_closed_or_dropped_session_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let server = Sshd::start();
    for close in [true, false] {
        let connector = Connector::new(config(folder.path()), None);
        let local = connector.connect(&node(Transport::Local)).await;
        drop(connector);
        leaves_nothing_behind(local.unwrap(), close).await;
        if let Some(server) = &server {
            leaves_nothing_behind(open(server).await, close).await;
        }
    }
}

/// Trap: a command is cut half-way because nobody reads what it prints.
#[tokio::test]
async fn a_command_whose_output_is_thrown_away_is_done_all_the_same() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let connector = Connector::new(server.config(), None);
    let session = connector.connect(&server.node()).await.unwrap();
    let file = server.path("done");
    let command = format!(
        "head -c 60000000 /dev/zero; touch {}; exit 3",
        file.display()
    );
    let mut channel = session.exec_through(&command, None).await.unwrap();
    eventually("it is done unread", || file.exists()).await;
    let done = finish(&mut channel).await;
    let [dropped, _] = channel.dropped();
    assert_eq!(done.end, Some(End::Exit(3)));
    assert!(dropped > 0);
    assert_eq!(done.stdout.len() as u64 + dropped, 60_000_000);
}
