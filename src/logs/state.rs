//! What is known of the nodes and streams that are followed, as it is told. Pure.

use std::sync::Arc;

use super::{Event, Order, Phase, StreamId};
use crate::node::{NodeId, text::SafeText};

/// Nodes and streams; a clone is cheap.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// In the order's order.
    pub nodes: Vec<Arc<NodeState>>,
    /// By their numbers.
    pub streams: Vec<Arc<StreamState>>,
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
        }
    }

    /// True once it is known of every node what it has, or that it can't be reached.
    pub fn is_settled(&self) -> bool {
        let is_open =
            |node: &Arc<NodeState>| matches!(node.reach, Reach::Connecting | Reach::Reached);
        !self.nodes.iter().any(is_open)
    }

    /// Takes in what is told.
    pub fn apply(&mut self, event: &Event) {
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
                self.stream(*stream, |stream| stream.phase = phase.clone());
            }
            Event::Lines(stream, lines) => self.stream(*stream, |stream| {
                let gaps = lines.iter().filter(|line| line.is_gap).count();
                stream.gaps += gaps as u64;
                stream.lines += (lines.len() - gaps) as u64;
                let bytes: usize = lines.iter().map(|line| line.text.len() + 1).sum();
                stream.bytes += bytes as u64;
            }),
            Event::Bytes(stream, bytes) => {
                self.stream(*stream, |stream| stream.bytes += bytes.len() as u64);
            }
            Event::Closed(stream, end) => {
                self.stream(*stream, |stream| stream.phase = Phase::Closed(end.clone()));
            }
            Event::Said(_) => {}
        }
    }

    fn open(&mut self, id: StreamId, place: usize, name: SafeText) {
        // They are numbered by several tasks, and so may be told in another order.
        let at = id.0 as usize;
        while self.streams.len() <= at {
            let id = StreamId(self.streams.len() as u32);
            self.streams.push(Arc::new(StreamState {
                id,
                place,
                name: SafeText::default(),
                phase: Phase::Opening,
                lines: 0,
                bytes: 0,
                gaps: 0,
            }));
        }
        self.stream(id, |stream| {
            stream.place = place;
            stream.name = name;
        });
    }

    fn node(&mut self, place: usize, change: impl FnOnce(&mut NodeState)) {
        if let Some(node) = self.nodes.get_mut(place) {
            change(Arc::make_mut(node));
        }
    }

    fn stream(&mut self, id: StreamId, change: impl FnOnce(&mut StreamState)) {
        if let Some(stream) = self.streams.get_mut(id.0 as usize) {
            change(Arc::make_mut(stream));
        }
    }
}
