//! The last ten minutes of the fields that are drawn as graphs: closed chunks are shared, so a clone is cheap.

use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock},
};

use super::{Field, Sample, fields};

/// Longest span kept.
pub const SPAN_MS: u64 = 600_000;

/// Rows of a chunk; a clone copies the open one.
const CHUNK_ROWS: usize = 32;

/// A sample that follows this soon replaces the one before, so that the number of rows is bounded.
const CLOSEST_MS: u64 = 500;

/// The fields that are kept, in the order of their columns.
static KEPT: LazyLock<Vec<&'static Field>> =
    LazyLock::new(|| fields().filter(|field| field.history).collect());

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
    fn write(&mut self, sample: &Sample) {
        self.values.resize(KEPT.len() * CHUNK_ROWS, f32::NAN);
        let row = self.at.len().saturating_sub(1);
        let places = self.values.iter_mut().skip(row).step_by(CHUNK_ROWS);
        for (place, field) in places.zip(KEPT.iter()) {
            *place = (field.read)(sample).map_or(f32::NAN, |value| value as f32);
        }
    }

    /// What was measured of a column from `oldest` on, oldest first.
    fn column(&self, column: usize, oldest: u64) -> impl Iterator<Item = (u64, f32)> {
        let is_within = self.at.first().is_none_or(|at| *at >= oldest);
        let row = if is_within {
            0
        } else {
            self.at.partition_point(|at| *at < oldest)
        };
        let at = self.at.get(row..).unwrap_or_default();
        let values = self.values.get(column * CHUNK_ROWS + row..);
        let rows = at
            .iter()
            .copied()
            .zip(values.unwrap_or_default().iter().copied());
        rows.filter(|(_, value)| !value.is_nan())
    }
}

impl History {
    /// Adds the values of a sample taken at `at_ms`; one that is older than the newest is left out.
    pub fn push(&mut self, at_ms: u64, sample: &Sample) {
        let newest = self.open.at.last().copied();
        let before = newest.or_else(|| self.closed.back()?.at.last().copied());
        if before.is_some_and(|before| at_ms < before) {
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
        field: &str,
        now_ms: u64,
        span_ms: u64,
        buckets: usize,
    ) -> Vec<Option<f32>> {
        let mut series = vec![None; buckets];
        let width = (span_ms / (buckets.max(1) as u64)).max(1);
        let after = now_ms / width + 1;
        let first = after.saturating_sub(buckets as u64);
        let mut place = buckets - (after - first) as usize;
        let mut end = (first + 1) * width;
        self.each(field, first * width, |at, value| {
            // Time only goes on: counting buckets costs less than a division for each value.
            while at >= end && place < buckets {
                end += width;
                place += 1;
            }
            if let Some(bucket) = series.get_mut(place)
                && bucket.is_none_or(|before| value > before)
            {
                *bucket = Some(value);
            }
        });
        series
    }

    /// The newest value of a field, `None` where the newest sample lacks it.
    pub fn latest(&self, field: &str) -> Option<f32> {
        let mut latest = None;
        self.each(field, *self.open.at.last()?, |_, value| {
            latest = Some(value);
        });
        latest
    }

    /// What was measured of a field from `oldest` on, oldest first. Two plain loops: as one iterator over both they take twice the time.
    fn each(&self, field: &str, oldest: u64, mut take: impl FnMut(u64, f32)) {
        let Some(column) = column(field) else { return };
        for chunk in self.closed.iter().map(AsRef::as_ref).chain([&self.open]) {
            if chunk.at.last().is_some_and(|at| *at >= oldest) {
                for (at, value) in chunk.column(column, oldest) {
                    take(at, value);
                }
            }
        }
    }
}

fn column(field: &str) -> Option<usize> {
    let place = |id: &str| KEPT.iter().position(|kept| kept.id == id);
    place(field).or_else(|| place(super::field(field)?.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(loads: &[(u64, Option<f64>)]) -> History {
        let mut history = History::default();
        for (at, load) in loads {
            let mut sample = Sample::default();
            sample.load.averages = load.map(|load| [load; 3]);
            history.push(*at, &sample);
        }
        history
    }

    fn count(history: &History) -> usize {
        let mut count = 0;
        history.each("load", 0, |_, _| count += 1);
        count
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
        let series = history.series("load", 9000, 10_000, 5);
        assert_eq!(series, [Some(1.0), Some(3.0), None, None, Some(5.0)]);
        assert_eq!(history.latest("load"), Some(5.0));
        assert_eq!(history.latest("cpu"), None);
        assert_eq!(
            history.series("no such field", 9000, 10_000, 2),
            [None, None]
        );
    }

    #[test]
    fn a_value_stays_in_its_bucket() {
        let history = history(&[(10_100, Some(7.0))]);
        let place = |now| {
            history
                .series("load.1", now, 10_000, 10)
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
                .series("load", 1_999_000, SPAN_MS, 600)
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
        assert_eq!(
            history(&[(5000, Some(1.0)), (4000, Some(2.0))]).latest("load"),
            Some(1.0)
        );
    }
}
