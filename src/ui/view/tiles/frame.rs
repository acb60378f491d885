//! The frame of a tile: state, name and daemons; inside it why there are no figures where there are none.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::Tile;
use crate::{
    fleet::Link,
    ui::{
        format,
        glyph::{daemon_role, status_role},
        theme::Role,
        widget::panel::Panel,
    },
};

/// From this width on, a blank stands between the frame and what is in it.
const PADDED: u16 = 20;

impl Tile<'_> {
    /// Draws the frame, and inside it either the figures or why there are none.
    pub(super) fn render(&self, area: Rect, buf: &mut Buffer) {
        let inside = self.frame(area, buf);
        if inside.is_empty() {
            return;
        }
        match &self.node.link {
            Link::Down { .. } | Link::Refused(_) => self.trouble(inside, buf),
            _ if self.node.sample.is_none() => self.waiting(inside, buf),
            _ => self.figures(inside, buf),
        }
    }

    fn frame(&self, area: Rect, buf: &mut Buffer) -> Rect {
        let look = &self.look;
        let status = self.status();
        let mark = if self.marked {
            self.glyphs().mark()
        } else {
            ""
        };
        let name = self.node.node.id.as_str();
        let state = look.theme.style(status_role(status));
        let age = self.age();
        let group = self.node.node.groups.first().map_or("", String::as_str);
        // Around both: the sign, blanks, corners and a piece of the line.
        let has_room = format::width(name) + format::width(mark) + format::width(group) + 10
            <= usize::from(area.width);
        let group = if has_room { group } else { "" };
        let marked = format::width(mark) + usize::from(self.marked);
        let room = usize::from(area.width).saturating_sub(6 + marked);
        let name = format::fit_name(name, room, self.glyphs());
        let (foot, foot_style) = self.foot(area);
        let inside = Panel {
            title: &[
                (self.glyphs().status(status), state),
                (mark, look.theme.style(Role::Marked)),
                (&name, look.style(Role::Strong)),
            ],
            note: Some((age.as_deref().unwrap_or(group), look.style(Role::Muted))),
            foot: Some((&foot, foot_style)),
            foot_note: None,
            focused: self.selected,
            border: self.border(),
        }
        .render(look, area, buf);
        if area.width >= PADDED || inside.width == 0 {
            return inside;
        }
        Rect::new(area.x + 1, inside.y, area.width - 2, inside.height)
    }

    /// The end of a reason that has no room above, else the daemons.
    fn foot(&self, area: Rect) -> (String, Style) {
        let edges = if area.width >= PADDED { 4 } else { 2 };
        let (columns, rows) = (
            area.width.saturating_sub(edges),
            area.height.saturating_sub(2),
        );
        let rows = match &self.node.link {
            Link::Down { .. } | Link::Refused(_) => rows.saturating_sub(1).max(1),
            _ if self.node.sample.is_none() => rows,
            _ => rows.min(2),
        };
        let room = (usize::from(columns), usize::from(rows));
        match self.told(&self.reason(columns), room).1 {
            rest if rest.is_empty() => self.daemons(area.width),
            rest => (rest, self.look.theme.style(status_role(self.status()))),
        }
    }

    /// A reason in so many lines of so many cells, and its end where that stands in the lower edge.
    pub(super) fn told(
        &self,
        reason: &str,
        (columns, rows): (usize, usize),
    ) -> (Vec<String>, String) {
        let mut all = wrap(reason, columns, usize::MAX);
        if !self.low || self.hides_a_daemon(reason) || all.len() <= rows {
            return (wrap(reason, columns, rows), String::new());
        }
        let rest = all.split_off(rows).join(" ");
        (all, rest)
    }

    /// True where a bad daemon is told of in the lower edge alone.
    fn hides_a_daemon(&self, reason: &str) -> bool {
        let is_up = matches!(self.node.link, Link::Up(_));
        let sample = self.node.sample.as_deref().filter(|_| is_up);
        let worst = sample.and_then(|sample| sample.daemon.worst());
        worst.is_some_and(|worst| worst.state.is_bad() && !reason.contains(worst.name.as_str()))
    }

    /// The worst daemon when one is bad, else how many run.
    fn daemons(&self, width: u16) -> (String, Style) {
        let is_up = matches!(self.node.link, Link::Up(_));
        let sample = self.node.sample.as_deref().filter(|_| is_up);
        let Some((daemon, worst)) = sample.and_then(|s| Some((&s.daemon, s.daemon.worst()?)))
        else {
            return (String::new(), Style::new());
        };
        let count = daemon.daemons.len();
        let plural = if count == 1 { "daemon" } else { "daemons" };
        let bad = daemon.daemons.iter().filter(|d| d.state.is_bad()).count();
        let text = match bad {
            0 => format!("{count} {plural}"),
            // The remark names it already.
            _ if self.node.reason().contains(worst.name.as_str()) => {
                let text = format!("{bad} of {count} {plural}");
                // Around it: the sign, blanks, corners.
                let has_room = format::width(&text) + 6 <= usize::from(width);
                if has_room {
                    text
                } else {
                    format!("{bad} of {count}")
                }
            }
            _ => format!("{} {}", worst.name, worst.state.as_str()),
        };
        let role = if bad == 0 {
            Role::Muted
        } else {
            daemon_role(worst.state)
        };
        (
            format!("{} {text}", self.glyphs().daemon(worst.state)),
            self.look.style(role),
        )
    }

    /// Why it is down, what to try, and when it is tried again.
    fn trouble(&self, area: Rect, buf: &mut Buffer) {
        // The last line is for when it is tried again.
        let rows = usize::from(area.height.saturating_sub(1)).max(1);
        let columns = usize::from(area.width);
        let all = |text: &str, role| Self::lines(text, role, (columns, usize::MAX));
        let (reason, mut advice) = (self.reason(area.width), Vec::new());
        if let Link::Down { error, .. } | Link::Refused(error) = &self.node.link {
            advice = all(error.advice.as_str(), Role::Text);
        }
        // Where both don't fit, the reason leaves room for what to try: its page tells it whole.
        let kept = advice.len().min(advice_rows(rows));
        let mut lines = all(&reason, Role::Critical);
        if lines.len() > rows - kept {
            let told = self.told(&reason, (columns, rows - kept)).0.into_iter();
            lines = told.map(|line| (line, Role::Critical)).collect();
        }
        lines.extend(advice);
        lines.truncate(rows);
        self.write(&lines, area, buf);
        if lines.len() < usize::from(area.height) {
            let below = format::row(area, area.height - 1);
            self.write(&[(self.retry(area.width), Role::Muted)], below, buf);
        }
    }

    fn retry(&self, width: u16) -> String {
        match &self.node.link {
            Link::Down {
                failures, retry_at, ..
            } => {
                let retry = format::retry(*retry_at, self.now);
                format!("{retry} {} failed {failures}x", self.glyphs().dot())
            }
            _ => self.untried(width),
        }
    }

    /// How one that is not retried is.
    fn untried(&self, width: u16) -> String {
        let dot = self.glyphs().dot();
        match self.retry {
            None => "not retried by itself".to_owned(),
            Some(key) if width < 40 => format!("not retried {dot} {key}"),
            Some(key) => format!("not retried by itself {dot} {key} retries"),
        }
    }

    /// Nothing measured yet: what it is waiting for, and since when.
    fn waiting(&self, area: Rect, buf: &mut Buffer) {
        let reason = self.reason(area.width);
        let role = status_role(self.status());
        let lines = if reason.is_empty() {
            let since = format::age(self.now.since(self.node.link_since));
            vec![(format!("{} {since}", self.node.state_text(self.now)), role)]
        } else {
            let room = (usize::from(area.width), usize::from(area.height));
            let told = self.told(&reason, room).0.into_iter();
            told.map(|line| (line, role)).collect()
        };
        self.write(&lines, area, buf);
    }

    /// A text in at most so many lines of so many cells; what doesn't fit stays on the last one.
    fn lines(text: &str, role: Role, (columns, rows): (usize, usize)) -> Vec<(String, Role)> {
        let lines = wrap(text, columns, rows);
        lines.into_iter().map(|line| (line, role)).collect()
    }

    pub(super) fn write(&self, lines: &[(String, Role)], area: Rect, buf: &mut Buffer) {
        for (n, (line, role)) in (0..area.height).zip(lines) {
            let row = format::row(area, n);
            let line = format::fit(line, usize::from(row.width), self.glyphs());
            format::put(buf, row, row.x, &line, self.look.theme.style(*role));
        }
    }
}

/// Of so many rows, those that what to try may take from a long reason: in a small tile it would say nothing.
fn advice_rows(rows: usize) -> usize {
    if rows >= 6 { rows / 2 } else { rows / 3 }
}

/// Words in at most `rows` lines of `cols` cells; what doesn't fit stays on the last line.
pub(in crate::ui::view) fn wrap(text: &str, cols: usize, rows: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace().flat_map(|word| pieces(word, cols)) {
        let full = lines.len() >= rows;
        match lines.last_mut() {
            Some(line) if full || format::width(line) + 1 + format::width(&word) <= cols => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// A word that no line holds, such as a fingerprint, in pieces: it must be seen whole.
fn pieces(word: &str, cols: usize) -> Vec<String> {
    format::chunks(word, cols)
}
