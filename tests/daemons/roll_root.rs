//! The same by the real sudo, of services that are root's: its password is asked for once, or not at all.

use crate::{
    lab::until,
    pty::Pty,
    roll::Racks,
    sudo,
    support::sshd::{is_alive, peer},
};

fn racks(policy: &str) -> Option<Racks> {
    peer("runsvdir")?;
    Some(Racks::on(sudo::server(policy)?, "op"))
}

fn on_terminal(racks: &Racks, words: &[&str]) -> Pty {
    racks
        .lab
        .on_terminal(&[&["roll", "n[1-6]", "web", "--yes"], words].concat())
}

#[test]
fn without_a_password_nobody_is_asked() {
    let Some(racks) = racks("NOPASSWD:") else {
        return;
    };
    let before = racks.pids();
    let denied = racks.roll(&["--gate-timeout", "1"]);
    assert_eq!(denied.code, Some(1), "{denied:?}");
    assert_eq!(racks.restarted(&before), [0; 0]);
    let done = racks.roll(&["--sudo", "--batches", "3", "--before", "test $(id -u) = 0"]);
    assert!(
        done.code == Some(0) && !done.err.contains("password"),
        "{done:?}"
    );
    assert_eq!(racks.restarted(&before), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_password_is_asked_for_once() {
    let Some(racks) = racks("") else { return };
    let before = racks.pids();
    let mut pty = on_terminal(&racks, &["--sudo", "--batches", "3"]);
    pty.wait_for("[sudo] password for op: ");
    pty.send("right\r");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    let text = String::from_utf8_lossy(&pty.transcript).into_owned();
    assert_eq!(text.matches("password for").count(), 1, "{text}");
    assert!(!text.contains("right"), "{text}");
    assert_eq!(racks.restarted(&before), [1, 2, 3, 4, 5, 6]);
    until("they run", || racks.pids().iter().all(|pid| is_alive(*pid)));
}

#[test]
fn a_wrong_password_is_tried_once_and_touches_nothing() {
    let Some(racks) = racks("") else { return };
    let before = racks.pids();
    let mut pty = on_terminal(&racks, &["--sudo", "--batches", "3"]);
    pty.wait_for("[sudo] password for op: ");
    pty.send("wrong\r");
    pty.wait_for("sudo did not take the password");
    assert_eq!(pty.wait_exit().exit_code(), 4);
    let text = pty.screen().contents();
    assert!(!text.contains("something of sshoal's own"), "{text}");
    assert_eq!(racks.restarted(&before), [0; 0]);
    let done = racks.roll(&["--sudo"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(
        done.err.contains("there is no terminal to ask on"),
        "{done:?}"
    );
    assert_eq!(racks.restarted(&before), [0; 0]);
}
