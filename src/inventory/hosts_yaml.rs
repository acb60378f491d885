//! The native source: the text of a hosts.yaml to an inventory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    Inventory, MAX_HOSTS,
    draft::{Draft, Drafted},
    endpoint,
    fault::Fault,
    frame::Lines,
    groups, jumps,
    layer::{Layer, Places, Zips, zips},
    reader,
    scalar::{self, quoted},
    ssh_config, syntax,
    tree::{Spot, Tree},
    weight, words,
};
use crate::node::{
    Node,
    set::{self, NoGroups, NodeSet},
    text::SafeText,
    valid_name,
};

/// Reads a file that `scan` accepted.
pub(super) fn read(text: &str, places: &Places) -> Result<Inventory, Fault> {
    if let Some((at, width)) = syntax::tag(text) {
        return Err(Fault::at(at, width, syntax::TAG));
    }
    let tree = reader::parse(text)?;
    let file = File {
        lines: Lines::new(text),
        places,
        defaults: tree.field("defaults").unwrap_or(&Tree::Null),
        groups: tree.field("groups").map_or(&[], Tree::named),
        hosts: tree.field("hosts").map_or(&[], Tree::named),
        sources: tree.field("sources").map_or(&[], Tree::items),
    };
    if tree.field("hosts").is_none() && tree.field("sources").is_none() {
        let at = tree.fields().first().map_or(0, |field| field.spot.at);
        return Err(Fault::at(at, 1, "the file has no `hosts`"));
    }
    let mut inventory = file.inventory()?;
    let place = |name: &str| tree.fields().iter().find(|field| field.key.name == name);
    let named = place("hosts").or_else(|| place("sources"));
    inventory.hosts_at = file.lines.position(named.map_or(0, |field| field.spot.at));
    Ok(inventory)
}

/// The parts of the file that nodes are made of.
struct File<'t, 'a> {
    lines: Lines<'a>,
    places: &'t Places,
    defaults: &'t Tree<'a>,
    groups: &'t [(Spot<'a>, Tree<'a>)],
    hosts: &'t [(Spot<'a>, Tree<'a>)],
    sources: &'t [Tree<'a>],
}

impl File<'_, '_> {
    fn line(&self, at: usize) -> usize {
        self.lines.number(at)
    }

    fn inventory(&self) -> Result<Inventory, Fault> {
        self.no_daemon_twice()?;
        self.check_unused()?;
        let entries = self.entries()?;
        let mut names: Vec<String> = entries.iter().flatten().cloned().collect();
        let found = ssh_config::read(self.sources, self.places, &names)?;
        names.extend(found.hosts.iter().map(|host| host.name.clone()));
        let members = groups::resolve(self.groups, &names)?;
        let groups_of = self.groups_of(&members, names.len());
        let drafts = self.drafts(&entries, &found.hosts, &groups_of)?;
        if let Some((name, reason)) = jumps::astray(&drafts) {
            let owner = entries.iter().position(|names| names.contains(&name));
            let spot = owner.and_then(|owner| self.hosts.get(owner));
            let at = spot.map_or(0, |(spot, _)| spot.at);
            return Err(Fault::at(at, 1, reason));
        }
        let mut inventory = self.assemble(jumps::wire(drafts), &members);
        inventory.warnings.extend(found.warnings);
        inventory.warnings.extend(self.unread_sources());
        inventory.sources = found.files;
        Ok(inventory)
    }

    /// For each host the places of its groups, in file order.
    fn groups_of(&self, members: &BTreeMap<String, Vec<usize>>, hosts: usize) -> Vec<Vec<usize>> {
        let mut groups_of = vec![Vec::new(); hosts];
        for (group, (spot, _)) in self.groups.iter().enumerate() {
            for member in members.get(&*spot.text).into_iter().flatten() {
                if let Some(groups) = groups_of.get_mut(*member) {
                    groups.push(group);
                }
            }
        }
        groups_of
    }

