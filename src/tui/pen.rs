//! The terminal's drawing state (colours, attributes, cursor) and the fewest bytes that change it. Pure.

use ratatui::style::Modifier;

use super::depth::{Ink, Shade};
use crate::ui::theme::Depth;

/// Attributes that show on a blank cell, together with its foreground.
pub(crate) const SHOWS_ON_BLANK: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::SLOW_BLINK)
    .union(Modifier::RAPID_BLINK)
    .union(Modifier::CROSSED_OUT);

/// How a cell looks, its text apart: two inks and the attributes. Underlines have the colour of the text, as `SGR 58` is
/// misread by too many terminals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look(u64);

impl Look {
    /// The look after `CSI m`.
    pub(crate) const PLAIN: Self = Self(0);
    const VISIBLE: u64 = (SHOWS_ON_BLANK.bits() as u64) << (2 * Ink::BITS);
    const BACKGROUND: u64 = ((1 << Ink::BITS) - 1) << Ink::BITS;

    pub(crate) fn new(fg: Ink, bg: Ink, modifier: Modifier) -> Self {
        Self(fg.bits() | bg.bits() << Ink::BITS | u64::from(modifier.bits()) << (2 * Ink::BITS))
    }

    /// The nearest one that this depth can show.
    pub(crate) fn lower(self, depth: Depth) -> Self {
        let (fg, bg) = (self.fg().lower(depth), self.bg().lower(depth));
        Self::new(fg, bg, self.modifier())
    }

    /// A hash of so many bits.
    pub(crate) const fn hash(self, bits: u32) -> usize {
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        (self.0.wrapping_mul(SPREAD) >> (u64::BITS - bits)) as usize
    }

    pub(crate) fn bg(self) -> Ink {
        Ink::from_bits(self.0 >> Ink::BITS)
    }

    /// What remains of it on a blank.
    pub(crate) const fn background(self) -> Self {
        Self(self.0 & Self::BACKGROUND)
    }

    /// True when it makes a blank more than a background.
    pub(crate) const fn shows_on_blank(self) -> bool {
        self.0 & Self::VISIBLE != 0
    }

    /// True when what looks like `look` can be written in this one.
    pub(crate) fn writes(self, look: Self, blank: bool) -> bool {
        self == if blank { self.for_blank(look) } else { look }
    }

    /// This look changed just enough for a blank of another one.
    const fn for_blank(self, blank: Self) -> Self {
        Self(self.0 & !Self::VISIBLE & !Self::BACKGROUND | blank.background().0)
    }

    /// Bytes of the change to another one.
    pub(crate) fn cost(self, to: Self) -> usize {
        let mut params = Vec::new();
        steps(self, to, &mut params);
        // The sequence's begin; its end stands in place of the last semicolon.
        if params.is_empty() {
            0
        } else {
            2 + params.len()
        }
    }

    fn fg(self) -> Ink {
        Ink::from_bits(self.0)
    }

    fn modifier(self) -> Modifier {
        Modifier::from_bits_truncate((self.0 >> (2 * Ink::BITS)) as u16)
    }
}

impl Default for Look {
    fn default() -> Self {
        Self::PLAIN
    }
}

/// What the terminal's next character will look like, and where it will be.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pen {
    look: Look,
    place: Place,
}

/// Where the cursor is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Nobody knows: only an absolute move helps.
    #[default]
    Unknown,
    /// In this column and row.
    At(u16, u16),
    /// Behind the last column of this row, where terminals differ: only CR and absolute moves are safe.
    Edge(u16),
}

impl Pen {
    /// Forgets where the cursor is.
    pub(crate) fn lift(&mut self) {
        self.place = Place::Unknown;
    }

    /// The column of the cursor, when it is known to be in this row.
    pub(crate) fn column_in(&self, row: u16) -> Option<u16> {
        match self.place {
            Place::At(x, y) if y == row => Some(x),
            _ => None,
        }
    }

    /// True when this can be written as things are.
    pub(crate) fn writes(&self, look: Look, blank: bool) -> bool {
        self.look.writes(look, blank)
    }

    /// How what is written next will look.
    pub(crate) fn look(&self) -> Look {
        self.look
    }

    /// After text `width` wide in a row of `columns`.
    pub(crate) fn advance(&mut self, width: u16, columns: u16) {
        self.place = match self.place {
            Place::At(x, y) if x + width < columns => Place::At(x + width, y),
            Place::At(_, y) => Place::Edge(y),
            other => other,
        };
    }

    /// Makes what is written next look like this. A blank needs its background only; the rest may stay as it is.
    pub(crate) fn dip(&mut self, look: Look, blank: bool, out: &mut Vec<u8>) {
        if self.writes(look, blank) {
            return;
        }
        let wanted = if blank {
            self.look.for_blank(look)
        } else {
            look
        };
        out.extend_from_slice(b"\x1b[");
        let start = out.len();
        steps(self.look, wanted, out);
        let middle = out.len();
        if look != Look::PLAIN {
            out.extend_from_slice(b"0;");
            steps(Look::PLAIN, look, out);
        }
        if out.len() - middle < middle - start {
            out.drain(start..middle);
            self.look = look;
        } else {
            out.truncate(middle);
            self.look = wanted;
        }
        if out.last() == Some(&b';') {
            out.pop();
        }
        out.push(b'm');
    }

