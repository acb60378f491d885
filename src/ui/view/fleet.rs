//! The fleet: which nodes are shown, in which order and density, where the cursor is, and which are marked.

mod act;
mod place;
mod wish;

use std::collections::BTreeSet;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    Scene,
    columns::Column,
    heatmap::{self, Signal},
    newest::Newest,
    table,
    tiles::Tiles,
};
use crate::{
    config::keymap::{Action, Scope},
    fleet::{
        Counts, Link, Millis, NodeState, Snapshot, Status,
        filter::{self, Filter},
    },
    metrics::health::Severity,
    node::NodeId,
    ui::{
        format,
        order::{Order, Sort},
        theme::Role,
        widget::trace::Traces,
    },
};

/// How many nodes a screen holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Density {
    /// A panel each.
    Tiles,
    /// A line each.
    Table,
    /// A cell or two each.
    Heatmap,
}

impl Density {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tiles => "tiles",
            Self::Table => "table",
            Self::Heatmap => "heatmap",
        }
    }
}

/// The state of the fleet view.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    /// Positions in the snapshot of the nodes that are shown, in order.
    rows: Vec<usize>,
    /// Place of the cursor in `rows`.
    at: usize,
    /// The node under the cursor: it stays there when rows move.
    cursor: Option<NodeId>,
    /// The first line on the screen.
    scroll: usize,
    marked: BTreeSet<NodeId>,
    filter: Filtering,
    only_faults: bool,
    narrowed: Newest<Narrowing>,
    order: Order,
    density: Option<Density>,
    /// The columns of the table.
    pub columns: Vec<Column>,
    signal: Signal,
    summary: Summary,
    /// Of the tiles and the table.
    traces: Traces,
}

/// What keeps nodes from being shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Narrowing {
    Filter,
    Faults,
}

/// A filter as typed, the last one that could be read, and what is wrong with it now.
#[derive(Clone, Debug, Default)]
struct Filtering {
    text: String,
    filter: Option<Filter>,
    error: Option<filter::Error>,
}

/// What the header says of all nodes, shown or not.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Nodes by status.
    pub counts: Counts,
    /// The rule that fires on most nodes, and on how many.
    pub rule: Option<(&'static str, usize)>,
    /// When the oldest sample arrived of those that nodes on a connection show.
    pub oldest: Option<Millis>,
    /// One of those is too old.
    pub is_stale: bool,
    /// No node has told anything.
    pub is_blank: bool,
    /// Cells of the longest name.
    pub name: u16,
}

impl Fleet {
    /// A view that is ordered and dense as wished.
    pub fn new((sort, inverted): (Sort, bool), density: Option<Density>) -> Self {
        let mut fleet = Self {
            density,
            columns: Column::defaults(),
            ..Self::default()
        };
        fleet.order.set(sort, inverted);
        fleet
    }

    /// Works out anew what is shown; to be called when data, time or a wish changed.
    pub fn refresh(&mut self, scene: &Scene<'_>, body: Rect) {
        let nodes = &scene.snapshot.nodes;
        let sequence = self.order.arrange(scene.snapshot, scene.now);
        let shown = |at: &usize| {
            nodes.get(*at).is_some_and(|node| {
                let in_trouble = !self.only_faults || is_fault(node, scene.now);
                let filter = self.filter.filter.as_ref();
                in_trouble && filter.is_none_or(|f| f.matches(node, scene.now))
            })
        };
        self.rows = sequence.iter().copied().filter(shown).collect();
        self.summary = Summary::of(scene.snapshot, scene.now);
        self.keep_cursor(scene);
        self.follow(scene, body);
    }

    /// The groups may be others: reads the filter again, and forgets marks of nodes that are gone.
    pub fn inventory_changed(&mut self, snapshot: &Snapshot) {
        let text = std::mem::take(&mut self.filter.text);
        self.read_filter(&text, snapshot);
        let nodes = &snapshot.nodes;
        let known: BTreeSet<&NodeId> = nodes.iter().map(|n| &n.node.id).collect();
        self.marked.retain(|id| known.contains(id));
    }

    /// Filters by this text; one that can't be read leaves the filter as it was and says why.
    pub fn set_filter(&mut self, text: &str, snapshot: &Snapshot) {
        if text != self.filter.text {
            self.narrowed.put(Narrowing::Filter);
        }
        self.read_filter(text, snapshot);
    }

    fn read_filter(&mut self, text: &str, snapshot: &Snapshot) {
        text.clone_into(&mut self.filter.text);
        match Filter::parse(text, &snapshot.inventory) {
            Ok(filter) => {
                self.filter.filter = (!text.trim().is_empty()).then_some(filter);
                self.filter.error = None;
            }
            Err(error) => self.filter.error = Some(error),
        }
    }

    /// The filter as typed, and why it can't be read.
    pub fn filter(&self) -> (&str, Option<&filter::Error>) {
        (&self.filter.text, self.filter.error.as_ref())
    }

    /// What was narrowed down last and still is.
    fn newest(&self) -> Option<Narrowing> {
        self.narrowed.last(|what| match what {
            Narrowing::Filter => !self.filter.text.is_empty(),
            Narrowing::Faults => self.only_faults,
        })
    }

    /// Nodes that are shown.
    pub fn shown(&self) -> usize {
        self.rows.len()
    }

    /// Nodes that are marked.
    pub fn marked(&self) -> usize {
        self.marked.len()
    }

    /// True where a node that is shown is in trouble.
    pub fn has_fault(&self, scene: &Scene<'_>) -> bool {
        // Of a fleet that is well each node would be looked at, in each frame.
        if self.summary.counts.warn + self.summary.counts.critical == 0 {
            return false;
        }
        let nodes = &scene.snapshot.nodes;
        let mut shown = self.rows.iter().filter_map(|i| nodes.get(*i));
        shown.any(|node| is_fault(node, scene.now))
    }

