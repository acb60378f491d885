//! The values of a file, checked one by one, with their positions.

use std::borrow::Cow;

use super::{fault::Fault, keys::Key};
use crate::node::set;

/// A scalar or a key, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Spot<'a> {
    pub(super) text: Cow<'a, str>,
    /// Byte offset; of the nearest thing before it where the scalar is escaped or spans lines.
    pub(super) at: usize,
}

impl Spot<'_> {
    pub(super) fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault::at(self.at, self.text.chars().count(), reason)
    }

    /// What is wrong with the node set that it holds.
    pub(super) fn within(&self, error: &set::Error) -> Fault {
        let skipped = self.text.chars().take(error.column.saturating_sub(1));
        let at = self.at + skipped.map(char::len_utf8).sum::<usize>();
        Fault::at(at, 1, &error.reason)
    }
}

/// A checked value: its shape and each scalar in it fit the key.
#[derive(Clone, Debug)]
pub(super) enum Tree<'a> {
    Null,
    Scalar(Spot<'a>),
    List(Vec<Tree<'a>>),
    Fields(Vec<Field<'a>>),
    Named(Vec<(Spot<'a>, Tree<'a>)>),
}

/// A known key with its value.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    pub(super) key: &'static Key,
    pub(super) spot: Spot<'a>,
    pub(super) value: Tree<'a>,
}

impl<'a> Tree<'a> {
    /// The fields of a mapping with known keys; of anything else, none.
    pub(super) fn fields(&self) -> &[Field<'a>] {
        match self {
            Self::Fields(fields) => fields,
            _ => &[],
        }
    }

    /// The value of one of its keys.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        let field = self.fields().iter().find(|field| field.key.name == name);
        field.map(|field| &field.value)
    }

    /// The entries of a mapping with free names.
    pub(super) fn named(&self) -> &[(Spot<'a>, Self)] {
        match self {
            Self::Named(entries) => entries,
            _ => &[],
        }
    }

    /// A list's items, or the value itself as a list of one.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::Null => &[],
            Self::List(items) => items,
            one => std::slice::from_ref(one),
        }
    }

    /// The scalar, where it is one.
    pub(super) fn spot(&self) -> Option<&Spot<'a>> {
        match self {
            Self::Scalar(spot) => Some(spot),
            _ => None,
        }
    }
}
