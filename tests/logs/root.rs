//! Logs that only root may read, by the real sudo: without a password, with one, and with a wrong one.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    process::Stdio,
};

use super::{
    cli::Lab,
    killed::gone,
    rig::{signal, wait},
    sudo,
};

/// A lab whose log is root's alone, and the path of that.
fn lab(policy: &str) -> Option<(Lab, String)> {
    let server = sudo::server(policy)?;
    let path = server.path("secret.log");
    fs::write(
        &path,
        "2026-11-21T10:00:00Z one\n2026-11-21T10:00:01Z two\n",
    )
    .unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    Some((Lab::on(server, "op"), path.display().to_string()))
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
