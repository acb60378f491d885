//! What is wished of the fleet view in words, rather than by a key.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::{Density, Fleet};
use crate::{
    node::NodeId,
    ui::{order::Sort, view::Scene},
};

impl Fleet {
    /// Orders the nodes.
    pub fn set_sort(&mut self, sort: Sort, inverted: bool) {
        self.order.set(sort, inverted);
    }

    /// Shows this density, whatever fits.
    pub fn set_density(&mut self, density: Density) {
        self.density = Some(density);
        self.scroll = 0;
    }

    /// The marked nodes.
    pub fn marks(&self) -> &BTreeSet<NodeId> {
        &self.marked
    }

    /// Marks these too.
    pub fn mark_nodes(&mut self, nodes: impl IntoIterator<Item = NodeId>) {
        self.marked.extend(nodes);
    }

    /// Takes the marks of these away.
    pub fn unmark_nodes<'a>(&mut self, nodes: impl IntoIterator<Item = &'a NodeId>) {
        for node in nodes {
            self.marked.remove(node);
        }
    }

    /// Takes all marks away.
    pub fn unmark_all(&mut self) {
        self.marked.clear();
    }

    /// Puts the cursor on a node, where it is shown.
    pub fn go_to(&mut self, node: &NodeId, scene: &Scene<'_>, body: Rect) {
        let nodes = &scene.snapshot.nodes;
        let is_it = |at: &usize| nodes.get(*at).is_some_and(|n| n.node.id == *node);
        if let Some(at) = self.rows.iter().position(is_it) {
            self.go(at, scene);
            self.order.touch(scene.now);
            self.follow(scene, body);
        }
    }
}
