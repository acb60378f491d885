//! A small table: columns as wide as their contents, bars in what is left, and the least important columns dropped where room is short.

use std::borrow::Cow;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Look, bar};
use crate::ui::{format, theme::Role};

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// Where its contents stand.
    pub align: Align,
    /// The column with the highest rank goes first where room is short; 0 always stays.
    pub rank: u8,
}

/// Where the contents of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Figures.
    Right,
    /// Words that take the room that is left.
    Grow,
    /// A bar that takes the room that is left.
    Bar,
}

/// What stands in one place of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Words or a figure.
    Text(String, Role),
    /// Percent.
    Bar(Option<f64>, Role),
    /// Nothing is known; a column of nothing else is left out.
    Absent,
}

/// Between two columns.
const GAP: u16 = 2;
/// A growing column is never narrower, if it is there, nor a bar wider.
const LEAST: u16 = 8;
const MOST: u16 = 30;

/// Draws the headings and as many rows as there is room for.
pub fn render(
    columns: &[Column],
    rows: &[Vec<Piece>],
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
) {
    let widths = widths(columns, rows, area.width);
    let heading = look.style(Role::Muted);
    let mut x = area.x;
    for (n, (column, width)) in columns.iter().zip(&widths).enumerate() {
        let Some(width) = *width else { continue };
        let place = Rect { x, width, ..area }.intersection(area);
        let title = aligned(column.title, column.align, width, look);
        format::put(buf, format::row(place, 0), x, &title, heading);
        for (y, row) in (1..area.height).zip(rows) {
            if let Some(piece) = row.get(n) {
                draw(piece, column.align, look, format::row(place, y), buf);
            }
        }
        x = x.saturating_add(width + GAP);
    }
}

fn draw(piece: &Piece, align: Align, look: &Look<'_>, row: Rect, buf: &mut Buffer) {
    match piece {
        Piece::Bar(percent, role) => bar::render(*percent, *role, look, row, buf),
        Piece::Absent => {
            let text = aligned(look.glyphs.absent(), align, row.width, look);
            format::put(buf, row, row.x, &text, look.style(Role::Unknown));
        }
        Piece::Text(text, role) => {
            let text = aligned(text, align, row.width, look);
            format::put(buf, row, row.x, &text, look.style(*role));
        }
    }
}

fn aligned<'a>(text: &'a str, align: Align, width: u16, look: &Look<'_>) -> Cow<'a, str> {
    if align == Align::Right {
        format::right(text, usize::from(width), look.glyphs).into()
    } else {
        format::fit(text, usize::from(width), look.glyphs)
    }
}

/// The width of each column; `None` for one that is dropped.
fn widths(columns: &[Column], rows: &[Vec<Piece>], room: u16) -> Vec<Option<u16>> {
    let mut needs: Vec<u16> = (0..).zip(columns).map(|(n, c)| need(n, c, rows)).collect();
    let mut kept: Vec<bool> = (0..columns.len()).map(|n| is_known(n, rows)).collect();
    if total(&needs, &kept) > room {
        // One long path takes no figures away.
        let words = needs.iter_mut().zip(columns);
        for (need, _) in words.filter(|(_, column)| column.align == Align::Left) {
            *need = (*need).min((room / 2).max(LEAST));
        }
    }
    while total(&needs, &kept) > room {
        let worst = columns
            .iter()
            .zip(&kept)
            .filter(|(_, kept)| **kept)
            .map(|(c, _)| c.rank)
            .max();
        let Some(rank) = worst.filter(|rank| *rank > 0) else {
            break;
        };
        for (kept, column) in kept.iter_mut().zip(columns) {
            *kept &= column.rank != rank;
        }
    }
    let grows = |c: &Column| matches!(c.align, Align::Bar | Align::Grow);
    let growing = columns
        .iter()
        .zip(&kept)
        .filter(|(c, kept)| **kept && grows(c))
        .count();
    let spare = room.saturating_sub(total(&needs, &kept)) / (growing.max(1) as u16);
    let width = |((column, need), kept): ((&Column, &u16), &bool)| {
        let wide = need + if grows(column) { spare } else { 0 };
        let most = if column.align == Align::Bar {
            MOST
        } else {
            u16::MAX
        };
        kept.then_some(wide.min(most))
    };
    columns.iter().zip(&needs).zip(&kept).map(width).collect()
}

