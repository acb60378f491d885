//! YAML text to a tree that knows its keys and positions: strict, with no key twice.
//!
//! The YAML crate keeps its events to itself, so positions come from two places: a scalar that is written plainly is
//! borrowed from the text, and its address there is its offset; everything else fails inside a visitor, and the crate
//! adds the position of the event that it was at.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::HashMap,
    fmt,
};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{
    fault::Fault,
    frame::Lines,
    keys::{Kind, Scope, nearest},
    rules,
    scalar::{self, quoted},
    syntax,
    tree::{Field, Spot, Tree},
    zip,
};

/// Values that aliases may add; without aliases, a value takes at least one byte of the file.
const ALIAS_VALUES: usize = 50_000;

/// Reads a whole file, which has passed the checks of `scan`.
pub(super) fn parse(text: &str) -> Result<Tree<'_>, Fault> {
    let reader = Reader {
        text,
        values: Cell::new(0),
        wanted: Cell::new(Kind::Map(Scope::File)),
        fault: RefCell::new(None),
    };
    let root = Seed {
        reader: &reader,
        kind: Kind::Map(Scope::File),
        in_hosts: false,
        zipped: false,
        near: 0,
    };
    match root.deserialize(serde_yaml::Deserializer::from_str(text)) {
        Ok(Tree::Null) => Err(Fault::at(0, 1, EMPTY)),
        Ok(tree) => Ok(tree),
        Err(error) => Err(reader.explain(&error)),
    }
}

const EMPTY: &str = "the file is empty; the smallest useful one is `hosts: {web1: {}}`";

/// What all seeds of one file share.
struct Reader<'a> {
    text: &'a str,
    values: Cell<usize>,
    /// What the scalar that is being read has to be, for an error that the crate raises by itself.
    wanted: Cell<Kind>,
    fault: RefCell<Option<Fault>>,
}

impl<'a> Reader<'a> {
    /// Keeps the fault aside and gives the crate an error to carry out; the crate knows the position.
    fn refuse<E: de::Error>(&self, fault: Fault) -> E {
        let error = E::custom(&fault.reason);
        self.fault.borrow_mut().get_or_insert(fault);
        error
    }

