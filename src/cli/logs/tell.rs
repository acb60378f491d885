//! What a person is told beside the lines: nodes that aren't reached, logs that aren't there, connections that come and go.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cli::exit,
    logs::{End, Event, Order, Phase, State, StreamId, state::Reach},
    node::{set::NodeSet, text::SafeText},
};

/// Remembers what was told, so that it is told once.
#[derive(Default)]
pub(super) struct Teller {
    unreached: BTreeMap<usize, SafeText>,
    /// Streams of each node whose connection is gone.
    lost: BTreeMap<usize, BTreeSet<StreamId>>,
    waiting: BTreeSet<StreamId>,
    /// Something that was asked for isn't there, or failed.
    has_trouble: bool,
}

impl Teller {
    /// What is to be said of it; `state` has it not yet taken in.
    pub(super) fn hear(&mut self, event: &Event, order: &Order, state: &State) -> Option<String> {
        let named = |place: usize| {
            let target = order.targets.get(place);
            target.map_or("", |target| target.node.id.as_str())
        };
        match event {
            Event::Unreached(place, why) => {
                let before = self.unreached.insert(*place, why.clone());
                let is_new = before.as_ref() != Some(why);
                let more = if order.is_followed {
                    "; it is tried again"
                } else {
                    ""
                };
                is_new.then(|| format!("{}: not reached: {why}{more}", named(*place)))
            }
            Event::Reached(place, _) => {
                let was = self.unreached.remove(place);
                was.map(|_| format!("{}: reached", named(*place)))
            }
            Event::Missing(place, why) => {
                self.has_trouble = true;
                Some(format!("{}: {why}", named(*place)))
            }
            Event::Said(text) => Some(text.to_string()),
            Event::Phase(stream, phase) => self.phase(*stream, phase, state),
            Event::Closed(stream, end) => self.closed(*stream, end, state),
            _ => None,
        }
    }

    fn phase(&mut self, id: StreamId, phase: &Phase, state: &State) -> Option<String> {
        let (node, stream) = state.origin(id)?;
        match phase {
            Phase::Lost(why) => {
                let lost = self.lost.entry(stream.place).or_default();
                let is_first = lost.is_empty();
                lost.insert(id);
                is_first
                    .then(|| format!("{}: connection lost: {why}; it is tried again", node.node))
            }
            Phase::Waiting(why) => {
                let is_new = self.waiting.insert(id);
                is_new.then(|| format!("{}: {}: {why}; waiting", node.node, stream.name))
            }
            Phase::Live => {
                self.waiting.remove(&id);
                let lost = self.lost.get_mut(&stream.place)?;
                let was_last = lost.remove(&id) && lost.is_empty();
                was_last.then(|| format!("{}: connected again", node.node))
            }
            Phase::Opening | Phase::Closed(_) => None,
        }
    }

    fn closed(&mut self, id: StreamId, end: &End, state: &State) -> Option<String> {
        let (node, stream) = state.origin(id)?;
        match end {
            End::Done | End::Cancelled => None,
            End::Failed(why) => {
                self.has_trouble = true;
                Some(format!("{}: {}: {why}", node.node, stream.name))
            }
            End::Lost(why) => Some(format!(
                "{}: {}: connection lost, there may be more: {why}",
                node.node, stream.name
            )),
        }
    }

    /// What all of it comes to.
    pub(super) fn code(&self, state: &State) -> u8 {
        let is_unreached = |reach: &Reach| matches!(reach, Reach::Unreached(_) | Reach::Connecting);
        let is_lost = |phase: &Phase| matches!(phase, Phase::Closed(End::Lost(_)));
        if self.has_trouble {
            exit::TROUBLE
        } else if state.nodes.iter().any(|node| is_unreached(&node.reach))
            || state.streams.iter().any(|stream| is_lost(&stream.phase))
        {
            exit::UNREACHED
        } else {
            exit::OK
        }
    }
}

/// Nodes of which nothing is known yet, `3 nodes: gpu[01-03]`.
pub(super) fn awaited(state: &State) -> Option<String> {
    let open = state
        .nodes
        .iter()
        .filter(|node| matches!(node.reach, Reach::Connecting | Reach::Reached));
    let names: Vec<&str> = open.map(|node| node.node.as_str()).collect();
    let count = names.len();
    let set = NodeSet::from_names(names);
    (count > 0).then(|| format!("{count} of {} nodes: {set}", state.nodes.len()))
}
