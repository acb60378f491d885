//! Rolls that are killed at a bad moment, keys on a terminal, and daemons of hosts.yaml.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use crate::{
    exec::Lab,
    pty::{Pty, command},
    rig::finish,
    roll::until,
};

/// A step of the process before may still be ending when another one goes on: it is waited for.
#[test]
fn a_step_that_is_still_ending_is_never_met_by_its_repetition() {
    let Some(lab) = Lab::start() else { return };
    let home = lab.file("").display().to_string();
    let restart = format!(
        "cd {home} && echo begun >> log; test -e fixed && exit 0; \
         trap 'sleep 2; echo ended >> log; exit 1' TERM; sleep 60 & wait"
    );
    let mut child = lab.start_roll(&["n1", "--command", &restart]);
    until("its beginning", || {
        (!lab.lines("log").is_empty()).then_some(())
    });
    child.kill().expect("SIGKILL");
    child.wait().expect("it is gone");
    lab.home.write("fixed", "");
    let done = lab.rolls(&["resume", &lab.id(), "--yes"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(
        done.out.contains("n1: begun before; looked at first"),
        "{}",
        done.out
    );
    assert_eq!(lab.lines("log"), ["begun", "ended", "begun"]);
}

#[test]
fn a_node_that_was_restarted_is_only_gated_by_the_next_process() {
    let Some(lab) = Lab::start() else { return };
    let log = lab.file("log").display().to_string();
    let restart = format!("echo {{name}} >> {log}");
    let words = ["n[1-2]", "--command", &restart, "--settle", "2"];
    let mut child = lab.start_roll(&words);
    let id = lab.id();
    let journal = lab.file(&format!("state/sshoal/rolls/{id}.jsonl"));
    until("a settling node", || {
        let text = fs::read_to_string(&journal).unwrap_or_default();
        text.contains("worked").then_some(())
    });
    child.kill().expect("SIGKILL");
    child.wait().expect("it is gone");
    let done = lab.rolls(&["resume", &id, "--yes"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(lab.lines("log"), ["n1", "n2"]);
}

#[test]
fn keys_pause_resume_and_abort() {
    let Some(lab) = Lab::start() else { return };
    let known = lab.server.path("known_hosts").display().to_string();
    let words = [
        "-F",
        "none",
        "--known-hosts",
        &known,
        "daemon",
        "roll",
        "n[1-8]",
    ];
    let words = [&words[..], &["--command", "sleep 0.5", "--before", "true"]].concat();
    let mut command = command(env!("CARGO_BIN_EXE_sshoal"), &words);
    command.env("HOME", lab.home.path(""));
    command.env("XDG_STATE_HOME", lab.home.path("state"));
    command.cwd(lab.home.path(""));
    let mut pty = Pty::start(100, 40, command);
    pty.wait_for("Run it? Type y for yes");
    pty.send("y\r");
    pty.wait_for("n1: begins");
    pty.wait_for("p pause, a abort");
    pty.send("p");
    pty.wait_for("paused: no node begins");
    pty.wait_for("PAUSED: r goes on");
    pty.send("r");
    pty.wait_for("goes on");
    pty.wait_for("n3: begins");
    pty.send("\x03");
    pty.wait_for("interrupted: what is in flight goes on to its end");
    pty.send("r");
    pty.wait_for("n5: begins");
    pty.send("a");
    assert_eq!(pty.wait_exit().exit_code(), 4);
    let text = pty.screen().contents();
    assert!(text.contains("sshoal roll resume"), "{text}");
}

/// As hosts.yaml defines it: restarted by its own command, and gated by its own status.
#[test]
fn a_daemon_is_rolled_by_its_manager_and_gated_by_what_that_says() {
    let Some(lab) = Lab::start() else { return };
    let hosts = fs::read_to_string(lab.file("hosts.yaml")).expect("it is there");
    let home = lab.file("").display().to_string();
    let daemon = format!(
        "defaults:\n  daemons:\n    - {{name: web, manager: custom, start: \"touch {home}/up\", \
         stop: \"rm -f {home}/up\", status: \"test -e {home}/up && ! test -e {home}/sick\"}}\n"
    );
    lab.home.write("hosts.yaml", &(daemon + &hosts));
    let deploy = format!("echo {{name}} >> {home}/deployed");
    let words = ["n[1-3]", "web", "--before", &deploy, "--batch", "2"];
    let done = lab.roll(&words);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(lab.lines("deployed").len(), 3);
    lab.home.write("sick", "");
    let done = lab.roll(&["n[1-3]", "web", "--gate-timeout", "1"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(
        done.out.contains("n1: FAILED: restart: exit"),
        "{}",
        done.out
    );
    let unknown = lab.roll(&["n1", "-x"]);
    assert_eq!(unknown.code, Some(2));
}

/// The lines of the README as they stand there, but for the folder.
#[test]
fn the_rolling_deployment_of_the_readme_works() {
    let Some(lab) = Lab::start() else { return };
    let app = lab.file("app").display().to_string();
    fs::create_dir_all(lab.file("app/release-2")).expect("a folder");
    fs::create_dir(lab.file("bin")).expect("a folder");
    let daemon = format!(
        "defaults:\n  daemons:\n    - {{name: nginx, manager: custom, start: \"true\", stop: \"true\", \
         restart: \"readlink {app}/current >> {app}/log\", status: \"test -s {app}/log\"}}\n"
    );
    let hosts = fs::read_to_string(lab.file("hosts.yaml")).expect("it is there");
    lab.home.write("hosts.yaml", &(daemon + &hosts));
    let known = lab.server.path("known_hosts").display().to_string();
    let program = env!("CARGO_BIN_EXE_sshoal");
    let text = format!("#!/bin/sh\nexec {program} -F none --known-hosts {known} \"$@\"\n");
    let ours = lab.home.write("bin/sshoal", &text);
    fs::set_permissions(ours, fs::Permissions::from_mode(0o700)).expect("its mode");
    let readme = include_str!("../../README.md");
    let (_, section) = readme
        .split_once("### Rolling deployment")
        .expect("it is there");
    let (_, block) = section.split_once("```sh\n").expect("commands");
    let (block, _) = block.split_once("```").expect("their end");
    let script = format!("set -e\nPATH={}:$PATH\n{block}", lab.file("bin").display());
    let mut shell = lab.sshoal(&[]);
    let environment: Vec<_> = (shell.get_envs())
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    shell = Command::new("sh");
    shell
        .env_clear()
        .envs(environment)
        .current_dir(lab.file(""));
    let output = shell
        .arg("-c")
        .arg(script.replace("/opt/app", &app))
        .output();
    let done = finish(output.expect("a shell"));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(
        done.out.contains("   1     1  n1\n   2     1  n2\n"),
        "{}",
        done.out
    );
    assert_eq!(lab.lines("app/log"), ["release-2", "release-2"]);
}
