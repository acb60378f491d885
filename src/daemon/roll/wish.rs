//! A roll that is wanted: all that is decided before it has a name, and what is written down of it first. Pure.

use std::sync::Arc;

use super::{Batch, Options, Order, Past, Steps, Trace};
use crate::{
    exec::{plan, record::Actor},
    node::{Node, text::SafeText},
    store::{
        audit::{Intent, RunId},
        roll::{self, Files, Header},
    },
};

/// Of the journal's format.
pub const VERSION: u32 = 1;

/// All of a roll but its name. Two are the same where they are the same object.
#[derive(Debug)]
pub struct Wish {
    /// The roll of an earlier process that this goes on with.
    pub resumes: Option<RunId>,
    /// What that has done of it, as far as it was known when this was asked.
    pub past: Past,
    /// What is rolled, for a person: a daemon's name, or a command.
    pub what: SafeText,
    /// What says whether a node is well, for a person.
    pub gate: SafeText,
    /// How the nodes were chosen, as typed.
    pub set: String,
    /// The selection.
    pub nodes: Vec<Arc<Node>>,
    /// In what batches they come.
    pub batches: Arc<[Batch]>,
    /// When nodes begin, and what stops it.
    pub options: Options,
    /// What is done on each.
    pub steps: Arc<Steps>,
    /// How it is run there.
    pub manner: plan::Options,
    /// What it was called with, for the journal. Not to be shown as it is: it may hold secrets.
    pub words: Vec<String>,
    /// All commands of the user's own, and what stands for the restart.
    pub commands: String,
}

impl PartialEq for Wish {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Wish {}

impl Wish {
    /// The names of the nodes, in the order of the selection.
    pub fn names(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.id.to_string()).collect()
    }

    /// Under this name.
    pub fn order(&self, id: &RunId) -> Order {
        Order {
            id: id.to_string(),
            nodes: self.nodes.clone(),
            batches: Arc::clone(&self.batches),
            options: self.options.clone(),
            steps: Arc::clone(&self.steps),
            manner: self.manner.clone(),
        }
    }

    /// The first line of its journal.
    pub fn header(&self, id: &RunId, actor: &Actor, files: &Files) -> Header {
        let files = files.clone();
        Header {
            id: id.clone(),
            version: VERSION,
            actor: actor.name.clone(),
            words: self.words.clone(),
            hosts: files.hosts,
            known_hosts: files.known_hosts,
            ssh_config: files.ssh_config,
            nodes: self.names(),
            batches: self.batches.iter().map(roll::Batch::from).collect(),
        }
    }

    /// How many nodes were done before.
    pub fn done(&self) -> usize {
        let done = self
            .past
            .nodes
            .iter()
            .filter(|trace| **trace == Trace::Done);
        done.count()
    }

    /// What the audit log says before the first byte goes to a node; of nodes that were done before, nothing.
    pub fn intent(&self, run: RunId, actor: &Actor, past: &Past, now_ms: u64) -> Intent {
        let is_left = |place: usize| past.nodes.get(place) != Some(&Trace::Done);
        let names = self.names().into_iter().enumerate();
        let left = names.filter(|(place, _)| is_left(*place));
        let shares = self.options.batches.iter();
        let shares: Vec<String> = shares.map(ToString::to_string).collect();
        let most = self.options.max_failures;
        Intent {
            run,
            actor: actor.name.clone(),
            origin: actor.origin.clone(),
            command: format!("daemon roll {}\n{}", self.what, self.commands),
            selector: self.set.clone(),
            nodes: left.map(|(_, name)| name).collect(),
            strategy: format!("roll, batches {}, max-failures {most}", shares.join(",")),
            at_ms: now_ms,
        }
    }
}

impl From<&Batch> for roll::Batch {
    fn from(batch: &Batch) -> Self {
        Self {
            places: batch.places.clone(),
            is_canary: batch.is_canary,
            value: batch.value.clone(),
        }
    }
}

impl From<&roll::Batch> for Batch {
    fn from(batch: &roll::Batch) -> Self {
        Self {
            places: batch.places.clone(),
            is_canary: batch.is_canary,
            value: batch.value.clone(),
        }
    }
}
