//! What each key does to the fleet view.

use ratatui::layout::Rect;

use super::{Density, Fleet, Narrowing, is_fault};
use crate::{
    config::keymap::Action,
    node::NodeId,
    ui::{
        order::Sort,
        view::{Scene, columns::Column, node, table},
    },
};

impl Fleet {
    /// Does what a key means here; false when it means nothing here.
    pub fn act(&mut self, action: Action, scene: &Scene<'_>, body: Rect) -> bool {
        if self.walk(action, scene, body) {
            return true;
        }
        match action {
            Action::Mark => self.mark(scene, body),
            Action::MarkAll => self.mark_all(scene),
            Action::Unmark => self.unmark_all(),
            Action::Denser => self.step_density(scene, body, true),
            Action::Roomier => self.step_density(scene, body, false),
            Action::Sort => self.next_sort(),
            Action::SortNext => self.step_sort(true, scene, body),
            Action::SortPrevious => self.step_sort(false, scene, body),
            Action::Invert => {
                let (sort, inverted) = self.order.sort();
                self.order.set(sort, !inverted);
            }
            Action::NextFault => self.next_fault(scene, true),
            Action::PreviousFault => self.next_fault(scene, false),
            Action::OnlyFaults => {
                self.only_faults = !self.only_faults;
                self.narrowed.put(Narrowing::Faults);
            }
            Action::Signal => self.signal = self.signal.next(),
            Action::Back => self.drop_one(scene),
            _ => return false,
        }
        self.refresh(scene, body);
        true
    }

    /// Why a key changes nothing here, as things stand.
    pub fn nothing_by(
        &self,
        action: Action,
        scene: &Scene<'_>,
        body: Rect,
    ) -> Option<&'static str> {
        match (action, self.density(scene, body)) {
            (Action::Denser, Density::Heatmap) => Some("the heatmap is the densest view"),
            (Action::Roomier, Density::Tiles) => Some("tiles are the roomiest view"),
            (Action::Unmark, _) if self.marked.is_empty() => Some("no node is marked"),
            _ => None,
        }
    }

    /// Keys that show nothing here, as things stand.
    pub fn idle(&self, scene: &Scene<'_>, body: Rect) -> Vec<Action> {
        let mut idle = match self.density(scene, body) {
            Density::Tiles => vec![Action::Columns, Action::Signal, Action::Roomier],
            // One way is enough where the hints lack room.
            Density::Table => vec![Action::Signal, Action::Roomier],
            Density::Heatmap => vec![Action::Columns, Action::Denser],
        };
        if !self.has_fault(scene) {
            idle.push(Action::NextFault);
        }
        let is_retried = if self.marked.is_empty() {
            self.under_cursor(scene).is_some_and(node::is_retried)
        } else {
            let mut nodes = scene.snapshot.nodes.iter();
            nodes.any(|n| node::is_retried(n) && self.marked.contains(&n.node.id))
        };
        if !is_retried {
            idle.push(Action::Retry);
        }
        idle
    }

    /// Moves the cursor by so many rows, and stays among those shown.
    pub fn step(&mut self, forward: bool, scene: &Scene<'_>, body: Rect) {
        let to = if forward {
            self.at + 1
        } else {
            self.at.saturating_sub(1)
        };
        self.go(to, scene);
        self.order.touch(scene.now);
        self.follow(scene, body);
    }

    fn mark(&mut self, scene: &Scene<'_>, body: Rect) {
        self.order.touch(scene.now);
        if let Some(id) = self.cursor.clone()
            && !self.marked.remove(&id)
        {
            self.marked.insert(id);
        }
        if self.density(scene, body) == Density::Table {
            self.walk(Action::Down, scene, body);
        }
    }

    fn mark_all(&mut self, scene: &Scene<'_>) {
        let nodes = &scene.snapshot.nodes;
        let shown = self.rows.iter().filter_map(|i| nodes.get(*i));
        let shown: Vec<NodeId> = shown.map(|n| n.node.id.clone()).collect();
        if shown.iter().all(|id| self.marked.contains(id)) {
            for id in &shown {
                self.marked.remove(id);
            }
        } else {
            self.marked.extend(shown);
        }
    }

    fn step_density(&mut self, scene: &Scene<'_>, body: Rect, denser: bool) {
        self.density = Some(match (self.density(scene, body), denser) {
            (Density::Tiles, true) | (Density::Heatmap, false) => Density::Table,
            (Density::Table | Density::Heatmap, true) => Density::Heatmap,
            (Density::Tiles | Density::Table, false) => Density::Tiles,
        });
        self.scroll = 0;
    }

    fn next_sort(&mut self) {
        let next = match self.order.sort().0 {
            Sort::Worst => Sort::Name,
            Sort::Name => Column::named("load.1").map_or(Sort::Worst, Sort::Column),
            Sort::Column(_) => Sort::Worst,
        };
        self.order.set(next, false);
    }

    /// Through the columns on the screen; without a table, through all that it would show.
    fn step_sort(&mut self, forward: bool, scene: &Scene<'_>, body: Rect) {
        let is_table = self.density(scene, body) == Density::Table;
        let placed = table::placed(&self.columns, self.summary.name, body);
        let is_offered = |column: &Column| {
            let is_placed = placed.iter().any(|(placed, ..)| placed == column);
            !matches!(column, Column::Trace(_)) && (is_placed || !is_table)
        };
        let here = match self.order.sort().0 {
            Sort::Column(column) => self.columns.iter().position(|c| *c == column),
            Sort::Name => self.columns.iter().position(|c| *c == Column::Node),
            Sort::Worst => None,
        };
        let count = self.columns.len();
        let next = |n: usize| match (here, forward) {
            (Some(at), true) => (at + n) % count,
            (Some(at), false) => (at + count - n) % count,
            (None, true) => n - 1,
            (None, false) => count - n,
        };
        let mut columns = (1..=count).filter_map(|n| self.columns.get(next(n)));
        if let Some(column) = columns.find(|column| is_offered(column)) {
            self.order.set(Sort::Column(*column), false);
        }
    }

    fn next_fault(&mut self, scene: &Scene<'_>, forward: bool) {
        let count = self.rows.len();
        let steps = (1..=count).map(|n| if forward { n } else { count - n });
        let to = steps.map(|n| (self.at + n) % count).find(|at| {
            let node = self
                .rows
                .get(*at)
                .and_then(|i| scene.snapshot.nodes.get(*i));
            node.is_some_and(|n| is_fault(n, scene.now))
        });
        if let Some(to) = to {
            self.go(to, scene);
            self.order.touch(scene.now);
        }
    }

    /// The newer one of the filter and the restriction to faults, then the other, then the marks: what was marked within a
    /// filter is marked for what comes after it.
    fn drop_one(&mut self, scene: &Scene<'_>) {
        match self.newest() {
            Some(Narrowing::Filter) => self.set_filter("", scene.snapshot),
            Some(Narrowing::Faults) => self.only_faults = false,
            None => self.marked.clear(),
        }
    }
}
