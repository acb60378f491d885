//! Many streams as one, in the order of their times; whoever is late is waited for, but not for long.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, VecDeque, binary_heap::PeekMut},
    time::Duration,
    vec::IntoIter,
};

use super::{Line, StreamId};

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;

/// Lines on their way to the screen.
///
/// A line goes out when every open stream has one pending, so that none can come before it, or when it, or a later one
/// behind it, has waited `hold`. No line is lost or doubled, and those of one stream keep their order: where its times go back,
/// a line counts as written with the one before it.
#[derive(Clone, Debug)]
pub struct Merge {
    hold_ms: u64,
    streams: BTreeMap<StreamId, usize>,
    slots: Vec<Slot>,
    /// The first line of each stream that has one.
    heads: BinaryHeap<Reverse<Head>>,
    /// What came when, oldest first.
    arrivals: VecDeque<Arrival>,
    /// Open streams without a line.
    idle: usize,
    waiting: usize,
    bytes: usize,
    newest: i64,
}

#[derive(Clone, Debug)]
struct Slot {
    is_open: bool,
    batches: VecDeque<IntoIter<Line>>,
    /// The latest time of a line that went out or is first.
    reached: i64,
    pushed: u64,
    popped: u64,
}

/// Streams of one time go in the order of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    at_us: i64,
    stream: StreamId,
    slot: usize,
}

/// Lines of a stream up to `end` came at `at_ms`.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    at_ms: u64,
    slot: usize,
    end: u64,
}

impl Merge {
    /// Waits `hold` for a late stream.
    pub fn new(hold: Duration) -> Self {
        Self {
            hold_ms: u64::try_from(hold.as_millis()).unwrap_or(u64::MAX),
            streams: BTreeMap::new(),
            slots: Vec::new(),
            heads: BinaryHeap::new(),
            arrivals: VecDeque::new(),
            idle: 0,
            waiting: 0,
            bytes: 0,
            newest: i64::MIN,
        }
    }

    /// Lines of this stream are waited for from now on.
    pub fn open(&mut self, stream: StreamId) {
        let slot = self.slot(stream);
        if let Some(slot) = self.slots.get_mut(slot)
            && !slot.is_open
        {
            slot.is_open = true;
            self.idle += usize::from(slot.is_empty());
        }
    }

    /// No more lines of this stream are waited for; those that came go out.
    pub fn close(&mut self, stream: StreamId) {
        let slot = self.slot(stream);
        if let Some(slot) = self.slots.get_mut(slot)
            && slot.is_open
        {
            slot.is_open = false;
            self.idle -= usize::from(slot.is_empty());
        }
    }

    /// Takes lines of a stream, in its order. `now_ms` is of any clock that never goes back.
    pub fn push(&mut self, stream: StreamId, lines: Vec<Line>, now_ms: u64) {
        if lines.is_empty() {
            return;
        }
        self.waiting += lines.len();
        self.bytes += lines.iter().map(|line| line.text.len()).sum::<usize>();
        let at = self.slot(stream);
        let Some(slot) = self.slots.get_mut(at) else {
            return;
        };
        let was_empty = slot.is_empty();
        slot.pushed += lines.len() as u64;
        slot.batches.push_back(lines.into_iter());
        self.arrivals.push_back(Arrival {
            at_ms: now_ms,
            slot: at,
            end: slot.pushed,
        });
        if was_empty {
            self.idle -= usize::from(slot.is_open);
            let at_us = slot.reach();
            self.heads.push(Reverse(Head {
                at_us,
                stream,
                slot: at,
            }));
        }
    }

    /// Moves what may go out to `out`, `most` lines at most, and marks those that come after a later one.
    pub fn pop(&mut self, now_ms: u64, out: &mut Vec<Line>, most: usize) {
        let mut left = most;
        while left > 0 && (self.idle == 0 || self.is_due(now_ms)) {
            let Some(head) = self.heads.peek_mut() else {
                return;
            };
            let Some(slot) = self.slots.get_mut(head.0.slot) else {
                return;
            };
            let Some(mut line) = slot.pop() else {
                return;
            };
            let at_us = head.0.at_us;
            line.is_late = line.at_us.is_some() && at_us < self.newest;
            self.newest = self.newest.max(at_us);
            self.waiting -= 1;
            self.bytes -= line.text.len();
            left -= 1;
            out.push(line);
            if slot.is_empty() {
                self.idle += usize::from(slot.is_open);
                PeekMut::pop(head);
            } else {
                let mut head = head;
                head.0.at_us = slot.reach();
            }
        }
    }

    /// When lines go out without any more coming, by the clock of `push`; none where nothing waits.
    pub fn next_at(&self) -> Option<u64> {
        let oldest = self
            .arrivals
            .iter()
            .find(|arrival| self.is_pending(arrival));
        oldest.map(|arrival| match self.idle {
            0 => arrival.at_ms,
            _ => arrival.at_ms.saturating_add(self.hold_ms),
        })
    }

    /// Lines that came and didn't go out.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Bytes of their text.
    pub fn waiting_bytes(&self) -> usize {
        self.bytes
    }

    fn slot(&mut self, stream: StreamId) -> usize {
        let next = self.slots.len();
        let at = *self.streams.entry(stream).or_insert(next);
        if at == next {
            self.slots.push(Slot {
                is_open: false,
                batches: VecDeque::new(),
                reached: i64::MIN,
                pushed: 0,
                popped: 0,
            });
        }
        at
    }

    /// A line that came long enough ago is still here.
    fn is_due(&mut self, now_ms: u64) -> bool {
        while let Some(oldest) = self.arrivals.front() {
            if self.is_pending(oldest) {
                return oldest.at_ms.saturating_add(self.hold_ms) <= now_ms;
            }
            self.arrivals.pop_front();
        }
        false
    }

    fn is_pending(&self, arrival: &Arrival) -> bool {
        let slot = self.slots.get(arrival.slot);
        slot.is_some_and(|slot| slot.popped < arrival.end)
    }
}

impl Slot {
    fn is_empty(&self) -> bool {
        self.popped == self.pushed
    }

    fn pop(&mut self) -> Option<Line> {
        let batch = self.batches.front_mut()?;
        let line = batch.next();
        if batch.as_slice().is_empty() {
            self.batches.pop_front();
        }
        self.popped += u64::from(line.is_some());
        line
    }

    /// The place of the first line in the order; one before any time comes first.
    fn reach(&mut self) -> i64 {
        let first = self
            .batches
            .front()
            .and_then(|batch| batch.as_slice().first());
        let at_us = first.and_then(|line| line.at_us).unwrap_or(i64::MIN);
        self.reached = self.reached.max(at_us);
        self.reached
    }
}
