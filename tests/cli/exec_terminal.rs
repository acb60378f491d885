//! `sshoal exec` on a terminal: colours, the status line, questions, and Ctrl-C three times.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::{
    exec::Lab,
    pty::{Pty, command},
    support::sshd::{Sshd, is_alive},
};

const CTRL_C: &str = "\x03";

impl Lab {
    fn on_terminal(&self, words: &[&str]) -> Pty {
        let known = self.server.path("known_hosts").display().to_string();
        let words = [&["-F", "none", "--known-hosts", &known, "exec"], words].concat();
        let mut command = command(env!("CARGO_BIN_EXE_sshoal"), &words);
        command.env("HOME", self.home.path(""));
        command.env("XDG_STATE_HOME", self.home.path("state"));
        command.cwd(self.home.path(""));
        Pty::start(100, 30, command)
    }
}

/// The process id that a line names.
fn pid(pty: &Pty, before: &str) -> u32 {
    let contents = pty.screen().contents();
    let line = contents.lines().find_map(|line| line.split_once(before));
    let digits: String = line
        .expect("it is there")
        .1
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().expect("a number")
}

#[test]
fn names_and_errors_have_colours_and_nothing_else_passes() {
    let Some(lab) = Lab::start() else { return };
    let hostile = r"printf 'a\033[2Jb\033]0;title\007\033[32mgreen\033[0m\n'; echo bad >&2";
    let mut pty = lab.on_terminal(&["n1", "--", hostile]);
    assert_eq!(pty.wait_exit().exit_code(), 0);
    let text = String::from_utf8_lossy(&pty.transcript).into_owned();
    assert!(text.contains("n1:\x1b[0m ab"), "{text:?}");
    assert!(
        text.contains(";32mgreen") && text.contains("\x1b[31mbad"),
        "{text:?}"
    );
    assert!(
        !text.contains("\x1b[2J") && !text.contains("title"),
        "{text:?}"
    );
    let contents = pty.screen().contents();
    assert!(
        contents.contains("1 ok in ") && contents.contains(", run 2"),
        "{contents}"
    );
}

#[test]
fn a_prompt_is_shown_before_its_line_ends() {
    let Some(lab) = Lab::start() else { return };
    let mut pty = lab.on_terminal(&[
        "n1",
        "--timeout",
        "0",
        "--",
        "printf 'name? '; sleep 1; echo x",
    ]);
    pty.wait_for("n1: name?");
    assert!(!pty.screen().contents().contains("name? x"));
    pty.wait_for("n1: name? x");
    assert_eq!(pty.wait_exit().exit_code(), 0);
}

#[test]
fn how_far_it_is_stands_below_and_goes_away() {
    let Some(lab) = Lab::start() else { return };
    let mut pty = lab.on_terminal(&["n[1-3]", "--timeout", "0", "--", "sleep {rank}; echo done"]);
    pty.wait_for("1 of 3 done, 2 running");
    pty.wait_for("3 ok in ");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    let contents = pty.screen().contents();
    assert!(!contents.contains("of 3 done"), "{contents}");
    assert!(contents.contains("n3: done"), "{contents}");
}

#[test]
fn ctrl_c_cancels_what_waits_then_what_runs() {
    let Some(lab) = Lab::start() else { return };
    let words = [
        "n[1-4]",
        "-f",
        "1",
        "--timeout",
        "0",
        "--",
        "echo pid $$; sleep 300",
    ];
    let mut pty = lab.on_terminal(&words);
    // Whichever was reached first.
    pty.wait_for(": pid ");
    let process = pid(&pty, ": pid ");
    pty.send(CTRL_C);
    pty.wait_for("; Ctrl-C again ends them");
    assert!(is_alive(process));
    pty.send(CTRL_C);
    pty.wait_for(": cancelled and gone");
    assert_eq!(pty.wait_exit().exit_code(), 130);
    assert!(!is_alive(process));
    let contents = pty.screen().contents();
    assert!(contents.contains("3 skipped (n"), "{contents}");
}

#[test]
fn the_third_ctrl_c_leaves_at_once() {
    let Some(lab) = Lab::start() else { return };
    let stubborn = "trap '' TERM; echo pid $$; while :; do sleep 1; done";
    let mut pty = lab.on_terminal(&["n1", "--timeout", "0", "--", stubborn]);
    pty.wait_for("n1: pid ");
    for said in [
        "Ctrl-C again",
        "Ctrl-C once more",
        "this may still run on 1 node: n1",
    ] {
        pty.send(CTRL_C);
        pty.wait_for(said);
    }
    assert_eq!(pty.wait_exit().exit_code(), 130);
}

