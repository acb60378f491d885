//! The last ten minutes of the fields that are drawn as graphs: a ring that is cheap to clone.

use super::Sample;

/// Longest span kept.
pub const SPAN_MS: u64 = 600_000;

/// Series of one node.
#[derive(Clone, Debug, Default)]
pub struct History {}

impl History {
    /// Adds the values of a sample taken at `at_ms`.
    pub fn push(&mut self, _at_ms: u64, _sample: &Sample) {}

    /// `buckets` values of a field that cover the `span_ms` up to `now_ms`, oldest first: the maximum of each bucket, `None` where nothing was measured.
    pub fn series(
        &self,
        _field: &str,
        _now_ms: u64,
        _span_ms: u64,
        _buckets: usize,
    ) -> Vec<Option<f32>> {
        Vec::new()
    }
}
