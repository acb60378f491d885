//! Who may connect and who may run next: fan-out, batches, strategies. Pure.

use std::collections::BTreeSet;

use super::{
    Outcome,
    plan::{Options, Strategy},
};

/// Nodes that are connected to at once. Apart from the fan-out, so that dead nodes hold no place in it.
const CONNECTING: usize = 128;

/// Nodes that connect at first, a little later, and then. Servers that share a machine share its processors: begun all at
/// once, they would all be done late, and nobody would see anything before.
const STAGES: [usize; 3] = [2, 4, CONNECTING];

/// Nodes that run ahead of the others, for the same reason.
const AHEAD: usize = 4;

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Waiting,
    Connecting,
    Connected,
    Running,
    Ended,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Connect to this node.
    Connect(usize),
    /// Run on this node, to which there is a connection.
    Run(usize),
}

/// The state of a run.
#[derive(Clone, Debug)]
pub struct Schedule {
    phases: Vec<Phase>,
    fanout: usize,
    batch: usize,
    strategy: Strategy,
    failures: usize,
    /// How far the others may connect, of [`STAGES`].
    stage: usize,
    /// All may run, and not only the first.
    is_open: bool,
    /// Connected nodes: the first of the selection runs first.
    ready: BTreeSet<usize>,
    /// The first node that was not looked at yet.
    next: usize,
    /// All before this one have ended.
    first: usize,
    connecting: usize,
    running: usize,
    ended: usize,
    stopped: bool,
}

impl Schedule {
    /// For so many nodes.
    pub fn new(nodes: usize, options: &Options) -> Self {
        Self {
            phases: vec![Phase::Waiting; nodes],
            fanout: options.fanout.max(1),
            batch: options.batches.size(nodes),
            strategy: options.strategy,
            failures: 0,
            stage: 0,
            is_open: false,
            ready: BTreeSet::new(),
            next: 0,
            first: 0,
            connecting: 0,
            running: 0,
            ended: 0,
            stopped: false,
        }
    }

    /// The next thing to do, which counts as begun; nothing until something ends.
    pub fn step(&mut self) -> Option<Step> {
        if self.stopped {
            return None;
        }
        let most_running = if self.is_open { self.fanout } else { AHEAD };
        if self.running < self.fanout.min(most_running)
            && let Some(node) = self.ready.pop_first()
        {
            self.running += 1;
            self.set(node, Phase::Running);
            return Some(Step::Run(node));
        }
        // No more than can run are connected beforehand, however many are silent.
        let most = STAGES.get(self.stage).copied().unwrap_or(CONNECTING);
        let is_wanted = self.connecting < most && self.ready.len() < self.fanout;
        let end = self.batch_end();
        // One that was cancelled alone has ended before its turn.
        while self.phases.get(self.next) == Some(&Phase::Ended) {
            self.next += 1;
        }
        if !is_wanted || self.next >= end {
            return None;
        }
        let node = self.next;
        self.next += 1;
        self.connecting += 1;
        self.set(node, Phase::Connecting);
        Some(Step::Connect(node))
    }

    /// The first have had their time: more may connect.
    pub fn widen(&mut self) {
        self.stage += 1;
    }

    /// One is done, or has failed and holds nobody up: all others may connect.
    fn open_connects(&mut self) {
        self.stage = STAGES.len();
    }

    /// The first have had their time, or one of them is done: the others run.
    pub fn open_runs(&mut self) {
        self.is_open = true;
    }

    /// How often [`Schedule::widen`] was called that counts, and whether all may run.
    pub fn is_open(&self) -> (usize, bool) {
        (self.stage, self.is_open)
    }

    /// A batch begins when all before it have ended.
    fn batch_end(&mut self) -> usize {
        while self.phases.get(self.first) == Some(&Phase::Ended) {
            self.first += 1;
        }
        let batch = self.first / self.batch;
        ((batch + 1) * self.batch).min(self.phases.len())
    }

    /// There is a connection to this node.
    pub fn connected(&mut self, node: usize) {
        if self.phases.get(node) == Some(&Phase::Connecting) {
            self.connecting -= 1;
            self.ready.insert(node);
            self.set(node, Phase::Connected);
        }
    }

    /// This node is done. True when the run stops because of it.
    pub fn ended(&mut self, node: usize, outcome: &Outcome) -> bool {
        match self.phases.get(node) {
            Some(Phase::Connecting) => {
                self.connecting -= 1;
                self.open_connects();
            }
            Some(Phase::Running) => {
                self.running -= 1;
                self.open_connects();
                self.open_runs();
            }
            Some(Phase::Connected) => drop(self.ready.remove(&node)),
            Some(Phase::Waiting) => {}
            Some(Phase::Ended) | None => return false,
        }
        self.set(node, Phase::Ended);
        self.ended += 1;
        self.failures += usize::from(!outcome.is_ok());
        let is_over = matches!(self.strategy, Strategy::AbortAfter(most) if self.failures >= most);
        let stops = is_over && !self.stopped && self.ended < self.phases.len();
        self.stopped |= is_over;
        stops
    }

    /// No node begins any more; gives those that have not.
    pub fn stop(&mut self) -> Vec<usize> {
        self.stopped = true;
        let has_not_begun =
            |phase: &Phase| matches!(phase, Phase::Waiting | Phase::Connecting | Phase::Connected);
        let phases = self.phases.iter().enumerate();
        let waiting = phases.filter(|(_, phase)| has_not_begun(phase));
        waiting.map(|(node, _)| node).collect()
    }

    /// True once every node is done.
    pub fn is_done(&self) -> bool {
        self.ended == self.phases.len()
    }

    fn set(&mut self, node: usize, phase: Phase) {
        if let Some(place) = self.phases.get_mut(node) {
            *place = phase;
        }
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
