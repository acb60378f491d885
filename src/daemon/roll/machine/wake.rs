//! What time does to a roll: its end, its deadline, and when it is to be asked again. Pure.

use super::{End, LOOK_EVERY, Machine, Node, Phase, Reason};

impl Machine {
    /// When it is to be asked again though nothing has happened.
    pub fn wake_at(&self, now: u64) -> Option<u64> {
        if self.over.is_some() {
            return None;
        }
        let due = self.nodes.iter().filter_map(|node| match &node.phase {
            Phase::Suspect(suspect) if !suspect.is_asked => Some(suspect.again_at),
            Phase::Gating(gating) => gating.due_at(),
            _ => None,
        });
        let blocked = self.blocked_since.map(|since| {
            let looked = self.looked.map_or(since, |(_, at)| at);
            let over = since.saturating_add(self.options.gate_timeout);
            looked.saturating_add(LOOK_EVERY).min(over)
        });
        let stagger = self.stagger_ends();
        let own = [blocked, stagger, self.deadline].into_iter().flatten();
        let own = own.filter(|at| *at > now && self.may_begin(now));
        due.chain(own).min()
    }

    pub(super) fn stagger_ends(&self) -> Option<u64> {
        let last = self.last_begin?;
        Some(last.saturating_add(self.options.stagger))
    }

    /// Why no node begins any more.
    pub(super) fn stopping(&self, now: u64) -> Option<Reason> {
        let most = self.options.max_failures.down(self.nodes.len());
        let is_late = || self.deadline.is_some_and(|at| self.told_time(now) >= at);
        if self.is_aborted {
            Some(Reason::Aborted)
        } else if self.is_broken {
            Some(Reason::Broken)
        } else if self.failures > most {
            Some(Reason::Failures)
        } else if self.has_waiting() && is_late() {
            Some(Reason::Deadline)
        } else {
            None
        }
    }

    /// True while canaries have ended and nobody has said that they are good.
    pub(super) fn awaits_promotion(&self) -> bool {
        let is_canary = |batch: usize| self.batches.get(batch).map(|batch| batch.is_canary);
        let before = self.batch.checked_sub(1).and_then(is_canary);
        !self.is_promoted && before == Some(true) && is_canary(self.batch) == Some(false)
    }

    pub(super) fn has_waiting(&self) -> bool {
        self.nodes.iter().any(Node::is_waiting)
    }

    /// Now, without the time for which a person has been waited for since the last change.
    fn told_time(&self, now: u64) -> u64 {
        self.idle_since.map_or(now, |since| since.min(now))
    }

    /// What follows from the state of all nodes.
    pub(super) fn refresh(&mut self, now: u64) {
        if self.over.is_some() {
            return;
        }
        self.turn_batches();
        self.rest(now);
        let is_idle = !self.nodes.iter().any(Node::is_in_flight);
        if !is_idle {
            self.blocked_since = None;
            return;
        }
        self.over = self.stopping(now);
        if self.over.is_none() && !self.has_waiting() {
            self.over = Some(Reason::Done);
        }
        if self.over.is_none() && self.is_interrupted {
            self.over = Some(Reason::Interrupted);
        }
        if self.over.is_none() {
            self.block(now);
        }
    }

    /// Goes on to the first batch that has not ended.
    fn turn_batches(&mut self) {
        let is_over = |place: &usize| {
            let phase = self.nodes.get(*place).map(|node| &node.phase);
            matches!(phase, Some(Phase::Ended(_)))
        };
        let mut batch = self.batch;
        while (self.batches.get(batch)).is_some_and(|batch| batch.places.iter().all(is_over)) {
            batch += 1;
        }
        self.batch = batch;
        if self.options.auto_promote && self.awaits_promotion() {
            let canaries = self.batches.iter().take_while(|batch| batch.is_canary);
            let mut places = canaries.flat_map(|batch| &batch.places);
            self.is_promoted = places.all(|place| {
                let phase = self.nodes.get(*place).map(|node| &node.phase);
                phase == Some(&Phase::Ended(End::Done))
            });
        }
    }

    /// Time in which a person is waited for is not the roll's.
    fn rest(&mut self, now: u64) {
        let is_idle = !self.nodes.iter().any(Node::is_in_flight);
        let is_held = self.is_paused || self.awaits_promotion();
        if is_idle && is_held {
            self.idle_since.get_or_insert(now);
        } else if let Some(since) = self.idle_since.take() {
            let rested = now.saturating_sub(since);
            self.deadline = self.deadline.map(|at| at.saturating_add(rested));
        }
    }

    /// Too many nodes are down for another one to begin, and none is in flight.
    fn block(&mut self, now: u64) {
        if self.must_look() {
            return;
        }
        if !self.may_begin(now) || self.allowed().is_some() {
            self.blocked_since = None;
            return;
        }
        let since = *self.blocked_since.get_or_insert(now);
        let most = self.options.most_down(self.nodes.len()).unwrap_or(0);
        let gone = self.nodes.iter().filter(|node| {
            let Phase::Ended(end) = node.phase else {
                return false;
            };
            end != End::Done
        });
        // Those never come back by themselves.
        let is_hopeless = gone.count() >= most;
        if is_hopeless || now >= since.saturating_add(self.options.gate_timeout) {
            self.over = Some(Reason::MinUp);
        }
    }
}