    fn drafts(
        &self,
        entries: &[Vec<String>],
        found: &[ssh_config::Host],
        groups_of: &[Vec<usize>],
    ) -> Result<Vec<Drafted>, Fault> {
        let labels = self
            .groups
            .iter()
            .map(|(spot, _)| format!("groups {}", brief(&spot.text)));
        let labels: Vec<String> = labels.collect();
        let mut drafts = Vec::with_capacity(groups_of.len());
        let mut groups_of = groups_of;
        let mut room = weight::MAX;
        for ((spot, value), names) in self.hosts.iter().zip(entries) {
            let zips = zips(value.fields(), spot, names.len())?;
            let label = format!("hosts {}", brief(&spot.text));
            let (own_groups, others) = groups_of.split_at(names.len().min(groups_of.len()));
            groups_of = others;
            for (member, (name, groups)) in names.iter().zip(own_groups).enumerate() {
                let mut draft = Draft::new(name, self.places);
                self.inherit(&mut draft, groups, &labels)?;
                let own = Layer {
                    fields: value.fields(),
                    label: &label,
                    zips: &zips,
                    member,
                };
                not_itself(name, names, &own)?;
                draft.apply(&own, |at| self.line(at))?;
                let drafted = draft.finish()?;
                if member == 0 || own_groups.get(member - 1) != Some(groups) {
                    let rest = own_groups.iter().skip(member);
                    let alike = rest.take_while(|other| *other == groups).count();
                    fits(room, &drafted, alike, spot)?;
                }
                room = lighter(room, &drafted, Some(spot))?;
                drafts.push(drafted);
            }
        }
        let source = self.sources.iter().find_map(Tree::spot);
        for (host, groups) in found.iter().zip(groups_of) {
            let mut draft = Draft::new(&host.name, self.places);
            self.inherit(&mut draft, groups, &labels)?;
            draft.node.ssh_config.clone_from(&host.file);
            draft.node.origins.push(("host", host.origin.clone()));
            let drafted = draft.finish()?;
            room = lighter(room, &drafted, source)?;
            drafts.push(drafted);
        }
        Ok(drafts)
    }

    /// Puts defaults and groups on a node.
    fn inherit(
        &self,
        draft: &mut Draft<'_>,
        groups: &[usize],
        labels: &[String],
    ) -> Result<(), Fault> {
        let none = Zips::new();
        let layer = |fields, label| Layer {
            fields,
            label,
            zips: &none,
            member: 0,
        };
        draft.apply(&layer(self.defaults.fields(), "defaults"), |at| {
            self.line(at)
        })?;
        for group in groups {
            if let (Some((spot, value)), Some(label)) =
                (self.groups.get(*group), labels.get(*group))
            {
                draft.apply(&layer(value.fields(), label), |at| self.line(at))?;
                draft.node.groups.push(spot.text.to_string());
            }
        }
        Ok(())
    }

    /// Settings that no host inherits are checked on a node of their own.
    fn check_unused(&self) -> Result<(), Fault> {
        let labels = vec![String::new(); self.groups.len()];
        for group in 0..self.groups.len() {
            self.inherit(&mut Draft::new("unused", self.places), &[group], &labels)?;
        }
        self.inherit(&mut Draft::new("unused", self.places), &[], &labels)
    }

    /// Refuses a list that names a daemon twice: of two layers the later one replaces, within one list neither does.
    fn no_daemon_twice(&self) -> Result<(), Fault> {
        let named = self.groups.iter().chain(self.hosts).map(|(_, value)| value);
        for layer in std::iter::once(self.defaults).chain(named) {
            let mut firsts: HashMap<&str, usize> = HashMap::new();
            let daemons = layer.field("daemons").map_or(&[][..], Tree::items);
            for spot in daemons.iter().filter_map(words::daemon_name) {
                if let Some(first) = firsts.insert(&*spot.text, spot.at) {
                    let (name, line) = (quoted(&spot.text), self.line(first));
                    return Err(spot.fault(format!(
                        "the daemon {name} is here twice; the first is in line {line}"
                    )));
                }
            }
        }
        Ok(())
    }

    /// The names that each entry of `hosts` stands for; none may be there twice.
    fn entries(&self) -> Result<Vec<Vec<String>>, Fault> {
        let mut owners: HashMap<String, &Spot<'_>> = HashMap::new();
        let mut entries = Vec::with_capacity(self.hosts.len());
        for (spot, _) in self.hosts {
            let names = expand(spot, MAX_HOSTS - owners.len())?;
            for name in &names {
                if let Some(owner) = owners.insert(name.clone(), spot) {
                    return Err(self.twice(spot, name, owner));
                }
            }
            entries.push(names);
        }
        Ok(entries)
    }

    fn twice(&self, spot: &Spot<'_>, name: &str, owner: &Spot<'_>) -> Fault {
        let line = self.line(owner.at);
        spot.fault(format!(
            "the host `{name}` is here twice; {} in line {line} stands for it too",
            quoted(&owner.text)
        ))
    }

