//! Sessions against a real OpenSSH server: logging in, host keys, commands, and every way in which they end.

#![cfg(test)]

#[path = "../support/agent.rs"]
mod agent;
mod binary;
mod commands;
mod exec;
mod faults;
mod host_keys;
mod jump;
mod kills;
mod login;
mod namespaces;
mod peers;
mod pool;
mod proxy;
#[expect(dead_code, reason = "other test files use the rest of it")]
#[path = "../support/pty.rs"]
mod pty;
mod ssh_config;
#[path = "../support/mod.rs"]
mod support;
mod trust;

use std::time::{Duration, Instant};

use sshoal::{
    node::Node,
    ssh::{Channel, Connector, End, Error, Output, Session},
};
use support::sshd::Sshd;
use tokio::time::timeout;

/// Far above what anything here takes: only a hang meets it.
pub(crate) const SOON: Duration = Duration::from_secs(20);

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Finished {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) end: Option<End>,
}

pub(crate) async fn finish(channel: &mut Channel) -> Finished {
    let mut finished = Finished::default();
    while finished.end.is_none() {
        match timeout(SOON, channel.next())
            .await
            .expect("output or an end")
        {
            Output::Stdout(bytes) => finished.stdout.extend_from_slice(&bytes),
            Output::Stderr(bytes) => finished.stderr.extend_from_slice(&bytes),
            Output::End(end) => finished.end = Some(end),
        }
    }
    finished
}

pub(crate) async fn run(session: &Session, command: &str) -> Finished {
    finish(&mut session.exec(command).await.unwrap()).await
}

/// The first line of output; what comes after it stays in the channel.
pub(crate) async fn first_line(channel: &mut Channel) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\n") {
        match timeout(SOON, channel.next()).await.unwrap() {
            Output::Stdout(bytes) => text.extend_from_slice(&bytes),
            other => panic!("{other:?}"),
        }
    }
    String::from_utf8(text).unwrap().trim().to_owned()
}

pub(crate) async fn refused(connector: &Connector, node: &Node) -> Error {
    let started = Instant::now();
    let error = timeout(SOON, connector.connect(node))
        .await
        .unwrap()
        .expect_err("a refusal");
    println!("{:?} {error}\n  -> {}", started.elapsed(), error.advice);
    error
}

pub(crate) async fn open(server: &Sshd) -> Session {
    server.trust();
    let connector = Connector::new(server.config(), None);
    connector.connect(&server.node()).await.unwrap()
}

/// Waits until `done`; for states of the system that nothing tells of.
pub(crate) async fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < SOON, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) fn tasks() -> usize {
    tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
}
