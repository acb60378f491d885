//! A screen without a terminal: keys in, rows of text with the roles of their colours out.

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use ratatui::{
    buffer::{Buffer, Cell},
    layout::Rect,
    style::Color,
};
use sshoal::{
    fleet::{Millis, Snapshot},
    inventory::Inventory,
    ui::{
        App, Settings,
        effect::Effect,
        event::Event,
        theme::{Role, Theme},
    },
};
use unicode_width::UnicodeWidthStr as _;

/// An app of one size.
#[derive(Clone)]
pub(crate) struct Screen {
    pub(crate) app: App,
    pub(crate) area: Rect,
}

impl Screen {
    /// Shows a fleet, with a colour of its own for each role.
    pub(crate) fn new(size: (u16, u16), fleet: Snapshot) -> Self {
        Self::with(
            Settings {
                theme: theme(),
                ..Settings::default()
            },
            size,
            fleet,
        )
    }

    pub(crate) fn with(settings: Settings, (width, height): (u16, u16), fleet: Snapshot) -> Self {
        let mut app = App::new(settings);
        app.update(Event::Resize(width, height));
        app.update(Event::Snapshot(Arc::new(with_groups(fleet))));
        Self {
            app,
            area: Rect::new(0, 0, width, height),
        }
    }

    /// Types keys, each between spaces; what they wish done.
    pub(crate) fn keys(&mut self, keys: &str) -> Vec<Effect> {
        let keys = keys.split_whitespace().map(|key| {
            let is_capital = key.len() == 1 && key.chars().all(|c| c.is_ascii_uppercase());
            let text = if is_capital {
                format!("shift-{key}")
            } else {
                key.to_owned()
            };
            crokey::parse(&text).unwrap()
        });
        keys.flat_map(|key| self.app.update(Event::Key(key)))
            .collect()
    }

    /// Types a text, letter by letter.
    pub(crate) fn text(&mut self, text: &str) {
        for c in text.chars() {
            let key = match c {
                ' ' => "space".to_owned(),
                '-' => "hyphen".to_owned(),
                c if c.is_ascii_uppercase() => format!("shift-{c}"),
                c => c.to_string(),
            };
            self.app.update(Event::Key(crokey::parse(&key).unwrap()));
        }
    }

    pub(crate) fn resize(&mut self, width: u16, height: u16) {
        self.app.update(Event::Resize(width, height));
        self.area = Rect::new(0, 0, width, height);
    }

    pub(crate) fn tick(&mut self, now: Millis) {
        self.app.update(Event::Tick(now));
    }

    pub(crate) fn draw(&self) -> Buffer {
        let mut buf = Buffer::empty(self.area);
        self.app.render(self.area, &mut buf);
        if self.app.ground().bg.is_some() {
            // The other half of a wide character is not drawn.
            let before = [" "]
                .into_iter()
                .chain(buf.content.iter().map(Cell::symbol));
            let mut cells = buf.content.iter().zip(before);
            let bare =
                cells.position(|(cell, before)| cell.bg == Color::Reset && before.width() < 2);
            assert_eq!(bare.map(|at| buf.pos_of(at)), None, "a cell without ground");
        }
        buf
    }

    /// The rows as text.
    pub(crate) fn rows(&self) -> Vec<String> {
        let buf = self.draw();
        let rows = buf.content.chunks(usize::from(self.area.width));
        rows.map(|row| row.iter().map(Cell::symbol).collect::<String>())
            .collect()
    }

    /// The rows as text, then the roles of each row's colours by run length.
    pub(crate) fn picture(&self) -> String {
        let names = names();
        let buf = self.draw();
        let mut text = String::new();
        let mut roles = String::new();
        for (y, row) in buf.content.chunks(usize::from(self.area.width)).enumerate() {
            let line: String = row.iter().map(Cell::symbol).collect();
            let _ = writeln!(text, "|{line}|");
            let _ = writeln!(roles, "{y:>2} {}", runs(row, &names));
        }
        format!("{text}\n{roles}")
    }
}

fn runs(row: &[Cell], names: &HashMap<Color, String>) -> String {
    let ground = |cell: &Cell| {
        let bg = names.get(&cell.bg).map(String::as_str);
        bg.filter(|bg| *bg != "ground")
            .map_or(String::new(), |bg| format!("@{bg}"))
    };
    let mut runs: Vec<(String, usize)> = Vec::new();
    for cell in row {
        let ground = ground(cell);
        let fg = names.get(&cell.fg).map_or("-", String::as_str);
        match runs.last_mut() {
            // The colour of a blank's ink isn't seen.
            Some((last, count))
                if cell.symbol() == " "
                    && last.ends_with(&ground)
                    && last.contains('@') != ground.is_empty() =>
            {
                *count += 1;
            }
            _ if cell.symbol() == " " => runs.push((ground, 1)),
            Some((last, count)) if *last == format!("{fg}{ground}") => *count += 1,
            _ => runs.push((format!("{fg}{ground}"), 1)),
        }
    }
    if runs.last().is_some_and(|(name, _)| name.is_empty()) {
        runs.pop();
    }
    let texts: Vec<String> = runs
        .iter()
        .map(|(name, count)| format!("{count}{name}"))
        .collect();
    texts.join(" ")
}

fn colour(n: usize) -> String {
    format!("#{n:02x}{:02x}80", 255 - n)
}

fn label(role: Role) -> String {
    let name = format!("{role:?}").to_lowercase();
    name.replace(['(', ')'], "")
}

/// A theme with another colour for each role.
pub(crate) fn theme() -> Theme {
    let mut yaml = include_str!("../../themes/tomorrow-night.yaml").to_owned();
    yaml.push_str("\nroles:\n");
    for (n, role) in Role::all().enumerate() {
        let name = match role {
            Role::BorderFocused => "border_focused".to_owned(),
            role => label(role),
        };
        let _ = writeln!(yaml, "  {name}: \"{}\"", colour(n));
    }
    Theme::parse("roles", &yaml).unwrap()
}

fn names() -> HashMap<Color, String> {
    let theme = theme();
    Role::all()
        .filter_map(|role| {
            let style = theme.style(role);
            let is_ground = matches!(
                role,
                Role::Ground | Role::Panel | Role::Selected | Role::Hit
            );
            Some((if is_ground { style.bg? } else { style.fg? }, label(role)))
        })
        .collect()
}

/// An inventory that knows the groups of the nodes.
pub(crate) fn with_groups(mut fleet: Snapshot) -> Snapshot {
    let mut inventory = Inventory::default();
    for state in &fleet.nodes {
        inventory.nodes.push(state.node.clone());
        for group in &state.node.groups {
            let members = inventory.groups.entry(group.clone()).or_default();
            members.push(state.node.id.clone());
        }
    }
    fleet.inventory = Arc::new(inventory);
    fleet
}