    fn unread_sources(&self) -> Vec<String> {
        let kinds = self
            .sources
            .iter()
            .filter_map(|source| source.fields().first());
        let kinds = kinds.map(|field| field.key.name);
        let mut kinds: Vec<&str> = kinds.filter(|kind| *kind != "ssh_config").collect();
        kinds.dedup();
        kinds
            .into_iter()
            .map(|kind| format!("source {kind} is not read yet"))
            .collect()
    }

    fn assemble(&self, nodes: Vec<Arc<Node>>, members: &BTreeMap<String, Vec<usize>>) -> Inventory {
        let mut inventory = Inventory::default();
        for (name, places) in members {
            let ids = places
                .iter()
                .filter_map(|at| nodes.get(*at))
                .map(|node| node.id.clone());
            inventory.groups.insert(name.clone(), ids.collect());
        }
        for (spot, _) in self.groups {
            if inventory.groups.get(&*spot.text).is_some_and(Vec::is_empty) {
                let line = self.line(spot.at);
                let warning = format!("group {} in line {line} has no hosts", spot.text);
                inventory.warnings.push(warning);
            }
        }
        inventory.nodes = nodes;
        inventory
    }
}

/// Refuses so many hosts with settings like these before each is given its own, where there is no room for half of that:
/// what a range gives to each differs by some digits only.
fn fits(room: usize, (node, jump): &Drafted, alike: usize, spot: &Spot<'_>) -> Result<(), Fault> {
    if weight::of(node, jump).saturating_mul(alike) / 2 <= room {
        return Ok(());
    }
    Err(spot.fault(format!(
        "the settings of {alike} hosts like {} come to more than {} MiB, as each has its own copy; give them less, or fewer hosts",
        quoted(node.id.as_str()),
        weight::MAX >> 20
    )))
}

/// What is left of the room for settings when these are in it; `spot` stands for the node.
fn lighter(room: usize, (node, jump): &Drafted, spot: Option<&Spot<'_>>) -> Result<usize, Fault> {
    room.checked_sub(weight::of(node, jump)).ok_or_else(|| {
        let reason = format!(
            "up to {} the settings of all hosts come to more than {} MiB, as each has its own copy; give them less, or fewer hosts",
            quoted(node.id.as_str()),
            weight::MAX >> 20
        );
        spot.map_or_else(|| Fault::at(0, 1, &*reason), |spot| spot.fault(&*reason))
    })
}

/// A key of the file where each host that it stands for keeps it.
fn brief(text: &str) -> String {
    SafeText::line(text, 60).to_string()
}

/// Refuses a host whose own entry makes it its own bastion. One of several that share an entry may be the bastion of the
/// others, as one that inherits it.
fn not_itself(name: &str, names: &[String], own: &Layer<'_, '_>) -> Result<(), Fault> {
    let jump = own.fields.iter().find(|field| field.key.name == "jump");
    let spots = jump.iter().flat_map(|field| field.value.items());
    for spot in spots.filter_map(Tree::spot) {
        let zipped = own
            .zips
            .get(&*spot.text)
            .and_then(|all| all.get(own.member));
        let alone = (names.len() == 1).then_some(&*spot.text);
        let meant = zipped.map(String::as_str).or(alone);
        if meant.is_some_and(|text| endpoint::chain(text).any(|hop| hop == name)) {
            return Err(spot.fault(format!(
                "{} would be its own bastion; name another host, or leave `jump` out",
                quoted(name)
            )));
        }
    }
    Ok(())
}

/// The names of one key of `hosts`.
fn expand(spot: &Spot<'_>, room: usize) -> Result<Vec<String>, Fault> {
    if valid_name(&spot.text) && room > 0 {
        return Ok(vec![spot.text.to_string()]);
    }
    // In the written order, which is the order that values are zipped in; only operators lose it.
    let names = if spot.text.contains(['!', '&', '^']) {
        NodeSet::parse(&spot.text, &NoGroups).map(|set| set.iter().take(room + 1).collect())
    } else {
        set::expand(&spot.text, MAX_HOSTS)
    };
    let names: Vec<String> = names.map_err(|error| spot.within(&error))?;
    if names.len() > room {
        return Err(spot.fault(format!("the file names more than {MAX_HOSTS} hosts")));
    }
    if names.is_empty() {
        return Err(spot.fault(format!("{} stands for no host", quoted(&spot.text))));
    }
    match names.iter().find(|name| !valid_name(name)) {
        Some(name) => Err(spot.fault(scalar::bad_name(name))),
        None => Ok(names),
    }
}
