//! The nodes there are: sources to a checked list of nodes and groups.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use crate::node::{Node, NodeId};

/// All nodes, in file order, with their groups.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// In the order of the file, node sets expanded.
    pub nodes: Vec<Arc<Node>>,
    /// Group name to members, in file order.
    pub groups: BTreeMap<String, Vec<NodeId>>,
    /// Where it was read from; `None` for this machine alone.
    pub file: Option<PathBuf>,
    /// What was strange but not wrong, one line each.
    pub warnings: Vec<String>,
}
