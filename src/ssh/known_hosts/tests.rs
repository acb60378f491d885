//! Verdicts over files, and what is written.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// A made-up key: only its wire form counts here.
fn key(algorithm: &str, seed: u8) -> Key {
    let mut blob = u32::try_from(algorithm.len())
        .unwrap()
        .to_be_bytes()
        .to_vec();
    blob.extend_from_slice(algorithm.as_bytes());
    blob.extend_from_slice(&[seed; 32]);
    let algorithm = algorithm.to_owned();
    Key { algorithm, blob }
}

fn text(key: &Key) -> String {
    format!("{} {}", key.algorithm, Base64::encode_string(&key.blob))
}

struct Files {
    folder: tempfile::TempDir,
    paths: Vec<PathBuf>,
}

fn files(contents: &[&str]) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..contents.len())
        .map(|index| folder.path().join(format!("known_hosts{index}")))
        .collect();
    for (path, content) in paths.iter().zip(contents) {
        fs::write(path, content).unwrap();
    }
    Files { folder, paths }
}

fn verdict(contents: &[&str], host: &Host, key: &Key) -> String {
    let files = files(contents);
    let known = Known::lookup(&files.paths, host).unwrap();
    match known.verdict(key) {
        Verdict::Revoked(_) => "revoked".to_owned(),
        Verdict::Match => "match".to_owned(),
        Verdict::Changed(entry) => {
            let name = entry.file.file_name().unwrap().to_string_lossy();
            format!("changed {name}:{}", entry.line)
        }
        Verdict::Unknown => "unknown".to_owned(),
    }
}

#[test]
fn verdicts_come_in_order() {
    let (old, new) = (key("ssh-ed25519", 1), key("ssh-ed25519", 2));
    let host = Host::new("Web1", 22);
    let plain = format!("web1 {}\n", text(&old));
    let revoked = format!("{plain}@revoked * {}\n", text(&old));
    let both = format!("{plain}web1 {}\n", text(&new));
    let authority = format!("@cert-authority * {}\n", text(&new));
    assert_eq!(verdict(&[&plain], &host, &old), "match");
    assert_eq!(verdict(&[&plain], &host, &new), "changed known_hosts0:1");
    assert_eq!(verdict(&[&revoked], &host, &old), "revoked");
    assert_eq!(verdict(&["", &both], &host, &new), "match");
    assert_eq!(verdict(&[&authority], &host, &new), "unknown");
    assert_eq!(
        verdict(&["junk\n", &plain], &host, &new),
        "changed known_hosts1:1"
    );
    assert_eq!(verdict(&[], &host, &new), "unknown");
}

#[test]
fn a_key_of_another_kind_is_a_change_too() {
    let (rsa, ed) = (key("ssh-rsa", 1), key("ssh-ed25519", 1));
    let host = Host::new("web1", 22);
    let files = files(&[&format!("# c\n\nweb1 {}\n", text(&rsa))]);
    let known = Known::lookup(&files.paths, &host).unwrap();
    let Verdict::Changed(entry) = known.verdict(&ed) else {
        panic!("{:?}", known.verdict(&ed));
    };
    assert_eq!(entry.line, 3);
    assert_eq!(known.algorithms().collect::<Vec<_>>(), ["ssh-rsa"]);
}

#[test]
fn other_ports_fall_back_to_the_bare_name_for_a_match_only() {
    let (bare, other) = (key("ssh-ed25519", 1), key("ssh-ed25519", 2));
    let host = Host::new("web1", 2222);
    let plain = format!("web1 {}\n", text(&bare));
    let with_port = format!("{plain}[web1]:2222 {}\n", text(&other));
    assert_eq!(verdict(&[&plain], &host, &bare), "match");
    assert_eq!(verdict(&[&plain], &host, &other), "unknown");
    assert_eq!(verdict(&[&with_port], &host, &other), "match");
    assert_eq!(
        verdict(&[&with_port], &host, &bare),
        "changed known_hosts0:2"
    );
}

#[test]
fn an_unreadable_file_is_an_error_and_a_missing_one_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::new("web1", 22);
    let missing = [folder.path().join("none")];
    assert!(Known::lookup(&missing, &host).unwrap().entries.is_empty());
    let unreadable = [folder.path().to_path_buf()];
    let error = Known::lookup(&unreadable, &host).unwrap_err().to_string();
    assert!(
        error.contains(&folder.path().display().to_string()),
        "{error}"
    );
}

#[test]
fn remembering_makes_a_private_file_and_never_writes_twice() {
    let files = files(&[]);
    let folder = files.folder.path().join("new");
    let paths = [folder.join("known_hosts")];
    let (first, second) = (key("ssh-ed25519", 1), key("ssh-ed25519", 2));
    let host = Host::new("web1", 2222);
    assert_eq!(remember(&paths, &host, &first).unwrap(), Remembered::Added);
    assert_eq!(
        remember(&paths, &host, &first).unwrap(),
        Remembered::Already
    );
    assert_eq!(
        remember(&paths, &host, &second).unwrap(),
        Remembered::Conflict
    );
    let written = fs::read_to_string(&paths[0]).unwrap();
    assert_eq!(written, format!("[web1]:2222 {}\n", text(&first)));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&paths[0])), (0o700, 0o600));
}

#[test]
fn remembering_makes_no_home() {
    let files = files(&[]);
    let home = files.folder.path().join("nowhere");
    let paths = [home.join(".ssh/known_hosts")];
    let error = remember(&paths, &Host::new("web1", 22), &key("ssh-ed25519", 1));
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::NotFound);
    assert!(!home.exists());
}

#[test]
fn remembering_ends_a_last_line_that_lacks_its_end() {
    let other = format!("other {}", text(&key("ssh-ed25519", 9)));
    let files = files(&[&other]);
    let key = key("ssh-ed25519", 1);
    remember(&files.paths, &Host::new("web1", 22), &key).unwrap();
    let written = fs::read_to_string(&files.paths[0]).unwrap();
    assert_eq!(written, format!("{other}\nweb1 {}\n", text(&key)));
}

#[test]
fn many_at_once_write_one_line() {
    let files = files(&[]);
    let paths = vec![files.folder.path().join("known_hosts")];
    let key = key("ssh-ed25519", 1);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| remember(&paths, &Host::new("web1", 22), &key).unwrap());
        }
    });
    assert_eq!(fs::read_to_string(&paths[0]).unwrap().lines().count(), 1);
}

#[test]
fn a_name_that_would_be_read_as_something_else_is_not_written() {
    let files = files(&[""]);
    for name in ["evil,*", "a b", "|1|x", "@revoked", "#x", "!x", ""] {
        let host = Host::new(name, 22);
        assert!(
            remember(&files.paths, &host, &key("ssh-ed25519", 1)).is_err(),
            "{name}"
        );
    }
    assert_eq!(fs::read_to_string(&files.paths[0]).unwrap(), "");
}
