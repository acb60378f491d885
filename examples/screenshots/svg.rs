//! Cells of a terminal as an SVG picture: lines, blocks, shades and braille as shapes, text with one place per cell.

use std::fmt::Write;

/// Width and height of a cell in the picture.
const CELL: (f64, f64) = (10.0, 20.0);
/// Between the window's edge and the cells; above them is the title bar.
const PAD: f64 = 14.0;
const TITLE: f64 = 34.0;
const FONT: &str = "JetBrains Mono, DejaVu Sans Mono, monospace";

/// A colour as the picture has it.
pub(crate) type Rgb = (u8, u8, u8);

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    /// What stands in it; empty for the second half of a wide sign.
    pub(crate) symbol: String,
    /// Colour of the sign.
    pub(crate) fg: Rgb,
    /// Colour behind it.
    pub(crate) bg: Rgb,
    /// Heavy letters.
    pub(crate) bold: bool,
    /// A line below.
    pub(crate) underline: bool,
}

/// A window with these rows of cells in it.
pub(crate) fn svg(title: &str, rows: &[Vec<Cell>], ground: Rgb, ink: Rgb) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = columns as f64 * CELL.0 + 2.0 * PAD;
    let height = rows.len() as f64 * CELL.1 + PAD + TITLE;
    let mut out = String::new();
    let ground = hex(ground);
    let edge = hex(ink);
    let _ = write!(
        out,
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">
<rect x="0.5" y="0.5" width="{}" height="{}" rx="10" fill="{ground}" stroke="{edge}" stroke-opacity="0.25"/>
<g><circle cx="20" cy="17" r="6" fill="#ff5f57"/><circle cx="40" cy="17" r="6" fill="#febc2e"/><circle cx="60" cy="17" r="6" fill="#28c840"/></g>
<text x="{}" y="22" text-anchor="middle" font-family="{FONT}" font-size="13" fill="{edge}" fill-opacity="0.6">{}</text>
"##,
        width - 1.0,
        height - 1.0,
        width / 2.0,
        escape(title),
    );
    let _ = writeln!(out, r#"<g transform="translate({PAD} {TITLE})">"#);
    for (y, row) in rows.iter().enumerate() {
        let y = y as f64 * CELL.1;
        grounds(&mut out, row, y, &ground);
        for (x, cell) in row.iter().enumerate() {
            let x = x as f64 * CELL.0;
            if cell.underline {
                rect(&mut out, (x, y + CELL.1 - 2.0, CELL.0, 1.0), &hex(cell.fg));
            }
            if !shape(&mut out, cell, x, y) {
                letter(&mut out, cell, x, y);
            }
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// Backgrounds, each run of equal ones as one rectangle.
fn grounds(out: &mut String, row: &[Cell], y: f64, ground: &str) {
    let mut x = 0;
    for run in row.chunk_by(|a, b| a.bg == b.bg) {
        let colour = run.first().map(|cell| hex(cell.bg)).unwrap_or_default();
        if colour != ground {
            let (left, width) = (x as f64 * CELL.0, run.len() as f64 * CELL.0);
            rect(out, (left, y, width, CELL.1), &colour);
        }
        x += run.len();
    }
}

fn letter(out: &mut String, cell: &Cell, x: f64, y: f64) {
    if cell.symbol.trim().is_empty() {
        return;
    }
    let weight = if cell.bold {
        r#" font-weight="bold""#
    } else {
        ""
    };
    let _ = writeln!(
        out,
        r#"<text x="{x}" y="{}" font-family="{FONT}" font-size="16"{weight} fill="{}">{}</text>"#,
        y + 15.5,
        hex(cell.fg),
        escape(&cell.symbol),
    );
}

/// Draws what is geometry rather than writing; false when the sign is a letter.
fn shape(out: &mut String, cell: &Cell, x: f64, y: f64) -> bool {
    let Some(sign) = cell.symbol.chars().next() else {
        return true;
    };
    let colour = hex(cell.fg);
    let (w, h) = CELL;
    match sign {
        '\u{2800}'..='\u{28ff}' => braille(out, sign as u32 - 0x2800, (x, y), &colour),
        '▁'..='█' => {
            let part = f64::from(sign as u32 - 0x2580) / 8.0 * h;
            rect(out, (x, y + h - part, w, part), &colour);
        }
        '▉'..='▏' => {
            let part = f64::from(0x2590 - sign as u32) / 8.0 * w;
            rect(out, (x, y, part, h), &colour);
        }
        '▀' => rect(out, (x, y, w, h / 2.0), &colour),
        '▐' => rect(out, (x + w / 2.0, y, w / 2.0, h), &colour),
        '░'..='▓' => {
            let opacity = f64::from(sign as u32 - 0x2590) / 4.0;
            let _ = writeln!(
                out,
                r#"<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="{colour}" fill-opacity="{opacity}"/>"#
            );
        }
        '■' => rect(out, (x + 1.0, y + h / 2.0 - 3.5, w - 2.0, 7.0), &colour),
        '●' | '◉' | '◌' | '◆' | '▲' | '○' => {
            sign_shape(out, sign, (x + w / 2.0, y + h / 2.0), &colour);
        }
        _ => return lines(out, sign, (x, y), &colour),
    }
    true
}

/// Status signs as shapes: fonts disagree on their size and place.
fn sign_shape(out: &mut String, sign: char, (x, y): (f64, f64), colour: &str) {
    let _ = match sign {
        '●' => writeln!(
            out,
            r#"<circle cx="{x}" cy="{y}" r="3.6" fill="{colour}"/>"#
        ),
        '◉' => writeln!(
            out,
            r#"<circle cx="{x}" cy="{y}" r="3.7" fill="none" stroke="{colour}" stroke-width="1.2"/><circle cx="{x}" cy="{y}" r="1.9" fill="{colour}"/>"#
        ),
        '○' => writeln!(
            out,
            r#"<circle cx="{x}" cy="{y}" r="3.4" fill="none" stroke="{colour}" stroke-width="1.3"/>"#
        ),
        '◌' => writeln!(
            out,
            r#"<circle cx="{x}" cy="{y}" r="3.5" fill="none" stroke="{colour}" stroke-width="1.5" stroke-dasharray="1.8 1.85"/>"#
        ),
        '◆' => polygon(
            out,
            &[(x, y - 4.6), (x + 4.2, y), (x, y + 4.6), (x - 4.2, y)],
            colour,
        ),
        _ => polygon(
            out,
            &[(x, y - 4.4), (x + 4.4, y + 3.6), (x - 4.4, y + 3.6)],
            colour,
        ),
    };
}

fn polygon(out: &mut String, points: &[(f64, f64)], colour: &str) -> std::fmt::Result {
    out.push_str("<polygon points=\"");
    for (x, y) in points {
        write!(out, "{x},{y} ")?;
    }
    writeln!(out, "\" fill=\"{colour}\"/>")
}

/// Dots 1-2-3-7 run down the left, 4-5-6-8 down the right.
fn braille(out: &mut String, bits: u32, (x, y): (f64, f64), colour: &str) {
    const PLACES: [(u32, f64, f64); 8] = [
        (0x01, 0.0, 0.0),
        (0x02, 0.0, 1.0),
        (0x04, 0.0, 2.0),
        (0x40, 0.0, 3.0),
        (0x08, 1.0, 0.0),
        (0x10, 1.0, 1.0),
        (0x20, 1.0, 2.0),
        (0x80, 1.0, 3.0),
    ];
    for (bit, column, row) in PLACES {
        if bits & bit != 0 {
            let cx = x + CELL.0 * (0.25 + 0.5 * column);
            let cy = y + CELL.1 * (0.125 + 0.25 * row);
            let _ = writeln!(
                out,
                r#"<circle cx="{cx}" cy="{cy}" r="1.55" fill="{colour}"/>"#
            );
        }
    }
}

/// Box lines: an arc where the sign is a round corner, else its arms.
fn lines(out: &mut String, sign: char, (x, y): (f64, f64), colour: &str) -> bool {
    let (w, h) = CELL;
    let (cx, cy) = (x + w / 2.0 + 0.5, y + h / 2.0 + 0.5);
    let (fx, fy, tx, ty) = match sign {
        '╭' => (cx, y + h, x + w, cy),
        '╮' => (cx, y + h, x, cy),
        '╰' => (cx, y, x + w, cy),
        '╯' => (cx, y, x, cy),
        _ => {
            let Some(arms) = arms(sign) else { return false };
            straight(out, arms, (x, y), colour);
            return true;
        }
    };
    let _ = writeln!(
        out,
        r#"<path d="M{fx} {fy} Q{cx} {cy} {tx} {ty}" fill="none" stroke="{colour}" stroke-width="1"/>"#
    );
    true
}

/// The arms of a sign to the left, right, up and down: none 0, thin 1, heavy 2.
fn arms(sign: char) -> Option<[u8; 4]> {
    Some(match sign {
        '─' => [1, 1, 0, 0],
        '│' => [0, 0, 1, 1],
        '━' => [2, 2, 0, 0],
        '╾' => [2, 1, 0, 0],
        '┃' => [0, 0, 2, 2],
        '┌' => [0, 1, 0, 1],
        '┐' => [1, 0, 0, 1],
        '└' => [0, 1, 1, 0],
        '┘' => [1, 0, 1, 0],
        '├' => [0, 1, 1, 1],
        '┤' => [1, 0, 1, 1],
        '┬' => [1, 1, 0, 1],
        '┴' => [1, 1, 1, 0],
        '┼' => [1, 1, 1, 1],
        '┏' => [0, 2, 0, 2],
        '┓' => [2, 0, 0, 2],
        '┗' => [0, 2, 2, 0],
        '┛' => [2, 0, 2, 0],
        _ => return None,
    })
}

/// Each arm as a rectangle to the edge of the cell; they overlap in the middle.
fn straight(out: &mut String, [left, right, up, down]: [u8; 4], (x, y): (f64, f64), colour: &str) {
    let (right_edge, bottom) = (x + CELL.0, y + CELL.1);
    let thickness = |arm: u8| if arm > 1 { 3.0 } else { 1.0 };
    let (cx, cy) = (x + CELL.0 / 2.0 + 0.5, y + CELL.1 / 2.0 + 0.5);
    let most = [left, right, up, down].into_iter().max().unwrap_or(0);
    let over = thickness(most) / 2.0;
    for (arm, from, to) in [(left, x, cx + over), (right, cx - over, right_edge)] {
        if arm > 0 {
            let thick = thickness(arm);
            rect(out, (from, cy - thick / 2.0, to - from, thick), colour);
        }
    }
    for (arm, from, to) in [(up, y, cy + over), (down, cy - over, bottom)] {
        if arm > 0 {
            let thick = thickness(arm);
            rect(out, (cx - thick / 2.0, from, thick, to - from), colour);
        }
    }
}

fn rect(out: &mut String, (x, y, w, h): (f64, f64, f64, f64), colour: &str) {
    let _ = writeln!(
        out,
        r#"<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="{colour}" shape-rendering="crispEdges"/>"#
    );
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
