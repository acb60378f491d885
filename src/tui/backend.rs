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
                todo: Vec::new(),
                other: Vec::new(),
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
    todo: Vec<Todo>,
    other: Vec<u8>,
}

/// A cell to be written.
#[derive(Clone, Copy, Debug)]
struct Todo {
    at: u16,
    blank: bool,
    look: Look,
}

/// One row of the next frame.
struct Row<'a> {
    cells: &'a [Cell],
    y: u16,
}

impl Encoder {
    fn frame(&mut self, shown: &Buffer, next: &Buffer, out: &mut Vec<u8>) {
        // A stray message of another program may have moved the cursor since the last frame.
        self.pen.lift();
        let width = usize::from(next.area.width.max(1));
        let rows = next.content.chunks_exact(width);
        for ((old, cells), y) in shown.content.chunks_exact(width).zip(rows).zip(0..) {
            self.mark(old, cells);
            if !self.todo.is_empty() {
                self.row(&Row { cells, y }, out);
            }
        }
    }

    /// Finds what differs.
    fn mark(&mut self, old: &[Cell], cells: &[Cell]) {
        let (mut at, mut old_at) = (0, 0);
        self.todo.clear();
        self.marks.clear();
        self.marks.resize(cells.len(), Mark::Covered);
        while let Some(rest @ [cell, ..]) = cells.get(at..) {
            let before = old.get(at).filter(|_| old_at == at);
            let start = at;
            at += span(rest);
            let same = before.is_some_and(|before| is_equal(before, cell));
            let found = if same {
                old_at = at;
                Mark::Same
            } else {
                self.compare(before, rest, start)
            };
            if let Some(mark) = self.marks.get_mut(start) {
                *mark = found;
            }
            while old_at < at {
                old_at += old.get(old_at..).map_or(1, span);
            }
        }
    }

    /// A cell that is not the same may still show the same.
    fn compare(&mut self, before: Option<&Cell>, rest: &[Cell], at: usize) -> Mark {
        let Some(cell) = rest.first() else {
            return Mark::Same;
        };
        let look = self.look(cell);
        let blank = is_blank(cell, look, rest.len());
        let alike = before.is_some_and(|before| {
            let old = self.look(before);
            text(before, rest.len()) == text(cell, rest.len())
                && is_blank(before, old, rest.len()) == blank
                && (old == look || blank && old.bg == look.bg)
        });
        if alike {
            return Mark::Same;
        }
        let at = at as u16;
        self.todo.push(Todo { at, blank, look });
        Mark::Changed
    }

    fn look(&mut self, cell: &Cell) -> Look {
        Look {
            fg: self.lower.color(cell.fg),
            bg: self.lower.color(cell.bg),
            modifier: cell.modifier,
        }
    }

    /// Writes a row from left to right, or one look after the other where that is shorter: going back within a row
    /// costs less than changing a colour and changing it back.
    fn row(&mut self, row: &Row<'_>, out: &mut Vec<u8>) {
        let (pen, start) = (self.pen, out.len());
        let mut todo = mem::take(&mut self.todo);
        let changes = self.straight(row, &todo, out);
        if changes > 2 {
            let straight = mem::replace(&mut self.pen, pen);
            let mut other = mem::take(&mut self.other);
            other.clear();
            self.look_by_look(row, &mut todo, &mut other);
            if other.len() < out.len() - start {
                out.truncate(start);
                out.extend_from_slice(&other);
            } else {
                self.pen = straight;
            }
            self.other = other;
        }
        self.todo = todo;
    }

    /// Writes all from left to right; how often the look changed.
    fn straight(&mut self, row: &Row<'_>, todo: &[Todo], out: &mut Vec<u8>) -> usize {
        let (mut changes, mut done) = (0, 0);
        for cell in todo {
            if cell.at < done {
                continue;
            }
            changes += usize::from(!self.pen.writes(cell.look, cell.blank));
            done = self.put(row, cell, out);
        }
        changes
    }

    /// Writes all that fits the pen as it is, then all that looks like the first of the rest, until nothing is left.
    fn look_by_look(&mut self, row: &Row<'_>, todo: &mut Vec<Todo>, out: &mut Vec<u8>) {
        while let Some(first) = todo.first() {
            let mut waiting = todo.iter();
            let lead = waiting.find(|cell| self.pen.writes(cell.look, cell.blank));
            let Todo { look, blank, .. } = *lead.unwrap_or(first);
            self.pen.dip(look, blank, out);
            let mut done = 0;
            todo.retain(|cell| {
                if cell.at < done {
                    return false;
                }
                let fits = self.pen.writes(cell.look, cell.blank);
                if fits {
                    done = self.put(row, cell, out);
                }
                !fits
            });
        }
    }

