//! Folding in several dimensions: the same greedy merging as nodeset, so the same blocks in the same order.
//!
//! nodeset starts from single points, sorts, joins neighbours that differ on one axis until nothing joins, then looks at
//! every pair. Comparing every pair is quadratic, so the last step asks an index for the next partner instead.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    iter, mem,
};

use super::{
    grid::{Block, Point, size},
    number::Number,
    ranges::{Ranges, Span},
};

/// Folds points that are ranked as text and distinct.
pub(super) fn merge(points: Vec<Point>) -> Vec<Block> {
    let block = |point: Point| point.into_iter().map(Ranges::one).collect();
    let mut blocks = merge_neighbours(points.into_iter().map(block));
    let mut all_pairs = false;
    loop {
        blocks.sort_by_cached_key(rank);
        let before = blocks.len();
        blocks = if all_pairs {
            merge_all(blocks)
        } else {
            merge_neighbours(blocks)
        };
        if blocks.len() == before {
            if all_pairs {
                return blocks;
            }
            all_pairs = true;
        }
    }
}

/// The only axis on which blocks differ; `None` when there is none, or more than one.
pub(super) fn only_difference<'a>(
    blocks: impl IntoIterator<Item = (&'a Block, &'a Block)>,
) -> Option<usize> {
    let mut found = None;
    for (one, other) in blocks {
        for (axis, (a, b)) in iter::zip(one, other).enumerate() {
            if found != Some(axis) && a != b && found.replace(axis).is_some() {
                return None;
            }
        }
    }
    found
}

/// The union of blocks that differ on no other axis than this.
pub(super) fn join(first: &Block, others: &[Block], axis: usize) -> Block {
    let spans = |block: &Block| block.get(axis).map(|ranges| ranges.spans().to_vec());
    let all = iter::once(first).chain(others).filter_map(spans).flatten();
    replaced(first, axis, Ranges::from_spans(all.collect()))
}

fn replaced(block: &Block, axis: usize, ranges: Ranges) -> Block {
    let mut block = block.clone();
    if let Some(slot) = block.get_mut(axis) {
        *slot = ranges;
    }
    block
}

/// Place of a block in a folded set: the largest first, then by each axis: the longest, then as text.
fn rank(block: &Block) -> (Reverse<usize>, Vec<impl Ord + use<>>) {
    let axis = |ranges: &Ranges| {
        let ends = [ranges.first(), ranges.last()];
        (
            Reverse(ranges.len()),
            ends.map(|end| end.map(Number::as_text)),
        )
    };
    (Reverse(size(block)), block.iter().map(axis).collect())
}

/// One pass that joins each block with those that directly follow it, as long as they fit.
fn merge_neighbours(blocks: impl IntoIterator<Item = Block>) -> Vec<Block> {
    let mut blocks = blocks.into_iter();
    let mut merged = Vec::new();
    let Some(first) = blocks.next() else {
        return merged;
    };
    let mut growing = Growing::new(first);
    for block in blocks {
        if !growing.takes(&block) {
            merged.push(mem::replace(&mut growing, Growing::new(block)).finish());
        }
    }
    merged.push(growing.finish());
    merged
}

/// A block that grows along one axis; what was added is sorted in only when it is looked at.
struct Growing {
    block: Block,
    axis: usize,
    added: Vec<Span>,
}

impl Growing {
    fn new(block: Block) -> Self {
        Self {
            block,
            axis: 0,
            added: Vec::new(),
        }
    }

    /// Joins a disjoint block if it differs on one axis only.
    fn takes(&mut self, next: &Block) -> bool {
        if !self.goes_on_with(next) {
            self.settle();
            match only_difference([(&self.block, next)]) {
                Some(axis) => self.axis = axis,
                None => return false,
            }
        }
        self.added
            .extend(next.get(self.axis).into_iter().flat_map(Ranges::spans));
        true
    }

    fn goes_on_with(&self, next: &Block) -> bool {
        let same = |(axis, (a, b))| axis == self.axis || a == b;
        !self.added.is_empty() && iter::zip(&self.block, next).enumerate().all(same)
    }

    fn settle(&mut self) {
        if let Some(ranges) = self.block.get_mut(self.axis) {
            self.added.extend(ranges.spans());
            *ranges = Ranges::from_spans(mem::take(&mut self.added));
        }
    }

    fn finish(mut self) -> Block {
        self.settle();
        self.block
    }
}

/// One pass that joins each block with every later one that fits, in order.
fn merge_all(blocks: Vec<Block>) -> Vec<Block> {
    let mut partners = Partners::default();
    for (at, block) in blocks.iter().enumerate() {
        partners.add(block, at);
    }
    let mut waiting: Vec<Option<Block>> = blocks.into_iter().map(Some).collect();
    let mut merged = Vec::new();
    for start in 0..waiting.len() {
        let Some(mut block) = waiting.get_mut(start).and_then(Option::take) else {
            continue;
        };
        let mut at = start;
        while let Some((next, axis)) = partners.after(&block, at) {
            at = next;
            if let Some(other) = waiting.get_mut(next).and_then(Option::take) {
                partners.remove(&other, next);
                block = join(&block, &[other], axis);
            }
        }
        merged.push(block);
    }
    merged
}

/// For each axis, the places of the blocks that agree on all the others.
#[derive(Default)]
struct Partners(HashMap<(usize, Block), BTreeSet<usize>>);

impl Partners {
    fn keys(block: &Block) -> impl Iterator<Item = (usize, Block)> {
        (0..block.len()).map(|axis| (axis, replaced(block, axis, Ranges::default())))
    }

    fn add(&mut self, block: &Block, at: usize) {
        for key in Self::keys(block) {
            self.0.entry(key).or_default().insert(at);
        }
    }

    fn remove(&mut self, block: &Block, at: usize) {
        for key in Self::keys(block) {
            self.0.entry(key).or_default().remove(&at);
        }
    }

    /// The nearest later block that this one can be joined with, and on which axis.
    fn after(&self, block: &Block, at: usize) -> Option<(usize, usize)> {
        let next = |key: (usize, Block)| {
            let later = self.0.get(&key)?.range(at + 1..).next()?;
            Some((*later, key.0))
        };
        Self::keys(block).filter_map(next).min()
    }
}
