//! A horizontal bar in eighths of a cell, and its one-cell upright form.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::Look;
use crate::ui::theme::Role;

const EIGHTHS: [&str; 8] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const UPRIGHT: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Draws `percent` over the first row of `area`; without a value, the absent sign.
pub fn render(percent: Option<f64>, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let area = Rect {
        height: area.height.min(1),
        ..area
    }
    .intersection(buf.area);
    let Some(percent) = percent.filter(|p| p.is_finite()) else {
        let style = look.style(Role::Unknown);
        buf.set_stringn(
            area.x,
            area.y,
            look.glyphs.absent(),
            usize::from(area.width.min(1)),
            style,
        );
        return;
    };
    let eighths = quantised(percent, area.width);
    let style = track(look).patch(look.style(Role::gauge(percent)));
    for (n, position) in area.positions().enumerate() {
        let filled = eighths.saturating_sub(n * 8).min(8);
        if let Some(cell) = buf.cell_mut(position) {
            cell.set_symbol(sign(filled, look.glyphs.ascii))
                .set_style(style);
        }
    }
}

/// Eighths of a cell that are filled; a value above zero is always seen.
fn quantised(percent: f64, width: u16) -> usize {
    let all = f64::from(width) * 8.0;
    let filled = (percent.clamp(0.0, 100.0) / 100.0 * all).round() as usize;
    if percent > 0.0 { filled.max(1) } else { 0 }
}

fn sign(filled: usize, ascii: bool) -> &'static str {
    match filled {
        n if ascii => {
            if n >= 4 {
                "#"
            } else {
                "-"
            }
        }
        n => EIGHTHS.get(n).copied().unwrap_or("█"),
    }
}

/// The ground of the empty part; nothing where the theme has no colours.
fn track(look: &Look<'_>) -> Style {
    match look.theme.style(Role::Track).fg {
        Some(colour) if !look.glyphs.ascii => Style::new().bg(colour),
        _ => Style::new(),
    }
}

/// `percent` in one cell, with the style to draw it in: `▁` to `█`, digits in ASCII.
pub fn upright(percent: Option<f64>, look: &Look<'_>) -> (&'static str, Style) {
    const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let Some(percent) = percent.filter(|p| p.is_finite()) else {
        return (look.glyphs.absent(), look.style(Role::Unknown));
    };
    let signs: &[&str] = if look.glyphs.ascii { &DIGITS } else { &UPRIGHT };
    let step = (percent.clamp(0.0, 100.0) / 100.0 * signs.len() as f64) as usize;
    let sign = signs.get(step.min(signs.len() - 1)).copied().unwrap_or(" ");
    (sign, look.style(Role::gauge(percent)))
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
        render(percent, &look, buf.area, &mut buf);
        buf.content.iter().map(|c| c.symbol()).collect()
    }

    #[test]
    fn fills_by_eighths() {
        assert_eq!(drawn(Some(50.0), 4, false), "██  ");
        assert_eq!(drawn(Some(100.0), 2, false), "██");
        assert_eq!(drawn(Some(0.01), 2, false), "▏ ");
        assert_eq!(drawn(Some(0.0), 2, false), "  ");
        assert_eq!(drawn(Some(56.25), 2, false), "█▏");
        assert_eq!(drawn(Some(75.0), 4, true), "###-");
        assert_eq!(drawn(None, 3, false), "–  ");
        assert_eq!(drawn(Some(f64::NAN), 3, true), "-  ");
        assert_eq!(drawn(Some(f64::MAX), 0, true), "");
    }
}
