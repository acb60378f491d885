//! Plays a scenario: does what its steps say and looks at the fleet's snapshots.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use sshoal::{
    fleet::{Link, Millis, NodeState, Order, Sampler, Snapshot},
    metrics,
    node::NodeId,
    ssh::{Answer, SessionInfo},
};
use tokio::{
    net::TcpStream,
    time::{timeout, timeout_at},
};

use crate::{
    script::{Expect, Fault, Scenario, Step},
    stage::{Stage, names},
};

/// For what has no deadline of its own.
const SOON: Duration = Duration::from_secs(10);
/// Time alone makes a node stale: it is looked at this often though no snapshot comes.
const LOOK: Duration = Duration::from_millis(100);

/// What a node was like.
#[derive(Default)]
struct Then {
    session: Option<Arc<SessionInfo>>,
    link_since: Millis,
    sample_at: Millis,
}

struct Player {
    stage: Stage,
    then: HashMap<String, Then>,
}

/// Plays it all; panics where something is not as expected.
pub(crate) async fn play(scenario: &Scenario) {
    let stage = Stage::build(scenario).await;
    stage.load().await;
    let mut player = Player {
        stage,
        then: HashMap::new(),
    };
    for (number, step) in scenario.steps.iter().enumerate() {
        let what = format!("{}: step {}: {step:?}", scenario.about, number + 1);
        player.step(step, &what).await;
    }
    let Stage { fleet, sim, .. } = player.stage;
    let ended = timeout(SOON, fleet.stop()).await;
    assert!(ended.is_ok(), "{}: the fleet does not stop", scenario.about);
    assert!(sim.stop().await, "{}: a connection stays", scenario.about);
}

impl Player {
    /// A port that was closed is open again a moment after its fault is gone.
    async fn listens(&self, name: &str) {
        let port = self.stage.sim.port(name).expect("a node of the simulation");
        let open = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        timeout(SOON, open).await.expect("the port opens");
    }

    async fn step(&mut self, step: &Step, what: &str) {
        match step {
            Step::Fault { nodes, is } => {
                for name in names(nodes) {
                    let set = self.stage.sim.set_fault(&name, *is);
                    set.expect("a fault that this node can have");
                    if matches!(is, Fault::None) {
                        self.listens(&name).await;
                    }
                }
            }
            Step::Expect(expect) => self.comes_true(expect, what).await,
            Step::Holds(expect) => self.holds(expect, what).await,
            Step::Answer { node, yes } => self.answer(node, *yes, what).await,
            Step::Inventory(change) => {
                self.stage.change(change);
                self.stage.load().await;
            }
            Step::Retry { nodes } => {
                let nodes = names(nodes).iter().map(|n| NodeId::new(n)).collect();
                self.order(Order::Retry(nodes)).await;
            }
            Step::Remember { nodes } => self.remember(nodes),
            Step::Cadence { nodes, lasts, gap } => self.cadence(nodes, *lasts, *gap, what).await,
            Step::Remembered { is } => {
                let known = fs::read_to_string(&self.stage.known_hosts).unwrap_or_default();
                assert_eq!(!known.is_empty(), *is, "{what}");
            }
        }
    }

    async fn order(&self, order: Order) {
        let sent = self.stage.fleet.orders().send(order).await;
        assert!(sent.is_ok(), "the fleet is gone");
    }

    /// Asks `done` of each snapshot, and now and then without one; the last complaint where time is over first.
    async fn watch(
        &self,
        lasts: Duration,
        mut done: impl FnMut(&Snapshot, Millis) -> Result<bool, String>,
    ) -> Result<(), String> {
        let end = tokio::time::Instant::now() + lasts;
        let mut snapshots = self.stage.fleet.snapshots();
        loop {
            let snapshot = snapshots.borrow_and_update().clone();
            let verdict = done(&snapshot, self.stage.fleet.clock().now());
            if matches!(verdict, Ok(true)) {
                return Ok(());
            }
            if tokio::time::Instant::now() >= end {
                return verdict.map(drop);
            }
            let next = end.min(tokio::time::Instant::now() + LOOK);
            let _nothing_new = timeout_at(next, snapshots.changed()).await;
        }
    }

    async fn comes_true(&self, expect: &Expect, what: &str) {
        let within = Duration::from_secs_f64(expect.within);
        let all = names(&expect.nodes);
        let started = Instant::now();
        let came = self
            .watch(within, |snapshot, now| {
                self.check_all(&all, expect, snapshot, now).map(|()| true)
            })
            .await;
        let took = started.elapsed();
        assert!(came.is_ok(), "{what}\n  after {took:?}: {came:?}");
    }

    async fn holds(&self, expect: &Expect, what: &str) {
        let all = names(&expect.nodes);
        let mut broken = None;
        let lasts = Duration::from_secs_f64(expect.within);
        let _lasted = self
            .watch(lasts, |snapshot, now| {
                broken = self.check_all(&all, expect, snapshot, now).err();
                Ok(broken.is_some())
            })
            .await;
        assert!(broken.is_none(), "{what}\n  {broken:?}");
    }

