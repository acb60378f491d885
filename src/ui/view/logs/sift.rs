//! What is wished to be seen of the lines: patterns in and out, a least level, one node, nodes left out.

use std::collections::BTreeSet;

use crate::logs::{Filter, Level, State, filter};

/// The wishes.
#[derive(Clone, Debug, Default)]
pub(super) struct Sift {
    /// Patterns as they were typed, and read.
    pub(super) filter: Filter,
    texts: Vec<String>,
    /// Only this node, by its place in the order.
    pub(super) only: Option<usize>,
    hidden: BTreeSet<usize>,
}

impl Sift {
    /// Starts with what was ordered.
    pub(super) fn new(filter: Filter) -> Self {
        let grep = filter.grep.iter().map(|pattern| format!("&{pattern}"));
        let exclude = filter.exclude.iter().map(|pattern| format!("&!{pattern}"));
        Self {
            texts: grep.chain(exclude).collect(),
            filter,
            ..Self::default()
        }
    }

    /// Takes a pattern as `less` does: with `!` first, lines in which it is found are left out.
    pub(super) fn add(&mut self, text: &str) -> Result<(), String> {
        match text.strip_prefix('!') {
            Some(out) => self.filter.exclude.push(filter::smart(out)?),
            None => self.filter.grep.push(filter::smart(text)?),
        }
        self.texts.push(format!("&{text}"));
        Ok(())
    }

    /// True where a pattern, a level or a hidden node keeps lines out.
    pub(super) fn is_any(&self) -> bool {
        !self.filter.is_open() || !self.hidden.is_empty()
    }

    /// Takes all patterns, the level and the hidden nodes back.
    pub(super) fn clear(&mut self) {
        let only = self.only;
        *self = Self {
            only,
            ..Self::default()
        };
    }

    /// All, then more and more only what matters.
    pub(super) fn next_level(&mut self) {
        self.filter.level = match self.filter.level {
            None => Some(Level::Info),
            Some(Level::Info) => Some(Level::Warning),
            Some(Level::Warning) => Some(Level::Error),
            _ => None,
        };
    }

    pub(super) fn hide(&mut self, place: usize) {
        self.hidden.insert(place);
    }

    pub(super) fn has_nodes(&self) -> bool {
        self.only.is_some() || !self.hidden.is_empty()
    }

    /// The filter for the streams that there are by now.
    pub(super) fn filter(&self, state: &State) -> Filter {
        let is_wanted = |place: usize| match self.only {
            Some(only) => place == only,
            None => !self.hidden.contains(&place),
        };
        let streams = state.streams.iter();
        let wanted = streams.filter(|stream| is_wanted(stream.place));
        Filter {
            streams: self
                .has_nodes()
                .then(|| wanted.map(|stream| stream.id).collect()),
            ..self.filter.clone()
        }
    }

    /// In words; empty where all is shown.
    pub(super) fn words(&self, state: &State) -> Vec<String> {
        let name = |place: &usize| {
            let node = state.nodes.get(*place);
            node.map_or_else(String::new, |node| node.node.to_string())
        };
        let mut words: Vec<String> = self
            .only
            .iter()
            .map(|p| format!("only {}", name(p)))
            .collect();
        words.extend(self.filter.level.map(|level| format!("{}+", word(level))));
        words.extend(self.texts.iter().cloned());
        if self.only.is_none() {
            match self.hidden.len() {
                0 => {}
                1..=3 => words.extend(self.hidden.iter().map(|p| format!("not {}", name(p)))),
                count => words.push(format!("not {count} nodes")),
            }
        }
        words
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
        Level::Critical => "critical",
    }
}
