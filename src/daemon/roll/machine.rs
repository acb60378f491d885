//! The state machine of a roll: it is told what happened, and says what is to be done next. Pure: no I/O, no clock.
//!
//! A node is unavailable while it is down without us, in flight, or ended badly; [`Options::min_up`] bounds how many
//! are. Nodes begin in the order of the batches, and a batch when the one before has ended.

use std::sync::Arc;

use super::{Batch, Options, Past, Tally, Trace};

mod gate;
mod input;
mod phase;
mod wake;

#[cfg(test)]
#[path = "machine/model_tests.rs"]
mod model_tests;
#[cfg(test)]
#[path = "machine/tests.rs"]
mod tests;

use gate::Gating;
pub use input::{Check, Gate, Input, Task, Work};
pub use phase::Phase;
use phase::{Node, Suspect};

/// Between two looks at nodes, while too many are down. In ms.
const LOOK_EVERY: u64 = 5_000;

/// For what an earlier process has left running on a node to end. In ms.
const PATIENCE: u64 = 30_000;

/// How a node ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Rolled, and its gate is green.
    Done,
    /// A step failed, or the gate did not turn green.
    Failed,
    /// Not reached, or lost.
    Unreached,
    /// The roll was aborted meanwhile.
    Cut,
}

/// Why a roll is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Every node had its turn.
    Done,
    /// Too many have failed.
    Failures,
    /// Its time is over.
    Deadline,
    /// Too few nodes would stay up.
    MinUp,
    /// Somebody has interrupted it, to resume it later.
    Interrupted,
    /// Somebody has aborted it.
    Aborted,
    /// Something of ours is broken.
    Broken,
}

/// How a roll stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nodes begin.
    Going,
    /// Somebody has paused it.
    Paused,
    /// The canaries have ended, and a person is to say whether it goes on.
    Promotion,
    /// No node begins any more; some are in flight.
    Stopping(Reason),
    /// Nothing is in flight.
    Over(Reason),
}

/// A roll.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an order that was given, in any mix"
)]
#[derive(Clone, Debug)]
pub struct Machine {
    batches: Arc<[Batch]>,
    options: Options,
    nodes: Vec<Node>,
    /// The batch whose turn it is.
    batch: usize,
    failures: usize,
    is_promoted: bool,
    is_paused: bool,
    is_interrupted: bool,
    is_aborted: bool,
    is_broken: bool,
    last_begin: Option<u64>,
    deadline: Option<u64>,
    /// Since when nothing goes on because a person is waited for.
    idle_since: Option<u64>,
    /// Since when nothing goes on because too many nodes are down.
    blocked_since: Option<u64>,
    /// The batch that nodes were looked at for, and when.
    looked: Option<(usize, u64)>,
    is_looking: bool,
    over: Option<Reason>,
    ended: Vec<(usize, End)>,
}

impl Machine {
    /// A roll that begins, or goes on from where an earlier process left it.
    pub fn new(batches: Arc<[Batch]>, options: Options, past: &Past, now: u64) -> Self {
        let count = batches.iter().map(|batch| batch.places.len()).sum();
        let node = |place| match past.nodes.get(place).copied().unwrap_or_default() {
            Trace::Untouched => Node::at(Phase::Waiting),
            Trace::Done => Node::at(Phase::Ended(End::Done)),
            Trace::Begun { is_restarted } => Node::at(Phase::Suspect(Suspect {
                is_restarted,
                since: now,
                is_asked: false,
                again_at: now,
            })),
        };
        let mut machine = Self {
            deadline: options.deadline.map(|time| now.saturating_add(time)),
            batches,
            options,
            nodes: (0..count).map(node).collect(),
            batch: 0,
            failures: 0,
            is_promoted: past.is_promoted,
            is_paused: false,
            is_interrupted: false,
            is_aborted: false,
            is_broken: false,
            last_begin: None,
            idle_since: None,
            blocked_since: None,
            looked: None,
            is_looking: false,
            over: None,
            ended: Vec::new(),
        };
        machine.refresh(now);
        machine
    }

