//! `Lean`: the fewest bytes that turn what a terminal shows into what it should show.
//!
//! It stands where `ratatui::Terminal` and its backend would: gaps can only be bridged, row ends erased and looks sorted by
//! who sees both frames. It is sized by its session, never asks the terminal anything, and yields one byte string a frame.

use std::mem;

use ratatui::{
    buffer::{Buffer, Cell},
    layout::{Position, Rect, Size},
};

use super::{
    depth::{Ink, Lower},
    pen::{Look, Pen, control, forward_cost},
    tile::{Tile, Tiler},
};
use crate::ui::theme::Depth;

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";
/// Attributes off, home, all erased.
const WIPE: &[u8] = b"\x1b[m\x1b[H\x1b[2J";

/// Draws frames for one terminal.
#[derive(Debug)]
pub struct Lean {
    buffer: Buffer,
    shown: Vec<Tile>,
    wipe: bool,
    tiler: Tiler,
    encoder: Encoder,
}

impl Lean {
    /// For a terminal of this size and depth, of which nothing is known yet. `keeps_background`: see
    /// [`depth::keeps_background`](super::depth::keeps_background).
    pub fn new(size: Size, depth: Depth, keeps_background: bool) -> Self {
        let mut lean = Self {
            buffer: Buffer::default(),
            shown: Vec::new(),
            wipe: true,
            tiler: Tiler::new(Lower::new(depth)),
            encoder: Encoder {
                keeps_background,
                pen: Pen::default(),
                changed: Vec::new(),
                looks: Vec::new(),
                other: Vec::new(),
            },
        };
        lean.resize(size);
        lean
    }

    /// The size drawn for.
    pub fn size(&self) -> Size {
        self.buffer.area.as_size()
    }

    /// The terminal has this size now, and may have moved everything.
    pub fn resize(&mut self, size: Size) {
        let area = Rect::from((Position::ORIGIN, size));
        self.buffer = Buffer::empty(area);
        self.shown = vec![Tile::ERASED; self.buffer.content.len()];
        self.wipe = true;
    }

    /// The next frame starts from an erased screen.
    pub fn repaint(&mut self) {
        self.wipe = true;
    }

    /// True when the next frame starts from an erased screen.
    pub fn is_wiped(&self) -> bool {
        self.wipe
    }

    /// Replaces `out` by the bytes of the next frame: none when the screen stays as it is. The frame after this one is
    /// relative to it, so `out` has to reach the terminal, whole and in order.
    pub fn draw(&mut self, out: &mut Vec<u8>, render: impl FnOnce(Rect, &mut Buffer)) {
        out.clear();
        self.buffer.reset();
        render(self.buffer.area, &mut self.buffer);
        out.extend_from_slice(BEGIN);
        // A stray message of another program may have moved the cursor since the last frame.
        self.encoder.pen.lift();
        if mem::take(&mut self.wipe) {
            out.extend_from_slice(WIPE);
            self.shown.fill(Tile::ERASED);
            self.encoder.pen = Pen::default();
        }
        self.draw_rows(out);
        if out.len() == BEGIN.len() {
            out.clear();
        } else {
            out.extend_from_slice(END);
        }
    }

    fn draw_rows(&mut self, out: &mut Vec<u8>) {
        let width = usize::from(self.buffer.area.width.max(1));
        let rows = self.buffer.content.chunks_exact(width);
        for ((tiles, cells), y) in self.shown.chunks_exact_mut(width).zip(rows).zip(0..) {
            self.encoder.changed.clear();
            lay(&mut self.tiler, cells, tiles, &mut self.encoder.changed);
            if !self.encoder.changed.is_empty() {
                self.encoder.row(&Row { tiles, y }, out);
            }
        }
    }
}

/// Lays a row of cells over what is shown of it. A wide character that loses a half loses both, but then each of its
/// columns is new: its place holds another tile, or none begins where its other half was.
fn lay(tiler: &mut Tiler, cells: &[Cell], tiles: &mut [Tile], changed: &mut Vec<u16>) {
    let columns = cells.len();
    let mut covered = 0;
    for (at, (cell, shown)) in cells.iter().zip(tiles).enumerate() {
        if covered > 0 {
            covered -= 1;
            *shown = Tile::COVERED;
            continue;
        }
        let tile = tiler.tile(cell, columns - at);
        covered = tile.width() - 1;
        if tile != *shown {
            *shown = tile;
            changed.push(at as u16);
        }
    }
}

/// Writes rows of tiles.
#[derive(Debug)]
struct Encoder {
    keeps_background: bool,
    pen: Pen,
    /// Columns to be written, ascending.
    changed: Vec<u16>,
    looks: Vec<Look>,
    other: Vec<u8>,
}

/// One row as it shall be.
#[derive(Clone, Copy)]
struct Row<'a> {
    tiles: &'a [Tile],
    y: u16,
}

impl Row<'_> {
    fn columns(&self) -> u16 {
        self.tiles.len() as u16
    }

    fn tile(&self, at: u16) -> Tile {
        let tile = self.tiles.get(usize::from(at)).copied();
        tile.unwrap_or(Tile::ERASED)
    }
}

impl Encoder {
    /// Writes a row from left to right, or one look after the other where that is shorter: going back within a row
    /// costs less than changing a colour and changing it back.
    fn row(&mut self, row: &Row<'_>, out: &mut Vec<u8>) {
        let mut changed = mem::take(&mut self.changed);
        let (changes, looks) = self.looks(row, &changed);
        if changes <= 2 {
            self.straight(row, &changed, out);
        } else if changes > 3 * looks {
            self.look_by_look(row, &mut changed, out);
        } else {
            self.shorter(row, &mut changed, out);
        }
        self.changed = changed;
    }

