//! A stretch of history cut into buckets that stay where they are, so that a graph changes only where time writes.

use crate::{
    fleet::{Millis, NodeState},
    metrics::{Field, history::SPAN_MS},
};

/// Values by bucket, oldest first; the last one is bucket number `head`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Number of the newest bucket, counted from the start of the clock.
    pub head: u64,
    /// The maximum of each bucket; `None` where nothing was measured.
    pub values: Vec<Option<f32>>,
}

/// Buckets in one cell: braille is two dots wide.
pub const PER_CELL: u16 = 2;

impl Trace {
    /// The `span_ms` up to `now` of one field, in as many buckets as `cells` of a graph hold.
    pub fn of(node: &NodeState, field: &Field, now: Millis, (span_ms, cells): (u64, u16)) -> Self {
        let buckets = u64::from(cells.max(1) * PER_CELL);
        let width = (span_ms.min(SPAN_MS) / buckets).max(1);
        let head = now.0 / width;
        let span = width * buckets;
        let mut values = node.history.series(field.id, now.0, span, buckets as usize);
        hold(&mut values, 3 * node.interval_ms / width);
        Self { head, values }
    }

    /// The largest value.
    pub fn max(&self) -> Option<f32> {
        self.values.iter().flatten().copied().reduce(f32::max)
    }

    /// True when nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.values.iter().all(Option::is_none)
    }

    /// Number and value of each bucket that was measured.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (u64, f32)> + '_ {
        let newest_first = self.values.iter().rev().enumerate();
        newest_first.filter_map(|(back, value)| {
            let number = self.head.checked_sub(back as u64)?;
            Some((number, (*value)?))
        })
    }
}

/// A value counts until a sample is overdue: buckets shorter than the cadence are no gaps.
fn hold(values: &mut [Option<f32>], buckets: u64) {
    let mut last = None;
    let mut left = 0;
    for value in values {
        if value.is_some() {
            (last, left) = (*value, buckets);
        } else if left > 0 {
            *value = last;
            left -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_held_for_three_intervals_only() {
        let mut values = [Some(1.0), None, None, None, None, Some(2.0), None];
        hold(&mut values, 3);
        let one = Some(1.0);
        assert_eq!(values, [one, one, one, one, None, Some(2.0), Some(2.0)]);
        let mut values = [Some(1.0), None, None];
        hold(&mut values, 0);
        assert_eq!(values, [Some(1.0), None, None]);
    }

    #[test]
    fn buckets_are_numbered_from_the_head_back() {
        let trace = Trace {
            head: 1,
            values: vec![Some(9.0), Some(3.0), None],
        };
        assert_eq!(trace.buckets().collect::<Vec<_>>(), [(0, 3.0)]);
        assert_eq!(trace.max(), Some(9.0));
    }
}
