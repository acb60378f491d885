//! A box with rounded corners, a title at the left of its upper edge and notes at the right of both.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::Look;
use crate::ui::{format, theme::Role};

/// The frame of one thing on the screen.
#[derive(Clone, Copy, Default)]
pub struct Panel<'a> {
    /// Pieces of the title, each with its style.
    pub title: &'a [(&'a str, Style)],
    /// At the right of the upper edge.
    pub note: Option<(&'a str, Style)>,
    /// At the left of the lower edge.
    pub foot: Option<(&'a str, Style)>,
    /// At the right of the lower edge.
    pub foot_note: Option<(&'a str, Style)>,
    /// Heavy lines in the colour of the focus.
    pub focused: bool,
    /// Colour of the lines when not focused; the quiet one without a wish.
    pub border: Option<Role>,
}

/// Lines of a box: horizontal, vertical, four corners.
struct Lines {
    horizontal: &'static str,
    vertical: &'static str,
    corners: [&'static str; 4],
}

impl Panel<'_> {
    /// Draws the frame; what is left inside, with a blank column at either side.
    pub fn render(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) -> Rect {
        let area = area.intersection(buf.area);
        if area.width < 2 || area.height < 2 {
            return Rect {
                width: 0,
                height: 0,
                ..area
            };
        }
        let style = match self.border {
            _ if self.focused => look.style(Role::BorderFocused),
            role => look.theme.style(role.unwrap_or(Role::Border)),
        };
        frame(&self.lines(look), area, style, buf);
        self.upper(look, area, buf);
        self.lower(look, area, buf);
        inside(area)
    }

    fn lines(&self, look: &Look<'_>) -> Lines {
        let (horizontal, vertical, corners) = match (self.focused, look.glyphs.ascii) {
            (true, false) => ("━", "┃", ["┏", "┓", "┗", "┛"]),
            (true, true) => ("=", "#", ["#"; 4]),
            (false, _) => (
                look.glyphs.horizontal(),
                look.glyphs.vertical(),
                look.glyphs.corners(),
            ),
        };
        Lines {
            horizontal,
            vertical,
            corners,
        }
    }

    fn upper(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let edge = Rect {
            x: area.x + 1,
            width: area.width - 2,
            height: 1,
            ..area
        };
        let mut x = edge.x;
        let mut pieces = self
            .title
            .iter()
            .filter(|(text, _)| !text.is_empty())
            .peekable();
        if pieces.peek().is_some() {
            x = format::put(buf, edge, x, " ", Style::new());
        }
        for (text, style) in pieces {
            let room = usize::from(edge.right().saturating_sub(x + 1));
            x = format::put(buf, edge, x, &format::fit(text, room, look.glyphs), *style);
            x = format::put(buf, edge, x, " ", Style::new());
        }
        note(
            self.note,
            look,
            Rect {
                x,
                width: edge.right().saturating_sub(x),
                ..edge
            },
            buf,
        );
    }

    fn lower(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let edge = Rect::new(area.x + 1, area.bottom() - 1, area.width - 2, 1);
        let mut x = edge.x;
        if let Some((text, style)) = self.foot.filter(|(text, _)| !text.is_empty()) {
            // Where one is in a long text is worth more than the end of a remark.
            let note = self.foot_note.map_or(0, |(note, _)| format::width(note));
            let room = usize::from(edge.width.saturating_sub(2));
            let room = match note {
                0 => room,
                note => room.saturating_sub(note + 3).max(room / 2),
            };
            let text = format!(" {} ", format::fit(text, room, look.glyphs));
            x = format::put(buf, edge, x, &text, style);
        }
        note(
            self.foot_note,
            look,
            Rect {
                x,
                width: edge.right().saturating_sub(x),
                ..edge
            },
            buf,
        );
    }
}

/// Puts a note at the right of what is left of an edge, with a line between; leaves it out where there is no room for all of it.
fn note(note: Option<(&str, Style)>, look: &Look<'_>, edge: Rect, buf: &mut Buffer) {
    let Some((text, style)) = note.filter(|(text, _)| !text.is_empty()) else {
        return;
    };
    let room = usize::from(edge.width).saturating_sub(3);
    if room < 3 {
        return;
    }
    let text = format!(" {} ", format::fit(text, room, look.glyphs));
    let x = edge.right().saturating_sub(format::width(&text) as u16);
    format::put(buf, edge, x, &text, style);
}

fn frame(lines: &Lines, area: Rect, style: Style, buf: &mut Buffer) {
    let mut set = |x: u16, y: u16, sign: &str| {
        if let Some(cell) = buf.cell_mut((x, y)) {
            cell.set_symbol(sign).set_style(style);
        }
    };
    let (right, bottom) = (area.right() - 1, area.bottom() - 1);
    for x in area.x + 1..right {
        set(x, area.y, lines.horizontal);
        set(x, bottom, lines.horizontal);
    }
    for y in area.y + 1..bottom {
        set(area.x, y, lines.vertical);
        set(right, y, lines.vertical);
    }
    let [top_left, top_right, bottom_left, bottom_right] = lines.corners;
    set(area.x, area.y, top_left);
    set(right, area.y, top_right);
    set(area.x, bottom, bottom_left);
    set(right, bottom, bottom_right);
}

fn inside(area: Rect) -> Rect {
    let pad = if area.width > 4 { 2 } else { 1 };
    Rect::new(
        area.x + pad,
        area.y + 1,
        area.width.saturating_sub(2 * pad),
        area.height - 2,
    )
}
