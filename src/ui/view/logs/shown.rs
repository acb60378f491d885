//! Which lines pass the filter: found step by step, the newest first, so that no frame waits for a long log.

use std::collections::VecDeque;

use crate::logs::{Buffer, Filter};

/// The numbers of the lines that are shown, as far as they are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    /// None shows all.
    filter: Option<Filter>,
    /// In order; of those from `low` to `high`.
    numbers: VecDeque<u64>,
    low: u64,
    high: u64,
    first: u64,
    end: u64,
}

impl Shown {
    /// Begins anew with this filter.
    pub(super) fn set(&mut self, filter: Filter, buffer: &Buffer) {
        self.filter = (!filter.is_open()).then_some(filter);
        self.numbers.clear();
        (self.low, self.high) = (buffer.end(), buffer.end());
    }

    /// Looks at `most` lines that weren't looked at: what is new, then what is old.
    pub(super) fn step(&mut self, buffer: &Buffer, most: u64) {
        (self.first, self.end) = (buffer.first(), buffer.end());
        let Some(filter) = &self.filter else { return };
        while self.numbers.front().is_some_and(|n| *n < self.first) {
            self.numbers.pop_front();
        }
        self.low = self.low.max(self.first);
        self.high = self.high.max(self.first);
        let to = self.end.min(self.high + most);
        let left = most - (to - self.high);
        for (number, line) in buffer.range(self.high..to) {
            if line.is_gap || filter.keeps(line) {
                self.numbers.push_back(number);
            }
        }
        self.high = to;
        let from = self.low.saturating_sub(left).max(self.first);
        for (number, line) in buffer.range(from..self.low).rev() {
            if line.is_gap || filter.keeps(line) {
                self.numbers.push_front(number);
            }
        }
        self.low = from;
    }

    /// Lines that were not looked at yet.
    pub(super) fn unknown(&self) -> u64 {
        match self.filter {
            Some(_) => (self.low - self.first) + (self.end - self.high),
            None => 0,
        }
    }

    pub(super) fn has_filter(&self) -> bool {
        self.filter.is_some()
    }

    pub(super) fn len(&self) -> u64 {
        match self.filter {
            Some(_) => self.numbers.len() as u64,
            None => self.end - self.first,
        }
    }

    pub(super) fn first(&self) -> Option<u64> {
        match self.filter {
            Some(_) => self.numbers.front().copied(),
            None => (self.first < self.end).then_some(self.first),
        }
    }

    pub(super) fn last(&self) -> Option<u64> {
        match self.filter {
            Some(_) => self.numbers.back().copied(),
            None => (self.first < self.end).then(|| self.end - 1),
        }
    }

    /// How many are shown before this number.
    pub(super) fn place(&self, number: u64) -> u64 {
        match self.filter {
            Some(_) => self.numbers.partition_point(|n| *n < number) as u64,
            None => number.clamp(self.first, self.end) - self.first,
        }
    }

    /// The line with so many before it.
    pub(super) fn at(&self, place: u64) -> Option<u64> {
        match self.filter {
            Some(_) => self.numbers.get(place as usize).copied(),
            None => Some(self.first + place).filter(|n| *n < self.end),
        }
    }

    /// This line if it is shown, else the next one, else the last.
    pub(super) fn near(&self, number: u64) -> Option<u64> {
        self.at(self.place(number)).or_else(|| self.last())
    }

    /// So many lines further, or back; stays at an end.
    pub(super) fn step_from(&self, number: u64, by: i64) -> Option<u64> {
        let last = self.len().checked_sub(1)?;
        let place = self.place(number).min(last);
        self.at(place.saturating_add_signed(by).min(last))
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<u64> {
        match self.filter {
            Some(_) => self.numbers.iter().copied().collect(),
            None => (self.first..self.end).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::logs::{Line, StreamId, filter};

    fn buffer(texts: &[bool], limit: usize) -> Buffer {
        let mut buffer = Buffer::new(limit);
        for is_hit in texts {
            push(&mut buffer, *is_hit);
        }
        buffer
    }

    fn push(buffer: &mut Buffer, is_hit: bool) {
        buffer.push(Line {
            stream: StreamId(0),
            at_us: None,
            is_stamped: false,
            level: None,
            is_late: false,
            is_gap: false,
            text: Bytes::from_static(if is_hit { b"hit" } else { b"miss" }),
        });
    }

    fn hits() -> Filter {
        Filter {
            grep: vec![filter::exact("hit").unwrap()],
            ..Filter::default()
        }
    }

    #[test]
    fn the_newest_lines_are_there_at_once() {
        let buffer = buffer(&[true; 100], 1 << 20);
        let mut shown = Shown::default();
        shown.set(hits(), &buffer);
        shown.step(&buffer, 10);
        assert_eq!(
            (shown.first(), shown.last(), shown.unknown()),
            (Some(90), Some(99), 90)
        );
    }

    proptest! {
        /// Step by step, and while lines come and go, it comes to what one look at all lines gives.
        #[test]
        fn it_is_the_filter_in_the_end(texts in prop::collection::vec(any::<bool>(), 0..300), at in 0usize..300, limit in 500usize..30_000, most in 1u64..50, is_open in any::<bool>()) {
            let (old, new) = texts.split_at(at.min(texts.len()));
            let mut buffer = buffer(old, limit);
            let mut shown = Shown::default();
            shown.set(if is_open { Filter::default() } else { hits() }, &buffer);
            for is_hit in new {
                push(&mut buffer, *is_hit);
                shown.step(&buffer, most);
            }
            for _ in 0..400 {
                shown.step(&buffer, most);
            }
            let expected: Vec<u64> = buffer.range(0..u64::MAX).filter(|(_, line)| is_open || &line.text[..] == b"hit").map(|(n, _)| n).collect();
            prop_assert_eq!(shown.unknown(), 0);
            prop_assert_eq!(shown.len(), expected.len() as u64);
            prop_assert_eq!((shown.first(), shown.last()), (expected.first().copied(), expected.last().copied()));
            for (place, number) in (0..).zip(&expected) {
                prop_assert_eq!((shown.at(place), shown.place(*number)), (Some(*number), place));
            }
            prop_assert_eq!(shown.all(), expected);
        }
    }
}
