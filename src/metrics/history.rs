//! The last ten minutes of the fields that are drawn as graphs: closed chunks are shared, so a clone is cheap.

use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock},
};

use super::{Field, Valued, fields, place};

/// Longest span kept.
pub const SPAN_MS: u64 = 600_000;

/// Rows of a chunk; a clone copies the open one.
const CHUNK_ROWS: usize = 32;

/// A sample that follows this soon replaces the one before, so that the number of rows is bounded.
const CLOSEST_MS: u64 = 500;

/// The places of the fields that are kept, in the order of their columns.
static KEPT: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let numbered = fields().enumerate();
    let kept = numbered.filter(|(_, field)| field.history);
    kept.map(|(place, _)| place).collect()
});

/// Values of all history fields at some instants; NaN where the node lacks one. A field's values lie together, since a graph reads
/// one field of many nodes: row by row it would touch a cache line for each value.
#[derive(Clone, Debug, Default)]
struct Chunk {
    at: Vec<u64>,
    /// [`CHUNK_ROWS`] of each field.
    values: Vec<f32>,
}

/// Series of one node.
#[derive(Clone, Debug, Default)]
pub struct History {
    closed: VecDeque<Arc<Chunk>>,
    open: Chunk,
}

impl Chunk {
    fn is_full(&self) -> bool {
        self.at.len() >= CHUNK_ROWS
    }

    /// Writes the newest row, whose time is there already.
    fn write(&mut self, sample: &Valued) {
        self.values.resize(KEPT.len() * CHUNK_ROWS, f32::NAN);
        let row = self.at.len().saturating_sub(1);
        let places = self.values.iter_mut().skip(row).step_by(CHUNK_ROWS);
        for (place, kept) in places.zip(KEPT.iter()) {
            *place = sample.at(*kept).map_or(f32::NAN, |value| value as f32);
        }
    }

    /// The times from `oldest` on, and the values of a column at them.
    fn column(&self, column: usize, oldest: u64) -> (&[u64], &[f32]) {
        let row = match (self.at.first(), self.at.last()) {
            // The usual chunk is wholly within or wholly out.
            (Some(first), _) if *first >= oldest => 0,
            (_, Some(last)) if *last < oldest => self.at.len(),
            _ => self.at.partition_point(|at| *at < oldest),
        };
        let values = self.values.get(column * CHUNK_ROWS + row..);
        (
            self.at.get(row..).unwrap_or_default(),
            values.unwrap_or_default(),
        )
    }
}

impl History {
    /// Adds the values of a sample taken at `at_ms`; one that is older than the newest is left out.
    pub fn push(&mut self, at_ms: u64, sample: &Valued) {
        let newest = self.open.at.last().copied();
        if self.newest().is_some_and(|before| at_ms < before) {
            return;
        }
        if newest.is_none_or(|newest| at_ms - newest >= CLOSEST_MS) {
            self.close_full();
            self.open.at.push(at_ms);
        }
        self.open.write(sample);
        let is_old = |chunk: &Arc<Chunk>| chunk.at.last().is_none_or(|last| at_ms - last > SPAN_MS);
        while self.closed.front().is_some_and(is_old) {
            self.closed.pop_front();
        }
    }

    fn close_full(&mut self) {
        if self.open.is_full() {
            let full = std::mem::take(&mut self.open);
            self.closed.push_back(Arc::new(full));
        }
    }

    /// `buckets` values of a field that cover the `span_ms` up to `now_ms`, oldest first: the maximum of each bucket, `None` where nothing was measured.
    /// Buckets begin at multiples of their width, so that a value stays in its bucket as time goes on.
    pub fn series(
        &self,
        field: &Field,
        now_ms: u64,
        span_ms: u64,
        buckets: usize,
    ) -> Vec<Option<f32>> {
        let width = (span_ms / (buckets.max(1) as u64)).max(1);
        let after = now_ms / width + 1;
        let first = after.saturating_sub(buckets as u64);
        let mut values = vec![None; buckets];
        let before_time = buckets - (after - first) as usize;
        if let Some(values) = values.get_mut(before_time..) {
            self.fill(field, (first, width), values);
        }
        values
    }

    /// Sets buckets to the maxima of a field, the first of them that with the number `first`; each is `width` milliseconds
    /// wide.
    pub fn fill(&self, field: &Field, (first, width): (u64, u64), buckets: &mut [Option<f32>]) {
        buckets.fill(None);
        let Some(column) = column(field) else { return };
        let oldest = first * width;
        let mut series = Series {
            buckets,
            place: 0,
            end: oldest + width,
            width,
        };
        for chunk in self.since(oldest).chain([&self.open]) {
            let (at, values) = chunk.column(column, oldest);
            series.take(at, values);
        }
    }

    /// The closed chunks with rows from `oldest` on. Mostly there are none, which the open one knows: others are not even looked
    /// at.
    fn since(&self, oldest: u64) -> impl Iterator<Item = &Chunk> {
        let is_before = self.open.at.first().is_some_and(|at| *at <= oldest);
        let is_within =
            |chunk: &&Arc<Chunk>| !is_before && chunk.at.last().is_some_and(|at| *at >= oldest);
        let within = self.closed.iter().rev().take_while(is_within).count();
        let closed = self.closed.range(self.closed.len() - within..);
        closed.map(AsRef::as_ref)
    }

