//! What a broadcast costs this side, beside the tools that people use for it: the same servers, the same command, the same run.
//!
//! `cargo bench --bench broadcast [-- cold|warm|output|simulated|dead|runs]`; `BSSH` names a bssh binary.

#[path = "support/cluster.rs"]
mod cluster;
#[path = "support/demo.rs"]
mod demo;
#[expect(dead_code, reason = "other benches use the rest")]
mod support;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use cluster::{Cluster, Measured, measure};
use demo::Demo;
use rustix::time::{ClockId, clock_gettime};
use sshoal::{
    exec::{
        self, Control, Event, Finished,
        plan::{Job, Options, Plan},
    },
    inventory::{self, Located},
    node::Node,
    ssh::{self, Connector, Limits},
};
use support::{bounded, median, missing, noted};
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc,
};

const NODES: usize = 200;
const ROUNDS: usize = 3;
const PAIRS: usize = 11;
const MANY: usize = 1_000;
const SSHOAL: &str = env!("CARGO_BIN_EXE_sshoal");

fn main() {
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    if ["cold", "warm", "output", "dead", "runs"]
        .iter()
        .any(|part| wanted(part))
    {
        match Cluster::start(NODES) {
            Some(cluster) => on_cluster(&cluster, &wanted),
            None => missing("everything on real servers", "no sshd, or not root"),
        }
    }
    if wanted("simulated") {
        simulated();
    }
}

fn on_cluster(cluster: &Cluster, wanted: &dyn Fn(&str) -> bool) {
    if wanted("cold") {
        cold(cluster);
    }
    if wanted("warm") {
        warm(cluster);
    }
    if wanted("output") {
        output(cluster);
    }
    if wanted("dead") {
        dead(cluster);
    }
    if wanted("runs") {
        runs(cluster);
    }
}

/// Medians of some rounds.
struct Cost {
    wall: f64,
    cpu_ms: f64,
    first: f64,
    memory: f64,
}

/// Runs each tool once a round, so that a busy minute meets all of them.
fn compare(tools: &[(String, Vec<String>)], nodes: usize) -> Vec<Cost> {
    let mut all: Vec<Vec<Measured>> = tools.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for (measured, (_, words)) in all.iter_mut().zip(tools) {
            measured.push(measure(words));
        }
    }
    let of = |all: &[Measured], value: fn(&Measured) -> f64| {
        median(&mut all.iter().map(value).collect::<Vec<f64>>())
    };
    all.iter()
        .map(|all| Cost {
            wall: of(all, |m| m.wall.as_secs_f64()),
            cpu_ms: of(all, |m| m.cpu.as_secs_f64() * 1e3) / nodes as f64,
            first: of(all, |m| {
                m.first.map_or(f64::NAN, |first| first.as_secs_f64())
            }),
            memory: of(all, |m| m.peak_mib),
        })
        .collect()
}

/// Of the CPU of two tools that run in turns: the middle one of many rounds, as both cost half as much again in a busy one.
fn ratio(own: &[String], peer: &[String]) -> f64 {
    let cpu = |words| measure(words).cpu.as_secs_f64();
    let round = |_| cpu(own) / cpu(peer);
    median(&mut (0..PAIRS).map(round).collect::<Vec<f64>>())
}

fn told(name: &str, cost: &Cost) {
    noted(&format!("{name}: CPU per node"), cost.cpu_ms, "ms");
    noted(&format!("{name}: wall"), cost.wall, "s");
    noted(&format!("{name}: first output"), cost.first, "s");
}

/// The peers that are installed, ours first.
fn tools(cluster: &Cluster, command: &str) -> Vec<(String, Vec<String>)> {
    let mut tools = vec![("sshoal".to_owned(), ours(cluster, command, &[]))];
    tools.extend(cluster.peers(command));
    tools
}

