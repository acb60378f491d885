//! What is known of the nodes and streams that are followed, as it is told. Pure.

use std::{collections::HashMap, sync::Arc, time::Duration};

use super::{Buffer, Credit, Event, Line, Merge, Order, Phase, StreamId};
use crate::node::{NodeId, text::SafeText};

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;

/// How long the first lines wait for nodes that haven't said yet what they have, where they are followed.
const GRACE_MS: u64 = 2_000;

/// What is told becomes lines in order.
#[derive(Debug)]
pub struct Flow {
    state: State,
    merge: Merge,
    credits: HashMap<StreamId, Credit>,
    is_followed: bool,
    /// When the first event came.
    since_ms: Option<u64>,
    settled: bool,
}

/// Nodes, streams and the lines that are kept; a clone is cheap.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// In the order's order.
    pub nodes: Vec<Arc<NodeState>>,
    /// In the order of their numbers, [`State::stream`].
    pub streams: Vec<Arc<StreamState>>,
    /// What went out last, [`Flow::keep`].
    pub buffer: Buffer,
    /// Lines that came after later ones had gone out.
    pub late: u64,
}

/// One node.
#[derive(Clone, Debug)]
pub struct NodeState {
    /// Whose.
    pub node: NodeId,
    /// What came of the look at it.
    pub reach: Reach,
    /// Its clock is ahead of ours by so many microseconds.
    pub skew_us: i64,
    /// Sources that it doesn't have, in words.
    pub missing: Vec<SafeText>,
}

/// What is known of the way to a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Nothing yet.
    #[default]
    Connecting,
    /// It answers; its sources are being looked for.
    Reached,
    /// All its streams are known.
    Looked,
    /// It can't be reached.
    Unreached(SafeText),
}

/// One stream.
#[derive(Clone, Debug)]
pub struct StreamState {
    /// Its number.
    pub id: StreamId,
    /// The place of its node.
    pub place: usize,
    /// A file's path, a unit, a container.
    pub name: SafeText,
    /// What it is doing.
    pub phase: Phase,
    /// Lines so far.
    pub lines: u64,
    /// Bytes so far.
    pub bytes: u64,
    /// Times that something may be missing.
    pub gaps: u64,
}

impl Flow {
    /// Nothing has come yet.
    pub fn new(order: &Order) -> Self {
        // Where nothing comes later, a line waits for all that may come before it.
        let hold = if order.is_followed {
            order.hold
        } else {
            Duration::MAX
        };
        Self {
            state: State::new(order),
            merge: Merge::new(hold),
            credits: HashMap::new(),
            is_followed: order.is_followed,
            since_ms: None,
            settled: false,
        }
    }

    /// What is known.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Takes in what is told. `now_ms` is of any clock that never goes back.
    pub fn apply(&mut self, event: Event, now_ms: u64) {
        self.since_ms.get_or_insert(now_ms);
        self.state.apply(&event);
        match event {
            Event::Opened { stream, credit, .. } => {
                self.merge.open(stream, now_ms);
                self.credits.insert(stream, credit);
            }
            Event::Lines(stream, lines) => self.merge.push(stream, lines, now_ms),
            // What it has yet to bring may take until anywhen.
            Event::CaughtUp(stream) | Event::Phase(stream, Phase::Lost(_) | Phase::Waiting(_)) => {
                self.merge.catch_up(stream);
            }
            Event::Closed(stream, _) => self.merge.close(stream),
            _ => {}
        }
    }

    /// Moves what may go out to `out`, `most` lines at most.
    pub fn pop(&mut self, now_ms: u64, out: &mut Vec<Line>, most: usize) {
        if !self.is_open(now_ms) {
            return;
        }
        let before = out.len();
        self.merge.pop(now_ms, out, most);
        for line in out.iter().skip(before) {
            self.state.late += u64::from(line.is_late);
            if let Some(credit) = self.credits.get(&line.stream) {
                credit.give_back(Credit::of(line));
            }
        }
    }

    /// Moves what may go out to the lines that are kept, `most` at most; how many went.
    pub fn keep(&mut self, now_ms: u64, most: usize) -> usize {
        let mut lines = Vec::new();
        self.pop(now_ms, &mut lines, most);
        let count = lines.len();
        for line in lines {
            self.state.buffer.push(line);
        }
        count
    }

