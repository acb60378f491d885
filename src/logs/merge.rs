//! Many streams as one, in the order of their times; whoever is late is waited for, but not for long.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, VecDeque},
    time::Duration,
    vec::IntoIter,
};

use super::{Line, StreamId};

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;

/// How long a log may keep silent while it brings what it held already, and how long a new line waits for such logs.
const PATIENCE_MS: u64 = 3_000;

/// Lines on their way to the screen.
///
/// A line goes out when every open stream has one pending, so that none can come before it, or when it, or a later one
/// behind it, has waited `hold`. What comes after that goes behind it, marked, however much of it there is: no line waits for
/// one that hasn't come within `hold`. No line is lost or doubled, and those of one stream keep their order: where its times go
/// back, a line counts as written with the one before it.
///
/// At the start all streams bring what their logs held already, some more of it than others and some slower: until all are
/// through with it, each waits for the others' as long as it comes. A new line ends that after [`PATIENCE_MS`].
#[derive(Clone, Debug)]
pub struct Merge {
    hold_ms: u64,
    streams: BTreeMap<StreamId, usize>,
    slots: Vec<Slot>,
    /// The first line of each stream that has one, and some that have gone out since.
    heads: BinaryHeap<Reverse<Head>>,
    /// What came when, oldest first.
    arrivals: VecDeque<Arrival>,
    /// Open streams without a line.
    idle: usize,
    start: Start,
    waiting: usize,
    bytes: usize,
    newest: i64,
}

/// What logs held already is still coming.
#[derive(Clone, Copy, Debug, Default)]
struct Start {
    /// When it was over.
    over_ms: Option<u64>,
    /// Open streams that are behind, and those of them without a line.
    behind: usize,
    idle: usize,
    /// When the first line came of a stream that wasn't behind.
    live_ms: Option<u64>,
}

