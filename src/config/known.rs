//! A word of config.yaml that has to be one of some: of one that isn't, the error names the nearest.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

use crate::inventory::{nearest, quoted};

/// Reads a word by this function, so that what it says of a wrong one gets the word's line and column.
pub(super) struct Known<F>(pub(super) F);

impl<'de, T, F: Fn(&str) -> Result<T, String>> DeserializeSeed<'de> for Known<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<T, F: Fn(&str) -> Result<T, String>> Visitor<'_> for Known<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<T, E> {
        (self.0)(word).map_err(E::custom)
    }
}

/// Why a word is refused: what it may have meant, else all that there are. As hosts.yaml says it of its keys.
pub(super) fn unknown(what: &str, word: &str, (home, all): (&str, &[&str])) -> String {
    let shown = quoted(word);
    nearest(word, all.iter().copied()).map_or_else(
        || format!("unknown {what} {shown}; {home} has {}", all.join(", ")),
        |near| format!("unknown {what} {shown}; did you mean `{near}`?"),
    )
}

/// Why a word that was there is refused.
pub(super) fn twice(word: &str) -> String {
    format!("{} is here twice", quoted(word))
}
