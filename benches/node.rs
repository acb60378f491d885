//! What one fast sample costs a node: the CPU time of everything below its sshd, forks, writes, and bytes on the wire. A real sshd, the real fleet.

#[path = "../tests/support/sshd.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "the fixture of the tests, which use the rest and may stop"
)]
mod sshd;
#[expect(dead_code, reason = "other benches use the rest")]
mod support;

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::fs::symlink,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use sshoal::{
    fleet::{Answers, Clock, Fleet, NodeState, Order, Snapshot},
    inventory::Inventory,
    node::{Interval, Node},
};
use support::{Process, best, bounded, median, missing, noted};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

const PACE: Duration = Duration::from_millis(150);
/// Fits between two questions on the slow channel, which fork and are no part of a fast sample.
const TICKS: usize = 150;
/// By then the answer has left the node and its processes sleep again.
const SETTLED: Duration = Duration::from_millis(25);
const PATIENCE: Duration = Duration::from_secs(20);

fn main() {
    for (awk, program) in [
        ("mawk", "mawk"),
        ("busybox awk", "busybox"),
        ("gawk", "gawk"),
    ] {
        match sshd::peer(program).zip(sshd::peer("sshd")) {
            Some((path, _)) => report(awk, &measure(&path)),
            None => missing(awk, "not installed"),
        }
    }
}

/// Samples that came, and the bytes of the connection that they came by.
#[derive(Default)]
struct Traffic {
    samples: AtomicU64,
    up: AtomicU64,
    down: AtomicU64,
}

/// What was counted up to one instant.
#[derive(Clone)]
struct Mark {
    tree: BTreeMap<u32, Process>,
    samples: u64,
    up: u64,
    down: u64,
}

/// What each sample cost, and all of them together.
#[derive(Default)]
struct Costs {
    ms: Vec<f64>,
    up: Vec<f64>,
    down: Vec<f64>,
    awk_ms: f64,
    samples: f64,
    forks: u64,
    writes: u64,
}

fn report(awk: &str, costs: &Costs) {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / costs.samples;
    let ordinary = |values: &[f64]| median(&mut values.to_vec());
    let line = |what: &str| format!("node, {awk}: {what}");
    bounded(&line("CPU per sample, mean"), mean(&costs.ms), (0.8, "ms"));
    noted(&line("CPU per sample, median"), ordinary(&costs.ms), "ms");
    noted(
        &line("CPU per sample, best tenth"),
        best(&mut costs.ms.clone()),
        "ms",
    );
    noted(
        &line("of the mean, awk's part"),
        costs.awk_ms / costs.samples,
        "ms",
    );
    bounded(&line("forks in all"), costs.forks as f64, (0.0, ""));
    bounded(
        &line("writes per sample"),
        costs.writes as f64 / costs.samples,
        (1.0, ""),
    );
    bounded(
        &line("down per sample, mean"),
        mean(&costs.down),
        (400.0, "B"),
    );
    noted(&line("down per sample, median"), ordinary(&costs.down), "B");
    bounded(&line("up per sample, mean"), mean(&costs.up), (60.0, "B"));
    noted(&line("up per sample, median"), ordinary(&costs.up), "B");
}

fn measure(awk: &Path) -> Costs {
    let bin = tempfile::tempdir().expect("a folder");
    symlink(awk, bin.path().join("awk")).expect("a link");
    let environment = format!(
        "SetEnv PATH={}:/usr/bin:/bin HOME={0}",
        bin.path().display()
    );
    let server = sshd::Sshd::with(&[&environment]).expect("it was found");
    let traffic = Arc::new(Traffic::default());
    let port = relay(server.port, Arc::clone(&traffic));
    let key = std::fs::read_to_string(server.path("host_ed25519.pub")).expect("its key");
    server.append(
        "known_hosts",
        &format!("[127.0.0.1]:{port} {}\n", key.trim()),
    );
    let node = Node {
        port: Some(port),
        interval: Interval::Every(PACE),
        ..server.node()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let fleet = Fleet::start(server.config(), Answers::None, Clock::start());
        let costs = sample(&fleet, node, &traffic).await;
        fleet.stop().await;
        costs
    })
}

