//! Verdicts over files, and what is written.

use std::{
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    process::Command,
};

use russh::keys::ssh_encoding::base64::Base64;

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

fn book(files: &[PathBuf], host: &Host) -> Book {
    Book {
        files: files.to_vec(),
        host: host.clone(),
        hashed: false,
    }
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
    assert_eq!(
        book(&paths, &host).remember(&first).unwrap(),
        Remembered::Added
    );
    assert_eq!(
        book(&paths, &host).remember(&first).unwrap(),
        Remembered::Already
    );
    assert_eq!(
        book(&paths, &host).remember(&second).unwrap(),
        Remembered::Conflict
    );
    let written = fs::read_to_string(&paths[0]).unwrap();
    assert_eq!(written, format!("[web1]:2222 {}\n", text(&first)));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&paths[0])), (0o700, 0o600));
}

#[test]
fn remembering_ends_a_last_line_that_lacks_its_end() {
    let other = format!("other {}", text(&key("ssh-ed25519", 9)));
    let files = files(&[&other]);
    let key = key("ssh-ed25519", 1);
    book(&files.paths, &Host::new("web1", 22))
        .remember(&key)
        .unwrap();
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
            scope.spawn(|| book(&paths, &Host::new("web1", 22)).remember(&key).unwrap());
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
            book(&files.paths, &host)
                .remember(&key("ssh-ed25519", 1))
                .is_err(),
            "{name}"
        );
    }
    assert_eq!(fs::read_to_string(&files.paths[0]).unwrap(), "");
}

#[test]
fn a_hashed_name_is_found_again_and_tells_nothing() {
    let files = files(&[""]);
    let host = Host::new("web1", 2222);
    let hashed = Book {
        hashed: true,
        ..book(&files.paths, &host)
    };
    let key = key("ssh-ed25519", 1);
    assert_eq!(hashed.remember(&key).unwrap(), Remembered::Added);
    assert_eq!(hashed.remember(&key).unwrap(), Remembered::Already);
    let written = fs::read_to_string(&files.paths[0]).unwrap();
    assert!(
        written.starts_with("|1|") && !written.contains("web1"),
        "{written}"
    );
}

#[test]
fn no_folder_is_made_above_the_last() {
    let files = files(&[]);
    let paths = [files.folder.path().join("home/.ssh/known_hosts")];
    let host = Host::new("web1", 22);
    let key = key("ssh-ed25519", 1);
    let error = book(&paths, &host).remember(&key).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(book(&paths, &host).replace(&key).is_err());
    assert!(!files.folder.path().join("home").exists());
    fs::create_dir(files.folder.path().join("home")).unwrap();
    assert!(book(&paths, &host).remember(&key).is_ok());
}

#[test]
fn forgetting_leaves_other_lines_and_the_file_as_they_were() {
    let (old, ca) = (text(&key("ssh-ed25519", 1)), text(&key("ssh-ed25519", 2)));
    let others = [
        format!("# web1\r\n\n\tother,ÿweb1 {old}\n"),
        format!("@cert-authority web1 {ca}\n@revoked web1 {ca}\nweb1\n"),
        format!("[web1]:2222 {old}\n!web1,* {old}"),
    ];
    let mine = format!("web1,10.0.0.1 {old} me\n");
    let content = format!(
        "{mine}{}{mine}{}WEB1 junk\n{}",
        others[0], others[1], others[2]
    );
    let files = files(&[&content, "", &mine]);
    let (real, link) = (&files.paths[0], files.folder.path().join("link"));
    symlink(real, &link).unwrap();
    fs::set_permissions(real, fs::Permissions::from_mode(0o640)).unwrap();
    let before = fs::metadata(real).unwrap();
    let paths = [link.clone(), files.paths[1].clone(), files.paths[2].clone()];
    let gone = book(&paths, &Host::new("Web1", 22)).forget().unwrap();
    let lines: Vec<usize> = gone.iter().map(|place| place.line).collect();
    assert_eq!(lines, [1, 1, 5, 9]);
    assert_eq!(fs::read_to_string(real).unwrap(), others.concat());
    let mut backup = real.clone().into_os_string();
    backup.push(".old");
    assert_eq!(fs::read_to_string(backup).unwrap(), content);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let after = fs::metadata(real).unwrap();
    assert_eq!(
        (after.mode(), after.uid(), after.gid()),
        (before.mode(), before.uid(), before.gid())
    );
    let left = fs::read_dir(files.folder.path()).unwrap().count();
    assert_eq!(left, 6, "three files, a link and two backups");
}

