//! Help, usage errors, and pipes that close early.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::rig::{Home, finish, wait};

#[test]
fn help_names_every_command() {
    let home = Home::new();
    let done = home.run(&["--help"]);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
    for word in [
        "status",
        "nodes",
        "demo",
        "--hosts",
        "--accept-new",
        "Usage: sshoal",
    ] {
        assert!(done.out.contains(word), "{word}: {}", done.out);
    }
    for command in ["status", "nodes", "demo"] {
        let done = home.run(&[command, "--help"]);
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
        assert!(
            done.out.contains(&format!("Usage: sshoal {command}")),
            "{}",
            done.out
        );
    }
    let done = home.run(&["--version"]);
    assert_eq!(
        done.out.trim(),
        format!("sshoal {}", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn bad_arguments_end_with_2_and_print_nothing_on_standard_output() {
    let home = Home::new();
    for words in [
        &["nope"][..],
        &["status", "--nope"],
        &["status", "--watch=x"],
        &["status", "--watch=0"],
        &["nodes", "-e", "-c", "a"],
        &["demo", "--nodes", "0"],
        &["demo", "--nodes", "9999"],
    ] {
        let done = home.run(words);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{words:?}");
        assert!(!done.err.is_empty());
    }
}

#[test]
fn the_dashboard_needs_a_terminal_and_says_so() {
    let home = Home::new();
    for words in [&[][..], &["demo", "--nodes", "2"]] {
        let done = home.run(words);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{words:?}");
        assert!(done.err.contains("needs a terminal"), "{}", done.err);
        assert_eq!(done.err.lines().count(), 1, "{}", done.err);
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let home = Home::new();
    let mut command = home.command(&["nodes", "-e", "-S", "\\n", "node[1-200000]"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut first = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut first).unwrap();
    drop(out);
    let done = finish(child.wait_with_output().unwrap());
    assert_eq!(
        (done.code, first.as_str(), done.err.as_str()),
        (Some(0), "node1\n", "")
    );
}

#[test]
fn a_full_disk_is_an_error() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        return;
    };
    let home = Home::new();
    let mut command = home.command(&["nodes", "-e", "a"]);
    let mut child = command.stdout(full).stderr(Stdio::null()).spawn().unwrap();
    assert_ne!(wait(&mut child), Some(0));
}

#[test]
fn without_a_home_it_still_works() {
    let home = Home::new();
    let mut command = home.command(&["nodes", "-e", "a[1-2]"]);
    let bare = command.env_remove("HOME").env_remove("XDG_STATE_HOME");
    let done = finish(bare.env_remove("XDG_CONFIG_HOME").output().unwrap());
    assert_eq!(
        (done.code, done.out.as_str()),
        (Some(0), "a1 a2\n"),
        "{}",
        done.err
    );
}
