//! What there is to name: nodes, groups, units, labels, columns, and what was typed before.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    command::{
        registry::{self, Parts, SHORT},
        words::words,
    },
    exec::RunState,
    fleet::Rolled,
    inventory::Inventory,
    metrics,
    ui::view::{columns::Column, roll::standing},
};

/// A text and what it is.
pub(super) type Named = (String, String);

pub(super) fn terms(inventory: &Inventory) -> Vec<Named> {
    let mut all = groups(inventory);
    let keys = [
        ("state=", "the connection"),
        ("status=", "the verdict"),
        ("group=", "of hosts.yaml"),
        ("daemon=", "of hosts.yaml"),
    ];
    all.extend(keys.map(|(key, help)| (key.to_owned(), help.to_owned())));
    let labels: BTreeSet<&String> = inventory
        .nodes
        .iter()
        .flat_map(|node| node.labels.keys())
        .collect();
    all.extend(
        labels
            .into_iter()
            .map(|key| (format!("{key}="), "label".to_owned())),
    );
    all.extend(metrics::fields().map(|field| (field.id.to_owned(), field.title.to_owned())));
    all.extend(nodes(inventory));
    all
}

pub(super) fn nodes(inventory: &Inventory) -> Vec<Named> {
    let named = inventory.nodes.iter().map(|node| {
        let mut help: Vec<String> = node
            .groups
            .iter()
            .map(|group| format!("@{group}"))
            .collect();
        help.extend(
            node.labels
                .iter()
                .map(|(key, value)| format!("{key}={value}")),
        );
        if node.protected {
            help.insert(0, "protected".to_owned());
        }
        (node.id.to_string(), help.join(" "))
    });
    named.collect()
}

pub(super) fn groups(inventory: &Inventory) -> Vec<Named> {
    let named = inventory.groups.iter().map(|(name, members)| {
        let nodes = if members.len() == 1 { "node" } else { "nodes" };
        (format!("@{name}"), format!("{} {nodes}", members.len()))
    });
    named.collect()
}

pub(super) fn units(inventory: &Inventory) -> Vec<Named> {
    let daemons = inventory.nodes.iter().flat_map(|node| &node.daemons);
    let names: BTreeSet<&String> = daemons.map(|daemon| &daemon.name).collect();
    names
        .into_iter()
        .map(|name| (name.clone(), "unit".to_owned()))
        .collect()
}

/// Runs of this dashboard, the newest first; by their names in the audit log, or by their numbers here.
pub(super) fn runs(runs: &[Arc<RunState>], by_name: bool) -> Vec<Named> {
    let named = runs.iter().rev().map(|run| {
        let name = if by_name {
            run.id.to_string()
        } else {
            run.number.to_string()
        };
        let (failed, all) = (run.failed().len(), run.nodes.len());
        let command = run.order.command.lines().next().unwrap_or_default();
        (name, format!("{failed} of {all} failed: {command}"))
    });
    named.filter(|(name, _)| !name.is_empty()).collect()
}

/// Rolls of this dashboard, the newest first.
pub(super) fn rolls(rolls: &[Arc<Rolled>]) -> Vec<Named> {
    let named = rolls.iter().rev().map(|rolled| {
        let (tally, all) = (rolled.state.tally(), rolled.wish.nodes.len());
        let (word, _) = standing(rolled);
        let help = format!("{}, {word}: {} of {all} done", rolled.wish.what, tally.done);
        (rolled.id.to_string(), help)
    });
    named.collect()
}

/// Paths in lines that were run, the newest first.
pub(super) fn files(history: &[String]) -> Vec<Named> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for line in history.iter().rev() {
        for word in words(line) {
            let path = word
                .text
                .trim_matches(|c: char| matches!(c, '\'' | '"' | ';' | '(' | ')'));
            let is_path = path.starts_with('/') || path.starts_with("~/") || path.starts_with("./");
            let is_plain = path
                .chars()
                .all(|c| c.is_alphanumeric() || "/~._-+@%:".contains(c));
            if is_path && is_plain && path.len() > 2 && seen.insert(path.to_owned()) {
                all.push((path.to_owned(), "used before".to_owned()));
            }
        }
    }
    all
}

pub(super) fn columns() -> Vec<Named> {
    let own = [("worst", "the worst first"), ("name", "in natural order")];
    let own = own.map(|(name, help)| (name.to_owned(), help.to_owned()));
    let all = Column::all()
        .into_iter()
        .filter(|column| !matches!(column, Column::Trace(_)));
    own.into_iter()
        .chain(all.map(|column| (column.name(), column.title())))
        .collect()
}

/// Commands that were run, the newest first.
pub(super) fn earlier(history: &[String]) -> Vec<Named> {
    let mut seen = BTreeSet::new();
    let commands = history.iter().rev().filter_map(|line| {
        let line = line.trim_start();
        let text = if let Some(text) = line.strip_prefix(SHORT) {
            text
        } else {
            let (name, rest) = registry::parts(line);
            let entry = registry::entry(name).filter(|entry| entry.name == "exec")?;
            rest.get(Parts::of(rest, entry).command)?
        };
        let text = text.trim();
        let is_new = !text.is_empty() && seen.insert(text.to_owned());
        is_new.then(|| (text.to_owned(), "run before".to_owned()))
    });
    commands.collect()
}
