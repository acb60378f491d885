//! The fleet as a heatmap: a cell or two each, by group, where each node keeps its place, with the worst ones by name.

mod layout;
mod signal;

use std::cmp::Reverse;

use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

pub use layout::Layout;
use signal::Pen;
pub use signal::Signal;

use super::{Scene, reason};
use crate::{
    fleet::{NodeState, Status},
    node::{NodeId, set::NodeSet},
    ui::{
        format::{self, put, row},
        glyph::status_role,
        order::score,
        theme::Role,
    },
};

/// From this width on, cells leave room for the list of the worst nodes, however many there are.
const LISTED: u16 = 100;

/// Least cells of the list beside the cells.
const LIST: u16 = 36;

/// Least lines of the list below the cells: its heading and two nodes.
const LINES: u16 = 3;

/// Between the cells and the list.
const GAP: u16 = 2;

/// Most cells of the names in the list.
const NAMES: u16 = 24;

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

/// The most of an area that cells may take.
fn most(area: Rect) -> Rect {
    let list = match area.width {
        0..LISTED => return area,
        width => (width / 3).clamp(LIST, 60),
    };
    Rect {
        width: area.width - list - GAP,
        ..area
    }
}

/// The cells' part and the list's part of an area, which has what the cells leave: beside them, else below.
fn split(area: Rect, layout: &Layout) -> (Rect, Rect) {
    let columns = area.width.min(layout.width() + GAP);
    let lines = usize::from(area.height).min(layout.lines() + 1) as u16;
    let beside = Rect {
        x: area.x + columns,
        width: area.width - columns,
        ..area
    };
    let below = Rect {
        y: area.y + lines,
        height: area.height - lines,
        ..area
    };
    if beside.width >= LIST {
        let width = columns - GAP;
        (Rect { width, ..area }, beside)
    } else if below.height >= LINES {
        let height = lines - 1;
        (Rect { height, ..area }, below)
    } else {
        (area, Rect::default())
    }
}

impl Heatmap<'_> {
    /// Draws the cells on the screen, and says how many.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) -> usize {
        let layout = Layout::new(scene, area);
        let (cells, list) = split(area, &layout);
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
            buf.set_style(area, style.add_modifier(Modifier::REVERSED));
        }
    }

    /// The worst nodes, those with the same reason on one line.
    fn list(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        put(buf, area, area.x, "WORST", scene.theme.style(Role::Muted));
        let troubles = self.troubles(scene, usize::from(area.height - 1));
        let columns = Columns::of(&troubles, area.width);
        for (y, trouble) in (1..area.height).zip(&troubles) {
            trouble.render(scene, (self.cursor, columns), row(area, y), buf);
        }
        if troubles.is_empty() {
            let line = row(area, 1);
            put(buf, line, line.x, "all well", scene.theme.style(Role::Ok));
        }
    }

    /// The worst first, as many as there are lines.
    fn troubles<'s>(&self, scene: &Scene<'s>, lines: usize) -> Vec<Trouble<'s>> {
        let nodes = &scene.snapshot.nodes;
        let mut worst: Vec<(u32, &NodeState)> = self
            .shown
            .iter()
            .filter_map(|i| nodes.get(*i))
            .filter(|n| n.status(scene.now) != Status::Ok)
            .map(|n| (score(n, scene.now), &**n))
            .collect();
        worst.sort_by_key(|(score, _)| Reverse(*score));
        let mut troubles: Vec<Trouble<'_>> = Vec::new();
        for (_, node) in worst {
            let status = node.status(scene.now);
            let mut reason = reason::brief(node);
            if reason.is_empty() {
                node.state_text(scene.now).clone_into(&mut reason);
            }
            let same = |t: &&mut Trouble<'_>| t.status == status && t.reason == reason;
            let name = node.node.id.as_str();
            if let Some(trouble) = troubles.iter_mut().find(same) {
                trouble.names.push(name);
            } else if troubles.len() < lines {
                let names = vec![name];
                troubles.push(Trouble {
                    status,
                    reason,
                    names,
                });
            }
        }
        troubles
    }
}

/// Nodes that are not well for the same reason.
struct Trouble<'a> {
    status: Status,
    reason: String,
    names: Vec<&'a str>,
}

/// Cells of the names, and of how many they are where that is ever more than one.
#[derive(Clone, Copy)]
struct Columns {
    names: u16,
    count: u16,
}

impl Columns {
    /// No more than the list needs: the rest is for the reasons.
    fn of(troubles: &[Trouble<'_>], width: u16) -> Self {
        let longest = troubles.iter().map(|t| format::width(&t.folded())).max();
        let most = troubles.iter().map(|t| t.names.len()).max().unwrap_or(0);
        Self {
            names: (longest.unwrap_or(0) as u16).min(NAMES.min((width / 4).max(16))),
            count: if most > 1 {
                most.to_string().len() as u16 + 1
            } else {
                0
            },
        }
    }
}

impl Trouble<'_> {
    fn folded(&self) -> String {
        match self.names.as_slice() {
            [name] => (*name).to_owned(),
            names => NodeSet::from_names(names.iter().copied()).to_string(),
        }
    }

    fn render(
        &self,
        scene: &Scene<'_>,
        (cursor, columns): (Option<&NodeId>, Columns),
        area: Rect,
        buf: &mut Buffer,
    ) {
        let style = |role| scene.theme.style(role);
        if cursor.is_some_and(|id| self.names.contains(&id.as_str())) {
            buf.set_style(area, style(Role::Selected));
        }
        let sign = scene.glyphs.status(self.status);
        put(buf, area, area.x, sign, style(status_role(self.status)));
        let names = self.folded();
        let names = format::fit(&names, usize::from(columns.names), scene.glyphs);
        put(buf, area, area.x + 2, &names, style(Role::Strong));
        let x = area.x + 3 + columns.names;
        if self.names.len() > 1 {
            let width = usize::from(columns.count - 1);
            let count = format!("{:>width$}", self.names.len());
            put(buf, area, x, &count, style(Role::Text));
        }
        let x = x + columns.count;
        let room = usize::from(area.right().saturating_sub(x));
        let reason = format::fit(&self.reason, room, scene.glyphs);
        put(buf, area, x, &reason, style(Role::Muted));
    }
}
