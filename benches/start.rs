//! How soon the program shows something: 1,000 nodes that never answer, in a pseudo-terminal. And how large it is: benches are
//! built with features that tests alone ask for; `SHIPPED` names the program that `cargo build --release` made elsewhere.

#[path = "../tests/support/pty.rs"]
#[expect(dead_code, reason = "tests use the rest")]
mod pty;
#[expect(dead_code, reason = "other benches use the rest")]
mod support;

use std::{env, fmt::Write, fs, net::TcpListener, path::Path, time::Instant};

use pty::Pty;
use support::{Process, bounded, median, noted};

const PROGRAM: &str = env!("CARGO_BIN_EXE_sshoal");
const NODES: usize = 1000;
const STARTS: usize = 15;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    // Takes connections up to its backlog and says nothing; further ones hang.
    let hole = TcpListener::bind("0.0.0.0:0").expect("a free port");
    let port = hole.local_addr().expect("it is bound").port();
    fs::write(folder.path().join("hosts.yaml"), inventory(port)).expect("room");
    let starts: Vec<[f64; 3]> = (0..STARTS).map(|_| start(folder.path())).collect();
    let times = |part: usize| {
        starts
            .iter()
            .filter_map(|s| s.get(part).copied())
            .collect::<Vec<f64>>()
    };
    bounded(
        "start: first frame, median",
        median(&mut times(0)),
        (150.0, "ms"),
    );
    let slowest = times(0).into_iter().fold(0.0, f64::max);
    noted("start: first frame, slowest", slowest, "ms");
    noted(
        "start: all nodes on it, median",
        median(&mut times(1)),
        "ms",
    );
    noted("start: CPU until then, median", median(&mut times(2)), "ms");
    let program = env::var("SHIPPED").unwrap_or_else(|_| PROGRAM.to_owned());
    let bytes = fs::metadata(program).expect("it was built").len();
    bounded("program, stripped", bytes as f64 / 1e6, (15.0, "MB"));
}

fn inventory(port: u16) -> String {
    let mut text =
        format!("defaults: {{port: {port}, transports: [direct], user: nobody}}\nhosts:\n");
    for n in 0..NODES {
        let (net, host) = (1 + n / 250, 1 + n % 250);
        writeln!(text, "  n{n:03}: {{address: 127.1.{net}.{host}}}").expect("a String takes all");
    }
    text
}

/// Milliseconds until the header is there, and until it counts all nodes; milliseconds of CPU until then.
fn start(folder: &Path) -> [f64; 3] {
    let hosts = folder.join("hosts.yaml");
    let mut command = pty::command(PROGRAM, &["--hosts", &hosts.display().to_string()]);
    command.env("HOME", folder);
    let begin = Instant::now();
    let passed = || begin.elapsed().as_secs_f64() * 1e3;
    let mut screen = Pty::start(200, 60, command);
    screen.wait_for("sshoal");
    let header = passed();
    screen.wait_for("of 1000 nodes");
    let all = passed();
    let cpu = Process::read(screen.pid()).map_or(f64::NAN, |p| p.cpu_ticks as f64 * 10.0);
    screen.send("q");
    screen.wait_exit();
    [header, all, cpu]
}
