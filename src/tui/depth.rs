//! How many colours this terminal shows, and the nearest colour that it can. Pure.

use ratatui::style::Color;

use crate::ui::theme::Depth;

/// What the person asked for with `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Look at the environment.
    #[default]
    Auto,
    /// Exactly this.
    Fixed(Depth),
}

/// The environment variables that speak of colours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'a> {
    /// `$NO_COLOR`
    pub no_color: Option<&'a str>,
    /// `$COLORTERM`
    pub colorterm: Option<&'a str>,
    /// `$TERM`
    pub term: Option<&'a str>,
}

/// The depth to draw with. `--color` wins over `NO_COLOR` (<https://no-color.org>), which counts when it is not empty.
pub fn detect(choice: Choice, hints: Hints<'_>) -> Depth {
    if let Choice::Fixed(depth) = choice {
        return depth;
    }
    if hints.no_color.is_some_and(|value| !value.is_empty()) {
        return Depth::Mono;
    }
    let by_name = by_name(hints.term.unwrap_or_default());
    let claims_24_bits = matches!(hints.colorterm, Some("truecolor" | "24bit"));
    if by_name > Depth::Mono && claims_24_bits && keeps_background(hints.term) {
        return Depth::True;
    }
    by_name
}

/// False where erased cells get the default background instead of the current one: GNU screen, whose name tmux borrows
/// (and which mangles 24-bit colours that the terminal around it announced).
pub fn keeps_background(term: Option<&str>) -> bool {
    !term.is_some_and(|name| name.starts_with("screen"))
}

fn by_name(term: &str) -> Depth {
    const TRUE: [&str; 6] = [
        "kitty",
        "alacritty",
        "foot",
        "wezterm",
        "ghostty",
        "contour",
    ];
    const MONO: [&str; 5] = ["", "dumb", "unknown", "vt100", "vt220"];
    if MONO.contains(&term) {
        Depth::Mono
    } else if term.ends_with("-direct") || TRUE.iter().any(|name| term.contains(name)) {
        Depth::True
    } else if term.contains("256color") || term == "xterm" {
        Depth::Ansi256
    } else {
        Depth::Ansi16
    }
}

/// A colour as it is written, in 26 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ink(u32);

/// What an [`Ink`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shade {
    /// The terminal's own.
    Own,
    /// One of the 16.
    Ansi(u8),
    /// One of the 256.
    Index(u8),
    /// 24 bits.
    Rgb(u8, u8, u8),
}

impl Ink {
    /// The terminal's own colour.
    pub(crate) const OWN: Self = Self(0);
    /// How many bits one takes.
    pub(crate) const BITS: u32 = 26;

    /// Only as many of these bits as an ink has.
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self((bits & ((1 << Self::BITS) - 1)) as u32)
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0 as u64
    }

    pub(crate) const fn shade(self) -> Shade {
        let [kind, r, g, b] = self.0.to_be_bytes();
        match kind {
            0 => Shade::Own,
            1 => Shade::Ansi(b),
            2 => Shade::Index(b),
            _ => Shade::Rgb(r, g, b),
        }
    }

    const fn ansi(number: u8) -> Self {
        Self(u32::from_be_bytes([1, 0, 0, number]))
    }

    const fn index(number: u8) -> Self {
        Self(u32::from_be_bytes([2, 0, 0, number]))
    }

    const fn rgb([r, g, b]: [u8; 3]) -> Self {
        Self(u32::from_be_bytes([3, r, g, b]))
    }

    /// The nearest one that this depth can show.
    pub(crate) fn lower(self, depth: Depth) -> Self {
        match (depth, self.shade()) {
            (Depth::Mono, _) => Self::OWN,
            (Depth::Ansi16, Shade::Index(index @ 0..16)) => Self::ansi(index),
            (Depth::Ansi16, Shade::Index(index)) => Self::ansi(nearest_16(palette(index))),
            (Depth::Ansi16, Shade::Rgb(r, g, b)) => Self::ansi(nearest_16([r, g, b])),
            (Depth::Ansi256, Shade::Rgb(r, g, b)) => Self::index(nearest_256([r, g, b])),
            _ => self,
        }
    }
}

impl From<Color> for Ink {
    fn from(color: Color) -> Self {
        match color {
            Color::Reset => Self::OWN,
            Color::Rgb(r, g, b) => Self::rgb([r, g, b]),
            Color::Indexed(index) => Self::index(index),
            named => Self::ansi(number(named)),
        }
    }
}

/// Levels of one channel of the 6x6x6 cube, as xterm's 256colres.h has them.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The nearest of colours 16-255; the first 16 are the person's own and may be anything.
fn nearest_256(rgb: [u8; 3]) -> u8 {
    let level = |part: u8| match part {
        0..48 => 0,
        48..115 => 1,
        _ => (part - 35) / 40,
    };
    let [r, g, b] = rgb.map(level);
    let cube = 16 + 36 * r + 6 * g + b;
    let sum: u32 = rgb.iter().map(|part| u32::from(*part)).sum();
    let gray = 232 + ((sum / 3).saturating_sub(3) / 10).min(23) as u8;
    if distance(rgb, palette(gray)) < distance(rgb, palette(cube)) {
        gray
    } else {
        cube
    }
}

/// The nearest of the 16 by hue, not by distance: by distance every soft red or blue of a theme would become grey.
fn nearest_16(rgb: [u8; 3]) -> u8 {
    let [r, g, b] = rgb.map(i32::from);
    let (high, low) = (r.max(g).max(b), r.min(g).min(b));
    let spread = high - low;
    if spread * 5 < high || spread < 24 {
        return match i32::midpoint(high, low) {
            0..64 => 0,
            64..160 => 8,
            160..224 => 7,
            _ => 15,
        };
    }
    let hue = match high {
        _ if high == r => (60 * (g - b) / spread + 360) % 360,
        _ if high == g => 60 * (b - r) / spread + 120,
        _ => 60 * (r - g) / spread + 240,
    };
    // The greens of several schemes are yellowish (60-70) but darker than any yellow.
    let base = match hue {
        25..=60 => 3,
        61..70 if high > 225 => 3,
        61..165 => 2,
        165..200 => 6,
        200..262 => 4,
        262..335 => 5,
        _ => 1,
    };
    if high < 70 { 0 } else { base }
}

/// The number of a named colour.
fn number(named: Color) -> u8 {
    match named {
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        _ => 0,
    }
}

/// What xterm shows for an index.
fn palette(index: u8) -> [u8; 3] {
    let level = |at: u8| LEVELS.get(usize::from(at)).copied().unwrap_or_default();
    match index {
        0..7 | 9..16 => {
            let strong = if index < 8 { 205 } else { 255 };
            [1, 2, 4].map(|bit| if index & bit == 0 { 0 } else { strong })
        }
        7 => [229; 3],
        8 => [127; 3],
        16..232 => {
            let cube = index - 16;
            [level(cube / 36), level(cube / 6 % 6), level(cube % 6)]
        }
        232.. => [8 + 10 * (index - 232); 3],
    }
}

fn distance(one: [u8; 3], other: [u8; 3]) -> u32 {
    one.iter()
        .zip(other)
        .map(|(a, b)| u32::from(a.abs_diff(b)).pow(2))
        .sum()
}

#[cfg(test)]
#[path = "depth_tests.rs"]
mod tests;