    /// When the newest row was taken.
    pub fn newest(&self) -> Option<u64> {
        let newest = self.open.at.last().copied();
        newest.or_else(|| self.closed.back()?.at.last().copied())
    }
}

/// Buckets that are filled from the oldest on.
struct Series<'a> {
    buckets: &'a mut [Option<f32>],
    /// The bucket that is filled now.
    place: usize,
    /// When it ends.
    end: u64,
    width: u64,
}

impl Series<'_> {
    /// Takes values in by the bucket, not one by one: a table draws some 50,000 of them a frame.
    fn take(&mut self, mut at: &[u64], mut values: &[f32]) {
        while let Some(oldest) = at.first() {
            if *oldest >= self.end {
                let more = (*oldest - self.end) / self.width + 1;
                self.end += more * self.width;
                self.place += more as usize;
            }
            let Some(bucket) = self.buckets.get_mut(self.place) else {
                return;
            };
            // They are few: looking through them is faster than a binary search.
            let rows = at.iter().take_while(|at| **at < self.end).count();
            let rows = rows.min(values.len());
            let (within, later) = values.split_at(rows);
            *bucket = match (*bucket, largest(within)) {
                (Some(before), Some(value)) => Some(before.max(value)),
                (before, value) => before.or(value),
            };
            (at, values) = (at.get(rows..).unwrap_or_default(), later);
        }
    }
}

/// The largest that is a number.
fn largest(values: &[f32]) -> Option<f32> {
    const NONE: f32 = f32::NEG_INFINITY;
    // NaN is larger than nothing. Four at a time, which the compiler makes one instruction of.
    let larger = |most: f32, value: f32| if value > most { value } else { most };
    let (fours, rest) = values.as_chunks::<4>();
    let most = fours.iter().fold([NONE; 4], |[a, b, c, d], [e, f, g, h]| {
        [larger(a, *e), larger(b, *f), larger(c, *g), larger(d, *h)]
    });
    let most = most.into_iter().chain(rest.iter().copied());
    let most = most.fold(NONE, larger);
    (most > NONE).then_some(most)
}

fn column(field: &Field) -> Option<usize> {
    KEPT.binary_search(&place(field)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Sample, field};

    fn load() -> &'static Field {
        field("load").expect("a field")
    }

    fn history(loads: &[(u64, Option<f64>)]) -> History {
        let mut history = History::default();
        for (at, load) in loads {
            let mut sample = Sample::default();
            sample.load.averages = load.map(|load| [load; 3]);
            history.push(*at, &sample.into());
        }
        history
    }

    fn count(history: &History) -> usize {
        let closed: usize = history.closed.iter().map(|chunk| chunk.at.len()).sum();
        closed + history.open.at.len()
    }

    #[test]
    fn buckets_hold_maxima_and_gaps_stay_gaps() {
        let history = history(&[
            (1000, Some(1.0)),
            (2000, Some(3.0)),
            (3000, Some(2.0)),
            (6000, None),
            (8000, Some(5.0)),
        ]);
        let series = history.series(load(), 9000, 10_000, 5);
        assert_eq!(series, [Some(1.0), Some(3.0), None, None, Some(5.0)]);
        let others = ["cpu", "host.cores"].map(|name| field(name).expect("a field"));
        for lacking in others {
            assert_eq!(history.series(lacking, 9000, 10_000, 2), [None, None]);
        }
    }

    #[test]
    fn a_value_stays_in_its_bucket() {
        let history = history(&[(10_100, Some(7.0))]);
        let place = |now| {
            history
                .series(load(), now, 10_000, 10)
                .iter()
                .position(Option::is_some)
        };
        assert_eq!(place(10_200), place(10_900));
        assert_eq!(place(11_000), place(10_900).map(|place| place - 1));
        assert_eq!(place(30_000), None);
    }

    #[test]
    fn old_rows_go_and_clones_share_the_rest() {
        let loads: Vec<_> = (0..2000).map(|n| (n * 1000, Some(n as f64))).collect();
        let history = history(&loads);
        assert!(count(&history) <= 600 + CHUNK_ROWS);
        assert!(
            history
                .series(load(), 1_999_000, SPAN_MS, 600)
                .iter()
                .all(Option::is_some)
        );
        let clone = history.clone();
        assert!(Arc::ptr_eq(&history.closed[0], &clone.closed[0]));
        assert!(clone.open.at.len() <= CHUNK_ROWS);
    }

    #[test]
    fn a_flood_of_samples_is_bounded() {
        let loads: Vec<_> = (0..50_000).map(|n| (n * 20, Some(1.0))).collect();
        assert!(count(&history(&loads)) <= 2 * 600 + CHUNK_ROWS);
        let history = history(&[(5000, Some(1.0)), (4000, Some(2.0))]);
        assert_eq!(history.series(load(), 5000, 2000, 2), [None, Some(1.0)]);
    }
}
