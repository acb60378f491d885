//! The same lines as `ssh-keygen -F` finds, over generated files; skipped with a word where there is no ssh-keygen.

use std::{collections::BTreeSet, fs, process::Command};

use proptest::{prelude::*, test_runner::TestRunner};
use russh::keys::ssh_encoding::base64::Base64;

use super::*;
use crate::peer::peer;

const KEYS: [&str; 2] = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ",
];

fn hashed(host: &str, salt: u8) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let salt = [salt; 20];
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(&salt).unwrap();
    mac.update(host.as_bytes());
    let hash = mac.finalize().into_bytes();
    format!(
        "|1|{}|{}",
        Base64::encode_string(&salt),
        Base64::encode_string(&hash)
    )
}

/// Names and patterns over few letters, so that they often meet.
fn hosts() -> impl Strategy<Value = String> {
    let name = || "[ab]{1,2}|A|\\[a\\]:2222|\\[b\\]:2222|a\\.b";
    let pattern = "!?([ab*?]{1,3}|\\[[a*]\\]:2222|\\*)";
    prop_oneof![
        3 => proptest::collection::vec(pattern, 1..4).prop_map(|all| all.join(",")),
        2 => name(),
        2 => (name(), any::<u8>()).prop_map(|(host, salt)| hashed(&host, salt)),
    ]
}

/// A marker with a tab after it is left out: OpenSSH skips such a line, and a key that somebody marked as revoked stays revoked here.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let marker = prop_oneof![
        6 => Just(""), 1 => Just("@revoked "), 1 => Just("@cert-authority "), 1 => Just("@odd ")
    ];
    let gap = prop_oneof![Just(" "), Just("\t"), Just(" \t ")];
    let tail: [&[u8]; 4] = [b"", b" me@desk", b" \xff\xfe", b"\r"];
    let entry = (marker, hosts(), gap, 0..KEYS.len(), 0..tail.len()).prop_map(
        move |(marker, hosts, gap, key, end)| {
            let mut line = format!("{marker}{hosts}{gap}{}", KEYS[key]).into_bytes();
            line.extend_from_slice(tail[end]);
            line
        },
    );
    let others = ["", "# a comment", "  ", "a", "a # b", "\t#"];
    prop_oneof![
        5 => entry,
        1 => (0..others.len()).prop_map(move |index| others[index].as_bytes().to_vec()),
    ]
}

/// Lines that ssh-keygen says to be about `host`, with the mark that it gives them.
fn by_keygen(file: &Path, host: &str) -> BTreeSet<(usize, String)> {
    let found = Command::new("ssh-keygen")
        .args(["-F", host, "-f"])
        .arg(file)
        .output();
    let text = String::from_utf8_lossy(&found.unwrap().stdout).into_owned();
    text.lines()
        .filter_map(|line| line.strip_prefix("# Host ")?.split_once(" found: line "))
        .map(|(_, place)| {
            let (number, mark) = place.split_once(' ').unwrap_or((place, ""));
            (number.parse().unwrap(), mark.trim().to_owned())
        })
        .collect()
}

fn by_us(file: &Path, host: &Host) -> BTreeSet<(usize, String)> {
    let known = Known::lookup(&[file.to_path_buf()], host).unwrap();
    known
        .entries
        .iter()
        .filter(|entry| !entry.portless)
        .map(|entry| {
            let mark = match entry.marker {
                Marker::None => "",
                Marker::Authority => "CA",
                Marker::Revoked => "REVOKED",
            };
            (entry.line, mark.to_owned())
        })
        .collect()
}

fn runner() -> TestRunner {
    TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(25)
    })
}

#[test]
fn the_same_lines_are_found_as_by_ssh_keygen() {
    if peer("ssh-keygen").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("known_hosts");
    let asked = [("a", 22), ("ab", 22), ("a", 2222), ("a.b", 22)];
    let mut runner = runner();
    let files = proptest::collection::vec(line(), 1..80);
    runner
        .run(&files, |lines| {
            let mut text = lines.join(&b'\n');
            // At a last line without an end, ssh-keygen still holds the key of the line before.
            text.push(b'\n');
            fs::write(&file, text).unwrap();
            for (name, port) in asked {
                let host = Host::new(name, port);
                prop_assert_eq!(by_us(&file, &host), by_keygen(&file, &host.label()));
            }
            Ok(())
        })
        .unwrap();
}

/// It leaves files alone that have a broken line; here only the host's lines go.
fn is_sound(line: &[u8]) -> bool {
    !matches!(Line::cut(line), Some(Err(_)))
}

#[test]
fn the_same_lines_are_removed_as_by_ssh_keygen() {
    if peer("ssh-keygen").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (ours, theirs) = (path("ours"), path("theirs"));
    let files = proptest::collection::vec(line().prop_filter("sound", |l| is_sound(l)), 1..40);
    runner()
        .run(&files, |lines| {
            let mut text = lines.join(&b'\n');
            text.push(b'\n');
            for (name, port) in [("a", 22), ("a", 2222)] {
                let host = Host::new(name, port);
                fs::write(&ours, &text).unwrap();
                fs::write(&theirs, &text).unwrap();
                let removal = Command::new("ssh-keygen")
                    .args(["-R", &host.label(), "-f"])
                    .arg(&theirs)
                    .output();
                prop_assert!(removal.is_ok());
                let book = Book {
                    files: vec![ours.clone()],
                    host,
                    hashed: false,
                };
                let gone = book.forget().unwrap();
                let (kept, by_keygen) = (fs::read(&ours).unwrap(), fs::read(&theirs).unwrap());
                prop_assert_eq!(&kept, &by_keygen);
                if !gone.is_empty() {
                    let backups = (path("ours.old"), path("theirs.old"));
                    prop_assert_eq!(fs::read(backups.0).unwrap(), fs::read(backups.1).unwrap());
                }
            }
            Ok(())
        })
        .unwrap();
}
