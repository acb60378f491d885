//! A run as it stands: what each node does, and what all of them have come to. Pure; a clone shares the nodes.

use std::sync::Arc;

use super::{Event, Finished, NodeResult, Outcome, Output, RunNumber, RunOrder, Stream};
use crate::node::{Node, text::SafeText};

/// Of a last line.
const LINE: usize = 500;

/// What a node is at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Its turn has not come.
    #[default]
    Waiting,
    /// Being connected to.
    Connecting,
    /// An attempt failed for this reason, and another one follows.
    Retrying(SafeText),
    /// The command runs.
    Running,
    /// The command is told to end.
    Ending,
    /// Done; the result says how.
    Ended,
}

/// A node of a run.
#[derive(Clone, Debug)]
pub struct NodeRun {
    /// Which one.
    pub node: Arc<Node>,
    /// What it is at.
    pub phase: Phase,
    /// Since when, in ms.
    pub since_ms: u64,
    /// When its command began, in ms.
    pub began_ms: Option<u64>,
    /// Standard output so far.
    pub stdout: Output,
    /// Standard error so far.
    pub stderr: Output,
    /// On which of both it spoke last.
    pub spoke: Stream,
    /// How it ended.
    pub result: Option<Arc<NodeResult>>,
}

/// How many nodes are at what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tallies {
    /// Have not begun: waiting or being connected to.
    pub waiting: usize,
    /// The command runs, or is being ended.
    pub running: usize,
    /// Ended well.
    pub ok: usize,
    /// Ended by an exit code, a signal or their time.
    pub failed: usize,
    /// Not reached, or lost: nothing is known of the command.
    pub unreached: usize,
    /// Ended because somebody wanted it to.
    pub cancelled: usize,
    /// Never began: cancelled before, or the run was stopped.
    pub skipped: usize,
}

impl Tallies {
    /// All that have ended.
    pub fn ended(self) -> usize {
        self.ok + self.failed + self.unreached + self.cancelled + self.skipped
    }

    fn place(&mut self, node: &NodeRun) -> &mut usize {
        match (&node.phase, node.result.as_deref().map(|r| &r.outcome)) {
            (_, Some(Outcome::Ok)) => &mut self.ok,
            (_, Some(Outcome::Skipped(_))) => &mut self.skipped,
            (_, Some(Outcome::Cancelled)) => &mut self.cancelled,
            (_, Some(outcome)) if outcome.is_unreached() => &mut self.unreached,
            (_, Some(_)) => &mut self.failed,
            (Phase::Running | Phase::Ending, None) => &mut self.running,
            _ => &mut self.waiting,
        }
    }
}

/// One run at one instant.
#[derive(Clone, Debug)]
pub struct RunState {
    /// Its number here.
    pub number: RunNumber,
    /// Its name in the audit log; empty where none is kept.
    pub id: SafeText,
    /// What was ordered.
    pub order: Arc<RunOrder>,
    /// When it began, in ms of the clock that events are stamped by.
    pub started_ms: u64,
    /// When the last node was done.
    pub ended_ms: Option<u64>,
    /// In the order of the plan.
    pub nodes: Vec<Arc<NodeRun>>,
    /// How many are at what.
    pub tallies: Tallies,
    /// No node begins any more, for this reason.
    pub stopping: Option<SafeText>,
    /// Why it stopped early by itself, or was never begun.
    pub aborted: Option<SafeText>,
    /// Somebody cancelled it.
    pub cancelled: bool,
    /// A trouble that changes nothing of the results: a record that was not written.
    pub trouble: Option<SafeText>,
    /// Where its output was written to, or why not.
    pub saved: Option<Result<SafeText, SafeText>>,
}

impl RunState {
    /// One that begins now.
    pub fn new(number: RunNumber, id: &str, order: Arc<RunOrder>, now_ms: u64) -> Self {
        let keep = order.plan.options.keep;
        let node = |node: &Arc<Node>| NodeRun {
            node: Arc::clone(node),
            phase: Phase::Waiting,
            since_ms: now_ms,
            began_ms: None,
            stdout: Output::new(keep),
            stderr: Output::new(keep),
            spoke: Stream::Stdout,
            result: None,
        };
        let jobs = order.plan.jobs.iter();
        let nodes: Vec<_> = jobs.map(|job| Arc::new(node(&job.node))).collect();
        Self {
            number,
            id: id.into(),
            started_ms: now_ms,
            ended_ms: None,
            tallies: Tallies {
                waiting: nodes.len(),
                ..Tallies::default()
            },
            nodes,
            order,
            stopping: None,
            aborted: None,
            cancelled: false,
            trouble: None,
            saved: None,
        }
    }

