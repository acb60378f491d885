//! How far a run is: counted as it is told.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use crate::{
    exec::{NodeResult, plan::Plan},
    node::set::NodeSet,
    store::audit::Counts,
};

/// What is known of the nodes of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    nodes: usize,
    begun: BTreeSet<usize>,
    ended: usize,
    failed: usize,
    counts: BTreeMap<&'static str, u64>,
}

impl Progress {
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            nodes,
            ..Self::default()
        }
    }

    pub(super) fn began(&mut self, place: usize) {
        self.begun.insert(place);
    }

    pub(super) fn ended(&mut self, place: usize, result: &NodeResult) {
        self.begun.remove(&place);
        self.ended += 1;
        self.failed += usize::from(!result.outcome.is_ok());
        *self.counts.entry(result.outcome.as_str()).or_default() += 1;
    }

    /// True while something runs.
    pub(super) fn is_running(&self) -> bool {
        !self.begun.is_empty()
    }

    /// `3 nodes: gpu[01-03]`.
    pub(super) fn running(&self, plan: &Plan) -> String {
        let jobs = self.begun.iter().filter_map(|place| plan.jobs.get(*place));
        let names = NodeSet::from_names(jobs.map(|job| job.node.id.as_str()));
        match self.begun.len() {
            0 => "no node".to_owned(),
            1 => format!("1 node: {names}"),
            count => format!("{count} nodes: {names}"),
        }
    }

    /// How many nodes had each outcome.
    pub(super) fn counts(&self) -> Counts {
        let counts = self.counts.iter();
        counts
            .map(|(word, count)| ((*word).to_owned(), *count))
            .collect()
    }

    /// `12 of 200 done, 64 running, 2 failed, 3 s`, in so many columns.
    pub(super) fn line(&self, elapsed_ms: u64, columns: usize) -> String {
        let (ended, nodes, running) = (self.ended, self.nodes, self.begun.len());
        let mut text = format!("{ended} of {nodes} done, {running} running");
        if self.failed > 0 {
            _ = write!(text, ", {} failed", self.failed);
        }
        _ = write!(text, ", {} s", elapsed_ms / 1000);
        text.chars().take(columns.saturating_sub(1)).collect()
    }
}
