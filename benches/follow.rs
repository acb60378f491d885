//! What following costs this side: fifty nodes with a hundred lines a second each, and a flood beside quiet nodes.
//!
//! `cargo bench --bench follow [-- journal|files|flood]`; `SECONDS_EACH` is how long, 60 without it.

#[expect(dead_code, reason = "other benches use the rest")]
#[path = "support/cluster.rs"]
mod cluster;
#[path = "support/demo.rs"]
mod demo;
#[expect(dead_code, reason = "other benches use the rest")]
mod support;

use std::{
    collections::HashMap,
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use cluster::Cluster;
use demo::Demo;
use support::{Process, bounded, headed, median, memory_mib, missing, noted};

const NODES: usize = 50;
const RATE: u64 = 100;
const SSHOAL: &str = env!("CARGO_BIN_EXE_sshoal");

/// The quiet nodes say what time it is, twenty times a second.
const FLOOD: &str = r#"case "$SSH_CONNECTION" in *" 127.0.1.1 "*) exec yes;; esac; while :; do date +%s%N; sleep 0.05; done"#;

fn main() {
    let named: Vec<String> = env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    let time = env::var("SECONDS_EACH")
        .ok()
        .and_then(|text| text.parse().ok());
    let time = Duration::from_secs(time.unwrap_or(60));
    if wanted("journal") {
        counted("a packet a line", &["--unit", "app@100"], time);
    }
    if wanted("files") {
        counted("files", &["--file", "/var/log/app@100.log"], time);
    }
    if wanted("flood") {
        flood(time.min(Duration::from_secs(20)));
    }
}

/// `sshoal logs`, and the lines that it prints with the time when they came.
struct Following {
    process: Child,
    lines: Receiver<(Instant, Vec<u8>)>,
}

impl Following {
    fn start(hosts: &str, known: &str, words: &[&str]) -> Self {
        let mut process = Command::new(SSHOAL)
            .args([
                "-F",
                "none",
                "--hosts",
                hosts,
                "--known-hosts",
                known,
                "logs",
            ])
            .args(words)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it was built");
        let out = process.stdout.take().expect("it is piped");
        let (to, lines) = sync_channel(100_000);
        thread::spawn(move || {
            let mut out = BufReader::with_capacity(1 << 20, out);
            let mut line = Vec::new();
            while out.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let sent = to.send((Instant::now(), std::mem::take(&mut line)));
                if sent.is_err() {
                    return;
                }
            }
        });
        Self { process, lines }
    }

    fn cpu(&self) -> Duration {
        // Of all its threads: those of the main one are `schedstat`'s alone.
        let ticks = Process::read(self.process.id()).map_or(0, |process| process.cpu_ticks);
        Duration::from_millis(ticks * 10)
    }

    fn end(mut self) {
        let pid = self.process.id().to_string();
        let told = Command::new("kill").args(["-INT", &pid]).status();
        assert!(told.is_ok_and(|status| status.success()), "it runs");
        while self.lines.recv_timeout(Duration::from_secs(5)).is_ok() {}
        self.process.wait().ok();
    }
}

/// Every line has its number: none may be missing, and none come twice.
fn counted(what: &str, source: &[&str], time: Duration) {
    headed(&format!(
        "{NODES} simulated nodes x {RATE} lines/s for {} s: {what}",
        time.as_secs()
    ));
    let demo = Demo::start(NODES, None);
    let (hosts, known) = (
        demo.hosts().display().to_string(),
        demo.known.display().to_string(),
    );
    let all = ["--follow", "--lines", "0"];
    let nodes = nodes(&hosts);
    let words = [&[nodes.as_str()], source, &all].concat();
    let following = Following::start(&hosts, &known, &words);
    let mut next: HashMap<String, u64> = HashMap::new();
    let (mut lines, mut wrong, mut measured) = (0_u64, 0_u64, None);
    let began = Instant::now();
    while began.elapsed() < time + Duration::from_secs(5) {
        let Ok((at, line)) = following.lines.recv_timeout(Duration::from_secs(5)) else {
            break;
        };
        let Some((node, number)) = parsed(&line) else {
            wrong += 1;
            continue;
        };
        let expected = next.insert(node, number + 1);
        wrong += u64::from(expected.is_some_and(|expected| expected != number));
        // All are connected by then.
        if measured.is_none() && began.elapsed() > Duration::from_secs(5) {
            measured = Some((at, following.cpu(), 0));
        }
        lines += u64::from(measured.is_some());
    }
    let Some((start, cpu, _)) = measured else {
        return missing(what, "no lines came");
    };
    let wall = start.elapsed().as_secs_f64();
    let cpu = (following.cpu() - cpu).as_secs_f64();
    noted("nodes heard", next.len() as f64, "");
    noted("lines", lines as f64, "");
    noted("lines/s", lines as f64 / wall, "");
    bounded("missing, doubled or out of order", wrong as f64, (0.0, ""));
    bounded("controller CPU, of a core", cpu / wall * 100.0, (15.0, "%"));
    noted(
        "memory",
        memory_mib(following.process.id(), "VmRSS").unwrap_or(f64::NAN),
        "MiB",
    );
    following.end();
}

/// All nodes of an inventory, as one set.
fn nodes(hosts: &str) -> String {
    let output = Command::new(SSHOAL)
        .args(["-F", "none", "--hosts", hosts, "nodes"])
        .output()
        .expect("it was built");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().collect::<Vec<_>>().join(",")
}

/// `NODE: … seq=NUMBER`.
fn parsed(line: &[u8]) -> Option<(String, u64)> {
    let text = std::str::from_utf8(line).ok()?;
    let (node, rest) = text.split_once(':')?;
    let (_, number) = rest.rsplit_once("seq=")?;
    Some((node.to_owned(), number.trim().parse().ok()?))
}

/// One node prints without end; how late the others are.
fn flood(time: Duration) {
    headed("one node's `yes` beside four quiet ones, on real servers");
    let Some(cluster) = Cluster::start(5) else {
        return missing("a flood", "no sshd, or not root");
    };
    let (hosts, known) = (cluster.hosts(), cluster.known());
    let nodes = nodes(&hosts);
    let words = [&nodes, "--yes", "--command", FLOOD, "-f"];
    let following = Following::start(&hosts, &known, &words);
    let (mut delays, mut flooded, mut peak) = (Vec::new(), 0_u64, 0.0_f64);
    let began = Instant::now();
    while began.elapsed() < time {
        let Ok((at, line)) = following.lines.recv_timeout(Duration::from_secs(5)) else {
            break;
        };
        // The clock of the wall when it came.
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.as_nanos());
        let now = now.saturating_sub(at.elapsed().as_nanos());
        let text = String::from_utf8_lossy(&line).into_owned();
        let said = text.rsplit(' ').next().unwrap_or_default().trim();
        match said.parse::<u128>() {
            Ok(written) if began.elapsed() > Duration::from_secs(4) => {
                delays.push(now.saturating_sub(written) as f64 / 1e6);
                peak = peak.max(memory_mib(following.process.id(), "VmRSS").unwrap_or(0.0));
            }
            Ok(_) => {}
            Err(_) => flooded += 1,
        }
    }
    noted("lines of the flood", flooded as f64, "");
    noted("lines of the others", delays.len() as f64, "");
    noted("their delay, median", median(&mut delays), "ms");
    let worst = delays.last().copied().unwrap_or(f64::NAN);
    bounded("their delay, most", worst, (500.0, "ms"));
    noted("memory, peak", peak, "MiB");
    following.end();
}
