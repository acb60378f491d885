//! Roles of colour, and themes that fill them.

use ratatui::style::Style;

/// What a colour means. Views name roles, never colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Ordinary text on the background.
    Text,
    /// What the eye should find first.
    Strong,
    /// Labels, units, hints. At least 3:1.
    Muted,
    /// Lines between things.
    Border,
    /// Lines around what has the focus.
    BorderFocused,
    /// A panel's ground.
    Panel,
    /// The row under the cursor.
    Selected,
    /// Well.
    Ok,
    /// A warning.
    Warn,
    /// Critical.
    Critical,
    /// A remark.
    Info,
    /// Not known, stale.
    Unknown,
    /// Titles, what can be acted on.
    Accent,
    /// Keys in hints.
    Key,
    /// A marked node.
    Marked,
    /// What a filter matched.
    Hit,
    /// Step 0..=7 of a gauge, from easy to full.
    Gauge(u8),
    /// One of 8 series colours.
    Series(u8),
}

/// How many colours a terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: bold, reverse and underline only (NO_COLOR).
    Mono,
    /// The 16 ANSI colours.
    Ansi16,
    /// The 256-colour cube.
    #[default]
    Ansi256,
    /// 24 bits.
    True,
}

/// A filled set of roles.
#[derive(Clone, Debug)]
pub struct Theme {
    /// As named on the command line.
    pub name: String,
    /// For a light background.
    pub light: bool,
}

impl Theme {
    /// The style of a role.
    pub fn style(&self, _role: Role) -> Style {
        Style::default()
    }
}
