//! `--collect` where something breaks in the middle: the connection, the server, the disk here.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

use super::{
    SOON,
    cli::Lab,
    rig::{Done, finish},
};

/// Waits for what another process does.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + SOON;
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        // Another process has no way to wake this one.
        sleep(Duration::from_millis(5));
    }
}

fn files(lab: &Lab) -> Vec<PathBuf> {
    let entries = fs::read_dir(lab.home.path("out"));
    let mut all: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect();
    all.sort();
    all
}

fn is_partial(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "partial")
}

fn start(lab: &Lab, words: &[&str]) -> std::process::Child {
    let mut command = lab.command(&[words, &["--collect", "out"]].concat());
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Something has been written.
fn begun(lab: &Lab) {
    until("a first part", || {
        files(lab)
            .iter()
            .any(|path| fs::metadata(path).is_ok_and(|about| about.len() > 0))
    });
}

#[test]
fn a_command_whose_connection_is_lost_is_a_part_and_is_told() {
    let Some(lab) = Lab::new(&[]) else { return };
    let child = start(&lab, &["n1", "--command", "echo part; sleep 60"]);
    begun(&lab);
    lab.server.kill_connections();
    let done = finish(child.wait_with_output().unwrap());
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(
        done.err.contains("0 files of 1 of 1 nodes, 5 B; 1 partial")
            && done.err.contains("the connection was lost"),
        "{done:?}"
    );
    let [part] = &files(&lab)[..] else {
        unreachable!()
    };
    assert!(is_partial(part));
    assert_eq!(fs::read_to_string(part).unwrap(), "part\n");
}

#[test]
fn a_file_is_read_on_and_is_complete_byte_for_byte() {
    let Some(lab) = Lab::new(&[]) else { return };
    let path = lab.server.path("big.log");
    let mut text = String::new();
    for n in 0..1_500_000_u64 {
        let _ = writeln!(text, "line {n} {}", n * 7919 % 10007);
    }
    fs::write(&path, &text).unwrap();
    let child = start(&lab, &["n1", "--file", &path.display().to_string()]);
    begun(&lab);
    lab.server.kill_connections();
    let done = finish(child.wait_with_output().unwrap());
    assert_eq!(done.code, Some(0), "{done:?}");
    let [whole] = &files(&lab)[..] else {
        unreachable!()
    };
    assert!(!is_partial(whole), "{whole:?}");
    assert!(fs::read_to_string(whole).unwrap() == text);
}

#[test]
fn a_file_whose_server_is_gone_for_good_is_a_part() {
    let Some(lab) = Lab::new(&[]) else { return };
    let path = lab.home.path("endless.log");
    // Holes: it takes no room there.
    fs::File::create(&path).unwrap().set_len(4 << 30).unwrap();
    let child = start(&lab, &["n1", "--file", &path.display().to_string()]);
    begun(&lab);
    let Lab { home, server } = lab;
    drop(server);
    let done = finish(child.wait_with_output().unwrap());
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(
        done.err.contains("1 partial") && done.err.contains("the connection was lost"),
        "{done:?}"
    );
    let names = fs::read_dir(home.path("out")).unwrap();
    assert!(
        names
            .map(|entry| entry.unwrap().path())
            .all(|path| is_partial(&path))
    );
}

/// A small log and one of 2 MB, collected behind lines of shell.
fn cramped(shell: &str) -> Option<(Lab, Done)> {
    let lab = Lab::new(&[])?;
    let (small, big) = (lab.server.path("small.log"), lab.server.path("big.log"));
    fs::write(&small, "small\n").unwrap();
    fs::write(&big, "a line that is one of many\n".repeat(80_000)).unwrap();
    let (small, big) = (small.display().to_string(), big.display().to_string());
    fs::create_dir(lab.home.path("out")).unwrap();
    let words = ["n1", "--file", &small, "--file", &big, "--collect", "out"];
    let output = lab.under(shell, &words).output().unwrap();
    let done = finish(output);
    Some((lab, done))
}

fn is_told(done: &Done, why: &str) {
    assert_eq!(done.code, Some(74), "{done:?}");
    for said in ["nothing can be written here any more", why, "partial"] {
        assert!(done.err.contains(said), "{said}: {done:?}");
    }
}

#[test]
fn a_full_disk_is_said_plainly() {
    let full = "mount -t tmpfs -o size=256k none out && exec \"$@\"";
    let shell = format!("exec unshare -m sh -c '{full}' sh \"$@\"");
    let tried = std::process::Command::new("unshare")
        .args(["-m", "mount", "-t", "tmpfs", "none", "/mnt"])
        .output();
    if !tried.is_ok_and(|done| done.status.success()) {
        eprintln!("SKIPPED: nothing can be mounted");
        return;
    }
    let Some((_lab, done)) = cramped(&shell) else {
        return;
    };
    is_told(&done, "No space left on device");
}

#[test]
fn a_limit_on_the_size_of_files_is_said_plainly() {
    let Some((lab, done)) = cramped("ulimit -f 128; exec \"$@\"") else {
        return;
    };
    is_told(&done, "File too large");
    assert!(files(&lab).iter().any(|path| is_partial(path)));
}
