//! The whole process is killed, and what a local command is given of it.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use sshoal::{node::Transport, ssh::Connector};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};

use crate::{
    SOON, eventually, first_line, run,
    support::sshd::{Sshd, config, is_alive, node},
};

/// Not a test by itself: `killing_this_process_leaves_none_on_the_node` runs it as a process of its own.
#[tokio::test]
async fn holds_a_session_until_killed() {
    let Ok(folder) = std::env::var("SSHOAL_TEST_FOLDER") else {
        return;
    };
    let port: u16 = std::env::var("SSHOAL_TEST_PORT").unwrap().parse().unwrap();
    let folder = PathBuf::from(folder);
    let transport = if port == 0 {
        Transport::Local
    } else {
        Transport::Direct
    };
    let mut node = node(transport);
    node.port = Some(port);
    node.identity = vec![folder.join("id_ed25519")];
    let connector = Connector::new(config(&folder), None);
    let session = connector.connect(&node).await.unwrap();
    let mut channel = session.exec("echo $$; exec cat").await.unwrap();
    println!("\nprocess {}", first_line(&mut channel).await);
    std::future::pending::<()>().await;
}

async fn killed_while_holding(folder: &Path, port: u16) {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "kills::holds_a_session_until_killed",
            "--nocapture",
        ])
        .env("SSHOAL_TEST_FOLDER", folder)
        .env("SSHOAL_TEST_PORT", port.to_string())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let process: u32 = loop {
        let line = timeout(SOON, lines.next_line())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        if let Some(process) = line.strip_prefix("process ") {
            break process.parse().unwrap();
        }
    };
    assert!(is_alive(process));
    holder.start_kill().unwrap();
    holder.wait().await.unwrap();
    eventually("the node's process has ended", || !is_alive(process)).await;
}

#[tokio::test]
async fn killing_this_process_leaves_none_on_the_node() {
    let folder = tempfile::tempdir().unwrap();
    killed_while_holding(folder.path(), 0).await;
    let Some(server) = Sshd::start() else { return };
    server.trust();
    killed_while_holding(server.folder.path(), server.port).await;
}

#[tokio::test]
async fn local_commands_get_no_secrets_from_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let connector = Connector::new(config(folder.path()), None);
    let session = connector.connect(&node(Transport::Local)).await.unwrap();
    let done = run(&session, "env").await;
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(text.contains("PATH="));
    // Cargo sets this for every test.
    assert!(!text.contains("CARGO_MANIFEST_DIR"), "{text}");
}
