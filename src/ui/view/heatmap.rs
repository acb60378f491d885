//! The fleet as a heatmap: a cell or two each, by group, where each node keeps its place; beside it the worst ones by name.

mod layout;
mod signal;

use ratatui::{buffer::Buffer, layout::Rect};

pub use layout::Layout;
use signal::Pen;
pub use signal::Signal;

use super::{Scene, columns};
use crate::{
    fleet::{NodeState, Status},
    node::NodeId,
    ui::{
        format::{self, put, row},
        glyph::status_role,
        theme::Role,
    },
};

/// From this width on, the worst nodes are listed at the right.
const LISTED: u16 = 100;

/// What the heatmap shows.
pub struct Heatmap<'a> {
    /// Positions in the snapshot of the nodes that are shown, the worst first; others leave a gap.
    pub shown: &'a [usize],
    /// The node under the cursor.
    pub cursor: Option<&'a NodeId>,
    /// The first line on the screen.
    pub scroll: usize,
    /// Whether a node is marked.
    pub is_marked: &'a dyn Fn(&NodeState) -> bool,
    /// What gives a cell its colour and sign.
    pub signal: Signal,
}

/// The cells' part and the list's part of an area.
fn split(area: Rect) -> (Rect, Rect) {
    if area.width < LISTED {
        return (
            area,
            Rect {
                x: area.right(),
                width: 0,
                ..area
            },
        );
    }
    let list = (area.width / 3).clamp(36, 60);
    let cells = Rect {
        width: area.width - list - 2,
        ..area
    };
    (
        cells,
        Rect {
            x: cells.right() + 2,
            width: list,
            ..area
        },
    )
}

impl Heatmap<'_> {
    /// Draws the cells on the screen, and says how many.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) -> usize {
        let layout = Layout::new(scene, area);
        let (cells, list) = split(area);
        self.labels(&layout, scene, cells, buf);
        let mut is_shown = vec![false; scene.snapshot.nodes.len()];
        for index in self.shown {
            if let Some(flag) = is_shown.get_mut(*index) {
                *flag = true;
            }
        }
        let end = self.scroll + usize::from(area.height);
        let pen = self.signal.pen(scene);
        let mut built = 0;
        for (index, line, x) in layout.cells(self.scroll..end) {
            let Some(node) = scene.snapshot.nodes.get(index) else {
                continue;
            };
            let y = cells.y + (line - self.scroll) as u16;
            let cell = Rect::new(cells.x + x, y, layout.cell(), 1);
            if is_shown.get(index) == Some(&true) {
                self.cell(node, &pen, cell, buf);
                built += 1;
            } else {
                put(
                    buf,
                    cell,
                    cell.x,
                    scene.glyphs.dot(),
                    scene.theme.style(Role::Track),
                );
            }
        }
        self.list(scene, list, buf);
        built
    }

    fn labels(&self, layout: &Layout, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        for (line, group) in layout.labels() {
            if line < self.scroll || line >= self.scroll + usize::from(area.height) {
                continue;
            }
            let area = row(area, (line - self.scroll) as u16);
            let room = usize::from(layout.label().saturating_sub(2));
            let name = format::fit(group, room, scene.glyphs);
            put(buf, area, area.x + 1, &name, scene.theme.style(Role::Muted));
        }
    }

    fn cell(&self, node: &NodeState, pen: &Pen<'_>, area: Rect, buf: &mut Buffer) {
        let scene = pen.scene;
        let (sign, style) = pen.cell(node);
        if let Some(cell) = buf.cell_mut((area.x, area.y)) {
            cell.set_symbol(sign).set_style(style);
        }
        if (self.is_marked)(node) && area.width > 1 {
            let style = scene.theme.style(Role::Marked);
            put(buf, area, area.x + 1, scene.glyphs.mark(), style);
        }
        if self.cursor == Some(&node.node.id) {
            buf.set_style(area, scene.theme.style(Role::Selected));
            buf.set_style(area, ratatui::style::Modifier::REVERSED);
        }
    }

    /// The node under the cursor, then the worst ones, each with its reason.
    fn list(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let nodes = &scene.snapshot.nodes;
        let faulty = self.shown.iter().filter_map(|i| nodes.get(*i));
        let mut worst: Vec<(u32, &NodeState)> = faulty
            .filter(|n| n.status(scene.now) != Status::Ok)
            .map(|n| (crate::ui::order::score(n, scene.now), &**n))
            .collect();
        worst.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        let title = scene.theme.style(Role::Muted);
        put(buf, row(area, 0), area.x, "WORST", title);
        for (y, (_, node)) in (1..area.height).zip(&worst) {
            self.listed(node, scene, row(area, y), buf);
        }
        if worst.is_empty() {
            put(
                buf,
                row(area, 1),
                area.x,
                "all well",
                scene.theme.style(Role::Ok),
            );
        }
    }

    fn listed(&self, node: &NodeState, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        let status = node.status(scene.now);
        let style = scene.theme.style(status_role(status));
        if self.cursor == Some(&node.node.id) {
            buf.set_style(area, scene.theme.style(Role::Selected));
        }
        put(buf, area, area.x, scene.glyphs.status(status), style);
        let name = format::left(node.node.id.as_str(), 12, scene.glyphs);
        put(
            buf,
            area,
            area.x + 2,
            &name,
            scene.theme.style(Role::Strong),
        );
        let reason = columns::reason(node);
        let text = if reason.is_empty() {
            node.state_word(scene.now)
        } else {
            &reason
        };
        let room = usize::from(area.width.saturating_sub(15));
        let text = format::fit(text, room, scene.glyphs);
        put(
            buf,
            area,
            area.x + 15,
            &text,
            scene.theme.style(Role::Muted),
        );
    }
}