    /// When lines go out without anything more being told; none where nothing waits.
    pub fn next_at(&self) -> Option<u64> {
        let next = self.merge.next_at()?;
        if self.settled || self.state.is_settled() {
            return Some(next);
        }
        let open = self.since_ms.unwrap_or(0) + GRACE_MS;
        self.is_followed.then_some(next.max(open))
    }

    /// Lines that came and didn't go out.
    pub fn waiting(&self) -> usize {
        self.merge.waiting()
    }

    /// The first lines wait until it is known of all nodes what they have.
    fn is_open(&mut self, now_ms: u64) -> bool {
        let is_late = || {
            let since = self.since_ms.unwrap_or(now_ms);
            self.is_followed && now_ms.saturating_sub(since) >= GRACE_MS
        };
        self.settled = self.settled || self.state.is_settled() || is_late();
        self.settled
    }
}

impl State {
    /// Nothing is known yet.
    pub fn new(order: &Order) -> Self {
        let nodes = order.targets.iter().map(|target| {
            Arc::new(NodeState {
                node: target.node.id.clone(),
                reach: Reach::Connecting,
                skew_us: 0,
                missing: Vec::new(),
            })
        });
        Self {
            nodes: nodes.collect(),
            streams: Vec::new(),
            buffer: Buffer::default(),
            late: 0,
        }
    }

    /// True once it is known of every node what it has, or that it can't be reached.
    pub fn is_settled(&self) -> bool {
        let is_open =
            |node: &Arc<NodeState>| matches!(node.reach, Reach::Connecting | Reach::Reached);
        !self.nodes.iter().any(is_open)
    }

    /// A stream by its number.
    pub fn stream(&self, id: StreamId) -> Option<&StreamState> {
        let at = self.place(id).ok()?;
        self.streams.get(at).map(|stream| &**stream)
    }

    fn place(&self, id: StreamId) -> Result<usize, usize> {
        self.streams.binary_search_by_key(&id, |stream| stream.id)
    }

    /// The node and the name of a stream.
    pub fn origin(&self, id: StreamId) -> Option<(&NodeState, &StreamState)> {
        let stream = self.stream(id)?;
        let node = self.nodes.get(stream.place)?;
        Some((node, stream))
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Reached(place, skew_us) => self.node(*place, |node| {
                node.reach = Reach::Reached;
                node.skew_us = *skew_us;
            }),
            Event::Unreached(place, why) => {
                self.node(*place, |node| node.reach = Reach::Unreached(why.clone()));
            }
            Event::Missing(place, what) => {
                self.node(*place, |node| node.missing.push(what.clone()));
            }
            Event::Looked(place) => self.node(*place, |node| node.reach = Reach::Looked),
            Event::Opened {
                stream,
                place,
                name,
                ..
            } => self.open(*stream, *place, name.clone()),
            Event::Phase(stream, phase) => {
                self.change(*stream, |stream| stream.phase = phase.clone());
            }
            Event::Lines(stream, lines) => self.change(*stream, |stream| {
                let gaps = lines.iter().filter(|line| line.is_gap).count();
                stream.gaps += gaps as u64;
                stream.lines += (lines.len() - gaps) as u64;
                let bytes: usize = lines.iter().map(|line| line.text.len() + 1).sum();
                stream.bytes += bytes as u64;
            }),
            Event::Bytes(stream, bytes) => {
                self.change(*stream, |stream| stream.bytes += bytes.len() as u64);
            }
            Event::Closed(stream, end) => {
                self.change(*stream, |stream| stream.phase = Phase::Closed(end.clone()));
            }
            Event::CaughtUp(_) | Event::Said(_) => {}
        }
    }

    fn open(&mut self, id: StreamId, place: usize, name: SafeText) {
        let stream = StreamState {
            id,
            place,
            name,
            phase: Phase::Opening,
            lines: 0,
            bytes: 0,
            gaps: 0,
        };
        match self.place(id) {
            // Never met: each is opened once.
            Ok(_) => {}
            Err(at) => self.streams.insert(at, Arc::new(stream)),
        }
    }

    fn node(&mut self, place: usize, change: impl FnOnce(&mut NodeState)) {
        if let Some(node) = self.nodes.get_mut(place) {
            change(Arc::make_mut(node));
        }
    }

    fn change(&mut self, id: StreamId, change: impl FnOnce(&mut StreamState)) {
        let at = self.place(id).ok();
        if let Some(stream) = at.and_then(|at| self.streams.get_mut(at)) {
            change(Arc::make_mut(stream));
        }
    }
}
