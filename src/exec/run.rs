//! A command on many nodes: connects, runs, retries and stops as the schedule says, and tells of each step.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    task::{AbortHandle, Id, JoinError, JoinSet},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    Control, Event, NodeResult, Outcome,
    one::{Done, One},
    plan::Plan,
    schedule::{Schedule, Step},
};
use crate::{
    node::{Node, Transport, text::SafeText},
    ssh::{Connector, Error, Session},
};

/// When more nodes may connect, after the first one has begun to.
const WIDEN: [Duration; 2] = [Duration::from_millis(40), Duration::from_millis(150)];

/// How long the first nodes run before the others.
const AHEAD: Duration = Duration::from_millis(5);

/// Before the second attempt; twice as long before each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Never longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What a run has come to.
#[derive(Clone, Debug)]
pub struct Finished {
    /// One for each node, in the plan's order.
    pub results: Vec<Arc<NodeResult>>,
    /// Why it stopped early by itself.
    pub aborted: Option<SafeText>,
    /// Somebody cancelled it.
    pub cancelled: bool,
}

/// Runs the plan to its end. Every node has a result, whatever happens; an event that finds no reader waits for one.
pub async fn run(
    plan: Arc<Plan>,
    connector: Connector,
    control: Control,
    events: mpsc::Sender<Event>,
) -> Finished {
    let nodes = plan.jobs.len();
    let run = Run {
        schedule: Schedule::new(nodes, &plan.options),
        shared: Arc::new(Shared {
            plan,
            connector,
            control,
            events,
        }),
        connects: JoinSet::new(),
        runs: JoinSet::new(),
        places: HashMap::new(),
        reins: HashMap::new(),
        cancelled: 0,
        open: HashMap::new(),
        results: vec![None; nodes],
        aborted: None,
        has_stopped: false,
        began: (None, None),
    };
    run.finish().await
}

/// What all tasks of a run see.
struct Shared {
    plan: Arc<Plan>,
    connector: Connector,
    control: Control,
    events: mpsc::Sender<Event>,
}

/// How one node is given up.
enum Rein {
    Connecting(AbortHandle),
    Running(CancellationToken),
}

/// A connection, and the attempts that it took.
struct Open {
    session: Session,
    attempts: u32,
}

/// Or why there is none, and the attempts that it took.
type Connected = Result<Open, (Error, u32)>;

struct Run {
    schedule: Schedule,
    shared: Arc<Shared>,
    connects: JoinSet<(usize, Connected)>,
    runs: JoinSet<(usize, NodeResult)>,
    /// Whose task it is, and how to give it up.
    places: HashMap<Id, usize>,
    /// To give up one node: its connection, or its command.
    reins: HashMap<usize, Rein>,
    /// How many of the nodes that are cancelled alone were looked at.
    cancelled: usize,
    open: HashMap<usize, Open>,
    results: Vec<Option<Arc<NodeResult>>>,
    aborted: Option<SafeText>,
    has_stopped: bool,
    /// When the first connect and the first command began.
    began: (Option<Instant>, Option<Instant>),
}

impl Run {
    async fn finish(mut self) -> Finished {
        while !self.schedule.is_done() {
            while let Some(step) = self.schedule.step() {
                self.begin(step);
            }
            let control = self.shared.control.clone();
            let (connects_at, runs_at) = self.ahead();
            tokio::select! {
                biased;
                () = until(connects_at) => self.schedule.widen(),
                () = until(runs_at) => self.schedule.open_runs(),
                () = control.stopped(), if !self.has_stopped => self.stop(CANCELLED).await,
                places = control.next_nodes(self.cancelled) => self.cancel(places).await,
                Some(done) = self.runs.join_next_with_id() => self.ran(done).await,
                Some(done) = self.connects.join_next_with_id() => self.connected(done).await,
            }
        }
        self.connects.shutdown().await;
        let aborted = self.aborted.or(self.shared.control.reason().cloned());
        Finished {
            results: self.results.into_iter().flatten().collect(),
            cancelled: aborted.is_none() && self.shared.control.is_stopping(),
            aborted,
        }
    }

    /// When more may connect, and when the others run, where only the first may so far.
    fn ahead(&self) -> (Option<Instant>, Option<Instant>) {
        let (stage, is_open) = self.schedule.is_open();
        let after = |since: Option<Instant>, time: &Duration| since.map(|since| since + *time);
        let connects = WIDEN.get(stage).and_then(|time| after(self.began.0, time));
        let runs = (!is_open).then_some(&AHEAD);
        (connects, runs.and_then(|time| after(self.began.1, time)))
    }

