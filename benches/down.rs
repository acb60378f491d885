//! What the dashboard costs its user when nothing answers: 1,000 nodes of which half refuse at once and half say nothing at all.

#[path = "../tests/support/blackhole.rs"]
mod blackhole;
#[path = "../tests/support/pty.rs"]
#[expect(dead_code, reason = "tests use the rest")]
mod pty;
#[expect(dead_code, reason = "other benches use the rest")]
mod support;

use std::{
    fmt::Write as _,
    fs,
    net::TcpListener,
    time::{Duration, Instant},
};

use blackhole::Blackhole;
use pty::Pty;
use support::{Process, bounded, median, memory_mib, noted};

const PROGRAM: &str = env!("CARGO_BIN_EXE_sshoal");
const NODES: usize = 1000;

/// Back-offs grow: the first minute costs more than any later one.
const START: Duration = Duration::from_secs(30);
const STEADY: Duration = Duration::from_mins(1);
const KEYS: usize = 40;

/// What the help shows and nothing else does.
const HELP: &str = " Help ";

fn main() {
    let hole = Blackhole::dig();
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = closed.local_addr().expect("an address").port();
    drop(closed);
    let folder = tempfile::tempdir().expect("a folder");
    let hosts = folder.path().join("hosts.yaml");
    fs::write(&hosts, inventory(port, hole.port)).expect("a file");
    let hosts = hosts.display().to_string();
    let mut command = pty::command(PROGRAM, &["-F", "none", "--hosts", &hosts]);
    command.env("HOME", folder.path());
    let mut screen = Pty::start(200, 60, command);
    let start = cpu_percent(&mut screen, START);
    let steady = cpu_percent(&mut screen, STEADY);
    let mut answers: Vec<f64> = (0..KEYS).map(|_| answer_ms(&mut screen)).collect();
    let what = |of: &str| format!("down: {NODES} nodes, half refuse, half are silent, {of}");
    noted(&what("CPU of a core at first"), start, "%");
    bounded(&what("CPU of a core"), steady, (5.0, "%"));
    let memory = memory_mib(screen.pid(), "VmHWM").unwrap_or(f64::NAN);
    noted(&what("memory at most"), memory, "MiB");
    noted(
        &what("a key to the screen, median"),
        median(&mut answers),
        "ms",
    );
    let worst = answers.iter().copied().fold(0.0, f64::max);
    bounded(&what("a key to the screen, worst"), worst, (60.0, "ms"));
    screen.send("q");
    screen.wait_exit();
}

/// Each node has an address of its own, as one that is shared is dialled once for all.
fn inventory(closed: u16, silent: u16) -> String {
    let mut text = "defaults: {transports: [direct], user: nobody}\nhosts:\n".to_owned();
    for n in 0..NODES {
        let port = if n % 2 == 0 { closed } else { silent };
        let (c, d) = (n / 250, n % 250 + 1);
        writeln!(text, "  n{n}: {{address: 127.1.{c}.{d}, port: {port}}}").expect("a String");
    }
    text
}

fn cpu_percent(screen: &mut Pty, time: Duration) -> f64 {
    let pid = screen.pid();
    let cpu = || Process::read(pid).expect("it runs").cpu_ticks as f64 / 100.0;
    let (before, begin) = (cpu(), Instant::now());
    let end = begin + time;
    while Instant::now() < end {
        let slice = (Instant::now() + Duration::from_secs(5)).min(end);
        screen.wait("the end of time", |_| Instant::now() >= slice);
    }
    (cpu() - before) / begin.elapsed().as_secs_f64() * 100.0
}

/// From a key to what it brings up, with the terminal's own work; then it is taken away again.
fn answer_ms(screen: &mut Pty) -> f64 {
    let begin = Instant::now();
    screen.send("?");
    screen.wait_for(HELP);
    let time = begin.elapsed().as_secs_f64() * 1e3;
    screen.send("\x1b");
    screen.wait("without help", |screen| !screen.contents().contains(HELP));
    time
}
