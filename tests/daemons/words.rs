//! What is asked, printed and written down.

use std::fs;

use crate::{
    lab::{Lab, brief},
    rig::finish,
};

const DAEMONS: &str = "  daemons:
    - {name: own, manager: custom, start: 'echo $AS >@HERE@/by; : >@HERE@/up', stop: 'rm -f @HERE@/up', status: '[ -e @HERE@/up ]'}
";

#[test]
fn many_nodes_are_one_line_and_what_changes_them_is_asked_for() {
    let Some(lab) = Lab::start(DAEMONS, "") else {
        return;
    };
    let done = lab.run(&["restart", "n[1-2]"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(
        done.err.contains("not run without a confirmation"),
        "{done:?}"
    );
    let done = lab.run(&["start", "n[1-2]", "--yes", "--fanout", "1"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    // Both are the same machine: what one has started runs on the other.
    let is_told = |word: &str| {
        done.out
            .contains(&format!("own  up        {word:7}  custom"))
    };
    assert!(is_told("done") && is_told("already"), "{done:?}");
    let done = lab.run(&["status", "n[1-2],dead", "own", "-f", "1"]);
    assert_eq!(done.code, Some(3), "{done:?}");
    let lines: Vec<&str> = done.out.lines().collect();
    assert!(lines[0].starts_with("dead    own  unknown"), "{done:?}");
    assert!(lines[1].starts_with("n[1-2]  own  up"), "{done:?}");
    // One that is protected is asked for by a word.
    let done = lab.run(&["stop", "n3"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    let log = lab.home.run(&["audit", "--json"]).out;
    assert!(
        log.contains("\"start all daemons\"") && log.contains("\"status own\""),
        "{log}"
    );
}

#[test]
fn nothing_is_done_in_a_dry_run_or_where_only_reading_is_allowed() {
    let Some(lab) = Lab::start(DAEMONS, "") else {
        return;
    };
    let done = lab.run(&["start", "n1", "--dry-run"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(
        done.out.contains("# n1\n# /bin/sh is given:\nset -f;\n")
            && done.out.contains("\none() {\n\t")
            && done.out.contains("\nexit $bad\n")
            && done.out.contains("Run on 1 node: n1"),
        "{done:?}"
    );
    let done = lab.run(&["start", "n1", "--dry-run", "--json"]);
    assert!(done.out.contains("\n/bin/sh -c 'set -f; "), "{done:?}");
    let mut command = lab.home.command(&["--read-only", "daemon", "start", "n1"]);
    let done = finish(command.output().expect("the binary starts"));
    assert_eq!(done.code, Some(2), "{done:?}");
    let (code, value) = lab.one(&["status", "n1"]);
    assert_eq!((code, brief(&value)), (1, ("-", "stopped")));
    let done = lab.run(&["status", "n1", "it's"]);
    assert_eq!(done.code, Some(2), "{done:?}");
}

#[test]
fn sudo_is_told_its_password_once() {
    let Some(lab) = Lab::start(DAEMONS, "") else {
        return;
    };
    // Asks as the real one does.
    lab.tool(
        "bin/sudo",
        "while [ \"$1\" != -- ]; do case $1 in -p) p=$2; shift;; esac; shift; done; shift
for n in 1 2; do printf %s \"$p\" >&2; IFS= read -r w; [ \"$w\" = right ] && AS=root exec \"$@\"; done; exit 1",
    );
    let mut pty = lab.on_terminal(&["start", "n[1-2]", "--sudo", "--yes", "-f", "1"]);
    pty.wait_for("[sudo] password for ");
    pty.send("right\r");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    let contents = pty.screen().contents();
    assert!(contents.contains("own  up        done"), "{contents}");
    assert_eq!(contents.matches("password").count(), 1, "{contents}");
    let by = fs::read_to_string(lab.path("by")).expect("who it was");
    assert_eq!(by.trim(), "root");
}
