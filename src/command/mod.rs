//! One command per file: its arguments, and the pure report that it makes. The command line runs them; palette and keys will through the same entries.

pub mod demo;
pub mod nodes;
pub mod pool;
pub mod status;

use std::{collections::HashSet, sync::Arc};

use crate::{
    inventory::Inventory,
    node::{Node, set::NodeSet},
};

/// A usage error: the message is for the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// The nodes of the inventory that an expression names, in inventory order; all without an expression. Unknown names and empty sets are errors, never "all".
pub fn select(sets: &[String], inventory: &Inventory) -> Result<Vec<Arc<Node>>, Usage> {
    if sets.is_empty() {
        return Ok(inventory.nodes.clone());
    }
    let set = parse(sets, inventory)?;
    let known: HashSet<&str> = inventory.nodes.iter().map(|n| n.id.as_str()).collect();
    let unknown: Vec<String> = set
        .iter()
        .filter(|name| !known.contains(name.as_str()))
        .collect();
    if !unknown.is_empty() {
        let names = NodeSet::from_names(unknown.iter().map(String::as_str));
        return Err(Usage(format!("not in the inventory: {names}")));
    }
    let chosen: Vec<Arc<Node>> = inventory
        .nodes
        .iter()
        .filter(|n| set.contains(n.id.as_str()))
        .cloned()
        .collect();
    if chosen.is_empty() {
        return Err(Usage(format!("no node in `{}`", sets.join(","))));
    }
    Ok(chosen)
}

/// The union of some expressions.
pub(crate) fn parse(sets: &[String], inventory: &Inventory) -> Result<NodeSet, Usage> {
    let text = sets.join(",");
    NodeSet::parse(&text, inventory).map_err(|e| {
        Usage(format!(
            "{e}\n  {text}\n  {:>width$}",
            "^",
            width = e.column.max(1)
        ))
    })
}
