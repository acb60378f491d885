//! Bastions: nodes that are reached through each other.

use std::{collections::HashMap, sync::Arc};

use super::draft::Drafted;
use crate::node::{Node, hop};

/// Bastions on the way to a node; more can't be meant.
const MAX_HOPS: usize = 16;

/// A node that is reached through itself, or through too many others, and what is wrong with its way.
pub(super) fn astray(drafts: &[Drafted]) -> Option<(String, String)> {
    let with_jumps = drafts.iter().filter(|(_, jump)| !jump.is_empty());
    let jumps: HashMap<&str, &[String]> = with_jumps
        .map(|(node, jump)| (node.id.as_str(), jump.as_slice()))
        .collect();
    let mut depths = HashMap::new();
    drafts.iter().find_map(|(node, _)| {
        let mut way = vec![node.id.as_str()];
        match follow(&jumps, &mut way, &mut depths) {
            Some(_) => None,
            None => Some((node.id.to_string(), fault(&way))),
        }
    })
}

/// How many bastions stand behind each other on the longest way from the last of `way`; nothing when it comes back to
/// itself or is too long, and then `way` ends there.
fn follow<'n>(
    jumps: &HashMap<&'n str, &'n [String]>,
    way: &mut Vec<&'n str>,
    depths: &mut HashMap<&'n str, usize>,
) -> Option<usize> {
    let here = way.last().copied()?;
    if let Some(depth) = depths.get(here) {
        return Some(*depth);
    }
    let mut deepest = 0;
    for hop in jumps.get(here).copied().unwrap_or_default() {
        let is_back = way.contains(&hop.as_str());
        way.push(hop);
        if is_back || way.len() > MAX_HOPS + 1 {
            return None;
        }
        let depth = 1 + follow(jumps, way, depths)?;
        // What stands behind a hop may be known from before, and is not on the way then.
        if depth > MAX_HOPS {
            return None;
        }
        deepest = deepest.max(depth);
        way.pop();
    }
    depths.insert(here, deepest);
    Some(deepest)
}

fn fault(way: &[&str]) -> String {
    let names = way.join(" → ");
    match way.split_last() {
        Some((last, before)) if before.contains(last) => {
            format!("the bastions lead in a circle: {names}")
        }
        _ => format!("more than {MAX_HOPS} bastions stand behind each other: {names} → …"),
    }
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
