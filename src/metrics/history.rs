//! The last ten minutes of the fields that are drawn as graphs: closed chunks are shared, so a clone is cheap.

use std::{collections::VecDeque, sync::Arc};

use super::{Field, Sample, fields};

/// Longest span kept.
pub const SPAN_MS: u64 = 600_000;

/// Rows of a chunk; a clone copies at most the rows of the open one.
const CHUNK_ROWS: usize = 32;

/// A sample that follows this soon replaces the one before, so that the number of rows is bounded.
const CLOSEST_MS: u64 = 500;

/// Values of all history fields at some instants; NaN where the node lacks one. Row after row while it is open, then field after field: a graph reads one field of hundreds of rows.
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

impl Chunk {
    fn by_field(self) -> Self {
        let rows = self.at.len().max(1);
        let width = self.values.len() / rows;
        let place = |n: usize| (n % rows) * width + n / rows;
        let value = |n| self.values.get(place(n)).copied().unwrap_or(f32::NAN);
        Self {
            values: (0..self.values.len()).map(value).collect(),
            at: self.at,
        }
    }

    /// One field of a closed chunk.
    fn field(&self, column: usize) -> &[f32] {
        let rows = self.at.len();
        let values = self.values.get(column * rows..(column + 1) * rows);
        values.unwrap_or_default()
    }
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
            self.closed.push_back(Arc::new(full.by_field()));
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
        let first = (last + 1).saturating_sub(buckets as u64);
        // Rows come in the order of time: the bucket is counted up, not divided for.
        let mut place = buckets.saturating_sub((last + 1 - first) as usize);
        let mut end = (first + 1) * width;
        for (at, value) in self.column(field, first * width) {
            while at >= end && place < buckets {
                (place, end) = (place + 1, end + width);
            }
            if let Some(bucket) = series.get_mut(place).filter(|_| at >= first * width) {
                *bucket = Some(bucket.map_or(value, |before: f32| before.max(value)));
            }
        }
        series
    }

    /// The newest value of a field, `None` where the newest sample lacks it.
    pub fn latest(&self, field: &str) -> Option<f32> {
        let newest = self.open.at.last()?;
        let (at, value) = self.column(field, *newest).last()?;
        (at == *newest).then_some(value)
    }

    /// The instants at which a field was measured, oldest first, and its values, without chunks that ended before `from`.
    fn column(&self, field: &str, from: u64) -> impl Iterator<Item = (u64, f32)> {
        let id = super::field(field).map(|field| field.id);
        let column = kept().position(|field| Some(field.id) == id);
        let width = kept().count().max(1);
        let closed = self.closed.iter();
        let closed = closed.filter(move |chunk| chunk.at.last().is_some_and(|at| *at >= from));
        let closed = closed.flat_map(move |chunk| {
            let values = column.map_or(&[][..], |column| chunk.field(column));
            chunk.at.iter().zip(values)
        });
        let open = self.open.values.chunks(width);
        let open = open.map(move |row| row.get(column?));
        let open = self.open.at.iter().zip(open);
        let open = open.filter_map(|(at, value)| Some((at, value?)));
        closed
            .chain(open)
            .map(|(at, value)| (*at, *value))
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
