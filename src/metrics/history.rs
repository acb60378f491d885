//! The last ten minutes of the fields that are drawn as graphs: closed chunks are shared, so a clone is cheap.

use std::{collections::VecDeque, sync::Arc};

use super::{Field, Sample, fields};

/// Longest span kept.
pub const SPAN_MS: u64 = 600_000;

/// Rows of a chunk; a clone copies at most the rows of the open one.
const CHUNK_ROWS: usize = 32;

/// A sample that follows this soon replaces the one before, so that the number of rows is bounded.
const CLOSEST_MS: u64 = 500;

/// Values of all history fields at some instants, row after row; NaN where the node lacks one.
#[derive(Clone, Debug, Default)]
struct Chunk {
    at: Vec<u64>,
    values: Vec<f32>,
}

/// Series of one node.
#[derive(Clone, Debug, Default)]
pub struct History {
    closed: VecDeque<Arc<Chunk>>,
    open: Chunk,
}

fn kept() -> impl Iterator<Item = &'static Field> {
    fields().filter(|field| field.history)
}

impl History {
    /// Adds the values of a sample taken at `at_ms`; one that is older than the newest is left out.
    pub fn push(&mut self, at_ms: u64, sample: &Sample) {
        let before = self
            .open
            .at
            .last()
            .or_else(|| self.closed.back()?.at.last());
        if before.is_some_and(|before| at_ms < *before) {
            return;
        }
        if self
            .open
            .at
            .last()
            .is_some_and(|last| at_ms - last < CLOSEST_MS)
        {
            let width = self.open.values.len() / self.open.at.len();
            self.open.values.truncate(self.open.values.len() - width);
        } else {
            self.close_full();
            self.open.at.push(at_ms);
        }
        let value = |field: &Field| (field.read)(sample).map_or(f32::NAN, |value| value as f32);
        self.open.values.extend(kept().map(value));
        let is_old = |chunk: &Arc<Chunk>| chunk.at.last().is_none_or(|last| at_ms - last > SPAN_MS);
        while self.closed.front().is_some_and(is_old) {
            self.closed.pop_front();
        }
    }

    fn close_full(&mut self) {
        if self.open.at.len() >= CHUNK_ROWS {
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
        let last = now_ms / width;
        let oldest = (last + 1).saturating_sub(buckets as u64) * width;
        for (at, value) in self.column(field, oldest) {
            let age = last.checked_sub(at / width).map(|age| age as usize);
            let place = age.and_then(|age| buckets.checked_sub(age + 1));
            if let Some(bucket) = place.and_then(|place| series.get_mut(place)) {
                *bucket = Some(bucket.map_or(value, |before: f32| before.max(value)));
            }
        }
        series
    }

    /// The newest value of a field, `None` where the newest sample lacks it.
    pub fn latest(&self, field: &str) -> Option<f32> {
        let newest = *self.open.at.last()?;
        self.column(field, newest).last().map(|(_, value)| value)
    }

    /// The instants from `oldest` on at which a field was measured, oldest first, and its values. Older chunks aren't touched: a table
    /// asks for the last two minutes of ten, three times a row.
    fn column(&self, field: &str, oldest: u64) -> impl Iterator<Item = (u64, f32)> {
        let id = super::field(field).map(|field| field.id);
        let (mut width, mut column) = (0, None);
        for field in kept() {
            if Some(field.id) == id {
                column = Some(width);
            }
            width += 1;
        }
        let chunks = self.closed.iter().map(AsRef::as_ref).chain([&self.open]);
        let rows = chunks.flat_map(move |chunk: &Chunk| {
            let skipped = chunk.at.partition_point(|at| *at < oldest);
            let at = chunk.at.get(skipped..).unwrap_or_default();
            let values = chunk.values.get(skipped * width..).unwrap_or_default();
            at.iter().zip(values.chunks(width.max(1)))
        });
        rows.filter_map(move |(at, row)| Some((*at, *row.get(column?)?)))
            .filter(|(_, value)| !value.is_nan())
    }
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
        assert!(history.column("load", 0).count() <= 600 + CHUNK_ROWS);
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
        assert!(history(&loads).column("load", 0).count() <= 2 * 600 + CHUNK_ROWS);
        assert_eq!(
            history(&[(5000, Some(1.0)), (4000, Some(2.0))]).latest("load"),
            Some(1.0)
        );
    }
}
