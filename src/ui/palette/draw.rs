//! The palette on the screen: from the bottom up what the line will do, the line, and what fits it.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{Offer, Palette};
use crate::ui::{
    format::{self, put, row},
    theme::Role,
    view::Scene,
};

/// Lines of text that are seen at once.
const LINES: usize = 8;

/// Offers that are seen at once, where there is room.
const OFFERS: usize = 24;

/// Cells of the longest text of an offer that has help beside it.
const TEXT: usize = 28;

/// From the top of the screen downwards.
struct Areas {
    title: Rect,
    offers: Rect,
    line: Rect,
    below: Rect,
}

impl Palette {
    /// Draws it over the lower part of an area; the rest stays as it is.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        let areas = self.areas(area);
        let whole = areas
            .title
            .union(areas.offers)
            .union(areas.line)
            .union(areas.below);
        format::clear(
            buf,
            whole,
            scene
                .theme
                .style(Role::Panel)
                .patch(scene.theme.style(Role::Text)),
        );
        format::paint(buf, whole, scene.theme.style(Role::Panel));
        self.title(scene, areas.title, buf);
        self.list(scene, areas.offers, buf);
        let sign = if self.is_searching() { "?" } else { ":" };
        put(
            buf,
            row(areas.line, 0),
            areas.line.x + 1,
            sign,
            scene.theme.style(Role::Key),
        );
        let text = Rect {
            x: areas.line.x + 2,
            width: areas.line.width.saturating_sub(3),
            ..areas.line
        };
        let style = scene
            .theme
            .style(Role::Panel)
            .patch(scene.theme.style(Role::Strong));
        self.editor.render(style, text, buf);
        self.below(scene, areas.below, buf);
    }

    fn areas(&self, area: Rect) -> Areas {
        let room = usize::from(area.height);
        let line = self.editor.lines().clamp(1, LINES).min(room);
        let below = self.notes().min(room - line);
        let title = usize::from(room > line + below);
        let rest = room - line - below - title;
        let offers = self
            .offers
            .len()
            .min(OFFERS)
            .min(rest.saturating_sub(rest / 3));
        let mut y = area.bottom();
        let mut take = |height: usize| {
            y -= height as u16;
            Rect {
                y,
                height: height as u16,
                ..area
            }
        };
        let (below, line, offers, title) = (take(below), take(line), take(offers), take(title));
        Areas {
            title,
            offers,
            line,
            below,
        }
    }

    fn notes(&self) -> usize {
        if self.error.is_some() {
            1
        } else {
            self.preview.lines.len().max(1)
        }
    }

    fn title(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let style = scene.theme.style(Role::BorderFocused);
        for x in area.left()..area.right() {
            put(buf, area, x, scene.glyphs.horizontal(), style);
        }
        let word = if self.is_searching() {
            "history".to_owned()
        } else if self.offers.is_empty() {
            "command".to_owned()
        } else {
            let count = self.offers.len();
            format!("{count} {}", if count == 1 { "match" } else { "matches" })
        };
        put(
            buf,
            area,
            area.x + 1,
            &format!(" {word} "),
            scene.theme.style(Role::Accent),
        );
    }

    fn list(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        let lines = usize::from(area.height);
        let picked = match &self.picked {
            Some((at, ..)) => Some(*at),
            None => self.is_searching().then_some(0),
        };
        let first = picked.map_or(0, |at| (at + 1).saturating_sub(lines));
        let widest = self
            .offers
            .iter()
            .map(|offer| format::width(&offer.text))
            .max()
            .unwrap_or(0);
        let text = widest.min(TEXT);
        let shown = self.offers.iter().enumerate().skip(first).take(lines);
        for (y, (at, offer)) in (0..).zip(shown) {
            let line = row(area, y);
            let is_picked = picked == Some(at);
            if is_picked {
                format::paint(buf, line, scene.theme.style(Role::Selected));
                put(
                    buf,
                    line,
                    line.x,
                    scene.glyphs.cursor(),
                    scene.theme.style(Role::Key),
                );
            }
            offered(offer, text, scene, line, buf);
        }
    }

    fn below(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        let style = |role| scene.theme.style(role);
        if let Some(error) = &self.error {
            let text = format::fit(
                error,
                usize::from(area.width.saturating_sub(2)),
                scene.glyphs,
            );
            put(buf, row(area, 0), area.x + 2, &text, style(Role::Critical));
            return;
        }
        for (y, line) in (0..).zip(&self.preview.lines) {
            let line_area = row(area, y);
            let mut x = area.x + 2;
            for (text, role) in line {
                let room = usize::from(area.right().saturating_sub(x + 1));
                let text = format::fit(text, room, scene.glyphs);
                x = put(buf, line_area, x, &text, style(*role));
            }
        }
    }
}

fn offered(offer: &Offer, width: usize, scene: &Scene<'_>, line: Rect, buf: &mut Buffer) {
    let style = |role| scene.theme.style(role);
    let room = usize::from(line.width.saturating_sub(3));
    let one_line = offer.text.replace(['\n', '\t'], " ");
    let text = if offer.help.is_empty() {
        format::fit(&one_line, room, scene.glyphs)
    } else {
        format::left(&one_line, width.min(room), scene.glyphs).into()
    };
    let end = put(buf, line, line.x + 2, &text, style(Role::Text));
    marked(
        buf,
        line,
        &text,
        (&offer.hits, style(Role::Accent).patch(style(Role::Strong))),
    );
    let help = format::fit(
        &offer.help,
        usize::from(line.right().saturating_sub(end + 3)),
        scene.glyphs,
    );
    put(buf, line, end + 2, &help, style(Role::Muted));
}

/// Gives the characters that were typed their own colour.
fn marked(buf: &mut Buffer, line: Rect, text: &str, (hits, style): (&[u32], Style)) {
    let mut x = line.x + 2;
    let style = Style { bg: None, ..style };
    for (at, c) in (0_u32..).zip(text.chars()) {
        let wide = format::width(c.encode_utf8(&mut [0; 4])) as u16;
        if hits.binary_search(&at).is_ok()
            && x < line.right()
            && let Some(cell) = buf.cell_mut((x, line.y))
        {
            cell.set_style(style);
        }
        x += wide;
    }
}
