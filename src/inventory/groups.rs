//! The members of each group: node sets that may name other groups.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap},
};

use super::{
    MAX_HOSTS,
    fault::Fault,
    keys::nearest,
    scalar::quoted,
    tree::{Spot, Tree},
};
use crate::node::set::{Groups, NoGroups, NodeSet};

/// The most members of all groups, a host counted in each.
const MAX_MEMBERS: usize = 100 * MAX_HOSTS;

/// Groups that name each other deeper than this are refused: each takes its part of the stack.
const MAX_DEPTH: usize = 32;

/// Refuses, before any member is looked up, what ranges alone make too many.
fn fits(entries: &[(Spot<'_>, Tree<'_>)]) -> Result<(), Fault> {
    let mut room = MAX_MEMBERS;
    for (spot, value) in entries {
        // What a wildcard or a group takes away is not known yet.
        let items = items(value).filter(|item| !item.text.contains(['@', '*', '?']));
        let sets = items.filter_map(|item| NodeSet::parse(&item.text, &NoGroups).ok());
        // What one names may be named by another too.
        let least = sets.map(|set| set.len()).max().unwrap_or(0);
        room = room.checked_sub(least).ok_or_else(|| too_many(spot))?;
    }
    Ok(())
}

fn items<'t, 'a>(value: &'t Tree<'a>) -> impl Iterator<Item = &'t Spot<'a>> {
    let items = value.field("hosts").map_or(&[][..], Tree::items);
    items.iter().filter_map(Tree::spot)
}

fn too_many(spot: &Spot<'_>) -> Fault {
    spot.fault(format!(
        "all groups together have more than {MAX_MEMBERS} members"
    ))
}

/// Finds the members of all groups, in the order of `names`.
pub(super) fn resolve(
    entries: &[(Spot<'_>, Tree<'_>)],
    names: &[String],
) -> Result<BTreeMap<String, Vec<usize>>, Fault> {
    fits(entries)?;
    let resolver = Resolver {
        entries: entries
            .iter()
            .map(|entry| (&*entry.0.text, entry))
            .collect(),
        names,
        places: names
            .iter()
            .enumerate()
            .map(|(at, name)| (name.as_str(), at))
            .collect(),
        done: RefCell::default(),
        folded: RefCell::default(),
        open: RefCell::default(),
        fault: RefCell::default(),
        room: Cell::new(MAX_MEMBERS),
    };
    for (spot, _) in entries {
        resolver.members(&spot.text)?;
    }
    Ok(resolver.done.into_inner())
}

struct Resolver<'t, 'a> {
    entries: HashMap<&'t str, &'t (Spot<'a>, Tree<'a>)>,
    names: &'t [String],
    places: HashMap<&'t str, usize>,
    done: RefCell<BTreeMap<String, Vec<usize>>>,
    /// The members of groups that others name: as one text, they are read at once and not one by one.
    folded: RefCell<HashMap<String, String>>,
    /// The groups on the way from the first to the one that is being resolved.
    open: RefCell<Vec<String>>,
    /// What went wrong inside a group that a node set named.
    fault: RefCell<Option<Fault>>,
    /// Members that groups may still have.
    room: Cell<usize>,
}

impl Resolver<'_, '_> {
    fn members(&self, name: &str) -> Result<Vec<usize>, Fault> {
        if let Some(members) = self.done.borrow().get(name) {
            return Ok(members.clone());
        }
        let Some((spot, value)) = self.entries.get(name) else {
            return Ok(Vec::new());
        };
        if self.open.borrow().iter().any(|open| open == name) {
            let way = self.open.borrow().join("` names `");
            return Err(spot.fault(format!(
                "the groups name each other: `{way}` names `{name}`"
            )));
        }
        if self.open.borrow().len() == MAX_DEPTH {
            return Err(spot.fault(format!("groups name each other more than {MAX_DEPTH} deep")));
        }
        self.open.borrow_mut().push(name.to_owned());
        let mut places = BTreeSet::new();
        for spot in items(value) {
            places.extend(self.places_of(name, spot)?);
        }
        self.open.borrow_mut().pop();
        let room = self.room.get().checked_sub(places.len());
        self.room.set(room.ok_or_else(|| too_many(spot))?);
        let members: Vec<usize> = places.into_iter().collect();
        self.done
            .borrow_mut()
            .insert(name.to_owned(), members.clone());
        Ok(members)
    }

    fn places_of(&self, group: &str, spot: &Spot<'_>) -> Result<Vec<usize>, Fault> {
        let parsed = NodeSet::parse(&spot.text, self);
        if let Some(fault) = self.fault.borrow_mut().take() {
            return Err(fault);
        }
        let set = parsed.map_err(|error| spot.within(&error))?;
        let place = |name: String| {
            let known = self.places.get(name.as_str()).copied();
            known.ok_or_else(|| self.unknown_host(group, spot, &name))
        };
        set.iter().map(place).collect()
    }

    fn unknown_host(&self, group: &str, spot: &Spot<'_>, name: &str) -> Fault {
        let near = nearest(name, self.names.iter().map(String::as_str));
        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        let reason = format!(
            "group `{group}` names the unknown host {}{hint}",
            quoted(name)
        );
        match spot.text.find(name) {
            Some(skip) => Fault::at(spot.at + skip, name.chars().count(), reason),
            None => spot.fault(reason),
        }
    }
}

impl Groups for Resolver<'_, '_> {
    fn group(&self, name: &str) -> Option<Vec<String>> {
        self.entries.get(name)?;
        if let Some(folded) = self.folded.borrow().get(name) {
            return Some(vec![folded.clone()]);
        }
        match self.members(name) {
            Ok(members) => {
                let named = members.iter().filter_map(|at| self.names.get(*at));
                let folded = NodeSet::from_names(named.map(String::as_str)).fold();
                self.folded
                    .borrow_mut()
                    .insert(name.to_owned(), folded.clone());
                Some(vec![folded])
            }
            Err(fault) => {
                self.fault.borrow_mut().get_or_insert(fault);
                None
            }
        }
    }

    fn names(&self) -> Vec<String> {
        self.entries.keys().map(ToString::to_string).collect()
    }

    fn all(&self) -> Vec<String> {
        self.names.to_vec()
    }
}
