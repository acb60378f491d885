//! Which nodes come in which batch. Pure.

use std::{cmp::Reverse, collections::BTreeMap, hash::Hasher as _};

use super::{Options, options::Order};
use crate::node::Node;

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;

/// Nodes that come together, by their places in the selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// In the order in which they begin.
    pub places: Vec<usize>,
    /// They come first, to see whether all is well.
    pub is_canary: bool,
    /// The value of the label that they share, with `--spread`; none where they have no such label.
    pub value: Option<String>,
}

/// All batches: each node is in one of them.
pub fn batches(nodes: &[&Node], options: &Options) -> Vec<Batch> {
    let order = order(nodes, options.order);
    let parts = parts(nodes, order, options.spread.as_deref());
    let (mut all, mut cut) = (Vec::new(), Cut::new(nodes.len(), options));
    for (value, places) in parts {
        let mut rest = places.as_slice();
        while !rest.is_empty() {
            let (size, is_canary) = cut.next(rest.len());
            let (now, later) = rest.split_at(size);
            rest = later;
            all.push(Batch {
                places: now.to_vec(),
                is_canary,
                value: value.clone(),
            });
        }
    }
    all
}

/// How large the next batch is.
struct Cut<'a> {
    all: usize,
    canary: usize,
    options: &'a Options,
    taken: usize,
}

impl<'a> Cut<'a> {
    fn new(all: usize, options: &'a Options) -> Self {
        Self {
            all,
            canary: options.canary,
            options,
            taken: 0,
        }
    }

    /// Of so many that are left; and whether they are canaries.
    fn next(&mut self, left: usize) -> (usize, bool) {
        if self.canary > 0 {
            let size = self.canary.min(left);
            self.canary -= size;
            return (size, true);
        }
        let shares = &self.options.batches;
        let share = shares.get(self.taken).or(shares.last());
        self.taken += 1;
        let size = share.map_or(1, |share| share.down(self.all));
        (size.clamp(1, left), false)
    }
}

fn order(nodes: &[&Node], order: Order) -> Vec<usize> {
    let mut places: Vec<usize> = (0..nodes.len()).collect();
    let name = |place: &usize| nodes.get(*place).map(|node| node.id.clone());
    match order {
        Order::Inventory => {}
        Order::Reverse => places.sort_by_key(|place| Reverse(*place)),
        Order::Sorted => places.sort_by_key(name),
        Order::Shuffle(seed) => places.sort_by_key(|place| (chance(seed, *place), *place)),
    }
    places
}

/// The same number for the same seed, in every version of this program (FNV-1a, then the finish of `SplitMix64`).
fn chance(seed: u64, place: usize) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    hash.write(&seed.to_le_bytes());
    hash.write(&(place as u64).to_le_bytes());
    let mut bits = hash.finish();
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

struct Fnv(u64);

impl std::hash::Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// A value of the label, and the nodes that have it.
type Part = (Option<String>, Vec<usize>);

/// One part for each value of the label, in the order of their first nodes; those without one are a part too.
fn parts(nodes: &[&Node], order: Vec<usize>, label: Option<&str>) -> Vec<Part> {
    let Some(label) = label else {
        return vec![(None, order)];
    };
    let (mut found, mut parts) = (BTreeMap::new(), Vec::<Part>::new());
    for place in order {
        let value = nodes.get(place).and_then(|node| node.labels.get(label));
        let slot = *found.entry(value).or_insert(parts.len());
        if slot == parts.len() {
            parts.push((value.cloned(), Vec::new()));
        }
        if let Some((_, places)) = parts.get_mut(slot) {
            places.push(place);
        }
    }
    parts
}
