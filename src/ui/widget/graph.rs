//! A braille graph that time writes like an oscilloscope: a bucket keeps its place, a gap runs ahead of the newest one, and a tick changes two columns.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    Look,
    trace::{PER_CELL, Trace},
};
use crate::ui::theme::Role;

/// Dots that one cell is high.
const DOTS: u32 = 4;

/// A graph of so many cells has no gap: it would be most of it.
const SWEPT: u16 = 2;

/// One series in one area; as a single row it is a spark line.
#[derive(Clone, Copy)]
pub struct Graph<'a> {
    /// What is drawn.
    pub trace: &'a Trace,
    /// The value at the upper end; zero is at the lower.
    pub top: f32,
    /// The value that is too much, where there is one: columns near it get the hot steps of the gauge.
    pub full: Option<f32>,
    /// The colour of all other columns.
    pub calm: Role,
}

/// The dots of one column of cells: levels of its left and right bucket.
type Column = [Option<u32>; PER_CELL as usize];

impl Graph<'_> {
    /// Draws it. A measured zero is the lowest dot, nothing measured is blank.
    pub fn render(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let height = u32::from(area.height) * DOTS;
        self.now(look, area, buf);
        for (x, column) in (area.x..).zip(self.columns(area.width, height)) {
            let Some(peak) = column.into_iter().flatten().max() else {
                continue;
            };
            let style = look.style(self.role(peak, height));
            for (up, y) in (area.y..area.bottom()).rev().enumerate() {
                let sign = cell(column, up as u32 * DOTS, look.glyphs.ascii);
                if let (Some(sign), Some(cell)) = (sign, buf.cell_mut((x, y))) {
                    cell.set_char(sign).set_style(style);
                }
            }
        }
    }

    /// A line in the gap ahead of the newest bucket: left of it is now, right of it the oldest.
    fn now(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        if area.width <= SWEPT || self.trace.is_empty() {
            return;
        }
        let next = (self.trace.head / u64::from(PER_CELL) + 1) % u64::from(area.width);
        let x = area.x + next as u16;
        let style = look.style(Role::Muted);
        for y in area.top()..area.bottom() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.set_symbol(look.glyphs.now()).set_style(style);
            }
        }
    }

    /// The colour of a column whose highest dot is `peak`.
    fn role(&self, peak: u32, height: u32) -> Role {
        let value = f64::from(peak) * f64::from(self.top) / f64::from(height);
        match self.full {
            Some(full) if full > 0.0 => Role::heat(100.0 * value / f64::from(full), self.calm),
            _ => self.calm,
        }
    }

    fn columns(&self, width: u16, height: u32) -> Vec<Column> {
        let mut columns = vec![Column::default(); usize::from(width)];
        let (per, width) = (u64::from(PER_CELL), u64::from(width));
        // The cell of the head and the one after it hold nothing older: the gap that shows where now is.
        let oldest = (self.trace.head / per + 2).saturating_sub(width);
        for (number, value) in self.trace.buckets() {
            if number / per < oldest && width > u64::from(SWEPT) {
                continue;
            }
            let column = columns.get_mut((number / per % width) as usize);
            let dot = column.and_then(|c| c.get_mut((number % per) as usize));
            if let Some(dot) = dot {
                let level = self.level(value, height);
                *dot = Some(dot.map_or(level, |had| had.max(level)));
            }
        }
        columns
    }

    fn level(&self, value: f32, height: u32) -> u32 {
        let share = if self.top > 0.0 {
            value / self.top
        } else {
            0.0
        };
        let dots = share * height as f32;
        let whole = dots as u32;
        whole
            .saturating_add(u32::from(dots > whole as f32))
            .clamp(1, height)
    }
}

/// The sign of a cell whose lower edge is `base` dots up; `None` where it stays blank.
fn cell(column: Column, base: u32, ascii: bool) -> Option<char> {
    let filled = column.map(|level| level.unwrap_or(0).saturating_sub(base).min(DOTS));
    let most = filled.into_iter().max().unwrap_or(0);
    if most == 0 {
        return None;
    }
    if ascii {
        return [' ', '.', ':', '+', '#'].get(most as usize).copied();
    }
    braille(filled)
}

/// Dots filled from below: Unicode numbers them 1-2-3-7 down the left, 4-5-6-8 down the right.
fn braille([left, right]: [u32; 2]) -> Option<char> {
    const LEFT: [u32; 5] = [0x00, 0x40, 0x44, 0x46, 0x47];
    const RIGHT: [u32; 5] = [0x00, 0x80, 0xA0, 0xB0, 0xB8];
    char::from_u32(0x2800 | LEFT.get(left as usize)? | RIGHT.get(right as usize)?)
}

/// A round number of at least `most`, 1, 2 or 5 times a power of ten (of two, times 1024, for bytes): an axis that seldom moves.
pub fn round_up(most: f32, bytes: bool) -> f32 {
    if !most.is_finite() || most <= 0.0 {
        return 1.0;
    }
    let (base, steps): (f32, &[f32]) = if bytes {
        (
            1024.0,
            &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1024.0],
        )
    } else {
        (10.0, &[1.0, 2.0, 5.0, 10.0])
    };
    let power = base.powf((most.ln() / base.ln()).floor());
    let step = steps.iter().find(|step| power * **step >= most);
    power * step.unwrap_or(&base)
}

#[cfg(test)]
#[path = "graph_tests.rs"]
mod tests;
