//! Where each cell of the heatmap stands: by group, then in the inventory's order, whatever its state.

use std::ops::Range;

use ratatui::layout::Rect;

use super::most;
use crate::{config::keymap::Action, ui::view::Scene};

/// Places of all cells for one size.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Position in the snapshot, line, first cell; by line, then cell.
    cells: Vec<(usize, usize, u16)>,
    labels: Vec<(usize, String)>,
    label: u16,
    cell: u16,
    lines: usize,
    room: Rect,
}

impl Layout {
    /// Two cells a node where all of them fit so, else one.
    pub fn new(scene: &Scene<'_>, area: Rect) -> Self {
        let room = most(area);
        let groups = groups(scene);
        let longest = groups.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let label = if groups.len() > 1 {
            (longest as u16 + 2).clamp(4, 14)
        } else {
            1
        };
        let label = if room.width >= 30 { label } else { 0 };
        let wide = Self::with(&groups, room, (label, 2));
        if wide.lines <= usize::from(room.height) {
            return wide;
        }
        Self::with(&groups, room, (label, 1))
    }

    fn with(groups: &[(&str, Vec<usize>)], room: Rect, (label, cell): (u16, u16)) -> Self {
        let per_line = usize::from(room.width.saturating_sub(label) / cell).max(1);
        let mut layout = Self {
            cells: Vec::new(),
            labels: Vec::new(),
            label,
            cell,
            lines: 0,
            room,
        };
        for (name, members) in groups {
            layout.labels.push((layout.lines, (*name).to_owned()));
            for chunk in members.chunks(per_line) {
                let places = (0..).map(|n: u16| label + n * cell);
                let line = layout.lines;
                layout
                    .cells
                    .extend(chunk.iter().zip(places).map(|(i, x)| (*i, line, x)));
                layout.lines += 1;
            }
        }
        layout
    }

    /// False where the cells don't fit and a heatmap would have to scroll far.
    pub fn is_useful(&self) -> bool {
        self.room.width >= 10 && self.room.height >= 2
    }

    /// Lines of all cells.
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Columns that labels and cells take.
    pub fn width(&self) -> u16 {
        let cells = self.cells.iter().map(|(_, _, x)| x + self.cell).max();
        cells.unwrap_or(self.label)
    }

    /// Columns before the cells.
    pub fn label(&self) -> u16 {
        self.label
    }

    /// Columns of a cell.
    pub fn cell(&self) -> u16 {
        self.cell
    }

    /// Each group with its first line.
    pub fn labels(&self) -> impl Iterator<Item = (usize, &str)> {
        let shown = if self.label > 2 {
            self.labels.as_slice()
        } else {
            &[]
        };
        shown.iter().map(|(line, name)| (*line, name.as_str()))
    }

    /// Position in the snapshot, line and column of each cell in these lines.
    pub fn cells(&self, lines: Range<usize>) -> impl Iterator<Item = (usize, usize, u16)> {
        let first = self
            .cells
            .partition_point(|(_, line, _)| *line < lines.start);
        let cells = self.cells.get(first..).unwrap_or_default();
        cells
            .iter()
            .copied()
            .take_while(move |(_, line, _)| *line < lines.end)
    }

    /// The line of a node.
    pub fn line(&self, node: usize) -> Option<usize> {
        let cell = self.cells.iter().find(|(index, ..)| *index == node);
        cell.map(|(_, line, _)| *line)
    }

    /// From one shown node to another; `None` when the action is no move.
    pub fn walk(
        &self,
        action: Action,
        here: Option<usize>,
        shown: &[usize],
        page: usize,
    ) -> Option<Option<usize>> {
        let mut seen: Vec<usize> = shown.to_vec();
        seen.sort_unstable();
        let cells: Vec<(usize, usize, u16)> = self
            .cells
            .iter()
            .copied()
            .filter(|(index, ..)| seen.binary_search(index).is_ok())
            .collect();
        let at = cells
            .iter()
            .position(|(index, ..)| Some(*index) == here)
            .unwrap_or(0);
        let to = match action {
            Action::Left => at.saturating_sub(1),
            Action::Right => (at + 1).min(cells.len().saturating_sub(1)),
            Action::First => 0,
            Action::Last => cells.len().saturating_sub(1),
            Action::Up => vertical(&cells, at, -1),
            Action::Down => vertical(&cells, at, 1),
            Action::PageUp => vertical(&cells, at, -(page as isize)),
            Action::PageDown => vertical(&cells, at, page as isize),
            _ => return None,
        };
        Some(cells.get(to).map(|(index, ..)| *index))
    }
}

/// The cell nearest in column on the nearest line that is at least so many lines away, else on the outermost one.
fn vertical(cells: &[(usize, usize, u16)], at: usize, by: isize) -> usize {
    let Some((_, line, x)) = cells.get(at).copied() else {
        return at;
    };
    let wanted = line.saturating_add_signed(by);
    let lines = cells.iter().map(|(_, line, _)| *line);
    let to = if by > 0 {
        let all: Vec<usize> = lines.filter(|l| *l > line).collect();
        all.iter()
            .copied()
            .find(|l| *l >= wanted)
            .or(all.last().copied())
    } else {
        let all: Vec<usize> = lines.filter(|l| *l < line).collect();
        all.iter()
            .rev()
            .copied()
            .find(|l| *l <= wanted)
            .or(all.first().copied())
    };
    let Some(to) = to else { return at };
    let row = cells
        .iter()
        .enumerate()
        .filter(|(_, (_, line, _))| *line == to);
    row.min_by_key(|(_, (_, _, column))| column.abs_diff(x))
        .map_or(at, |(at, _)| at)
}

/// Each node under its first group, groups in the order in which they appear.
fn groups<'a>(scene: &Scene<'a>) -> Vec<(&'a str, Vec<usize>)> {
    let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
    for (index, node) in scene.snapshot.nodes.iter().enumerate() {
        let name = node.node.groups.first().map_or("", String::as_str);
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, members)) => members.push(index),
            None => groups.push((name, vec![index])),
        }
    }
    groups
}