    /// Takes in what happened. What answers no task of now is ignored.
    pub fn tell(&mut self, input: Input, now: u64) {
        match input {
            Input::Worked(place, work) => self.worked(place, work, now),
            Input::Gated(place, gate) => self.gated(place, gate, now),
            Input::Mended(place) => self.mended(place),
            Input::Checked(place, check) => self.checked(place, check, now),
            Input::Looked(found) => self.took_a_look(found, now),
            Input::Pause => self.is_paused = true,
            Input::Resume => (self.is_paused, self.is_interrupted) = (false, false),
            Input::Promote => self.is_promoted |= self.awaits_promotion(),
            Input::Interrupt => self.is_interrupted = true,
            Input::Abort => self.abort(),
            Input::Break => self.is_broken = true,
        }
        self.refresh(now);
    }

    /// The next thing to be done; to be asked until there is none.
    pub fn next(&mut self, now: u64) -> Option<Task> {
        self.refresh(now);
        if self.over.is_some() {
            return None;
        }
        let due = (0..self.nodes.len()).find_map(|place| self.due(place, now));
        due.or_else(|| self.look(now)).or_else(|| self.begin(now))
    }

    /// How it stands.
    pub fn standing(&self, now: u64) -> Standing {
        if let Some(reason) = self.over {
            return Standing::Over(reason);
        }
        match self.stopping(now) {
            Some(reason) => Standing::Stopping(reason),
            None if self.is_paused => Standing::Paused,
            None if self.is_interrupted => Standing::Stopping(Reason::Interrupted),
            None if self.awaits_promotion() => Standing::Promotion,
            None => Standing::Going,
        }
    }

    /// The nodes that have ended since the last call, in that order.
    pub fn take_ended(&mut self) -> Vec<(usize, End)> {
        std::mem::take(&mut self.ended)
    }

    /// The batch whose turn it is, from 0; as many as there are when all had theirs.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// What a node is at.
    pub fn phase(&self, place: usize) -> Option<&Phase> {
        self.nodes.get(place).map(|node| &node.phase)
    }

