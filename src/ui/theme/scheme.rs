//! A base16 or base24 scheme as its file has it: sixteen or twenty-four colours, and what sshoal adds to the format.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Error, colour::Rgb};

/// Slots 00..=0F of base16, 10..=17 of base24.
const SLOTS: usize = 24;

/// A scheme that was read and found whole.
#[derive(Clone, Debug)]
pub(crate) struct Scheme {
    /// Colours by slot; those of base24 are `None` in a base16 scheme.
    slots: [Option<Rgb>; SLOTS],
    /// For a light background.
    pub(crate) light: bool,
    /// Leave the terminal's own background.
    pub(crate) transparent: bool,
    /// Colours that the file gives to roles by name; they are taken as they are.
    pub(crate) roles: BTreeMap<String, Rgb>,
}

/// The file. Keys that other programs put there are none of our business.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    variant: Option<String>,
    palette: BTreeMap<String, String>,
    #[serde(default)]
    transparent: bool,
    #[serde(default)]
    roles: BTreeMap<String, String>,
}

impl Scheme {
    /// Reads the text of a scheme file; `name` is for errors.
    pub(crate) fn parse(name: &str, yaml: &str) -> Result<Self, Error> {
        let bad = |reason: String| Error::Bad {
            name: name.to_owned(),
            reason,
        };
        let file: File = serde_yaml::from_str(yaml).map_err(|e| bad(e.to_string()))?;
        let slots = read_palette(&file.palette).map_err(bad)?;
        let mut scheme = Self {
            slots,
            light: false,
            transparent: file.transparent,
            roles: BTreeMap::new(),
        };
        scheme.light = match file.variant.as_deref() {
            Some("light") => true,
            Some("dark") => false,
            _ => scheme.slot(0x00).luminance() > scheme.slot(0x05).luminance(),
        };
        for (role, colour) in &file.roles {
            let rgb = scheme.named(colour).ok_or_else(|| {
                bad(format!(
                    "roles: {role}: `{colour}` is neither a slot (base00..base0F) nor six hex digits"
                ))
            })?;
            scheme.roles.insert(role.clone(), rgb);
        }
        Ok(scheme)
    }

    /// The colour of a slot; black for one that is not in the scheme, which [`Scheme::parse`] rules out below 0x10.
    pub(crate) fn slot(&self, index: usize) -> Rgb {
        self.get(index).unwrap_or(Rgb(0, 0, 0))
    }

    /// The accents, 08..=0F and the bright ones of base24: where a role looks for a better colour.
    pub(crate) fn accents(&self) -> impl Iterator<Item = Rgb> + '_ {
        (0x08..=0x0F).chain(0x12..=0x17).filter_map(|i| self.get(i))
    }

    fn get(&self, index: usize) -> Option<Rgb> {
        self.slots.get(index).copied().flatten()
    }

    fn named(&self, text: &str) -> Option<Rgb> {
        match slot_index(text) {
            Some(index) => self.get(index),
            None => Rgb::parse(text),
        }
    }
}

fn slot_index(key: &str) -> Option<usize> {
    let digits = key.strip_prefix("base").filter(|d| d.len() == 2)?;
    usize::from_str_radix(digits, 16)
        .ok()
        .filter(|index| *index < SLOTS)
}

fn read_palette(palette: &BTreeMap<String, String>) -> Result<[Option<Rgb>; SLOTS], String> {
    let mut slots = [None; SLOTS];
    for (key, text) in palette {
        let colour =
            Rgb::parse(text).ok_or_else(|| format!("{key}: `{text}` is not six hex digits"))?;
        let slot = slot_index(key).and_then(|index| slots.get_mut(index));
        *slot.ok_or_else(|| format!("{key} is no slot: they run from base00 to base17"))? =
            Some(colour);
    }
    match slots.iter().take(16).position(Option::is_none) {
        Some(missing) => Err(format!("base{missing:02X} is missing")),
        None => Ok(slots),
    }
}
