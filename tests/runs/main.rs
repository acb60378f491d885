//! Runs of a fleet from the order to the snapshots, on simulated nodes behind a real SSH server.

#![cfg(test)]

mod dashboard;
mod inquiries;
mod rolls;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use sshoal::{
    exec::{
        Cancel, Outcome, Phase, RunNumber, RunOrder, RunState,
        plan::{Job, Options, Plan, Strategy},
        record::Actor,
    },
    fleet::{Answers, Clock, Fleet, Link, Logbook, Order, Snapshot},
    inventory::{self, Inventory},
    sim::{self, Profile, Sim},
    ssh::{self, SshConfig},
    store::{
        audit::{Event, Filter, Reader},
        roll::Files,
    },
};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_mins(1);

/// Nodes that tell no story: on a busy machine a test may take as long as one of them needs to go away.
fn steady(nodes: usize) -> Vec<Profile> {
    let profiles = Profile::demo(nodes).into_iter();
    profiles
        .map(|profile| Profile {
            story: None,
            ..profile
        })
        .collect()
}

struct Rig {
    fleet: Fleet,
    inventory: Arc<Inventory>,
    sim: Sim,
    folder: tempfile::TempDir,
}

impl Rig {
    async fn start(nodes: usize) -> Self {
        Self::with(nodes, |folder| folder.join("audit")).await
    }

    async fn with(nodes: usize, audit: impl Fn(&Path) -> std::path::PathBuf) -> Self {
        let config = sim::Config {
            nodes: steady(nodes),
            ..sim::Config::default()
        };
        let sim = Sim::start(config).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let files = sim.write_files(folder.path()).unwrap();
        let located = inventory::locate(Some(&files.hosts), None, folder.path(), folder.path());
        let inventory = Arc::new(inventory::load(&located).unwrap());
        let ssh = ssh::Config {
            agent: None,
            ssh_config: SshConfig::Off,
            ..ssh::Config::apart(vec![files.known_hosts], "nobody")
        };
        let logbook = Logbook {
            audit: audit(folder.path()),
            rolls: folder.path().join("rolls"),
            files: Files::default(),
            outputs: vec!["/proc".into(), folder.path().join("out")],
            actor: Actor {
                name: "tester".to_owned(),
                origin: "dashboard".to_owned(),
            },
        };
        let fleet = Fleet::start_with(ssh, Answers::None, Clock::start(), Some(logbook));
        let rig = Self {
            fleet,
            inventory: Arc::clone(&inventory),
            sim,
            folder,
        };
        rig.order(Order::Inventory(inventory)).await;
        rig
    }

    /// The same once every node is connected to.
    async fn connected(nodes: usize) -> Self {
        let rig = Self::start(nodes).await;
        let is_up = |s: &Snapshot| {
            let up = s.nodes.iter().filter(|n| matches!(n.link, Link::Up(_)));
            up.count() == nodes
        };
        rig.wait(is_up).await;
        rig
    }

    async fn order(&self, order: Order) {
        self.fleet.orders().send(order).await.unwrap();
    }

    async fn wait(&self, enough: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let mut snapshots = self.fleet.snapshots();
        let found = snapshots.wait_for(|snapshot| enough(snapshot));
        Arc::clone(&*timeout(PATIENCE, found).await.unwrap().unwrap())
    }

    async fn run_until(&self, number: u64, enough: impl Fn(&RunState) -> bool) -> Arc<RunState> {
        let found = |s: &Snapshot| run(s, number).is_some_and(|run| enough(&run));
        run(&*self.wait(found).await, number).unwrap()
    }

    fn plan(
        &self,
        nodes: std::ops::Range<usize>,
        command: &str,
        options: Options,
    ) -> Arc<RunOrder> {
        let jobs = self.inventory.nodes[nodes].iter().map(|node| Job {
            node: Arc::clone(node),
            command: command.to_owned(),
        });
        let plan = Plan {
            jobs: jobs.collect(),
            options,
        };
        RunOrder::new(plan, command, "some")
    }

    async fn run(&self, nodes: usize, command: &str) {
        let order = self.plan(0..nodes, command, Options::default());
        self.order(Order::Run(order)).await;
    }

    async fn stop(self) {
        self.fleet.stop().await;
        assert!(self.sim.stop().await);
    }
}

fn run(snapshot: &Snapshot, number: u64) -> Option<Arc<RunState>> {
    let is_it = |run: &&Arc<RunState>| run.number == RunNumber(number);
    snapshot.runs.iter().find(is_it).cloned()
}

fn is_over(run: &RunState) -> bool {
    !run.is_running()
}

