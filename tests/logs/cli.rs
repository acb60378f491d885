//! `sshoal logs` as it is typed: what is printed, written and answered.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use super::{
    Sshd,
    pty::{self, Pty},
    rig::{Done, Home, finish, signal, wait},
};

/// A server that goes by the names n1 and n2, which has a daemon, and a port where nobody listens: `dead`.
pub(crate) struct Lab {
    pub(crate) home: Home,
    pub(crate) server: Sshd,
}

impl Lab {
    pub(crate) fn new(options: &[&str]) -> Option<Self> {
        let server = Sshd::with(options)?;
        let user = server.config().user;
        Some(Self::on(server, &user))
    }

    pub(crate) fn on(server: Sshd, user: &str) -> Self {
        server.trust();
        let home = Home::new();
        let hosts = format!(
            "defaults: {{user: {user}, port: {}, identity: {}, transports: [direct]}}\nhosts:\n  n1: {{address: 127.0.0.1}}\n  \
             n2: {{address: 127.0.0.1, daemons: [{{name: web, log: {}}}]}}\n  dead: {{address: 127.0.0.1, port: 1}}\n",
            server.port,
            server.path("id_ed25519").display(),
            server.path("web.log").display()
        );
        home.write("hosts.yaml", &hosts);
        Self { home, server }
    }

    fn known(&self) -> String {
        self.server.path("known_hosts").display().to_string()
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let known = self.known();
        let mut all = vec!["--hosts", "hosts.yaml", "--known-hosts", &known, "logs"];
        all.extend(words);
        self.home.command(&all)
    }

    /// The same behind lines of shell, which end with `exec "$@"`.
    pub(crate) fn under(&self, shell: &str, words: &[&str]) -> Command {
        let inner = self.command(words);
        let mut outer = Command::new("sh");
        let environment = inner
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)));
        outer
            .args(["-c", shell, "sh"])
            .arg(inner.get_program())
            .args(inner.get_args())
            .env_clear()
            .envs(environment)
            .current_dir(self.home.path(""))
            .stdin(Stdio::null());
        outer
    }

    /// The same on a terminal.
    pub(crate) fn on_terminal(&self, words: &[&str]) -> Pty {
        let known = self.known();
        let words = [&["-F", "none", "--known-hosts", &known, "logs"], words].concat();
        let mut command = pty::command(env!("CARGO_BIN_EXE_sshoal"), &words);
        command.env("HOME", self.home.path(""));
        command.env("XDG_STATE_HOME", self.home.path("state"));
        command.cwd(self.home.path(""));
        Pty::start(100, 30, command)
    }

    pub(crate) fn run(&self, words: &[&str]) -> Done {
        finish(self.command(words).output().unwrap())
    }
}

#[test]
fn exit_codes_say_what_is_missing() {
    let Some(lab) = Lab::new(&[]) else { return };
    let file = lab.server.path("a.log");
    fs::write(
        &file,
        "2026-11-21T10:00:00Z INFO one\n2026-11-21T10:00:01Z ERROR two\n",
    )
    .unwrap();
    let file = file.display().to_string();
    for (words, code, err) in [
        (&["n1", "--file", &file][..], 0, ""),
        (&["n1", "--file", "/none/*"], 1, "n1: /none/*: no such file"),
        (&["n1,dead", "--file", &file], 3, "dead: not reached"),
        (&["n1", "--command", "exit 7"], 1, "exit code 7"),
        (&[], 2, "which nodes?"),
        (&["n1", "--grep", "("], 2, "unclosed group"),
        (&["n1", "--command", "reboot"], 2, "--yes"),
        (&["n9"], 2, "not in the inventory"),
    ] {
        let done = lab.run(words);
        assert_eq!(done.code, Some(code), "{words:?} {done:?}");
        assert!(done.err.contains(err), "{words:?} {done:?}");
    }
    let done = lab.run(&[
        "n[1-2]",
        "--file",
        &file,
        "--grep",
        "t",
        "--exclude",
        "on[a-z]",
        "--level",
        "error",
    ]);
    // On a busy machine their clocks may seem to differ.
    let mut lines: Vec<&str> = done.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "n1: 2026-11-21T10:00:01Z ERROR two",
            "n2: 2026-11-21T10:00:01Z ERROR two"
        ]
    );
    let done = lab.run(&["n1", "--file", &file, "--json", "-n", "1"]);
    let value: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(
        (value["node"].as_str(), value["level"].as_str()),
        (Some("n1"), Some("error"))
    );
    assert_eq!(value["time"], "2026-11-21T10:00:01Z");
}

