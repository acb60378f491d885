//! What a terminal shows in one column: text and look, lowered and cleaned, small enough to compare in bulk. Pure.

use std::str;

use ratatui::buffer::Cell;
use unicode_width::UnicodeWidthStr;

use super::pen::Look;
use crate::ui::theme::Depth;

/// The longest text of a column in bytes; a longer cluster loses its last marks.
const BYTES: usize = 7;

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tile {
    glyph: Glyph,
    /// Of a blank only the background.
    look: Look,
}

/// The text of a column: its bytes, the first one lowest, and on top a byte with the length in its high half and the
/// columns taken in the low one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Glyph(u64);

impl Glyph {
    const BLANK: Self = Self(0x1100_0000_0000_0020);
    const COVERED: Self = Self(0);

    fn new(symbol: &str, room: usize) -> Self {
        match *symbol.as_bytes() {
            [byte @ b' '..0x7f] => Self(Self::BLANK.0 & !0xff | u64::from(byte)),
            [] | [_] => Self::BLANK,
            [a, b, c] if is_plain(symbol.as_bytes()) => {
                Self(u64::from_le_bytes([a, b, c, 0, 0, 0, 0, 0x31]))
            }
            _ => Self::cluster(symbol, room),
        }
    }

    /// Nothing that the terminal would obey or not show, nothing that would not fit.
    fn cluster(symbol: &str, room: usize) -> Self {
        let kept = symbol.get(..symbol.floor_char_boundary(BYTES));
        let kept = kept.unwrap_or_default();
        let width = kept.width();
        if !(1..=room.min(15)).contains(&width) || kept.contains(char::is_control) {
            return Self::BLANK;
        }
        let mut bytes = [0; 8];
        bytes
            .iter_mut()
            .zip(kept.bytes())
            .for_each(|(to, from)| *to = from);
        bytes[BYTES] = (kept.len() << 4 | width) as u8;
        Self(u64::from_le_bytes(bytes))
    }
}

impl Tile {
    /// An empty column of an erased screen.
    pub(crate) const ERASED: Self = Self {
        glyph: Glyph::BLANK,
        look: Look::PLAIN,
    };

    /// The rest of a wide character.
    pub(crate) const COVERED: Self = Self {
        glyph: Glyph::COVERED,
        look: Look::PLAIN,
    };

    /// How it looks.
    pub(crate) fn look(self) -> Look {
        self.look
    }

    /// Columns taken; 0 for the rest of a wide character before.
    pub(crate) fn width(self) -> u16 {
        (self.glyph.0 >> 56 & 15) as u16
    }

    /// Appends what is written.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let bytes = self.glyph.0.to_le_bytes();
        out.extend_from_slice(bytes.get(..self.length()).unwrap_or_default());
    }

    /// Bytes of what is written.
    pub(crate) fn length(self) -> usize {
        (self.glyph.0 >> 60) as usize
    }

    /// True when nothing but the background shows.
    pub(crate) fn is_blank(self) -> bool {
        self.glyph == Glyph::BLANK && !self.look.shows_on_blank()
    }

    /// True when every terminal gives it the same width.
    pub(crate) fn is_certain(self) -> bool {
        let bytes = self.glyph.0.to_le_bytes();
        let bytes = bytes.get(..self.length()).unwrap_or_default();
        if is_plain(bytes) {
            return true;
        }
        let mut chars = str::from_utf8(bytes).unwrap_or_default().chars();
        match (chars.next(), chars.next()) {
            (Some(char), None) if self.width() == 1 => char < '\u{1f000}',
            (Some(char), None) => matches!(
                char,
                '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}'
            ),
            _ => false,
        }
    }
}

/// Makes tiles of cells. Neighbours mostly look alike, and a frame holds few looks.
#[derive(Debug)]
pub(crate) struct Tiler {
    depth: Depth,
    last: Known,
    seen: Vec<Known>,
}

/// A look as it was asked for, as this depth shows it, and what of that shows on a blank.
#[derive(Clone, Copy, Debug)]
struct Known {
    asked: Look,
    shown: Look,
    blank: Look,
}

/// Looks that are remembered, each in the place that it hashes to.
const SLOTS: usize = 1 << SLOT_BITS;
const SLOT_BITS: u32 = 8;

impl Tiler {
    pub(crate) fn new(depth: Depth) -> Self {
        let plain = Known::new(Look::PLAIN, depth);
        Self {
            depth,
            last: plain,
            seen: vec![plain; SLOTS],
        }
    }

    /// The tile of a cell with `room` columns to the edge, itself included.
    pub(crate) fn tile(&mut self, cell: &Cell, room: usize) -> Tile {
        let asked = Look::new(cell.fg.into(), cell.bg.into(), cell.modifier);
        if asked != self.last.asked {
            self.last = self.known(asked);
        }
        let glyph = Glyph::new(cell.symbol(), room);
        let look = if glyph == Glyph::BLANK {
            self.last.blank
        } else {
            self.last.shown
        };
        Tile { glyph, look }
    }

    fn known(&mut self, asked: Look) -> Known {
        let depth = self.depth;
        match self.seen.get_mut(asked.hash(SLOT_BITS)) {
            Some(known) if known.asked == asked => *known,
            Some(other) => {
                *other = Known::new(asked, depth);
                *other
            }
            None => Known::new(asked, depth),
        }
    }
}

impl Known {
    fn new(asked: Look, depth: Depth) -> Self {
        let shown = asked.lower(depth);
        let blank = if shown.shows_on_blank() {
            shown
        } else {
            shown.background()
        };
        Self {
            asked,
            shown,
            blank,
        }
    }
}

/// ASCII, lines and blocks (U+2500-25BF), braille (U+2800-28FF): nearly all that is drawn.
fn is_plain(bytes: &[u8]) -> bool {
    matches!(bytes, [_] | [0xe2, 0x94..=0x96 | 0xa0..=0xa3, _])
}

#[cfg(test)]
mod tests {
    use ratatui::style::Color;

    use super::*;

    #[test]
    fn what_is_remembered_is_what_would_be_found() {
        let mut tiler = Tiler::new(Depth::Ansi256);
        for step in 0..2000_u32 {
            let [_, r, g, b] = step.wrapping_mul(2_654_435_761).to_be_bytes();
            let mut cell = Cell::new("x");
            cell.set_fg(Color::Rgb(r, g, b)).set_bg(Color::Rgb(b, r, g));
            let asked = Look::new(cell.fg.into(), cell.bg.into(), cell.modifier);
            for _ in 0..2 {
                let found = tiler.tile(&cell, 1).look();
                assert_eq!(found, asked.lower(Depth::Ansi256));
                tiler.tile(&Cell::new("y"), 1);
            }
        }
    }
}
