//! The machine that sshoal runs on is short of something, or sleeps.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{support::sshd::Sshd, wire::Wire};

/// `sshoal status --watch=1 --json`, started by another program or not; killed when dropped.
struct Watch {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Watch {
    fn start(mut command: Command, folder: &Path, hosts: &str) -> Self {
        let file = folder.join("hosts.yaml");
        fs::write(&file, hosts).unwrap();
        let known = folder.join("known_hosts_of_all");
        let mut process = command
            .args([
                "-F",
                "none",
                "status",
                "--watch=1",
                "--json",
                "--timeout=20",
                "--accept-new",
            ])
            .arg("--hosts")
            .arg(&file)
            .arg("--known-hosts")
            .arg(&known)
            .env("HOME", folder)
            .env_remove("SSH_AUTH_SOCK")
            .env_remove("XDG_STATE_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(process.stdout.take().expect("its output"));
        Self { process, lines }
    }

    /// All nodes, a second after the last time.
    fn next(&mut self) -> Vec<Value> {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// All nodes once it holds of them.
    fn until(&mut self, what: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let started = Instant::now();
        loop {
            let nodes = self.next();
            if wanted(&nodes) {
                println!("{what} after {:.1?}", started.elapsed());
                return nodes;
            }
            let limit = Duration::from_mins(1);
            assert!(
                started.elapsed() < limit,
                "never {what}: {:?}",
                words(&nodes)
            );
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn words(nodes: &[Value]) -> Vec<&str> {
    nodes.iter().filter_map(|n| n["state"].as_str()).collect()
}

fn count(nodes: &[Value], word: &str) -> usize {
    words(nodes).iter().filter(|w| **w == word).count()
}

/// An inventory of so many names for one server.
fn inventory(server: &Sshd, port: u16, nodes: usize) -> String {
    let mut text = format!(
        "defaults: {{user: {}, identity: '{}', transports: [direct]}}\nhosts:\n",
        server.config().user,
        server.path("id_ed25519").display()
    );
    for n in 0..nodes {
        let _ = writeln!(text, "  n{n}: {{address: 127.0.1.{}, port: {port}}}", n + 1);
    }
    text
}

/// A server at every address of the loopback.
fn everywhere() -> Option<(Sshd, u16)> {
    let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let server = Sshd::with(&[&format!("ListenAddress 0.0.0.0:{port}")])?;
    Some((server, port))
}

fn sshoal() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sshoal"))
}

#[test]
fn too_few_files_connect_some_and_tell_the_others_what_to_raise() {
    let Some((server, port)) = everywhere() else {
        return;
    };
    let mut command = Command::new("sh");
    let script = "ulimit -n 64 && exec \"$@\"";
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_sshoal")]);
    let folder = server.path("home");
    let mut watch = Watch::start(command, &folder, &inventory(&server, port, 100));
    let is_some_up = |nodes: &[Value]| count(nodes, "up") >= 20;
    let nodes = watch.until("some up", is_some_up);
    let lost = nodes.iter().filter(|n| n["state"] == "down");
    for node in lost {
        let error = node["error"].as_str().expect("a reason");
        assert!(error.contains("limit of open files"), "{error}");
    }
    for _ in 0..8 {
        let nodes = watch.next();
        assert!(is_some_up(&nodes), "{:?}", words(&nodes));
    }
    let open = fs::read_dir(format!("/proc/{}/fd", watch.process.id()));
    println!("{} files open", open.unwrap().count());
}

#[test]
fn after_twenty_seconds_of_sleep_all_are_there_at_once() {
    let Some((server, port)) = everywhere() else {
        return;
    };
    let folder = server.path("home");
    let mut watch = Watch::start(sshoal(), &folder, &inventory(&server, port, 10));
    let all_up = |nodes: &[Value]| count(nodes, "up") == nodes.len();
    watch.until("all up", all_up);
    watch.signal("-STOP");
    std::thread::sleep(Duration::from_secs(20));
    watch.signal("-CONT");
    let awake = Instant::now();
    watch.until("all up again", |nodes| {
        let here = count(nodes, "up") + count(nodes, "stale");
        assert_eq!(here, nodes.len(), "{:?}", words(nodes));
        all_up(nodes)
    });
    assert!(
        awake.elapsed() < Duration::from_secs(5),
        "{:?}",
        awake.elapsed()
    );
    for _ in 0..6 {
        let nodes = watch.next();
        assert!(all_up(&nodes), "{:?}", words(&nodes));
    }
    assert_eq!(server.log().matches("Accepted publickey").count(), 10);
}

#[test]
fn a_dead_resolver_costs_only_those_who_need_it() {
    let Some(mut wire) = Wire::lay() else { return };
    wire.serve();
    // What is asked gets lost on the way: at the output it would be an error at once.
    wire.nft("add rule inet cut input udp dport 53 drop");
    let etc = Path::new("/etc/netns").join(&wire.space);
    fs::create_dir_all(&etc).unwrap();
    fs::write(etc.join("resolv.conf"), "nameserver 127.0.0.1\n").unwrap();
    let known = format!("{} known.lab\n", wire.address(2));
    fs::write(etc.join("hosts"), known).unwrap();
    let mut text = format!(
        "defaults: {{user: root, identity: '{}', transports: [direct]}}\nhosts:\n",
        wire.folder.path().join("id_ed25519").display()
    );
    // More than are looked up at once.
    for n in 0..60 {
        let _ = writeln!(text, "  dead{n}: {{address: name{n}.example.net}}");
    }
    let _ = writeln!(text, "  known: {{address: known.lab}}");
    let _ = writeln!(text, "  well: {{address: {}}}", wire.address(1));
    let command = wire.inside(env!("CARGO_BIN_EXE_sshoal"));
    let mut watch = Watch::start(command, wire.folder.path(), &text);
    let is_well = |nodes: &[Value]| nodes[60]["state"] == "up" && nodes[61]["state"] == "up";
    let nodes = watch.until("all told", |nodes| count(nodes, "down") == 60);
    assert!(is_well(&nodes), "{:?}", words(&nodes));
    let error = nodes[0]["error"].as_str().unwrap();
    assert!(error.contains("did not resolve within 5 s"), "{error}");
    assert!(
        nodes[61]["age_ms"].as_u64().unwrap() < 3000,
        "{}",
        nodes[61]
    );
    // The name is known no more; the connection is lost, and opened again by the last address.
    fs::write(etc.join("hosts"), "").unwrap();
    wire.kill();
    watch.until("both lost", |nodes| !is_well(nodes));
    wire.serve();
    watch.until("both back", is_well);
}
