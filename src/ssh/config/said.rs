//! What was said of one name, key by key, in the form that `ssh -G` prints.

use std::collections::BTreeMap;

use super::keys;

/// The key under which ssh says what `%C` is, as it was asked to.
pub(super) const HASH: &str = "controlpath";

/// What is asked: a name, and what hosts.yaml says of it, which comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::ssh) struct Asked {
    pub(in crate::ssh) name: String,
    /// An address that isn't the name.
    pub(in crate::ssh) address: Option<String>,
    pub(in crate::ssh) user: Option<String>,
    pub(in crate::ssh) port: Option<u16>,
}

/// The values of the keys that count here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::ssh) struct Said(pub(super) BTreeMap<String, Vec<String>>);

impl Said {
    /// Of the output of `ssh -G`.
    pub(super) fn parse(output: &str) -> Self {
        let mut said = Self::default();
        for line in output.lines() {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            if !keys::is_obeyed(key) && key != HASH {
                continue;
            }
            let values = said.0.entry(key.to_owned()).or_default();
            match key {
                "userknownhostsfile" | "globalknownhostsfile" => {
                    values.extend(value.split_whitespace().map(str::to_owned));
                }
                _ => values.push(value.to_owned()),
            }
        }
        said
    }

    /// Takes out the lists of algorithms that are ssh's own: those that no line names.
    pub(super) fn keep_lists(&mut self, named: &[&str]) {
        let own = keys::LISTS.iter().filter(|key| !named.contains(key));
        for key in own {
            self.0.remove(*key);
        }
    }

    /// The lines that `parse` reads back.
    pub(super) fn lines(&self) -> Vec<String> {
        let lines = self
            .0
            .iter()
            .flat_map(|(key, values)| values.iter().map(move |value| format!("{key} {value}")));
        lines.collect()
    }

    /// The first value of a key.
    pub(super) fn one(&self, key: &str) -> Option<&str> {
        self.all(key).first().map(String::as_str)
    }

    /// All values of a key.
    pub(super) fn all(&self, key: &str) -> &[String] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }
}