    fn borrowed(&self, text: &'a str) -> Spot<'a> {
        let at = text.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        Spot {
            text: Cow::Borrowed(text),
            at: at.min(self.text.len()),
        }
    }

    /// True where the text before the offset opens a quote: quoted text is never null.
    fn is_quoted(&self, at: usize) -> bool {
        let before = self.text.get(..at).unwrap_or("");
        before.ends_with(['"', '\''])
    }

    fn count<E: de::Error>(&self) -> Result<(), E> {
        self.values.set(self.values.get() + 1);
        if self.values.get() <= self.text.len() + ALIAS_VALUES {
            return Ok(());
        }
        Err(self.refuse(Fault::somewhere(
            "the file holds too many values once its aliases are expanded",
        )))
    }

    fn explain(&self, error: &serde_yaml::Error) -> Fault {
        let at = error.location().map(|place| place.index());
        match self.fault.borrow_mut().take() {
            Some(fault) => Fault {
                at: fault.at.or(at),
                ..fault
            },
            None => syntax::explain(self.text, self.wanted.get(), error),
        }
    }
}

/// Reads one value as a kind.
#[derive(Clone, Copy)]
struct Seed<'r, 'a> {
    reader: &'r Reader<'a>,
    kind: Kind,
    /// Below an entry of `hosts`.
    in_hosts: bool,
    /// A range in the text stands for one value per host.
    zipped: bool,
    /// Offset of the key.
    near: usize,
}

impl<'a> Seed<'_, 'a> {
    fn scalar<E: de::Error>(self, spot: Spot<'a>, exact: bool) -> Result<Tree<'a>, E> {
        let null = matches!(&*spot.text, "" | "~" | "null" | "Null" | "NULL");
        if null && exact && !self.reader.is_quoted(spot.at) {
            return Ok(Tree::Null);
        }
        let kind = match self.kind {
            Kind::OneOrList(kind) => *kind,
            Kind::NameOrMap(_) => Kind::DaemonName,
            Kind::Secret => return Err(self.refuse(&spot, exact, scalar::NO_SECRETS)),
            Kind::List(_) | Kind::Map(_) | Kind::Named(_) | Kind::Pairs => {
                let reason = format!("expected {}, found text", self.kind.describe());
                return Err(self.refuse(&spot, exact, reason));
            }
            kind => kind,
        };
        if !(self.zipped && self.in_hosts && zip::has_range(&spot.text)) {
            scalar::check(kind, &spot.text).map_err(|reason| self.refuse(&spot, exact, reason))?;
        }
        Ok(Tree::Scalar(spot))
    }

    fn refuse<E: de::Error>(self, spot: &Spot<'_>, exact: bool, reason: impl Into<String>) -> E {
        let mut fault = spot.fault(reason);
        if !exact {
            fault = Fault::somewhere(fault.reason);
        }
        self.reader.refuse(fault)
    }

    fn fields<A: MapAccess<'a>>(self, scope: Scope, mut map: A) -> Result<Tree<'a>, A::Error> {
        let mut fields: Vec<Field<'a>> = Vec::new();
        let mut near = self.near;
        while let Some(spot) = map.next_key_seed(KeySeed(Seed { near, ..self }))? {
            let Some(key) = scope.key(&spot.text) else {
                return Err(self.reader.refuse(spot.fault(unknown(scope, &spot.text))));
            };
            near = spot.at;
            if let Some(first) = fields.iter().find(|field| field.key.name == key.name) {
                return Err(self.duplicate(&spot, first.spot.at));
            }
            let seed = Seed {
                kind: key.kind,
                zipped: key.zipped,
                near,
                ..self
            };
            let value = map.next_value_seed(seed)?;
            fields.push(Field { key, spot, value });
        }
        rules::check(scope, &fields, self.near).map_err(|fault| self.reader.refuse(fault))?;
        Ok(Tree::Fields(fields))
    }

    fn named<A: MapAccess<'a>>(self, kind: Kind, mut map: A) -> Result<Tree<'a>, A::Error> {
        let mut entries = Vec::new();
        let mut firsts: HashMap<Cow<'a, str>, usize> = HashMap::new();
        let mut near = self.near;
        while let Some(spot) = map.next_key_seed(KeySeed(Seed { near, ..self }))? {
            if let Some(first) = firsts.insert(spot.text.clone(), spot.at) {
                return Err(self.duplicate(&spot, first));
            }
            near = spot.at;
            let in_hosts = self.in_hosts || matches!(self.kind, Kind::Named(Scope::Host));
            let seed = Seed {
                kind,
                in_hosts,
                zipped: false,
                near,
                ..self
            };
            entries.push((spot, map.next_value_seed(seed)?));
        }
        Ok(Tree::Named(entries))
    }

    fn duplicate<E: de::Error>(self, spot: &Spot<'_>, first: usize) -> E {
        let (line, _) = Lines::new(self.reader.text).position(first);
        let key = quoted(&spot.text);
        let reason = format!("{key} is here twice; the first is in line {line}");
        self.reader.refuse(spot.fault(reason))
    }

    fn unfit<E: de::Error>(self, found: &str) -> E {
        let wanted = match self.kind {
            Kind::OneOrList(kind) | Kind::List(kind) if found.starts_with("a mapping") => {
                kind.describe()
            }
            kind => kind.describe(),
        };
        let reason = format!("expected {wanted}, found {found}");
        self.reader.refuse(Fault::somewhere(reason))
    }
}

/// Why a key is refused: what it may have meant, or where it would be right.
fn unknown(scope: Scope, name: &str) -> String {
    if scalar::names_secret(name) {
        return format!("{}: {}", quoted(name), scalar::NO_SECRETS);
    }
    let shown = quoted(name);
    if name == "<<" {
        return format!("{shown} (a merge key) is not read; use `defaults` and `groups`");
    }
    if let Some(near) = nearest(name, scope.keys().map(|key| key.name)) {
        return format!("unknown key {shown}; did you mean `{near}`?");
    }
    let homes: Vec<&str> = Scope::ALL
        .into_iter()
        .filter(|scope| scope.key(name).is_some())
        .map(Scope::title)
        .collect();
    if !homes.is_empty() {
        let homes = homes.join(", ");
        return format!(
            "{shown} is no key of {}; it belongs to {homes}",
            scope.title()
        );
    }
    let keys: Vec<&str> = scope.keys().map(|key| key.name).collect();
    format!(
        "unknown key {shown}; {} has {}",
        scope.title(),
        keys.join(", ")
    )
}

impl<'a> DeserializeSeed<'a> for Seed<'_, 'a> {
    type Value = Tree<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Tree<'a>, D::Error> {
        self.reader.count()?;
        match self.kind {
            Kind::List(_)
            | Kind::OneOrList(_)
            | Kind::Map(_)
            | Kind::Named(_)
            | Kind::Pairs
            | Kind::NameOrMap(_)
            | Kind::Secret => deserializer.deserialize_any(self),
            kind => {
                // As text, so that `1.10` stays what was written and the position is known.
                self.reader.wanted.set(kind);
                deserializer.deserialize_str(self)
            }
        }
    }
}

