//! Text for cells: cut and padded by display width, ages, values of fields, and drawing of one piece of a line.

use std::{borrow::Cow, fmt::Write as _};

use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{glyph::Glyphs, sign};
use crate::fleet::Millis;
use crate::metrics::Field;

/// Cells that a text takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.width()
    }
}

/// The text, cut to at most `cols` cells; what was cut ends in an ellipsis.
pub fn fit(text: &str, cols: usize, glyphs: Glyphs) -> Cow<'_, str> {
    if width(text) <= cols {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > cols {
            break;
        }
        used += wide;
        out.push(c);
    }
    if cols > 0 {
        out.push_str(glyphs.ellipsis());
    }
    Cow::Owned(out)
}

/// The name, cut to at most `cols` cells in its middle: nodes of one rack differ at the end of theirs.
pub fn fit_name(name: &str, cols: usize, glyphs: Glyphs) -> Cow<'_, str> {
    let over = width(name).saturating_sub(cols);
    if over == 0 {
        return Cow::Borrowed(name);
    }
    // The ellipsis takes one, and the end has more of what is left.
    let (head, tail) = (cols.saturating_sub(1) / 2, cols / 2);
    let cut = fit(name, cols.min(head + 1), glyphs);
    let mut end = name;
    while width(end) > tail {
        let mut chars = end.chars();
        chars.next();
        end = chars.as_str();
    }
    Cow::Owned(format!("{cut}{end}"))
}

/// All of the text, in pieces of at most `cols` cells, each of at least one character.
pub fn chunks(text: &str, cols: usize) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if let Some(piece) = pieces.last_mut().filter(|_| used + wide <= cols) {
            piece.push(c);
            used += wide;
        } else {
            pieces.push(c.to_string());
            used = wide;
        }
    }
    pieces
}

/// The text in exactly `cols` cells, at the left.
pub fn left(text: &str, cols: usize, glyphs: Glyphs) -> String {
    let mut out = fit(text, cols, glyphs).into_owned();
    out.extend(std::iter::repeat_n(' ', cols.saturating_sub(width(&out))));
    out
}

/// The text in exactly `cols` cells, at the right.
pub fn right(text: &str, cols: usize, glyphs: Glyphs) -> String {
    let cut = fit(text, cols, glyphs);
    let mut out = " ".repeat(cols.saturating_sub(width(&cut)));
    out.push_str(&cut);
    out
}

