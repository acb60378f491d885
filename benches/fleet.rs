//! What the dashboard costs its user: CPU time and memory with a fleet of simulated nodes, which run as a process of their own.

#[path = "support/demo.rs"]
mod demo;
#[path = "../tests/support/pty.rs"]
#[expect(dead_code, reason = "tests use the rest")]
mod pty;
#[expect(dead_code, reason = "other benches use the rest")]
mod support;

use std::time::{Duration, Instant};

use demo::Demo;
use pty::Pty;
use support::{Process, bounded, memory_mib, noted};

const PROGRAM: &str = env!("CARGO_BIN_EXE_sshoal");
const MINUTE: Duration = Duration::from_mins(1);
const HALF: Duration = Duration::from_secs(30);

fn main() {
    let cost = measure(100, Some("1s"), MINUTE);
    bounded(
        "fleet: 100 nodes at 1 Hz, CPU of a core",
        cost.percent,
        (5.0, "%"),
    );
    bounded(
        "fleet: 100 nodes at 1 Hz, memory",
        cost.memory,
        (60.0, "MiB"),
    );
    bounded(
        "fleet: 100 nodes at 1 Hz, memory at most",
        cost.most,
        (60.0, "MiB"),
    );
    noted("fleet: 100 nodes, CPU for all connections", cost.start, "s");
    for (every, name) in [(None, "at its own pace"), (Some("1s"), "at 1 Hz")] {
        let cost = measure(1000, every, HALF);
        let line = |what: &str| format!("fleet: 1,000 nodes {name}, {what}");
        noted(&line("CPU of a core"), cost.percent, "%");
        noted(&line("memory at most"), cost.most, "MiB");
        noted(&line("CPU for all connections"), cost.start, "s");
    }
}

struct Cost {
    /// CPU seconds until all were connected and a little more.
    start: f64,
    percent: f64,
    memory: f64,
    most: f64,
}

fn measure(nodes: usize, every: Option<&str>, time: Duration) -> Cost {
    let demo = Demo::start(nodes, every);
    let folder = tempfile::tempdir().expect("a folder");
    let hosts = demo.hosts().display().to_string();
    let known = demo.known.display().to_string();
    let arguments = ["--hosts", &hosts, "--known-hosts", &known];
    let mut command = pty::command(PROGRAM, &arguments);
    command.env("HOME", folder.path());
    let mut screen = Pty::start(200, 60, command);
    watch(&mut screen, Duration::from_secs(10 + nodes as u64 / 50));
    let pid = screen.pid();
    let cpu = || Process::read(pid).expect("it runs").cpu_ticks as f64 / 100.0;
    let (start, begin) = (cpu(), Instant::now());
    watch(&mut screen, time);
    let spent = (cpu() - start) / begin.elapsed().as_secs_f64();
    let memory = |key| memory_mib(pid, key).unwrap_or(f64::NAN);
    let cost = Cost {
        start,
        percent: spent * 100.0,
        memory: memory("VmRSS"),
        most: memory("VmHWM"),
    };
    let header = screen.screen().contents();
    let header = header.lines().next().unwrap_or_default().trim();
    assert!(header.contains(&format!("of {nodes} nodes")), "{header}");
    screen.send("q");
    screen.wait_exit();
    cost
}

/// Takes in what is drawn, as a terminal does.
fn watch(screen: &mut Pty, time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        let slice = (Instant::now() + Duration::from_secs(5)).min(end);
        screen.wait("the end of time", |_| Instant::now() >= slice);
    }
}
