//! `sshoal exec` under output that wants to do harm, or is too much: nothing is lost, and memory keeps its bounds.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    process::{Child, Stdio},
    time::Duration,
};

use crate::{
    exec::Lab,
    rig::{signal, wait},
};

/// What a run may take beside its program's own pages, in KiB.
const MOST: u64 = 64 << 10;

/// A line of so many bytes.
const LONG: usize = 200 << 20;

/// The memory that it has now, in KiB, without the pages of its files, of which a debug build has tens of MiB; none
/// where the system doesn't tell.
fn memory(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn start(lab: &Lab, words: &[&str]) -> Child {
    let mut command = lab.command(words);
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts")
}

/// Reads to the end, as slowly as it is told; the peak of its memory.
fn read(child: &mut Child, pause: Duration, mut each: impl FnMut(&[u8])) -> u64 {
    let mut out = child.stdout.take().expect("its output");
    let (mut chunk, mut most) = (vec![0; 64 << 10], 0);
    loop {
        let count = out.read(&mut chunk).expect("a pipe");
        if count == 0 {
            return most;
        }
        each(&chunk[..count]);
        most = most.max(memory(child).unwrap_or(0));
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
    }
}

#[test]
fn a_slow_reader_gets_every_byte_of_two_hundred_nodes() {
    let Some(lab) = Lab::with(200) else { return };
    // 1,024 lines of 100 bytes each, which differ.
    let command = "i=0; while [ $i -lt 1024 ]; do printf '%099d\\n' $i; i=$((i+1)); done";
    let words = [
        "n[1-200]",
        "-y",
        "-f",
        "200",
        "--timeout",
        "0",
        "--",
        command,
    ];
    let mut child = start(&lab, &words);
    let mut all = Vec::new();
    let most = read(&mut child, Duration::from_millis(2), |bytes| {
        all.extend_from_slice(bytes);
    });
    assert_eq!(wait(&mut child), Some(0));
    let mut next: BTreeMap<&str, u32> = BTreeMap::new();
    for line in std::str::from_utf8(&all).expect("text").lines() {
        let (node, text) = line.split_once(':').expect("a name");
        let number = next.entry(node).or_default();
        assert_eq!(text.trim_start(), format!("{number:099}"), "{node}");
        *number += 1;
    }
    assert_eq!(next.len(), 200);
    assert!(next.values().all(|count| *count == 1024));
    assert!(most <= MOST, "{most} KiB");
}

#[test]
fn a_line_without_an_end_takes_no_memory_and_is_whole() {
    let Some(lab) = Lab::start() else { return };
    let command = format!("head -c {LONG} /dev/zero");
    // Two nodes, so that it goes through the names and lines.
    let mut child = start(&lab, &["n1,dead", "--timeout", "0", "--", &command]);
    let (mut zeros, mut others) = (0, Vec::new());
    let most = read(&mut child, Duration::ZERO, |bytes| {
        let before = others.len();
        others.extend(bytes.iter().filter(|byte| **byte != 0));
        zeros += bytes.len() - (others.len() - before);
    });
    assert_eq!(wait(&mut child), Some(3));
    assert_eq!(
        (zeros, String::from_utf8_lossy(&others).as_ref()),
        (LONG, "n1: \n")
    );
    assert!(most <= MOST, "{most} KiB");
}

#[test]
fn output_without_an_end_takes_no_memory_and_can_be_cancelled() {
    let Some(lab) = Lab::start() else { return };
    let mut child = start(
        &lab,
        &["n[1-4]", "-y", "--timeout", "0", "--", "timeout 2 yes"],
    );
    let mut bytes = 0;
    let most = read(&mut child, Duration::ZERO, |chunk| bytes += chunk.len());
    assert_eq!(wait(&mut child), Some(1));
    assert!(bytes > 1 << 20, "{bytes} bytes");
    assert!(most <= MOST, "{most} KiB");
}

#[test]
fn a_reader_that_is_stuck_holds_up_no_signal() {
    let Some(lab) = Lab::start() else { return };
    let mut child = start(&lab, &["n[1-4]", "-y", "--timeout", "0", "--", "yes"]);
    let mut first = [0; 1];
    let out = child.stdout.as_mut().expect("its output");
    out.read_exact(&mut first).expect("output");
    // Its pipe is full from here on.
    std::thread::sleep(Duration::from_millis(500));
    assert!(memory(&child).unwrap_or(0) <= MOST);
    signal(&child, "-INT");
    // Two at once would be one to a busy process.
    std::thread::sleep(Duration::from_secs(1));
    signal(&child, "-INT");
    assert_eq!(wait(&mut child), Some(130));
}
