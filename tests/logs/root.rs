//! Logs that only root may read, by the real sudo: without a password, with one, and with a wrong one.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    process::Stdio,
    sync::Arc,
};

use sshoal::{
    fleet::{self, Answers, Clock, Fleet, Snapshot},
    logs::{Order, Source},
    ssh::{Answer, Prompt, Question, Secret},
};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{
    SOON,
    cli::Lab,
    killed::gone,
    order,
    rig::{signal, wait},
    sudo,
    support::sshd::Sshd,
};

/// A lab whose log is root's alone, and the path of that.
fn lab(policy: &str) -> Option<(Lab, String)> {
    let (server, path) = server(policy)?;
    Some((Lab::on(server, "op"), path))
}

fn server(policy: &str) -> Option<(Sshd, String)> {
    let server = sudo::server(policy)?;
    let path = server.path("secret.log");
    fs::write(
        &path,
        "2026-11-21T10:00:00Z one\n2026-11-21T10:00:01Z two\n",
    )
    .unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let path = path.display().to_string();
    Some((server, path))
}

#[test]
fn without_a_password_nobody_is_asked() {
    let Some((lab, path)) = lab("NOPASSWD:") else {
        return;
    };
    let done = lab.run(&["n[1-2]", "--file", &path]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(
        done.err.contains("may not be read by op; try --sudo"),
        "{done:?}"
    );
    let done = lab.run(&["n[1-2]", "--file", &path, "--sudo", "-n", "1"]);
    assert_eq!(
        (done.code, done.out.as_str(), done.err.as_str()),
        (
            Some(0),
            "n1: 2026-11-21T10:00:01Z two\nn2: 2026-11-21T10:00:01Z two\n",
            ""
        )
    );
    let done = lab.run(&["n1", "--sudo", "--command", "id -un"]);
    assert_eq!(done.out, "root\n", "{done:?}");
    let done = lab.run(&["n1", "--file", &path, "--sudo", "--collect", "out"]);
    assert_eq!(done.code, Some(0), "{done:?}");
}

#[test]
fn a_password_is_asked_for_once() {
    let Some((lab, path)) = lab("") else { return };
    let words = ["n[1-2]", "--file", &path, "--sudo"];
    let mut pty = lab.on_terminal(&words);
    let before = pty.modes();
    pty.wait_for("[sudo] password for op: ");
    pty.send("right\r");
    pty.wait_for("n2: 2026-11-21T10:00:01Z two");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert_eq!(pty.modes(), before);
    let text = pty.screen().contents();
    assert_eq!(text.matches("password").count(), 1, "{text}");
    assert!(
        !text.contains("right") && !text.contains("lecture"),
        "{text}"
    );
    // A file's place since a time is asked for besides: a third time that sudo wants the password.
    let mut pty = lab.on_terminal(&[&words[..], &["--since", "9d", "--collect", "out"]].concat());
    pty.wait_for("[sudo] password for op: ");
    pty.send("right\r");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    pty.wait_for("2 files of 2 of 2 nodes");
}

#[test]
fn a_wrong_password_is_tried_once_and_none_is_no_way_in() {
    let Some((lab, path)) = lab("") else { return };
    let words = ["n[1-2]", "--file", &path, "--sudo", "-f"];
    let mut pty = lab.on_terminal(&words);
    pty.wait_for("[sudo] password for op: ");
    pty.send("wrong\r");
    pty.wait_for("sudo did not take the password");
    assert_eq!(pty.wait_exit().exit_code(), 4);
    assert!(!pty.screen().contents().contains("wrong"));
    let mut pty = lab.on_terminal(&words);
    pty.wait_for("[sudo] password for op: ");
    pty.send("\x03");
    assert_eq!(pty.wait_exit().exit_code(), 130);
    let done = lab.run(&["n[1-2]", "--file", &path, "--sudo"]);
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(
        done.err
            .contains("n1: not reached: sudo asks for a password, and there is nobody to ask"),
        "{done:?}"
    );
}

/// A fleet that follows the file as root, and the first question that it asks.
async fn follow(server: &Sshd, path: &str) -> (Fleet, Prompt) {
    server.trust();
    let Order { targets, .. } = order(server, Source::File(path.to_owned()));
    let mut targets = targets;
    for target in &mut targets {
        Arc::make_mut(&mut target.node).user = Some("op".to_owned());
    }
    let wanted = Order {
        is_sudo: true,
        ..Order::follow(targets)
    };
    let fleet = Fleet::start_with(server.config(), Answers::Asked, Clock::start(), None);
    let wish = fleet::Order::Follow(Arc::new(wanted));
    fleet.orders().send(wish).await.unwrap();
    let mut prompts = fleet.prompts();
    let asked = timeout(SOON, prompts.wait_for(|all| !all.is_empty()));
    let prompt = asked.await.expect("in time").expect("a fleet")[0].clone();
    (fleet, prompt)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_asks_for_the_password_too() {
    let Some((server, path)) = server("") else {
        return;
    };
    let (fleet, prompt) = follow(&server, &path).await;
    let text = "[sudo] password for op: ";
    let Question::Sudo {
        prompt: asked,
        nodes,
    } = &prompt.question
    else {
        unreachable!("{prompt:?}");
    };
    assert_eq!((asked.as_str(), *nodes), (text, 1));
    let right = Answer::Secrets(vec![Secret::new(Zeroizing::new("right".to_owned()))]);
    fleet
        .orders()
        .send(fleet::Order::Answer(prompt.id, right))
        .await
        .unwrap();
    let mut snapshots = fleet.snapshots();
    let has_lines = |snapshot: &Arc<Snapshot>| {
        let mut logs = snapshot.logs.iter();
        logs.any(|log| log.state.buffer.end() == 2)
    };
    timeout(SOON, snapshots.wait_for(has_lines))
        .await
        .expect("in time")
        .unwrap();
    timeout(SOON, fleet.stop()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_ends_logs_that_no_password_is_given_for() {
    let Some((server, path)) = server("") else {
        return;
    };
    let wrong = Answer::Secrets(vec![Secret::new(Zeroizing::new("wrong".to_owned()))]);
    for (answer, why) in [
        (Answer::No, "no password was given for sudo"),
        (wrong, "sudo did not take the password"),
    ] {
        let (fleet, prompt) = follow(&server, &path).await;
        fleet
            .orders()
            .send(fleet::Order::Answer(prompt.id, answer))
            .await
            .unwrap();
        let mut snapshots = fleet.snapshots();
        let is_told = |snapshot: &Arc<Snapshot>| {
            let mut logs = snapshot.logs.iter();
            logs.any(|log| {
                log.is_over && log.said.as_ref().is_some_and(|said| said.as_str() == why)
            })
        };
        timeout(SOON, snapshots.wait_for(is_told))
            .await
            .expect("in time")
            .unwrap();
        timeout(SOON, fleet.stop()).await.unwrap();
    }
}

#[test]
fn what_runs_as_root_is_ended_too() {
    let Some((lab, path)) = lab("NOPASSWD:") else {
        return;
    };
    for how in ["-KILL", "-TERM", "-INT"] {
        let mut command = lab.command(&["n1", "--file", &path, "--sudo", "-f"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        signal(&child, how);
        wait(&mut child);
        gone(&path);
    }
}
