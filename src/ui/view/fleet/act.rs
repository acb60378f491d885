//! What each key does to the fleet view.

use ratatui::layout::Rect;

use super::{Density, Fleet, Narrowing, is_fault};
use crate::{
    config::keymap::Action,
    node::NodeId,
    ui::{
        effect::Effect,
        order::Sort,
        view::{Scene, columns::Column},
    },
};

impl Fleet {
    /// Does what a key means here; `None` when it means nothing here.
    pub fn act(&mut self, action: Action, scene: &Scene<'_>, body: Rect) -> Option<Vec<Effect>> {
        if self.walk(action, scene, body) {
            return Some(Vec::new());
        }
        let mut effects = Vec::new();
        match action {
            Action::Mark => self.mark(scene, body),
            Action::MarkAll => self.mark_all(scene),
            Action::Unmark => self.unmark_all(),
            Action::Denser => self.step_density(scene, body, true),
            Action::Roomier => self.step_density(scene, body, false),
            Action::Sort => self.next_sort(),
            Action::SortNext => self.step_sort(true),
            Action::SortPrevious => self.step_sort(false),
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
            Action::Retry => effects.extend(self.retry()),
            Action::Back => self.drop_one(scene),
            _ => return None,
        }
        self.refresh(scene, body);
        Some(effects)
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

    fn step_sort(&mut self, forward: bool) {
        let columns: Vec<Column> = self
            .columns
            .iter()
            .copied()
            .filter(|c| !matches!(c, Column::Trace(_)))
            .collect();
        let here = match self.order.sort().0 {
            Sort::Column(column) => columns.iter().position(|c| *c == column),
            Sort::Worst | Sort::Name => None,
        };
        let count = columns.len().max(1);
        let to = match (here, forward) {
            (Some(at), true) => (at + 1) % count,
            (Some(at), false) => (at + count - 1) % count,
            (None, true) => 0,
            (None, false) => count - 1,
        };
        if let Some(column) = columns.get(to) {
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

    fn retry(&self) -> Option<Effect> {
        let ids: Vec<NodeId> = if self.marked.is_empty() {
            self.cursor.iter().cloned().collect()
        } else {
            self.marked.iter().cloned().collect()
        };
        (!ids.is_empty()).then_some(Effect::Retry(ids))
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
