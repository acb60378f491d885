//! What an earlier run of this dashboard leaves to be done: `exec --only-failed`.

use std::collections::{HashMap, HashSet};

use super::App;
use crate::{
    command::{Usage, exec::Exec},
    exec::{RunNumber, RunState},
    fleet::Snapshot,
    node::NodeId,
    ui::palette::preview::Selection,
};

/// The nodes that failed in a run, with what it takes to do it again there.
pub(super) struct Again {
    number: RunNumber,
    /// Its name in the audit log; empty where there is none.
    id: String,
    command: String,
    failed: HashSet<NodeId>,
    /// Places in that run: `{rank}` stays what it was.
    pub(super) ranks: HashMap<String, usize>,
}

impl App {
    /// Of the run that `--only-failed` names, where it does: `#3`, `3`, or its name in the audit log.
    pub(super) fn again(&self, exec: &Exec) -> Result<Option<Again>, Usage> {
        let Some(name) = exec.choice.only_failed.as_deref() else {
            return Ok(None);
        };
        let number = name
            .strip_prefix('#')
            .unwrap_or(name)
            .parse()
            .map(RunNumber);
        let is_it = |run: &RunState| number == Ok(run.number) || run.id.as_str() == name;
        let runs = &self.world.snapshot.runs;
        let Some(run) = runs.iter().find(|run| !name.is_empty() && is_it(run)) else {
            let why = format!(
                "no run {name} here (:runs lists them); one of the audit log: sshoal exec --only-failed"
            );
            return Err(Usage(why));
        };
        let failed = run.failed();
        if failed.is_empty() {
            return Err(Usage(format!("no node failed in run {}", run.number)));
        }
        let failed = failed.iter().filter_map(|place| run.nodes.get(*place));
        let ranks = run.nodes.iter().enumerate();
        Ok(Some(Again {
            number: run.number,
            id: run.id.to_string(),
            command: run.order.command.clone(),
            failed: failed.map(|node| node.node.id.clone()).collect(),
            ranks: ranks
                .map(|(rank, node)| (node.node.id.to_string(), rank))
                .collect(),
        }))
    }
}

impl Again {
    /// The line with that run's command, where it has none of its own.
    pub(super) fn filled(&self, exec: &Exec) -> Exec {
        let mut exec = exec.clone();
        if exec.split().0.is_none() {
            exec.command = vec![self.command.clone()];
        }
        exec
    }

    /// Those that failed and are still in the inventory.
    pub(super) fn selection(&self, snapshot: &Snapshot) -> Selection {
        let nodes = snapshot.nodes.iter().map(|state| &state.node);
        Selection {
            nodes: nodes
                .filter(|node| self.failed.contains(&node.id))
                .cloned()
                .collect(),
            how: format!("failed in run {}", self.number),
        }
    }

    /// Leaves those that failed.
    pub(super) fn narrow(&self, selection: &mut Selection) -> Result<(), Usage> {
        selection
            .nodes
            .retain(|node| self.failed.contains(&node.id));
        if selection.nodes.is_empty() {
            let why = format!("no node of the selection failed in run {}", self.number);
            return Err(Usage(why));
        }
        Ok(())
    }

    /// As the audit log is to have it.
    pub(super) fn selector(&self, sets: &[String]) -> String {
        let run = if self.id.is_empty() {
            self.number.to_string()
        } else {
            self.id.clone()
        };
        let text = format!("{} --only-failed {run}", sets.join(","));
        text.trim_start().to_owned()
    }
}
