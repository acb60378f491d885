//! Help, usage errors, and pipes that close early.

use std::{
    io::{BufRead, BufReader, Read},
    process::Stdio,
};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::rig::{Home, finish, wait};

#[test]
fn help_names_every_command() {
    let home = Home::new();
    let done = home.run(&["--help"]);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
    for word in [
        "status",
        "trust",
        "nodes",
        "demo",
        "--hosts",
        "--accept-new",
        "Usage: sshoal",
    ] {
        assert!(done.out.contains(word), "{word}: {}", done.out);
    }
    for command in ["status", "trust", "nodes", "demo"] {
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
        &["status", "--watch", "0"],
        &["status", "--timeout", "0"],
        &["nodes", "-e", "-c", "a"],
        &["trust", "--forget"],
        &["trust", "--replace"],
        &["trust", "--forget", "--accept", "a"],
        &["trust", "--yes", "a"],
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

/// With all nodes in its place, `*` would mark what nobody meant.
#[test]
fn a_filter_that_cannot_be_read_is_refused() {
    let home = Home::new();
    home.write("hosts.yaml", "hosts: {a: {labels: {role: db}}}\n");
    for (words, said) in [
        (&["--filter", "rle=db"][..], "no field or label rle; role?"),
        (
            &["demo", "--filter", "laod>4"],
            "no field or label laod; load?",
        ),
        (&["--filter", "disk>"], "a value is missing here"),
        (&["--filter", "role=db"], "needs a terminal"),
    ] {
        let done = home.run(words);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{words:?}");
        assert!(done.err.contains(said), "{words:?}: {}", done.err);
    }
}

#[test]
fn a_file_that_is_not_there_is_told_once() {
    let home = Home::new();
    let done = home.run(&["--hosts", "none.yaml", "nodes"]);
    let said = "sshoal: none.yaml: no such file; look at its name, and at the folder you are in\n";
    assert_eq!((done.code, done.err.as_str()), (Some(2), said));
    home.write("hosts.yaml", "defaults: {}\nhosts: {}\n");
    let done = home.run(&["nodes"]);
    assert!(
        done.err.contains("hosts.yaml:2:1: the file names no host"),
        "{}",
        done.err
    );
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

#[test]
fn a_home_that_is_not_there_is_never_made() {
    let home = Home::new();
    home.write(
        "hosts.yaml",
        "hosts: {web: {address: 127.0.0.1, port: 1}}\n",
    );
    let nowhere = home.path("nowhere");
    let mut command = home.command(&["status", "--accept-new"]);
    let homeless = command.env("HOME", &nowhere).env_remove("XDG_STATE_HOME");
    let done = finish(homeless.env_remove("XDG_CONFIG_HOME").output().unwrap());
    assert_eq!(done.code, Some(1), "{}", done.err);
    assert!(!nowhere.exists());
}

/// What these words print on a terminal of 100 columns.
fn on_a_terminal(home: &Home, words: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_sshoal"));
    command.args(words);
    printed(home, command, variables)
}

fn printed(home: &Home, mut command: CommandBuilder, variables: &[(&str, &str)]) -> String {
    let size = PtySize {
        rows: 24,
        cols: 100,
        ..PtySize::default()
    };
    let pty = native_pty_system()
        .openpty(size)
        .expect("a pseudo-terminal");
    command.env_clear();
    command.env("HOME", home.path(""));
    command.env("TERM", "xterm-256color");
    command.cwd(home.path(""));
    for (name, value) in variables {
        command.env(name, value);
    }
    let mut child = pty.slave.spawn_command(command).expect("it starts");
    drop(pty.slave);
    let mut reader = pty.master.try_clone_reader().expect("its output");
    let mut bytes = Vec::new();
    // Linux ends the output of a terminal that nobody holds any more with an error.
    let _ended = reader.read_to_end(&mut bytes);
    child.wait().expect("a child of ours");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_terminal_gets_colours_unless_they_are_not_wanted() {
    let home = Home::new();
    home.write("hosts.yaml", "hosts: {here: {transport: local}}\n");
    let no_color = &[("NO_COLOR", "1")][..];
    for (words, variables) in [
        (&["status"][..], &[][..]),
        (&["status", "--color", "16"], no_color),
    ] {
        let colourful = on_a_terminal(&home, words, variables);
        assert!(
            colourful.contains("\x1b[32m") || colourful.contains("\x1b[3"),
            "{words:?}: {colourful:?}"
        );
    }
    for (words, variables) in [
        (&["status"][..], no_color),
        (&["status", "--color", "never"], &[]),
    ] {
        let plain = on_a_terminal(&home, words, variables);
        assert!(
            plain.contains("here") && !plain.contains('\x1b'),
            "{plain:?}"
        );
    }
}

#[test]
fn an_ssh_config_that_is_not_there_is_refused_before_anything_else() {
    let home = Home::new();
    home.write("hosts.yaml", "hosts: {a: {transport: local}}\n");
    for words in [&["nodes"][..], &["status"], &["doctor"]] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sshoal"));
        command.args(["-F", "/nowhere/config"]).args(words);
        command.env_clear().env("HOME", home.path(""));
        let done = finish(command.current_dir(home.path("")).output().unwrap());
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{words:?}");
        let said = "can't open the ssh_config /nowhere/config: No such file or directory";
        assert!(done.err.contains(said), "{}", done.err);
        assert!(done.err.contains("-F none"), "{}", done.err);
    }
}

#[test]
fn a_source_that_is_missing_is_why_there_is_no_host() {
    let home = Home::new();
    home.write("hosts.yaml", "sources:\n  - ssh_config: /nowhere\n");
    for words in ["nodes", "status", "doctor", "trust", "pool"] {
        let done = home.run(&[words]);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{words}");
        assert!(done.err.contains("/nowhere does not exist"), "{}", done.err);
    }
}

#[test]
fn a_terminal_gets_no_line_that_is_wider_and_a_pipe_gets_it_whole() {
    let home = Home::new();
    let name = format!("{}.example.org", "long-name".repeat(6));
    home.write(
        "hosts.yaml",
        &format!("hosts: {{{name}: {{address: 127.0.0.1, port: 1}}, b: {{transport: local}}}}\n"),
    );
    let words = ["-F", "none", "status", "--color", "never"];
    let shown = on_a_terminal(&home, &words, &[]);
    assert!(shown.contains('…'), "{shown}");
    for line in shown.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    assert!(home.run(&["status"]).out.contains(&name));
}

#[test]
fn a_console_with_few_signs_gets_ascii() {
    let home = Home::new();
    home.write("hosts.yaml", "hosts: {a: {address: 127.0.0.1, port: 1}}\n");
    let words = ["-F", "none", "status"];
    let shown = on_a_terminal(&home, &words, &[("TERM", "linux")]);
    assert!(shown.is_ascii() && shown.contains('X'), "{shown}");
    assert!(!on_a_terminal(&home, &words, &[]).is_ascii());
}

#[test]
fn the_dashboard_says_that_its_keys_come_from_no_terminal() {
    let home = Home::new();
    let mut command = CommandBuilder::new("/bin/sh");
    let binary = env!("CARGO_BIN_EXE_sshoal");
    command.args(["-c", &format!("{binary} -F none < /dev/null; echo code $?")]);
    let shown = printed(&home, command, &[]);
    assert!(shown.contains("standard input is none"), "{shown}");
    assert!(shown.contains("code 2"), "{shown}");
}