impl<'a> Visitor<'a> for Seed<'_, 'a> {
    type Value = Tree<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind.describe())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Tree<'a>, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Tree<'a>, E> {
        Ok(Tree::Null)
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'a str) -> Result<Tree<'a>, E> {
        self.scalar(self.reader.borrowed(text), true)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Tree<'a>, E> {
        let text = Cow::Owned(text.to_owned());
        self.scalar(
            Spot {
                text,
                at: self.near,
            },
            false,
        )
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Tree<'a>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Tree<'a>, E> {
        Err(self.unfit("a number; put it in quotes if it is a name"))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Tree<'a>, E> {
        Err(self.unfit("a number; put it in quotes if it is a name"))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Tree<'a>, E> {
        Err(self.unfit("true or false; put it in quotes if it is a name"))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Tree<'a>, A::Error> {
        let (Kind::List(kind) | Kind::OneOrList(kind)) = self.kind else {
            return Err(self.unfit("a list"));
        };
        let mut items = Vec::new();
        let seed = Seed {
            kind: *kind,
            ..self
        };
        while let Some(item) = list.next_element_seed(seed)? {
            if matches!(item, Tree::Null) {
                let reason = format!("item {} of the list is empty", items.len() + 1);
                return Err(self.reader.refuse(Fault::somewhere(reason)));
            }
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'a>>(self, map: A) -> Result<Tree<'a>, A::Error> {
        match self.kind {
            Kind::Map(scope) | Kind::NameOrMap(scope) => self.fields(scope, map),
            Kind::Secret => self.fields(Scope::Secret, map),
            Kind::Named(scope) => self.named(Kind::Map(scope), map),
            Kind::Pairs => self.named(Kind::Text, map),
            _ => Err(self.unfit("a mapping")),
        }
    }

    fn visit_enum<A: de::EnumAccess<'a>>(self, _: A) -> Result<Tree<'a>, A::Error> {
        Err(self.reader.refuse(Fault::somewhere(syntax::TAG)))
    }
}

/// Reads one key of the mapping that the seed is for.
struct KeySeed<'r, 'a>(Seed<'r, 'a>);

impl KeySeed<'_, '_> {
    fn check(&self, key: &str) -> Result<(), String> {
        match self.0.kind {
            Kind::Map(scope) | Kind::NameOrMap(scope) if scope.key(key).is_none() => {
                Err(unknown(scope, key))
            }
            Kind::Secret if Scope::Secret.key(key).is_none() => Err(unknown(Scope::Secret, key)),
            Kind::Named(Scope::Host) => scalar::host_key(key),
            Kind::Named(_) => scalar::check(Kind::Name, key),
            Kind::Pairs => scalar::label(key),
            _ => Ok(()),
        }
    }
}

impl<'a> DeserializeSeed<'a> for KeySeed<'_, 'a> {
    type Value = Spot<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Spot<'a>, D::Error> {
        self.0.reader.count()?;
        self.0.reader.wanted.set(Kind::Name);
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for KeySeed<'_, 'a> {
    type Value = Spot<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'a str) -> Result<Spot<'a>, E> {
        let spot = self.0.reader.borrowed(text);
        let checked = self.check(text).map_err(|reason| spot.fault(reason));
        checked.map_err(|fault| self.0.reader.refuse(fault))?;
        Ok(spot)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Spot<'a>, E> {
        let checked = self.check(text).map_err(Fault::somewhere);
        checked.map_err(|fault| self.0.reader.refuse(fault))?;
        Ok(Spot {
            text: Cow::Owned(text.to_owned()),
            at: self.0.near,
        })
    }
}
