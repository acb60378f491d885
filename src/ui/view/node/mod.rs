//! One node with everything that is known of it, in sections that scroll.

mod charts;
mod head;
mod overview;
mod tables;

use std::ops::Range;

use ratatui::{buffer::Buffer, layout::Rect};

use super::Scene;
use crate::{
    config::keymap::Action,
    fleet::{Millis, NodeState, Status},
    metrics::Sample,
    ui::{format, theme::Role, widget::Look},
};

/// Where one is in the page of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeView {
    /// Lines above the screen.
    scroll: u16,
}

/// A part of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    /// Who it is and how it is reached.
    Head,
    /// What is wrong; errors, saturation, utilisation.
    Overview,
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
}

/// Sections side by side, and the lines they take.
struct Band {
    sections: Vec<Section>,
    lines: Range<u16>,
}

/// What a section draws from.
#[derive(Clone, Copy)]
struct Page<'a> {
    node: &'a NodeState,
    now: Millis,
    look: Look<'a>,
}

/// From this width on, tables stand side by side.
const WIDE: u16 = 140;

impl NodeView {
    /// Scrolls; false when the action is not one of this view.
    pub fn update(
        &mut self,
        action: Action,
        scene: &Scene<'_>,
        node: &NodeState,
        area: Rect,
    ) -> bool {
        let lines = Page::of(scene, node).length(area);
        let last = lines.saturating_sub(area.height);
        let page = area.height.saturating_sub(2).max(1);
        let at = self.scroll.min(last);
        self.scroll = match action {
            Action::Up => at.saturating_sub(1),
            Action::Down => at + 1,
            Action::PageUp => at.saturating_sub(page),
            Action::PageDown => at + page,
            Action::First => 0,
            Action::Last => last,
            _ => return false,
        }
        .min(last);
        true
    }

    /// Draws the sections that are on the screen.
    pub fn render(&self, scene: &Scene<'_>, node: &NodeState, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let page = Page::of(scene, node);
        let lines = page.length(area);
        let is_long = lines > area.height;
        let scroll = self.scroll.min(lines.saturating_sub(area.height));
        let width = area.width - u16::from(is_long);
        let seen = scroll..scroll + area.height;
        for band in page.bands(width) {
            if band.lines.start < seen.end && band.lines.end > seen.start {
                page.band(&band, Rect { width, ..area }, scroll, buf);
            }
        }
        if is_long {
            page.thumb(lines, scroll, area, buf);
        }
    }
}

impl<'a> Page<'a> {
    fn of(scene: &Scene<'a>, node: &'a NodeState) -> Self {
        Self {
            node,
            now: scene.now,
            look: Look {
                dim: node.is_stale(scene.now),
                ..Look::from(scene)
            },
        }
    }

    fn sample(&self) -> Option<&'a Sample> {
        self.node.sample.as_deref()
    }

    fn status(&self) -> Status {
        self.node.status(self.now)
    }

    /// Lines of the whole page.
    fn length(&self, area: Rect) -> u16 {
        let whole = |width| self.bands(width).last().map_or(0, |band| band.lines.end);
        match whole(area.width) {
            lines if lines > area.height => whole(area.width.saturating_sub(1)),
            lines => lines,
        }
    }

    /// The page from the top.
    fn bands(&self, width: u16) -> Vec<Band> {
        let mut rows = vec![vec![Section::Head], vec![Section::Overview]];
        let sample = self.sample();
        if sample.is_some_and(|s| !s.cpu.cores.is_empty()) {
            rows.push(vec![Section::Cores]);
        }
        let charts = charts::shown(self.node);
        let beside = charts::beside(width, charts.len());
        for row in charts.chunks(beside) {
            rows.push(row.iter().map(|chart| Section::Chart(chart)).collect());
        }
        let tables = sample.map(tables::shown).unwrap_or_default();
        let beside = if width >= WIDE { 2 } else { 1 };
        rows.extend(tables.chunks(beside).map(<[Section]>::to_vec));
        self.stacked(rows, width)
    }

    fn stacked(&self, rows: Vec<Vec<Section>>, width: u16) -> Vec<Band> {
        let mut line = 0u16;
        let mut bands = Vec::with_capacity(rows.len());
        for sections in rows {
            let each = width / (sections.len().max(1) as u16);
            let height = sections.iter().map(|s| self.height(*s, each)).max();
            let end = line.saturating_add(height.unwrap_or(0));
            bands.push(Band {
                sections,
                lines: line..end,
            });
            line = end;
        }
        bands
    }

    fn height(&self, section: Section, width: u16) -> u16 {
        let inside = width.saturating_sub(4);
        2 + match section {
            Section::Head => head::height(self, inside),
            Section::Overview => overview::height(self, inside),
            Section::Cores => charts::cores_height(self, inside),
            Section::Chart(_) => charts::HEIGHT,
            table => tables::height(self, table),
        }
    }

    /// Draws a band; one that is cut by the edge of the screen goes by way of a page of its own.
    fn band(&self, band: &Band, area: Rect, scroll: u16, buf: &mut Buffer) {
        let height = band.lines.end - band.lines.start;
        let seen = band.lines.start >= scroll && band.lines.end <= scroll + area.height;
        if seen {
            let y = area.y + band.lines.start - scroll;
            return self.sections(band, Rect { y, height, ..area }, buf);
        }
        let mut whole = Buffer::empty(Rect {
            y: 0,
            height,
            ..area
        });
        self.sections(band, whole.area, &mut whole);
        let first = band.lines.start.max(scroll);
        for line in first..band.lines.end.min(scroll + area.height) {
            for x in area.left()..area.right() {
                let from = whole.cell((x, line - band.lines.start));
                if let (Some(from), Some(to)) = (from, buf.cell_mut((x, area.y + line - scroll))) {
                    to.set_symbol(from.symbol()).set_style(from.style());
                }
            }
        }
    }

    fn sections(&self, band: &Band, area: Rect, buf: &mut Buffer) {
        let count = band.sections.len() as u32;
        let edge = |n: u32| (u32::from(area.width) * n / count.max(1)) as u16;
        for (n, section) in (0..).zip(&band.sections) {
            let (left, right) = (edge(n), edge(n + 1));
            let area = Rect {
                x: area.x + left,
                width: right - left,
                ..area
            };
            match section {
                Section::Head => head::render(self, area, buf),
                Section::Overview => overview::render(self, area, buf),
                Section::Cores => charts::cores(self, area, buf),
                Section::Chart(chart) => charts::render(self, chart, area, buf),
                table => tables::render(self, *table, area, buf),
            }
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

#[cfg(test)]
mod tests;
