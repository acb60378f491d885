//! Where each tile goes: pure arithmetic that drawing, cursor and scrolling share.

use std::ops::Range;

use ratatui::layout::Rect;

const WIDTH: u16 = 26;
const WIDEST: u16 = 46;
const MINI: (u16, u16) = (18, 3);
/// Heights of a full tile, the best first; more would only stretch the graphs.
const HEIGHTS: [u16; 7] = [11, 10, 9, 8, 7, 6, 5];

/// How tiles are laid over an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Tiles side by side; at least 1.
    pub columns: u16,
    /// Rows of tiles on the screen; at least 1.
    pub rows: u16,
    /// Mini tiles, without graphs.
    pub mini: bool,
    /// Columns of the screen that all tiles side by side take.
    width: u16,
    height: u16,
    area: Rect,
    count: usize,
}

/// The roomiest grid that shows `count` tiles at once; mini tiles, scrolled, where none does.
pub fn grid(area: Rect, count: usize) -> Grid {
    let columns = (area.width / WIDTH).max(1);
    let full = HEIGHTS.iter().find_map(|height| {
        let rows = area.height / height;
        let fits = usize::from(columns) * usize::from(rows) >= count;
        (fits && area.width >= WIDTH).then_some((columns, *height))
    });
    let Some((columns, height)) = full else {
        return Grid::new(area, count, ((area.width / MINI.0).max(1), MINI.1), true);
    };
    // Few nodes: no more columns than nodes, but no tile wider than it looks well.
    let columns = columns.min(
        u16::try_from(count)
            .unwrap_or(u16::MAX)
            .max(area.width / WIDEST),
    );
    Grid::new(area, count, (columns.max(1), height), false)
}

impl Grid {
    fn new(area: Rect, count: usize, (columns, height): (u16, u16), mini: bool) -> Self {
        let widest = if mini {
            area.width
        } else {
            area.width.min(WIDEST * columns)
        };
        Self {
            columns,
            rows: (area.height / height).max(1),
            mini,
            width: widest,
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
        let edge = |n: u16| (u32::from(self.width) * u32::from(n) / u32::from(self.columns)) as u16;
        let tile = Rect::new(
            self.area.x + edge(column),
            self.area.y + row * self.height,
            edge(column + 1) - edge(column),
            self.height,
        );
        Some(tile.intersection(self.area))
    }
}
