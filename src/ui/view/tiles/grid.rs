//! Where each tile goes: pure arithmetic that drawing, cursor and scrolling share.

use std::ops::Range;

use ratatui::layout::Rect;

/// Least and most cells of a full tile: narrower it says too little, larger it only stretches.
const LEAST: (u16, u16) = (26, 5);
const MOST: (u16, u16) = (46, 11);
const MINI: (u16, u16) = (18, 3);

/// How tiles are laid over an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Tiles side by side; at least 1.
    pub columns: u16,
    /// Rows of tiles on the screen; at least 1.
    pub rows: u16,
    /// Mini tiles, without graphs.
    pub mini: bool,
    height: u16,
    area: Rect,
    count: usize,
}

/// The grid with the largest tiles that shows `count` of them at once; mini tiles, scrolled, where none does.
pub fn grid(area: Rect, count: usize) -> Grid {
    let shown = u16::try_from(count.max(1)).unwrap_or(u16::MAX);
    let (fewest, most) = (area.width.div_ceil(MOST.0).max(1), area.width / LEAST.0);
    let full = (fewest.min(most)..=most)
        .filter_map(|columns| {
            let columns = columns.max(1);
            let height = (area.height / shown.div_ceil(columns)).min(MOST.1);
            (height >= LEAST.1).then_some((columns, height))
        })
        .max_by_key(|(columns, height)| area.width / columns * (height - LEAST.1 + 1));
    match full {
        Some((columns, height)) if most > 0 => {
            // Few nodes: no more columns than nodes.
            let columns = columns.min(shown);
            let width = area.width.min(MOST.0 * columns);
            Grid::new(Rect { width, ..area }, count, (columns, height), false)
        }
        _ => Grid::new(area, count, ((area.width / MINI.0).max(1), MINI.1), true),
    }
}

impl Grid {
    fn new(area: Rect, count: usize, (columns, height): (u16, u16), mini: bool) -> Self {
        Self {
            columns,
            rows: (area.height / height).max(1),
            mini,
            height: height.min(area.height),
            area,
            count,
        }
    }

    /// True when no tile is beyond the screen.
    pub fn fits(&self) -> bool {
        self.count <= self.page()
    }

    /// Tiles on one screen.
    pub fn page(&self) -> usize {
        usize::from(self.columns) * usize::from(self.rows)
    }

    /// The scroll nearest to `scroll` that has the tile at `cursor` on the screen and no needless blank rows.
    pub fn scroll_to(&self, cursor: usize, scroll: usize) -> usize {
        let columns = usize::from(self.columns);
        let rows = usize::from(self.rows);
        let row = cursor / columns;
        let last = self.count.div_ceil(columns).saturating_sub(rows);
        scroll.clamp((row + 1).saturating_sub(rows), row).min(last)
    }

    /// Positions of the tiles on the screen.
    pub fn visible(&self, scroll: usize) -> Range<usize> {
        let first = scroll
            .saturating_mul(usize::from(self.columns))
            .min(self.count);
        first..self.count.min(first + self.page())
    }

    /// The area of the tile at `position`; `None` when it is not on the screen.
    pub fn area(&self, position: usize, scroll: usize) -> Option<Rect> {
        if !self.visible(scroll).contains(&position) {
            return None;
        }
        let columns = usize::from(self.columns);
        let row = u16::try_from(position / columns - scroll).ok()?;
        let column = u16::try_from(position % columns).ok()?;
        let edge =
            |n: u16| (u32::from(self.area.width) * u32::from(n) / u32::from(self.columns)) as u16;
        let tile = Rect::new(
            self.area.x + edge(column),
            self.area.y + row * self.height,
            edge(column + 1) - edge(column),
            self.height,
        );
        Some(tile.intersection(self.area))
    }
}
