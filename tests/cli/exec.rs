//! `sshoal exec` against a real OpenSSH server: every option, what is printed where, and how it ends.

use std::{
    fs,
    io::{Read as _, Write as _},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    rig::{Done, Home, finish},
    support::sshd::Sshd,
};

/// A server that goes by the names n1 to n9, and a port where nobody listens: `dead`. Group `web` is n1 and n2, n9 is
/// protected.
pub(crate) struct Lab {
    pub(crate) home: Home,
    pub(crate) server: Sshd,
}

impl Lab {
    pub(crate) fn start() -> Option<Self> {
        Self::with(9)
    }

    pub(crate) fn with(nodes: usize) -> Option<Self> {
        Some(Self::on(Sshd::start()?, nodes))
    }

    pub(crate) fn on(server: Sshd, nodes: usize) -> Self {
        server.trust();
        let home = Home::new();
        let user = server.config().user;
        let key = server.path("id_ed25519");
        let entry = |name: &str, port: u16, more: &str| {
            let key = key.display();
            format!(
                "  {name}: {{address: 127.0.0.1, port: {port}, user: {user}, identity: {key}{more}}}\n"
            )
        };
        let mut text = "hosts:\n".to_owned();
        for n in 1..=nodes {
            let more = match n {
                9 => ", protected: true",
                _ => "",
            };
            text += &entry(&format!("n{n}"), server.port, more);
        }
        text += &entry("dead", 1, "");
        text += "groups:\n  web: {hosts: \"n[1-2]\"}\n";
        home.write("hosts.yaml", &text);
        Self { home, server }
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let known = self.server.path("known_hosts").display().to_string();
        let words = [&["--known-hosts", &known, "exec"], words].concat();
        self.home.command(&words)
    }

    pub(crate) fn run(&self, words: &[&str]) -> Done {
        finish(self.command(words).output().expect("the binary starts"))
    }

    /// With this on standard input.
    fn fed(&self, words: &[&str], input: &[u8]) -> Done {
        let mut command = self.command(words);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stdin = child.stdin.take().expect("its input");
        stdin.write_all(input).expect("it reads");
        drop(stdin);
        finish(child.wait_with_output().expect("it ends"))
    }

    pub(crate) fn audit(&self, words: &[&str]) -> String {
        self.home.run(&[&["audit"], words].concat()).out
    }

    /// The name of the last run.
    pub(crate) fn last_run(&self) -> String {
        let text = self.audit(&["--json"]);
        let lines = text.lines().rev();
        let run = lines
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find_map(|record| record["run"].as_str().map(str::to_owned));
        run.expect("a run")
    }
}

