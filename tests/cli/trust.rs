//! `sshoal trust` on simulated nodes: shown, accepted, changed, replaced, forgotten, out of reach.

use std::{
    fs,
    io::{Read, Write},
};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::Value;

use crate::rig::{Demo, Done, Home, finish};

/// A key that no simulated node has.
const OTHER: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";

/// Simulated nodes, and a `known_hosts` of the test's own.
struct Rig {
    home: Home,
    demo: Demo,
}

impl Rig {
    fn new() -> Self {
        let home = Home::new();
        let demo = Demo::serve(&home, "24");
        Self { home, demo }
    }

    fn run(&self, words: &[&str]) -> Done {
        let file = self.home.path("known").display().to_string();
        let options = ["--hosts", &self.demo.hosts, "--known-hosts", &file];
        self.home.run(&[&["trust"], words, &options].concat())
    }

    /// Knows a wrong key of `gpu01`; the file as it should be, and as it is.
    fn mistake(&self) -> (String, String) {
        self.run(&["gpu01", "--accept"]);
        let right = self.known();
        let host = right.split(' ').next().unwrap_or_default();
        let wrong = format!("# kept\n{host} {OTHER}\n");
        self.home.write("known", &wrong);
        (right, wrong)
    }

    /// Types `answer` at a terminal; what is shown there.
    fn answer(&self, words: &[&str], answer: &str) -> String {
        let pty = native_pty_system()
            .openpty(PtySize::default())
            .expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_sshoal"));
        command.args(words);
        command.args(["-F", "none", "--hosts", &self.demo.hosts, "--known-hosts"]);
        command.arg(self.home.path("known"));
        command.env_clear();
        command.env("HOME", self.home.path(""));
        command.cwd(self.home.path(""));
        let mut child = pty.slave.spawn_command(command).expect("it starts");
        drop(pty.slave);
        let mut keys = pty.master.take_writer().expect("its keyboard");
        let mut reader = pty.master.try_clone_reader().expect("its output");
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        // Linux ends the output of a terminal that nobody holds any more with an error.
        while let Ok(length @ 1..) = reader.read(&mut chunk) {
            let was_asked = is_asked(&bytes);
            bytes.extend(chunk.iter().take(length));
            if is_asked(&bytes) && !was_asked {
                // What was typed before a question is no answer to it.
                keys.write_all(answer.as_bytes()).expect("it takes keys");
            }
        }
        child.wait().expect("a child of ours");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn known(&self) -> String {
        fs::read_to_string(self.home.path("known")).unwrap_or_default()
    }
}

fn is_asked(shown: &[u8]) -> bool {
    String::from_utf8_lossy(shown).contains("[y/N]")
}

#[test]
fn known_hosts_end_with_0() {
    let home = Home::new();
    let demo = Demo::serve(&home, "24");
    let done = home.run(&demo.words(&["trust", "gpu01,web01"]));
    assert_eq!(
        (done.code, done.err.as_str()),
        (Some(0), ""),
        "{}",
        done.out
    );
    let first = done.out.lines().next().unwrap_or_default();
    assert!(first.starts_with("gpu01  known  ([127.0.0.1]:"), "{first}");
    assert!(done.out.contains(&demo.known_hosts), "{}", done.out);
    assert_eq!(done.out.matches("SHA256:").count(), 4);
}

#[test]
fn a_new_host_is_shown_then_accepted_then_forgotten() {
    let rig = Rig::new();
    let done = rig.run(&["gpu01"]);
    assert_eq!(done.code, Some(1));
    assert!(done.out.starts_with("gpu01  new  "), "{}", done.out);
    assert!(done.out.contains("sshoal trust gpu01 --accept"));
    assert_eq!(rig.known(), "");
    let done = rig.run(&["gpu01", "--accept"]);
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    assert!(done.out.starts_with("gpu01  accepted"), "{}", done.out);
    let accepted = rig.known();
    assert_eq!(accepted.lines().count(), 1);
    assert_eq!(rig.run(&["gpu01"]).code, Some(0));
    let done = rig.run(&["gpu01", "--forget"]);
    assert_eq!(done.code, Some(0));
    assert!(done.out.contains("removed ") && done.out.contains("known:1"));
    assert_eq!(rig.known(), "");
    let old = fs::read_to_string(rig.home.path("known.old")).unwrap_or_default();
    assert_eq!(old, accepted);
    let done = rig.run(&["gpu01", "--forget"]);
    assert!(done.out.starts_with("gpu01  not known"), "{}", done.out);
}

#[test]
fn what_is_done_to_keys_is_written_down() {
    let rig = Rig::new();
    rig.run(&["gpu01"]);
    assert!(!rig.home.path("state").join("sshoal/audit").exists());
    rig.run(&["gpu01", "--accept"]);
    rig.run(&["gpu01", "--accept"]);
    rig.run(&["gpu01", "--forget"]);
    let audit = rig.home.run(&["audit"]);
    let lines: Vec<&str> = audit.out.lines().collect();
    let [accepted, forgotten] = lines[..] else {
        unreachable!("{audit:?}");
    };
    assert!(
        accepted.contains("cli  host key of gpu01 accepted: SHA256:"),
        "{accepted}"
    );
    assert!(
        forgotten.contains("host key of gpu01 forgotten, was SHA256:"),
        "{forgotten}"
    );
    assert!(
        rig.home
            .run(&["audit", "verify"])
            .out
            .starts_with("whole: ")
    );
}

#[test]
fn no_key_is_changed_that_can_not_be_written_down() {
    let rig = Rig::new();
    rig.home.write("state/sshoal/audit", "no folder");
    let done = rig.run(&["gpu01", "--accept"]);
    assert_eq!((done.code, done.out.as_str()), (Some(74), ""));
    assert!(
        done.err.contains("no key was changed: the audit log"),
        "{}",
        done.err
    );
    assert_eq!(rig.known(), "");
    assert_eq!(rig.run(&["gpu01"]).code, Some(1), "looking needs no log");
}

#[test]
fn a_changed_key_is_replaced_only_after_a_yes() {
    let rig = Rig::new();
    let (right, wrong) = rig.mistake();
    for words in [&["gpu01"][..], &["gpu01", "--accept"]] {
        let done = rig.run(words);
        assert_eq!(done.code, Some(1));
        assert!(done.out.starts_with("gpu01  CHANGED"), "{}", done.out);
        assert_eq!(rig.known(), wrong);
    }
    let done = rig.run(&["gpu01", "--replace"]);
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""));
    assert!(done.err.contains("--yes"), "{}", done.err);
    assert_eq!(rig.known(), wrong);
    let done = rig.run(&["gpu01", "--replace", "--yes"]);
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    assert!(done.out.starts_with("gpu01  replaced"), "{}", done.out);
    assert_eq!(rig.known(), format!("# kept\n{right}"));
}

