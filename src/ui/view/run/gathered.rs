//! Each different answer of a run once, under the names of its nodes, as a diff to the commonest.

use std::collections::HashSet;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Scene, list::first_line};
use crate::{
    config::keymap::Action,
    exec::{
        Gather, Mask, RunState,
        report::{self, Tone},
    },
    fleet::Millis,
    ui::{
        format::{self, put, row},
        theme::Role,
        view::pager::{Ink, Line, Page},
        widget::{Look, panel::Panel},
    },
};

/// While nodes end, the answers are compared anew no more often.
const EVERY_MS: u64 = 500;

/// Begins and ends a piece of a tone: signs that no safe text has.
const BEGIN: char = '\u{1}';
const END: char = '\u{2}';

/// The answers so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    gather: Gather,
    taken: HashSet<usize>,
    page: Page,
    is_masked: bool,
    made: Option<(Millis, usize, u16)>,
}

impl Gathered {
    pub(super) fn act(&mut self, action: Action, run: &RunState, body: Rect) {
        if action == Action::Mask {
            let is_masked = !self.is_masked;
            let nodes = run.nodes.iter().map(|node| &*node.node);
            *self = Self {
                gather: Gather::new(is_masked.then(|| Mask::new(nodes))),
                is_masked,
                ..Self::default()
            };
            return;
        }
        self.page.act(action, inside(body).height);
    }

    /// Takes in the nodes that have ended meanwhile.
    pub(super) fn fit(&mut self, run: &RunState, now: Millis, body: Rect) {
        let (ended, inside) = (run.tallies.ended(), inside(body));
        if let Some((at, count, width)) = self.made {
            let is_same = count == ended && width == inside.width;
            let is_soon = run.is_running() && width == inside.width && now.since(at) < EVERY_MS;
            if is_same || is_soon {
                return;
            }
        }
        self.made = Some((now, ended, inside.width));
        for (place, node) in run.nodes.iter().enumerate() {
            if let Some(result) = &node.result
                && self.taken.insert(place)
            {
                self.gather.add(result);
            }
        }
        let mut text = Vec::new();
        // Writing to memory doesn't fail.
        let _ = report::write(&self.gather, report::Look::default(), &marked, &mut text);
        let text = String::from_utf8_lossy(&text);
        // A gap before each group but the first.
        let lines = text.lines().map(line).enumerate().flat_map(|(n, line)| {
            let gap = (n > 0 && is_header(&line)).then(Line::new);
            gap.into_iter().chain([line])
        });
        self.page.fill(lines, (inside.width, inside.height));
    }

    fn title(&self) -> &'static str {
        if self.is_masked {
            "Gathered, masked"
        } else {
            "Gathered"
        }
    }

    pub(super) fn render(&self, run: &RunState, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        let style = |role| scene.theme.style(role);
        format::clear(buf, area, style(Role::Ground));
        let summary = report::summary(&self.gather.tally(), &report::plain);
        let open = run.nodes.len() - run.tallies.ended();
        let note = match open {
            0 => String::new(),
            n => format!("{n} not done yet"),
        };
        let page = &self.page;
        let place = page.place(inside(area).height);
        let panel = Panel {
            title: &[
                (self.title(), style(Role::Strong)),
                (&first_line(&run.order.command), style(Role::Muted)),
            ],
            note: Some((&note, style(Role::Info))),
            foot: Some((&summary, style(Role::Muted))),
            foot_note: Some((&place, style(Role::Muted))),
            focused: true,
            ..Panel::default()
        };
        let inside = panel.render(&Look::from(scene), area, buf);
        page.render(scene, inside, buf);
        if page.is_empty() {
            let text = "no node has ended yet";
            put(buf, row(inside, 0), inside.x, text, style(Role::Muted));
        }
    }
}

fn inside(body: Rect) -> Rect {
    Rect {
        width: body.width.saturating_sub(4),
        height: body.height.saturating_sub(2),
        ..body
    }
}

const TONES: [(Tone, char, Role); 9] = [
    (Tone::Plain, '0', Role::Text),
    (Tone::Faint, '1', Role::Muted),
    (Tone::Names, '2', Role::Accent),
    (Tone::Good, '3', Role::Ok),
    (Tone::Bad, '4', Role::Critical),
    (Tone::Stderr, '5', Role::Warn),
    (Tone::Less, '6', Role::Critical),
    (Tone::More, '7', Role::Ok),
    (Tone::Unsure, '8', Role::Warn),
];

/// A header begins with a rule, and then names.
fn is_header(line: &Line) -> bool {
    let inks = line.iter().map(|(_, ink)| *ink).take(2);
    inks.eq([Ink::Role(Role::Muted), Ink::Role(Role::Accent)])
}

/// A piece of the report with its tone beside it.
fn marked(tone: Tone, text: &str) -> String {
    let mark = TONES.iter().find(|(of, ..)| *of == tone);
    let mark = mark.map_or('0', |(_, mark, _)| *mark);
    format!("{BEGIN}{mark}{text}{END}")
}

/// A line of the report with its colours.
fn line(text: &str) -> Line {
    let mut line = Line::new();
    for piece in text.split(BEGIN) {
        let mut chars = piece.chars();
        let mark = chars.next();
        let found = TONES.iter().find(|(_, sign, _)| Some(*sign) == mark);
        let rest = chars.as_str().trim_end_matches(END);
        if let Some((.., role)) = found {
            line.push((rest.to_owned(), Ink::Role(*role)));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_become_roles() {
        let text = marked(Tone::Names, "gpu[01-04]") + &marked(Tone::Plain, " (4)");
        let roles = [
            ("gpu[01-04]".to_owned(), Ink::Role(Role::Accent)),
            (" (4)".to_owned(), Ink::Role(Role::Text)),
        ];
        assert_eq!(line(&text), roles);
    }
}
