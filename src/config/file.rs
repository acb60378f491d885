//! config.yaml: what a person writes once for every run. Strict: what is not known is an error with its line.

use std::fmt;

use serde::{
    Deserialize,
    de::{Deserializer, Error as _, MapAccess, Visitor},
};

use super::{
    keymap::Remaps,
    known::{Known, twice, unknown},
};

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Keys of the user's own.
    pub keys: Remaps,
}

impl<'de> Deserialize<'de> for File {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Parts)
    }
}

/// Reads its parts.
struct Parts;

impl<'de> Visitor<'de> for Parts {
    type Value = File;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<File, A::Error> {
        let mut keys = None;
        while map.next_key_seed(Known(part))?.is_some() {
            if keys.is_some() {
                return Err(A::Error::custom(twice(KEYS)));
            }
            keys = Some(map.next_value()?);
        }
        Ok(File {
            keys: keys.unwrap_or_default(),
        })
    }
}

const KEYS: &str = "keys";

fn part(word: &str) -> Result<(), String> {
    let known = (word == KEYS).then_some(());
    known.ok_or_else(|| unknown("key", word, ("the file", &[KEYS])))
}

impl File {
    /// Reads its text; an empty one says nothing.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: Option<Self> = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        Ok(file.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_says_nothing_and_an_unknown_part_is_an_error() {
        for text in ["", "# nothing\n", "keys: {}\n", "{}"] {
            assert_eq!(File::parse(text), Ok(File::default()), "{text}");
        }
        let error = File::parse("keys: {}\ncolour: red\n").unwrap_err();
        assert!(
            error.contains("unknown key `colour`") && error.contains("line 2"),
            "{error}"
        );
        for (text, twice) in [
            ("keys: {}\nkeys: {}\n", "keys"),
            ("keys:\n  fleet: {filter: x}\n  fleet: {quit: y}\n", "fleet"),
            ("keys:\n  fleet:\n    filter: x\n    filter: y\n", "filter"),
        ] {
            let error = File::parse(text).unwrap_err();
            assert!(error.contains(&format!("`{twice}`")), "{error}");
        }
        let error = File::parse("keys:\n  fleet: {fltr: x}\n").unwrap_err();
        assert!(
            error.contains("fltr") && error.contains("line 2"),
            "{error}"
        );
    }

    #[test]
    fn a_word_that_is_not_known_is_told_its_nearest() {
        for (text, said) in [
            ("kyes: {}", "unknown key `kyes`; did you mean `keys`?"),
            ("colour: red", "unknown key `colour`; the file has keys"),
            (
                "keys: {flet: {}}",
                "unknown view `flet`; did you mean `fleet`?",
            ),
            (
                "keys: {everywhere: {}}",
                "unknown view `everywhere`; keys has fleet, node, filter,",
            ),
            (
                "keys: {fleet: {fltr: x}}",
                "unknown action `fltr`; did you mean `filter`?",
            ),
            (
                "keys: {fleet: {only_faults: x}}",
                "unknown action `only_faults`; did you mean `only-faults`?",
            ),
            (
                "keys: {fleet: {promote: x}}",
                "`promote` is no action of fleet; it belongs to roll",
            ),
            (
                "keys: {columns: {whatever: x}}",
                "unknown action `whatever`; columns has help, palette, up,",
            ),
            ("keys: {\"a\\u001b[2J\": {}}", "unknown view `a\\u{1b}[2J`;"),
        ] {
            let error = File::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
