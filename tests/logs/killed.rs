//! `sshoal logs` that is killed while it follows leaves nothing on the node, whatever it reads.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use super::{
    SOON,
    cli::Lab,
    journal,
    rig::{signal, wait},
};

/// Command lines of processes that hold this.
fn running(wanted: &str) -> Vec<String> {
    let listed = Command::new("ps").args(["-A", "-o", "args="]).output();
    let text = String::from_utf8_lossy(&listed.unwrap().stdout).into_owned();
    let lines = text.lines().filter(|line| line.contains(wanted));
    lines.map(str::to_owned).collect()
}

/// Waits until nothing of it runs.
pub(crate) fn gone(wanted: &str) {
    let started = Instant::now();
    while let [first, ..] = &running(wanted)[..] {
        assert!(started.elapsed() < SOON, "left: {first}");
        // Nobody tells when a process that isn't ours has ended.
        sleep(Duration::from_millis(20));
    }
}

/// Follows, and is ended in every way; of what ran on the node, `marker` tells.
fn ended_in_every_way(lab: &Lab, words: &[&str], marker: &str) {
    for (how, code) in [("-KILL", None), ("-TERM", Some(143)), ("-INT", Some(0))] {
        let mut command = lab.command(&[&["n1", "-f"], words].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let on_node = running(marker);
        let on_node = on_node.iter().filter(|line| !line.contains(" logs n1 -f"));
        assert!(on_node.count() > 0, "{words:?}: {:?}", running(marker));
        signal(&child, how);
        assert_eq!(wait(&mut child), code, "{words:?} {how}");
        gone(marker);
    }
}

#[test]
fn nothing_is_left_of_a_file() {
    let Some(lab) = Lab::new(&[]) else { return };
    let path = lab.server.path("app.log");
    fs::write(&path, "one\n").unwrap();
    let path = path.display().to_string();
    ended_in_every_way(&lab, &["--file", &path], &path);
}

#[test]
fn nothing_is_left_of_a_command_and_its_children() {
    let Some(lab) = Lab::new(&[]) else { return };
    let marker = format!("sleep 48{}", lab.server.port);
    for command in [
        format!("echo one; {marker}"),
        format!("echo one; {marker} & {marker} | cat; wait"),
        format!("trap '' TERM; echo one; {marker}; {marker}"),
    ] {
        ended_in_every_way(&lab, &["--yes", "--command", &command], &marker);
    }
}

#[test]
fn nothing_is_left_of_a_stand_in_for_a_container() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker");
    let here = folder.path().display().to_string();
    let setting = format!("SetEnv PATH={here}:/usr/bin:/bin");
    let Some(lab) = Lab::new(&[&setting]) else {
        return;
    };
    let marker = format!("sleep 49{}", lab.server.port);
    // Not real: as docker does, it says what there is, and stays.
    let text = format!(
        "#!/bin/sh\ncase $1 in container) echo '[{{}}]';; logs) echo '2026-11-21T10:00:00.1Z one'; {marker};; esac\n"
    );
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let rc = format!("PATH={here}:/usr/bin:/bin; export PATH\n");
    fs::write(lab.server.path("home").join(".bashrc"), rc).unwrap();
    ended_in_every_way(&lab, &["--container", "web"], &marker);
}

#[test]
fn nothing_is_left_of_the_journal() {
    let Some(server) = journal::journald() else {
        return;
    };
    let unit = format!("app{}.service", server.port);
    journal::log_of_unit(&server, &unit, 1);
    let user = server.config().user;
    let lab = Lab::on(server, &user);
    ended_in_every_way(&lab, &["--unit", &unit], &format!("-u {unit}"));
}
