//! Colour arithmetic: sRGB, WCAG contrast, and `OKLab` for lightness and hue that the eye agrees with.

use ratatui::style::Color;

/// A 24-bit sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

/// A colour in `OKLab` (Ottosson 2020): lightness 0..=1, green-red, blue-yellow.
#[derive(Clone, Copy, Debug)]
struct Lab {
    l: f64,
    a: f64,
    b: f64,
}

impl From<Rgb> for Color {
    fn from(Rgb(r, g, b): Rgb) -> Self {
        Self::Rgb(r, g, b)
    }
}

impl Rgb {
    /// Reads `#rrggbb`, with or without the `#`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix('#').unwrap_or(text);
        if hex.len() != 6 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let n = u32::from_str_radix(hex, 16).ok()?;
        Some(Self((n >> 16) as u8, (n >> 8) as u8, n as u8))
    }

    /// WCAG 2.2 relative luminance, 0..=1.
    pub(crate) fn luminance(self) -> f64 {
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// WCAG 2.2 contrast ratio, 1..=21.
    pub(crate) fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Hue in `OKLab`, 0..360 degrees: red about 20, yellow 90, green 140, blue 260.
    pub(crate) fn hue(self) -> f64 {
        let lab = Lab::from(self);
        lab.b.atan2(lab.a).to_degrees().rem_euclid(360.0)
    }

    /// Colourfulness in `OKLab`; greys are below 0.03.
    pub(crate) fn chroma(self) -> f64 {
        let lab = Lab::from(self);
        lab.a.hypot(lab.b)
    }

    /// `share` of the way to `other`, in `OKLab`.
    pub(crate) fn mix(self, other: Self, share: f64) -> Self {
        let (x, y) = (Lab::from(self), Lab::from(other));
        let between = |from: f64, to: f64| from + (to - from) * share;
        Self::from(Lab {
            l: between(x.l, y.l),
            a: between(x.a, y.a),
            b: between(x.b, y.b),
        })
    }

    /// The same lightness and colourfulness at another hue.
    pub(crate) fn with_hue(self, degrees: f64) -> Self {
        let lab = Lab::from(self);
        let (sin, cos) = degrees.to_radians().sin_cos();
        let chroma = lab.a.hypot(lab.b).max(0.1);
        Self::from(Lab {
            l: lab.l,
            a: chroma * cos,
            b: chroma * sin,
        })
    }

    /// The nearest lightness at which the contrast to `ground` is at least `bound`; unchanged when it already is.
    pub(crate) fn readable_on(self, ground: Self, bound: f64) -> Self {
        let step = if ground.luminance() > 0.18 {
            -0.01
        } else {
            0.01
        };
        let lab = Lab::from(self);
        (0..=100)
            .map(|n| Self::from(lab.lighter(f64::from(n) * step)))
            .find(|colour| colour.contrast(ground) >= bound)
            .unwrap_or(if step < 0.0 {
                Self(0, 0, 0)
            } else {
                Self(255, 255, 255)
            })
    }

    /// Mixed into `ground` until the contrast to it is at most `bound`; unchanged when it already is.
    pub(crate) fn quiet_on(self, ground: Self, bound: f64) -> Self {
        (0..=50)
            .map(|n| self.mix(ground, f64::from(n) / 50.0))
            .find(|colour| colour.contrast(ground) <= bound)
            .unwrap_or(ground)
    }
}

impl Lab {
    fn lighter(self, by: f64) -> Self {
        Self {
            l: (self.l + by).clamp(0.0, 1.0),
            ..self
        }
    }
}

fn linear(channel: u8) -> f64 {
    let c = f64::from(channel) / 255.0;
    if c <= 0.04045 {
        c / 12.92
    } else {
        ((c + 0.055) / 1.055).powf(2.4)
    }
}

fn encoded(c: f64) -> u8 {
    let c = c.clamp(0.0, 1.0);
    let s = if c <= 0.003_130_8 {
        c * 12.92
    } else {
        1.055 * c.powf(1.0 / 2.4) - 0.055
    };
    (s * 255.0).round() as u8
}

/// Matrices from <https://bottosson.github.io/posts/oklab/>.
impl From<Rgb> for Lab {
    fn from(rgb: Rgb) -> Self {
        let (red, green, blue) = (linear(rgb.0), linear(rgb.1), linear(rgb.2));
        let l = (0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue).cbrt();
        let m = (0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue).cbrt();
        let s = (0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue).cbrt();
        Self {
            l: 0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
            a: 1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
            b: 0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
        }
    }
}

impl From<Lab> for Rgb {
    fn from(lab: Lab) -> Self {
        let l = (lab.l + 0.396_337_777_4 * lab.a + 0.215_803_757_3 * lab.b).powi(3);
        let m = (lab.l - 0.105_561_345_8 * lab.a - 0.063_854_172_8 * lab.b).powi(3);
        let s = (lab.l - 0.089_484_177_5 * lab.a - 1.291_485_548_0 * lab.b).powi(3);
        Self(
            encoded(4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s),
            encoded(-1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s),
            encoded(-0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((Rgb(0, 0, 0).contrast(Rgb(255, 255, 255)) - 21.0).abs() < 1e-9);
        // #767676 on white is the grey that is known to just pass AA.
        assert!((Rgb(0x76, 0x76, 0x76).contrast(Rgb(255, 255, 255)) - 4.54).abs() < 0.01);
    }

    #[test]
    fn hues_fall_where_the_eye_has_them() {
        let hue = |hex| Rgb::parse(hex).unwrap().hue();
        assert!((hue("ff0000") - 29.2).abs() < 1.0);
        assert!((hue("00ff00") - 142.5).abs() < 1.0);
        assert!((hue("#0000ff") - 264.1).abs() < 1.0);
    }

    proptest! {
        #[test]
        fn oklab_returns_the_colour(r: u8, g: u8, b: u8) {
            prop_assert_eq!(Rgb::from(Lab::from(Rgb(r, g, b))), Rgb(r, g, b));
        }

        #[test]
        fn any_colour_can_be_made_readable(r: u8, g: u8, b: u8, dark in 0u8..60) {
            for ground in [Rgb(dark, dark, dark), Rgb(255 - dark, 255 - dark, 255 - dark)] {
                prop_assert!(Rgb(r, g, b).readable_on(ground, 4.5).contrast(ground) >= 4.5);
                prop_assert!(Rgb(r, g, b).quiet_on(ground, 2.0).contrast(ground) <= 2.0);
            }
        }

        #[test]
        fn hex_never_panics(text in ".{0,9}") {
            let _ = Rgb::parse(&text);
        }
    }
}
