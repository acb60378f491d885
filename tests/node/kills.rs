//! Either side is killed without a word: the other notices, and nothing is left on the node.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sshoal::fleet::{Link, Sampler};

use crate::{
    lab::{Lab, eventually, until},
    support::sshd::is_alive,
};

#[tokio::test]
async fn a_killed_server_process_is_noticed_and_connected_to_again() {
    let Some(lab) = Lab::new(&[]) else { return };
    let fleet = lab.fleet(|_| {}).await;
    let before = until(&fleet, "sampled", |n| n.sample.is_some()).await;
    lab.server.kill_connections();
    let killed = Instant::now();
    let down = until(&fleet, "down", |n| matches!(n.link, Link::Down { .. })).await;
    assert!(
        killed.elapsed() < Duration::from_secs(2),
        "{:?}",
        killed.elapsed()
    );
    assert!(down.sample.is_some(), "the last values stay");
    assert_eq!(down.sampler, Sampler::Off);
    let again = until(&fleet, "sampled again", |n| {
        matches!(n.link, Link::Up(_)) && n.sample_at > before.sample_at.max(down.link_since)
    });
    again.await;
    assert!(
        killed.elapsed() < Duration::from_secs(8),
        "{:?}",
        killed.elapsed()
    );
    fleet.stop().await;
    eventually("nothing stays", || lab.running().is_empty()).await;
}

#[tokio::test]
async fn a_killed_sampler_is_started_again_on_the_same_connection() {
    let Some(lab) = Lab::new(&[]) else { return };
    let fleet = lab.fleet(|_| {}).await;
    let before = until(&fleet, "complete", |n| n.complete).await;
    for process in lab.processes().iter().filter(|p| p.line.contains("awk")) {
        let sent = Command::new("kill").args(["-KILL", &process.id]).status();
        assert!(sent.unwrap().success());
    }
    let killed = Instant::now();
    until(&fleet, "noticed", |n| n.sampler == Sampler::Starting).await;
    let again = until(&fleet, "sampled again", |n| {
        matches!(n.sampler, Sampler::Running(_)) && n.sample_at.0 > before.sample_at.0 + 2000
    });
    let again = again.await;
    assert!(
        killed.elapsed() < Duration::from_secs(5),
        "{:?}",
        killed.elapsed()
    );
    assert_eq!(before.link, again.link, "the connection is the same");
    fleet.stop().await;
}

/// `sshoal status --watch` on the server, after its first line.
fn watching(lab: &Lab) -> Child {
    lab.server.trust();
    let node = lab.server.node();
    let text = format!(
        "hosts:\n  node: {{address: 127.0.0.1, port: {}, user: {}, identity: '{}'}}\n",
        node.port.expect("a port"),
        lab.server.config().user,
        lab.server.path("id_ed25519").display()
    );
    let hosts = lab.path("hosts.yaml");
    std::fs::write(&hosts, text).expect("a file");
    watching_at(&hosts, lab.server.folder.path())
}

/// The same on this inventory, with `known_hosts` in `folder`.
fn watching_at(hosts: &Path, folder: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sshoal"));
    command
        .args(["status", "--watch=1", "--json", "-F", "none", "--hosts"])
        .arg(hosts)
        .arg("--known-hosts")
        .arg(folder.join("known_hosts"))
        .env("HOME", folder.join("operator"))
        .env_remove("SSH_AUTH_SOCK")
        .env_remove("XDG_STATE_HOME")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("its output"));
    out.read_line(&mut line).expect("its first line");
    assert!(line.contains("\"state\":\"up\""), "{line}");
    // Kept open: a closed pipe would end it by itself.
    child.stdout = Some(out.into_inner());
    child
}

#[tokio::test]
async fn a_killed_operator_leaves_nothing_on_the_node() {
    let Some(lab) = Lab::new(&[]) else { return };
    for signal in ["-KILL", "-TERM", "-INT"] {
        let mut child = watching(&lab);
        assert!(
            lab.running().iter().any(|line| line.contains("awk")),
            "{:?}",
            lab.running()
        );
        let id = child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
        let killed = Instant::now();
        child.wait().unwrap();
        eventually("nothing stays", || lab.running().is_empty()).await;
        println!("{signal}: nothing left after {:?}", killed.elapsed());
        assert!(
            killed.elapsed() < Duration::from_secs(5),
            "{:?}",
            killed.elapsed()
        );
    }
}

#[tokio::test]
async fn a_killed_operator_leaves_nothing_on_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts.yaml");
    std::fs::write(&hosts, "hosts: {here: {transport: local}}\n").unwrap();
    let mut child = watching_at(&hosts, folder.path());
    let left: Vec<u32> = descendants(child.id());
    assert!(left.len() >= 2, "a sampler and a shell: {left:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("nothing stays", || !left.iter().any(|p| is_alive(*p))).await;
}

fn descendants(of: u32) -> Vec<u32> {
    let path = format!("/proc/{of}/task");
    let threads = std::fs::read_dir(path).expect("a process").flatten();
    let children = threads.flat_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("children"));
        let ids = text.unwrap_or_default();
        ids.split_whitespace()
            .flat_map(str::parse)
            .collect::<Vec<u32>>()
    });
    let each = children.flat_map(|child| [vec![child], descendants(child)].concat());
    each.collect()
}