pub(crate) fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn lines_stand_behind_the_name_of_their_node() {
    let Some(lab) = Lab::start() else { return };
    let done = lab.run(&[
        "n[1-3]",
        "--",
        "echo {name} {rank}; printf 'no end'; echo bad >&2",
    ]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let wanted = [
        "n1: n1 0",
        "n1: no end",
        "n2: n2 1",
        "n2: no end",
        "n3: n3 2",
        "n3: no end",
    ];
    assert_eq!(sorted(&done.out), wanted, "{done:?}");
    assert_eq!(
        sorted(&done.err),
        ["n1: bad", "n2: bad", "n3: bad"],
        "{done:?}"
    );
    let done = lab.run(&["-N", "-w", "n[1-2]", "echo", "x"]);
    assert_eq!(
        (done.code, done.out.as_str()),
        (Some(0), "x\nx\n"),
        "{done:?}"
    );
}

#[test]
fn one_node_in_a_pipe_is_bytes_as_they_are() {
    let Some(lab) = Lab::start() else { return };
    let mut command = lab.command(&["n1", "--", r"printf 'a\377\0\033[2Jb'; printf 'e\r' >&2"]);
    let output = command.output().expect("the binary starts");
    assert_eq!(output.stdout, b"a\xff\0\x1b[2Jb");
    assert_eq!(output.stderr, b"e\r", "nothing is said of what went well");
}

#[test]
fn exit_codes_say_what_went_wrong() {
    let Some(lab) = Lab::start() else { return };
    for (words, code) in [
        (&["n[1-2]", "--", "true"][..], 0),
        (&["n[1-2]", "--", "exit {rank}"], 1),
        (&["n1,dead", "--", "true"], 3),
        (
            &[
                "n[1-3]",
                "--serial",
                "1",
                "--strategy",
                "abort-first",
                "--",
                "false",
            ],
            4,
        ),
        (&["n[1-3]", "-S", "--", "exit $(({rank}+4))"], 6),
        (&["n[1-2]", "--exit", "any", "--", "exit {rank}"], 0),
        (
            &["n[1-2]", "--exit", "first", "--", "exit $(({rank}+4))"],
            4,
        ),
        (&["nope", "--", "true"], 2),
        (&["--", "true"], 2),
        (&["n1"], 2),
        (&["n1", "-x", "n1", "--", "true"], 2),
        (&["n1", "--fanout", "x", "--", "true"], 2),
    ] {
        let done = lab.run(words);
        assert_eq!(done.code, Some(code), "{words:?} {done:?}");
    }
    let done = lab.run(&["n1,dead", "--", "exit 7"]);
    assert!(done.err.contains("1 exit 7 (n1)"), "{done:?}");
    assert!(
        done.err.contains("refused") && done.err.contains("(dead:"),
        "{done:?}"
    );
    assert!(!done.err.contains('\x1b'), "{done:?}");
}

#[test]
fn a_timeout_is_named_and_what_became_of_the_command() {
    let Some(lab) = Lab::start() else { return };
    let done = lab.run(&["n1", "--timeout", "1", "--", "echo begun; sleep 60"]);
    assert_eq!(
        (done.code, done.out.as_str()),
        (Some(1), "begun\n"),
        "{done:?}"
    );
    assert!(
        done.err
            .contains("n1: timed out after 1s (--timeout 1s): cancelled and gone"),
        "{done:?}"
    );
}

#[test]
fn equal_answers_are_printed_once() {
    let Some(lab) = Lab::start() else { return };
    let done = lab.run(&[
        "n[1-4]",
        "-b",
        "--",
        "echo same; [ {rank} != 2 ] || echo more",
    ]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains("n[1-2,4] (3)"), "{done:?}");
    assert!(
        done.out.contains("+more") && !done.out.contains("n1: "),
        "{done:?}"
    );
    let done = lab.run(&["n[1-2]", "-b", "--full", "--", "echo {rank}"]);
    assert!(
        done.out.contains("n1 (1)") && done.out.contains("n2 (1)"),
        "{done:?}"
    );
    let done = lab.run(&["n[1-2]", "-b", "--mask", "--", "echo on {name} {rank}"]);
    assert!(done.out.contains("n[1-2] (2)"), "{done:?}");
}

#[test]
fn json_holds_every_byte_and_a_summary() {
    let Some(lab) = Lab::start() else { return };
    let words = [
        "n1,dead",
        "--json",
        "--max-output",
        "4",
        "--",
        r"printf 'a\377'; echo longer >&2; exit 5",
    ];
    let done = lab.run(&words);
    assert_eq!((done.code, done.err.as_str()), (Some(1), ""), "{done:?}");
    let lines = done.out.lines();
    let events: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let of = |kind: &str, node: &str| {
        let wanted = |event: &&Value| event["event"] == kind && event["node"] == node;
        events.iter().find(wanted).cloned().unwrap_or_default()
    };
    let output = |event: &&Value| event["event"] == "output" && event["stream"] == "stdout";
    let printed = events.iter().find(output).expect("output");
    assert_eq!(
        (&printed["base64"], &printed["node"]),
        (&"Yf8=".into(), &"n1".into())
    );
    assert!(
        printed["time"]
            .as_u64()
            .is_some_and(|ms| ms > 1_600_000_000_000)
    );
    assert_eq!(of("start", "n1")["event"], "start");
    assert_eq!(of("start", "dead"), Value::Null, "it never began");
    let end = of("end", "n1");
    assert_eq!(
        (&end["outcome"], &end["exit_code"]),
        (&"exit".into(), &5.into()),
        "{end}"
    );
    assert_eq!(
        (&end["stderr"]["text"], &end["stderr"]["cut"]),
        (&"lo".into(), &3.into()),
        "{end}"
    );
    assert_eq!(of("end", "dead")["outcome"], "refused");
    let (first, last) = (&events[0], &events[events.len() - 1]);
    assert_eq!(first["nodes"], serde_json::json!(["n1", "dead"]));
    assert_eq!(
        (&last["event"], &last["exit_code"]),
        (&"summary".into(), &1.into())
    );
    assert_eq!(last["run"].as_str(), Some(lab.last_run().as_str()));
}

#[test]
fn files_hold_what_each_node_printed() {
    let Some(lab) = Lab::start() else { return };
    let words = [
        "n[1-2],dead",
        "-q",
        "--output-dir",
        "a/b",
        "--",
        r"printf '{name}\0\377'; echo e >&2",
    ];
    let done = lab.run(&words);
    assert_eq!((done.code, done.out.as_str()), (Some(3), ""), "{done:?}");
    assert!(
        done.err.contains("2 ok") && done.err.contains("1 refused"),
        "{done:?}"
    );
    assert_eq!(
        fs::read(lab.home.path("a/b/n2.stdout")).unwrap(),
        b"n2\0\xff"
    );
    assert_eq!(fs::read(lab.home.path("a/b/n1.stderr")).unwrap(), b"e\n");
    assert!(!lab.home.path("a/b/dead.stdout").exists());
    let done = lab.run(&["n1", "--output-dir", "hosts.yaml/x", "--", "true"]);
    assert!(
        done.code == Some(2) && done.err.contains("--output-dir"),
        "{done:?}"
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(lab.home.path("a/b/n1.stdout"))
            .unwrap()
            .permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn input_goes_to_every_node() {
    let Some(lab) = Lab::start() else { return };
    let done = lab.fed(&["n[1-2]", "--", "cat"], b"one\ntwo");
    let wanted = ["n1: one", "n1: two", "n2: one", "n2: two"];
    assert_eq!(
        (done.code, sorted(&done.out)),
        (Some(0), wanted.to_vec()),
        "{done:?}"
    );
    let done = lab.fed(&["n1", "-n", "--", "wc -c"], b"one\n");
    assert_eq!(done.out.trim(), "0", "{done:?}");
    let done = lab.fed(&["-", "--", "echo"], b"n1\nn2\n");
    assert_eq!(
        sorted(&done.out),
        ["n1: ", "n2: "],
        "node sets, not input: {done:?}"
    );
    let file = lab.home.write("input", "from a file");
    let done = lab.run(&["n1", "--stdin", file.to_str().unwrap(), "--", "cat"]);
    assert_eq!(done.out, "from a file", "{done:?}");
    let done = lab.run(&["n1", "--stdin", "none", "--", "cat"]);
    assert!(
        done.code == Some(2) && done.err.contains("--stdin none"),
        "{done:?}"
    );
}

#[test]
fn a_silent_input_is_spoken_of() {
    let Some(lab) = Lab::start() else { return };
    let mut command = lab.command(&["n1", "--", "wc -c"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut said = [0; 8];
    let stderr = child.stderr.as_mut().expect("its troubles");
    stderr.read_exact(&mut said).expect("it says so");
    drop(child.stdin.take());
    let done = finish(child.wait_with_output().expect("it ends"));
    assert!(done.err.contains("-n leaves it alone"), "{done:?}");
    assert_eq!((done.code, done.out.trim()), (Some(0), "0"));
}

#[test]
fn the_command_runs_as_the_options_say() {
    let Some(lab) = Lab::start() else { return };
    let mut command = lab.command(&[
        "n1",
        "--cwd",
        "/usr",
        "-e",
        "A=x y",
        "--env",
        "USER",
        "-f",
        "1",
        "-t",
        "5",
        "--retries",
        "1",
        "--idempotent",
        "--",
        "pwd; echo \"$A|$USER\"",
    ]);
    let done = finish(command.output().expect("the binary starts"));
    assert_eq!(done.out, "/usr\nx y|tester\n", "{done:?}");
    let done = lab.run(&["n1", "--env", "NOT_SET_HERE", "--", "true"]);
    assert!(
        done.code == Some(2) && done.err.contains("NOT_SET_HERE"),
        "{done:?}"
    );
    let done = lab.run(&["n1", "--pty", "--", "stty size; exit 4"]);
    assert_eq!(
        (done.code, done.out.as_str()),
        (Some(1), "24 80\r\n"),
        "{done:?}"
    );
    let done = lab.run(&["n1", "--plain", "--", "echo plain"]);
    assert_eq!(done.out, "plain\n", "{done:?}");
    let done = lab.run(&["n1", "-l", "nobody-of-that-name", "--", "true"]);
    assert_eq!(done.code, Some(3), "{done:?}");
    let done = lab.run(&["dead", "--retries", "1", "--", "true"]);
    assert!(done.err.contains("dead: trying again: "), "{done:?}");
}

#[test]
fn nodes_are_chosen_by_group_state_and_chance() {
    let Some(lab) = Lab::start() else { return };
    let done = lab.run(&["-g", "web", "-x", "n2", "echo x"]);
    assert_eq!(done.out, "x\n", "{done:?}");
    let done = lab.run(&["n[1-8]", "--pick", "3", "--", "echo x"]);
    assert_eq!(done.out.lines().count(), 3, "{done:?}");
    let done = lab.run(&["--all", "--where", "load>=0 & n[1-2]", "--", "echo x"]);
    assert_eq!(sorted(&done.out), ["n1: x", "n2: x"], "{done:?}");
    assert!(
        done.err
            .contains("dead: left out, as its state is not known"),
        "{done:?}"
    );
    let done = lab.run(&["n1", "--where", "load<0", "--", "echo x"]);
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{done:?}");
    let done = lab.run(&["n1", "--where", "load<", "--", "echo x"]);
    assert!(
        done.code == Some(2) && done.err.contains("--where"),
        "{done:?}"
    );
}

#[test]
fn a_server_that_accepts_and_says_nothing_ends_with_the_time_to_connect() {
    let Some(lab) = Lab::start() else { return };
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("its address").port();
    let hosts = format!("hosts:\n  mute: {{address: 127.0.0.1, port: {port}}}\n");
    let hosts = lab.home.write("mute.yaml", &hosts);
    let hosts = hosts.display().to_string();
    let started = std::time::Instant::now();
    let done = lab.run(&["--hosts", &hosts, "-t", "1", "mute", "--", "true"]);
    let took = started.elapsed();
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(
        done.err.contains("silent for 1 s (--connect-timeout 1 s)"),
        "{done:?}"
    );
    assert!(took < std::time::Duration::from_secs(6), "{took:?}");
}
