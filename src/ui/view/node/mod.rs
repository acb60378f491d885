//! One node with everything that is known of it, in sections that scroll.

mod cards;
mod charts;
mod connection;
mod figures;
mod head;
mod tables;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Scene, scroll::Scroll};
use crate::{
    config::keymap::Action,
    fleet::{Link, Millis, NodeState, Sampler, Status},
    metrics::{Sample, daemon},
    ui::{format, theme::Role, widget::Look},
};

/// Where one is in the page of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeView {
    scroll: Scroll,
    /// The daemon under the cursor.
    daemon: Option<String>,
}

/// A part of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    /// Who it is, what is wrong, its figures.
    Head,
    /// All cores.
    Cores,
    /// One graph.
    Chart(&'static charts::Chart),
    /// Cards.
    Gpus,
    /// Watched daemons.
    Daemons,
    /// File systems.
    Mounts,
    /// Block devices.
    Devices,
    /// Network interfaces.
    Interfaces,
    /// How it is reached and sampled.
    Connection,
}

/// A section and where it stands on the page, which begins at 0, 0.
#[derive(Clone, Copy)]
struct Placed {
    section: Section,
    area: Rect,
}

/// What a section draws from.
#[derive(Clone, Copy)]
struct Page<'a> {
    node: &'a NodeState,
    now: Millis,
    look: Look<'a>,
    /// The place of the daemon under the cursor, in its table.
    cursor: Option<usize>,
}

/// From this width on, tables stand side by side.
const WIDE: u16 = 140;

/// Keys that would come to nothing on the page of this node.
pub fn idle(node: &NodeState) -> Vec<Action> {
    let mut idle = Vec::new();
    if tables::daemons(node).is_empty() {
        idle.extend([Action::NextDaemon, Action::Restart, Action::StartStop]);
    }
    if !is_retried(node) {
        idle.push(Action::Retry);
    }
    idle
}

/// True for a node that is tried anew when somebody wishes it.
pub fn is_retried(node: &NodeState) -> bool {
    let is_lost = matches!(node.link, Link::Down { .. } | Link::Refused(_));
    is_lost || matches!(node.sampler, Sampler::Failed(_))
}

impl NodeView {
    /// The daemon under the cursor, as long as the node has it.
    pub fn daemon<'a>(&self, node: &'a NodeState) -> Option<&'a daemon::Status> {
        let name = self.daemon.as_deref()?;
        let mut all = tables::daemons(node).into_iter();
        all.find(|daemon| daemon.name.as_str() == name)
    }

    /// Scrolls, or moves the cursor; false when the action is not one of this view.
    pub fn update(
        &mut self,
        action: Action,
        scene: &Scene<'_>,
        node: &NodeState,
        area: Rect,
    ) -> bool {
        if matches!(action, Action::NextDaemon | Action::PreviousDaemon) {
            self.step(action == Action::NextDaemon, node);
            self.show_daemon(&Page::of(scene, node, self), area);
            return true;
        }
        let lines = Page::of(scene, node, self).length(area);
        let page = usize::from(area.height);
        let lines = (usize::from(lines), page);
        self.scroll.act_by(action, lines, page.saturating_sub(2))
    }

    /// To the daemon beside; past either end to none.
    fn step(&mut self, is_forward: bool, node: &NodeState) {
        let all = tables::daemons(node);
        let is_it = |daemon: &&daemon::Status| Some(daemon.name.as_str()) == self.daemon.as_deref();
        let at = all.iter().position(is_it);
        let to = match (at, is_forward) {
            (None, true) => Some(0),
            (None, false) => all.len().checked_sub(1),
            (Some(at), true) => Some(at + 1),
            (Some(at), false) => at.checked_sub(1),
        };
        let daemon = to.and_then(|to| all.get(to));
        self.daemon = daemon.map(|daemon| daemon.name.to_string());
    }

    /// Scrolls until the cursor is in sight, with its whole table where that fits.
    fn show_daemon(&mut self, page: &Page<'_>, area: Rect) {
        let lines = page.length(area);
        let width = area.width - u16::from(lines > area.height);
        let placed = page.placed(width);
        let table = placed.iter().find(|p| p.section == Section::Daemons);
        let (Some(Placed { area: table, .. }), Some(at)) = (table, page.cursor) else {
            return;
        };
        let row = table.y + tables::ABOVE + at as u16;
        let scroll = self.scroll(lines, area.height);
        let is_seen = |y: u16| (scroll..scroll + area.height).contains(&y);
        if is_seen(table.y) && is_seen(row) {
            return;
        }
        let top = row.saturating_sub(area.height.saturating_sub(2));
        let first = table.y.max(top).min(lines.saturating_sub(area.height));
        self.scroll = Scroll::at(usize::from(first));
    }

    /// Lines above the screen.
    fn scroll(&self, lines: u16, height: u16) -> u16 {
        let window = self.scroll.window(usize::from(lines), usize::from(height));
        window.start as u16
    }

    /// Draws the sections that are on the screen.
    pub fn render(&self, scene: &Scene<'_>, node: &NodeState, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let page = Page::of(scene, node, self);
        let lines = page.length(area);
        let is_long = lines > area.height;
        let scroll = self.scroll(lines, area.height);
        let width = area.width - u16::from(is_long);
        let seen = scroll..scroll + area.height;
        for placed in page.placed(width) {
            if placed.area.y < seen.end && placed.area.bottom() > seen.start {
                page.section(placed, area, scroll, buf);
            }
        }
        if is_long {
            page.thumb(lines, scroll, area, buf);
        }
    }
}

