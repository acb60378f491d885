//! One command per file: its arguments, and the pure report that it makes. Command line and palette have them from one registry.

pub mod audit;
pub mod daemon;
pub mod demo;
pub mod doctor;
pub mod exec;
pub mod logs;
pub mod nodes;
pub mod pool;
pub mod registry;
pub mod resumption;
pub mod roll;
pub mod rolling;
pub mod screen;
pub mod status;
pub mod trust;
pub mod words;

use std::{collections::HashSet, sync::Arc};

use crate::{
    inventory::Inventory,
    node::{
        Node,
        set::{MAX_NAMES, NodeSet},
        text::SafeText,
    },
};

/// A usage error: the message is for the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// The nodes of the inventory that an expression names, in inventory order; all without an expression. Unknown names and empty sets are errors, never "all".
pub fn select(sets: &[String], inventory: &Inventory) -> Result<Vec<Arc<Node>>, Usage> {
    if sets.is_empty() {
        return Ok(inventory.nodes.clone());
    }
    let set = parse(sets, inventory).map_err(|usage| match inventory.lack() {
        // A group that is not there: where could it be.
        Some(lack) if sets.iter().any(|set| set.contains('@')) => Usage(format!("{usage}\n{lack}")),
        _ => usage,
    })?;
    let known: HashSet<&str> = inventory.nodes.iter().map(|n| n.id.as_str()).collect();
    let unknown: Vec<String> = set
        .iter()
        .filter(|name| !known.contains(name.as_str()))
        .collect();
    if !unknown.is_empty() {
        let names = NodeSet::from_names(unknown.iter().map(String::as_str));
        let lack = inventory.lack().map(|lack| format!("; {lack}"));
        let lack = lack.unwrap_or_default();
        return Err(Usage(format!("not in the inventory: {names}{lack}")));
    }
    let chosen: Vec<Arc<Node>> = inventory
        .nodes
        .iter()
        .filter(|n| set.contains(n.id.as_str()))
        .cloned()
        .collect();
    if chosen.is_empty() {
        return Err(Usage(format!("no node in `{}`", sets.join(","))));
    }
    Ok(chosen)
}

/// Stands for the node sets of standard input, as with `nodeset`.
pub const INPUT: &str = "-";

/// Node sets with those of a text in the place of `-`: separated by blanks or lines, `#` begins a comment. No set at all
/// comes to one empty set, never to "all".
pub fn with_input(sets: &[String], text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or(""));
    let mut input = lines.flat_map(str::split_whitespace).map(str::to_owned);
    let mut all = Vec::new();
    for set in sets {
        if set == INPUT {
            all.extend(input.by_ref());
        } else {
            all.push(set.clone());
        }
    }
    if all.is_empty() {
        all.push(String::new());
    }
    all
}

/// The union of some expressions. Operators hold within their own expression.
pub(crate) fn parse(sets: &[String], inventory: &Inventory) -> Result<NodeSet, Usage> {
    let (lists, expressions): (Vec<&str>, Vec<&str>) = sets
        .iter()
        .map(String::as_str)
        .partition(|set| is_list(set));
    let mut all = evaluate(&lists.join(","), inventory)?;
    for expression in expressions {
        all = all.union(&evaluate(expression, inventory)?);
        if all.len() > MAX_NAMES {
            return Err(Usage(format!("these are more than {MAX_NAMES} names")));
        }
    }
    Ok(all)
}

/// True for a set that means the same in one text with others.
fn is_list(set: &str) -> bool {
    let count = |sign| set.matches(sign).count();
    !set.contains(['!', '&', '^']) && !set.trim().is_empty() && count('[') == count(']')
}

/// Characters of an expression that are shown on each side of what is wrong with it.
const SHOWN: usize = 60;

fn evaluate(text: &str, inventory: &Inventory) -> Result<NodeSet, Usage> {
    NodeSet::parse(text, inventory).map_err(|error| {
        let at = error.column.max(1) - 1;
        let skipped = at.saturating_sub(SHOWN);
        let window = text.chars().skip(skipped).take(2 * SHOWN);
        let window = SafeText::line(window.collect::<String>(), 2 * SHOWN);
        let caret = at - skipped + 1;
        Usage(format!("{error}\n  {window}\n  {:>caret$}", "^"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(sets: &[&str]) -> Result<String, String> {
        let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
        let set = parse(&sets, &Inventory::default());
        set.map(|s| s.to_string()).map_err(|e| e.to_string())
    }

    #[test]
    fn operators_hold_within_their_own_expression() {
        assert_eq!(fold(&["a[1-3]", "a[1-5]!a2"]).unwrap(), "a[1-5]");
        assert_eq!(fold(&["a[1-5]!a2", "b1"]).unwrap(), "a[1,3-5],b1");
        assert_eq!(fold(&[""]).unwrap(), "");
        assert!(fold(&["a[1", "2]"]).is_err(), "a bracket is of one set");
    }

    #[test]
    fn a_long_text_is_shown_around_what_is_wrong() {
        let names: Vec<String> = (0..5_000).map(|n| format!("node{n}")).collect();
        let mut sets: Vec<&str> = names.iter().map(String::as_str).collect();
        sets.insert(2_500, "@nope");
        let message = fold(&sets).unwrap_err();
        assert!(message.len() < 400, "{message}");
        let lines: Vec<&str> = message.lines().collect();
        let at = lines[2].find('^').unwrap();
        assert_eq!(lines[1].get(at..at + 5), Some("@nope"), "{message}");
    }

    #[test]
    fn standard_input_stands_where_its_sign_is() {
        let of = |sets: &[&str], text| {
            let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
            with_input(&sets, text)
        };
        let text = " a1 a2\n\n# none\nb[1-2]!b1 # two\r\n";
        assert_eq!(
            of(&["x", "-", "y"], text),
            ["x", "a1", "a2", "b[1-2]!b1", "y"]
        );
        assert_eq!(of(&["-", "-"], "a"), ["a"]);
        assert_eq!(of(&["-"], " \n"), [""], "nothing is not all");
    }
}
