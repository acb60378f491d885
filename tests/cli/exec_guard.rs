//! `sshoal exec` before and after the run: what is asked, what is written down, what ends it from outside.

use std::{fs, io::Read as _, process::Stdio, time::Duration};

use crate::{
    exec::{Lab, sorted},
    rig::{finish, signal, wait},
};

#[test]
fn what_changes_many_nodes_is_confirmed_first() {
    let Some(lab) = Lab::start() else { return };
    let mark = lab.home.path("mark");
    let touch = format!("touch {}", mark.display());
    let done = lab.run(&["n[1-2]", "--", &touch]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(
        done.err.contains("--yes") && done.err.contains(&touch),
        "{done:?}"
    );
    let done = lab.run(&["n[1-2]", "--sudo", "--cwd", "/tmp", "--", &touch]);
    assert!(done.err.contains("As root, by sudo\nIn /tmp\n"), "{done:?}");
    let done = lab.run(&["n9", "-B", "--", &touch]);
    assert!(
        done.code == Some(2) && done.err.contains("Protected"),
        "{done:?}"
    );
    let done = lab.run(&["n[1-2]", "--dry-run", "--", &touch]);
    assert_eq!(done.code, Some(0), "{done:?}");
    for word in ["n[1-2]", &touch, "Chosen by", "A yes would be asked for"] {
        assert!(done.out.contains(word), "{word}: {done:?}");
    }
    let all = "-e TOKEN=hunter2canary -e A=b --serial 1 --retries 1 -u 7 --dry-run";
    let words: Vec<&str> = all.split(' ').collect();
    let done = lab.run(&[&["n[1-2]"], &words[..], &["--", "true"]].concat());
    for word in [
        "TOKEN=[redacted] A=\"b\"",
        "Batch 1 of 2: n1",
        "Batch 2 of 2: n2",
        "continue, serial 1",
        "command: 7 s",
        "Retries: 1",
    ] {
        assert!(done.out.contains(word), "{word}: {done:?}");
    }
    assert!(!mark.exists());
    assert_eq!(
        lab.audit(&[]),
        "",
        "nothing was run, so nothing is written down"
    );
    let done = lab.run(&["n[1-2]", "-y", "--", &touch]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(mark.exists());
}

#[test]
fn a_run_is_written_down_and_done_again_where_it_failed() {
    let Some(lab) = Lab::start() else { return };
    let flag = lab.home.path("flag");
    let command = format!("[ {{rank}} = 0 ] || [ -e {} ]", flag.display());
    let done = lab.run(&["n[1-3]", "--", &command]);
    assert_eq!(done.code, Some(1), "{done:?}");
    let run = lab.last_run();
    let told = lab.audit(&["--run", &run]);
    assert!(
        told.contains("n2  exit 1") && told.contains("3 nodes by n[1-3]"),
        "{told}"
    );
    let done = lab.run(&["--only-failed", &run, "--", "echo again"]);
    assert_eq!(sorted(&done.out), ["n2: again", "n3: again"], "{done:?}");
    let done = lab.run(&["-w", "n3", "--only-failed", &run, "--dry-run"]);
    assert!(
        done.out.contains("Run on 1 node: n3") && done.out.contains("-e /"),
        "{done:?}"
    );
    let done = lab.run(&["n1", "--", "login --password hunter2canary"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    let done = lab.run(&["--only-failed", &lab.last_run()]);
    assert!(
        done.code == Some(2) && done.err.contains("secret"),
        "{done:?}"
    );
    let whole = lab.home.run(&["audit", "verify"]);
    assert_eq!(whole.code, Some(0), "{whole:?}");
}

#[test]
fn what_cannot_be_written_down_is_not_done() {
    let Some(lab) = Lab::start() else { return };
    lab.home.write("state/sshoal/audit", "a file in its place");
    let mark = lab.home.path("mark");
    let done = lab.run(&["n1", "--", &format!("touch {}", mark.display())]);
    assert_eq!(done.code, Some(74), "{done:?}");
    assert!(
        done.err.contains("nothing was run") && done.err.contains("state/sshoal/audit"),
        "{done:?}"
    );
    assert!(!mark.exists());
    let done = lab.run(&["n1", "--", "echo reads"]);
    assert_eq!(
        (done.code, done.out.as_str()),
        (Some(0), "reads\n"),
        "{done:?}"
    );
    assert!(done.err.contains("not written down"), "{done:?}");
}

#[test]
fn sigterm_ends_what_runs() {
    let Some(lab) = Lab::start() else { return };
    let mut command = lab.command(&["n1", "--timeout", "0", "--", "echo $$; sleep 100"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = [0; 2];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut line)
        .unwrap();
    let started = std::time::Instant::now();
    signal(&child, "-TERM");
    assert_eq!(wait(&mut child), Some(143));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let Some(lab) = Lab::start() else { return };
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    // Linux alone has one.
    let Ok(full) = full else { return };
    let mut command = lab.command(&["n[1-2]", "--", "echo x"]);
    let done = finish(command.stdout(full).output().expect("the binary starts"));
    assert_eq!(done.code, Some(74), "{done:?}");
    assert!(done.err.contains("cannot write the output"), "{done:?}");
}

#[test]
fn a_reader_that_leaves_ends_the_run() {
    let Some(lab) = Lab::start() else { return };
    let mut command = lab.command(&["n1", "--timeout", "0", "--", "yes"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = [0; 2];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut line)
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(wait(&mut child), Some(130));
}

#[test]
fn a_log_that_fails_while_a_run_goes_on_is_told_once_and_counts() {
    let Some(lab) = Lab::start() else { return };
    let audit = lab.home.path("state/sshoal/audit");
    let audit = audit.display();
    let command = format!("rm -rf {audit}; touch {audit}; echo went on");
    let done = lab.run(&["n[1-3]", "-y", "--serial", "1", "--", &command]);
    assert_eq!(done.code, Some(74), "{done:?}");
    assert_eq!(done.out.matches("went on").count(), 3, "{done:?}");
    assert_eq!(done.err.matches("audit log").count(), 1, "{done:?}");
    assert!(done.err.contains("not written down whole"), "{done:?}");
}
