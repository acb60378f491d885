//! config.yaml: what a person writes once for every run. Strict: what is not known is an error with its line.

use serde::Deserialize;

use super::keymap::Remaps;

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    /// Keys of the user's own.
    pub keys: Remaps,
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
            error.contains("unknown field `colour`") && error.contains("line 2"),
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
}
