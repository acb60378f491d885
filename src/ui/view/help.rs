//! The help: the keys of the view it was called from, the signs, and the filter language.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    Scene,
    scroll::{Scroll, note},
    tiles::wrap,
};
use crate::{
    config::keymap::{Action, Scope},
    fleet::{Status, filter},
    metrics::daemon::State,
    ui::{
        format::{self, put, row},
        glyph::{Glyphs, daemon_role, status_role},
        theme::Role,
        widget::{Look, panel::Panel},
    },
};

/// Width of a column of help in which no line is wrapped.
const COLUMN: u16 = 74;

/// From here on two columns are better than one, though lines are wrapped in them.
const TWO: u16 = 100;

/// Cells of the keys.
const KEYS: usize = 19;

/// Cells of a sign.
const SIGN: u16 = 4;

/// Lines of what a key does.
const MOST: usize = 3;

/// Help for one scope.
#[derive(Clone, Debug)]
pub struct Help {
    scope: Scope,
    scroll: Scroll,
}

/// Cells of the examples.
const EXAMPLES: u16 = 36;

/// Keys that edit a line of text, as in shells.
const TYPING: [(&str, &str); 4] = [
    ("ctrl-u ctrl-k", "delete to the beginning, to the end"),
    ("ctrl-w alt-d", "delete the word before, the word after"),
    (
        "ctrl-a ctrl-e",
        "to the beginning, to the end; also home, end",
    ),
    ("alt-b alt-f", "a word back, a word on"),
];

/// One line of it.
enum Entry {
    Blank,
    Heading(&'static str),
    Keys(String, String),
    Sign(&'static str, Role, String),
    Example(&'static str, String),
    /// What had no room on the line before, so many cells from the left.
    Rest(u16, String, Role),
}

impl Help {
    /// Help for whoever is in this scope.
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            scroll: Scroll::default(),
        }
    }

    /// Does what a key means here; false when it means nothing here.
    pub fn act(&mut self, action: Action, scene: &Scene<'_>, area: Rect) -> bool {
        let page = lines(area) * columns(area);
        let all = self.entries(scene, area).len();
        self.scroll.act_by(action, (all, page), lines(area))
    }

    /// Draws it instead of the view.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        format::clear(buf, area, scene.theme.style(Role::Ground));
        let entries = self.entries(scene, area);
        let lines = lines(area);
        let columns = columns(area);
        let window = self.scroll.window(entries.len(), lines * columns);
        let note = note(&window, entries.len());
        let panel = Panel {
            title: &[("Help", scene.theme.style(Role::Strong))],
            note: Some((&note, scene.theme.style(Role::Muted))),
            focused: true,
            ..Panel::default()
        };
        let inside = panel.render(&Look::from(scene), area, buf);
        let width = width(area);
        let shown = entries.get(window).unwrap_or_default();
        for (column, chunk) in (0..).zip(shown.chunks(lines.max(1))) {
            let x = inside.x + column * width;
            let place = Rect {
                x,
                width: width.saturating_sub(1),
                ..inside
            };
            for (y, entry) in (0..).zip(chunk) {
                entry.render(scene, row(place, y), buf);
            }
        }
    }

    /// As they stand in columns of this screen.
    fn entries(&self, scene: &Scene<'_>, area: Rect) -> Vec<Entry> {
        let room = usize::from(width(area).saturating_sub(1));
        let all = self.all(scene).into_iter();
        let all = all.flat_map(|entry| entry.wrapped(room));
        trouble(scene, room).into_iter().chain(all).collect()
    }

    fn all(&self, scene: &Scene<'_>) -> Vec<Entry> {
        let mut out = Vec::new();
        let more: &[Scope] = match self.scope {
            Scope::Fleet => &[Scope::Filter, Scope::Palette],
            _ => &[],
        };
        let more = more.iter().copied();
        let scopes = std::iter::once(self.scope).chain(more);
        for scope in scopes.chain([Scope::Anywhere]) {
            out.push(Entry::Heading(scope.title()));
            let rows = scene.keys.rows(scope);
            out.extend(rows.map(|(row, keys)| Entry::Keys(keys.join(" "), row.title.to_owned())));
            out.push(Entry::Blank);
        }
        out.push(Entry::Heading("A line that is typed"));
        out.extend(TYPING.map(|(keys, title)| Entry::Keys(keys.to_owned(), title.to_owned())));
        out.push(Entry::Blank);
        out.push(Entry::Heading("Signs"));
        out.extend(signs(scene.glyphs));
        out.push(Entry::Blank);
        out.push(Entry::Heading("Filter"));
        out.extend(
            filter::LANGUAGE
                .iter()
                .map(|(text, title)| Entry::Example(text, (*title).to_owned())),
        );
        out
    }
}

/// A trouble of our own, to its end: the header may have no room for it.
fn trouble(scene: &Scene<'_>, room: usize) -> Vec<Entry> {
    let Some(notice) = &scene.snapshot.notice else {
        return Vec::new();
    };
    let lines = wrap(notice, room.saturating_sub(1), usize::MAX).into_iter();
    let lines = lines.map(|line| Entry::Rest(1, line, Role::Warn));
    std::iter::once(Entry::Heading("Wrong here"))
        .chain(lines)
        .chain([Entry::Blank])
        .collect()
}

