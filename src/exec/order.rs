//! What somebody wants run, and how a run that goes on is to be ended. Pure.

use std::{fmt, sync::Arc};

use super::plan::Plan;
use crate::node::Node;

/// Kept of each output of a node for the screen.
const KEEP: usize = 256 << 10;

/// Kept of all outputs of a run: by the engine, and until it ends by the screen too.
const KEEP_IN_ALL: usize = 64 << 20;

/// Names one run of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunNumber(pub u64);

impl fmt::Display for RunNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// A command with the nodes that it is confirmed for. Two are the same where they are the same object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOrder {
    /// Which nodes and how.
    pub plan: Arc<Plan>,
    /// The command as typed.
    pub command: String,
    /// How the nodes were chosen, as typed.
    pub selector: String,
}

impl RunOrder {
    /// For the screen, which keeps more of each output than a report does, however many nodes there are within bounds.
    pub fn new(mut plan: Plan, command: &str, selector: &str) -> Arc<Self> {
        let nodes = plan.jobs.len().max(1);
        plan.options.keep = KEEP.min(KEEP_IN_ALL / nodes / 4);
        Arc::new(Self {
            plan: Arc::new(plan),
            command: command.to_owned(),
            selector: selector.to_owned(),
        })
    }

    /// The nodes, in order.
    pub fn nodes(&self) -> Vec<Arc<Node>> {
        let jobs = self.plan.jobs.iter();
        jobs.map(|job| Arc::clone(&job.node)).collect()
    }

    /// The same on some of its nodes.
    #[must_use]
    pub fn only(&self, places: &[usize], selector: &str) -> Arc<Self> {
        let jobs = places.iter().filter_map(|place| self.plan.jobs.get(*place));
        let plan = Plan {
            jobs: jobs.cloned().collect(),
            options: self.plan.options.clone(),
        };
        Self::new(plan, &self.command, selector)
    }
}

/// What of a run is to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// What has not begun never does.
    Pending,
    /// What runs too.
    All,
    /// This place in the plan alone.
    Node(usize),
}
