//! Keys of the user's own: the `keys:` part of config.yaml, checked and put over the table.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Serialize,
    de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor},
};

use super::{Action, KeyMap, Scope, bindings, spellings};
use crate::config::known::{Known, twice, unknown};

/// Keys by scope and action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remaps(BTreeMap<Scope, BTreeMap<Action, Keys>>);

impl<'de> Deserialize<'de> for Remaps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Views).map(Self)
    }
}

/// Reads the views, each of which stands once: of two, one would be lost without a word.
struct Views;

impl<'de> Visitor<'de> for Views {
    type Value = BTreeMap<Scope, BTreeMap<Action, Keys>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut views = BTreeMap::new();
        while let Some(scope) = map.next_key_seed(Known(scope))? {
            if views.contains_key(&scope) {
                return Err(A::Error::custom(twice(&word(&scope))));
            }
            views.insert(scope, map.next_value_seed(Actions(scope))?);
        }
        Ok(views)
    }
}

/// Reads the actions of a view, each of which stands once.
struct Actions(Scope);

impl<'de> DeserializeSeed<'de> for Actions {
    type Value = BTreeMap<Action, Keys>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Actions {
    type Value = BTreeMap<Action, Keys>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut actions = BTreeMap::new();
        while let Some(action) = map.next_key_seed(Known(|text: &str| action(self.0, text)))? {
            if actions.contains_key(&action) {
                return Err(A::Error::custom(twice(&word(&action))));
            }
            actions.insert(action, map.next_value()?);
        }
        Ok(actions)
    }
}

fn scope(text: &str) -> Result<Scope, String> {
    let known = Scope::ALL.into_iter().find(|scope| word(scope) == text);
    known.ok_or_else(|| {
        // Of the others the keys stay what they are.
        let open = Scope::ALL.into_iter().filter(|scope| !scope.is_fixed());
        let words: Vec<String> = open.map(|scope| word(&scope)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        unknown("view", text, ("keys", &words))
    })
}

fn action(scope: Scope, text: &str) -> Result<Action, String> {
    let named = |scope| bindings(scope).find(|row| word(&row.action) == text);
    if let Some(row) = named(scope) {
        return Ok(row.action);
    }
    let home = word(&scope);
    let homes = Scope::ALL
        .into_iter()
        .filter(|scope| named(*scope).is_some());
    let homes: Vec<String> = homes.map(|scope| word(&scope)).collect();
    if !homes.is_empty() {
        let homes = homes.join(", ");
        return Err(format!(
            "`{text}` is no action of {home}; it belongs to {homes}"
        ));
    }
    let mut words: Vec<String> = bindings(scope).map(|row| word(&row.action)).collect();
    words.dedup();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Err(unknown("action", text, (&home, &words)))
}

/// One key, or some.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected a key, or a list of keys")]
enum Keys {
    One(String),
    Some(Vec<String>),
}

impl Keys {
    fn list(&self) -> &[String] {
        match self {
            Self::One(key) => std::slice::from_ref(key),
            Self::Some(keys) => keys,
        }
    }
}

/// The word for a scope or an action, as it is written in the file.
pub(super) fn word(of: &impl Serialize) -> String {
    let word = serde_json::to_value(of).ok();
    word.and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

impl KeyMap {
    /// The table with these keys over it; or what is wrong with them.
    pub fn remapped(remaps: &Remaps) -> Result<Self, String> {
        let mut rows = Self::default().rows;
        for (scope, actions) in &remaps.0 {
            for (action, keys) in actions {
                let place = format!("keys: {}: {}", word(scope), word(action));
                check(*scope, keys.list()).map_err(|why| format!("{place}: {why}"))?;
                let row = rows
                    .iter_mut()
                    .find(|(of, row, _)| of == scope && row.action == *action);
                // It is there: only what the scope has was read.
                if let Some((_, _, own)) = row {
                    *own = keys.list().to_vec();
                }
            }
        }
        let map = Self::of(rows);
        map.clash().map_or(Ok(map), Err)
    }

    /// A key that means two things where both would be heard.
    fn clash(&self) -> Option<String> {
        for scope in Scope::ALL {
            let anywhere = self
                .rows(Scope::Anywhere)
                .filter(|_| scope != Scope::Anywhere);
            let mut seen = BTreeMap::new();
            for (row, keys) in self.rows(scope).chain(anywhere) {
                for key in keys {
                    // One key may be written in two ways: as it is shown decides.
                    for spelling in spellings(key) {
                        let other = seen.insert(spelling.to_string(), row.action);
                        if let Some(other) = other.filter(|other| *other != row.action) {
                            let (scope, one, two) = (word(&scope), word(&other), word(&row.action));
                            return Some(format!(
                                "keys: {scope}: `{key}` is a key of both {one} and {two}; give one of them another"
                            ));
                        }
                    }
                }
            }
        }
        None
    }
}

fn check(scope: Scope, keys: &[String]) -> Result<(), String> {
    if scope.is_fixed() {
        return Err("the keys of a question stay what they are".to_owned());
    }
    if keys.is_empty() {
        return Err("at least one key is needed".to_owned());
    }
    for key in keys {
        if spellings(key).is_empty() {
            return Err(format!(
                "{key:?} is no key; write g, G, ctrl-r, pageup or f1"
            ));
        }
        let bare = key.strip_prefix("shift-").unwrap_or(key);
        let is_text = bare.chars().count() == 1 || bare == "space";
        if is_text && (scope == Scope::Anywhere || scope.is_text()) {
            return Err(format!(
                "`{key}` is text there; write ctrl-{bare} or a key without a letter"
            ));
        }
    }
    Ok(())
}
