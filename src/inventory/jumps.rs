//! Bastions that are reached through each other.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::node::Node;

/// Bastions on the way to a node; more can't be meant.
const MAX_HOPS: usize = 16;

/// A node that is reached through itself, or through too many others, with the way.
pub(super) fn circle(nodes: &[Arc<Node>]) -> Option<(String, String)> {
    let with_jumps = nodes.iter().filter(|node| !node.route.jump.is_empty());
    let jumps: HashMap<&str, &[String]> = with_jumps
        .map(|node| (node.id.as_str(), node.route.jump.as_slice()))
        .collect();
    let mut safe = HashSet::new();
    nodes.iter().find_map(|node| {
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
