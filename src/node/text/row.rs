//! One row of a terminal while text is written into it: carriage return, backspace, tab and erase act as they do there.

use std::{iter, mem};

use unicode_width::UnicodeWidthChar;

use super::{MAX_MARKS, TAB, sgr::Effect, sgr::Style};

const JOINER: char = '\u{200d}';

/// One screen column.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    /// Where its text is in the row's store.
    start: u32,
    len: u32,
    /// Columns back to the character that covers this one; 0 for a character's first column.
    back: u8,
    style: Style,
}

/// A blank: the store begins with one.
const BLANK: Cell = Cell {
    start: 0,
    len: 1,
    back: 0,
    style: Style {
        fg: None,
        bg: None,
        effects: super::sgr::Effects::NONE,
    },
};

/// The row, its cursor and its pen.
pub(super) struct Row {
    cells: Vec<Cell>,
    /// What was ever written, in that order.
    store: String,
    /// The cursor; never beyond the last cell.
    column: usize,
    /// Backspaces that came last.
    backspaces: usize,
    /// A line ended here, should more text follow.
    is_broken: bool,
    /// A joiner was put.
    has_joiner: bool,
    pub(super) pen: Style,
}

impl Row {
    pub(super) fn new(pen: Style) -> Self {
        Self {
            cells: Vec::new(),
            store: String::from(' '),
            column: 0,
            backspaces: 0,
            is_broken: false,
            has_joiner: false,
            pen,
        }
    }

