//! Servers that aren't there, or aren't what they should be.

use std::time::{Duration, Instant};

use sshoal::{
    node::Transport,
    ssh::{Connector, Error, Step},
};
use tokio::{io::AsyncWriteExt, net::TcpListener, time::timeout};

use crate::{
    SOON, eventually, refused,
    support::sshd::{config, node},
    tasks,
};

#[tokio::test]
async fn a_refused_port_fails_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut node = node(Transport::Direct);
    node.port = Some(listener.local_addr().unwrap().port());
    drop(listener);
    let started = Instant::now();
    let error = refused(&Connector::new(config(folder.path()), None), &node).await;
    assert!(started.elapsed() < Duration::from_secs(1));
    assert_eq!((error.step, error.permanent), (Step::Connect, false));
    assert!(
        error.reason.as_str().contains("connection refused"),
        "{error}"
    );
}

/// Connects to a server that says `hello` and then nothing; returns the error after the server has seen the connection end.
async fn against(hello: &[u8], hang_up: bool) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut node = node(Transport::Direct);
    node.port = Some(listener.local_addr().unwrap().port());
    let mut config = config(folder.path());
    if !hang_up {
        config.kex_timeout = Duration::from_secs(1);
    }
    let connector = Connector::new(config, None);
    let (error, ()) = tokio::join!(refused(&connector, &node), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(hello).await.unwrap();
        if !hang_up {
            // Ends when the other side has closed its socket: nothing holds on to it.
            let mut sink = tokio::io::sink();
            let _ = timeout(SOON, tokio::io::copy(&mut stream, &mut sink))
                .await
                .unwrap();
        }
    });
    drop(connector);
    eventually("no task is left", || tasks() == 0).await;
    error
}

#[tokio::test]
async fn a_silent_server_meets_the_deadline_and_leaves_nothing_behind() {
    let error = against(b"", false).await;
    assert_eq!((error.step, error.permanent), (Step::Banner, false));
    assert!(error.reason.as_str().contains("silent"), "{error}");
    // Within key exchange russh watches nothing but its stream.
    let error = against(b"SSH-2.0-stuck\r\n", false).await;
    assert_eq!((error.step, error.permanent), (Step::Kex, false));
}

#[tokio::test]
async fn what_is_said_instead_of_a_banner_is_told() {
    let error = against(b"Not allowed at this time\r\n", true).await;
    assert_eq!(error.step, Step::Banner);
    assert!(
        error.reason.as_str().contains("Not allowed at this time"),
        "{error}"
    );
    let error = against(b"HTTP/1.1 400 Bad Request\r\n\r\n", true).await;
    assert!(error.reason.as_str().contains("HTTP/1.1 400"), "{error}");
    let error = against(b"\x1b]52;c;x\x07\xff\n", true).await;
    assert!(!error.reason.as_str().contains(char::is_control), "{error}");
    let error = against(b"", true).await;
    assert!(error.advice.as_str().contains("MaxStartups"), "{error}");
    let error = against(b"SSH-1.5-old\r\n", true).await;
    assert!(error.reason.as_str().contains("SSH-1.5-old"), "{error}");
}

/// Trap: key exchange has no deadline, and an attempt that is cut keeps its task and socket.
#[tokio::test]
async fn an_attempt_that_is_dropped_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let connector = Connector::new(config(folder.path()), None);
    let before = tasks();
    let mut cut = Vec::new();
    for _ in 0..20 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut node = node(Transport::Direct);
        node.port = Some(listener.local_addr().unwrap().port());
        let (result, stream) = tokio::join!(
            timeout(Duration::from_millis(30), connector.connect(&node)),
            async {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(b"SSH-2.0-stuck\r\n").await.unwrap();
                stream
            }
        );
        assert!(result.is_err());
        cut.push(stream);
    }
    eventually("no task is left", || tasks() == before).await;
    for mut stream in cut {
        let mut sink = tokio::io::sink();
        let ended = timeout(SOON, tokio::io::copy(&mut stream, &mut sink)).await;
        assert!(ended.is_ok(), "the socket is closed");
    }
}
