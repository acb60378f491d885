//! One node prints without end; the others are neither kept waiting nor lost, and memory stays within its bound.

use std::fs;

use sshoal::logs::{Credit, Event, Order, Source, Target};

use super::{Sshd, Watch, nodes};

const QUIET: &str = "while :; do date +%s%N; sleep 0.05; done";

/// What one of three streams may have under way, in bytes and what a line counts for besides.
const SHARE: usize = 2 << 20;

/// Kilobytes of memory of this process.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let word = line.and_then(|line| line.split_whitespace().next());
    word.and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// One node that prints without end, and two that say something now and then.
fn start(server: &Sshd) -> Watch {
    let names = ["flood", "quiet1", "quiet2"];
    let targets = nodes(server, &names).into_iter().map(|node| {
        let command = match node.id.as_str() {
            "flood" => "yes",
            _ => QUIET,
        };
        Target {
            node,
            sources: vec![Source::Command(command.to_owned())],
        }
    });
    Watch::start(server, Order::follow(targets.collect()))
}

/// Nothing goes out: then nothing of the flood's share comes back to it, however long that lasts, and the others still
/// come. So no line ever stands behind more than one share of a flood.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_has_no_more_than_its_share_under_way() {
    let Some(server) = Sshd::start() else { return };
    let mut watch = start(&server);
    let (mut flood, mut quiet) = (0, [0, 0]);
    while quiet.iter().any(|lines| *lines < 40) || flood < SHARE / 2 {
        let event = watch.event().await;
        if let Event::Lines(stream, lines) = &event {
            let weight: usize = lines.iter().map(Credit::of).sum();
            match watch.flow.state().origin(*stream).unwrap().0.node.as_str() {
                "flood" => flood += weight,
                "quiet1" => quiet[0] += lines.len(),
                _ => quiet[1] += lines.len(),
            }
            continue;
        }
        watch.flow.apply(event, 0);
    }
    assert!(flood <= SHARE, "{flood}");
    watch.stop().await;
}

/// Lines go out, and the share comes back again and again. How soon others go out is measured by benches/follow.rs: this
/// build is slow, and shares its machine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_goes_on_beside_others_within_its_memory() {
    let Some(server) = Sshd::start() else { return };
    let mut watch = start(&server);
    let before = memory();
    let (mut flood, mut quiet, mut most) = (0, [0, 0], 0);
    while quiet.iter().any(|lines| *lines < 60) || flood < 100_000 {
        assert!(watch.step().await);
        for line in watch.lines.drain(..) {
            let (node, _) = watch.flow.state().origin(line.stream).unwrap();
            match node.node.as_str() {
                "flood" => flood += 1,
                "quiet1" => quiet[0] += 1,
                _ => quiet[1] += 1,
            }
        }
        most = most.max(memory().saturating_sub(before));
    }
    println!("flood {flood} lines, quiet {quiet:?} lines, {most} kB more memory");
    assert!(most < 150_000, "{most} kB");
    watch.stop().await;
}