fn need(n: usize, column: &Column, rows: &[Vec<Piece>]) -> u16 {
    let title = format::width(column.title) as u16;
    if column.align == Align::Bar {
        return title.max(LEAST);
    }
    let widest = rows.iter().filter_map(|row| match row.get(n)? {
        Piece::Text(text, _) => Some(format::width(text) as u16),
        Piece::Bar(..) | Piece::Absent => None,
    });
    let widest = widest.max().unwrap_or(0);
    let widest = if column.align == Align::Grow {
        widest.min(LEAST)
    } else {
        widest
    };
    title.max(widest)
}

fn is_known(n: usize, rows: &[Vec<Piece>]) -> bool {
    let known = |piece: &Piece| match piece {
        Piece::Absent | Piece::Bar(None, _) => false,
        Piece::Text(text, _) => !text.is_empty(),
        Piece::Bar(..) => true,
    };
    rows.iter().filter_map(|row| row.get(n)).any(known)
}

fn total(needs: &[u16], kept: &[bool]) -> u16 {
    let widths = needs.iter().zip(kept).filter(|(_, kept)| **kept);
    widths
        .fold(0u16, |sum, (need, _)| sum.saturating_add(need + GAP))
        .saturating_sub(GAP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{glyph::Glyphs, theme::Theme};

    const COLUMNS: [Column; 4] = [
        Column {
            title: "name",
            align: Align::Left,
            rank: 0,
        },
        Column {
            title: "use",
            align: Align::Bar,
            rank: 1,
        },
        Column {
            title: "size",
            align: Align::Right,
            rank: 0,
        },
        Column {
            title: "kind",
            align: Align::Left,
            rank: 2,
        },
    ];

    fn drawn(width: u16) -> Vec<String> {
        let theme = Theme::default();
        let look = Look {
            theme: &theme,
            glyphs: Glyphs { ascii: true },
            dim: false,
        };
        let text = |text: &str| Piece::Text(text.to_owned(), Role::Text);
        let row = vec![
            text("/data"),
            Piece::Bar(Some(50.0), Role::DISK),
            text("14T"),
            text("xfs"),
        ];
        let mut buf = Buffer::empty(Rect::new(0, 0, width, 3));
        render(&COLUMNS, &[row], &look, buf.area, &mut buf);
        let rows = buf.content.chunks(usize::from(width.max(1)));
        rows.map(|row| {
            row.iter()
                .map(|c| c.symbol())
                .collect::<String>()
                .trim_end()
                .to_owned()
        })
        .collect()
    }

    #[test]
    fn bars_take_what_is_left() {
        assert_eq!(
            drawn(35),
            [
                "name   use               size  kind",
                "/data  ########--------   14T  xfs",
                ""
            ]
        );
    }

    #[test]
    fn a_long_word_takes_no_figures_away() {
        let theme = Theme::default();
        let look = Look {
            theme: &theme,
            glyphs: Glyphs { ascii: false },
            dim: false,
        };
        let text = |text: &str| Piece::Text(text.to_owned(), Role::Text);
        let bar = Piece::Bar(Some(50.0), Role::DISK);
        let row = vec![text(&"/long/path".repeat(5)), bar, text("14T"), text("xfs")];
        let mut buf = Buffer::empty(Rect::new(0, 0, 30, 2));
        render(&COLUMNS, &[row], &look, buf.area, &mut buf);
        let line: String = buf.content[30..].iter().map(|c| c.symbol()).collect();
        assert!(line.starts_with("/long/path/lon…"), "{line}");
        assert!(line.contains("14T"), "{line}");
    }

    #[test]
    fn the_least_important_column_goes_first() {
        assert_eq!(
            drawn(21),
            ["name   use       size", "/data  ####----   14T", ""]
        );
        assert_eq!(drawn(12), ["name   size", "/data   14T", ""]);
        assert_eq!(drawn(6), ["name", "/data", ""]);
        assert_eq!(drawn(0), Vec::<String>::new());
    }
}
