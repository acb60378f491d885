//! The themes without a file: the terminal's own sixteen colours on its own ground, and no colour at all.

use ratatui::style::{Color, Modifier, Style};

use super::{
    Theme,
    role::{COUNT, Role},
};

/// The sixteen ANSI names; right on light and on dark, since both come from the terminal.
pub(super) fn terminal() -> Theme {
    theme("terminal", |role| {
        let style = Style::new();
        match role {
            Role::Ground | Role::Text | Role::Panel => style,
            Role::Strong => style.add_modifier(Modifier::BOLD),
            Role::Muted | Role::Border | Role::Unknown | Role::Track => style.fg(Color::DarkGray),
            Role::BorderFocused | Role::Accent => style.fg(Color::Blue),
            Role::Selected => style.add_modifier(Modifier::REVERSED),
            Role::Ok | Role::Gauge(0..=3) => style.fg(Color::Green),
            Role::Warn | Role::Gauge(4..=6) => style.fg(Color::Yellow),
            Role::Critical => style.fg(Color::Red).add_modifier(Modifier::BOLD),
            Role::Info => style.fg(Color::Cyan),
            Role::Key | Role::Marked => style.fg(Color::Magenta),
            Role::Hit => style.fg(Color::Black).bg(Color::Yellow),
            Role::Gauge(_) => style.fg(Color::Red),
            Role::Series(n) => style.fg(SERIES.get(usize::from(n)).copied().unwrap_or_default()),
        }
    })
}

const SERIES: [Color; 8] = [
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Green,
    Color::Yellow,
    Color::Red,
    Color::LightBlue,
    Color::LightMagenta,
];

/// Bold, dim, underlined and reversed; every state has its glyph anyway.
pub(super) fn mono() -> Theme {
    theme("mono", |role| {
        let modifier = match role {
            Role::Strong | Role::Warn | Role::Accent | Role::Marked | Role::BorderFocused => {
                Modifier::BOLD
            }
            // Not reversed: of a bar or a graph that would be the picture's negative.
            Role::Gauge(4..=6) => Modifier::BOLD,
            Role::Gauge(7..) => Modifier::BOLD.union(Modifier::UNDERLINED),
            Role::Key => Modifier::UNDERLINED,
            Role::Muted | Role::Border | Role::Unknown | Role::Track => Modifier::DIM,
            Role::Selected => Modifier::REVERSED,
            Role::Critical | Role::Hit => Modifier::BOLD.union(Modifier::REVERSED),
            _ => Modifier::empty(),
        };
        Style::new().add_modifier(modifier)
    })
}

fn theme(name: &str, style: impl Fn(Role) -> Style) -> Theme {
    let mut styles = [Style::new(); COUNT];
    for (slot, role) in styles.iter_mut().zip(Role::all()) {
        *slot = style(role);
    }
    Theme {
        name: name.to_owned(),
        light: false,
        repairs: Vec::new(),
        styles,
    }
}