#[test]
fn replacing_leaves_one_line_of_the_host() {
    let (old, new) = (key("ssh-ed25519", 1), key("ssh-ed25519", 2));
    let host = Host::new("web1", 22);
    let line = format!("web1 {}\n", text(&old));
    let files = files(&[&format!("{line}other {}", text(&old)), &line]);
    let gone = book(&files.paths, &host).replace(&new).unwrap();
    assert_eq!(gone.len(), 2);
    let written = fs::read_to_string(&files.paths[0]).unwrap();
    assert_eq!(
        written,
        format!("other {}\nweb1 {}\n", text(&old), text(&new))
    );
    assert_eq!(fs::read_to_string(&files.paths[1]).unwrap(), "");
}

/// `ln -s /dev/null ~/.ssh/known_hosts` is what people do who want nothing remembered.
#[test]
fn a_link_to_nowhere_is_empty_and_keeps_nothing() {
    let files = files(&[]);
    let paths = [files.folder.path().join("known_hosts")];
    symlink("/dev/null", &paths[0]).unwrap();
    let (host, key) = (Host::new("web1", 22), key("ssh-ed25519", 1));
    assert!(Known::lookup(&paths, &host).unwrap().entries.is_empty());
    let book = book(&paths, &host);
    assert_eq!(book.remember(&key).unwrap(), Remembered::Already);
    assert_eq!(book.forget().unwrap(), []);
}

/// Least of all that of /dev/null itself, which root could do.
#[test]
fn what_is_no_file_is_never_replaced_by_one() {
    let files = files(&[]);
    let paths = [files.folder.path().join("pipe")];
    let made = Command::new("mkfifo").arg(&paths[0]).status();
    assert!(made.unwrap().success());
    let book = book(&paths, &Host::new("web1", 22));
    for changed in [book.replace(&key("ssh-ed25519", 1)), book.forget()] {
        let error = changed.unwrap_err().to_string();
        assert!(error.ends_with("pipe: it is not a regular file"), "{error}");
    }
    assert!(!fs::symlink_metadata(&paths[0]).unwrap().is_file());
}

/// What one of the writing processes does; without its environment it does nothing.
#[test]
fn writes_as_another_process() {
    let Some(file) = std::env::var_os("SSHOAL_TEST_WRITES") else {
        return;
    };
    let paths = [PathBuf::from(file)];
    let who = std::process::id();
    for index in 0..40 {
        let host = Host::new(&format!("p{who}-{index}"), 22);
        let passing = Host::new(&format!("q{who}-{index}"), 22);
        book(&paths, &passing).remember(&key("ssh-rsa", 1)).unwrap();
        book(&paths, &host).remember(&key("ssh-rsa", 1)).unwrap();
        assert_eq!(book(&paths, &passing).forget().unwrap().len(), 1);
    }
}

#[test]
fn processes_that_write_and_remove_at_once_lose_nothing() {
    let files = files(&["# kept\n"]);
    let name = "ssh::known_hosts::tests::writes_as_another_process";
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "-q"])
            .env("SSHOAL_TEST_WRITES", &files.paths[0])
            .spawn()
            .unwrap()
    };
    let mut writers = [start(), start(), start()];
    for writer in &mut writers {
        assert!(writer.wait().unwrap().success());
    }
    let written = fs::read_to_string(&files.paths[0]).unwrap();
    assert_eq!(written.lines().count(), 1 + 3 * 40);
    assert!(written.lines().skip(1).all(|line| line.starts_with('p')));
}
