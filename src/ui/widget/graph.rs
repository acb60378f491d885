//! A braille graph that time writes like an oscilloscope: a bucket keeps its place, a gap runs ahead of the newest one, and a tick changes two columns.

use std::iter;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    Look,
    trace::{PER_CELL, Trace},
};
use crate::ui::{sign, theme::Role};

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

/// The levels of the buckets of one column of cells; 0 where nothing was measured.
type Column = [u32; PER_CELL as usize];

impl Graph<'_> {
    /// Draws it. A measured zero is the lowest dot, nothing measured is blank.
    pub fn render(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() || self.trace.is_empty() {
            return;
        }
        let height = u32::from(area.height) * DOTS;
        let head = self.trace.head / u64::from(PER_CELL) % u64::from(area.width);
        let head = head as u16;
        let has_gap = area.width > SWEPT;
        if has_gap {
            now(look, area.x + (head + 1) % area.width, area, buf);
        }
        // Time wraps around: from the newest column to the left, then from the right end.
        let places = (0..=head).rev().chain((head + 1..area.width).rev());
        let drawn = places.take(usize::from(area.width - u16::from(has_gap)));
        let mut last = (0, Style::default());
        for (x, column) in drawn.zip(self.columns(height)) {
            let peak = peak(column);
            if peak == 0 {
                continue;
            }
            if peak != last.0 {
                last = (peak, look.style(self.role(peak, height)));
            }
            for (up, y) in (area.y..area.bottom()).rev().enumerate() {
                let sign = cell(column, up as u32 * DOTS, look.glyphs.ascii);
                if let (Some(sign), Some(cell)) = (sign, buf.cell_mut((area.x + x, y))) {
                    sign::write(sign, last.1, cell);
                }
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

    /// The columns from the newest one back. Only the right half of that one may be still to come.
    fn columns(&self, height: u32) -> impl Iterator<Item = Column> {
        let to_come = PER_CELL as usize - 1 - (self.trace.head % u64::from(PER_CELL)) as usize;
        let newest_first = self.trace.values.iter().rev();
        let levels = newest_first.map(move |value| value.map_or(0, |v| self.level(v, height)));
        let mut levels = iter::repeat_n(0, to_come).chain(levels);
        iter::from_fn(move || {
            let right = levels.next()?;
            Some([levels.next().unwrap_or(0), right])
        })
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

/// A line in the gap ahead of the newest bucket: left of it is now, right of it the oldest.
fn now(look: &Look<'_>, x: u16, area: Rect, buf: &mut Buffer) {
    let style = look.style(Role::Muted);
    for y in area.top()..area.bottom() {
        if let Some(cell) = buf.cell_mut((x, y)) {
            cell.set_symbol(look.glyphs.now()).set_style(style);
        }
    }
}

/// The sign of a cell whose lower edge is `base` dots up; `None` where it stays blank.
fn cell(column: Column, base: u32, ascii: bool) -> Option<char> {
    let filled = column.map(|level| level.saturating_sub(base).min(DOTS));
    match peak(filled) {
        0 => None,
        most if ascii => [' ', '.', ':', '+', '#'].get(most as usize).copied(),
        _ => braille(filled),
    }
}

fn peak([left, right]: Column) -> u32 {
    left.max(right)
}

/// Dots filled from below: Unicode numbers them 1-2-3-7 down the left, 4-5-6-8 down the right.
fn braille([left, right]: Column) -> Option<char> {
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
