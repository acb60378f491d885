//! What the program itself says of real servers, and what it asks on the way to them.

use std::{fs, process::Command};

use crate::{
    pty::{Pty, command},
    support::sshd::Sshd,
};

/// A home with an inventory, for the binary alone.
struct Home(tempfile::TempDir);

struct Done {
    code: Option<i32>,
    out: String,
}

impl Home {
    fn new(hosts: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("hosts.yaml"), hosts).unwrap();
        Self(folder)
    }

    fn known(&self) -> String {
        let file = self.0.path().join(".ssh/known_hosts");
        fs::read_to_string(file).unwrap_or_default()
    }

    fn run(&self, words: &[&str]) -> Done {
        let output = Command::new(env!("CARGO_BIN_EXE_sshoal"))
            .args(["-F", "none"])
            .args(words)
            .env_clear()
            .env("HOME", self.0.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .current_dir(self.0.path())
            .output()
            .unwrap();
        Done {
            code: output.status.code(),
            out: String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        }
    }

    /// The same on a terminal.
    fn on_terminal(&self, words: &[&str]) -> Pty {
        let words = [&["-F", "none"], words].concat();
        let mut command = command(env!("CARGO_BIN_EXE_sshoal"), &words);
        command.env("HOME", self.0.path());
        command.cwd(self.0.path());
        Pty::start(160, 60, command)
    }
}

/// An entry of hosts.yaml.
fn entry(name: &str, server: &Sshd, more: &str) -> String {
    let (port, user) = (server.port, server.config().user);
    let key = server.path("id_ed25519");
    let key = key.display();
    format!("  {name}: {{address: 127.0.0.1, port: {port}, user: {user}, identity: {key}{more}}}\n")
}

/// A bastion, and a server behind it.
fn behind() -> Option<(Home, [Sshd; 2])> {
    let (gate, inner) = (Sshd::start()?, Sshd::start()?);
    let text = format!(
        "hosts:\n{}{}",
        entry("gate", &gate, ""),
        entry("inner", &inner, ", jump: gate")
    );
    Some((Home::new(&text), [gate, inner]))
}

fn fingerprint(server: &Sshd) -> String {
    let output = Command::new("ssh-keygen")
        .arg("-lf")
        .arg(server.path("host_ed25519.pub"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn a_bastion_and_the_node_behind_it_are_accepted_in_one_run() {
    let Some((home, servers)) = behind() else {
        return;
    };
    let done = home.run(&["trust", "inner", "--accept"]);
    assert_eq!(done.code, Some(0), "{}", done.out);
    let first = done.out.find("gate  accepted").unwrap();
    assert!(first < done.out.find("inner  accepted").unwrap());
    for server in &servers {
        assert!(done.out.contains(&fingerprint(server)), "{}", done.out);
    }
    assert!(done.out.contains("bastion of inner"), "{}", done.out);
    assert_eq!(home.known().lines().count(), 2);
    let done = home.run(&["trust", "inner"]);
    assert_eq!(done.code, Some(0), "{}", done.out);
    assert!(!done.out.contains("gate"), "{}", done.out);
}

#[test]
fn on_a_terminal_the_bastion_is_asked_about_before_the_node() {
    let Some((home, [gate, inner])) = behind() else {
        return;
    };
    let mut pty = home.on_terminal(&["trust", "inner"]);
    let before = pty.modes();
    pty.wait_for("gate: the authenticity of host");
    assert!(pty.screen().contents().contains(&fingerprint(&gate)));
    pty.send("yes\r");
    pty.wait_for("Accept the new keys of 1 node? [y/N]");
    assert!(pty.screen().contents().contains(&fingerprint(&inner)));
    assert_eq!(home.known().lines().count(), 1);
    pty.send("y\r");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    let screen = pty.screen().contents();
    assert!(screen.contains("gate  accepted"), "{screen}");
    assert!(screen.contains("inner  accepted"), "{screen}");
    assert_eq!(home.known().lines().count(), 2);
    assert_eq!(pty.modes(), before);
}

#[test]
fn the_terminal_is_given_back_when_a_signal_ends_the_command() {
    let Some((home, _servers)) = behind() else {
        return;
    };
    let mut pty = home.on_terminal(&["trust", "gate"]);
    let before = pty.modes();
    pty.wait_for("Accept the new keys");
    let id = pty.pid().to_string();
    assert!(Command::new("kill").arg(id).status().unwrap().success());
    assert_eq!(pty.wait_exit().exit_code(), 143);
    assert_eq!(pty.modes(), before);
    assert_eq!(home.known(), "");
}

#[test]
fn why_a_proxy_command_failed_is_told_by_trust_too() {
    let home = Home::new("hosts:\n  n1: {proxy_command: \"echo no route today >&2; exit 7\"}\n");
    let done = home.run(&["trust"]);
    assert_eq!(done.code, Some(3), "{}", done.out);
    assert!(done.out.contains("no route today"), "{}", done.out);
    assert!(done.out.contains("try it in a shell"), "{}", done.out);
}