    /// Takes in what happened. Nodes that it isn't about stay shared with earlier clones.
    pub fn apply(&mut self, event: Event, now_ms: u64) {
        match event {
            Event::Connecting(place) => self.turn(place, Phase::Connecting, now_ms),
            Event::Retrying(place, why) => self.turn(place, Phase::Retrying(why), now_ms),
            Event::Began(place) => {
                self.turn(place, Phase::Running, now_ms);
                self.change(place, |node| node.began_ms = Some(now_ms));
            }
            Event::Ending(place) => self.turn(place, Phase::Ending, now_ms),
            Event::Output(place, stream, bytes) => self.change(place, |node| {
                node.spoke = stream;
                match stream {
                    Stream::Stdout => node.stdout.push(&bytes),
                    Stream::Stderr => node.stderr.push(&bytes),
                }
            }),
            Event::Ended(place, result) => self.change(place, |node| {
                node.phase = Phase::Ended;
                node.since_ms = now_ms;
                // What the result holds is held once.
                node.stdout = Output::from(&result.stdout);
                node.stderr = Output::from(&result.stderr);
                if !result.outcome.is_ok() && result.stderr.total > 0 {
                    // There it says why.
                    node.spoke = Stream::Stderr;
                }
                node.result = Some(result);
            }),
            Event::Stopped(why) => self.stopping = Some(why),
            Event::Password(_) => {}
        }
    }

    /// All nodes are done.
    pub fn finish(&mut self, finished: Finished, now_ms: u64) {
        self.ended_ms = Some(now_ms);
        self.aborted = finished.aborted.or(self.aborted.take());
        self.cancelled = finished.cancelled;
    }

    /// It was never begun, for this reason.
    pub fn refuse(&mut self, why: &str, now_ms: u64) {
        for place in 0..self.nodes.len() {
            let result = self.nodes.get(place).map(|node| {
                NodeResult::without_run(&node.node.id, Outcome::Skipped(why.into()), 0)
            });
            if let Some(result) = result {
                self.apply(Event::Ended(place, Arc::new(result)), now_ms);
            }
        }
        self.aborted = Some(why.into());
        self.ended_ms = Some(now_ms);
    }

    fn turn(&mut self, place: usize, phase: Phase, now_ms: u64) {
        self.change(place, |node| {
            node.phase = phase;
            node.since_ms = now_ms;
        });
    }

    fn change(&mut self, place: usize, change: impl FnOnce(&mut NodeRun)) {
        let Some(node) = self.nodes.get_mut(place) else {
            return;
        };
        *self.tallies.place(node) -= 1;
        let node = Arc::make_mut(node);
        change(node);
        *self.tallies.place(node) += 1;
    }

    /// True while a node is not done.
    pub fn is_running(&self) -> bool {
        self.ended_ms.is_none()
    }

    /// From the start to the end, or to now.
    pub fn elapsed_ms(&self, now_ms: u64) -> u64 {
        self.ended_ms
            .unwrap_or(now_ms)
            .saturating_sub(self.started_ms)
    }

    /// Places of the nodes that did not end well.
    pub fn failed(&self) -> Vec<usize> {
        let nodes = self.nodes.iter().enumerate();
        let failed = nodes.filter(|(_, node)| node.has_failed());
        failed.map(|(place, _)| place).collect()
    }

    /// What the results say, in the order of the plan.
    pub fn results(&self) -> impl Iterator<Item = &Arc<NodeResult>> {
        self.nodes.iter().filter_map(|node| node.result.as_ref())
    }
}

impl NodeRun {
    /// True where it ended, and not well.
    pub fn has_failed(&self) -> bool {
        self.result.as_ref().is_some_and(|r| !r.outcome.is_ok())
    }

    /// How long its command has run; none where it never began.
    pub fn elapsed_ms(&self, now_ms: u64) -> Option<u64> {
        match &self.result {
            Some(result) if !result.duration.is_zero() => Some(result.duration.as_millis() as u64),
            Some(_) => None,
            None => Some(now_ms.saturating_sub(self.began_ms?)),
        }
    }

    /// What it said last, or why it did not end well.
    pub fn last_line(&self) -> SafeText {
        let reason = self.result.as_ref().map_or("", |r| r.outcome.reason());
        if !reason.is_empty() {
            return reason.into();
        }
        if let Phase::Retrying(why) = &self.phase {
            return why.clone();
        }
        let (last, other) = match self.spoke {
            Stream::Stdout => (&self.stdout, &self.stderr),
            Stream::Stderr => (&self.stderr, &self.stdout),
        };
        let line = last.last_line().or_else(|| other.last_line());
        let line = line.unwrap_or_default();
        // What a carriage return let overwrite is not seen on a terminal either.
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = line.rsplit(|byte| *byte == b'\r').next();
        SafeText::line(line.unwrap_or_default().trim_ascii(), LINE)
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