    /// Columns so far.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn carriage_return(&mut self) {
        self.column = 0;
        self.backspaces = 0;
    }

    pub(super) fn backspace(&mut self) {
        self.column = self.column.saturating_sub(1);
        self.backspaces += 1;
    }

    /// Text of another line follows: it goes to the end, after one blank.
    pub(super) fn line_feed(&mut self) {
        self.column = self.cells.len();
        self.backspaces = 0;
        self.is_broken = !self.cells.is_empty();
    }

    pub(super) fn tab(&mut self) {
        for _ in 0..TAB - self.column % TAB {
            if self.column < self.cells.len() {
                self.column += 1;
            } else {
                self.put(' ');
            }
        }
    }

    /// EL 0: nothing is left from the cursor on.
    pub(super) fn erase_to_end(&mut self) {
        self.free(self.column);
        self.cells.truncate(self.column);
    }

    /// EL 2. The cursor goes to the start too, where whoever sends this sends it next: nothing needs filling up then.
    pub(super) fn erase(&mut self) {
        self.cells.clear();
        self.carriage_return();
    }

    /// Printable ASCII.
    pub(super) fn put_ascii(&mut self, text: &str) {
        let over = self.cells.iter().skip(self.column).take(text.len() + 1);
        let is_simple = self.backspaces == 0
            && !self.is_broken
            && !self.is_joined()
            && over.map(|cell| cell.back).max().unwrap_or(0) == 0;
        if !is_simple {
            text.chars().for_each(|c| self.put(c));
            return;
        }
        let start = self.store.len();
        self.store.push_str(text);
        let style = self.pen;
        let mut new = (start..self.store.len()).map(|at| Cell {
            start: at as u32,
            len: 1,
            back: 0,
            style,
        });
        let over = self.cells.iter_mut().skip(self.column);
        over.zip(&mut new).for_each(|(cell, new)| *cell = new);
        self.cells.extend(new);
        self.column += text.len();
    }

    /// A character that is neither control nor hidden.
    pub(super) fn put(&mut self, c: char) {
        if mem::take(&mut self.is_broken) {
            self.put(' ');
        }
        let width = c.width().unwrap_or(0);
        let backspaces = mem::take(&mut self.backspaces);
        if width == 0 {
            self.put_mark(c);
        } else if self.is_joined() {
            self.put_joined(c, width);
        } else if backspaces == 1 && width == 1 && self.overstrike(c) {
            self.column += 1;
        } else {
            let start = self.store.len() as u32;
            self.store.push(c);
            self.cover(width, 0, self.pen);
            if let Some(cell) = self.cells.get_mut(self.column) {
                (cell.start, cell.len) = (start, c.len_utf8() as u32);
            }
            self.column += width;
        }
    }

    /// The column where the character before the cursor begins.
    fn before(&self) -> Option<usize> {
        let at = self.column.checked_sub(1)?;
        let cell = self.cells.get(at)?;
        at.checked_sub(usize::from(cell.back))
    }

    fn text(&self, at: usize) -> &str {
        let text = self.cells.get(at).and_then(|cell| {
            let start = cell.start as usize;
            self.store.get(start..start + cell.len as usize)
        });
        text.unwrap_or_default()
    }

    fn is_joined(&self) -> bool {
        self.has_joiner
            && self
                .before()
                .is_some_and(|at| self.text(at).ends_with(JOINER))
    }

    /// Without a character before it there is nothing to mark.
    fn put_mark(&mut self, c: char) {
        let Some(at) = self.before() else { return };
        self.has_joiner |= c == JOINER;
        let is_mark = |c: &char| c.width() == Some(0);
        if self.text(at).chars().filter(is_mark).count() < MAX_MARKS {
            self.append(at, c);
        }
    }

    fn put_joined(&mut self, c: char, width: usize) {
        let Some(at) = self.before() else { return };
        self.append(at, c);
        let style = self.cells.get(at).map_or(self.pen, |cell| cell.style);
        self.cover(width, self.column - at, style);
        self.column += width;
    }

    /// Adds to the text of a cell, which moves to the end of the store for it.
    fn append(&mut self, at: usize, c: char) {
        let Some(cell) = self.cells.get(at).copied() else {
            return;
        };
        let (from, mut start) = (cell.start as usize, cell.start);
        let to = from + cell.len as usize;
        if to != self.store.len() {
            start = self.store.len() as u32;
            self.store.extend_from_within(from..to);
        }
        self.store.push(c);
        if let Some(cell) = self.cells.get_mut(at) {
            (cell.start, cell.len) = (start, cell.len + c.len_utf8() as u32);
        }
    }

    /// What nroff makes of bold (`A` over `A`) and underlined (`A` over `_`).
    fn overstrike(&mut self, c: char) -> bool {
        let effect = match self.text(self.column) {
            old if old.chars().eq([c]) => Effect::Bold,
            "_" | " " if c == '_' => return false,
            "_" => Effect::Underline,
            old if c == '_' && !old.is_empty() => Effect::Underline,
            _ => return false,
        };
        let start = self.store.len() as u32;
        let is_replaced = self.text(self.column) == "_";
        self.store.push(c);
        let Some(cell) = self.cells.get_mut(self.column) else {
            return false;
        };
        if is_replaced {
            (cell.start, cell.len) = (start, c.len_utf8() as u32);
        }
        cell.style.effects = cell.style.effects.with(effect);
        true
    }

    /// Makes the next `width` columns those of one character that began `back` columns ago.
    fn cover(&mut self, width: usize, back: usize, style: Style) {
        if self.column < self.cells.len() {
            (0..width).for_each(|step| self.free(self.column + step));
        }
        let missing = (self.column + width).saturating_sub(self.cells.len());
        self.cells.extend(iter::repeat_n(BLANK, missing));
        let covered = self.cells.iter_mut().skip(self.column).take(width);
        for (step, cell) in covered.enumerate() {
            *cell = Cell {
                start: 0,
                len: 0,
                back: (back + step) as u8,
                style,
            };
        }
    }

    /// Turns the character that covers a column into blanks, as a terminal does that overwrites a part of it.
    fn free(&mut self, column: usize) {
        let Some(cell) = self.cells.get(column) else {
            return;
        };
        let first = column - usize::from(cell.back);
        for (step, cell) in self.cells.iter_mut().skip(first).enumerate() {
            if step > 0 && cell.back == 0 {
                break;
            }
            *cell = BLANK;
        }
    }

    /// Cuts to so many columns, the last of them `…`.
    pub(super) fn cut(&mut self, columns: usize) {
        self.column = columns.saturating_sub(1);
        self.erase_to_end();
        self.pen = Style::default();
        self.backspaces = 0;
        self.is_broken = false;
        self.put('…');
    }

    /// The text from left to right with its style; no character ends in a joiner.
    pub(super) fn runs(&self, mut each: impl FnMut(&str, Style)) {
        let (mut from, mut to, mut style) = (0, 0, Style::default());
        let mut show = |from: u32, to: u32, style| {
            let text = self.store.get(from as usize..to as usize);
            each(text.unwrap_or_default().trim_end_matches(JOINER), style);
        };
        for cell in self.cells.iter().filter(|cell| cell.back == 0) {
            let goes_on = cell.start == to && cell.style == style && !self.has_joiner;
            if !goes_on {
                show(from, to, style);
                (from, style) = (cell.start, cell.style);
            }
            to = cell.start + cell.len;
        }
        show(from, to, style);
    }
}