fn ours(cluster: &Cluster, command: &str, more: &[&str]) -> Vec<String> {
    let mut words: Vec<String> = [
        SSHOAL,
        "--hosts",
        &cluster.hosts(),
        "-F",
        "none",
        "--known-hosts",
        &cluster.known(),
    ]
    .map(str::to_owned)
    .into();
    let fanout = NODES.to_string();
    let rest = ["exec", "-a", "-n", "-y", "-f", &fanout, "-u", "60"];
    words.extend(rest.iter().chain(more).map(ToString::to_string));
    words.extend(["--".to_owned(), command.to_owned()]);
    words
}

fn cold(cluster: &Cluster) {
    support::headed(&format!("{NODES} nodes, `echo hi`, cold, fan-out {NODES}"));
    let tools = tools(cluster, "echo hi");
    let costs = compare(&tools, NODES);
    for ((name, _), cost) in tools.iter().zip(&costs) {
        told(name, cost);
    }
    let of = |name: &str| {
        tools
            .iter()
            .position(|(tool, _)| tool == name)
            .and_then(|at| costs.get(at))
    };
    let Some(own) = costs.first() else { return };
    match of("clush") {
        Some(cost) => bounded("CPU, of clush's", own.cpu_ms / cost.cpu_ms, (0.1, "x")),
        None => missing("CPU, of clush's", "not installed"),
    }
    let beside = |peer: &str| tools.iter().find(|(tool, _)| tool == peer);
    match (tools.first(), beside("bssh")) {
        (Some((_, own)), Some((_, peer))) => {
            bounded("CPU, of bssh's, side by side", ratio(own, peer), (0.9, "x"));
        }
        _ => missing("CPU, of bssh's, side by side", "not installed"),
    }
    let fastest = costs
        .iter()
        .skip(1)
        .map(|cost| cost.wall)
        .fold(f64::INFINITY, f64::min);
    bounded(
        "wall, of the fastest peer's",
        own.wall / fastest,
        (1.0, "x"),
    );
    bounded("first node's output", own.first, (0.3, "s"));
}

