//! One character into one cell. ASCII and braille, nearly all that is drawn, are kept as cells: copying one costs a third of
//! encoding a character anew.

use std::{ops::RangeInclusive, sync::LazyLock};

use ratatui::{buffer::Cell, style::Style};

const ASCII: RangeInclusive<char> = ' '..='~';
const BRAILLE: RangeInclusive<char> = '\u{2800}'..='\u{28ff}';

/// The cells that are kept.
#[derive(Clone, Copy)]
pub(super) struct Signs {
    ascii: &'static [Cell],
    braille: &'static [Cell],
}

impl Signs {
    /// To be asked for once a text, not once a character.
    pub(super) fn ready() -> Self {
        static READY: LazyLock<[Vec<Cell>; 2]> =
            LazyLock::new(|| [ASCII, BRAILLE].map(|chars| chars.map(Cell::from).collect()));
        let [ascii, braille] = &*READY;
        Self { ascii, braille }
    }

    /// Makes a cell show a character, in a style over its own.
    pub(super) fn write(self, c: char, style: Style, cell: &mut Cell) {
        let from = |kept: &'static [Cell], first: char| {
            kept.get((c as usize).wrapping_sub(first as usize))
        };
        let kept = from(self.ascii, *ASCII.start());
        match kept.or_else(|| from(self.braille, *BRAILLE.start())) {
            Some(kept) => {
                let own = cell.style();
                *cell = kept.clone();
                cell.set_style(own);
            }
            None => {
                cell.set_char(c);
            }
        }
        cell.set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use proptest::{char, prelude::*};
    use ratatui::style::{Color, Modifier};

    use super::*;

    proptest! {
        #[test]
        fn a_kept_cell_is_as_one_made_anew(
            c in prop_oneof![any::<char>(), char::range(' ', '\u{ff}'), char::range('\u{27f0}', '\u{290f}')],
            has_ground: bool,
        ) {
            let mut cell = Cell::new("日");
            cell.set_bg(Color::Blue).modifier = Modifier::BOLD;
            let style = Style::new().fg(Color::Red).add_modifier(Modifier::ITALIC);
            let style = if has_ground { style.bg(Color::Indexed(7)) } else { style };
            let mut anew = cell.clone();
            anew.set_char(c).set_style(style);
            Signs::ready().write(c, style, &mut cell);
            prop_assert_eq!(cell, anew);
        }
    }
}