    fn check_all(
        &self,
        names: &[String],
        expect: &Expect,
        snapshot: &Snapshot,
        now: Millis,
    ) -> Result<(), String> {
        let states: BTreeMap<&str, &NodeState> = snapshot
            .nodes
            .iter()
            .map(|n| (n.node.id.as_str(), n.as_ref()))
            .collect();
        for name in names {
            match states.get(name.as_str()) {
                None if expect.gone => {}
                Some(state) if !expect.gone => {
                    let then = self.then.get(name);
                    check(expect, state, then, now).map_err(|why| describe(&why, state, now))?;
                }
                found => return Err(format!("{name}: present: {}", found.is_some())),
            }
        }
        Ok(())
    }

    async fn answer(&self, node: &str, yes: bool, what: &str) {
        let answer = if yes { Answer::Yes } else { Answer::No };
        let mut prompts = self.stage.fleet.prompts();
        let is_asked = |all: &Arc<Vec<sshoal::ssh::Prompt>>| {
            all.iter().any(|prompt| prompt.node.as_str() == node)
        };
        let id = {
            let asked = timeout(SOON, prompts.wait_for(is_asked)).await;
            let asked = asked.expect(what).expect(what);
            let mut asked = asked.iter();
            asked.find(|p| p.node.as_str() == node).map(|p| p.id)
        };
        self.order(Order::Answer(id.expect(what), answer)).await;
        let answered = prompts.wait_for(|all| !is_asked(all));
        let withdrawn = timeout(SOON, answered).await;
        assert!(withdrawn.is_ok(), "{what}: still asked");
    }

    fn remember(&mut self, nodes: &str) {
        let snapshot = self.stage.fleet.snapshots().borrow().clone();
        for name in names(nodes) {
            let state = snapshot.node(&name).expect("a node of the fleet");
            let then = Then {
                session: session(state),
                link_since: state.link_since,
                sample_at: state.sample_at,
            };
            self.then.insert(name, then);
        }
    }

    async fn cadence(&self, nodes: &str, lasts: f64, gap: f64, what: &str) {
        let all = names(nodes);
        let gap = (gap * 1e3) as u64;
        let mut worst = None;
        let _over = self
            .watch(Duration::from_secs_f64(lasts), |snapshot, now| {
                let late = |name: &&String| {
                    let state = snapshot.node(name);
                    state.is_none_or(|s| s.sample.is_none() || now.since(s.sample_at) > gap)
                };
                worst = all.iter().find(late).cloned();
                Ok(worst.is_some())
            })
            .await;
        assert!(worst.is_none(), "{what}\n  {worst:?} is late");
    }
}

fn session(state: &NodeState) -> Option<Arc<SessionInfo>> {
    match &state.link {
        Link::Up(info) => Some(info.clone()),
        _ => None,
    }
}

fn describe(why: &str, state: &NodeState, now: Millis) -> String {
    format!(
        "{}: {why}; it is {} for {} ms, {:?}, {:?}, because: {}",
        state.node.id,
        state.state_word(now),
        now.since(state.link_since),
        state.status(now),
        state.sampler,
        state.reason(),
    )
}

/// Everything that is said has to be so; what isn't, otherwise.
fn check(
    expect: &Expect,
    state: &NodeState,
    then: Option<&Then>,
    now: Millis,
) -> Result<(), String> {
    let mut faults = Vec::new();
    let mut want = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    let word = |wanted: &Option<String>, found: String| {
        wanted.as_ref().is_none_or(|wanted| *wanted == found)
    };
    want(
        word(&expect.state, state.state_word(now).to_owned()),
        "state",
    );
    want(
        word(&expect.status, format!("{:?}", state.status(now))),
        "status",
    );
    want(
        word(&expect.sampler, sampler(&state.sampler).to_owned()),
        "sampler",
    );
    let reason = state.reason();
    for part in &expect.reason {
        want(reason.contains(part), &format!("reason without `{part}`"));
    }
    for (fields, there) in [(&expect.has, true), (&expect.lacks, false)] {
        for field in fields {
            let known = metrics::field(field).expect("a field");
            want(state.value(known).is_some() == there, field);
        }
    }
    let link = &state.link;
    let failed = matches!(link, Link::Down { failures, .. } if Some(*failures) >= expect.failures);
    want(expect.failures.is_none() || failed, "failures");
    want(
        expect.complete.is_none_or(|c| c == state.complete),
        "completeness",
    );
    let long = expect.round_trip;
    want(long.is_none() || state.round_trip_ms >= long, "round trip");
    if let Some(then) = then {
        let same = then.link_since == state.link_since;
        want(expect.same_link.is_none_or(|s| s == same), "link");
        let fresh = state.sample.is_some() && state.sample_at > then.sample_at;
        want(!expect.fresh || fresh, "fresh sample");
        let same = same_session(then.session.as_ref(), session(state).as_ref());
        want(expect.same_session.is_none_or(|s| s == same), "session");
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(format!("not so: {}", faults.join(", ")))
    }
}

fn same_session(then: Option<&Arc<SessionInfo>>, now: Option<&Arc<SessionInfo>>) -> bool {
    then.zip(now).is_some_and(|(a, b)| Arc::ptr_eq(a, b))
}

fn sampler(sampler: &Sampler) -> &'static str {
    match sampler {
        Sampler::Off => "Off",
        Sampler::Starting => "Starting",
        Sampler::Running(_) => "Running",
        Sampler::Failed(_) => "Failed",
    }
}
