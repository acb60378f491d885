//! The same servers are taken as by `ssh`, over generated `known_hosts` files.

use std::{
    fs,
    process::{Command, Stdio},
};

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use sshoal::ssh::{Connector, Standing};

use crate::{
    support::sshd::{Sshd, keygen, peer},
    trust::Certified,
};

/// Files for each of the two servers.
const FILES: usize = 30;

/// A server's key, its authority's, and two of others.
#[derive(Clone, Debug)]
struct Keys(Vec<String>);

/// Names that meet the server, its bare name or neither; `PORT` is its port.
const NAMES: [&str; 12] = [
    "[127.0.0.1]:PORT",
    "[127.0.0.1]:PORT,other",
    "[127.0.0.*]:PORT",
    "[127.0.0.?]:*",
    "*",
    "!other,*",
    "*,![127.0.0.1]:PORT",
    "other",
    "[127.0.0.1]:1",
    "127.0.0.1",
    "127.0.*",
    "HASHED",
];

/// Of those, the first that mean the bare name only.
const BARE: usize = 9;

fn line(keys: Keys) -> impl Strategy<Value = String> {
    let marker = prop_oneof![4 => Just(""), 3 => Just("@cert-authority "), 1 => Just("@revoked ")];
    let gap = prop_oneof![4 => Just(" "), 1 => Just("\t"), 1 => Just("  \t")];
    let end = prop_oneof![4 => Just(""), 1 => Just("\r"), 1 => Just(" a comment")];
    let parts = (marker, 0..NAMES.len(), gap, 0..keys.0.len(), end);
    let entry = parts.prop_map(move |(marker, mut name, gap, key, end)| {
        // Revoked under the bare name is revoked for each port here, and not with ssh.
        if marker == "@revoked " && (BARE..BARE + 2).contains(&name) {
            name = 0;
        }
        format!("{marker}{}{gap}{}{end}", NAMES[name], keys.0[key])
    });
    let odd = [
        "",
        "# a comment",
        " \t",
        "[127.0.0.1]:PORT",
        "@odd * x y",
        "* ssh-ed25519 AAAA",
    ];
    prop_oneof![
        6 => entry,
        1 => (0..odd.len()).prop_map(move |index| odd[index].to_owned()),
    ]
}

fn file(runner: &mut TestRunner, keys: &Keys, server: &Sshd, hashed: &str) -> String {
    let lines = proptest::collection::vec(line(keys.clone()), 0..5);
    let lines = lines.new_tree(runner).unwrap().current();
    let port = server.port.to_string();
    let text = lines.join("\n").replace("PORT", &port) + "\n";
    text.replace("HASHED", hashed)
}

/// The server's name as `ssh-keygen -H` hashes it.
fn hashed(server: &Sshd) -> String {
    let path = server.path("to_hash");
    let key = fs::read_to_string(server.path("host_ed25519.pub")).unwrap();
    fs::write(&path, format!("[127.0.0.1]:{} {key}", server.port)).unwrap();
    let status = Command::new("ssh-keygen")
        .args(["-q", "-H", "-f"])
        .arg(&path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    let text = fs::read_to_string(&path).unwrap();
    text.split(' ').next().unwrap().to_owned()
}

fn ssh_takes(server: &Sshd) -> bool {
    let option = |name: &str, path: &str| format!("{name}={}", server.path(path).display());
    let output = Command::new("ssh")
        .args(["-F", "none", "-o", "StrictHostKeyChecking=yes"])
        .args(["-o", &option("UserKnownHostsFile", "known_hosts")])
        .args([
            "-o",
            "GlobalKnownHostsFile=/dev/null",
            "-o",
            "BatchMode=yes",
        ])
        // Its usual one costs ten times as much.
        .args(["-o", "KexAlgorithms=curve25519-sha256"])
        .args(["-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none"])
        .args(["-o", &option("IdentityFile", "id_ed25519")])
        .args(["-p", &server.port.to_string(), "127.0.0.1", "true"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let refused = said.contains("Host key verification failed");
    assert!(output.status.success() || refused, "{said}");
    !refused
}

async fn we_take(server: &Sshd) -> bool {
    let connector = Connector::new(server.config(), None);
    let shown = connector.host_key(&server.node()).await.unwrap().unwrap();
    matches!(shown.standing, Standing::Known | Standing::Certified(_))
}

/// How many of the files make both take the server.
async fn agree(server: &Sshd, keys: &Keys, may_be_stricter: fn(&str) -> bool) -> usize {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut taken, hashed) = (0, hashed(server));
    for _ in 0..FILES {
        let text = file(&mut runner, keys, server, &hashed);
        fs::write(server.path("known_hosts"), &text).unwrap();
        let (ours, theirs) = (we_take(server).await, ssh_takes(server));
        let stricter = theirs && !ours && may_be_stricter(&text);
        assert!(
            ours == theirs || stricter,
            "ours {ours}, ssh {theirs}:\n{text}"
        );
        taken += usize::from(ours);
    }
    taken
}

fn read(server: &Sshd, name: &str) -> String {
    let text = fs::read_to_string(server.path(name)).unwrap();
    text.trim().to_owned()
}

fn others(server: &Sshd) -> Vec<String> {
    keygen(&server.path("other"), "ed25519", "");
    keygen(&server.path("other_rsa"), "rsa", "");
    vec![read(server, "other.pub"), read(server, "other_rsa.pub")]
}

#[tokio::test]
async fn the_same_servers_are_taken_as_by_ssh() {
    let (Some(_), Some(server)) = (peer("ssh"), Sshd::start()) else {
        return;
    };
    let mut keys = others(&server);
    keys.extend(vec![read(&server, "host_ed25519.pub"); 2]);
    let taken = agree(&server, &Keys(keys), |_| false).await;
    assert!((FILES / 8..FILES * 7 / 8).contains(&taken), "{taken}");
}

/// Where no authority is known for the host, ssh asks for a certificate all the same, and then takes a key that is known
/// under the bare name though another one is known for the port. That is refused here.
#[tokio::test]
async fn the_same_certified_servers_are_taken_as_by_ssh() {
    let Some(_) = peer("ssh") else { return };
    let Some(host) = Certified::start("ed25519", &["-n", "127.0.0.1"]) else {
        return;
    };
    let mut keys = others(&host.server);
    keys.extend([
        host.public("ca.pub"),
        host.public("ca.pub"),
        host.public("host.pub"),
    ]);
    let bare = |text: &str| text.lines().any(|line| line.starts_with("127.0."));
    let taken = agree(&host.server, &Keys(keys), bare).await;
    assert!((FILES / 8..FILES * 7 / 8).contains(&taken), "{taken}");
}