    /// Brings the cursor there, relative to where it is if that is shorter.
    pub(crate) fn go(&mut self, x: u16, y: u16, out: &mut Vec<u8>) {
        match self.place {
            Place::At(column, row) if row <= y => down_and_along(Some(column), x, y, row, out),
            Place::Edge(row) if row <= y => down_and_along(None, x, y, row, out),
            _ => absolute(x, y, out),
        }
        self.place = Place::At(x, y);
    }
}

/// Bytes of a relative move to the right.
pub(crate) fn forward_cost(columns: u16) -> usize {
    match columns {
        0 => 0,
        1 => 3,
        n => 3 + digits(n),
    }
}

fn digits(number: u16) -> usize {
    match number {
        0..10 => 1,
        10..100 => 2,
        100..1000 => 3,
        _ => 4,
    }
}

/// From `column` (unknown: behind the edge) of `row` to (`x`, `y`), whichever way is shortest.
fn down_and_along(column: Option<u16>, x: u16, y: u16, row: u16, out: &mut Vec<u8>) {
    let down = y - row;
    let down_cost = usize::from(down).min(forward_cost(down));
    let along = column.map(|from| {
        let cost = if from <= x {
            forward_cost(x - from)
        } else {
            usize::from(from - x).min(forward_cost(from - x))
        };
        (from, cost)
    });
    let (from, along_cost) = match along {
        Some((from, cost)) if cost <= 1 + forward_cost(x) => (Some(from), cost),
        _ => (None, 1 + forward_cost(x)),
    };
    if down_cost + along_cost > absolute_cost(x, y) {
        return absolute(x, y, out);
    }
    let from = from.unwrap_or_else(|| {
        out.push(b'\r');
        0
    });
    if down_cost == usize::from(down) {
        out.extend(std::iter::repeat_n(b'\n', down_cost));
    } else {
        control(down, b'B', out);
    }
    if from <= x {
        control(x - from, b'C', out);
    } else if along_cost == usize::from(from - x) {
        out.extend(std::iter::repeat_n(b'\x08', along_cost));
    } else {
        control(from - x, b'D', out);
    }
}

fn absolute_cost(x: u16, y: u16) -> usize {
    let column = if x == 0 { 0 } else { 1 + digits(x + 1) };
    let row = if y == 0 { 0 } else { digits(y + 1) };
    3 + row + column
}

fn absolute(x: u16, y: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\x1b[");
    if y > 0 {
        number(y + 1, out);
    }
    if x > 0 {
        out.push(b';');
        number(x + 1, out);
    }
    out.push(b'H');
}

/// `CSI count letter`, nothing for 0.
pub(crate) fn control(count: u16, letter: u8, out: &mut Vec<u8>) {
    if count == 0 {
        return;
    }
    out.extend_from_slice(b"\x1b[");
    if count > 1 {
        number(count, out);
    }
    out.push(letter);
}

fn number(number: u16, out: &mut Vec<u8>) {
    if number >= 10 {
        self::number(number / 10, out);
    }
    out.push(b'0' + (number % 10) as u8);
}

/// SGR parameters, each with a semicolon behind it.
fn steps(from: Look, to: Look, params: &mut Vec<u8>) {
    const ON: [(Modifier, u8); 9] = [
        (Modifier::BOLD, b'1'),
        (Modifier::DIM, b'2'),
        (Modifier::ITALIC, b'3'),
        (Modifier::UNDERLINED, b'4'),
        (Modifier::SLOW_BLINK, b'5'),
        (Modifier::RAPID_BLINK, b'6'),
        (Modifier::REVERSED, b'7'),
        (Modifier::HIDDEN, b'8'),
        (Modifier::CROSSED_OUT, b'9'),
    ];
    // One code ends both of a pair, so the other one is set again.
    const OFF: [(Modifier, u8); 7] = [
        (Modifier::BOLD.union(Modifier::DIM), b'2'),
        (Modifier::ITALIC, b'3'),
        (Modifier::UNDERLINED, b'4'),
        (Modifier::SLOW_BLINK.union(Modifier::RAPID_BLINK), b'5'),
        (Modifier::REVERSED, b'7'),
        (Modifier::HIDDEN, b'8'),
        (Modifier::CROSSED_OUT, b'9'),
    ];
    let (mut have, want) = (from.modifier(), to.modifier());
    if have != want {
        for (group, code) in OFF {
            if (have - want).intersects(group) {
                params.extend_from_slice(&[b'2', code, b';']);
                have -= group;
            }
        }
        for (one, code) in ON {
            if (want - have).contains(one) {
                params.extend_from_slice(&[code, b';']);
            }
        }
    }
    if from.fg() != to.fg() {
        color(to.fg(), 30, params);
    }
    if from.bg() != to.bg() {
        color(to.bg(), 40, params);
    }
}

/// `base` is 30 for the foreground, 40 for the background.
fn color(ink: Ink, base: u16, params: &mut Vec<u8>) {
    let mut put = |value: u16| {
        number(value, params);
        params.push(b';');
    };
    match ink.shade() {
        Shade::Own => put(base + 9),
        Shade::Ansi(dark @ 0..8) => put(base + u16::from(dark)),
        Shade::Ansi(light) => put(base + 52 + u16::from(light)),
        Shade::Index(index) => [base + 8, 5, u16::from(index)].into_iter().for_each(put),
        Shade::Rgb(r, g, b) => [base + 8, 2, r.into(), g.into(), b.into()]
            .into_iter()
            .for_each(put),
    }
}