fn signs(glyphs: Glyphs) -> Vec<Entry> {
    let statuses = [
        (Status::Ok, "up, and well"),
        (Status::Info, "up with a remark, or a question waits"),
        (
            Status::Unknown,
            "not known: connecting, or the values are too old",
        ),
        (Status::Warn, "a warning"),
        (Status::Critical, "critical, or down"),
    ];
    let daemons = [
        (State::Up, "daemon runs"),
        (State::Stopped, "daemon is stopped"),
        (State::Absent, "daemon is not there"),
        (State::Failed, "daemon failed"),
        (State::Changing, "daemon starts or stops"),
        (
            State::Unknown,
            "daemon is not known: not told yet, or it can't be seen",
        ),
    ];
    let mut out: Vec<Entry> = statuses
        .into_iter()
        .map(|(s, title)| Entry::Sign(glyphs.status(s), status_role(s), title.to_owned()))
        .collect();
    out.extend(
        daemons
            .into_iter()
            .map(|(s, title)| Entry::Sign(glyphs.daemon(s), daemon_role(s), title.to_owned())),
    );
    out.push(Entry::Sign(
        glyphs.mark(),
        Role::Marked,
        "marked".to_owned(),
    ));
    out.push(Entry::Sign(
        "~",
        Role::Warn,
        "a line of a log that came too late for its place".to_owned(),
    ));
    out.push(Entry::Sign(
        glyphs.now(),
        Role::Muted,
        "in a graph: left of it is now, right of it the oldest; it goes round".to_owned(),
    ));
    out.push(Entry::Sign(
        glyphs.absent(),
        Role::Unknown,
        "the node has no such value; dimmed values are old".to_owned(),
    ));
    out.extend(small());
    out.push(Entry::Example(
        "data 2s",
        "the oldest values of a connected node".to_owned(),
    ));
    out
}

/// What stands in a small tile, where no label has room.
fn small() -> Vec<Entry> {
    let signs = [
        ("d", "in a small tile: the fullest disk"),
        (
            "g",
            "in a small tile: the GPUs in use, a bar each or for each few",
        ),
        ("m", "in a small tile: the memory of GPUs that MIG cuts"),
    ];
    let signs = signs.map(|(sign, what)| Entry::Sign(sign, Role::Muted, what.to_owned()));
    let figures = "in a small tile: load, memory in use".to_owned();
    signs
        .into_iter()
        .chain([Entry::Example("4.18  44%", figures)])
        .collect()
}

impl Entry {
    /// With what has no room on its line on lines of its own.
    fn wrapped(self, room: usize) -> Vec<Self> {
        let more = |title: &str, at: u16, role: Role| -> (String, Vec<Self>) {
            let mut parts = wrap(title, room.saturating_sub(usize::from(at)), MOST).into_iter();
            let first = parts.next().unwrap_or_default();
            let rest = parts.map(|part| Self::Rest(at, part, role));
            (first, rest.collect())
        };
        let (first, rest) = match self {
            Self::Keys(keys, title) => {
                let (title, rest) = more(&title, KEYS as u16, Role::Text);
                (Self::Keys(keys, title), rest)
            }
            Self::Sign(sign, role, title) => {
                let (title, rest) = more(&title, SIGN, Role::Text);
                (Self::Sign(sign, role, title), rest)
            }
            Self::Example(text, title) if usize::from(EXAMPLES) + format::width(&title) > room => {
                let rest = vec![Self::Rest(SIGN, title, Role::Muted)];
                (Self::Example(text, String::new()), rest)
            }
            entry => (entry, Vec::new()),
        };
        std::iter::once(first).chain(rest).collect()
    }

    fn render(&self, scene: &Scene<'_>, line: Rect, buf: &mut Buffer) {
        let style = |role| scene.theme.style(role);
        let rest = |x: u16, text: &str| {
            let room = usize::from(line.right().saturating_sub(x));
            format::fit(text, room, scene.glyphs).into_owned()
        };
        match self {
            Self::Blank => {}
            Self::Heading(text) => {
                put(buf, line, line.x, text, style(Role::Accent));
            }
            Self::Keys(keys, title) => {
                put(
                    buf,
                    line,
                    line.x + 1,
                    &format::fit(keys, KEYS - 2, scene.glyphs),
                    style(Role::Key),
                );
                let x = line.x + KEYS as u16;
                put(buf, line, x, &rest(x, title), style(Role::Text));
            }
            Self::Sign(sign, role, title) => {
                put(buf, line, line.x + 1, sign, style(*role));
                let x = line.x + SIGN;
                put(buf, line, x, &rest(x, title), style(Role::Text));
            }
            Self::Rest(at, text, role) => {
                let x = line.x + at;
                put(buf, line, x, &rest(x, text), style(*role));
            }
            Self::Example(text, title) => {
                let end = put(buf, line, line.x + 1, text, style(Role::Strong));
                let x = (end + 2).max(line.x + EXAMPLES);
                put(buf, line, x, &rest(x, title), style(Role::Muted));
            }
        }
    }
}

fn lines(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(2))
}

fn columns(area: Rect) -> usize {
    let least = if area.width >= TWO { 2 } else { 1 };
    usize::from(area.width / COLUMN).max(least)
}

/// Cells of a column with the gap behind it.
fn width(area: Rect) -> u16 {
    area.width.saturating_sub(4) / columns(area) as u16
}
