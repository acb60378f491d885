//! Where the nodes stand on the screen: density by room, the cursor's way through them, scrolling.

use ratatui::layout::Rect;

use super::{Density, Fleet};
use crate::{
    config::keymap::Action,
    ui::view::{
        Scene, heatmap, table,
        tiles::{self, Grid, Size},
    },
};

/// As many screens of a table are scrolled before a heatmap shows more.
const SCREENS: usize = 5;

impl Fleet {
    /// The density in force: the wish, else what has room.
    pub fn density(&self, scene: &Scene<'_>, body: Rect) -> Density {
        if let Some(density) = self.density {
            return density;
        }
        let grid = self.grid(body);
        let is_roomy = body.width >= 52 && body.height >= 10;
        if grid.fits() && grid.size == Size::Full && is_roomy {
            return Density::Tiles;
        }
        let lines = usize::from(table::lines(body)).max(1);
        let shown = self.rows.len();
        if shown <= lines * SCREENS || !heatmap::Layout::new(scene, body).is_useful() {
            Density::Table
        } else {
            Density::Heatmap
        }
    }

    pub(super) fn grid(&self, body: Rect) -> Grid {
        tiles::grid(body, self.rows.len())
    }

    /// Puts the cursor back on its node, or near the place where it was; on top until somebody moved it.
    pub(super) fn keep_cursor(&mut self, scene: &Scene<'_>) {
        let nodes = &scene.snapshot.nodes;
        let is_cursor = |at: &usize| nodes.get(*at).map(|n| &n.node.id) == self.cursor.as_ref();
        if !self.order.is_touched() {
            self.go(0, scene);
        } else if let Some(at) = self.rows.iter().position(is_cursor) {
            self.at = at;
        } else {
            self.go(self.at, scene);
        }
    }

    /// Puts the cursor on a row.
    pub(super) fn go(&mut self, at: usize, scene: &Scene<'_>) {
        self.at = at.min(self.rows.len().saturating_sub(1));
        let node = self
            .rows
            .get(self.at)
            .and_then(|i| scene.snapshot.nodes.get(*i));
        self.cursor = node.map(|n| n.node.id.clone());
    }

    /// Scrolls as little as shows the cursor.
    pub fn follow(&mut self, scene: &Scene<'_>, body: Rect) {
        self.scroll = match self.density(scene, body) {
            Density::Tiles => self.grid(body).scroll_to(self.at, self.scroll),
            Density::Table => {
                let lines = usize::from(table::lines(body)).max(1);
                scroll(self.at, self.scroll, lines, self.rows.len())
            }
            Density::Heatmap => {
                let layout = heatmap::Layout::new(scene, body);
                let line = self.rows.get(self.at).and_then(|i| layout.line(*i));
                let lines = usize::from(body.height).max(1);
                scroll(line.unwrap_or(0), self.scroll, lines, layout.lines())
            }
        };
    }

    /// Moves the cursor; true when the action was a move.
    pub(super) fn walk(&mut self, action: Action, scene: &Scene<'_>, body: Rect) -> bool {
        let to = match self.density(scene, body) {
            Density::Heatmap => self.walk_heatmap(action, scene, body),
            Density::Tiles => {
                let grid = self.grid(body);
                self.walk_grid(action, usize::from(grid.columns), grid.page())
            }
            Density::Table => self.walk_grid(action, 1, usize::from(table::lines(body)).max(1)),
        };
        let Some(to) = to else { return false };
        self.go(to, scene);
        self.order.touch(scene.now);
        self.follow(scene, body);
        true
    }

    fn walk_grid(&self, action: Action, columns: usize, page: usize) -> Option<usize> {
        let last = self.rows.len().saturating_sub(1);
        Some(match action {
            Action::Up => self.at.checked_sub(columns).unwrap_or(self.at),
            Action::Down if self.at + columns <= last => self.at + columns,
            Action::Down if columns > 1 && self.at / columns < last / columns => last,
            Action::Left if columns > 1 => self.at.saturating_sub(1),
            Action::Right if columns > 1 => self.at + 1,
            Action::Down | Action::Left | Action::Right => self.at,
            Action::PageUp => self.at.saturating_sub(page),
            Action::PageDown => self.at + page,
            Action::First => 0,
            Action::Last => last,
            _ => return None,
        })
    }

    /// Through the cells as they lie, over those that are shown; says which row that is.
    fn walk_heatmap(&self, action: Action, scene: &Scene<'_>, body: Rect) -> Option<usize> {
        let layout = heatmap::Layout::new(scene, body);
        let here = self.rows.get(self.at).copied();
        let to = layout.walk(action, here, &self.rows, usize::from(body.height))?;
        let row = self.rows.iter().position(|i| Some(*i) == to);
        Some(row.unwrap_or(self.at))
    }
}

fn scroll(line: usize, now: usize, lines: usize, all: usize) -> usize {
    let last = all.saturating_sub(lines);
    now.clamp((line + 1).saturating_sub(lines), line).min(last)
}
