//! Daemons without a manager: a pid file, and commands of the user's own.

use std::{fs, process::Command};

use crate::{
    lab::{Lab, Owned, brief},
    support::sshd::is_alive,
};

const DAEMONS: &str = "  daemons:
    - {name: app, pidfile: @HERE@/app.pid, start: 'sleep 600 & echo $! >@HERE@/app.pid', log: @HERE@/app.log}
    - {name: bare, pidfile: @HERE@/bare.pid}
    - {name: brief, pidfile: @HERE@/brief.pid, start: 'sleep 0.4 & echo $! >@HERE@/brief.pid', log: @HERE@/app.log}
    - {name: own, manager: custom, start: 'sleep 600 & echo $! >@HERE@/own', stop: 'kill $(cat @HERE@/own)', status: 'kill -0 $(cat @HERE@/own)'}
    - {name: broken, manager: custom, start: 'echo no such thing; exit 7', stop: 'true', status: 'false'}
";

fn lab() -> Option<Lab> {
    let lab = Lab::start(DAEMONS, "")?;
    lab.write("app.log", "one\ntwo\n");
    Some(lab)
}

/// The process that a file names.
fn pid(lab: &Lab, name: &str) -> u32 {
    let text = fs::read_to_string(lab.path(name)).expect("a pid file");
    text.trim().parse().expect("a number")
}

#[test]
fn a_process_of_a_pid_file_is_started_restarted_and_stopped() {
    let Some(lab) = lab() else { return };
    let (code, value) = lab.one(&["start", "n1", "app"]);
    assert_eq!((code, brief(&value)), (0, ("done", "up")), "{value}");
    let first = pid(&lab, "app.pid");
    assert_eq!(value["pid"], first);
    let (code, value) = lab.one(&["restart", "n1", "app"]);
    assert_eq!((code, brief(&value)), (0, ("done", "up")), "{value}");
    let second = pid(&lab, "app.pid");
    assert!(first != second && !is_alive(first) && is_alive(second));
    let (code, value) = lab.one(&["stop", "n1", "app"]);
    assert_eq!((code, brief(&value).0), (0, "done"), "{value}");
    assert!(!is_alive(second));
    let (code, value) = lab.one(&["start", "n1", "brief"]);
    assert_eq!((code, brief(&value).0), (1, "failed"), "{value}");
    assert_eq!(value["log"][1], "two", "{value}");
}

#[test]
fn without_a_start_command_it_is_left_alone_and_a_strange_process_is_not_ended() {
    let Some(lab) = lab() else { return };
    let mut command = Command::new("sleep");
    let stranger = Owned::start(command.arg("600"), "-TERM");
    let number = stranger.id();
    let file = lab.write("bare.pid", &format!("{number}\n"));
    let (code, value) = lab.one(&["restart", "n1", "bare"]);
    assert_eq!((code, brief(&value)), (1, ("refused", "up")), "{value}");
    assert!(
        value["reason"]
            .as_str()
            .is_some_and(|r| r.contains("start:")),
        "{value}"
    );
    assert!(is_alive(number));
    // A file that was written long before the process began speaks of another one.
    let touched = Command::new("touch")
        .args(["-d", "2001-01-01"])
        .arg(file)
        .status();
    assert!(touched.is_ok_and(|status| status.success()));
    let (code, value) = lab.one(&["stop", "n1", "bare"]);
    assert_eq!((code, brief(&value)), (0, ("already", "failed")), "{value}");
    assert!(
        value["reason"]
            .as_str()
            .is_some_and(|r| r.contains("is not the one")),
        "{value}"
    );
    assert!(is_alive(number));
}

#[test]
fn own_commands_are_obeyed_and_their_status_is_believed() {
    let Some(lab) = lab() else { return };
    let (code, value) = lab.one(&["start", "n1", "own"]);
    assert_eq!((code, brief(&value)), (0, ("done", "up")), "{value}");
    let first = pid(&lab, "own");
    let (code, value) = lab.one(&["restart", "n1", "own"]);
    assert_eq!((code, brief(&value)), (0, ("done", "up")), "{value}");
    let second = pid(&lab, "own");
    assert!(first != second && !is_alive(first));
    let (code, value) = lab.one(&["stop", "n1", "own"]);
    assert_eq!((code, brief(&value)), (0, ("done", "stopped")), "{value}");
    assert!(!is_alive(second));
    let (code, value) = lab.one(&["start", "n1", "broken"]);
    assert_eq!((code, brief(&value)), (1, ("failed", "stopped")), "{value}");
    assert!(
        value["reason"]
            .as_str()
            .is_some_and(|r| r.contains("no such thing")),
        "{value}"
    );
}
