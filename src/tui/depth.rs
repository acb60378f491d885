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

/// Lowers colours to a depth; remembers the last ones, as a frame holds few.
#[derive(Clone, Debug)]
pub(crate) struct Lower {
    depth: Depth,
    seen: [(Color, Color); SLOTS],
}

const SLOTS: usize = 64;

impl Lower {
    pub(crate) fn new(depth: Depth) -> Self {
        Self {
            depth,
            seen: [(Color::Reset, Color::Reset); SLOTS],
        }
    }

    /// The nearest colour that this depth can show.
    pub(crate) fn color(&mut self, color: Color) -> Color {
        match (self.depth, color) {
            (_, Color::Reset) | (Depth::Mono, _) => Color::Reset,
            (Depth::True, _) | (Depth::Ansi256, Color::Indexed(_)) => color,
            (_, Color::Rgb(r, g, b)) => self.remembered(color, [r, g, b]),
            (_, Color::Indexed(index)) => self.remembered(color, palette(index)),
            _ => color,
        }
    }

    fn remembered(&mut self, color: Color, rgb: [u8; 3]) -> Color {
        let hash = rgb.iter().fold(0_usize, |sum, part| {
            sum.wrapping_mul(31) + usize::from(*part)
        });
        let depth = self.depth;
        let Some(slot) = self.seen.get_mut(hash % SLOTS) else {
            return color;
        };
        if slot.0 != color {
            *slot = (color, nearest(depth, color, rgb));
        }
        slot.1
    }
}

fn nearest(depth: Depth, color: Color, rgb: [u8; 3]) -> Color {
    match (depth, color) {
        (Depth::Ansi256, _) => Color::Indexed(nearest_256(rgb)),
        (_, Color::Indexed(index @ 0..16)) => ansi(index),
        _ => ansi(nearest_16(rgb)),
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
        return match (high + low) / 2 {
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

fn ansi(index: u8) -> Color {
    const NAMED: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    NAMED
        .get(usize::from(index))
        .copied()
        .unwrap_or(Color::Reset)
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
