//! The `ClusterShell` node-set language: parse, fold, algebra. Pure.
//!
//! `gpu[01-16/2],r[1-4]n[1-8]!@drained&web*`: ranges with padding and steps in any number of places, groups, wildcards,
//! and the operators `,` `!` `&` `^` from left to right. Results, order and folding are those of `nodeset` 1.9, with
//! these differences, each a refusal: groups that are not there, `@source:group`, blanks inside a name, negative numbers, signs and underscores in a number, and
//! digits before a range that gets wider (`n1[8-11]`, which nodeset takes for 94 nodes).

mod evaluate;
mod expand;
mod grid;
mod merge;
mod number;
mod operand;
mod operator;
mod pattern;
mod ranges;
mod wildcard;
mod written;

#[cfg(test)]
#[path = "set/tests.rs"]
mod tests;

use std::{collections::BTreeMap, fmt};

pub use expand::expand;

use evaluate::{Draft, Evaluator, named};
use grid::{Grid, block_points};
use operator::Operator;
use pattern::Pattern;

use super::text::SafeText;

/// The most names that one expression may write or resolve, all its operands together.
pub const MAX_NAMES: usize = 1_000_000;

/// A set of node names, always folded; equal sets are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NodeSet(BTreeMap<Pattern, Grid>);

/// What `@group`, `@*` and wildcards refer to.
pub trait Groups {
    /// The members of a group, each a node set that may name other groups; `None` when there is no such group.
    fn group(&self, name: &str) -> Option<Vec<String>>;
    /// The names of all groups.
    fn names(&self) -> Vec<String>;
    /// The names of all known nodes.
    fn all(&self) -> Vec<String>;
}

/// Knows no group and no node.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGroups;

impl Groups for NoGroups {
    fn group(&self, _name: &str) -> Option<Vec<String>> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn all(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Why a text is not a node set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {reason}")]
pub struct Error {
    /// Where, in characters from 1.
    pub column: usize,
    /// What is wrong there.
    pub reason: String,
}

impl Error {
    /// The same where what it is about follows a byte offset of a longer text.
    fn after(self, text: &str, offset: usize) -> Self {
        let column = self.column + column(text, offset) - 1;
        Self { column, ..self }
    }
}

impl NodeSet {
    /// Works out an expression. Blank text is the empty set; a wildcard that matches nothing is empty too.
    pub fn parse(text: &str, groups: &dyn Groups) -> Result<Self, Error> {
        Evaluator::new(groups).evaluate(text)
    }

    /// The set of these names, taken as they are: no character in them is special.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut draft = Draft::default();
        names.into_iter().for_each(|name| draft.add_name(name));
        draft.fold()
    }

    /// How many names.
    pub fn len(&self) -> usize {
        self.0
            .values()
            .map(Grid::len)
            .fold(0, usize::saturating_add)
    }

    /// True when it holds no name.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it holds a name, exactly as written: `n1` and `n01` are two nodes.
    pub fn contains(&self, name: &str) -> bool {
        let (pattern, numbers) = Pattern::split(name);
        self.0
            .get(&pattern)
            .is_some_and(|grid| grid.contains(&numbers))
    }

    /// Each name once, in nodeset's order.
    pub fn iter(&self) -> impl Iterator<Item = String> {
        self.0.iter().flat_map(|(pattern, grid)| {
            let points = grid.blocks().iter().flat_map(|block| block_points(block));
            points.map(|point| named(pattern, &point))
        })
    }

    /// The folded form, which [`NodeSet::parse`] reads back as the same set.
    pub fn fold(&self) -> String {
        self.to_string()
    }

    /// The names in either set: `,`.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.clone().combine(Operator::Union, other.clone())
    }

    /// The names in this set and not in the other: `!`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.clone().combine(Operator::Difference, other.clone())
    }

    /// The names in both sets: `&`.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.clone().combine(Operator::Intersection, other.clone())
    }

    /// The names in one of the sets only: `^`.
    #[must_use]
    pub fn symmetric_difference(&self, other: &Self) -> Self {
        self.clone()
            .combine(Operator::SymmetricDifference, other.clone())
    }

    fn combine(self, operator: Operator, other: Self) -> Self {
        let mut right = other.0;
        let mut kept = BTreeMap::new();
        for (pattern, grid) in self.0 {
            let grid = match right.remove(&pattern) {
                Some(other) => grid.combine(operator, &other),
                None if operator.keeps(true, false) => grid,
                None => continue,
            };
            if !grid.is_empty() {
                kept.insert(pattern, grid);
            }
        }
        if operator.keeps(false, true) {
            kept.append(&mut right);
        }
        Self(kept)
    }
}

/// The folded form: `gpu[01-16],web1`.
impl fmt::Display for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for (pattern, grid) in &self.0 {
            for block in grid.blocks() {
                f.write_str(comma)?;
                comma = ",";
                let axis = |axis: &ranges::Ranges| {
                    if axis.len() > 1 {
                        format!("[{axis}]")
                    } else {
                        axis.to_string()
                    }
                };
                pattern.fill(block.iter().map(axis), f)?;
            }
        }
        Ok(())
    }
}

/// The column of a byte offset.
fn column(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or(text).chars().count() + 1
}

/// A piece of the user's text as it may appear in a message.
fn shown(text: &str) -> String {
    format!("`{}`", SafeText::line(text, 40))
}

fn missing_bracket(text: &str, offset: usize, bracket: char) -> Error {
    Error {
        column: column(text, offset),
        reason: format!("the matching `{bracket}` is missing"),
    }
}

fn too_many(column: usize, cap: usize) -> Error {
    Error {
        column,
        reason: format!("this is more than {cap} names"),
    }
}
