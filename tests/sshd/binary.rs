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
fn a_forced_command_is_no_login_shell() {
    let Some(server) = Sshd::with(&["ForceCommand echo hello; exit 0"]) else {
        return;
    };
    let home = Home::new(&format!("hosts:\n{}", entry("n1", &server, "")));
    let done = home.run(&["doctor", "--accept-new"]);
    assert_eq!(done.code, Some(1), "{}", done.out);
    assert!(done.out.contains("\u{2717} shell"), "{}", done.out);
    assert!(done.out.contains("and printed `hello`"), "{}", done.out);
    assert!(done.out.contains("see ForceCommand"), "{}", done.out);
}

#[test]
fn a_server_of_version_1_has_no_good_banner() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        while let Ok((mut visitor, _)) = listener.accept() {
            let _ = std::io::Write::write_all(&mut visitor, b"SSH-1.5-1.2.27\r\n");
            let _ = std::io::copy(&mut visitor, &mut std::io::sink());
        }
    });
    let home = Home::new(&format!(
        "hosts:\n  n1: {{address: 127.0.0.1, port: {port}}}\n"
    ));
    let done = home.run(&["doctor"]);
    assert_eq!(done.code, Some(3), "{}", done.out);
    assert!(!done.out.contains("\u{2713} banner"), "{}", done.out);
    assert!(done.out.contains("\u{2717} banner"), "{}", done.out);
    assert!(done.out.contains("SSH-1.5-1.2.27"), "{}", done.out);
    assert!(done.out.contains("version 1 of SSH"), "{}", done.out);
}

#[test]
fn a_connection_that_is_open_under_another_name_is_told() {
    let Some(server) = Sshd::start() else { return };
    let text = format!(
        "hosts:\n{}{}",
        entry("n1", &server, ""),
        entry("n2", &server, "")
    );
    let done = Home::new(&text).run(&["doctor", "--accept-new"]);
    assert_eq!(done.code, Some(0), "{}", done.out);
    let shared = format!(
        "shares the connection to 127.0.0.1:{}, opened for n",
        server.port
    );
    assert_eq!(done.out.matches(&shared).count(), 1, "{}", done.out);
    assert_eq!(done.out.matches("key exchange").count(), 1, "{}", done.out);
}

#[test]
fn where_no_key_is_taken_none_is_advised() {
    let password = ["PubkeyAuthentication no", "PasswordAuthentication yes"];
    let Some(server) = Sshd::with(&password) else {
        return;
    };
    let home = Home::new(&format!("hosts:\n{}", entry("n1", &server, "")));
    let done = home.run(&["doctor", "--accept-new"]);
    assert_eq!(done.code, Some(3), "{}", done.out);
    assert!(!done.out.contains("ssh-copy-id"), "{}", done.out);
    assert!(
        done.out.contains("PubkeyAuthentication yes"),
        "{}",
        done.out
    );
    assert!(
        done.out.contains("in a terminal without --batch"),
        "{}",
        done.out
    );
}

#[test]
fn why_a_proxy_command_failed_is_told_by_trust_too() {
    let home = Home::new("hosts:\n  n1: {proxy_command: \"echo no route today >&2; exit 7\"}\n");
    let done = home.run(&["trust"]);
    assert_eq!(done.code, Some(3), "{}", done.out);
    assert!(done.out.contains("no route today"), "{}", done.out);
    assert!(done.out.contains("try it in a shell"), "{}", done.out);
}
