//! The script that follows a file, in real shells with real tails: every byte once, and no process for it.

use std::{
    env,
    fs::{self, File, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::*;
use crate::{
    exec::script::{ANY_SHELL, Script, told},
    logs::{
        StreamId,
        reading::Reading,
        source::{Found, Kind},
        spots::{Spot, Spots},
        stamp::Zone,
    },
    peer::peer,
};

/// Shells that are installed, and whether they find busybox's programs.
fn nodes() -> impl Iterator<Item = (&'static str, bool)> {
    let all = [
        ("dash", false),
        ("bash", false),
        ("busybox", false),
        ("busybox", true),
    ];
    all.into_iter().filter(|(shell, _)| peer(shell).is_some())
}

/// Far above what anything here takes: only a hang meets it.
const SOON: Duration = Duration::from_secs(20);

/// A shell in a process-id namespace of its own: a number tells how many processes there were. It begins the script that
/// comes first on its input, with a pipe in the folder as input, and then tells the next number for each line.
const COUNTED: &str = r#"mkfifo in; sh -c "$0" <in >out 2>err & exec 9>in; echo begun
while read -r x; do sh -c 'echo $$'; done"#;

/// A node with a log, which is followed.
struct Lab {
    folder: TempDir,
    log: PathBuf,
    next: usize,
}

impl Lab {
    fn new((shell, is_busybox): (&str, bool)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("app log");
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        symlink(peer(shell).unwrap(), bin.join("sh")).unwrap();
        if is_busybox {
            for name in ["tail", "cat", "ls", "wc", "head", "sed", "sleep"] {
                symlink(peer("busybox").unwrap(), bin.join(name)).unwrap();
            }
        }
        Self {
            folder,
            log,
            next: 0,
        }
    }

    fn sh(&self) -> String {
        self.folder.path().join("bin/sh").display().to_string()
    }

    /// A program, where those of the node are found first.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let bin = self.folder.path().join("bin");
        let path = env::var("PATH").unwrap_or_default();
        command
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{path}", bin.display()));
        command
    }

    fn write(&mut self, count: usize) {
        let mut file = append(&self.log);
        self.write_to(&mut file, count);
    }

    fn write_to(&mut self, file: &mut File, count: usize) {
        for _ in 0..count {
            writeln!(file, "line {}", self.next).unwrap();
            self.next += 1;
        }
    }

    fn script(&self, wish: &Wish, nonce: &Nonce) -> String {
        let found = Found {
            kind: Kind::File,
            name: self.log.display().to_string(),
        };
        script(&found, wish, nonce, "")
    }
}

fn append(path: &Path) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap()
}

fn reading() -> Reading {
    let zone = Zone {
        offset_s: 0,
        now_us: 0,
    };
    Reading::new(StreamId(0), &Kind::File, zone, 0)
}

fn followed() -> Wish {
    Wish {
        is_followed: true,
        ..Wish::default()
    }
}

/// One connection's worth.
struct Follower {
    child: Child,
    stdin: ChildStdin,
    spots: Spots,
    bytes: Receiver<Vec<u8>>,
    looked: Instant,
}

