//! One character into one cell. ASCII and braille, nearly all that is drawn, are cut from texts: a cell made of a piece whose
//! length the compiler knows costs half of one that a character is encoded for.

use ratatui::{buffer::Cell, style::Style};

/// From the blank on.
const ASCII: &str = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

/// From U+2800 on.
const BRAILLE: &str = "\
    ⠀⠁⠂⠃⠄⠅⠆⠇⠈⠉⠊⠋⠌⠍⠎⠏⠐⠑⠒⠓⠔⠕⠖⠗⠘⠙⠚⠛⠜⠝⠞⠟⠠⠡⠢⠣⠤⠥⠦⠧⠨⠩⠪⠫⠬⠭⠮⠯⠰⠱⠲⠳⠴⠵⠶⠷⠸⠹⠺⠻⠼⠽⠾⠿\
    ⡀⡁⡂⡃⡄⡅⡆⡇⡈⡉⡊⡋⡌⡍⡎⡏⡐⡑⡒⡓⡔⡕⡖⡗⡘⡙⡚⡛⡜⡝⡞⡟⡠⡡⡢⡣⡤⡥⡦⡧⡨⡩⡪⡫⡬⡭⡮⡯⡰⡱⡲⡳⡴⡵⡶⡷⡸⡹⡺⡻⡼⡽⡾⡿\
    ⢀⢁⢂⢃⢄⢅⢆⢇⢈⢉⢊⢋⢌⢍⢎⢏⢐⢑⢒⢓⢔⢕⢖⢗⢘⢙⢚⢛⢜⢝⢞⢟⢠⢡⢢⢣⢤⢥⢦⢧⢨⢩⢪⢫⢬⢭⢮⢯⢰⢱⢲⢳⢴⢵⢶⢷⢸⢹⢺⢻⢼⢽⢾⢿\
    ⣀⣁⣂⣃⣄⣅⣆⣇⣈⣉⣊⣋⣌⣍⣎⣏⣐⣑⣒⣓⣔⣕⣖⣗⣘⣙⣚⣛⣜⣝⣞⣟⣠⣡⣢⣣⣤⣥⣦⣧⣨⣩⣪⣫⣬⣭⣮⣯⣰⣱⣲⣳⣴⣵⣶⣷⣸⣹⣺⣻⣼⣽⣾⣿\
";

/// Makes a cell show a character, in a style over its own.
pub(super) fn write(c: char, style: Style, cell: &mut Cell) {
    let own = cell.style();
    // Each in its own branch: a cell in between would be read before it is wholly written.
    if let Some(sign) = piece::<1>(ASCII, ' ', c) {
        *cell = Cell::new(sign);
    } else if let Some(sign) = piece::<3>(BRAILLE, '\u{2800}', c) {
        *cell = Cell::new(sign);
    } else {
        cell.set_char(c);
    }
    cell.set_style(own);
    cell.set_style(style);
}

/// A character of `N` bytes, out of a text of such that begins with `first`.
fn piece<const N: usize>(text: &'static str, first: char, c: char) -> Option<&'static str> {
    let at = (c as usize).checked_sub(first as usize)? * N;
    text.get(at..at + N)
}

#[cfg(test)]
mod tests {
    use proptest::{char, prelude::*};
    use ratatui::style::{Color, Modifier};

    use super::*;

    proptest! {
        #[test]
        fn a_cell_is_as_one_made_by_the_library(
            c in prop_oneof![any::<char>(), char::range(' ', '\u{ff}'), char::range('\u{27f0}', '\u{290f}')],
            has_ground: bool,
        ) {
            let mut cell = Cell::new("日");
            cell.set_bg(Color::Blue).modifier = Modifier::BOLD;
            let style = Style::new().fg(Color::Red).add_modifier(Modifier::ITALIC);
            let style = if has_ground { style.bg(Color::Indexed(7)) } else { style };
            let mut anew = cell.clone();
            anew.set_char(c).set_style(style);
            write(c, style, &mut cell);
            prop_assert_eq!(cell, anew);
        }
    }
}
