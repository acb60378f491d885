//! `Lean`: the fewest bytes that turn what a terminal shows into what it should show.
//!
//! It stands where `ratatui::Terminal` and its backend would: gaps can only be bridged, row ends erased and looks sorted by
//! who sees both frames. It is sized by its session, never asks the terminal anything, and yields one byte string a frame.

use std::mem;

use ratatui::{
    buffer::{Buffer, Cell},
    layout::{Position, Rect, Size},
    style::Style,
};

use super::{
    encoder::{Encoder, Screen, Spot},
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
    /// What the buffer is made of before a frame.
    ground: Style,
    shown: Vec<Tile>,
    wipe: bool,
    tiler: Tiler,
    changed: Vec<Spot>,
    encoder: Encoder,
}

impl Lean {
    /// For a terminal of this size and depth, of which nothing is known yet. `keeps_background`: see
    /// [`depth::keeps_background`](super::depth::keeps_background).
    pub fn new(size: Size, depth: Depth, keeps_background: bool) -> Self {
        let mut lean = Self {
            buffer: Buffer::default(),
            ground: Style::default(),
            shown: Vec::new(),
            wipe: true,
            tiler: Tiler::new(depth),
            changed: Vec::new(),
            encoder: Encoder::new(keeps_background),
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
        self.ground = Style::default();
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

    /// Replaces `out` by the bytes of the next frame: none when the screen stays as it is. What `render` gets is blank, in the
    /// style of `ground`. The frame after this one is relative to it, so `out` has to reach the terminal, whole and in order.
    pub fn draw(
        &mut self,
        out: &mut Vec<u8>,
        ground: Style,
        render: impl FnOnce(Rect, &mut Buffer),
    ) {
        out.clear();
        if ground != self.ground {
            self.ground = ground;
            self.buffer.reset();
            self.buffer.set_style(self.buffer.area, ground);
        }
        render(self.buffer.area, &mut self.buffer);
        out.extend_from_slice(BEGIN);
        // A stray message of another program may have moved the cursor since the last frame.
        self.encoder.lift();
        if mem::take(&mut self.wipe) {
            out.extend_from_slice(WIPE);
            self.shown.fill(Tile::ERASED);
            self.encoder.reset();
        }
        self.lay();
        let screen = Screen::new(&self.shown, self.buffer.area.width);
        self.encoder.write(&screen, &self.changed, out);
        if out.len() == BEGIN.len() {
            out.clear();
        } else {
            out.extend_from_slice(END);
        }
    }

    /// Lays the buffer over what is shown, and makes it blank for the next frame while its cells are at hand.
    fn lay(&mut self) {
        self.changed.clear();
        let mut ground = Cell::EMPTY;
        ground.set_style(self.ground);
        let width = usize::from(self.buffer.area.width.max(1));
        let rows = self.buffer.content.chunks_exact_mut(width);
        for ((tiles, cells), y) in self.shown.chunks_exact_mut(width).zip(rows).zip(0..) {
            lay(
                &mut self.tiler,
                (cells, &ground),
                (tiles, y),
                &mut self.changed,
            );
        }
    }
}

/// Lays a row of cells over what is shown of it. A wide character that loses a half loses both, but then each of its
/// columns is new: its place holds another tile, or none begins where its other half was.
fn lay(
    tiler: &mut Tiler,
    (cells, ground): (&mut [Cell], &Cell),
    (tiles, y): (&mut [Tile], u16),
    changed: &mut Vec<Spot>,
) {
    let columns = cells.len();
    let mut covered = 0;
    for (at, (cell, shown)) in cells.iter_mut().zip(tiles).enumerate() {
        let tile = tiler.tile(cell, columns - at);
        // Field by field: a copy of the whole would ask whether its text is on the heap.
        cell.reset();
        (cell.fg, cell.bg, cell.modifier) = (ground.fg, ground.bg, ground.modifier);
        if covered > 0 {
            covered -= 1;
            *shown = Tile::COVERED;
            continue;
        }
        covered = tile.width() - 1;
        if tile != *shown {
            *shown = tile;
            changed.push(Spot::new(at as u16, y));
        }
    }
}
