//! The rows of a roll: its batches, the nodes of those that are open, and where one is. Pure.

use std::collections::BTreeMap;

use super::node::rank;
use crate::{
    config::keymap::Action,
    daemon::roll::{At, End, Standing},
    fleet::Rolled,
    ui::view::scroll::{Scroll, step},
};

/// What is on a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A batch, from 0.
    Batch(usize),
    /// A node, by its place in the selection.
    Node(usize),
}

/// All rows, and where one is.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    items: Vec<Item>,
    cursor: Option<Item>,
    /// Somebody moved it: until then it is on the batch whose turn it is.
    is_touched: bool,
    scroll: Scroll,
    /// Batches that a person has opened or closed.
    chosen: BTreeMap<usize, bool>,
}

impl Rows {
    /// The row under the cursor.
    pub(super) fn cursor(&self) -> Option<Item> {
        self.cursor
    }

    /// Those from the first one in sight on.
    pub(super) fn shown(&self) -> &[Item] {
        self.items.get(self.scroll.first()..).unwrap_or_default()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// True where the nodes of a batch are shown.
    pub(super) fn is_open(&self, rolled: &Rolled, batch: usize) -> bool {
        let chosen = self.chosen.get(&batch);
        chosen.copied().unwrap_or_else(|| opens(rolled, batch))
    }

    /// Opens a batch, or closes it.
    pub(super) fn toggle(&mut self, batch: usize) {
        let mut after = self
            .items
            .iter()
            .skip_while(|item| **item != Item::Batch(batch));
        let is_open = matches!(after.nth(1), Some(Item::Node(_)));
        self.chosen.insert(batch, !is_open);
    }

    /// Takes in how it stands; `page` says how many of so many rows are in sight.
    pub(super) fn fit(&mut self, rolled: &Rolled, page: impl Fn(usize) -> usize) {
        let before = self.at();
        self.items = self.build(rolled);
        let turn = Item::Batch(turn(rolled));
        if !self.is_touched {
            self.cursor = Some(turn).filter(|turn| self.items.contains(turn));
        }
        // The node's batch was closed: the row that stands there now.
        if !self
            .cursor
            .is_some_and(|cursor| self.items.contains(&cursor))
        {
            let at = before.min(self.items.len().saturating_sub(1));
            self.cursor = self.items.get(at).copied();
        }
        let page = page(self.items.len());
        if !self.is_touched {
            // With the batch before it in sight.
            self.scroll = Scroll::at(self.at().saturating_sub(1));
        }
        self.keep_in_sight(page);
    }

    pub(super) fn act(&mut self, action: Action, page: usize) {
        let last = self.items.len().saturating_sub(1);
        let Some(to) = step(action, self.at(), last, page) else {
            return;
        };
        self.is_touched = true;
        self.cursor = self.items.get(to).copied();
        self.keep_in_sight(page);
    }

    fn at(&self) -> usize {
        let is_it = |item: &Item| Some(*item) == self.cursor;
        self.items.iter().position(is_it).unwrap_or(0)
    }

    fn keep_in_sight(&mut self, page: usize) {
        self.scroll = self.scroll.with(self.at(), self.items.len(), page);
    }

    fn build(&self, rolled: &Rolled) -> Vec<Item> {
        let mut items = Vec::new();
        for (at, batch) in rolled.wish.batches.iter().enumerate() {
            items.push(Item::Batch(at));
            if self.is_open(rolled, at) {
                let mut places = batch.places.clone();
                places.sort_by_key(|place| rolled.state.nodes.get(*place).map(rank));
                items.extend(places.into_iter().map(Item::Node));
            }
        }
        items
    }
}

/// The batch whose turn it is; the last one when all had theirs.
pub(super) fn turn(rolled: &Rolled) -> usize {
    let last = rolled.wish.batches.len().saturating_sub(1);
    rolled.state.batch.min(last)
}

/// A batch is open while it has its turn, and where something went wrong.
fn opens(rolled: &Rolled, batch: usize) -> bool {
    let is_over = matches!(rolled.state.standing, Standing::Over(_));
    if !is_over && batch == turn(rolled) {
        return true;
    }
    let places = rolled.wish.batches.get(batch).map(|batch| &batch.places);
    let mut nodes = places
        .into_iter()
        .flatten()
        .filter_map(|place| rolled.state.nodes.get(*place));
    nodes.any(|node| matches!(node.at, At::Ended(end) if end != End::Done))
}
