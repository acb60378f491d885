//! `Lean`: two buffers and the fewest bytes that turn what a terminal shows into what it should show.
//!
//! It owns the double buffer that `ratatui::Terminal` would: gaps can only be bridged and row ends erased by who sees both
//! buffers. It is sized by its session, never asks the terminal anything, and yields one byte string per frame.

use std::mem;

use ratatui::{
    buffer::{Buffer, Cell},
    layout::{Position, Rect, Size},
    style::Color,
};
use unicode_width::UnicodeWidthStr;

use super::{
    depth::Lower,
    pen::{Look, Pen, SHOWS_ON_BLANK, control, forward_cost},
};
use crate::ui::theme::Depth;

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";
/// Attributes off, home, all erased.
const WIPE: &[u8] = b"\x1b[m\x1b[H\x1b[2J";

/// Draws frames for one terminal.
#[derive(Debug)]
pub struct Lean {
    shown: Buffer,
    next: Buffer,
    wipe: bool,
    encoder: Encoder,
}

impl Lean {
    /// For a terminal of this size and depth, of which nothing is known yet. `keeps_background`: see
    /// [`depth::keeps_background`](super::depth::keeps_background).
    pub fn new(size: Size, depth: Depth, keeps_background: bool) -> Self {
        let area = Rect::from((Position::ORIGIN, size));
        Self {
            shown: Buffer::empty(area),
            next: Buffer::empty(area),
            wipe: true,
            encoder: Encoder {
                lower: Lower::new(depth),
                keeps_background,
                pen: Pen::default(),
                marks: Vec::new(),
            },
        }
    }

    /// The size drawn for.
    pub fn size(&self) -> Size {
        self.next.area.as_size()
    }

    /// The terminal has this size now, and may have moved everything.
    pub fn resize(&mut self, size: Size) {
        let area = Rect::from((Position::ORIGIN, size));
        self.shown = Buffer::empty(area);
        self.next = Buffer::empty(area);
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
        self.next.reset();
        render(self.next.area, &mut self.next);
        out.extend_from_slice(BEGIN);
        if mem::take(&mut self.wipe) {
            out.extend_from_slice(WIPE);
            self.shown.reset();
            self.encoder.pen.reset();
        }
        self.encoder.frame(&self.shown, &self.next, out);
        if out.len() == BEGIN.len() {
            out.clear();
        } else {
            out.extend_from_slice(END);
        }
        mem::swap(&mut self.shown, &mut self.next);
    }
}

/// What is to be done about a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// The terminal shows it already.
    Same,
    /// To be written.
    Changed,
    /// The rest of the wide character before it.
    Covered,
}

/// What does not depend on the buffers.
#[derive(Debug)]
struct Encoder {
    lower: Lower,
    keeps_background: bool,
    pen: Pen,
    marks: Vec<Mark>,
}

/// One row of the next frame.
struct Row<'a> {
    cells: &'a [Cell],
    y: u16,
    columns: u16,
}

impl Encoder {
    fn frame(&mut self, shown: &Buffer, next: &Buffer, out: &mut Vec<u8>) {
        // A stray message of another program may have moved the cursor since the last frame.
        self.pen.lift();
        let columns = next.area.width;
        let width = usize::from(columns.max(1));
        let rows = next.content.chunks_exact(width);
        for ((old, cells), y) in shown.content.chunks_exact(width).zip(rows).zip(0..) {
            if let Some(end) = self.mark(old, cells) {
                self.row(&Row { cells, y, columns }, end, out);
            }
        }
    }

    /// Fills `marks`; the column behind the last change, `None` when there is none.
    fn mark(&mut self, old: &[Cell], cells: &[Cell]) -> Option<usize> {
        self.marks.clear();
        let mut end = None;
        let mut old_at = 0;
        while let Some(cell) = cells.get(self.marks.len()) {
            let at = self.marks.len();
            while old_at < at {
                old_at += old.get(old_at..).map_or(1, span);
            }
            let before = old.get(at).filter(|_| old_at == at);
            let rest = cells.get(at..).unwrap_or_default();
            let same = before
                .is_some_and(|before| cell == before || self.shows_alike(before, cell, rest.len()));
            let width = span(rest);
            self.marks
                .push(if same { Mark::Same } else { Mark::Changed });
            self.marks.resize(at + width, Mark::Covered);
            if !same {
                end = Some(at + width);
            }
        }
        end
    }

    fn shows_alike(&mut self, one: &Cell, other: &Cell, room: usize) -> bool {
        text(one, room) == text(other, room) && self.visible(one, room) == self.visible(other, room)
    }

    /// The look without what a blank doesn't show.
    fn visible(&mut self, cell: &Cell, room: usize) -> Look {
        let look = self.look(cell);
        if !is_blank(cell, look, room) {
            return look;
        }
        Look {
            bg: look.bg,
            ..Look::default()
        }
    }

    fn look(&mut self, cell: &Cell) -> Look {
        Look {
            fg: self.lower.color(cell.fg),
            bg: self.lower.color(cell.bg),
            modifier: cell.modifier,
        }
    }

