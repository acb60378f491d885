//! The fleet as tiles: each node a small panel with its graphs, or with a line of figures where room is short.

mod device;
mod figure;
mod frame;
mod grid;

use ratatui::{buffer::Buffer, layout::Rect};

pub(super) use frame::wrap;
pub use grid::{Grid, Size, grid};

use super::{Scene, reason};
use crate::{
    config::keymap::{Action, Scope},
    fleet::{Millis, NodeState, Status},
    ui::{
        format,
        glyph::{Glyphs, status_role},
        theme::Role,
        widget::{Look, trace::Traces},
    },
};

/// From this width on, there is room for an address after what happened.
const ROOMY: u16 = 30;

/// Up to this height, edges included, a tile has no lines to spare.
const LOW: u16 = 5;

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
    /// Those of the frame before.
    pub traces: &'a Traces,
}

/// One node, and how it is singled out.
struct Tile<'a> {
    node: &'a NodeState,
    now: Millis,
    look: Look<'a>,
    selected: bool,
    marked: bool,
    /// So low that the end of a reason goes into the lower edge.
    low: bool,
    /// The key that has it tried again.
    retry: Option<&'a str>,
    traces: &'a Traces,
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
                low: area.height <= LOW,
                selected: position == self.cursor,
                marked: (self.is_marked)(node),
                retry: scene.keys.key(Scope::Fleet, Action::Retry),
                traces: self.traces,
            };
            tile.render(area, buf);
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
    fn reason(&self, room: u16) -> String {
        if room < ROOMY {
            reason::brief(self.node)
        } else {
            reason::whole(self.node)
        }
    }

    /// Lines around a node in trouble have the colour of the trouble.
    fn border(&self) -> Option<Role> {
        let status = self.status();
        matches!(status, Status::Warn | Status::Critical).then(|| status_role(status))
    }

    /// The age of its values where they are stale, else nothing.
    fn age(&self) -> Option<String> {
        let stale = self.node.is_stale(self.now);
        stale.then(|| format::age(self.now.since(self.node.sample_at)))
    }
}