impl Follower {
    fn start(lab: &Lab, reading: &mut Reading) -> Self {
        let nonce = Nonce::random();
        let wish = reading.wish(&followed(), 0);
        let mut child = lab
            .command(&lab.sh())
            .arg("-c")
            .arg(lab.script(&wish, &nonce))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = child.stdout.take().unwrap();
        let (to, bytes) = channel();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = out.read(&mut piece) {
                if to.send(piece[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            stdin: child.stdin.take().unwrap(),
            child,
            spots: Spots::new(&nonce),
            bytes,
            looked: Instant::now(),
        }
    }

    /// Until there are so many lines; looks are told much faster than in earnest.
    fn until(&mut self, reading: &mut Reading, lines: &mut Vec<String>, count: usize) {
        self.hear(reading, lines, |_, lines| lines >= count);
        assert_eq!(lines.len(), count);
    }

    fn hear(
        &mut self,
        reading: &mut Reading,
        lines: &mut Vec<String>,
        is_so: impl Fn(&Reading, usize) -> bool,
    ) {
        let started = Instant::now();
        while !is_so(reading, lines.len()) {
            assert!(
                started.elapsed() < SOON,
                "{} {:?}",
                reading.heard(),
                lines.last()
            );
            if self.looked.elapsed() > Duration::from_millis(100) {
                self.looked = Instant::now();
                self.stdin.write_all(b"\n").unwrap();
            }
            let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(20)) else {
                continue;
            };
            let mut items = Vec::new();
            self.spots.feed(&bytes, |item| items.push(item));
            for item in items {
                if reading.take(&item, 0).unwrap() == Some(Spot::Asks) {
                    writeln!(self.stdin, "b {}", reading.heard()).unwrap();
                }
            }
            let ready = reading.ready().into_iter().flat_map(|batch| batch.lines);
            lines.extend(ready.map(|line| String::from_utf8_lossy(&line.text).into_owned()));
        }
    }

    /// The connection is gone: nothing is left.
    fn end(mut self) {
        drop(self.stdin);
        assert!(self.child.wait().unwrap().success());
        let started = Instant::now();
        while self.bytes.recv_timeout(SOON).is_ok() {}
        assert!(started.elapsed() < SOON, "a reader is left");
    }
}

#[test]
fn a_file_is_had_once_through_all_that_happens_to_it() {
    for node in nodes() {
        let mut lab = Lab::new(node);
        let (mut reading, mut lines) = (reading(), Vec::new());
        lab.write(50);
        let mut follower = Follower::start(&lab, &mut reading);
        follower.until(&mut reading, &mut lines, 50);
        // Renamed; its writer finds out late.
        let mut old = append(&lab.log);
        fs::rename(&lab.log, lab.folder.path().join("app log.1")).unwrap();
        lab.write_to(&mut old, 20);
        follower.until(&mut reading, &mut lines, 70);
        append(&lab.log);
        thread::sleep(Duration::from_millis(300));
        lab.write_to(&mut old, 20);
        follower.until(&mut reading, &mut lines, 90);
        lab.write(20);
        follower.until(&mut reading, &mut lines, 110);
        // Cut, and shorter or longer than before.
        for count in [1, 100] {
            File::create(&lab.log).unwrap();
            follower.hear(&mut reading, &mut lines, |reading, _| reading.heard() == 0);
            lab.write(count);
            let so_far = lines.len();
            follower.until(&mut reading, &mut lines, so_far + count);
        }
        let length = fs::metadata(&lab.log).unwrap().len();
        follower.hear(&mut reading, &mut lines, |reading, _| {
            reading.heard() == length
        });
        // A lost connection.
        follower.end();
        lab.write(20);
        let mut follower = Follower::start(&lab, &mut reading);
        follower.until(&mut reading, &mut lines, lab.next);
        // Gone, and back.
        fs::remove_file(&lab.log).unwrap();
        thread::sleep(Duration::from_millis(300));
        lab.write(20);
        follower.until(&mut reading, &mut lines, lab.next);
        follower.end();
        let expected: Vec<_> = (0..lab.next).map(|n| format!("line {n}")).collect();
        assert_eq!(lines, expected, "{node:?}");
    }
}

/// A node whose processes are counted; none where the system doesn't let us.
struct Counted {
    child: Child,
    stdin: ChildStdin,
    numbers: Receiver<Vec<u8>>,
    input: File,
}

impl Counted {
    fn start(lab: &Lab) -> Option<Self> {
        let mut child = lab
            .command("unshare")
            .args(["-rpf", "--mount-proc", "sh", "-c", COUNTED])
            .arg(ANY_SHELL.replace("/bin/sh", &lab.sh()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let stdin = child.stdin.take()?;
        let mut out = child.stdout.take()?;
        let (to, numbers) = channel();
        thread::spawn(move || {
            let mut piece = [0; 64];
            while let Ok(length @ 1..) = out.read(&mut piece) {
                if to.send(piece[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        if numbers.recv_timeout(SOON).ok()? != b"begun\n" {
            return None;
        }
        let input = OpenOptions::new()
            .write(true)
            .open(lab.folder.path().join("in"))
            .ok()?;
        Some(Self {
            child,
            stdin,
            numbers,
            input,
        })
    }

    /// Begins to follow.
    fn follow(&mut self, lab: &Lab) {
        let nonce = Nonce::random();
        let command = lab.script(&followed(), &nonce);
        let script = Script {
            nonce: &nonce,
            command: &command,
            prelude: "",
            folder: None,
            variables: &[("SHELL".to_owned(), lab.sh())],
            is_fed: true,
            is_sudo: false,
            is_terminal: false,
        };
        self.input
            .write_all(script.for_any_shell().as_bytes())
            .unwrap();
    }

    fn look(&mut self) {
        self.input.write_all(told("").as_bytes()).unwrap();
    }

    /// How many processes there have been, this one too.
    fn number(&mut self) -> u64 {
        self.stdin.write_all(b"\n").unwrap();
        let said = self.numbers.recv_timeout(SOON).unwrap();
        String::from_utf8(said).unwrap().trim().parse().unwrap()
    }
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < SOON, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn neither_an_idle_file_nor_a_line_costs_a_process() {
    for kind in nodes() {
        let mut lab = Lab::new(kind);
        lab.write(10);
        let Some(mut node) = Counted::start(&lab) else {
            println!("skipped: no process-id namespace here");
            return;
        };
        node.follow(&lab);
        let out = lab.folder.path().join("out");
        let has = |line: &str| fs::read_to_string(&out).is_ok_and(|text| text.contains(line));
        until("the first lines", || has("line 9\n"));
        let before = node.number();
        for _ in 0..30 {
            node.look();
            thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(node.number() - before, 1, "idle, {kind:?}");
        for _ in 0..20 {
            lab.write(10);
            node.look();
            thread::sleep(Duration::from_millis(20));
        }
        until("the last line", || has("line 209\n"));
        assert_eq!(node.number() - before, 2, "written, {kind:?}");
        drop(node.stdin);
        node.child.wait().unwrap();
    }
}
