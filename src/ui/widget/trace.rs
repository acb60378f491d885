//! A stretch of history cut into buckets that stay where they are, so that a graph changes only where time writes.

use std::{cell::RefCell, collections::HashMap, ptr, sync::Arc};

use crate::{
    fleet::{Millis, NodeState},
    metrics::{Field, history::SPAN_MS},
    node::Node,
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

/// Traces as they were last asked for: of the next one only what came since is read from the history.
#[derive(Clone, Debug, Default)]
pub struct Traces(RefCell<HashMap<Key, Known>>);

/// Addresses of node and field, milliseconds of a bucket, buckets.
type Key = (usize, usize, u64, u64);

/// A trace before values are held.
#[derive(Clone, Debug)]
struct Known {
    /// Keeps the address in the key from being given to another node. A node that is followed anew has another one.
    _node: Arc<Node>,
    trace: Trace,
    /// The number of the first bucket that may still grow: that of the newest row.
    grows: u64,
}

/// So many traces are kept: more than a screen has.
const MOST: usize = 2048;

impl Traces {
    /// As [`Trace::of`].
    pub fn of(&self, node: &NodeState, field: &Field, now: Millis, span: (u64, u16)) -> Trace {
        let (buckets, width) = buckets(span);
        let key = (
            Arc::as_ptr(&node.node).addr(),
            ptr::from_ref(field).addr(),
            width,
            buckets,
        );
        let mut known = self.0.borrow_mut();
        if known.len() >= MOST {
            known.clear();
        }
        let known = known.entry(key).or_insert_with(|| Known {
            _node: node.node.clone(),
            trace: Trace::nothing(buckets),
            grows: 0,
        });
        known.follow(node, field, (now.0 / width, width));
        let mut trace = known.trace.clone();
        hold(&mut trace.values, 3 * node.interval_ms / width);
        trace
    }
}

impl Known {
    /// Brings it up to a bucket and to the newest row.
    fn follow(&mut self, node: &NodeState, field: &Field, (head, width): (u64, u64)) {
        let values = &mut self.trace.values;
        let buckets = values.len();
        let Some(ahead) = head.checked_sub(self.trace.head) else {
            // Time went back.
            self.trace = Trace::nothing(buckets as u64);
            self.grows = 0;
            return self.follow(node, field, (head, width));
        };
        let ahead = usize::try_from(ahead).map_or(buckets, |ahead| ahead.min(buckets));
        values.rotate_left(ahead);
        let oldest = (head + 1).saturating_sub(buckets as u64);
        let first = self.grows.clamp(oldest, head);
        let new = (head - first + 1) as usize;
        if let Some(rotated_out) = values.get_mut(buckets - ahead..) {
            rotated_out.fill(None);
        }
        if let Some(values) = values.get_mut(buckets - new..) {
            node.history.fill(field, (first, width), values);
        }
        self.trace.head = head;
        self.grows = (node.history.newest().unwrap_or(0) / width).min(head);
    }
}

impl Trace {
    /// The `span_ms` up to `now` of one field, in as many buckets as `cells` of a graph hold.
    pub fn of(node: &NodeState, field: &Field, now: Millis, span: (u64, u16)) -> Self {
        Traces::default().of(node, field, now, span)
    }

    fn nothing(buckets: u64) -> Self {
        Self {
            head: 0,
            values: vec![None; buckets as usize],
        }
    }

    /// The largest value.
    pub fn max(&self) -> Option<f32> {
        self.values.iter().flatten().copied().reduce(f32::max)
    }

    /// True when nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.values.iter().all(Option::is_none)
    }
}

/// How many buckets a span is cut into, and how wide they are, in milliseconds.
fn buckets((span_ms, cells): (u64, u16)) -> (u64, u64) {
    let buckets = u64::from(cells.max(1) * PER_CELL);
    (buckets, (span_ms.min(SPAN_MS) / buckets).max(1))
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
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::{
        inventory,
        metrics::{self, Sample},
    };

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

    /// What a graph that was never drawn before would show.
    fn afresh(node: &NodeState, field: &Field, now: u64, cells: u16) -> Vec<Option<f32>> {
        let (buckets, width) = buckets((40_000, cells));
        let history = &node.history;
        let mut values = history.series(field, now, width * buckets, buckets as usize);
        hold(&mut values, 3 * node.interval_ms / width);
        values
    }

    proptest! {
        /// Steps of time, and whether a sample comes, and how late it is.
        #[test]
        fn what_is_remembered_changes_no_trace(
            steps in vec((0..9_000_u64, any::<bool>(), 0..700_u64, any::<bool>()), 1..60),
        ) {
            let field = metrics::field("load.1").expect("a field");
            let inventory = inventory::load(&inventory::Located::ThisMachine).unwrap();
            let mut node = NodeState::new(inventory.nodes[0].clone());
            let traces = Traces::default();
            let mut now = 0;
            for (n, (step, comes, late, is_drawn)) in steps.into_iter().enumerate() {
                now += step;
                if comes {
                    let mut sample = Sample::default();
                    sample.load.averages = Some([n as f64; 3]);
                    node.history.push(now.saturating_sub(late), &sample.into());
                }
                for cells in [1, 7] {
                    if is_drawn {
                        let found = traces.of(&node, field, Millis(now), (40_000, cells));
                        prop_assert_eq!(found.values, afresh(&node, field, now, cells));
                    }
                }
            }
        }
    }
}
