//! From a scheme to the styles of all roles: the role table, and the repair of what could not be read or would mislead.

use ratatui::style::{Color, Modifier, Style};

use super::{
    Error, Theme,
    colour::Rgb,
    role::{COUNT, PLAIN, Role, STEPS},
    scheme::Scheme,
};

/// Least contrast of text on a ground (WCAG AA).
pub(super) const TEXT: f64 = 4.5;
/// Least contrast of colours that come with a glyph or are large (WCAG AA, non-text).
pub(super) const ACCENT: f64 = 3.0;
/// Most contrast of lines and empty bars: they must not shout.
pub(super) const LINE: f64 = 2.3;
const TRACK: f64 = 1.6;

/// Degrees of `OKLab` hue that a slot must lie in, to mean what it means everywhere.
const HUES: [(usize, &str, f64, f64); 4] = [
    (0x08, "red", 345.0, 50.0),
    (0x0A, "yellow", 55.0, 112.0),
    (0x0B, "green", 112.0, 180.0),
    (0x0D, "blue", 215.0, 295.0),
];

/// Fills every role.
pub(super) fn fill(name: &str, scheme: &Scheme) -> Result<Theme, Error> {
    let mut filler = Filler {
        scheme,
        ground: scheme.slot(0x00),
        repairs: Vec::new(),
    };
    let mut theme = Theme {
        name: name.to_owned(),
        light: scheme.light,
        styles: filler.styles(),
        repairs: filler.repairs,
    };
    override_roles(&mut theme, scheme)?;
    Ok(theme)
}

struct Filler<'a> {
    scheme: &'a Scheme,
    ground: Rgb,
    repairs: Vec<String>,
}

impl Filler<'_> {
    fn styles(&mut self) -> [Style; COUNT] {
        let text = self.readable("base05", self.scheme.slot(0x05), TEXT);
        let muted = self.muted(text);
        let [red, yellow, green, blue] =
            HUES.map(|(slot, hue, from, to)| self.hued(slot, hue, (from, to)));
        let cyan = self.accent(0x0C);
        let purple = self.accent(0x0E);
        let orange = self.accent(0x09);
        let selected = self.selected(text);
        let mut styles = [Style::new(); COUNT];
        for (role, _) in PLAIN {
            let style = match role {
                Role::Ground => self.ground_style(text),
                Role::Text => fg(text),
                Role::Strong => fg(self.strong(text)).add_modifier(Modifier::BOLD),
                Role::Muted | Role::Unknown => fg(muted),
                Role::Border => fg(self.line(LINE)),
                Role::Track => fg(self.line(TRACK)),
                Role::BorderFocused | Role::Accent => fg(blue),
                Role::Panel => bg(self.scheme.slot(0x01)),
                Role::Selected => bg(selected),
                Role::Ok => fg(green),
                Role::Warn => fg(yellow),
                Role::Critical => fg(red),
                Role::Info => fg(cyan),
                Role::Key => fg(orange),
                Role::Marked => fg(purple),
                _ => fg(self.ground).bg(yellow.into()),
            };
            set(&mut styles, role, style);
        }
        for step in 0..STEPS {
            let colour = gradient([green, yellow, red], step).readable_on(self.ground, ACCENT);
            set(&mut styles, Role::Gauge(step), fg(colour));
        }
        let series = [0x0D, 0x0E, 0x0C, 0x0B, 0x0A, 0x09, 0x08, 0x0F];
        for (n, slot) in (0..STEPS).zip(series) {
            let colour = self.scheme.slot(slot).readable_on(self.ground, ACCENT);
            set(&mut styles, Role::Series(n), fg(colour));
        }
        styles
    }

    fn ground_style(&self, text: Rgb) -> Style {
        if self.scheme.transparent {
            fg(text)
        } else {
            fg(text).bg(self.ground.into())
        }
    }

    /// The colour, or the nearest lightness of it that can be read on the ground.
    fn readable(&mut self, what: &str, colour: Rgb, bound: f64) -> Rgb {
        let fixed = colour.readable_on(self.ground, bound);
        if fixed != colour {
            let had = colour.contrast(self.ground);
            self.repairs.push(format!(
                "{what}: contrast {had:.1} is below {bound}, lightness changed"
            ));
        }
        fixed
    }

    fn accent(&mut self, slot: usize) -> Rgb {
        let colour = self.scheme.slot(slot);
        self.readable(&format!("base{slot:02X}"), colour, ACCENT)
    }

    /// An accent that must look like its meaning: the slot, or the nearest accent in the window, or the slot turned there.
    fn hued(&mut self, slot: usize, hue: &str, window: (f64, f64)) -> Rgb {
        let colour = self.scheme.slot(slot);
        if within(colour, window) {
            return self.accent(slot);
        }
        self.repairs.push(format!(
            "base{slot:02X}: is not {hue}, another took its place"
        ));
        let middle = middle(window);
        let nearest = self
            .scheme
            .accents()
            .filter(|c| within(*c, window))
            .min_by(|a, b| turn(a.hue(), middle).total_cmp(&turn(b.hue(), middle)));
        let colour = nearest.unwrap_or_else(|| colour.with_hue(middle));
        colour.readable_on(self.ground, ACCENT)
    }

    /// 04 where it can be read, else text mixed into the ground: 03 is below 3:1 in most schemes.
    fn muted(&mut self, text: Rgb) -> Rgb {
        let slot = self.scheme.slot(0x04);
        let contrast = slot.contrast(self.ground);
        if contrast >= ACCENT && contrast < 0.8 * text.contrast(self.ground) {
            return slot;
        }
        if contrast < ACCENT {
            self.repairs.push(format!(
                "base04: contrast {contrast:.1} is below 3, made from base05"
            ));
        }
        self.ground.mix(text, 0.62).readable_on(self.ground, ACCENT)
    }

    /// The greyest of 07, 06 and 05 that is stronger than text.
    fn strong(&self, text: Rgb) -> Rgb {
        [0x07, 0x06]
            .map(|slot| self.scheme.slot(slot))
            .into_iter()
            .find(|c| c.contrast(self.ground) > text.contrast(self.ground) && c.chroma() < 0.06)
            .unwrap_or(text)
    }

    /// A grey of the scheme that is seen and doesn't shout.
    fn line(&self, most: f64) -> Rgb {
        let least = 1.0 + (most - 1.0) * 0.6;
        self.scheme
            .slot(0x03)
            .quiet_on(self.ground, most)
            .readable_on(self.ground, least)
    }

    /// 02, moved towards the ground until text on it can be read.
    fn selected(&mut self, text: Rgb) -> Rgb {
        let slot = self.scheme.slot(0x02);
        let fixed = (0..=10)
            .map(|n| slot.mix(self.ground, f64::from(n) / 10.0))
            .find(|c| c.contrast(text) >= TEXT)
            .unwrap_or(self.ground);
        if fixed != slot {
            self.repairs
                .push("base02: text on it had too little contrast, moved to base00".to_owned());
        }
        fixed
    }
}

