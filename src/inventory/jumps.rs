//! Bastions: nodes that are reached through each other.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::draft::Drafted;
use crate::node::{Node, hop};

/// Bastions on the way to a node; more can't be meant.
const MAX_HOPS: usize = 16;

/// A node that is reached through itself, or through too many others, with the way.
pub(super) fn circle(drafts: &[Drafted]) -> Option<(String, String)> {
    let with_jumps = drafts.iter().filter(|(_, jump)| !jump.is_empty());
    let jumps: HashMap<&str, &[String]> = with_jumps
        .map(|(node, jump)| (node.id.as_str(), jump.as_slice()))
        .collect();
    let mut safe = HashSet::new();
    drafts.iter().find_map(|(node, _)| {
        let mut way = vec![node.id.as_str()];
        let is_circle = follow(&jumps, &mut way, &mut safe);
        is_circle.then(|| (node.id.to_string(), way.join(" → ")))
    })
}

/// True when a way from the last of `way` comes back to it; then `way` ends there.
fn follow<'n>(
    jumps: &HashMap<&'n str, &'n [String]>,
    way: &mut Vec<&'n str>,
    safe: &mut HashSet<&'n str>,
) -> bool {
    let Some(here) = way.last().copied().filter(|here| !safe.contains(here)) else {
        return false;
    };
    for hop in jumps.get(here).copied().unwrap_or_default() {
        let back = way.contains(&hop.as_str()) || way.len() > MAX_HOPS;
        way.push(hop);
        if back || follow(jumps, way, safe) {
            return true;
        }
        way.pop();
    }
    safe.insert(here);
    false
}

/// The nodes with their bastions: those of this file by name, others as written. There must be no circle.
pub(super) fn wire(drafts: Vec<Drafted>) -> Vec<Arc<Node>> {
    let names = drafts.iter().enumerate();
    let mut wiring = Wiring {
        places: names
            .map(|(place, (node, _))| (node.id.to_string(), place))
            .collect(),
        wired: vec![None; drafts.len()],
        drafts,
    };
    (0..wiring.drafts.len())
        .filter_map(|place| wiring.node(place))
        .collect()
}

struct Wiring {
    drafts: Vec<Drafted>,
    places: HashMap<String, usize>,
    wired: Vec<Option<Arc<Node>>>,
}

impl Wiring {
    fn node(&mut self, place: usize) -> Option<Arc<Node>> {
        if let Some(node) = self.wired.get(place)? {
            return Some(Arc::clone(node));
        }
        let (mut node, hops) = self.drafts.get(place)?.clone();
        node.route.jump = hops.iter().filter_map(|hop| self.bastion(hop)).collect();
        let node = Arc::new(node);
        *self.wired.get_mut(place)? = Some(Arc::clone(&node));
        Some(node)
    }

    fn bastion(&mut self, text: &str) -> Option<Arc<Node>> {
        match self.places.get(text) {
            Some(place) => self.node(*place),
            None => hop::node(text).map(Arc::new),
        }
    }
}