fn output(cluster: &Cluster) {
    support::headed(&format!("{NODES} nodes, 100 KiB each"));
    let command = "yes 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789 | head -c 102400";
    let tools = [
        ("true".to_owned(), ours(cluster, "true", &[])),
        ("100 KiB".to_owned(), ours(cluster, command, &[])),
    ];
    let costs = compare(&tools, NODES);
    if let [nothing, much] = costs.as_slice() {
        bounded(
            "added CPU per node",
            much.cpu_ms - nothing.cpu_ms,
            (0.5, "ms"),
        );
        bounded("memory at its peak", much.memory, (80.0, "MiB"));
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

fn job(node: &Arc<Node>, command: &str) -> Job {
    Job {
        node: Arc::clone(node),
        command: command.to_owned(),
    }
}

/// One run, with the time to the first output.
async fn run(
    connector: &Connector,
    nodes: &[Arc<Node>],
    command: &str,
    fanout: usize,
) -> (Finished, Option<Duration>) {
    let plan = Plan {
        jobs: nodes.iter().map(|node| job(node, command)).collect(),
        options: Options {
            fanout,
            ..Options::default()
        },
    };
    let (to, mut events) = mpsc::channel(1024);
    let (started, mut first) = (Instant::now(), None);
    let run = exec::run(Arc::new(plan), connector.clone(), Control::default(), to);
    let listen = async {
        while let Some(event) = events.recv().await {
            if matches!(event, Event::Output(..)) {
                first.get_or_insert_with(|| started.elapsed());
            }
        }
    };
    let (finished, ()) = tokio::join!(run, listen);
    (finished, first)
}

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn all_ok(finished: &Finished) -> bool {
    let bad = finished
        .results
        .iter()
        .find(|result| !result.outcome.is_ok());
    if let Some(bad) = bad {
        missing("a run", &format!("{}: {:?}", bad.node, bad.outcome));
    }
    bad.is_none()
}

fn warm(cluster: &Cluster) {
    support::headed(&format!("{NODES} nodes, `echo hi`, connections open"));
    let runtime = runtime();
    let _inside = runtime.enter();
    let connector = Connector::new(config(Path::new(&cluster.known())), None);
    let nodes = load(Path::new(&cluster.hosts()));
    runtime.block_on(run(&connector, &nodes, "true", NODES));
    let masters = cluster.masters();
    let (mut cpus, mut walls, mut firsts, mut theirs) = (vec![], vec![], vec![], vec![]);
    let mut alone = vec![];
    for _ in 0..ROUNDS + 2 {
        let one = nodes.get(..1).expect("many");
        let (_, first) = runtime.block_on(run(&connector, one, "echo hi", NODES));
        alone.push(first.map_or(f64::NAN, |first| first.as_secs_f64() * 1e3));
        let (before, started) = (cpu(), Instant::now());
        let (finished, first) = runtime.block_on(run(&connector, &nodes, "echo hi", NODES));
        walls.push(started.elapsed().as_secs_f64());
        cpus.push(cpu().saturating_sub(before).as_secs_f64() * 1e3 / NODES as f64);
        firsts.push(first.map_or(f64::NAN, |first| first.as_secs_f64() * 1e3));
        if !all_ok(&finished) {
            return;
        }
        if let Some(words) = &masters {
            theirs.push(measure(words).wall.as_secs_f64());
        }
    }
    let wall = median(&mut walls);
    bounded("CPU per node", median(&mut cpus), (0.5, "ms"));
    noted("wall", wall, "s");
    if theirs.is_empty() {
        missing("wall, of ControlMasters'", "no ssh");
    } else {
        bounded(
            "wall, of ControlMasters'",
            wall / median(&mut theirs),
            (0.4, "x"),
        );
    }
    let alone = median(&mut alone);
    noted("round trip: the output of one node alone", alone, "ms");
    let first = median(&mut firsts) - alone;
    bounded("first output, after a round trip", first, (20.0, "ms"));
    runtime.block_on(connector.close());
}

fn config(known: &Path) -> ssh::Config {
    let user = rustix::process::getuid();
    let user = if user.is_root() { "root" } else { "" };
    ssh::Config {
        limits: Limits {
            per_server: 64,
            ..Limits::default()
        },
        ..ssh::Config::apart(vec![known.to_owned()], user)
    }
}

fn load(hosts: &Path) -> Vec<Arc<Node>> {
    let inventory = inventory::load(&Located::File(hosts.to_owned()));
    inventory.expect("an inventory of our own").nodes
}

fn simulated() {
    support::headed(&format!("{MANY} simulated nodes, `true`, connections open"));
    let demo = Demo::start(MANY, None);
    let runtime = runtime();
    let _inside = runtime.enter();
    let config = ssh::Config {
        limits: Limits {
            per_server: MANY,
            handshakes: MANY,
            ..Limits::default()
        },
        ..ssh::Config::apart(vec![demo.known.clone()], "sim")
    };
    let connector = Connector::new(config, None);
    let nodes = load(&demo.hosts());
    runtime.block_on(run(&connector, &nodes, "true", MANY));
    let mut walls = Vec::new();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let (finished, _) = runtime.block_on(run(&connector, &nodes, "true", MANY));
        walls.push(started.elapsed().as_secs_f64());
        let ok = finished
            .results
            .iter()
            .filter(|result| result.outcome.is_ok())
            .count();
        noted("nodes that answered", ok as f64, "");
    }
    bounded("wall", median(&mut walls), (2.0, "s"));
    runtime.block_on(connector.close());
}

/// Ten good nodes, three that say nothing and three that refuse; these first, fan-out 3.
fn dead(cluster: &Cluster) {
    support::headed("10 good, 3 silent, 3 refusing nodes, the bad ones first, fan-out 3");
    let good: Vec<Arc<Node>> = load(Path::new(&cluster.hosts()))
        .into_iter()
        .take(10)
        .collect();
    let bad = |address: String| {
        Arc::new(Node {
            address,
            ..Node::clone(good.first().expect("ten"))
        })
    };
    let silent = (1..=3).map(|n| bad(format!("127.0.250.{n}")));
    let refusing = (1..=3).map(|n| bad(format!("127.0.251.{n}")));
    let mixed: Vec<Arc<Node>> = silent.chain(refusing).chain(good.iter().cloned()).collect();
    let runtime = runtime();
    let _inside = runtime.enter();
    let (mut ratios, mut firsts) = (vec![], vec![]);
    for _ in 0..PAIRS {
        let [(with, first), (without, _)] = [&mixed, &good].map(|nodes| {
            let connector = Connector::new(config(Path::new(&cluster.known())), None);
            let ends = runtime.block_on(last_good(&connector, nodes));
            runtime.block_on(connector.close());
            ends
        });
        ratios.push(with.as_secs_f64() / without.as_secs_f64());
        firsts.push(first.as_secs_f64());
    }
    bounded("first good output", median(&mut firsts), (0.5, "s"));
    bounded(
        "last good node, of the run without bad ones",
        median(&mut ratios),
        (1.2, "x"),
    );
}

/// When the last of ten nodes was done, and when the first output came; the rest is cancelled.
async fn last_good(connector: &Connector, nodes: &[Arc<Node>]) -> (Duration, Duration) {
    let plan = Plan {
        jobs: nodes.iter().map(|node| job(node, "echo hi")).collect(),
        options: Options {
            fanout: 3,
            connect_timeout: Some(Duration::from_secs(5)),
            ..Options::default()
        },
    };
    let (to, mut events) = mpsc::channel(1024);
    let control = Control::default();
    let started = Instant::now();
    let run = exec::run(Arc::new(plan), connector.clone(), control.clone(), to);
    let listen = async {
        let (mut done, mut first, mut last) = (0, None, Duration::ZERO);
        while let Some(event) = events.recv().await {
            match event {
                Event::Output(..) => drop(first.get_or_insert_with(|| started.elapsed())),
                Event::Ended(_, result) if result.outcome.is_ok() => {
                    done += 1;
                    last = started.elapsed();
                    if done == 10 {
                        control.cancel_all();
                    }
                }
                _ => {}
            }
        }
        (last, first.unwrap_or_default())
    };
    tokio::join!(run, listen).1
}

/// A hundred runs of ten nodes at once, over the same connections.
fn runs(cluster: &Cluster) {
    support::headed("100 runs of 10 nodes at once");
    let nodes: Vec<Arc<Node>> = load(Path::new(&cluster.hosts()))
        .into_iter()
        .take(10)
        .collect();
    let runtime = runtime();
    let _inside = runtime.enter();
    let connector = Connector::new(config(Path::new(&cluster.known())), None);
    let all = |count: usize| {
        let runs = (0..count).map(|_| run(&connector, &nodes, "echo hi", 64));
        let finished = runtime.block_on(futures::future::join_all(runs));
        finished
            .iter()
            .filter(|(finished, _)| all_ok(finished))
            .count()
    };
    let memory: Vec<f64> = (0..8)
        .map(|_| {
            let started = Instant::now();
            let ok = all(100);
            noted("wall", started.elapsed().as_secs_f64(), "s");
            noted("runs that all nodes did well", ok as f64, "");
            noted("memory", resident_mib(), "MiB");
            resident_mib()
        })
        .collect();
    // The allocator keeps what the first rounds have freed in pieces: a leak would go on growing after them.
    if let [.., before, _, _, _, after] = *memory {
        bounded("memory afterwards, of before", after / before, (1.1, "x"));
    }
    runtime.block_on(connector.close());
}

fn resident_mib() -> f64 {
    support::memory_mib(std::process::id(), "VmRSS:").unwrap_or(f64::NAN)
}