#[test]
fn bytes_are_kept_as_they_are_and_no_word_of_ours_can_be_forged() {
    let Some(lab) = Lab::new(&[]) else { return };
    let mut bytes = b"\x1b[2J\xff\xfe \0 nul\n\x1e0123 a 5 5\n\x1e\x1e l\n\r\n".to_vec();
    bytes.extend(vec![b'x'; 60_000]);
    bytes.extend(b"\nno end");
    let file = lab.server.path("hostile.log");
    fs::write(&file, &bytes).unwrap();
    let file = file.display().to_string();
    let printed = lab
        .command(&["n1", "-N", "--file", &file])
        .output()
        .unwrap();
    // A carriage return at the end of a line is the line's end, and a last line has one.
    let mut expected: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|byte| *byte != b'\r')
        .collect();
    expected.push(b'\n');
    assert!(
        printed.stdout == expected,
        "{}",
        String::from_utf8_lossy(&printed.stdout)
    );
    let done = lab.run(&["n1", "--file", &file, "--collect", "out"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let folder = lab.home.path("out");
    let written: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(written.len(), 1);
    assert!(fs::read(&written[0]).unwrap() == bytes, "{written:?}");
    assert_eq!(
        fs::metadata(&written[0]).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn what_is_collected_in_part_says_so() {
    let Some(lab) = Lab::new(&[]) else { return };
    fs::write(lab.server.path("web.log"), "whole\n").unwrap();
    let done = lab.run(&[
        "n2,n1",
        "--daemon",
        "web",
        "--command",
        "echo part; exit 3",
        "--collect",
    ]);
    assert_eq!(done.code, Some(1), "{done:?}");
    let names = |lab: &Lab| {
        let mut names: Vec<String> = fs::read_dir(lab.home.path("collected_logs"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let all = names(&lab);
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(
        all.iter().filter(|name| name.ends_with(".partial")).count() == 2,
        "{all:?}"
    );
    assert!(
        done.err.contains("1 files of 2 of 3 nodes")
            || done.err.contains("1 files of 2 of 2 nodes"),
        "{done:?}"
    );
}

#[test]
fn ctrl_c_ends_following_well_and_anything_else_as_cancelled() {
    let Some(lab) = Lab::new(&[]) else { return };
    let file = lab.server.path("a.log");
    fs::write(&file, "one\n").unwrap();
    let file = file.display().to_string();
    for (words, how, code) in [
        (&["n1", "--file", &file, "-f"][..], "-INT", 0),
        (&["n1", "--file", &file, "-f"], "-TERM", 143),
        (&["n1", "--command", "echo one; sleep 60", "-f"], "-INT", 0),
    ] {
        let mut child = lab.command(words).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert!(line.ends_with("one\n"), "{line}");
        signal(&child, how);
        assert_eq!(wait(&mut child), Some(code), "{words:?} {how}");
    }
    // Not followed: the command hangs, and nothing is printed before its end.
    let marker = lab.server.path("begun");
    let command = format!("touch {}; sleep 60", marker.display());
    let mut child = lab
        .command(&["n1", "--yes", "--command", &command])
        .spawn()
        .unwrap();
    let started = std::time::Instant::now();
    while !marker.exists() {
        assert!(started.elapsed() < super::SOON);
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    signal(&child, "-INT");
    assert_eq!(wait(&mut child), Some(130));
}

#[test]
fn a_reader_that_leaves_early_ends_it() {
    let Some(lab) = Lab::new(&[]) else { return };
    let mut child = lab
        .command(&["n1", "--command", "yes", "-f"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    drop(out);
    assert!(wait(&mut child).is_some());
}

/// Not real: what docker 28 prints, replayed.
const DOCKER: &str = r#"#!/bin/sh
case "$1 $2" in
"container inspect") [ "$3" = web ] && { echo '[{}]'; exit 0; }; echo "Error response from daemon: No such container: $3" >&2; exit 1;;
logs*) echo '2026-11-21T10:00:00.123456789Z GET / 200'; echo '2026-11-21T10:00:01.000000000Z GET /x 404' >&2;;
esac
"#;

#[test]
fn a_stand_in_for_docker_shows_a_container() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker");
    fs::write(&path, DOCKER).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let variable = format!("SetEnv PATH={}:/usr/bin:/bin", folder.path().display());
    let Some(lab) = Lab::new(&[&variable]) else {
        return;
    };
    let home = lab.server.path("home");
    let path = format!(
        "PATH={}:/usr/bin:/bin; export PATH\n",
        folder.path().display()
    );
    fs::write(home.join(".bashrc"), path).unwrap();
    let done = lab.run(&["n1", "--container", "web"]);
    assert_eq!(
        (done.code, done.out.as_str()),
        (
            Some(0),
            "2026-11-21T10:00:00.123456789Z GET / 200\n2026-11-21T10:00:01.000000000Z GET /x 404\n"
        ),
        "{done:?}"
    );
    let done = lab.run(&["n1", "--container", "db"]);
    assert_eq!(done.code, Some(1));
    assert!(done.err.contains("No such container: db"), "{done:?}");
}
