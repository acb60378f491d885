//! Works an expression out from left to right, resolving groups and wildcards.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
};

use super::{
    Error, Groups, MAX_NAMES, NodeSet,
    grid::{Block, Grid, block_points, size},
    number::Number,
    operand::{Mark, Operand},
    operator::Operator,
    pattern::Pattern,
    ranges::Ranges,
    shown, too_many,
    wildcard::matches,
};

/// Groups nested deeper than this are refused.
const MAX_DEPTH: usize = 32;

/// Names collected without looking at them yet; folding once is what makes long lists cheap.
#[derive(Default)]
pub(super) struct Draft(BTreeMap<Pattern, Vec<Block>>);

impl Draft {
    pub(super) fn add_name(&mut self, name: &str) {
        let (pattern, numbers) = Pattern::split(name);
        if !pattern.is_empty() {
            self.add(pattern, numbers.into_iter().map(Ranges::one).collect());
        }
    }

    fn add(&mut self, pattern: Pattern, axes: Block) {
        self.0.entry(pattern).or_default().push(axes);
    }

    fn add_set(&mut self, set: NodeSet) {
        for (pattern, grid) in set.0 {
            self.0
                .entry(pattern)
                .or_default()
                .extend(grid.into_blocks());
        }
    }

    pub(super) fn fold(self) -> NodeSet {
        let grids = self
            .0
            .into_iter()
            .map(|(pattern, blocks)| (pattern, Grid::fold(blocks)));
        NodeSet(grids.collect())
    }
}

/// Longer names are not compared with those that exist.
const MAX_TYPO: usize = 64;

/// The state of one evaluation.
pub(super) struct Evaluator<'a> {
    groups: &'a dyn Groups,
    /// Every known node, asked for once.
    known: Option<Vec<String>>,
    /// Names that may still be written or resolved: bounds time and memory whatever the operators throw away.
    budget: usize,
    /// The most names that one operand of this text has taken of it, and where that stands.
    most: (usize, usize),
    /// The groups being resolved, outermost first.
    within: Vec<String>,
    /// Each group is worked out once, so that groups which name others twice don't double the work at each level.
    resolved: HashMap<String, NodeSet>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(groups: &'a dyn Groups) -> Self {
        Self {
            groups,
            known: None,
            budget: MAX_NAMES,
            most: (0, 1),
            within: Vec::new(),
            resolved: HashMap::new(),
        }
    }

    /// The set that an expression describes; blank text is the empty set.
    pub(super) fn evaluate(&mut self, text: &str) -> Result<NodeSet, Error> {
        let (mut set, mut draft) = (NodeSet::default(), Draft::default());
        let mut next = (!text.trim().is_empty()).then_some((Operator::Union, 0));
        let mut mark = Mark::default();
        while let Some((operator, at)) = next {
            let operand = Operand::read(text, at, &mut mark)?;
            next = operand.next;
            if operator == Operator::Union {
                self.collect(operand, &mut draft)?;
                continue;
            }
            let mut right = Draft::default();
            self.collect(operand, &mut right)?;
            set = set
                .combine(Operator::Union, mem::take(&mut draft).fold())
                .combine(operator, right.fold());
        }
        Ok(set.combine(Operator::Union, draft.fold()))
    }

    /// Adds the names of one operand.
    fn collect(&mut self, operand: Operand, names: &mut Draft) -> Result<(), Error> {
        if operand.is_group() {
            return self.collect_groups(&operand, names);
        }
        if operand.is_wildcard() {
            return self.collect_matches(&operand, names);
        }
        self.spend(size(&operand.axes), operand.column)?;
        names.add(operand.pattern, operand.axes);
        Ok(())
    }

    /// `@name`, `@rack[1-4]`, `@*`.
    fn collect_groups(&mut self, operand: &Operand, names: &mut Draft) -> Result<(), Error> {
        for point in block_points(&operand.axes) {
            let name = named(&operand.pattern, &point);
            match name.strip_prefix('@').unwrap_or_default() {
                "*" => names.add_set(self.all(operand.column)?),
                name => names.add_set(self.group(name, operand.column)?),
            }
        }
        Ok(())
    }

    fn all(&mut self, column: usize) -> Result<NodeSet, Error> {
        let known = self.known().len();
        self.spend(known, column)?;
        Ok(NodeSet::from_names(self.known().iter().map(String::as_str)))
    }

    fn group(&mut self, name: &str, column: usize) -> Result<NodeSet, Error> {
        if let Some(set) = self.resolved.get(name).cloned() {
            self.spend(set.len(), column)?;
            return Ok(set);
        }
        let error = |reason| Error { column, reason };
        if self.within.iter().any(|outer| outer == name) {
            return Err(error(format!(
                "the group holds itself: {} > {name}",
                self.within.join(" > ")
            )));
        }
        if self.within.len() >= MAX_DEPTH {
            return Err(error(format!(
                "groups are nested more than {MAX_DEPTH} deep"
            )));
        }
        let members = self
            .groups
            .group(name)
            .ok_or_else(|| error(self.unknown(name)))?;
        self.within.push(name.into());
        let (before, most) = (self.budget, self.most);
        let mut names = Draft::default();
        for member in &members {
            self.most = (0, 1);
            let inner = self.evaluate(member);
            let within = |e: Error| error(format!("in group {}: {}", shown(name), e.reason));
            names.add_set(inner.map_err(within)?);
        }
        let set = names.fold();
        self.most = most.max((before - self.budget, column));
        self.within.pop();
        self.resolved.insert(name.into(), set.clone());
        Ok(set)
    }

    /// Why a group isn't there, with the nearest name that is.
    fn unknown(&self, name: &str) -> String {
        let names = self.groups.names();
        let nearest = names
            .iter()
            .filter(|_| name.len() <= MAX_TYPO)
            .map(|known| (strsim::damerau_levenshtein(known, name), known))
            .filter(|(distance, known)| *distance <= 1 + known.chars().count() / 4)
            .min();
        let hint = nearest.map_or_else(String::new, |(_, known)| {
            format!("; did you mean `@{known}`?")
        });
        format!("there is no group {}{hint}", shown(name))
    }

    fn collect_matches(&mut self, operand: &Operand, names: &mut Draft) -> Result<(), Error> {
        let is_meant = |name: &&String| matches(&operand.pattern, &operand.axes, name);
        let mut found = 0;
        for name in self.known().iter().filter(is_meant) {
            names.add_name(name);
            found += 1;
        }
        self.spend(found, operand.column)
    }

    fn known(&mut self) -> &[String] {
        let groups = self.groups;
        self.known.get_or_insert_with(|| groups.all())
    }

    fn spend(&mut self, names: usize, column: usize) -> Result<(), Error> {
        if let Some(left) = self.budget.checked_sub(names) {
            self.budget = left;
            self.most = self.most.max((names, column));
            return Ok(());
        }
        if self.most.0 == 0 {
            return Err(too_many(column, MAX_NAMES));
        }
        // The last drop is not what filled it.
        let (_, column) = self.most.max((names, column));
        Err(Error {
            column,
            reason: format!("with the rest, this is more than {MAX_NAMES} names"),
        })
    }
}

/// The name that a pattern gives with these numbers.
pub(super) fn named(pattern: &Pattern, point: &[Number]) -> String {
    let mut name = String::new();
    let written = pattern.fill(point, &mut name);
    debug_assert!(written.is_ok(), "writing to a String doesn't fail");
    name
}
