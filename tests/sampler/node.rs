//! The node programs as running processes, with a `Meter` at their other end.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::symlink,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant, SystemTime},
};

use sshoal::{
    metrics::{Clock, Feed, Meter, Sample, Signal},
    node::{Daemon, Manager, Node},
};
use tempfile::TempDir;

use super::peer::peer;

/// No answer takes this long, however busy the machine.
const DEADLINE: Duration = Duration::from_secs(20);

/// A shell: its words, and what runs before it as a login script would.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    words: Vec<&'static str>,
    before: &'static str,
}

impl Shell {
    /// The same shell behind a login script.
    pub(crate) fn behind(&self, script: &'static str) -> Self {
        Self {
            before: script,
            ..self.clone()
        }
    }
}

/// An awk: the word for it in the hello, and the file.
#[derive(Clone, Debug)]
pub(crate) struct Awk {
    /// As the hello names it.
    pub(crate) kind: &'static str,
    path: PathBuf,
}

/// The shells of this machine.
pub(crate) fn shells() -> Vec<Shell> {
    let all: [&[&'static str]; 3] = [&["dash"], &["bash"], &["busybox", "sh"]];
    let shells = all.into_iter().filter(|words| peer(words[0]).is_some());
    let shells: Vec<_> = shells
        .map(|words| Shell {
            words: words.to_vec(),
            before: "",
        })
        .collect();
    assert!(!shells.is_empty(), "no shell to test with");
    shells
}

/// The awks of this machine.
pub(crate) fn awks() -> Vec<Awk> {
    let all = [
        ("mawk", "mawk"),
        ("gawk", "gawk"),
        ("bbawk", "busybox"),
        ("awk", "original-awk"),
    ];
    let awk = |(kind, name)| {
        Some(Awk {
            kind,
            path: peer(name)?,
        })
    };
    let awks: Vec<_> = all.into_iter().filter_map(awk).collect();
    assert!(!awks.is_empty(), "no awk to test with");
    awks
}

/// Each shell with each awk.
pub(crate) fn pairs() -> Vec<(Shell, Awk)> {
    let with = |shell: Shell| awks().into_iter().map(move |awk| (shell.clone(), awk));
    shells().into_iter().flat_map(with).collect()
}

/// A daemon.
pub(crate) fn daemon(name: &str, manager: Manager) -> Daemon {
    Daemon {
        name: name.into(),
        manager,
        ..Daemon::default()
    }
}

/// A daemon with a pid file.
pub(crate) fn pidfile(name: &str, path: &str) -> Daemon {
    Daemon {
        pidfile: Some(path.into()),
        ..daemon(name, Manager::Pidfile)
    }
}

/// A daemon with a status command.
pub(crate) fn custom(name: &str, status: &str) -> Daemon {
    Daemon {
        status: Some(status.into()),
        ..daemon(name, Manager::Custom)
    }
}

/// A node with these daemons.
pub(crate) fn node(daemons: Vec<Daemon>) -> Node {
    Node {
        daemons,
        ..Node::blank("n1")
    }
}

/// A program's process and the bytes that it writes.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<Vec<u8>>,
}

impl Process {
    fn start(shell: &Shell, env: &[(&'static str, String)], program: &str) -> Self {
        let exec = format!("{}\nexec {}", shell.before, shell.words.join(" "));
        let mut command = Command::new("sh");
        command
            .args(["-c", &exec])
            .envs(env.iter().map(|(k, v)| (k, v)));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        // A login that ends at once doesn't read it.
        let _ = input.write_all(program.as_bytes());
        let mut pipe = child.stdout.take().unwrap();
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut buf = vec![0; 65_536];
            while let Ok(n @ 1..) = pipe.read(&mut buf) {
                if sender.send(buf[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            input: Some(input),
            output,
        }
    }

    fn write(&mut self, line: &str) {
        self.input
            .as_mut()
            .unwrap()
            .write_all(line.as_bytes())
            .unwrap();
    }

    fn read(&self) -> Option<Vec<u8>> {
        self.output.recv_timeout(DEADLINE).ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A sampler that runs.
pub(crate) struct Running {
    /// The other end.
    pub(crate) meter: Meter,
    /// The interpreter, as the hello names it.
    pub(crate) kind: String,
    /// Bytes so far, since the hello.
    pub(crate) bytes_down: usize,
    /// Longest ordinary tick.
    pub(crate) longest_tick: usize,
    /// What the last tick came to.
    pub(crate) last: Vec<Signal>,
    process: Process,
    shell: Shell,
    bin: TempDir,
    begun: Instant,
}

impl Running {
    /// Starts one and waits for its hello; without an awk the program is made to find none.
    pub(crate) fn start(
        shell: &Shell,
        awk: Option<&Awk>,
        env: &[(&'static str, String)],
        node: &Node,
    ) -> Self {
        let (mut running, _) = Self::spawn(shell, awk, env, node);
        running.greet();
        running
    }

    /// Starts one.
    pub(crate) fn spawn(
        shell: &Shell,
        awk: Option<&Awk>,
        env: &[(&'static str, String)],
        node: &Node,
    ) -> (Self, String) {
        let bin = TempDir::new().unwrap();
        let mut meter = Meter::new(node, "n0nce");
        let mut program = meter.program();
        match awk {
            Some(awk) => symlink(&awk.path, bin.path().join("awk")).unwrap(),
            None => program = program.replace("command -v awk", "command -v no-such-awk"),
        }
        let process = Process::start(shell, &with_bin(&bin, env), &program);
        let running = Self {
            meter,
            kind: String::new(),
            bytes_down: 0,
            longest_tick: 0,
            last: Vec::new(),
            process,
            shell: shell.clone(),
            bin,
            begun: Instant::now(),
        };
        (running, program)
    }

    /// The same node with a new channel.
    pub(crate) fn reopened(mut self, env: &[(&'static str, String)]) -> Self {
        let program = self.meter.program();
        self.process = Process::start(&self.shell, &with_bin(&self.bin, env), &program);
        self
    }

    /// Our time.
    pub(crate) fn clock(&self) -> Clock {
        let epoch = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        Clock {
            mono_ms: self.begun.elapsed().as_millis() as u64,
            epoch_s: epoch.as_secs_f64(),
        }
    }

    /// Reads until such a signal comes; `None` where the channel ends before.
    pub(crate) fn until(&mut self, wanted: impl Fn(&Signal) -> bool) -> Option<Signal> {
        self.last.clear();
        loop {
            let bytes = self.process.read()?;
            self.bytes_down += bytes.len();
            let clock = self.clock();
            self.last.extend(self.meter.feed(Feed::Fast, &bytes, clock));
            assert!(
                !self
                    .last
                    .iter()
                    .any(|signal| matches!(signal, Signal::Bad(_))),
                "{:?}",
                self.last
            );
            if let Some(found) = self.last.iter().find(|signal| wanted(signal)) {
                return Some(found.clone());
            }
        }
    }

    /// Waits for the hello.
    pub(crate) fn greet(&mut self) {
        match self.until(|signal| matches!(signal, Signal::Hello { .. })) {
            Some(Signal::Hello { kind }) => self.kind = kind.to_string(),
            other => panic!(
                "no hello from {:?} but {other:?}: {:?}",
                self.shell,
                self.meter.instead_of_hello()
            ),
        }
        self.bytes_down = 0;
    }

    /// One tick and its frame.
    pub(crate) fn tick(&mut self, per_core: bool) -> Sample {
        let clock = self.clock();
        let line = self.meter.tick(per_core, clock).unwrap();
        if !line.contains('w') {
            self.longest_tick = self.longest_tick.max(line.len());
        }
        self.process.write(&line);
        assert!(
            self.until(|signal| *signal == Signal::Frame).is_some(),
            "no frame from {:?}",
            self.shell
        );
        self.meter.sample()
    }

    /// Opens the slow channel, asks once, and closes it.
    pub(crate) fn slow(&mut self, shell: &Shell, env: &[(&'static str, String)]) -> Sample {
        let program = self.meter.slow_program().unwrap();
        let mut process = Process::start(shell, env, &program);
        loop {
            let bytes = process.read().expect("an answer of the slow channel");
            self.bytes_down += bytes.len();
            let clock = self.clock();
            for signal in self.meter.feed(Feed::Slow, &bytes, clock) {
                match signal {
                    Signal::AskSlow => process.write(&self.meter.slow_tick().unwrap()),
                    Signal::Slow => return self.meter.sample(),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    /// Closes its input; true when it ends by that.
    pub(crate) fn ends(&mut self) -> bool {
        drop(self.process.input.take());
        while self.process.read().is_some() {}
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            if self.process.child.try_wait().unwrap().is_some() {
                return true;
            }
            thread::yield_now();
        }
        false
    }

    fn proc_file(&self, name: &str) -> Option<String> {
        fs::read_to_string(format!("/proc/{}/{name}", self.process.child.id())).ok()
    }

    fn field(&self, file: &str, key: &str) -> Option<u64> {
        let text = self.proc_file(file)?;
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// Its write calls so far.
    pub(crate) fn writes(&self) -> Option<u64> {
        self.field("io", "syscw:")
    }

    /// Page faults of children that it waited for: any fork and wait adds to them.
    pub(crate) fn children_faults(&self) -> u64 {
        let stat = self.proc_file("stat").unwrap();
        let after_name = stat.rsplit_once(')').unwrap().1;
        after_name
            .split_whitespace()
            .nth(8)
            .unwrap()
            .parse()
            .unwrap()
    }

    /// Its children now.
    pub(crate) fn children(&self) -> usize {
        let list = self.proc_file(&format!("task/{}/children", self.process.child.id()));
        list.map_or(0, |list| list.split_whitespace().count())
    }

    /// Its CPU time so far.
    pub(crate) fn cpu_ns(&self) -> Option<u64> {
        self.proc_file("schedstat")?
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    }

    /// Its resident memory.
    pub(crate) fn resident_kib(&self) -> u64 {
        self.field("status", "VmRSS:").unwrap()
    }

    /// Its open files.
    pub(crate) fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.process.child.id()))
            .unwrap()
            .count()
    }
}

fn with_bin(bin: &TempDir, env: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let path = std::env::var("PATH").unwrap();
    let mut env = env.to_vec();
    env.push(("PATH", format!("{}:{path}", bin.path().display())));
    env
}