    /// How many nodes are at what.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for node in &self.nodes {
            *tally.of(&node.phase) += 1;
            tally.unavailable += usize::from(node.is_unavailable());
        }
        tally
    }

    fn due(&mut self, place: usize, now: u64) -> Option<Task> {
        match &mut self.nodes.get_mut(place)?.phase {
            Phase::Suspect(suspect) if !suspect.is_asked && suspect.again_at <= now => {
                suspect.is_asked = true;
                Some(Task::Check(place))
            }
            Phase::Gating(gating) => gating.is_due(now).then_some(Task::Gate(place)),
            Phase::Mending(_, begun @ false) => {
                *begun = true;
                Some(Task::Mend(place))
            }
            _ => None,
        }
    }

    fn look(&mut self, now: u64) -> Option<Task> {
        let is_new = self.looked.is_none_or(|(batch, _)| {
            // Without a limit it is known once who is down, for a person to read.
            batch != self.batch && self.options.min_up.is_some()
        });
        let is_late = |(_, at): (usize, u64)| now >= at.saturating_add(LOOK_EVERY);
        let again = self.blocked_since.is_some() && self.looked.is_some_and(is_late);
        if self.is_looking || !self.may_begin(now) || !(is_new || again) {
            return None;
        }
        self.is_looking = true;
        let at_rest = self.nodes.iter().enumerate();
        let at_rest = at_rest.filter(|(_, node)| !node.is_in_flight());
        Some(Task::Look(at_rest.map(|(place, _)| place).collect()))
    }

    fn took_a_look(&mut self, found: Vec<(usize, bool)>, now: u64) {
        if !self.is_looking {
            return;
        }
        self.is_looking = false;
        self.looked = Some((self.batch, now));
        for (place, is_up) in found {
            if let Some(node) = self.nodes.get_mut(place)
                && !node.is_in_flight()
            {
                node.is_down = !is_up;
            }
        }
    }

    fn begin(&mut self, now: u64) -> Option<Task> {
        let staggered = self.stagger_ends().is_none_or(|at| at <= now);
        if !self.may_begin(now) || !staggered || self.must_look() {
            return None;
        }
        let place = self.allowed()?;
        let node = self.nodes.get_mut(place)?;
        node.phase = Phase::Working;
        // It is in flight now; what it is at its end, the gate has seen.
        node.is_down = false;
        self.last_begin = Some(now);
        self.blocked_since = None;
        Some(Task::Begin(place))
    }

    /// True where a limit is to be kept, and nobody has looked for this batch.
    fn must_look(&self) -> bool {
        let is_fresh = (self.looked).is_some_and(|(batch, _)| batch == self.batch);
        self.options.min_up.is_some() && (self.is_looking || !is_fresh)
    }

    /// The first node of the batch that may begin as far as the limit goes.
    fn allowed(&self) -> Option<usize> {
        let most = self.options.most_down(self.nodes.len());
        let down = self.nodes.iter().filter(|node| node.is_unavailable());
        let has_room = most.is_none_or(|most| down.count() < most);
        let fits = |place: &&usize| {
            let node = self.nodes.get(**place);
            // One that is down anyway takes nothing away.
            node.is_some_and(|n| n.is_waiting() && (has_room || n.is_unavailable()))
        };
        let batch = self.batches.get(self.batch)?;
        batch.places.iter().find(fits).copied()
    }

    /// True while nodes begin at all.
    fn may_begin(&self, now: u64) -> bool {
        let is_held = self.is_paused || self.is_interrupted || self.awaits_promotion();
        self.over.is_none() && !is_held && self.stopping(now).is_none() && self.has_waiting()
    }

    fn worked(&mut self, place: usize, work: Work, now: u64) {
        let Some(Phase::Working) = self.phase(place) else {
            return;
        };
        match work {
            Work::Cut => self.end(place, End::Cut),
            // Its gate was never asked.
            Work::Ok if self.is_aborted => self.end(place, End::Cut),
            Work::Ok => self.turn(place, Phase::Gating(Gating::new(now))),
            Work::Failed => self.fail(place, End::Failed),
            Work::Unreached => self.fail(place, End::Unreached),
        }
    }

    fn gated(&mut self, place: usize, gate: Gate, now: u64) {
        let Some(Phase::Gating(gating)) = self.nodes.get_mut(place).map(|node| &mut node.phase)
        else {
            return;
        };
        match gating.told(gate, &self.options, now) {
            None => {}
            Some(End::Done) => self.end(place, End::Done),
            Some(end) => self.fail(place, end),
        }
    }

    fn mended(&mut self, place: usize) {
        if let Some(Phase::Mending(end, true)) = self.phase(place) {
            self.end(place, *end);
        }
    }

    fn checked(&mut self, place: usize, check: Check, now: u64) {
        let every = self.options.gate_every;
        let Some(node) = self.nodes.get_mut(place) else {
            return;
        };
        let Phase::Suspect(suspect) = &mut node.phase else {
            return;
        };
        match check {
            Check::Clear if suspect.is_restarted => {
                node.phase = Phase::Gating(Gating::new(now));
            }
            Check::Clear => {
                node.phase = Phase::Waiting;
                node.is_touched = true;
            }
            Check::Busy if now >= suspect.since.saturating_add(PATIENCE) => {
                self.fail(place, End::Failed);
            }
            Check::Busy => {
                suspect.is_asked = false;
                suspect.again_at = now.saturating_add(every);
            }
            Check::Unreached => self.fail(place, End::Unreached),
        }
    }

    fn fail(&mut self, place: usize, end: End) {
        let is_excused = end == End::Unreached && self.options.ignore_unreachable;
        self.failures += usize::from(!is_excused);
        if end == End::Failed && self.options.has_on_fail && !self.is_aborted {
            self.turn(place, Phase::Mending(end, false));
        } else {
            self.end(place, end);
        }
    }

    fn abort(&mut self) {
        self.is_aborted = true;
        for place in 0..self.nodes.len() {
            match self.phase(place) {
                Some(Phase::Gating(_) | Phase::Suspect(_)) => self.end(place, End::Cut),
                Some(Phase::Mending(end, false)) => self.end(place, *end),
                _ => {}
            }
        }
    }

    fn end(&mut self, place: usize, end: End) {
        self.turn(place, Phase::Ended(end));
        self.ended.push((place, end));
    }

    fn turn(&mut self, place: usize, phase: Phase) {
        if let Some(node) = self.nodes.get_mut(place) {
            node.phase = phase;
        }
    }
}
