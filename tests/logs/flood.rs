//! One node prints without end; the others are neither delayed nor lost, and memory stays within its bound.

use std::{
    fs,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use sshoal::logs::{Order, Source, StreamId, Target};

use super::{Sshd, Watch, nodes};

const QUIET: &str = "while :; do date +%s%N; sleep 0.05; done";

/// Kilobytes of memory of this process.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let word = line.and_then(|line| line.split_whitespace().next());
    word.and_then(|word| word.parse().ok()).unwrap_or(0)
}

fn now_ns() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_delays_nobody_else() {
    let Some(server) = Sshd::start() else { return };
    let names = ["flood", "quiet1", "quiet2"];
    let targets = nodes(&server, &names).into_iter().map(|node| {
        let command = if node.id.as_str() == "flood" {
            "yes"
        } else {
            QUIET
        };
        Target {
            node,
            sources: vec![Source::Command(command.to_owned())],
        }
    });
    let mut watch = Watch::start(&server, Order::follow(targets.collect()));
    let before = memory();
    let mut delays = Vec::new();
    let (mut flood, mut most) = (0, 0);
    let end = Instant::now() + Duration::from_secs(8);
    while Instant::now() < end {
        watch.step().await;
        let now = now_ns();
        for line in watch.lines.drain(..) {
            let state = watch.flow.state();
            let (node, _) = state.origin(StreamId(line.stream.0)).unwrap();
            if node.node.as_str() == "flood" {
                flood += 1;
                continue;
            }
            let text = String::from_utf8_lossy(&line.text);
            let written: u128 = text.trim().parse().unwrap();
            delays.push(now.saturating_sub(written) / 1_000_000);
        }
        most = most.max(memory().saturating_sub(before));
    }
    delays.sort_unstable();
    // The first ones wait until all nodes have said what they have.
    let steady = &delays[..delays.len() * 9 / 10];
    let worst = steady.last().unwrap();
    println!(
        "flood {flood} lines, quiet {} lines, delay median {} ms, 90 % {worst} ms, most {} ms, {most} kB more memory",
        delays.len(),
        delays[delays.len() / 2],
        delays.last().unwrap()
    );
    assert!(
        delays.len() > 100 && flood > 100_000,
        "{} {flood}",
        delays.len()
    );
    // What is promised, 500 ms, is measured by benches/follow.rs: this build is slow, and shares its machine.
    assert!(*worst <= 2_000, "{worst} ms");
    assert!(most < 150_000, "{most} kB");
    watch.stop().await;
}