    /// How often the look changes from left to right, and how many looks there are.
    fn looks(&mut self, row: &Row<'_>, changed: &[u16]) -> (usize, usize) {
        self.looks.clear();
        let (mut changes, mut last) = (0, None);
        for tile in changed.iter().map(|at| row.tile(*at)) {
            let fits = tile.is_blank() && last.map(Look::background) == Some(tile.look());
            if last == Some(tile.look()) || fits {
                continue;
            }
            changes += 1;
            last = Some(tile.look());
            if !self.looks.contains(&tile.look()) {
                self.looks.push(tile.look());
            }
        }
        (changes, self.looks.len())
    }

    /// Tries both ways.
    fn shorter(&mut self, row: &Row<'_>, changed: &mut Vec<u16>, out: &mut Vec<u8>) {
        let (pen, start) = (self.pen, out.len());
        self.straight(row, changed, out);
        let straight = mem::replace(&mut self.pen, pen);
        let mut other = mem::take(&mut self.other);
        other.clear();
        self.look_by_look(row, changed, &mut other);
        if other.len() < out.len() - start {
            out.truncate(start);
            out.extend_from_slice(&other);
        } else {
            self.pen = straight;
        }
        self.other = other;
    }

    /// Writes all from left to right.
    fn straight(&mut self, row: &Row<'_>, changed: &[u16], out: &mut Vec<u8>) {
        let mut done = 0;
        for (index, at) in changed.iter().enumerate() {
            if *at >= done {
                done = self.put(row, changed.get(index..).unwrap_or_default(), out);
            }
        }
    }

    /// Writes all that fits the pen as it is, then all that looks like the first of the rest, until nothing is left.
    fn look_by_look(&mut self, row: &Row<'_>, changed: &mut Vec<u16>, out: &mut Vec<u8>) {
        let mut left = mem::take(changed);
        while let Some(first) = left.first() {
            let lead = left.iter().find(|at| self.fits(row.tile(**at)));
            self.dip(row.tile(*lead.unwrap_or(first)), out);
            let mut done = 0;
            for (index, at) in left.iter().enumerate() {
                let fits = self.fits(row.tile(*at));
                if *at >= done && fits {
                    done = self.put(row, left.get(index..).unwrap_or_default(), out);
                } else if *at >= done {
                    changed.push(*at);
                }
            }
            mem::swap(&mut left, changed);
            changed.clear();
        }
        *changed = left;
    }

    fn fits(&self, tile: Tile) -> bool {
        self.pen.writes(tile.look(), tile.is_blank())
    }

    fn dip(&mut self, tile: Tile, out: &mut Vec<u8>) {
        self.pen.dip(tile.look(), tile.is_blank(), out);
    }

    /// Writes the first of the changed tiles, or a run of blanks from it on; the column behind what is done.
    fn put(&mut self, row: &Row<'_>, changed: &[u16], out: &mut Vec<u8>) -> u16 {
        let Some(at) = changed.first().copied() else {
            return row.columns();
        };
        let tile = row.tile(at);
        if !self.bridge(row, at, out) {
            self.pen.go(at, row.y, out);
        }
        self.dip(tile, out);
        if tile.is_blank() {
            return at + self.blanks(row, changed, tile.look(), out);
        }
        let width = tile.width();
        if tile.is_certain() {
            tile.write(out);
            self.pen.advance(width, row.columns());
            return at + width;
        }
        // Terminals disagree on the width of clusters and emoji: fill the room first, and trust no position afterwards.
        out.extend(std::iter::repeat_n(b' ', usize::from(width)));
        self.pen.lift();
        self.pen.go(at, row.y, out);
        tile.write(out);
        self.pen.lift();
        at + width
    }

    /// Rewrites the few tiles between the cursor and `at` when that is no longer than a move.
    fn bridge(&mut self, row: &Row<'_>, at: u16, out: &mut Vec<u8>) -> bool {
        let from = self.pen.column_in(row.y);
        let Some(gap) = from.and_then(|from| at.checked_sub(from)) else {
            return false;
        };
        let (mut room, start) = (forward_cost(gap), out.len());
        if usize::from(gap) > room {
            return false;
        }
        for tile in (at - gap..at).map(|column| row.tile(column)) {
            let fits = tile.width() == 0 || self.fits(tile) && tile.is_certain();
            if !fits || tile.length() > room {
                out.truncate(start);
                return false;
            }
            room -= tile.length();
            tile.write(out);
        }
        self.pen.advance(gap, row.columns());
        true
    }

    /// Writes or erases blanks of one background; how many columns are done.
    fn blanks(&mut self, row: &Row<'_>, changed: &[u16], look: Look, out: &mut Vec<u8>) -> u16 {
        let at = changed.first().copied().unwrap_or_default();
        let rest = row.tiles.get(usize::from(at)..).unwrap_or_default();
        let alike = |tile: &&Tile| tile.look() == look && tile.is_blank();
        let alike = rest.iter().take_while(alike).count() as u16;
        let within = changed.iter().take_while(|column| **column < at + alike);
        let last = within.last().map_or(1, |last| last - at + 1);
        let erases = self.keeps_background || look.bg() == Ink::OWN;
        if erases && at + alike == row.columns() && last > 3 {
            out.extend_from_slice(b"\x1b[K");
            return alike;
        }
        let more = changed.last().is_some_and(|end| *end >= at + last);
        let moves = 1 + usize::from(more);
        if erases && usize::from(last) > forward_cost(last) * moves {
            control(last, b'X', out);
            return last;
        }
        let run = changed.iter().zip(at..at + alike);
        let run = run
            .take_while(|(changed, column)| **changed == *column)
            .count();
        out.extend(std::iter::repeat_n(b' ', run));
        self.pen.advance(run as u16, row.columns());
        run as u16
    }
}