/// A time span in at most four cells: `7s`, `12m`, `3h`, `41d`.
pub fn age(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// When a lost node is tried again: `retry in 12s`, or that it is being tried.
pub fn retry(retry_at: Millis, now: Millis) -> String {
    match retry_at.since(now) {
        0 => "trying now".to_owned(),
        wait => format!("retry in {}", age(wait)),
    }
}

/// A field's value as it is drawn; a dash when there is none.
pub fn value(field: &Field, value: Option<f64>, glyphs: Glyphs) -> String {
    let mut text = String::new();
    put_value(field, value, glyphs, &mut text);
    text
}

/// [`value`] in place of a text that was there.
pub fn put_value(field: &Field, value: Option<f64>, glyphs: Glyphs, text: &mut String) {
    text.clear();
    match value {
        None => text.push_str(glyphs.absent()),
        Some(v) if glyphs.ascii => text.push_str(&field.unit.format(v).replace('°', "C")),
        Some(v) => _ = write!(text, "{}", field.unit.figure(v)),
    }
}

/// Draws text from `x` of the first row of `area`, never beyond its right end; says where it ended.
pub fn put(buf: &mut Buffer, area: Rect, x: u16, text: &str, style: Style) -> u16 {
    let area = area.intersection(buf.area);
    if area.is_empty() || x < area.x || x >= area.right() {
        return x;
    }
    let room = usize::from(area.right() - x);
    if !text.is_ascii() && !text.chars().all(stands_alone) {
        return buf.set_stringn(x, area.y, text, room, style).0;
    }
    // Most cells are figures and signs: no need to look for graphemes.
    let start = buf.index_of(x, area.y);
    let cells = buf.content.iter_mut().skip(start).take(room);
    let chars = text.chars().filter(|c| !c.is_control());
    let mut end = x;
    for (cell, c) in cells.zip(chars) {
        sign::write(c, style, cell);
        end += 1;
    }
    end
}

/// True for ASCII, and for signs of one cell that join no neighbour.
fn stands_alone(c: char) -> bool {
    let is_sign = matches!(c, '\u{a1}'..='\u{2ff}' | '\u{2010}'..='\u{28ff}');
    c.is_ascii() || is_sign && c.width() == Some(1)
}

/// The row `index` of an area; empty when it has no such row.
pub fn row(area: Rect, index: u16) -> Rect {
    if index >= area.height {
        return Rect::new(area.x, area.bottom(), area.width, 0);
    }
    Rect::new(area.x, area.y + index, area.width, 1)
}

/// Puts ASCII in place of everything else, e.g. in names and reasons that come from nodes.
pub fn to_ascii(buf: &mut Buffer, area: Rect) {
    for position in area.intersection(buf.area).positions() {
        if let Some(cell) = buf.cell_mut(position)
            && !cell.symbol().is_ascii()
        {
            let plain = match cell.symbol() {
                "°" => "'",
                "µ" => "u",
                "×" => "x",
                "·" => ".",
                "–" | "—" => "-",
                _ => "?",
            };
            cell.set_symbol(plain);
        }
    }
}

/// Gives all cells of an area a style, row by row: `Buffer::set_style` looks each cell up.
pub fn paint(buf: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(buf.area);
    let (left, top) = (area.x - buf.area.x, area.y - buf.area.y);
    let rows = buf
        .content
        .chunks_exact_mut(usize::from(buf.area.width.max(1)));
    for row in rows.skip(usize::from(top)).take(usize::from(area.height)) {
        let cells = row.iter_mut().skip(usize::from(left));
        for cell in cells.take(usize::from(area.width)) {
            cell.set_style(style);
        }
    }
}

/// Fills an area with blanks of one style.
pub fn clear(buf: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(buf.area);
    for position in area.positions() {
        if let Some(cell) = buf.cell_mut(position) {
            cell.reset();
            cell.set_style(style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLYPHS: Glyphs = Glyphs { ascii: false };

    #[test]
    fn cuts_by_cells_not_by_chars() {
        assert_eq!(fit("日本語", 6, GLYPHS), "日本語");
        assert_eq!(fit("日本語", 5, GLYPHS), "日本…");
        assert_eq!(fit("日本語", 4, GLYPHS), "日…");
        assert_eq!(left("日本語", 4, GLYPHS), "日… ");
        assert_eq!(fit("abc", 0, GLYPHS), "");
        assert_eq!(chunks("日本語ab", 5), ["日本", "語ab"]);
        assert_eq!(chunks("日本", 1), ["日", "本"]);
        assert_eq!(chunks("abcde", 2), ["ab", "cd", "e"]);
        assert_eq!(chunks("", 2), Vec::<String>::new());
        assert_eq!(right("ab", 4, GLYPHS), "  ab");
        let name = "compute-rack12-n02";
        let cut = [20, 18, 12, 3, 2, 1, 0].map(|cols| fit_name(name, cols, GLYPHS));
        let wanted = [name, name, "compu…12-n02", "c…2", "…2", "…", ""];
        assert_eq!(cut, wanted);
        assert_eq!(fit_name("日本語の節点", 7, GLYPHS), "日…点");
    }

    #[test]
    fn ages_stay_short() {
        for (ms, text) in [
            (0, "0s"),
            (59_999, "59s"),
            (60_000, "1m"),
            (3_600_000, "1h"),
            (90_000_000, "1d"),
        ] {
            assert_eq!(age(ms), text);
        }
    }

    #[test]
    fn put_stays_inside_its_area() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 6, 1));
        let area = Rect::new(1, 0, 3, 1);
        assert_eq!(put(&mut buf, area, 2, "wxyz", Style::default()), 4);
        assert_eq!(
            buf.content.iter().map(|c| c.symbol()).collect::<String>(),
            "  wx  "
        );
    }
}
