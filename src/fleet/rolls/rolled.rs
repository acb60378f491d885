//! A roll of this fleet as it stands, with what happened last. Pure.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    daemon::roll::{At, End, Event, Order, Past, Reason, Standing, State, Trace, Wish, said},
    exec::NodeResult,
    fleet::Millis,
    node::text::SafeText,
    store::audit::RunId,
};

/// Happenings that are kept; older ones are in the journal.
const KEPT: usize = 200;

/// Characters of a happening.
const WIDTH: usize = 400;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Millis,
    /// What, in a line.
    pub text: SafeText,
    /// Nobody wanted it.
    pub is_bad: bool,
}

/// When a batch had its turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Its first node began.
    pub begun: Option<Millis>,
    /// Its last node ended.
    pub ended: Option<Millis>,
}

/// What came of the last step of a node, or of its gate.
#[derive(Clone, Debug)]
pub struct Last {
    /// The word for it: `restart`, `gate`.
    pub what: &'static str,
    /// What came of it.
    pub result: Arc<NodeResult>,
}

/// A roll. A clone copies its nodes; whoever only looks shares it.
#[derive(Clone, Debug)]
pub struct Rolled {
    /// Its name.
    pub id: RunId,
    /// What was ordered.
    pub wish: Arc<Wish>,
    /// Nodes and batches.
    pub state: State,
    /// By place; none where nothing has ended yet.
    pub last: Vec<Option<Last>>,
    /// By batch.
    pub turns: Vec<Turn>,
    /// Oldest first.
    pub happened: VecDeque<Happening>,
    /// When it was over.
    pub ended: Option<Millis>,
    /// Why it was not begun, or what went wrong with its records.
    pub trouble: Option<SafeText>,
}

impl Rolled {
    /// One that begins now.
    pub fn new(id: RunId, wish: Arc<Wish>, now: Millis) -> Self {
        Self {
            id,
            state: State::new(Arc::clone(&wish.batches), now.0),
            last: vec![None; wish.nodes.len()],
            turns: vec![Turn::default(); wish.batches.len()],
            wish,
            happened: VecDeque::new(),
            ended: None,
            trouble: None,
        }
    }

    /// Nodes that an earlier process has rolled are done.
    pub fn was_done(&mut self, past: &Past) {
        let traces = past.nodes.iter().enumerate();
        for (place, _) in traces.filter(|(_, trace)| **trace == Trace::Done) {
            self.state.was_done(place);
        }
    }

    /// True until it is over.
    pub fn is_going(&self) -> bool {
        self.ended.is_none()
    }

    /// From its beginning to its end, or until now. In ms.
    pub fn elapsed_ms(&self, now: Millis) -> u64 {
        let until = self.ended.unwrap_or(now);
        until.0.saturating_sub(self.state.started_ms)
    }

    /// Takes in what happened.
    pub fn apply(&mut self, event: &Event, order: &Order, now: Millis) {
        self.state.apply(event, now.0);
        match event {
            Event::Batch(batch) => {
                if let Some(turn) = self.turns.get_mut(*batch) {
                    turn.begun.get_or_insert(now);
                }
            }
            Event::Stepped(place, step, result) => self.keep(*place, step.as_str(), result),
            Event::Ended(place, end, _, result) => {
                // A gate that turned green has nothing to say any more.
                if *end != End::Done {
                    self.keep(*place, "gate", result);
                }
                self.end_of(*place, now);
            }
            Event::Trouble(why) => self.trouble = Some(SafeText::line(why, WIDTH)),
            _ => {}
        }
        if let Event::Trouble(why) = event {
            self.note(why, true, now);
        } else if let Some(said) = said(event, order, &self.state) {
            // Not how one goes on: that stands above, with keys of one's own too, and a demo has no other process.
            for line in said.what.lines() {
                self.note(line.trim_start(), is_bad(event), now);
            }
        }
    }

    /// It is over.
    pub fn finish(&mut self, reason: Reason, now: Millis) {
        self.state
            .apply(&Event::Standing(Standing::Over(reason)), now.0);
        self.ended.get_or_insert(now);
        self.note(reason.text(), reason != Reason::Done, now);
    }

    /// It was not begun.
    pub fn refuse(&mut self, why: &str, now: Millis) {
        self.trouble = Some(why.into());
        self.finish(Reason::Broken, now);
    }

    fn note(&mut self, text: &str, is_bad: bool, at: Millis) {
        if self.happened.len() == KEPT {
            self.happened.pop_front();
        }
        self.happened.push_back(Happening {
            at,
            text: SafeText::line(text, WIDTH),
            is_bad,
        });
    }

    /// A node's end comes with the result of the step that it has ended by, which is known by then.
    fn keep(&mut self, place: usize, what: &'static str, result: &Arc<NodeResult>) {
        let Some(slot) = self.last.get_mut(place) else {
            return;
        };
        let is_known = |last: &Last| Arc::ptr_eq(&last.result, result);
        if !slot.as_ref().is_some_and(is_known) {
            *slot = Some(Last {
                what,
                result: Arc::clone(result),
            });
        }
    }

    fn end_of(&mut self, place: usize, now: Millis) {
        let nodes = &self.state.nodes;
        let has_ended = |place: &usize| {
            let node = nodes.get(*place);
            node.is_none_or(|node| matches!(node.at, At::Ended(_)))
        };
        let batches = self.state.batches.iter().zip(&mut self.turns);
        for (batch, turn) in batches.filter(|(batch, _)| batch.places.contains(&place)) {
            turn.begun.get_or_insert(now);
            turn.ended = batch.places.iter().all(has_ended).then_some(now);
        }
    }
}

fn is_bad(event: &Event) -> bool {
    match event {
        Event::Looked(down) => !down.is_empty(),
        Event::Stepped(_, _, result) => !result.outcome.is_ok(),
        Event::Ended(_, end, _, _) => *end != End::Done,
        Event::Standing(Standing::Stopping(_)) => true,
        _ => false,
    }
}
