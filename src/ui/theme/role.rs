//! What a colour can mean, and how many colours a terminal can show.

/// What a colour means. Views name roles, never colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The screen before anything is drawn on it: background and text.
    Ground,
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
    /// The empty part of a bar.
    Track,
    /// Step 0..=7 of a gauge, from easy to full.
    Gauge(u8),
    /// One of 8 series colours.
    Series(u8),
}

/// The colours of kinds of resource, the same on every screen.
impl Role {
    /// Processors: load, use, pressure on them.
    pub const CPU: Self = Self::Series(0);
    /// Memory and swap.
    pub const MEMORY: Self = Self::Series(1);
    /// Disks.
    pub const DISK: Self = Self::Series(2);
    /// GPUs.
    pub const GPU: Self = Self::Series(3);
    /// Network.
    pub const NET: Self = Self::Series(0);
}

/// Roles without a step, in the order of [`Role`], with their names in a theme file.
pub(super) const PLAIN: [(Role, &str); 18] = [
    (Role::Ground, "ground"),
    (Role::Text, "text"),
    (Role::Strong, "strong"),
    (Role::Muted, "muted"),
    (Role::Border, "border"),
    (Role::BorderFocused, "border_focused"),
    (Role::Panel, "panel"),
    (Role::Selected, "selected"),
    (Role::Ok, "ok"),
    (Role::Warn, "warn"),
    (Role::Critical, "critical"),
    (Role::Info, "info"),
    (Role::Unknown, "unknown"),
    (Role::Accent, "accent"),
    (Role::Key, "key"),
    (Role::Marked, "marked"),
    (Role::Hit, "hit"),
    (Role::Track, "track"),
];

/// Steps of the gauge, and of the series.
pub(crate) const STEPS: u8 = 8;

/// Styles that a theme holds.
pub(super) const COUNT: usize = PLAIN.len() + 2 * STEPS as usize;

impl Role {
    /// The gauge step of a share of the whole, in percent.
    pub fn gauge(percent: f64) -> Self {
        let step = (percent.clamp(0.0, 100.0) * f64::from(STEPS) / 100.0) as u8;
        Self::Gauge(step.min(STEPS - 1))
    }

    /// `calm` until a share of the whole, in percent, is high enough to be looked at; then ever hotter steps of the gauge.
    #[must_use]
    pub fn heat(percent: f64, calm: Self) -> Self {
        match percent {
            p if p >= 95.0 => Self::Gauge(7),
            p if p >= 90.0 => Self::Gauge(6),
            p if p >= 85.0 => Self::Gauge(5),
            p if p >= 80.0 => Self::Gauge(4),
            _ => calm,
        }
    }

    /// Every role.
    pub fn all() -> impl Iterator<Item = Self> {
        PLAIN
            .iter()
            .map(|(role, _)| *role)
            .chain((0..STEPS).map(Self::Gauge))
            .chain((0..STEPS).map(Self::Series))
    }

    /// Its place in a theme's table.
    pub(super) fn index(self) -> usize {
        let steps = usize::from(STEPS);
        match self {
            Self::Gauge(step) => PLAIN.len() + usize::from(step).min(steps - 1),
            Self::Series(n) => PLAIN.len() + steps + usize::from(n) % steps,
            plain => PLAIN
                .iter()
                .position(|(role, _)| *role == plain)
                .unwrap_or(0),
        }
    }
}

/// How many colours a terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: bold, reverse and underline only (`NO_COLOR`).
    Mono,
    /// The 16 ANSI colours.
    Ansi16,
    /// The 256-colour cube.
    #[default]
    Ansi256,
    /// 24 bits.
    True,
}