fn words(run: &RunState) -> Vec<&'static str> {
    run.results()
        .map(|result| result.outcome.as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_runs_and_all_of_it_is_seen_and_written_down() {
    let rig = Rig::connected(4).await;
    rig.run(4, "echo one; sleep 0.05; hostname; exit 3").await;
    let run = rig.run_until(1, is_over).await;
    assert_eq!(words(&run), ["exit"; 4]);
    let node = &run.nodes[2];
    let printed = format!("one\n{}\n", node.node.id);
    assert_eq!(node.stdout.head(), printed.as_bytes());
    assert_eq!(node.last_line().as_str(), node.node.id.as_str());
    assert_eq!((run.tallies.failed, run.trouble.as_ref()), (4, None));

    rig.order(Order::SaveRun(RunNumber(1))).await;
    let run = rig.run_until(1, |run| run.saved.is_some()).await;
    let folder = run.saved.clone().unwrap().unwrap();
    let file = Path::new(folder.as_str()).join(format!("{}.stdout", node.node.id));
    assert_eq!(fs::read(&file).unwrap(), printed.as_bytes());
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(
        folder
            .as_str()
            .contains(&format!("out/sshoal-run-{}", run.id))
    );

    let reader = Reader::open(&rig.folder.path().join("audit")).unwrap();
    let mut kinds = [0; 3];
    let filter = Filter::default();
    for stored in reader.records(&filter) {
        match stored.unwrap().record.event {
            Event::Intent(intent) => {
                assert_eq!((intent.actor.as_str(), intent.nodes.len()), ("tester", 4));
                kinds[0] += 1;
            }
            Event::Result(result) => {
                assert_eq!(result.code, Some(3));
                kinds[1] += 1;
            }
            Event::End(_) => kinds[2] += 1,
            _ => {}
        }
    }
    assert_eq!(kinds, [1, 4, 1]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_is_cancelled_then_those_that_wait_then_all() {
    let rig = Rig::connected(6).await;
    let options = Options {
        fanout: 3,
        ..Options::default()
    };
    rig.order(Order::Run(rig.plan(0..6, "sleep 600", options)))
        .await;
    let run = rig.run_until(1, |run| run.tallies.running == 3).await;
    let mut places = run.nodes.iter().map(|node| node.phase == Phase::Running);
    let running = places.clone().position(|is_running| is_running).unwrap();
    let waiting = places.position(|is_running| !is_running).unwrap();
    let cancel = |what| rig.order(Order::CancelRun(RunNumber(1), what));
    cancel(Cancel::Node(waiting)).await;
    cancel(Cancel::Node(running)).await;
    // Its place goes to the next one; the other never begins.
    let next = |run: &RunState| run.tallies.running == 3 && run.tallies.ended() == 2;
    let run = rig.run_until(1, next).await;
    let result = |place: usize| run.nodes[place].result.as_ref().unwrap();
    assert_eq!(result(waiting).outcome.as_str(), "skipped");
    assert_eq!(result(running).outcome, Outcome::Cancelled);
    assert_eq!(result(running).left, Some(Vec::new()));
    cancel(Cancel::Pending).await;
    let run = rig.run_until(1, |run| run.tallies.ended() == 3).await;
    assert_eq!((run.tallies.running, run.stopping.is_some()), (3, true));
    cancel(Cancel::All).await;
    let run = rig.run_until(1, is_over).await;
    assert!(run.cancelled);
    assert_eq!((run.tallies.cancelled, run.tallies.skipped), (4, 2));
    rig.order(Order::ForgetRun(RunNumber(1))).await;
    rig.wait(|s| s.runs.is_empty()).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_run_that_can_not_be_written_down() {
    let rig = Rig::with(2, |_| "/proc/nowhere".into()).await;
    rig.run(2, "true").await;
    let run = rig.run_until(1, is_over).await;
    assert_eq!(words(&run), ["skipped"; 2]);
    let why = run.aborted.clone().unwrap();
    assert!(why.as_str().starts_with("not run: "), "{why}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_stops_those_that_wait() {
    let rig = Rig::connected(5).await;
    let options = Options {
        fanout: 1,
        strategy: Strategy::AbortAfter(2),
        ..Options::default()
    };
    rig.order(Order::Run(rig.plan(0..5, "false", options)))
        .await;
    let run = rig.run_until(1, is_over).await;
    assert_eq!((run.tallies.failed, run.tallies.skipped), (2, 3));
    assert!(run.aborted.is_some());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_ends_what_runs() {
    let rig = Rig::connected(3).await;
    rig.run(3, "sleep 600").await;
    rig.run_until(1, |run| run.tallies.running == 3).await;
    let audit = rig.folder.path().join("audit");
    let snapshots = rig.fleet.snapshots();
    let Rig { fleet, folder, .. } = rig;
    let began = Instant::now();
    fleet.stop().await;
    assert!(
        began.elapsed() < Duration::from_secs(7),
        "{:?}",
        began.elapsed()
    );
    drop(snapshots);
    let reader = Reader::open(&audit).unwrap();
    let filter = Filter::default();
    let records = reader.records(&filter);
    let ends = records.filter(|r| matches!(r.as_ref().unwrap().record.event, Event::End(_)));
    assert_eq!(ends.count(), 1);
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_runs_at_once_all_complete_and_the_last_are_kept() {
    let rig = Rig::connected(10).await;
    for _ in 0..100 {
        rig.run(10, "echo hello").await;
    }
    let done = |s: &Snapshot| {
        s.runs
            .last()
            .is_some_and(|run| run.number == RunNumber(100))
            && s.runs.iter().all(|run| !run.is_running())
    };
    let last = rig.wait(done).await;
    assert_eq!(last.runs.len(), 20);
    for run in last.runs.iter() {
        assert_eq!((run.tallies.ok, run.trouble.as_ref()), (10, None));
    }
    let all = Outcome::Ok;
    assert!(last.runs[0].results().all(|result| result.outcome == all));
    rig.stop().await;
}