#[test]
fn a_yes_and_a_word_are_asked_for() {
    let Some(lab) = Lab::start() else { return };
    let mark = lab.home.path("mark");
    let touch = format!("touch {}", mark.display());
    let mut pty = lab.on_terminal(&["n[1-2]", "--", &touch]);
    pty.wait_for("Type y for yes");
    pty.send("n\r");
    assert_eq!(pty.wait_exit().exit_code(), 2);
    assert!(pty.screen().contents().contains("nothing was run"));
    assert!(!mark.exists());
    let mut pty = lab.on_terminal(&["n[8-9]", "--", &touch]);
    pty.wait_for("Type 2 to run it");
    assert!(pty.screen().contents().contains("Protected: 1 node: n9"));
    pty.send("2\r");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert!(mark.exists());
    let mut pty = lab.on_terminal(&["n[1-2]", "--", &touch]);
    pty.wait_for("Type y for yes");
    pty.send(CTRL_C);
    assert_eq!(pty.wait_exit().exit_code(), 130);
}

#[test]
fn the_terminal_of_pty_has_the_size_of_this_one() {
    let Some(lab) = Lab::start() else { return };
    let mut pty = lab.on_terminal(&["n1", "--pty", "--", "stty size"]);
    assert_eq!(pty.wait_exit().exit_code(), 0);
    let contents = pty.screen().contents();
    assert!(contents.contains("n1: 30 100"), "{contents}");
}

/// A lab whose sudo asks as the real one does, and takes `right`; and where that is.
fn with_sudo() -> Option<(Lab, tempfile::TempDir)> {
    let script = "#!/bin/sh\nwhile [ \"$1\" != -- ]; do case $1 in -p) p=$2; shift;; esac; shift; done; shift\n\
         for n in 1 2; do printf %s \"$p\" >&2; IFS= read -r w; [ \"$w\" = right ] && exec \"$@\"; done; exit 1\n";
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sudo");
    fs::write(&path, script).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let here = folder.path().display();
    let environment = format!("SetEnv HOME={here} PATH={here}:/usr/bin:/bin");
    let server = Sshd::with(&[&environment])?;
    Some((Lab::on(server, 9), folder))
}

#[test]
fn sudo_is_told_a_password_that_is_asked_for_once() {
    let Some((lab, _folder)) = with_sudo() else {
        return;
    };
    let words = ["n[1-3]", "--sudo", "--", "echo as root"];
    let mut pty = lab.on_terminal(&words);
    let before = pty.modes();
    pty.wait_for("[sudo] password for ");
    pty.send("right\r");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert_eq!(pty.modes(), before);
    let contents = pty.screen().contents();
    assert!(contents.contains("n3: as root"), "{contents}");
    assert_eq!(contents.matches("password").count(), 1, "{contents}");
    assert!(!contents.contains("right"), "{contents}");
    let mut pty = lab.on_terminal(&words);
    pty.wait_for("[sudo] password for ");
    pty.send("wrong\r");
    assert_eq!(pty.wait_exit().exit_code(), 4);
    let contents = pty.screen().contents();
    assert!(
        contents.contains("sudo did not take the password"),
        "{contents}"
    );
    let done = lab.run(&words);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(
        done.err.contains("there is no terminal to ask on"),
        "{done:?}"
    );
}

#[test]
fn sudo_asks_on_a_terminal_of_the_node_too_and_nothing_shows_the_password() {
    let Some((lab, _folder)) = with_sudo() else {
        return;
    };
    let words = [
        "n[1-2]",
        "-y",
        "--sudo",
        "--pty",
        "--",
        "echo as root; stty -a | tr ' ' '\\n' | grep -x -e echo -e -echo; tty >/dev/tty",
    ];
    let mut pty = lab.on_terminal(&words);
    pty.wait_for("[sudo] password for ");
    pty.send("right\r");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    let contents = pty.screen().contents();
    for line in ["n1: as root", "n2: as root", "n1: echo", "n2: /dev/pts/"] {
        assert!(contents.contains(line), "{line}: {contents}");
    }
    assert!(!contents.contains("-echo"), "{contents}");
    assert!(!contents.contains("right"), "{contents}");
    assert_eq!(contents.matches("password").count(), 1, "{contents}");
    let mut pty = lab.on_terminal(&words);
    pty.wait_for("[sudo] password for ");
    pty.send("wrong\r");
    assert_eq!(pty.wait_exit().exit_code(), 4);
    let contents = pty.screen().contents();
    assert!(
        contents.contains("sudo did not take the password"),
        "{contents}"
    );
    assert!(!contents.contains("wrong"), "{contents}");
}