async fn sample(fleet: &Fleet, node: Node, traffic: &Arc<Traffic>) -> Costs {
    let inventory = Inventory {
        nodes: vec![Arc::new(node)],
        ..Inventory::default()
    };
    let order = Order::Inventory(Arc::new(inventory));
    fleet.orders().send(order).await.expect("it runs");
    next(fleet, |state| state.complete).await;
    let mut counting = JoinSet::new();
    counting.spawn(count(fleet.snapshots(), Arc::clone(traffic)));
    next_tick(fleet).await;
    let first = Mark::now(Process::below(listener()), traffic);
    let mut costs = Costs::default();
    let mut before = first.clone();
    for _ in 0..TICKS {
        next_tick(fleet).await;
        let now = Mark::now(Process::of(first.tree.keys().copied()), traffic);
        costs.ms.push(now.cpu_ms() - before.cpu_ms());
        costs.up.push((now.up - before.up) as f64);
        costs.down.push((now.down - before.down) as f64);
        before = now;
    }
    let last = Mark::now(Process::below(listener()), traffic);
    costs.samples = (before.samples - first.samples) as f64;
    costs.forks = last.forks_since(&first);
    costs.writes = before.awk(|awk| awk.writes) - first.awk(|awk| awk.writes);
    costs.awk_ms = (before.awk(|awk| awk.cpu_ns) - first.awk(|awk| awk.cpu_ns)) as f64 / 1e6;
    costs
}

/// Counts samples: whoever reads /proc in between may miss one.
async fn count(mut snapshots: watch::Receiver<Arc<Snapshot>>, traffic: Arc<Traffic>) {
    let mut last = None;
    while snapshots.changed().await.is_ok() {
        let at = snapshots
            .borrow_and_update()
            .nodes
            .first()
            .map(|node| node.sample_at);
        if at != last {
            traffic.samples.fetch_add(1, Ordering::Relaxed);
        }
        last = at;
    }
}

/// Waits for the next sample, and until the node is quiet again.
async fn next_tick(fleet: &Fleet) {
    let last = fleet
        .snapshots()
        .borrow()
        .nodes
        .first()
        .map(|n| n.sample_at);
    next(fleet, |state| Some(state.sample_at) != last).await;
    sleep(SETTLED).await;
}

async fn next(fleet: &Fleet, wanted: impl Fn(&NodeState) -> bool) {
    let mut snapshots = fleet.snapshots();
    let waited = snapshots.wait_for(|s| s.nodes.first().is_some_and(|node| wanted(node)));
    let late = timeout(PATIENCE, waited).await.is_err();
    assert!(!late, "no sample: {:?}", fleet.snapshots().borrow().nodes);
}

/// Our own sshd.
fn listener() -> u32 {
    let ours = std::process::id();
    let all = Process::all();
    let mut found = all
        .iter()
        .filter(|(_, p)| p.parent == ours && p.name == "sshd");
    *found.next().expect("it was started").0
}

impl Mark {
    fn now(tree: BTreeMap<u32, Process>, traffic: &Traffic) -> Self {
        Self {
            tree,
            samples: traffic.samples.load(Ordering::Relaxed),
            up: traffic.up.load(Ordering::Relaxed),
            down: traffic.down.load(Ordering::Relaxed),
        }
    }

    fn cpu_ms(&self) -> f64 {
        self.tree
            .values()
            .map(|process| process.cpu_ns as f64 / 1e6)
            .sum()
    }

    /// Processes that are new or gone, and those that have waited for a child meanwhile.
    fn forks_since(&self, before: &Self) -> u64 {
        let changed = |(pid, process): &(&u32, &Process)| {
            let then = before.tree.get(pid);
            then.is_none_or(|then| then.reaped != process.reaped)
        };
        let gone = before
            .tree
            .keys()
            .filter(|pid| !self.tree.contains_key(pid));
        (self.tree.iter().filter(changed).count() + gone.count()) as u64
    }

    fn awk(&self, count: impl Fn(&Process) -> u64) -> u64 {
        let is_awk =
            |process: &&Process| ["awk", "mawk", "gawk", "busybox"].contains(&&*process.name);
        self.tree.values().filter(is_awk).map(count).sum()
    }
}

/// Listens, and passes one connection on to `port`, counting.
fn relay(port: u16, traffic: Arc<Traffic>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let own = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        let (client, _) = listener.accept().expect("the fleet connects");
        let server = TcpStream::connect(("127.0.0.1", port)).expect("sshd listens");
        for socket in [&client, &server] {
            socket.set_nodelay(true).expect("it is TCP");
        }
        let (up_from, up_to) = (client.try_clone(), server.try_clone());
        let (up_from, up_to) = (up_from.expect("a socket"), up_to.expect("a socket"));
        thread::scope(|scope| {
            scope.spawn(|| pass(up_from, up_to, &traffic.up));
            pass(server, client, &traffic.down);
        });
    });
    own
}

fn pass(mut from: TcpStream, mut to: TcpStream, count: &AtomicU64) {
    let mut chunk = [0; 16384];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        count.fetch_add(length as u64, Ordering::Relaxed);
        if to
            .write_all(chunk.get(..length).unwrap_or_default())
            .is_err()
        {
            break;
        }
    }
    // The other side may have closed first.
    to.shutdown(Shutdown::Both).ok();
}