/// Colours that the file gives by name: backgrounds for grounds, foregrounds for the rest.
fn override_roles(theme: &mut Theme, scheme: &Scheme) -> Result<(), Error> {
    for (name, colour) in &scheme.roles {
        let Some(role) = named(name) else {
            let known: Vec<&str> = PLAIN.iter().map(|(_, name)| *name).collect();
            return Err(Error::Bad {
                name: theme.name.clone(),
                reason: format!(
                    "roles: `{name}` is no role; there are {}, gauge0..gauge7, series0..series7",
                    known.join(", ")
                ),
            });
        };
        let colour = Color::from(*colour);
        let style = theme.style(role);
        let is_ground = matches!(
            role,
            Role::Ground | Role::Panel | Role::Selected | Role::Hit
        );
        let style = if is_ground {
            style.bg(colour)
        } else {
            style.fg(colour)
        };
        set(&mut theme.styles, role, style);
    }
    Ok(())
}

fn named(name: &str) -> Option<Role> {
    let step = |prefix: &str| -> Option<u8> {
        let n = name.strip_prefix(prefix)?.parse().ok()?;
        (n < STEPS).then_some(n)
    };
    PLAIN
        .iter()
        .find(|(_, known)| *known == name)
        .map(|(role, _)| *role)
        .or_else(|| step("gauge").map(Role::Gauge))
        .or_else(|| step("series").map(Role::Series))
}

fn set(styles: &mut [Style; COUNT], role: Role, style: Style) {
    if let Some(slot) = styles.get_mut(role.index()) {
        *slot = style;
    }
}

fn fg(colour: Rgb) -> Style {
    Style::new().fg(colour.into())
}

fn bg(colour: Rgb) -> Style {
    Style::new().bg(colour.into())
}

fn gradient([low, middle, high]: [Rgb; 3], step: u8) -> Rgb {
    let share = f64::from(step) / f64::from(STEPS - 1) * 2.0;
    if share <= 1.0 {
        low.mix(middle, share)
    } else {
        middle.mix(high, share - 1.0)
    }
}

fn within(colour: Rgb, (from, to): (f64, f64)) -> bool {
    let width = (to - from).rem_euclid(360.0);
    colour.chroma() >= 0.03 && (colour.hue() - from).rem_euclid(360.0) <= width
}

fn middle((from, to): (f64, f64)) -> f64 {
    (from + (to - from).rem_euclid(360.0) / 2.0).rem_euclid(360.0)
}

fn turn(a: f64, b: f64) -> f64 {
    let apart = (a - b).rem_euclid(360.0);
    apart.min(360.0 - apart)
}
