//! The filter language: text, node sets, groups, labels and comparisons, joined by `&`, `|`, `!` and parentheses.

mod lex;
mod parse;
mod quantity;
mod value;

use std::collections::BTreeSet;

use crate::{
    fleet::{Millis, NodeState, Status},
    inventory::Inventory,
};
use value::Value;

/// Longest filter, in characters.
pub const MAX_CHARS: usize = 512;

/// The language, a line each, for the help: what is typed, and what it means.
pub const LANGUAGE: [(&str, &str); 6] = [
    (
        "web gpu[01-08] @db n1*",
        "part of a name, node set, group, *",
    ),
    (
        "load>4 mem>=90% rx>10M gpu.temp>80",
        "a field; false where it is absent",
    ),
    (
        "psi>10 age>5s rtt>50ms ld/core>1",
        "by the headings of the table",
    ),
    ("state=down status>=warn", "the connection, the verdict"),
    (
        "group=gpu role=db daemon=nginx",
        "group, label, daemon of hosts.yaml",
    ),
    (
        "@gpu & (mem>90 | gpu>90) !maint",
        "and: & or a space, or: |, not: !",
    ),
];

/// Why a filter can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {reason}")]
pub struct Error {
    /// The character it is about, counted from 1.
    pub column: usize,
    /// What is wrong, one line.
    pub reason: String,
}

/// A filter that can be asked of each node.
#[derive(Clone, Debug)]
pub struct Filter(Expr);

#[derive(Clone, Debug)]
enum Expr {
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Not(Box<Expr>),
    /// Part of the name, in lower case.
    Name(String),
    Members(BTreeSet<String>),
    Number(Value, Op, f64),
    State(Op, String),
    Status(Op, Status),
    Group(Op, String),
    Label(Op, String, String),
    Daemon(Op, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Equal,
    Differs,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Filter {
    /// Reads a filter; an empty one matches every node. Groups and labels are those of the inventory.
    pub fn parse(text: &str, inventory: &Inventory) -> Result<Self, Error> {
        parse::filter(text, inventory).map(Self)
    }

    /// True for a node that is to be shown.
    pub fn matches(&self, node: &NodeState, now: Millis) -> bool {
        self.0.holds(node, now)
    }
}

impl Expr {
    fn holds(&self, state: &NodeState, now: Millis) -> bool {
        let node = &state.node;
        match self {
            Self::All(parts) => parts.iter().all(|e| e.holds(state, now)),
            Self::Any(parts) => parts.iter().any(|e| e.holds(state, now)),
            Self::Not(inner) => !inner.holds(state, now),
            Self::Name(part) => node.id.as_str().to_ascii_lowercase().contains(part),
            Self::Members(names) => names.contains(node.id.as_str()),
            Self::Number(value, op, wanted) => value
                .of(state, now)
                .is_some_and(|value| op.holds_number(value, *wanted)),
            Self::State(op, word) => op.holds_equal(state.state_word(now) == word),
            Self::Status(op, status) => op.holds(state.status(now).cmp(status)),
            Self::Group(op, group) => op.holds_equal(node.groups.contains(group)),
            Self::Label(op, key, wanted) => node
                .labels
                .get(key)
                .is_some_and(|value| op.holds_equal(value == wanted)),
            Self::Daemon(op, name) => op.holds_equal(node.daemons.iter().any(|d| d.name == *name)),
        }
    }
}

impl Op {
    fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Differs => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }

    /// Two numbers are equal when they print alike, to two decimals.
    fn holds_number(self, value: f64, wanted: f64) -> bool {
        let same = (value - wanted).abs() < 0.005;
        match self {
            Self::Equal => same,
            Self::Differs => !same,
            Self::Less => value < wanted,
            Self::AtMost => value <= wanted,
            Self::More => value > wanted,
            Self::AtLeast => value >= wanted,
        }
    }

    fn holds_equal(self, same: bool) -> bool {
        same == (self != Self::Differs)
    }

    fn is_order(self) -> bool {
        !matches!(self, Self::Equal | Self::Differs)
    }
}

#[cfg(test)]
mod tests;