#[test]
fn on_a_terminal_both_keys_are_shown_before_the_question() {
    let rig = Rig::new();
    let (right, wrong) = rig.mistake();
    for (answer, after) in [
        ("\n", &wrong),
        ("n\n", &wrong),
        ("y\n", &format!("# kept\n{right}")),
    ] {
        let screen = rig.answer(&["trust", "gpu01", "--replace"], answer);
        let (shown, _) = screen.split_once("[y/N]").expect("a question");
        assert_eq!(shown.matches("SHA256:").count(), 2, "{screen}");
        assert_eq!(&rig.known(), after, "{answer:?}");
    }
}

#[test]
fn a_home_that_is_not_there_is_not_made() {
    let rig = Rig::new();
    let nowhere = rig.home.path("nowhere");
    let words = ["trust", "gpu01", "--accept", "--hosts", &rig.demo.hosts];
    let mut command = rig.home.command(&words);
    let done = finish(command.env("HOME", &nowhere).output().expect("it starts"));
    assert_eq!(done.code, Some(1), "{}", done.out);
    assert!(
        done.out.contains("nowhere/.ssh/known_hosts"),
        "{}",
        done.out
    );
    assert!(!nowhere.exists());
}

#[test]
fn json_has_the_shape_that_scripts_rely_on() {
    let rig = Rig::new();
    rig.run(&["gpu01", "--accept"]);
    let done = rig.run(&["gpu01", "db1", "--json"]);
    let all: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!(all[0]["node"], "gpu01");
    assert_eq!(all[0]["shown"]["verdict"], "known");
    assert_eq!(all[0]["known"][0]["line"], 1);
    assert_eq!(
        all[0]["known"][0]["fingerprint"],
        all[0]["shown"]["fingerprint"]
    );
    assert_eq!(all[1]["node"], "db1");
    assert!(all[1]["error"].is_null());
}

#[test]
fn a_node_out_of_reach_ends_with_3_and_none_with_ssh_with_0() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its number").port();
    drop(listener);
    let home = Home::new();
    let off = format!("{{address: 127.0.0.1, port: {port}}}");
    let text = format!("hosts:\n  off: {off}\n  here: {{transport: local}}\n");
    home.write("hosts.yaml", &text);
    let done = home.run(&["trust"]);
    assert_eq!(done.code, Some(3), "{}{}", done.out, done.err);
    assert!(done.out.contains("off  unreachable"), "{}", done.out);
    assert!(done.out.contains("here  no SSH"), "{}", done.out);
    assert_eq!(home.run(&["trust", "here"]).code, Some(0));
    assert!(!home.path(".ssh").exists());
}

#[test]
fn what_is_advised_names_the_node_itself_and_works_as_it_is_typed() {
    let rig = Rig::new();
    let theirs = fs::read_to_string(&rig.demo.hosts).unwrap();
    let port = theirs.split("port: ").nth(1).unwrap();
    let port = port.split_whitespace().next().unwrap();
    let key = rig.demo.folder().join("id_ed25519").display().to_string();
    let entry = format!("{{address: 127.0.0.1, port: {port}, user: gpu01, identity: '{key}'}}");
    let text = format!("hosts:\n  n1: {entry}\n  n3: {entry}\n");
    rig.home.write("two names.yaml", &text);
    let flags = ["--hosts", "two names.yaml", "--known-hosts", "mine"];
    let run = |words: &[&str]| rig.home.run(&[words, &flags].concat());
    let done = run(&["status"]);
    assert_eq!(done.code, Some(1), "{}", done.out);
    for node in ["n1", "n3"] {
        let typed = format!(
            "sshoal trust {node} --accept --hosts 'two names.yaml' --known-hosts mine -F none"
        );
        assert!(done.out.contains(&typed), "{typed}:\n{}", done.out);
        let shown = run(&["trust", node]);
        assert!(shown.out.contains(&typed), "{typed}:\n{}", shown.out);
    }
    let typed = "trust n3 --accept --hosts 'two names.yaml' --known-hosts mine -F none";
    let line = format!("exec {} {typed}", env!("CARGO_BIN_EXE_sshoal"));
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &line]).current_dir(rig.home.path(""));
    shell.env_clear().env("HOME", rig.home.path(""));
    let done = finish(shell.output().unwrap());
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    let done = run(&["status"]);
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
}