    fn begin(&mut self, step: Step) {
        let since = match step {
            Step::Connect(_) => &mut self.began.0,
            Step::Run(_) => &mut self.began.1,
        };
        since.get_or_insert_with(Instant::now);
        let shared = Arc::clone(&self.shared);
        let (place, task, rein) = match step {
            Step::Connect(place) => {
                let task = async move { (place, shared.connect(place).await) };
                // In a box: tokio moves a whole task when it begins and when it ends.
                let task = self.connects.spawn(Box::pin(task));
                (place, task.id(), Rein::Connecting(task))
            }
            Step::Run(place) => {
                let Some(open) = self.open.remove(&place) else {
                    return;
                };
                let (control, token) = shared.control.of_one();
                let task = async move { (place, shared.execute(place, open, &control).await) };
                let task = self.runs.spawn(Box::pin(task));
                (place, task.id(), Rein::Running(token))
            }
        };
        self.places.insert(task, place);
        self.reins.insert(place, rein);
    }

    /// Gives up these nodes and no others.
    async fn cancel(&mut self, places: Vec<usize>) {
        self.cancelled += places.len();
        for place in places {
            match self.reins.get(&place) {
                // Its task tells how it ended.
                Some(Rein::Running(token)) => {
                    token.cancel();
                    continue;
                }
                Some(Rein::Connecting(task)) => task.abort(),
                None => {}
            }
            self.open.remove(&place);
            if place < self.results.len() && !self.has_result(place) {
                let outcome = Outcome::Skipped(CANCELLED.into());
                let result = self.shared.without_run(place, outcome, 0);
                self.end(place, result).await;
            }
        }
    }

    async fn connected(&mut self, done: Joined<Connected>) {
        match self.settle(done) {
            (Some(place), _) if self.has_result(place) => {}
            (Some(place), Some(Ok(open))) if !self.has_stopped => {
                self.open.insert(place, open);
                self.schedule.connected(place);
            }
            (Some(place), Some(Err((error, attempts)))) if !self.has_stopped => {
                let result = self.shared.refused(place, &error, attempts);
                self.end(place, result).await;
            }
            (Some(place), None) if !self.has_stopped => self.broken(place).await,
            // It was stopped meanwhile, and has its result.
            _ => {}
        }
    }

    async fn ran(&mut self, done: Joined<NodeResult>) {
        match self.settle(done) {
            (Some(place), Some(result)) => self.end(place, result).await,
            (Some(place), None) => self.broken(place).await,
            (None, _) => {}
        }
    }

    /// Whose task it was and what came of it: nothing of one that broke.
    fn settle<T>(&mut self, done: Joined<T>) -> (Option<usize>, Option<T>) {
        let (id, result) = match done {
            Ok((id, (_, result))) => (id, Some(result)),
            Err(error) => {
                if error.is_panic() {
                    tracing::error!(%error, "a part of a run broke");
                }
                (error.id(), None)
            }
        };
        (self.places.remove(&id), result)
    }

    async fn broken(&mut self, place: usize) {
        let outcome = Outcome::Unknown("an internal error; the log says more".into());
        let result = self.shared.without_run(place, outcome, 0);
        self.end(place, result).await;
    }

    fn has_result(&self, place: usize) -> bool {
        self.results.get(place).is_some_and(Option::is_some)
    }

    async fn end(&mut self, place: usize, result: NodeResult) {
        self.reins.remove(&place);
        let stops = self.schedule.ended(place, &result.outcome);
        let result = Arc::new(result);
        if let Some(slot) = self.results.get_mut(place) {
            *slot = Some(Arc::clone(&result));
        }
        self.shared.tell(Event::Ended(place, result)).await;
        if stops {
            let why = "stopped after a failure (--strategy)";
            self.aborted = Some(why.into());
            Box::pin(self.stop(why)).await;
        }
    }

    /// No node begins any more.
    async fn stop(&mut self, why: &str) {
        self.has_stopped = true;
        self.connects.abort_all();
        self.open.clear();
        let why = self.shared.control.reason().cloned().unwrap_or(why.into());
        self.shared.tell(Event::Stopped(why.clone())).await;
        for place in self.schedule.stop() {
            let outcome = Outcome::Skipped(why.clone());
            let result = self.shared.without_run(place, outcome, 0);
            self.end(place, result).await;
        }
    }
}

