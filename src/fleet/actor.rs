//! The one task that owns all node state: takes reports and orders, publishes snapshots.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, interval, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    Link, Millis, NodeState, Order, Sampler, Snapshot,
    clock::Clock,
    event::{News, Report},
    inquiry::Inquirer,
    poller::{Poller, Wish},
    questions::Questions,
    supervise::Supervisor,
};
use crate::{
    inventory::Inventory,
    metrics::health::{Severity, Tracker},
    node::{Interval, Node, NodeId},
    ssh::{Answer, Asked, Connector, PromptId, Row},
};

/// Snapshots are at least this far apart.
const PUBLISH_EVERY: Duration = Duration::from_millis(100);
/// Reports that may wait; a full queue makes the pollers wait.
const REPORTS: usize = 1024;
/// The cadence of a node that is looked at or in trouble.
const FOCUSED_MS: u64 = 1_000;

/// Nodes that were lost within this time of each other were lost together.
const TOGETHER_MS: u64 = 30_000;
/// One that is back rouses the others no more often.
const ROUSE_EVERY_MS: u64 = 5_000;

/// The channels to the outside.
pub(super) struct Outside {
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) asked: mpsc::Receiver<Asked>,
    pub(super) progress: mpsc::Receiver<NodeId>,
    pub(super) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(super) cancel: CancellationToken,
}

/// The owner.
pub(super) struct Actor {
    clock: Clock,
    connector: Connector,
    outside: Outside,
    reports: mpsc::Receiver<Report>,
    report_to: mpsc::Sender<Report>,
    snapshot: Snapshot,
    places: HashMap<NodeId, usize>,
    pollers: HashMap<NodeId, Handle>,
    tasks: JoinSet<NodeId>,
    questions: Questions,
    supervisor: Supervisor,
    inquirer: Inquirer,
    focus: Option<NodeId>,
    /// Pollers started so far.
    generation: u64,
    /// Asks the pool for its table, while somebody looks at it.
    tables: JoinSet<Vec<Row>>,
    /// Somebody looks at the connections.
    connections: bool,
    /// When nodes that were lost with another one were last tried because that one came back.
    roused: Option<Millis>,
    /// When to publish what has changed.
    publish_at: Option<Instant>,
    published: Option<Instant>,
}

/// A running poller.
struct Handle {
    generation: u64,
    wish: watch::Sender<Wish>,
    cancel: CancellationToken,
    tracker: Tracker,
}

impl Actor {
    pub(super) fn new(
        clock: Clock,
        connector: Connector,
        outside: Outside,
        (questions, supervisor, inquirer): (Questions, Supervisor, Inquirer),
    ) -> Self {
        let (report_to, reports) = mpsc::channel(REPORTS);
        Self {
            clock,
            connector,
            outside,
            reports,
            report_to,
            snapshot: Snapshot::default(),
            places: HashMap::new(),
            pollers: HashMap::new(),
            tasks: JoinSet::new(),
            questions,
            supervisor,
            inquirer,
            focus: None,
            generation: 0,
            tables: JoinSet::new(),
            connections: false,
            roused: None,
            publish_at: None,
            published: None,
        }
    }