impl<'a> Page<'a> {
    fn of(scene: &Scene<'a>, node: &'a NodeState, view: &NodeView) -> Self {
        let name = view.daemon(node).map(|daemon| &daemon.name);
        let mut daemons = tables::daemons(node).into_iter();
        Self {
            cursor: daemons.position(|daemon| Some(&daemon.name) == name),
            node,
            now: scene.now,
            look: Look {
                dim: node.is_stale(scene.now),
                ..Look::from(scene)
            },
        }
    }

    fn sample(&self) -> Option<&'a Sample> {
        self.node.sample.as_deref().map(|sample| &**sample)
    }

    fn status(&self) -> Status {
        self.node.status(self.now)
    }

    /// Lines of the whole page.
    fn length(&self, area: Rect) -> u16 {
        match bottom(&self.placed(area.width)) {
            lines if lines > area.height => bottom(&self.placed(area.width.saturating_sub(1))),
            lines => lines,
        }
    }

    /// The page from the top: who it is, cores, graphs in a grid, tables in one column or two.
    fn placed(&self, width: u16) -> Vec<Placed> {
        let mut page = Vec::new();
        self.row(&[Section::Head], (width, 1), &mut page);
        let sample = self.sample();
        if sample.is_some_and(|s| !s.cpu.cores.is_empty()) {
            self.row(&[Section::Cores], (width, 1), &mut page);
        }
        let charts = charts::shown(self.node);
        let beside = charts::beside(width, charts.len());
        for row in charts.chunks(beside) {
            let row: Vec<Section> = row.iter().map(|chart| Section::Chart(chart)).collect();
            self.row(&row, (width, beside as u16), &mut page);
        }
        let tables = sample.map(tables::shown).unwrap_or_default();
        self.columns(&tables, width, &mut page);
        self.row(&[Section::Connection], (width, 1), &mut page);
        page
    }

    /// Adds sections side by side, each as wide as `beside` of them allow.
    fn row(&self, sections: &[Section], (width, beside): (u16, u16), page: &mut Vec<Placed>) {
        let y = bottom(page);
        for (n, section) in (0..).zip(sections) {
            let (x, width) = share(width, beside, n);
            let height = self.height(*section, width);
            let area = Rect {
                x,
                y,
                width,
                height,
            };
            page.push(Placed {
                section: *section,
                area,
            });
        }
    }

    /// Adds sections one below the other, in two columns where there is room; each goes where the page is shorter.
    fn columns(&self, sections: &[Section], width: u16, page: &mut Vec<Placed>) {
        let beside = if width >= WIDE && sections.len() > 1 {
            2
        } else {
            1
        };
        let mut ends = vec![(bottom(page), None); usize::from(beside)];
        for section in sections {
            let shortest = (0..).zip(&mut ends).min_by_key(|(_, (y, _))| *y);
            let Some((n, (y, last))) = shortest else {
                return;
            };
            let (x, width) = share(width, beside, n);
            let height = self.height(*section, width);
            let area = Rect {
                x,
                y: *y,
                width,
                height,
            };
            (*y, *last) = (area.bottom(), Some(page.len()));
            page.push(Placed {
                section: *section,
                area,
            });
        }
        // Both columns end on one line.
        let end = bottom(page);
        for last in ends.iter().filter_map(|(_, last)| *last) {
            if let Some(Placed { area, .. }) = page.get_mut(last) {
                area.height = end - area.y;
            }
        }
    }

    fn height(&self, section: Section, width: u16) -> u16 {
        let inside = width.saturating_sub(4);
        2 + match section {
            Section::Head => head::height(self, inside),
            Section::Cores => charts::cores_height(self, inside),
            Section::Chart(_) => charts::HEIGHT,
            Section::Connection => connection::height(self, inside),
            table => tables::height(self, table),
        }
    }

    /// Draws a section; one that is cut by the edge of the screen goes by way of a buffer of its own.
    fn section(&self, placed: Placed, screen: Rect, scroll: u16, buf: &mut Buffer) {
        let Placed { section, area } = placed;
        let x = screen.x + area.x;
        if area.y >= scroll && area.bottom() <= scroll + screen.height {
            let y = screen.y + area.y - scroll;
            return self.draw(section, Rect { x, y, ..area }, buf);
        }
        let place = Rect { x, y: 0, ..area };
        let mut whole = Buffer::empty(place);
        format::paint(&mut whole, place, self.look.theme.style(Role::Ground));
        self.draw(section, place, &mut whole);
        for line in area.y.max(scroll)..area.bottom().min(scroll + screen.height) {
            for x in x..x + area.width {
                let from = whole.cell((x, line - area.y));
                if let (Some(from), Some(to)) = (from, buf.cell_mut((x, screen.y + line - scroll)))
                {
                    to.set_symbol(from.symbol()).set_style(from.style());
                }
            }
        }
    }

    fn draw(&self, section: Section, area: Rect, buf: &mut Buffer) {
        match section {
            Section::Head => head::render(self, area, buf),
            Section::Cores => charts::cores(self, area, buf),
            Section::Chart(chart) => charts::render(self, chart, area, buf),
            Section::Connection => connection::render(self, area, buf),
            table => tables::render(self, table, area, buf),
        }
    }

    /// Where the screen is in the page: a mark in the last column.
    fn thumb(&self, lines: u16, scroll: u16, area: Rect, buf: &mut Buffer) {
        let part = |n: u16| u32::from(n) * u32::from(area.height) / u32::from(lines.max(1));
        let length = part(area.height).max(1) as u16;
        let most = area.height.saturating_sub(length);
        let top = if scroll + area.height >= lines {
            most
        } else {
            (part(scroll) as u16).min(most)
        };
        let column = Rect {
            x: area.right() - 1,
            width: 1,
            ..area
        };
        for n in top..top + length {
            let row = format::row(column, n);
            format::put(
                buf,
                row,
                row.x,
                self.look.glyphs.thumb(),
                self.look.theme.style(Role::Border),
            );
        }
    }
}

/// The first line below all sections.
fn bottom(page: &[Placed]) -> u16 {
    page.iter().map(|p| p.area.bottom()).max().unwrap_or(0)
}

/// Left edge and width of the `n`th of `beside` equal parts.
fn share(width: u16, beside: u16, n: u16) -> (u16, u16) {
    let edge = |n: u16| (u32::from(width) * u32::from(n) / u32::from(beside.max(1))) as u16;
    (edge(n), edge(n + 1) - edge(n))
}