    /// True when the first of these cells can be written with the pen as it is.
    fn fits(&mut self, rest: &[Cell]) -> bool {
        rest.first().is_some_and(|cell| {
            let look = self.look(cell);
            self.pen.writes(look, is_blank(cell, look, rest.len()))
        })
    }

    /// Rewrites the few unchanged cells between the cursor and `at` when that is shorter than a move.
    fn bridge(&mut self, row: &Row<'_>, at: usize, out: &mut Vec<u8>) -> bool {
        let Some(from) = self.pen.column_in(row.y).map(usize::from) else {
            return false;
        };
        let Some(gap) = at.checked_sub(from) else {
            return false;
        };
        let (limit, length) = (forward_cost(gap as u16), out.len());
        if gap > limit {
            return false;
        }
        let mut column = from;
        while column < at {
            let rest = row.cells.get(column..).unwrap_or_default();
            let Some(cell) = rest.first() else { break };
            let shown = text(cell, rest.len());
            let fits =
                out.len() - length + shown.len() <= limit && is_certain(shown) && self.fits(rest);
            if !fits {
                out.truncate(length);
                return false;
            }
            out.extend_from_slice(shown.as_bytes());
            column += span(rest);
        }
        self.pen.advance(gap as u16, row.columns());
        true
    }

    /// Writes a cell, or a run of blanks from it on; the column behind what is done.
    fn put(&mut self, row: &Row<'_>, cell: &Todo, out: &mut Vec<u8>) -> u16 {
        let rest = row.cells.get(usize::from(cell.at)..).unwrap_or_default();
        let Some(first) = rest.first() else {
            return row.columns();
        };
        if !self.bridge(row, usize::from(cell.at), out) {
            self.pen.go(cell.at, row.y, out);
        }
        self.pen.dip(cell.look, cell.blank, out);
        if cell.blank {
            return cell.at + self.blanks(row, cell, out) as u16;
        }
        let (shown, width) = (text(first, rest.len()), span(rest) as u16);
        if is_certain(shown) {
            out.extend_from_slice(shown.as_bytes());
            self.pen.advance(width, row.columns());
            return cell.at + width;
        }
        // Terminals disagree on the width of clusters and emoji: fill the room first, and trust no position afterwards.
        out.extend(std::iter::repeat_n(b' ', usize::from(width)));
        self.pen.lift();
        self.pen.go(cell.at, row.y, out);
        out.extend_from_slice(shown.as_bytes());
        self.pen.lift();
        cell.at + width
    }

    /// Writes or erases blanks of one background; how many columns are done.
    fn blanks(&mut self, row: &Row<'_>, cell: &Todo, out: &mut Vec<u8>) -> usize {
        let at = usize::from(cell.at);
        let rest = row.cells.get(at..).unwrap_or_default();
        let alike = rest
            .iter()
            .zip((1..=rest.len()).rev())
            .take_while(|(other, room)| {
                let look = self.look(other);
                look.bg == cell.look.bg && is_blank(other, look, *room)
            })
            .count();
        let marks = self.marks.get(at..at + alike).unwrap_or_default();
        let is_changed = |mark: &Mark| *mark == Mark::Changed;
        let run = marks.iter().take_while(|mark| is_changed(mark)).count();
        let last = marks.iter().rposition(is_changed).map_or(run, |at| at + 1);
        let erases = self.keeps_background || cell.look.bg == Color::Reset;
        if erases && alike == rest.len() && last > 3 {
            out.extend_from_slice(b"\x1b[K");
            return alike;
        }
        let erase_cost = forward_cost(last as u16);
        let marks = self.marks.get(at + last..).unwrap_or_default();
        let more = marks.iter().any(is_changed);
        if erases && last > erase_cost * (1 + usize::from(more)) {
            control(last as u16, b'X', out);
            return last;
        }
        out.extend(std::iter::repeat_n(b' ', run));
        self.pen.advance(run as u16, row.columns());
        run
    }
}

impl Row<'_> {
    fn columns(&self) -> u16 {
        self.cells.len() as u16
    }
}

/// Equal for sure; `false` is to be looked at. Cheaper than `==`, which compares what is never drawn, too.
fn is_equal(one: &Cell, other: &Cell) -> bool {
    one.fg == other.fg
        && one.bg == other.bg
        && one.modifier == other.modifier
        && one.symbol() == other.symbol()
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
    if let [_] | [0xe2, 0x94..=0x96 | 0xa0..=0xa3, _] = text.as_bytes() {
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