    fn row(&mut self, row: &Row<'_>, end: usize, out: &mut Vec<u8>) {
        let mut at = 0;
        while at < end {
            if self.marks.get(at) != Some(&Mark::Changed) {
                at += 1;
                continue;
            }
            let Some(rest) = row.cells.get(at..) else {
                return;
            };
            let Some(cell) = rest.first() else { return };
            let look = self.look(cell);
            if !self.bridge(row, at, out) {
                self.pen.go(at as u16, row.y, out);
            }
            at += if is_blank(cell, look, rest.len()) {
                self.blanks(row, at, end, out)
            } else {
                self.put(row, at, look, out)
            };
        }
    }

    /// Rewrites the few unchanged cells between the cursor and `at` when that is shorter than a move.
    fn bridge(&mut self, row: &Row<'_>, at: usize, out: &mut Vec<u8>) -> bool {
        let Some(from) = self.pen.column_in(row.y).map(usize::from) else {
            return false;
        };
        let limit = forward_cost(at.saturating_sub(from) as u16);
        if from == at {
            return true;
        }
        let length = out.len();
        let mut column = from;
        while column < at {
            let rest = row.cells.get(column..).unwrap_or_default();
            let Some(cell) = rest.first() else { break };
            let (shown, look) = (text(cell, rest.len()), self.look(cell));
            let fits = out.len() - length + shown.len() <= limit
                && is_certain(shown)
                && self.pen.writes(look, is_blank(cell, look, rest.len()));
            if !fits {
                out.truncate(length);
                return false;
            }
            out.extend_from_slice(shown.as_bytes());
            column += span(rest);
        }
        self.pen.advance((at - from) as u16, row.columns);
        true
    }

    /// Writes one cell; its width.
    fn put(&mut self, row: &Row<'_>, at: usize, look: Look, out: &mut Vec<u8>) -> usize {
        let rest = row.cells.get(at..).unwrap_or_default();
        let Some(cell) = rest.first() else { return 1 };
        let (shown, width) = (text(cell, rest.len()), span(rest));
        self.pen.dip(look, false, out);
        if is_certain(shown) {
            out.extend_from_slice(shown.as_bytes());
            self.pen.advance(width as u16, row.columns);
            return width;
        }
        // Terminals disagree on the width of clusters and emoji: fill the room first, and trust no position afterwards.
        out.extend(std::iter::repeat_n(b' ', width));
        self.pen.lift();
        self.pen.go(at as u16, row.y, out);
        out.extend_from_slice(shown.as_bytes());
        self.pen.lift();
        width
    }

    /// Writes or erases blanks of one background from `at` on; how many columns are done.
    fn blanks(&mut self, row: &Row<'_>, at: usize, end: usize, out: &mut Vec<u8>) -> usize {
        let rest = row.cells.get(at..).unwrap_or_default();
        let Some(first) = rest.first() else { return 1 };
        let look = self.look(first);
        let alike = rest
            .iter()
            .zip((1..=rest.len()).rev())
            .take_while(|(cell, room)| {
                let other = self.look(cell);
                other.bg == look.bg && is_blank(cell, other, *room)
            })
            .count();
        let marks = self.marks.get(at..at + alike).unwrap_or_default();
        let run = marks
            .iter()
            .take_while(|mark| **mark == Mark::Changed)
            .count();
        let last = marks
            .iter()
            .rposition(|mark| *mark == Mark::Changed)
            .map_or(run, |last| last + 1);
        self.pen.dip(look, true, out);
        let erases = self.keeps_background || look.bg == Color::Reset;
        if erases && alike == rest.len() && last > 3 {
            out.extend_from_slice(b"\x1b[K");
            return alike;
        }
        let skip = if at + last < end {
            forward_cost(last as u16)
        } else {
            0
        };
        if erases && last > forward_cost(last as u16) + skip {
            control(last as u16, b'X', out);
            return last;
        }
        out.extend(std::iter::repeat_n(b' ', run));
        self.pen.advance(run as u16, row.columns);
        run
    }
}

/// Columns that the first of these cells takes; a wide character without room is drawn as a blank.
fn span(cells: &[Cell]) -> usize {
    let Some(cell) = cells.first() else { return 1 };
    match width(cell.symbol()) {
        wide if wide <= cells.len() => wide.max(1),
        _ => 1,
    }
}

/// What is written for a cell with this much room: never a control character, never more than fits.
fn text(cell: &Cell, room: usize) -> &str {
    let symbol = cell.symbol();
    if let [byte] = symbol.as_bytes() {
        return if (b' '..0x7f).contains(byte) {
            symbol
        } else {
            " "
        };
    }
    let fits = (1..=room).contains(&width(symbol));
    if fits && !symbol.contains(char::is_control) {
        symbol
    } else {
        " "
    }
}

fn width(symbol: &str) -> usize {
    match symbol.as_bytes() {
        // ASCII; lines and blocks (U+2500-25BF); braille (U+2800-28FF).
        [_] | [0xe2, 0x94..=0x96 | 0xa0..=0xa3, _] => 1,
        _ => symbol.width(),
    }
}

fn is_blank(cell: &Cell, look: Look, room: usize) -> bool {
    !look.modifier.intersects(SHOWS_ON_BLANK) && text(cell, room) == " "
}

/// True when every terminal gives it the same width.
fn is_certain(text: &str) -> bool {
    if text.len() == 1 {
        return true;
    }
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(char), None) if width(text) == 1 => char < '\u{1f000}',
        (Some(char), None) => matches!(
            char,
            '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}'
        ),
        _ => false,
    }
}