const CANCELLED: &str = "cancelled before it began";

type Joined<T> = Result<(Id, (usize, T)), JoinError>;

impl Shared {
    async fn tell(&self, event: Event) {
        // Nobody listening any more changes nothing here.
        let _ = self.events.send(event).await;
    }

    /// Connects, and tries again as often as is wanted, where that may help.
    async fn connect(&self, place: usize) -> Connected {
        self.tell(Event::Connecting(place)).await;
        let Some(job) = self.plan.jobs.get(place) else {
            return Err((nowhere(), 0));
        };
        let node = self.reached(&job.node);
        let mut pause = FIRST_PAUSE;
        let mut attempts = 1;
        loop {
            let started = Instant::now();
            let connected = if self.plan.options.is_bulk {
                self.connector.connect_bulk(&node).await
            } else {
                self.connector.connect(&node).await
            };
            let connected = connected.map_err(|error| self.named(error, started.elapsed()));
            match connected {
                Ok(session) => return Ok(Open { session, attempts }),
                Err(error) if error.permanent || attempts > self.plan.options.retries => {
                    return Err((error, attempts));
                }
                Err(error) => self.tell(Event::Retrying(place, error.reason)).await,
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            attempts += 1;
        }
    }

    /// The failure with the option by which it came so soon, where it did.
    fn named(&self, error: Error, took: Duration) -> Error {
        let limit = self.plan.options.connect_timeout;
        let Some(limit) = limit.filter(|limit| took >= *limit) else {
            return error;
        };
        let limit = format!("{} s", limit.as_secs_f32());
        // A refusal after a long wait for a turn was not by this.
        if !error.reason.as_str().contains(&limit) {
            return error;
        }
        let reason = format!("{} (--connect-timeout {limit})", error.reason);
        Error {
            reason: reason.as_str().into(),
            ..error
        }
    }

    /// The node with the time to connect that this run gives it.
    fn reached(&self, node: &Arc<Node>) -> Arc<Node> {
        match self.plan.options.connect_timeout {
            None => Arc::clone(node),
            Some(limit) => Arc::new(Node {
                connect_timeout: Some(limit),
                ..Node::clone(node)
            }),
        }
    }

    async fn execute(&self, place: usize, open: Open, control: &Control) -> NodeResult {
        let Some(job) = self.plan.jobs.get(place) else {
            return self.refused(place, &nowhere(), 0);
        };
        let Open {
            mut session,
            mut attempts,
        } = open;
        loop {
            self.tell(Event::Began(place)).await;
            let one = One {
                place,
                job,
                options: &self.plan.options,
                session: &session,
                control,
                events: &self.events,
            };
            let done = one.run().await;
            let is_lost = matches!(done.outcome, Outcome::Lost(_));
            let again = is_lost && self.plan.options.is_idempotent && !control.is_stopping();
            if !again || attempts > self.plan.options.retries.max(1) {
                let transport = session.info().transport;
                return self.result(place, done, attempts, Some(transport));
            }
            let why = SafeText::from(done.outcome.reason());
            self.tell(Event::Retrying(place, why)).await;
            attempts += 1;
            session = match self.connect(place).await {
                Ok(open) => open.session,
                Err(_) => return self.result(place, done, attempts, None),
            };
        }
    }

    fn result(
        &self,
        place: usize,
        done: Done,
        attempts: u32,
        transport: Option<Transport>,
    ) -> NodeResult {
        NodeResult {
            outcome: done.outcome,
            stdout: done.stdout,
            stderr: done.stderr,
            duration: done.duration,
            transport,
            left: done.left,
            ..self.without_run(place, Outcome::Ok, attempts)
        }
    }

    fn refused(&self, place: usize, error: &Error, attempts: u32) -> NodeResult {
        let why = error.to_string();
        self.without_run(place, Outcome::Refused(why.as_str().into()), attempts)
    }

    fn without_run(&self, place: usize, outcome: Outcome, attempts: u32) -> NodeResult {
        let job = self.plan.jobs.get(place);
        let node = job.map_or_else(|| Node::blank("").id, |job| job.node.id.clone());
        NodeResult::without_run(&node, outcome, attempts)
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Never met: places come from the plan.
fn nowhere() -> Error {
    Error::new(crate::ssh::Step::Config, Transport::Direct, "no such node")
}
