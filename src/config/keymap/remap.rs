//! Keys of the user's own: the `keys:` part of config.yaml, checked and put over the table.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Serialize,
    de::{self, Deserializer, MapAccess, Visitor},
};

use super::{Action, KeyMap, Scope, spellings};

/// Keys by scope and action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Remaps(Once<Scope, Once<Action, Keys>>);

/// A mapping in which each key stands once: of two, one would be lost without a word.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Once<K, V>(BTreeMap<K, V>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, K, V> Deserialize<'de> for Once<K, V>
where
    K: Deserialize<'de> + Serialize + Ord,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

struct Entries<K, V>(PhantomData<(K, V)>);

impl<'de, K, V> Visitor<'de> for Entries<K, V>
where
    K: Deserialize<'de> + Serialize + Ord,
    V: Deserialize<'de>,
{
    type Value = Once<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(key) = map.next_key::<K>()? {
            if entries.contains_key(&key) {
                let reason = format!("`{}` is here twice", word(&key));
                return Err(de::Error::custom(reason));
            }
            entries.insert(key, map.next_value()?);
        }
        Ok(Once(entries))
    }
}

/// One key, or some.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
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
        for (scope, actions) in &remaps.0.0 {
            for (action, keys) in &actions.0 {
                let place = format!("keys: {}: {}", word(scope), word(action));
                check(*scope, keys.list()).map_err(|why| format!("{place}: {why}"))?;
                let row = rows
                    .iter_mut()
                    .find(|(of, row, _)| of == scope && row.action == *action);
                let Some((_, _, own)) = row else {
                    return Err(format!("{place}: there is no such action there"));
                };
                *own = keys.list().to_vec();
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
