//! A roll as it stands, for screens. Pure; a clone is cheap enough for each frame.

use std::sync::Arc;

use super::{Batch, End, Event, Gate, Standing, Step, Tally};
use crate::node::text::SafeText;

/// What a node is seen at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum At {
    /// Its turn has not come.
    #[default]
    Waiting,
    /// What an earlier process began is looked at.
    Checking,
    /// A step goes on.
    Step(Step),
    /// The gate was not asked yet, or is red.
    Gate,
    /// The gate is green, and must stay so.
    Settling,
    /// Done with.
    Ended(End),
}

impl At {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Checking => "checking",
            Self::Step(step) => step.as_str(),
            Self::Gate => "gate",
            Self::Settling => "settling",
            Self::Ended(end) => end.as_str(),
        }
    }
}

/// A node of a roll.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// What it is at.
    pub at: At,
    /// Since when, in ms.
    pub since_ms: u64,
    /// Why it is not well.
    pub reason: SafeText,
    /// Down without us, by the last look.
    pub is_down: bool,
}

/// One roll at one instant.
#[derive(Clone, Debug)]
pub struct State {
    /// In the order of the selection.
    pub nodes: Vec<Seen>,
    /// In what batches they come.
    pub batches: Arc<[Batch]>,
    /// The batch whose turn it is.
    pub batch: usize,
    /// How it stands.
    pub standing: Standing,
    /// When it began, in ms of the clock that events are stamped by.
    pub started_ms: u64,
}

impl State {
    /// Of a roll that begins now.
    pub fn new(batches: Arc<[Batch]>, now_ms: u64) -> Self {
        let count = batches.iter().map(|batch| batch.places.len()).sum();
        Self {
            nodes: vec![Seen::default(); count],
            batches,
            batch: 0,
            standing: Standing::Going,
            started_ms: now_ms,
        }
    }

    /// This node was done by an earlier process.
    pub fn was_done(&mut self, place: usize) {
        self.turn(place, At::Ended(End::Done), 0);
    }

    /// Takes in what happened.
    pub fn apply(&mut self, event: &Event, now_ms: u64) {
        match event {
            Event::Standing(standing) => self.standing = *standing,
            Event::Batch(batch) => self.batch = *batch,
            Event::Looked(down) => self.looked(down),
            Event::Checking(place) => self.turn(*place, At::Checking, now_ms),
            Event::Stepping(place, step) => self.turn(*place, At::Step(*step), now_ms),
            Event::Stepped(place, step, result) => {
                let is_last = *step != Step::OnFail && result.outcome.is_ok();
                if is_last {
                    self.turn(*place, At::Gate, now_ms);
                }
            }
            Event::Gate(place, gate, why) => self.gate(*place, *gate, why, now_ms),
            Event::Ended(place, end, why, _) => {
                self.turn(*place, At::Ended(*end), now_ms);
                self.explain(*place, why);
            }
            Event::Began(_) | Event::Ordered(..) | Event::Password(_) | Event::Trouble(_) => {}
        }
    }

    /// How many nodes are at what.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for node in &self.nodes {
            let is_up = matches!(node.at, At::Waiting | At::Ended(End::Done)) && !node.is_down;
            tally.unavailable += usize::from(!is_up);
            *match node.at {
                At::Waiting => &mut tally.waiting,
                At::Ended(End::Done) => &mut tally.done,
                At::Ended(End::Failed) => &mut tally.failed,
                At::Ended(End::Unreached) => &mut tally.unreached,
                At::Ended(End::Cut) => &mut tally.cut,
                _ => &mut tally.in_flight,
            } += 1;
        }
        tally
    }

    fn looked(&mut self, down: &[(usize, SafeText)]) {
        for node in &mut self.nodes {
            node.is_down = false;
            if node.at == At::Waiting {
                node.reason = SafeText::default();
            }
        }
        for (place, why) in down {
            if let Some(node) = self.nodes.get_mut(*place) {
                node.is_down = true;
                if node.at == At::Waiting {
                    node.reason = why.clone();
                }
            }
        }
    }

    fn gate(&mut self, place: usize, gate: Gate, why: &SafeText, now_ms: u64) {
        let at = match gate {
            Gate::Green => At::Settling,
            Gate::Red | Gate::Unreached => At::Gate,
        };
        self.turn(place, at, now_ms);
        self.explain(place, why);
    }

    fn explain(&mut self, place: usize, why: &SafeText) {
        if let Some(node) = self.nodes.get_mut(place) {
            node.reason = why.clone();
        }
    }

    fn turn(&mut self, place: usize, at: At, now_ms: u64) {
        if let Some(node) = self.nodes.get_mut(place)
            && node.at != at
        {
            if node.at == At::Waiting {
                // It was down before its turn; that says nothing of what is done now.
                node.reason = SafeText::default();
            }
            node.at = at;
            node.since_ms = now_ms;
            node.is_down &= at == At::Waiting;
        }
    }
}
