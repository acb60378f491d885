//! Our own reading says what ssh says, over generated files; skipped with a word where there is no ssh.

use std::{collections::BTreeMap, fs, process::Command};

use proptest::{prelude::*, test_runner::TestRunner};

use super::{
    tests::{files, name},
    *,
};
use crate::peer::peer;

/// Lines of every key that counts.
const VALUES: &[&str] = &[
    "HostName b.a",
    "HostName %h.b # c",
    "HostName a%%b",
    "Port 2",
    "port = 3",
    "Port=\"4\"",
    "User a",
    "User \"a b\"",
    "User 'me'",
    "user b\\ c",
    "IdentityFile ~/.ssh/a",
    "IdentityFile /b#c",
    "IdentityFile /b",
    "IdentityFile none",
    "IdentityFile \"/c d\"",
    "CertificateFile /k",
    "CertificateFile /l",
    "IdentitiesOnly yes",
    "IdentitiesOnly FALSE",
    "IdentityAgent none",
    "IdentityAgent $X",
    "IdentityAgent /run/a",
    "ProxyJump b@a:3,c",
    "ProxyJump none # x",
    "ProxyJump ssh://a:7",
    "ProxyJump [::1]:2",
    "ProxyCommand nc \"%h\" %p # y",
    "ProxyCommand none",
    "ProxyCommand=nc %h",
    "UserKnownHostsFile /x /y",
    "UserKnownHostsFile none",
    "GlobalKnownHostsFile /z",
    "StrictHostKeyChecking no",
    "StrictHostKeyChecking YES",
    "StrictHostKeyChecking accept-new",
    "HostKeyAlias q",
    "ConnectTimeout 1m30",
    "ConnectTimeout none",
    "ServerAliveInterval 2H",
    "ServerAliveCountMax 9",
    "BindAddress 127.0.0.1",
    "BindInterface none",
    "PreferredAuthentications password,publickey",
    "PreferredAuthentications none",
    "PubkeyAuthentication no",
    "PubkeyAuthentication Host-Bound",
    "DSAAuthentication yes",
    "PasswordAuthentication NO",
    "ChallengeResponseAuthentication no",
    "KbdInteractiveAuthentication yes",
    "NumberOfPasswordPrompts 0",
    "KeepAlive no",
    "TCPKeepAlive yes",
    "KnownHostsCommand /bin/echo %H # x",
    "KnownHostsCommand none",
    "RevokedHostKeys ~/r",
    "RevokedHostKeys none",
    "AddressFamily INET6",
    "Ciphers aes128-ctr,aes256-ctr",
    "KexAlgorithms curve25519-sha256",
    "HashKnownHosts yes",
    "Compression yes",
    "# comment",
    "",
    "\tPort 5",
];

/// Of these ssh prints nothing where they are `none`.
fn is_cleared(key: &str) -> bool {
    key.starts_with("proxy") || matches!(key, "knownhostscommand" | "revokedhostkeys")
}

/// What ssh says, by key; nothing where it refuses.
fn by_ssh(file: &Path, asked: &Asked) -> Option<BTreeMap<String, Vec<String>>> {
    let output = Command::new("ssh")
        .args(ask::arguments(Some(file), asked))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut said = Said::parse(&text);
    said.0.remove(said::HASH);
    output.status.success().then_some(said.0)
}

fn lines() -> impl Strategy<Value = String> {
    let patterns = || proptest::collection::vec("!?[ab*?.]{1,3}", 1..4);
    let host = (patterns(), prop_oneof![Just("Host "), Just("host=")])
        .prop_map(|(patterns, key)| format!("{key}{}", patterns.join(" ")));
    let criterion = (
        prop_oneof![Just(""), Just("!")],
        prop_oneof![
            Just("host"),
            Just("originalhost"),
            Just("user"),
            Just("localuser"),
            Just("HOST")
        ],
        prop_oneof![Just(" "), Just("=")],
        proptest::collection::vec("!?[abmeAB*?.]{1,4}", 1..3),
    )
        .prop_map(|(not, name, gap, patterns)| format!("{not}{name}{gap}{}", patterns.join(",")));
    let matching = proptest::collection::vec(criterion, 1..3)
        .prop_map(|criteria| format!("Match {}", criteria.join(" ")));
    let all = prop_oneof![Just("Match all".to_owned()), Just("Match !all".to_owned())];
    let value = (
        0..VALUES.len(),
        prop_oneof![Just(""), Just("  "), Just("\t")],
        prop_oneof![Just(""), Just(" "), Just("\r")],
    )
        .prop_map(move |(index, indent, end)| format!("{indent}{}{end}", VALUES[index]));
    prop_oneof![3 => host, 2 => matching, 1 => all, 8 => value]
}

/// With a bastion, newer ones take it into the hash as we do, and older ones don't.
#[test]
fn the_connections_hash_and_a_users_home_are_sshs() {
    if peer("ssh").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let text = "HostName B.a\nPort 7\nUser ops\nIdentityAgent ~root/%C\n";
    fs::write(&file, text).unwrap();
    let theirs = by_ssh(&file, &name("a")).unwrap();
    let own = subset::read(&files(&file), &name("a"), "me").unwrap();
    let source = Source {
        file: Some(file),
        home: "/home/me".into(),
        user: "me".to_owned(),
        cache: None,
        program: None,
    };
    let own = Resolved::of(&own, &name("a"), &source, &|_| None).unwrap();
    let theirs = PathBuf::from(&theirs["identityagent"][0]);
    assert_eq!(own.agent, Some(Agent::Socket(theirs)));
}

#[test]
fn our_own_reading_says_what_ssh_says() {
    if peer("ssh").is_none() {
        return;
    }
    let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let user = user.trim();
    let folder = tempfile::tempdir().unwrap();
    let (file, more) = (folder.path().join("config"), folder.path().join("more"));
    let with = |name: &str, user: Option<&str>, port, address: Option<&str>| Asked {
        name: name.to_owned(),
        user: user.map(str::to_owned),
        port,
        address: address.map(str::to_owned),
    };
    let questions = [
        with("a", None, None, None),
        with("AB", Some("b"), None, None),
        with("b.a", None, Some(7), Some("a.b")),
    ];
    let mut runner = TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(60)
    });
    let texts = (
        proptest::collection::vec(lines(), 1..25),
        proptest::collection::vec(lines(), 0..12),
        any::<prop::sample::Index>(),
    );
    runner
        .run(&texts, |(mut lines, included, place)| {
            fs::write(&more, included.join("\n")).unwrap();
            lines.insert(
                place.index(lines.len()),
                format!("Include {}", more.display()),
            );
            fs::write(&file, lines.join("\n")).unwrap();
            for asked in &questions {
                let ours = subset::read(&files(&file), asked, user);
                let theirs = by_ssh(&file, asked);
                prop_assert_eq!(ours.is_ok(), theirs.is_some(), "{:?}", ours);
                let (Ok(ours), Some(theirs)) = (ours, theirs) else {
                    continue;
                };
                let silent = by_ssh(Path::new("/dev/null"), &name(&asked.name)).unwrap();
                for key in silent.keys().chain(theirs.keys()).chain(ours.0.keys()) {
                    let said = ours.0.get(key).or(silent.get(key));
                    let none = |values: Option<&Vec<String>>| {
                        values
                            .cloned()
                            .filter(|values| *values != ["none"] || !is_cleared(key))
                    };
                    prop_assert_eq!(none(said), none(theirs.get(key)), "{} of {:?}", key, asked);
                }
            }
            Ok(())
        })
        .unwrap();
}
