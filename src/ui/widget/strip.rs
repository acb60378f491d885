//! The cores of a node as a strip of upright bars; when there are more cores than cells, the busiest of each few stands for them.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{Look, bar};
use crate::ui::theme::Role;

/// Cores that one cell stands for, so that `cores` fit into `cells`.
pub fn fold(cores: usize, cells: usize) -> usize {
    cores.div_ceil(cells.max(1)).max(1)
}

/// A core is drawn at most this wide, a blank between it and the next.
const MOST: usize = 4;

/// Draws the cores in reading order over all rows of `area`; says how many each cell stands for.
pub fn render(cores: &[Option<f32>], look: &Look<'_>, area: Rect, buf: &mut Buffer) -> usize {
    let area = area.intersection(buf.area);
    let cells = area.area() as usize;
    let per_cell = fold(cores.len(), cells);
    let width = (usize::from(area.width) / cores.len().max(1)).clamp(1, MOST);
    for (n, position) in area.positions().enumerate() {
        let Some(group) = cores.chunks(per_cell).nth(n / width) else {
            break;
        };
        if width > 1 && n % width == width - 1 {
            continue;
        }
        let (sign, style) = core(group, look);
        if let Some(cell) = buf.cell_mut(position) {
            cell.set_symbol(sign).set_style(style);
        }
    }
    per_cell
}

/// The busiest of a few cores.
fn core(group: &[Option<f32>], look: &Look<'_>) -> (&'static str, Style) {
    let busiest = group
        .iter()
        .flatten()
        .copied()
        .reduce(f32::max)
        .map(f64::from);
    // One busy core is nothing bad: seen, but not red.
    let is_full = busiest.is_some_and(|p| p >= 95.0);
    let role = if is_full { Role::Gauge(4) } else { Role::CPU };
    bar::upright(busiest, role, look)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{glyph::Glyphs, theme::Theme};

    fn drawn(cores: &[Option<f32>], width: u16, height: u16) -> (String, usize) {
        let theme = Theme::default();
        let look = Look {
            theme: &theme,
            glyphs: Glyphs { ascii: false },
            dim: false,
        };
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        let per_cell = render(cores, &look, buf.area, &mut buf);
        (buf.content.iter().map(|c| c.symbol()).collect(), per_cell)
    }

    #[test]
    fn folds_many_cores_without_losing_the_busy_one() {
        let mut cores = vec![Some(0.0); 384];
        cores[200] = Some(100.0);
        let (text, per_cell) = drawn(&cores, 50, 2);
        assert_eq!(per_cell, 4);
        assert_eq!(text.chars().filter(|c| *c == '▇').count(), 1);
        assert_eq!(text.chars().position(|c| c == '▇'), Some(50));
    }

    #[test]
    fn an_offline_core_is_not_an_idle_one() {
        assert_eq!(drawn(&[Some(0.0), None, Some(50.0)], 5, 1).0, "▁–▄  ");
        assert_eq!(drawn(&[Some(0.0), Some(99.0)], 9, 1).0, "▁▁▁ ▇▇▇  ");
        assert_eq!(drawn(&[], 3, 1), ("   ".to_owned(), 1));
        assert_eq!(drawn(&[Some(1.0)], 0, 0).1, 1);
    }
}
