//! What is kept of files, and when it counts no more.

use std::{
    os::unix::fs::PermissionsExt as _,
    time::{Duration, SystemTime},
};

use proptest::prelude::*;
use russh::keys::ssh_encoding::base64::Base64;

use super::{line::SALT, *};

const NAMES: [&str; 4] = ["web1", "web2", "db", "[web1]:2222"];

fn text(seed: u8) -> String {
    let mut blob = vec![0, 0, 0, 11];
    blob.extend_from_slice(b"ssh-ed25519");
    blob.extend_from_slice(&[seed; 32]);
    format!("ssh-ed25519 {}", Base64::encode_string(&blob))
}

/// A time at which everything on the disk is old.
fn later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(10)
}

fn seeds(known: &Known) -> Vec<(usize, u8)> {
    let seed = |entry: &Entry| entry.key.blob.last().copied().unwrap_or_default();
    let entries = known.entries().iter();
    entries.map(|entry| (entry.line, seed(entry))).collect()
}

#[test]
fn a_change_is_seen_and_what_is_forgotten_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let files = [folder.path().join("known_hosts")];
    let (shelf, host) = (Shelf::default(), Host::new("web1", 22));
    let look = || {
        shelf
            .lookup_at(&files, &host, later())
            .map(|known| seeds(&known))
    };
    assert_eq!(look().unwrap(), []);

    fs::write(&files[0], format!("web1 {}\n", text(1))).unwrap();
    assert_eq!(look().unwrap(), [(1, 1)]);
    assert!(shelf.keeps(&files[0]));
    assert_eq!(look().unwrap(), [(1, 1)]);

    // By ourselves, as a new host is written down.
    let book = Book {
        files: files.to_vec(),
        host: Host::new("db", 22),
        hashed: false,
    };
    let line = format!("db {}", text(2));
    let key = Line::cut(line.as_bytes()).unwrap().unwrap().key().unwrap();
    assert_eq!(book.remember(&key).unwrap(), Remembered::Added);
    let known = shelf.lookup_at(&files, &book.host, later()).unwrap();
    assert_eq!(seeds(&known), [(2, 2)]);

    // By another, in the same length, and put in the file's place.
    let new = folder.path().join("new");
    fs::write(&new, format!("@revoked * {}\n", text(1))).unwrap();
    fs::rename(&new, &files[0]).unwrap();
    let known = shelf.lookup_at(&files, &host, later()).unwrap();
    assert!(matches!(
        known.verdict(known.entries()[0].key()),
        Verdict::Revoked(_)
    ));

    shelf.forget();
    assert!(!shelf.keeps(&files[0]));

    fs::remove_file(&files[0]).unwrap();
    assert_eq!(look().unwrap(), []);
    assert!(!shelf.keeps(&files[0]));
}

#[test]
fn what_was_just_written_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let files = [folder.path().join("known_hosts")];
    fs::write(&files[0], format!("web1 {}\n", text(1))).unwrap();
    let shelf = Shelf::default();
    let known = shelf.lookup(&files, &Host::new("web1", 22)).unwrap();
    assert_eq!(seeds(&known), [(1, 1)]);
    assert!(!shelf.keeps(&files[0]));
}

#[test]
fn a_file_that_becomes_unreadable_is_an_error_and_never_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let files = [folder.path().join("known_hosts")];
    fs::write(&files[0], format!("web1 {}\n", text(1))).unwrap();
    let (shelf, host) = (Shelf::default(), Host::new("web1", 22));
    shelf.lookup_at(&files, &host, later()).unwrap();
    assert!(shelf.keeps(&files[0]));
    fs::remove_file(&files[0]).unwrap();
    fs::create_dir(&files[0]).unwrap();
    let error = shelf.lookup_at(&files, &host, later()).unwrap_err();
    assert!(error.to_string().contains("known_hosts"), "{error}");

    fs::remove_dir(&files[0]).unwrap();
    fs::write(&files[0], format!("web1 {}\n", text(1))).unwrap();
    shelf.lookup_at(&files, &host, later()).unwrap();
    fs::set_permissions(&files[0], fs::Permissions::from_mode(0o000)).unwrap();
    let read = shelf.lookup_at(&files, &host, later());
    // Root reads everything.
    assert!(read.is_err() || rustix::process::getuid().is_root());
    assert!(read.is_err() != fs::read(&files[0]).is_ok());
}

fn lines() -> impl Strategy<Value = Vec<String>> {
    let names = prop_oneof![
        proptest::sample::subsequence(NAMES.to_vec(), 1..=3).prop_map(|names| names.join(",")),
        Just("WEB1".to_owned()),
        Just("web*".to_owned()),
        Just("web?,!web2".to_owned()),
        Just("*,!db".to_owned()),
        Just(",web1,".to_owned()),
        proptest::sample::select(NAMES.to_vec()).prop_map(|name| line::hash(name, &[9; SALT])),
    ];
    let mark = proptest::sample::select(vec!["", "", "", "@revoked ", "@cert-authority "]);
    let line = (mark, names, 0..9_u8)
        .prop_map(|(mark, names, seed)| format!("{mark}{names} {}", text(seed)));
    let line = prop_oneof![
        8 => line,
        1 => Just("# web1".to_owned()),
        1 => Just(String::new()),
        1 => Just("web1 ssh-ed25519 none".to_owned()),
        1 => Just("web1".to_owned()),
    ];
    proptest::collection::vec(line, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// By name or line by line: the same.
    #[test]
    fn lines_found_by_name_are_those_that_a_search_finds(lines in lines()) {
        let folder = tempfile::tempdir().unwrap();
        let files = [folder.path().join("known_hosts")];
        fs::write(&files[0], lines.join("\n")).unwrap();
        let shelf = Shelf::default();
        for (name, port) in [("web1", 22), ("web2", 22), ("DB", 22), ("web1", 2222), ("db", 99)] {
            let host = Host::new(name, port);
            let found = shelf.lookup_at(&files, &host, later()).unwrap();
            let searched = Known::lookup(&files, &host).unwrap();
            prop_assert_eq!(format!("{found:?}"), format!("{searched:?}"));
        }
        prop_assert!(shelf.keeps(&files[0]));
    }
}