    /// Until cancelled; then every poller is ended and joined.
    pub(super) async fn run(mut self) {
        let cancel = self.outside.cancel.clone();
        let mut upkeep = interval(Duration::from_secs(1));
        loop {
            let publish_at = self.publish_at;
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                Some(order) = self.outside.orders.recv() => match order {
                    // Its owner only waits for requests: this takes no time.
                    Order::Forget => self.connector.forget_secrets().await,
                    order => self.obey(order),
                },
                Some(asked) = self.outside.asked.recv() => self.ask(asked),
                Some(id) = self.outside.progress.recv() => self.note(&id, News::Authenticating),
                () = until(publish_at) => self.publish(),
                Some(report) = self.reports.recv() => self.hear(report),
                Some(ended) = self.tasks.join_next() => note_end(&ended),
                () = self.supervisor.changed() => self.changed(),
                () = self.inquirer.changed() => self.changed(),
                Some(Ok(table)) = self.tables.join_next() => self.show_connections(table),
                _ = upkeep.tick() => {
                    self.questions.withdraw_stale();
                    self.ask_for_connections();
                }
            }
        }
        self.supervisor.stop().await;
        self.inquirer.stop().await;
        self.tasks.shutdown().await;
        self.tables.shutdown().await;
        self.connector.close().await;
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Inventory(inventory) => self.adopt(inventory),
            Order::Notice(notice) => self.snapshot.notice = notice,
            Order::Focus(focus) => self.refocus(focus),
            Order::Retry(nodes) => nodes.iter().for_each(|id| self.retry(id)),
            Order::Connections(is_wanted) => self.look_at_connections(is_wanted),
            Order::Answer(id, answer) => self.answer(id, &answer),
            Order::Run(order) => self.supervisor.start(order),
            Order::CancelRun(run, what) => self.supervisor.cancel(run, what),
            Order::ForgetRun(run) => self.supervisor.forget(run),
            Order::SaveRun(run) => self.supervisor.save(run),
            Order::Follow(order) => self.supervisor.logs.follow(order),
            Order::Unfollow(order) => self.supervisor.logs.unfollow(&order),
            Order::SaveLines(order, lines) => self.supervisor.logs.save(&order, lines),
            Order::Roll(wish) => self.supervisor.rolls.start(wish),
            Order::SteerRoll(id, note) => self.supervisor.rolls.steer(&id, note),
            Order::ForgetRoll(id) => self.supervisor.rolls.forget(&id),
            Order::Inquire(inquiry) => self.inquirer.start(inquiry),
            Order::Forget => return,
        }
        self.changed();
    }

    /// Nodes that stay as they are keep their connection and their history; of others those at the same address keep the latter.
    fn adopt(&mut self, inventory: Arc<Inventory>) {
        self.connector
            .hold_back(inventory.nodes.iter().map(AsRef::as_ref));
        let mut old: HashMap<NodeId, Arc<NodeState>> = self
            .snapshot
            .nodes
            .drain(..)
            .map(|state| (state.node.id.clone(), state))
            .collect();
        self.places.clear();
        for node in &inventory.nodes {
            let state = match old.remove(&node.id) {
                Some(state) if is_reached_alike(&state.node, node) => with_entry(state, node),
                before => {
                    self.stop(&node.id);
                    let before = before.filter(|state| is_same_machine(&state.node, node));
                    let history = before.map(|state| state.history.clone());
                    Arc::new(NodeState {
                        history: history.unwrap_or_default(),
                        ..NodeState::new(node.clone())
                    })
                }
            };
            self.places
                .insert(node.id.clone(), self.snapshot.nodes.len());
            self.snapshot.nodes.push(state);
        }
        for gone in old.keys() {
            self.stop(gone);
        }
        self.snapshot.inventory = inventory;
        self.start_missing();
        self.send_wishes();
        self.questions.show();
    }

    fn stop(&mut self, id: &NodeId) {
        if let Some(poller) = self.pollers.remove(id) {
            poller.cancel.cancel();
            self.questions.forget(id);
        }
    }

    fn start_missing(&mut self) {
        let missing: Vec<Arc<Node>> = self
            .snapshot
            .inventory
            .nodes
            .iter()
            .filter(|n| !self.pollers.contains_key(&n.id))
            .cloned()
            .collect();
        for node in missing {
            self.start(node);
        }
    }

    fn start(&mut self, node: Arc<Node>) {
        self.generation += 1;
        let id = node.id.clone();
        let cancel = self.outside.cancel.child_token();
        let (wish, wishes) = watch::channel(self.wish_for(&node, None, Wish::default()));
        let poller = Poller {
            node,
            generation: self.generation,
            connector: self.connector.clone(),
            reports: self.report_to.clone(),
            wish: wishes,
            clock: self.clock,
            cancel: cancel.clone(),
        };
        self.pollers.insert(
            id.clone(),
            Handle {
                generation: self.generation,
                wish,
                cancel,
                tracker: Tracker::default(),
            },
        );
        self.tasks.spawn(async move {
            Box::pin(poller.run()).await;
            id
        });
    }

    fn wish_for(&self, node: &Node, state: Option<&NodeState>, before: Wish) -> Wish {
        let focused = self.focus.as_ref() == Some(&node.id);
        let firing = state.is_some_and(|s| s.health.severity() >= Severity::Warn);
        let normal = match node.interval {
            Interval::Every(time) => time.as_millis() as u64,
            Interval::Auto => automatic_interval_ms(self.snapshot.inventory.nodes.len()),
        };
        let interval_ms = if focused || firing {
            normal.min(FOCUSED_MS)
        } else {
            normal
        };
        Wish {
            interval_ms,
            per_core: focused,
            ..before
        }
    }

    fn send_wishes(&self) {
        for state in &self.snapshot.nodes {
            self.send_wish(state, 0);
        }
    }

    fn send_wish(&self, state: &NodeState, more_retries: u32) {
        let Some(poller) = self.pollers.get(&state.node.id) else {
            return;
        };
        let mut wish = *poller.wish.borrow();
        wish.retries += more_retries;
        let wish = self.wish_for(&state.node, Some(state), wish);
        poller
            .wish
            .send_if_modified(|old| std::mem::replace(old, wish) != wish);
    }

    fn refocus(&mut self, focus: Option<NodeId>) {
        let before = std::mem::replace(&mut self.focus, focus);
        for id in [before, self.focus.clone()].into_iter().flatten() {
            if let Some(state) = self.state(&id) {
                self.send_wish(state, 0);
            }
        }
    }

    fn retry(&mut self, id: &NodeId) {
        let Some(state) = self.state(id) else { return };
        let is_lost = matches!(state.link, Link::Down { .. } | Link::Refused(_));
        if is_lost || matches!(state.sampler, Sampler::Failed(_)) {
            self.send_wish(state, 1);
        }
    }

    fn look_at_connections(&mut self, is_wanted: bool) {
        self.connections = is_wanted;
        self.snapshot.connections = None;
        self.ask_for_connections();
    }

    fn ask_for_connections(&mut self) {
        if self.connections && self.tables.is_empty() {
            let connector = self.connector.clone();
            self.tables.spawn(async move { connector.table().await });
        }
    }

    fn show_connections(&mut self, table: Vec<Row>) {
        if self.connections {
            self.snapshot.connections = Some(Arc::new(table));
            self.changed();
        }
    }

    fn state(&self, id: &NodeId) -> Option<&NodeState> {
        self.snapshot
            .nodes
            .get(*self.places.get(id)?)
            .map(Arc::as_ref)
    }

    fn hear(&mut self, report: Report) {
        let poller = self.pollers.get(&report.node);
        if poller.is_some_and(|poller| poller.generation == report.generation) {
            self.note(&report.node, report.news);
        }
    }

    fn note(&mut self, id: &NodeId, news: News) {
        let now = self.clock.now();
        let Some(place) = self.places.get(id) else {
            return;
        };
        let Some(poller) = self.pollers.get_mut(id) else {
            return;
        };
        let Some(state) = self.snapshot.nodes.get_mut(*place) else {
            return;
        };
        let tracker = &mut poller.tracker;
        let before = state.health.severity();
        let lost = lost_since(state).filter(|_| matches!(news, News::Up(_)));
        Arc::make_mut(state).apply(news, now, |sample| tracker.judge(now.0, sample));
        let state = state.clone();
        if state.health.severity() != before {
            self.send_wish(&state, 0);
        }
        if let Some(since) = lost {
            self.rouse(since, now);
        }
        self.changed();
    }

    /// A node is back: those that were lost at about the same time, by the same cause most likely, are tried now.
    fn rouse(&mut self, since: Millis, now: Millis) {
        if self.roused.is_some_and(|at| now.since(at) < ROUSE_EVERY_MS) {
            return;
        }
        self.roused = Some(now);
        let together = |at: Millis| at.0.abs_diff(since.0) < TOGETHER_MS;
        let lost = |state: &&Arc<NodeState>| lost_since(state).is_some_and(together);
        let lost = self.snapshot.nodes.iter().filter(lost);
        let pollers = lost.filter_map(|state| self.pollers.get(&state.node.id));
        let pollers: Vec<&Handle> = pollers.collect();
        for poller in &pollers {
            let count = pollers.len();
            let call = |wish: &mut Wish| wish.roused = wish.roused.again(count);
            poller.wish.send_modify(call);
        }
    }

    fn ask(&mut self, asked: Asked) {
        if let Some(node) = self.questions.ask(asked) {
            self.note(&node, News::Asking);
        }
    }

    fn answer(&mut self, id: PromptId, answer: &Answer) {
        for node in self.questions.answer(id, answer) {
            self.note(&node, News::Connecting);
        }
    }

    fn changed(&mut self) {
        let soonest = self.published.map(|at| at + PUBLISH_EVERY);
        self.publish_at
            .get_or_insert_with(|| soonest.unwrap_or_else(Instant::now));
    }

    fn publish(&mut self) {
        self.publish_at = None;
        self.published = Some(Instant::now());
        self.snapshot.seq += 1;
        self.snapshot.at = self.clock.now();
        self.snapshot.runs = self.supervisor.runs();
        self.snapshot.logs = self.supervisor.logs.all();
        self.snapshot.rolls = self.supervisor.rolls.all();
        self.snapshot.answers = self.inquirer.answers();
        self.outside
            .snapshots
            .send_replace(Arc::new(self.snapshot.clone()));
    }
}

