//! A horizontal bar in half cells, and its one-cell upright form in eighths.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::Look;
use crate::ui::theme::Role;

/// Never a full cell, so that a bar doesn't touch what is above it.
const UPRIGHT: [&str; 7] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇"];

/// Draws `percent` over the first row of `area`; without a value, the absent sign.
pub fn render(percent: Option<f64>, role: Role, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let area = Rect {
        height: area.height.min(1),
        ..area
    }
    .intersection(buf.area);
    let Some(percent) = percent.filter(|p| p.is_finite()) else {
        let style = look.style(Role::Unknown);
        let room = usize::from(area.width.min(1));
        buf.set_stringn(area.x, area.y, look.glyphs.absent(), room, style);
        return;
    };
    let halves = quantised(percent, area.width);
    let (full, track) = (look.style(role), look.style(Role::Track));
    for (n, position) in area.positions().enumerate() {
        let (sign, is_full) = sign(halves.saturating_sub(n * 2), look.glyphs.ascii);
        if let Some(cell) = buf.cell_mut(position) {
            cell.set_symbol(sign)
                .set_style(if is_full { full } else { track });
        }
    }
}

/// Half cells that are filled; a value above zero is always seen.
fn quantised(percent: f64, width: u16) -> usize {
    let all = f64::from(width) * 2.0;
    let filled = (percent.clamp(0.0, 100.0) / 100.0 * all).round() as usize;
    if percent > 0.0 { filled.max(1) } else { 0 }
}

/// What fills a cell: heavy where it is full, thin where not, so that it can be read without colours.
fn sign(halves: usize, ascii: bool) -> (&'static str, bool) {
    match (halves, ascii) {
        (0, false) => ("─", false),
        (1, false) => ("╾", true),
        (_, false) => ("━", true),
        (0, true) => ("-", false),
        (_, true) => ("#", true),
    }
}

/// `percent` in one cell, with the style to draw it in: `▁` to `▇`, digits in ASCII.
pub fn upright(percent: Option<f64>, role: Role, look: &Look<'_>) -> (&'static str, Style) {
    const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let Some(percent) = percent.filter(|p| p.is_finite()) else {
        return (look.glyphs.absent(), look.style(Role::Unknown));
    };
    let signs: &[&str] = if look.glyphs.ascii { &DIGITS } else { &UPRIGHT };
    let step = (percent.clamp(0.0, 100.0) / 100.0 * signs.len() as f64) as usize;
    let sign = signs.get(step.min(signs.len() - 1)).copied().unwrap_or(" ");
    (sign, look.style(role))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{glyph::Glyphs, theme::Theme};

    fn drawn(percent: Option<f64>, width: u16, ascii: bool) -> String {
        let theme = Theme::default();
        let look = Look {
            theme: &theme,
            glyphs: Glyphs { ascii },
            dim: false,
        };
        let mut buf = Buffer::empty(Rect::new(0, 0, width, 1));
        render(percent, Role::Text, &look, buf.area, &mut buf);
        buf.content.iter().map(|c| c.symbol()).collect()
    }

    #[test]
    fn fills_by_half_cells() {
        assert_eq!(drawn(Some(50.0), 4, false), "━━──");
        assert_eq!(drawn(Some(100.0), 2, false), "━━");
        assert_eq!(drawn(Some(0.01), 2, false), "╾─");
        assert_eq!(drawn(Some(0.0), 2, false), "──");
        assert_eq!(drawn(Some(75.0), 2, false), "━╾");
        assert_eq!(drawn(Some(75.0), 4, true), "###-");
        assert_eq!(drawn(None, 3, false), "–  ");
        assert_eq!(drawn(Some(f64::NAN), 3, true), "-  ");
        assert_eq!(drawn(Some(f64::MAX), 0, true), "");
    }
}
