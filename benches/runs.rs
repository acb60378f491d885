//! Runs of the dashboard on simulated nodes whose connections are open: time for one on many nodes, memory after many, cost of a snapshot.

#[expect(dead_code, reason = "other benches use the rest")]
mod support;

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use sshoal::{
    exec::{
        Event, RunNumber, RunOrder, RunState, Stream,
        plan::{Job, Options, Plan},
        record::Actor,
    },
    fleet::{Answers, Clock, Fleet, Link, Logbook, Order, Snapshot},
    inventory::{self, Inventory},
    node::Node,
    sim::{self, Profile, Sim},
    ssh::{self, SshConfig},
    store::roll::Files,
};
use support::{bounded, headed, median, missing, noted};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_mins(5);

#[tokio::main]
async fn main() {
    snapshots();
    let nodes = std::env::var("NODES").ok();
    let nodes = nodes.and_then(|n| n.parse().ok()).unwrap_or(1_000);
    on_many(nodes).await;
    many().await;
}

/// A run that few nodes of change between two snapshots.
fn snapshots() {
    headed("A snapshot of a run of 1,000 nodes, ten of which have printed a line");
    let job = |n: usize| Job {
        node: Arc::new(Node::blank(&format!("n{n}"))),
        command: "true".to_owned(),
    };
    let plan = Plan {
        jobs: (0..1_000).map(job).collect(),
        options: Options::default(),
    };
    let order = RunOrder::new(plan, "true", "n[0-999]");
    let mut run = Arc::new(RunState::new(RunNumber(1), "", order, 0));
    let mut shown = Arc::clone(&run);
    let mut times = Vec::new();
    for round in 0..200_usize {
        let begun = Instant::now();
        for n in 0..10 {
            let place = (round * 37 + n * 101) % 1_000;
            let line = b"a line of some forty signs, as they come\n"[..].into();
            Arc::make_mut(&mut run).apply(Event::Output(place, Stream::Stdout, line), 1);
        }
        shown = Arc::clone(&run);
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    assert!(Arc::ptr_eq(&shown, &run), "what is shown is what there is");
    bounded(
        "taking ten lines in, and showing it",
        median(&mut times),
        (1.0, "ms"),
    );
}

async fn on_many(nodes: usize) {
    headed("`true` on all nodes at once, their connections open");
    let rig = Rig::connected(nodes).await;
    let mut times = Vec::new();
    for number in 1..=3 {
        let begun = Instant::now();
        rig.run(nodes, "true", nodes).await;
        let run = rig.over(number).await;
        times.push(begun.elapsed().as_secs_f64());
        for result in run.results().filter(|result| !result.outcome.is_ok()) {
            let (word, why) = (result.outcome.as_str(), result.outcome.reason());
            missing(
                &format!("{} in run {number}", result.node),
                &format!("{word}: {why}"),
            );
        }
    }
    bounded(
        &format!("{nodes} nodes, until all of it is shown"),
        median(&mut times),
        (2.0, "s"),
    );
    rig.stop().await;
}

async fn many() {
    headed("A hundred runs at once on ten nodes, again and again");
    let rig = Rig::connected(10).await;
    let mut sizes = Vec::new();
    for round in 0..6_u64 {
        for _ in 0..100 {
            rig.run(10, "echo hello", 64).await;
        }
        for number in (round * 100 + 81)..=(round * 100 + 100) {
            let run = rig.over(number).await;
            assert_eq!(run.tallies.ok, 10, "{:?}", run.tallies);
        }
        sizes.push(resident_mib());
    }
    let [first, second, .., last] = sizes.as_slice() else {
        return rig.stop().await;
    };
    noted("resident after the first hundred", *first, "MiB");
    noted("resident after six hundred", *last, "MiB");
    let growth = (last / second - 1.0) * 100.0;
    bounded(
        "growth from the second hundred to the sixth",
        growth,
        (10.0, "%"),
    );
    rig.stop().await;
}

fn resident_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}

struct Rig {
    fleet: Fleet,
    inventory: Arc<Inventory>,
    sim: Sim,
    _folder: tempfile::TempDir,
}

impl Rig {
    async fn connected(nodes: usize) -> Self {
        let config = sim::Config {
            nodes: Profile::demo(nodes),
            ..sim::Config::default()
        };
        let sim = Sim::start(config).await.expect("a simulation");
        let folder = tempfile::tempdir().expect("a folder");
        let files = sim.write_files(folder.path()).expect("its files");
        let located = inventory::locate(Some(&files.hosts), None, folder.path(), folder.path());
        let inventory = Arc::new(inventory::load(&located).expect("an inventory"));
        let ssh = ssh::Config {
            agent: None,
            ssh_config: SshConfig::Off,
            ..ssh::Config::apart(vec![files.known_hosts], "nobody")
        };
        let logbook = Logbook {
            audit: folder.path().join("audit"),
            rolls: folder.path().join("rolls"),
            files: Files::default(),
            outputs: Vec::new(),
            actor: Actor {
                name: "bench".to_owned(),
                origin: "dashboard".to_owned(),
            },
        };
        let fleet = Fleet::start_with(ssh, Answers::None, Clock::start(), Some(logbook));
        let orders = fleet.orders();
        let known = Order::Inventory(Arc::clone(&inventory));
        orders.send(known).await.expect("a fleet");
        let rig = Self {
            fleet,
            inventory,
            sim,
            _folder: folder,
        };
        rig.wait(|s| {
            s.nodes
                .iter()
                .filter(|n| matches!(n.link, Link::Up(_)))
                .count()
                == nodes
        })
        .await;
        rig
    }

    async fn wait(&self, enough: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let mut snapshots = self.fleet.snapshots();
        let found = snapshots.wait_for(|snapshot| enough(snapshot));
        let found = timeout(PATIENCE, found).await.expect("in time");
        Arc::clone(&found.expect("a fleet"))
    }

    async fn run(&self, nodes: usize, command: &str, fanout: usize) {
        let jobs = self.inventory.nodes.iter().take(nodes).map(|node| Job {
            node: Arc::clone(node),
            command: command.to_owned(),
        });
        let plan = Plan {
            jobs: jobs.collect(),
            options: Options {
                fanout,
                ..Options::default()
            },
        };
        let order = Order::Run(RunOrder::new(plan, command, "all"));
        self.fleet.orders().send(order).await.expect("a fleet");
    }

    async fn over(&self, number: u64) -> Arc<RunState> {
        let find = |s: &Snapshot| {
            let runs = s.runs.iter();
            let mut runs = runs.filter(|run| run.number == RunNumber(number) && !run.is_running());
            runs.next().cloned()
        };
        // The newest snapshot may have it no longer where a hundred others ended after it.
        find(&*self.wait(|s| find(s).is_some()).await).expect("just seen")
    }

    async fn stop(self) {
        self.fleet.stop().await;
        self.sim.stop().await;
    }
}