/// True when a connection to `old`, and what is measured over it, is as good for `new`.
fn is_reached_alike(old: &Node, new: &Node) -> bool {
    let unfelt = new.clone();
    let felt = Node {
        interval: unfelt.interval,
        command_timeout: unfelt.command_timeout,
        prelude: unfelt.prelude,
        sudo: unfelt.sudo,
        protected: unfelt.protected,
        labels: unfelt.labels,
        groups: unfelt.groups,
        origins: unfelt.origins,
        ..old.clone()
    };
    felt == *new
}

/// True when what was measured of `old` is of the machine that `new` means.
fn is_same_machine(old: &Node, new: &Node) -> bool {
    let place = |node: &Node| (node.address.clone(), node.port, node.route.clone());
    place(old) == place(new)
}

/// Since when a node that is tried again is lost.
fn lost_since(state: &NodeState) -> Option<Millis> {
    matches!(state.link, Link::Down { .. }).then_some(state.link_since)
}

/// The same state with the newest entry.
fn with_entry(mut state: Arc<NodeState>, node: &Arc<Node>) -> Arc<NodeState> {
    if state.node != *node {
        Arc::make_mut(&mut state).node = node.clone();
    }
    state
}

/// 1 s to 50 nodes, 2 s to 200, 5 s beyond: the fleet's cost stays nearly flat.
fn automatic_interval_ms(nodes: usize) -> u64 {
    match nodes {
        0..=50 => 1_000,
        51..=200 => 2_000,
        _ => 5_000,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn note_end(ended: &Result<NodeId, tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a poller ended by itself");
    }
}