    /// The cursor stays on its node from now on, as if it had been moved there.
    pub fn hold(&mut self, now: Millis) {
        self.order.touch(now);
    }

    /// True when only nodes in trouble are shown.
    pub fn only_faults(&self) -> bool {
        self.only_faults
    }

    /// What all nodes have in common.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// By what the nodes are ordered, and whether turned round.
    pub fn sort(&self) -> (Sort, bool) {
        self.order.sort()
    }

    /// The density that was asked for; the one that fits without.
    pub fn wished_density(&self) -> Option<Density> {
        self.density
    }

    /// What colours the heatmap.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// The node under the cursor, as it is now.
    pub fn under_cursor<'a>(&self, scene: &Scene<'a>) -> Option<&'a NodeState> {
        let index = self.rows.get(self.at)?;
        scene.snapshot.nodes.get(*index).map(AsRef::as_ref)
    }

    /// The name of the node under the cursor, and its place among those shown, counted from 0.
    pub fn cursor(&self) -> Option<(&NodeId, usize)> {
        self.cursor.as_ref().map(|id| (id, self.at))
    }

    /// Why no node is shown, and which key shows some.
    fn nothing(&self, scene: &Scene<'_>, body: Rect, buf: &mut Buffer) {
        let filter = self.filter.filter.as_ref();
        let nodes = &scene.snapshot.nodes;
        let is_met = || filter.is_none_or(|f| nodes.iter().any(|n| f.matches(n, scene.now)));
        let (why, word) = match filter {
            _ if nodes.is_empty() => ("no nodes yet", ""),
            None => ("no node is in trouble", "shows all"),
            Some(_) if is_met() => match self.newest() {
                Some(Narrowing::Faults) => {
                    ("no node of the filter is in trouble", "shows all of it")
                }
                _ => ("no node of the filter is in trouble", "drops the filter"),
            },
            Some(_) if self.newest() == Some(Narrowing::Faults) => {
                ("no node matches the filter", "asks for trouble no longer")
            }
            Some(_) => ("no node matches the filter", "drops it"),
        };
        let key = scene.keys.key(Scope::Fleet, Action::Back);
        let way_out = key.filter(|_| !word.is_empty());
        let way_out = way_out.map_or_else(String::new, |key| format!("{key} {word}"));
        for (y, text) in [(0, why), (1, &*way_out)] {
            let spare = body.width.saturating_sub(text.len() as u16) / 2;
            let line = format::row(body, body.height / 3 + y);
            let style = scene.theme.style(Role::Muted);
            format::put(buf, line, line.x + spare, text, style);
        }
    }

    /// Draws the nodes; says how many it built.
    pub fn render(&self, scene: &Scene<'_>, body: Rect, buf: &mut Buffer) -> usize {
        let marked = |node: &NodeState| self.marked.contains(&node.node.id);
        if self.rows.is_empty() {
            self.nothing(scene, body, buf);
            return 0;
        }
        match self.density(scene, body) {
            Density::Tiles => {
                let tiles = Tiles {
                    order: &self.rows,
                    cursor: self.at,
                    scroll: self.scroll,
                    is_marked: &marked,
                    traces: &self.traces,
                };
                tiles.render(scene, body, buf);
                self.rows.len().min(self.grid(body).page())
            }
            Density::Table => {
                let table = table::Table {
                    order: &self.rows,
                    cursor: self.at,
                    scroll: self.scroll,
                    is_marked: &marked,
                    columns: &self.columns,
                    name: self.summary.name,
                    sort: self.order.sort(),
                    traces: &self.traces,
                };
                table.render(scene, body, buf)
            }
            Density::Heatmap => {
                let heatmap = heatmap::Heatmap {
                    shown: &self.rows,
                    cursor: self.cursor.as_ref(),
                    scroll: self.scroll,
                    is_marked: &marked,
                    signal: self.signal,
                };
                heatmap.render(scene, body, buf)
            }
        }
    }
}

impl Summary {
    fn of(snapshot: &Snapshot, now: Millis) -> Self {
        let mut summary = Self {
            is_blank: true,
            ..Self::default()
        };
        let mut rules: Vec<(&'static str, usize, Severity)> = Vec::new();
        for node in &snapshot.nodes {
            summary.counts.add(node.status(now));
            summary.is_blank &= node.sample.is_none();
            if matches!(node.link, Link::Up(_)) && node.sample.is_some() {
                let oldest = summary.oldest.unwrap_or(node.sample_at);
                summary.oldest = Some(oldest.min(node.sample_at));
                summary.is_stale |= node.is_stale(now);
            }
            let cells = node.node.id.as_str().len() as u16;
            summary.name = summary.name.max(cells);
            let findings = &node.health.findings;
            for (n, finding) in findings.iter().enumerate() {
                // Two cards of one node are one node.
                if findings
                    .iter()
                    .take(n)
                    .any(|other| other.rule == finding.rule)
                {
                    continue;
                }
                match rules.iter_mut().find(|(rule, ..)| *rule == finding.rule) {
                    Some((_, count, worst)) => {
                        *count += 1;
                        *worst = finding.severity.max(*worst);
                    }
                    None => rules.push((finding.rule, 1, finding.severity)),
                }
            }
        }
        let most = rules
            .into_iter()
            .max_by_key(|(_, count, worst)| (*count, *worst));
        summary.rule = most.map(|(rule, count, _)| (rule, count));
        summary
    }
}

/// True for a node that somebody should look at.
pub fn is_fault(node: &NodeState, now: Millis) -> bool {
    node.status(now) >= Status::Warn
}
