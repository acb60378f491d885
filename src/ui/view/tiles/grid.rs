//! Where each tile goes: pure arithmetic that drawing, cursor and scrolling share.

use std::ops::Range;

use ratatui::layout::Rect;

/// How much a tile shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Everything.
    Full,
    /// The same with less room for the graphs.
    Slim,
    /// A line of figures.
    Mini,
}

impl Size {
    /// Cells below which there is too little room for it.
    fn least(self) -> (u16, u16) {
        match self {
            Self::Full => (26, 5),
            Self::Slim => (16, 4),
            Self::Mini => (18, 3),
        }
    }
}

/// Most cells of a tile: larger it only stretches.
const MOST: (u16, u16) = (46, 11);

/// How tiles are laid over an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Tiles side by side; at least 1.
    pub columns: u16,
    /// Rows of tiles on the screen; at least 1.
    pub rows: u16,
    /// What each tile has room for.
    pub size: Size,
    height: u16,
    area: Rect,
    count: usize,
}

/// The grid with the largest tiles that shows `count` of them at once; mini tiles, scrolled, where none does.
pub fn grid(area: Rect, count: usize) -> Grid {
    let (width, height) = Size::Mini.least();
    largest(area, count, Size::Full)
        .or_else(|| largest(area, count, Size::Slim))
        .unwrap_or_else(|| {
            let columns = (area.width / width).max(1);
            Grid::new(area, count, (columns, height), Size::Mini)
        })
}

/// Of the grids that show all tiles in such a size, that with the most room in each.
fn largest(area: Rect, count: usize, size: Size) -> Option<Grid> {
    let shown = u16::try_from(count.max(1)).unwrap_or(u16::MAX);
    let least = size.least();
    let (fewest, most) = (area.width.div_ceil(MOST.0).max(1), area.width / least.0);
    let (columns, height) = (fewest.min(most).max(1)..=most)
        .filter_map(|columns| {
            let height = (area.height / shown.div_ceil(columns)).min(MOST.1);
            (height >= least.1).then_some((columns, height))
        })
        .max_by_key(|(columns, height)| area.width / columns * (height - least.1 + 1))?;
    // Few nodes: no more columns than nodes.
    let columns = columns.min(shown);
    let width = area.width.min(MOST.0 * columns);
    Some(Grid::new(
        Rect { width, ..area },
        count,
        (columns, height),
        size,
    ))
}

impl Grid {
    fn new(area: Rect, count: usize, (columns, height): (u16, u16), size: Size) -> Self {
        Self {
            columns,
            rows: (area.height / height).max(1),
            size,
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
