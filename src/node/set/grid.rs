//! The numbers of all names of one pattern, folded into blocks as nodeset folds them.

use std::{cmp::Ordering, iter};

use super::{
    merge::{join, merge, only_difference},
    number::Number,
    operator::Operator,
    ranges::Ranges,
};

/// One range set per number in the pattern: every combination of them. Of a name without numbers: the name.
pub(super) type Block = Vec<Ranges>;

/// The numbers of one name.
pub(super) type Point = Vec<Number>;

/// A set of points of one pattern. Its blocks are disjoint and follow from the points alone, so equal sets are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Grid(Vec<Block>);

impl Grid {
    /// The union of any blocks.
    pub(super) fn fold(mut blocks: Vec<Block>) -> Self {
        blocks.retain(|block| size(block) > 0);
        blocks.dedup();
        let Some((first, others)) = blocks.split_first() else {
            return Self::default();
        };
        if others.is_empty() {
            return Self(blocks);
        }
        match only_difference(others.iter().map(|other| (first, other))) {
            Some(axis) => Self(vec![join(first, others, axis)]),
            None => Self(merge(points(&blocks))),
        }
    }

    pub(super) fn blocks(&self) -> &[Block] {
        &self.0
    }

    pub(super) fn into_blocks(self) -> Vec<Block> {
        self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many points.
    pub(super) fn len(&self) -> usize {
        self.0
            .iter()
            .fold(0, |sum: usize, block| sum.saturating_add(size(block)))
    }

    pub(super) fn contains(&self, point: &[Number]) -> bool {
        let holds = |block: &Block| {
            block.len() == point.len()
                && iter::zip(block, point).all(|(axis, number)| axis.contains(*number))
        };
        self.0.iter().any(holds)
    }

    /// The points that an operator keeps of this grid and another of the same pattern.
    pub(super) fn combine(&self, operator: Operator, other: &Self) -> Self {
        if let ([left], [right]) = (self.blocks(), other.blocks())
            && let Some(block) = combine_blocks(operator, left, right)
        {
            return Self::fold(block);
        }
        Self(merge(combine_points(
            operator,
            points(&self.0),
            points(&other.0),
        )))
    }
}

/// How many points a block holds; `usize::MAX` when they can't be counted.
pub(super) fn size(block: &[Ranges]) -> usize {
    block
        .iter()
        .fold(1, |product: usize, axis| product.saturating_mul(axis.len()))
}

/// Each point of a block, the last number changing fastest.
pub(super) fn block_points(block: &[Ranges]) -> impl Iterator<Item = Point> + use<> {
    let axes: Vec<Vec<Number>> = block.iter().map(|axis| axis.iter().collect()).collect();
    (0..size(block)).map(move |index| {
        let mut rest = index;
        let mut point: Point = axes
            .iter()
            .rev()
            .filter_map(|axis| {
                let number = axis.get(rest % axis.len()).copied();
                rest /= axis.len();
                number
            })
            .collect();
        point.reverse();
        point
    })
}

/// Every point of some blocks once, ranked as text.
fn points(blocks: &[Block]) -> Vec<Point> {
    let mut points: Vec<Point> = blocks
        .iter()
        .flat_map(|block| block_points(block))
        .collect();
    points.sort_unstable_by(cmp_points);
    points.dedup();
    points
}

fn cmp_points(a: &Point, b: &Point) -> Ordering {
    let text = |number: &Number| number.as_text();
    a.iter().map(text).cmp(b.iter().map(text))
}

/// The result of an operator on two blocks that differ on at most one axis.
fn combine_blocks(operator: Operator, left: &Block, right: &Block) -> Option<Vec<Block>> {
    if left == right {
        let kept = operator.keeps(true, true).then(|| left.clone());
        return Some(kept.into_iter().collect());
    }
    let axis = only_difference([(left, right)])?;
    let mut block = left.clone();
    let ranges = block.get_mut(axis)?;
    *ranges = ranges.combine(operator, right.get(axis)?);
    Some(vec![block])
}

/// The result of an operator on two ranked lists of points.
fn combine_points(operator: Operator, left: Vec<Point>, right: Vec<Point>) -> Vec<Point> {
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    let mut kept = Vec::new();
    loop {
        let order = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) => cmp_points(a, b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return kept,
        };
        let in_left = if order.is_le() { left.next() } else { None };
        let in_right = if order.is_ge() { right.next() } else { None };
        if operator.keeps(in_left.is_some(), in_right.is_some()) {
            kept.extend(in_left.or(in_right));
        }
    }
}
