//! The four set operators, as what they keep.

/// An operator between two node sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// `,`
    Union,
    /// `!`
    Difference,
    /// `&`
    Intersection,
    /// `^`
    SymmetricDifference,
}

impl Operator {
    /// The operator that a character stands for.
    pub(super) fn read(c: char) -> Option<Self> {
        match c {
            ',' => Some(Self::Union),
            '!' => Some(Self::Difference),
            '&' => Some(Self::Intersection),
            '^' => Some(Self::SymmetricDifference),
            _ => None,
        }
    }

    /// Whether the result holds what is (not) in the left and in the right set. Nothing from nothing, always.
    pub(super) fn keeps(self, left: bool, right: bool) -> bool {
        match self {
            Self::Union => left || right,
            Self::Difference => left && !right,
            Self::Intersection => left && right,
            Self::SymmetricDifference => left != right,
        }
    }
}
