//! The fleet as tiles: each node a small panel with its graphs, or a mini tile where room is short.

mod full;
mod grid;
mod mini;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

pub(super) use full::wrap;
pub use grid::{Grid, grid};

use super::Scene;
use crate::{
    config::keymap::{Action, Scope},
    fleet::{Link, Millis, NodeState, Status},
    metrics::gpu::Gpu,
    ui::{
        format,
        glyph::{Glyphs, status_role},
        theme::Role,
        widget::{Look, bar},
    },
};

/// What is shown of the fleet, and where the cursor is.
pub struct Tiles<'a> {
    /// Indices into the snapshot's nodes, in the order of the screen.
    pub order: &'a [usize],
    /// Position of the cursor in `order`.
    pub cursor: usize,
    /// The first row of tiles on the screen.
    pub scroll: usize,
    /// Whether a node is marked.
    pub is_marked: &'a dyn Fn(&NodeState) -> bool,
}

/// One node, and how it is singled out.
struct Tile<'a> {
    node: &'a NodeState,
    now: Millis,
    look: Look<'a>,
    selected: bool,
    marked: bool,
    /// The key that has it tried again.
    retry: Option<&'a str>,
}

impl Tiles<'_> {
    /// Draws the tiles that are on the screen, and no others.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        let grid = grid(area, self.order.len());
        for position in grid.visible(self.scroll) {
            let index = self.order.get(position).copied();
            let node = index.and_then(|i| scene.snapshot.nodes.get(i));
            let (Some(node), Some(area)) = (node, grid.area(position, self.scroll)) else {
                continue;
            };
            let tile = Tile {
                node,
                now: scene.now,
                look: Look {
                    // A lost node is red, not grey.
                    dim: node.status(scene.now) == Status::Unknown && node.sample.is_some(),
                    ..Look::from(scene)
                },
                selected: position == self.cursor,
                marked: (self.is_marked)(node),
                retry: scene.keys.key(Scope::Fleet, Action::Retry),
            };
            if grid.mini {
                tile.mini(area, buf);
            } else {
                tile.full(area, buf);
            }
        }
    }
}

impl Tile<'_> {
    fn status(&self) -> Status {
        self.node.status(self.now)
    }

    fn glyphs(&self) -> Glyphs {
        self.look.glyphs
    }

    /// Why it is not well, without the step that failed: there is little room.
    fn reason(&self) -> String {
        match &self.node.link {
            Link::Down { error, .. } | Link::Refused(error) => error.reason.to_string(),
            _ => self.node.reason(),
        }
    }

    /// Lines around a node in trouble have the colour of the trouble.
    fn border(&self) -> Option<Role> {
        let status = self.status();
        matches!(status, Status::Warn | Status::Critical).then(|| status_role(status))
    }

    /// A card as one upright bar. Much use of a GPU is what it is there for: no hot colours. One in MIG mode tells no use: its fullest instance's memory.
    fn gpu(&self, gpu: &Gpu) -> (&'static str, Style) {
        let (percent, role) = if gpu.mig {
            (gpu.fullest(), Role::MEMORY)
        } else {
            (gpu.util, Role::GPU)
        };
        bar::upright(percent, role, &self.look)
    }

    /// The age of its values where they are stale, else nothing.
    fn age(&self) -> Option<String> {
        let stale = self.node.is_stale(self.now);
        stale.then(|| format::age(self.now.since(self.node.sample_at)))
    }
}
