//! Colours and effects of text, and the one escape sequence that sets them: SGR (ECMA-48 8.3.117, ITU-T T.416).

use std::fmt::Write;

/// Parameters beyond these are ignored, as xterm does.
const MAX_PARAMETERS: usize = 32;

/// The sequence that ends every style.
const RESET: &str = "\x1b[0m";

/// A colour as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Colour {
    /// One of the terminal's own sixteen, 0..=15.
    Ansi(u8),
    /// One of 256.
    Indexed(u8),
    /// 24-bit red, green, blue.
    Rgb(u8, u8, u8),
}

/// What can be done to text besides colouring it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// SGR 1.
    Bold,
    /// SGR 2.
    Dim,
    /// SGR 3.
    Italic,
    /// SGR 4, of any kind.
    Underline,
    /// SGR 7.
    Reverse,
}

/// A set of effects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Effects(u8);

/// How a piece of text looks; the default is the terminal's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Style {
    /// Foreground.
    pub fg: Option<Colour>,
    /// Background.
    pub bg: Option<Colour>,
    /// Bold and its like.
    pub effects: Effects,
}

impl Effect {
    /// Each effect and the parameter that sets it.
    pub const ALL: [(Self, u8); 5] = [
        (Self::Bold, 1),
        (Self::Dim, 2),
        (Self::Italic, 3),
        (Self::Underline, 4),
        (Self::Reverse, 7),
    ];
}

impl Effects {
    /// No effect.
    pub const NONE: Self = Self(0);

    /// Whether an effect is in it.
    pub fn has(self, effect: Effect) -> bool {
        self.0 & (1 << effect as u8) != 0
    }

    /// The set with this effect.
    #[must_use]
    pub fn with(self, effect: Effect) -> Self {
        Self(self.0 | 1 << effect as u8)
    }

    /// The set without this effect.
    #[must_use]
    pub fn without(self, effect: Effect) -> Self {
        Self(self.0 & !(1 << effect as u8))
    }
}

impl Style {
    /// True for the terminal's own look.
    pub fn is_default(self) -> bool {
        self == Self::default()
    }

    /// Changes the style as a sequence's parameters say (`1;38;5;196`); what it doesn't know changes nothing.
    pub(super) fn apply(&mut self, parameters: &str) {
        let mut rest = parameters.split(';').take(MAX_PARAMETERS);
        while let Some(parameter) = rest.next() {
            match parameter.split_once(':') {
                Some((first, subs)) => self.set_with_subs(first, subs),
                None => self.set(number(parameter), &mut rest),
            }
        }
    }

    fn set<'a>(&mut self, parameter: Option<u8>, rest: &mut impl Iterator<Item = &'a str>) {
        let Some(parameter) = parameter else { return };
        match parameter {
            38 => self.fg = extended(rest).or(self.fg),
            48 => self.bg = extended(rest).or(self.bg),
            // The colour of an underline, which isn't kept; its own parameters are no effects.
            58 => drop(extended(rest)),
            _ => self.set_simple(parameter),
        }
    }

    fn set_simple(&mut self, parameter: u8) {
        match parameter {
            0 => *self = Self::default(),
            1 => self.add(Effect::Bold),
            2 => self.add(Effect::Dim),
            3 => self.add(Effect::Italic),
            4 | 21 => self.add(Effect::Underline),
            7 => self.add(Effect::Reverse),
            22 => self.effects = self.effects.without(Effect::Bold).without(Effect::Dim),
            23 => self.remove(Effect::Italic),
            24 => self.remove(Effect::Underline),
            27 => self.remove(Effect::Reverse),
            30..=37 => self.fg = Some(Colour::Ansi(parameter - 30)),
            39 => self.fg = None,
            40..=47 => self.bg = Some(Colour::Ansi(parameter - 40)),
            49 => self.bg = None,
            90..=97 => self.fg = Some(Colour::Ansi(parameter - 90 + 8)),
            100..=107 => self.bg = Some(Colour::Ansi(parameter - 100 + 8)),
            _ => {}
        }
    }

    /// `4:3`, `38:5:196`, `38:2::1:2:3` (T.416 has a colour space before red) and `38:2:1:2:3`, which many write.
    fn set_with_subs(&mut self, first: &str, subs: &str) {
        let colour = || {
            let count = subs.split(':').count();
            let is_spaced = subs.starts_with("2:") && count > 4;
            extended(
                &mut subs
                    .split(':')
                    .enumerate()
                    .filter(|(at, _)| !(is_spaced && *at == 1))
                    .map(|(_, sub)| sub),
            )
        };
        match first {
            "4" if subs == "0" => self.remove(Effect::Underline),
            "4" => self.add(Effect::Underline),
            "38" => self.fg = colour().or(self.fg),
            "48" => self.bg = colour().or(self.bg),
            _ => {}
        }
    }

    fn add(&mut self, effect: Effect) {
        self.effects = self.effects.with(effect);
    }

    fn remove(&mut self, effect: Effect) {
        self.effects = self.effects.without(effect);
    }

    /// The sequence that turns any style into this one.
    pub(super) fn write(self, out: &mut String) {
        if self.is_default() {
            out.push_str(RESET);
            return;
        }
        out.push_str("\x1b[0");
        for (effect, parameter) in Effect::ALL {
            if self.effects.has(effect) {
                _ = write!(out, ";{parameter}");
            }
        }
        for (colour, ground) in [(self.fg, 30), (self.bg, 40)] {
            _ = match colour {
                None => Ok(()),
                Some(Colour::Ansi(n @ 0..=7)) => write!(out, ";{}", ground + n),
                Some(Colour::Ansi(n)) => write!(out, ";{}", ground + 60 + n % 8),
                Some(Colour::Indexed(n)) => write!(out, ";{};5;{n}", ground + 8),
                Some(Colour::Rgb(r, g, b)) => write!(out, ";{};2;{r};{g};{b}", ground + 8),
            };
        }
        out.push('m');
    }
}

/// What follows 38, 48 or 58.
fn extended<'a>(rest: &mut impl Iterator<Item = &'a str>) -> Option<Colour> {
    let mut next = || rest.next().and_then(number);
    match next()? {
        5 => next().map(Colour::Indexed),
        2 => Some(Colour::Rgb(next()?, next()?, next()?)),
        _ => None,
    }
}

/// A parameter; a missing one is 0.
fn number(text: &str) -> Option<u8> {
    if text.is_empty() {
        return Some(0);
    }
    text.parse().ok()
}