#[derive(Clone, Debug)]
struct Slot {
    is_open: bool,
    /// What its log held already is still coming, and waited for.
    is_behind: bool,
    /// When it was opened, or its last lines came.
    heard_ms: u64,
    batches: VecDeque<(u64, IntoIter<Line>)>,
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
    /// Which line of its stream it is.
    number: u64,
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
            start: Start::default(),
            waiting: 0,
            bytes: 0,
            newest: i64::MIN,
        }
    }

    /// Lines of this stream are waited for from now on; at the start, until it has [caught up](Self::catch_up).
    pub fn open(&mut self, stream: StreamId, now_ms: u64) {
        let slot = self.slot(stream);
        if let Some(slot) = self.slots.get_mut(slot)
            && !slot.is_open
        {
            slot.is_open = true;
            slot.heard_ms = now_ms;
            self.idle += usize::from(slot.is_empty());
            slot.is_behind = self.start.over_ms.is_none();
            self.start.count(slot);
        }
    }

    /// What the log of this stream held already has come.
    pub fn catch_up(&mut self, stream: StreamId) {
        let slot = self.slot(stream);
        if let Some(slot) = self.slots.get_mut(slot) {
            self.start.leave(slot);
        }
    }

    /// No more lines of this stream are waited for; those that came go out.
    pub fn close(&mut self, stream: StreamId) {
        let slot = self.slot(stream);
        if let Some(slot) = self.slots.get_mut(slot)
            && slot.is_open
        {
            self.start.leave(slot);
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
        slot.heard_ms = now_ms;
        slot.batches.push_back((now_ms, lines.into_iter()));
        self.arrivals.push_back(Arrival {
            at_ms: now_ms,
            slot: at,
            end: slot.pushed,
        });
        if !slot.is_behind && self.start.behind > 0 {
            self.start.live_ms.get_or_insert(now_ms);
        }
        if was_empty {
            self.idle -= usize::from(slot.is_open);
            self.start.idle -= usize::from(slot.is_behind);
            self.heads.push(Reverse(slot.head(stream, at)));
        }
    }

    /// Moves what may go out to `out`, `most` lines at most, and marks those that come after a later one.
    pub fn pop(&mut self, now_ms: u64, out: &mut Vec<Line>, most: usize) {
        self.go_on(now_ms);
        let end = out.len().saturating_add(most);
        while out.len() < end {
            let Some(stream) = self.next(now_ms) else {
                return;
            };
            let Some(line) = self.take(stream) else {
                return;
            };
            out.push(line);
        }
    }

    /// When lines go out without any more coming, by the clock of `push`; none where nothing waits.
    pub fn next_at(&self) -> Option<u64> {
        let oldest = self
            .arrivals
            .iter()
            .find(|arrival| self.is_pending(arrival))?;
        if self.idle == 0 {
            return Some(oldest.at_ms);
        }
        let held = oldest.at_ms.saturating_add(self.hold_ms);
        if self.start.idle == 0 {
            return Some(held);
        }
        let silent = self.slots.iter().filter(|slot| slot.is_awaited());
        let given_up = silent.map(|slot| slot.heard_ms).max();
        let over = given_up.into_iter().chain(self.start.live_ms).min();
        over.map(|ms| held.max(ms.saturating_add(self.patience_ms())))
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
                is_behind: false,
                heard_ms: 0,
                batches: VecDeque::new(),
                reached: i64::MIN,
                pushed: 0,
                popped: 0,
            });
        }
        at
    }

    fn patience_ms(&self) -> u64 {
        PATIENCE_MS.max(self.hold_ms)
    }

    /// Gives up waiting for what logs held already, where that took too long.
    fn go_on(&mut self, now_ms: u64) {
        if self.start.over_ms.is_some() {
            return;
        }
        let patience_ms = self.patience_ms();
        let is_long = |ms: u64| ms.saturating_add(patience_ms) <= now_ms;
        let is_over = self.start.live_ms.is_some_and(is_long);
        for slot in &mut self.slots {
            if is_over || (slot.is_awaited() && is_long(slot.heard_ms)) {
                self.start.leave(slot);
            }
        }
        self.start.over_ms = (self.start.behind == 0).then_some(now_ms);
    }

    /// The stream whose first line goes out now.
    fn next(&mut self, now_ms: u64) -> Option<usize> {
        let first = self.first()?;
        let oldest = self.oldest()?;
        let due_ms = oldest.at_ms.saturating_add(self.hold_ms);
        if due_ms > now_ms {
            return (self.idle == 0).then_some(first);
        }
        if self.start.behind > 0 {
            return (self.start.idle == 0).then_some(first);
        }
        let came_ms = self.slots.get(first)?.batches.front()?.0;
        // What came at the start was waited for longer.
        let in_time_ms = due_ms.max(self.start.over_ms.unwrap_or(0));
        Some(if came_ms > in_time_ms {
            oldest.slot
        } else {
            first
        })
    }

    /// The stream whose first line is the earliest.
    fn first(&mut self) -> Option<usize> {
        loop {
            let Reverse(head) = self.heads.peek()?;
            let slot = self.slots.get(head.slot)?;
            if slot.popped == head.number {
                return Some(head.slot);
            }
            self.heads.pop();
        }
    }

    /// What came first of that which is still here.
    fn oldest(&mut self) -> Option<Arrival> {
        while let Some(oldest) = self.arrivals.front() {
            if self.is_pending(oldest) {
                return Some(*oldest);
            }
            self.arrivals.pop_front();
        }
        None
    }

    /// Takes the first line of a stream.
    fn take(&mut self, at: usize) -> Option<Line> {
        let slot = self.slots.get_mut(at)?;
        let mut line = slot.pop()?;
        let at_us = slot.reached;
        line.is_late = line.at_us.is_some() && at_us < self.newest;
        self.newest = self.newest.max(at_us);
        self.waiting -= 1;
        self.bytes -= line.text.len();
        if slot.is_empty() {
            self.idle += usize::from(slot.is_open);
            self.start.idle += usize::from(slot.is_behind);
            return Some(line);
        }
        let head = slot.head(line.stream, at);
        self.put(head);
        Some(line)
    }

    /// Puts the head of a stream into its place.
    fn put(&mut self, head: Head) {
        if let Some(mut first) = self.heads.peek_mut()
            && first.0.slot == head.slot
        {
            first.0 = head;
            return;
        }
        self.heads.push(Reverse(head));
        if self.heads.len() > 2 * self.slots.len() {
            let slots = &self.slots;
            let is_first = |slot: &Slot, head: &Head| slot.popped == head.number;
            self.heads.retain(|Reverse(head)| {
                slots
                    .get(head.slot)
                    .is_some_and(|slot| is_first(slot, head))
            });
        }
    }

    fn is_pending(&self, arrival: &Arrival) -> bool {
        let slot = self.slots.get(arrival.slot);
        slot.is_some_and(|slot| slot.popped < arrival.end)
    }
}

impl Start {
    fn count(&mut self, slot: &Slot) {
        self.behind += usize::from(slot.is_behind);
        self.idle += usize::from(slot.is_awaited());
    }

    fn leave(&mut self, slot: &mut Slot) {
        self.behind -= usize::from(slot.is_behind);
        self.idle -= usize::from(slot.is_awaited());
        slot.is_behind = false;
    }
}

impl Slot {
    fn is_empty(&self) -> bool {
        self.popped == self.pushed
    }

    /// It is behind and has no line.
    fn is_awaited(&self) -> bool {
        self.is_behind && self.is_empty()
    }

    fn pop(&mut self) -> Option<Line> {
        let (_, batch) = self.batches.front_mut()?;
        let line = batch.next();
        if batch.as_slice().is_empty() {
            self.batches.pop_front();
        }
        self.popped += u64::from(line.is_some());
        line
    }

    /// Its first line in the order; one before any time comes first.
    fn head(&mut self, stream: StreamId, slot: usize) -> Head {
        let first = self
            .batches
            .front()
            .and_then(|(_, batch)| batch.as_slice().first());
        let at_us = first.and_then(|line| line.at_us).unwrap_or(i64::MIN);
        self.reached = self.reached.max(at_us);
        Head {
            at_us: self.reached,
            stream,
            slot,
            number: self.popped,
        }
    }
}
