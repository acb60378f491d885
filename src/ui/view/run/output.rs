//! All that one node has printed: standard output, then standard error; scrolled, searched, followed while it grows.

use crokey::KeyCombination;
use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    Scene,
    list::{List, first_line},
    row::{said, sign, span, word},
};
use crate::{
    config::keymap::{Action, Scope},
    exec::{self, NodeRun, RunState, size::left_out},
    node::text::styled::{Style, Styled},
    ui::{
        format::{self, put, row},
        theme::Role,
        view::{
            line::Line as Typing,
            pager::{Ink, Line, Page},
        },
        widget::{Look, panel::Panel},
    },
};

/// One node's output on the screen.
#[derive(Clone, Debug)]
pub(super) struct Output {
    /// Its place in the plan.
    at: usize,
    page: Page,
    /// What the page was made of: bytes of both outputs, whether it has ended, and the width.
    made_of: Option<(u64, u64, bool, u16)>,
    search: Option<Box<Typing>>,
    sought: String,
}

impl Output {
    pub(super) fn new(at: usize, run: &RunState) -> Self {
        let is_over = run.nodes.get(at).is_some_and(|node| node.result.is_some());
        Self {
            at,
            page: Page::new(!is_over),
            made_of: None,
            search: None,
            sought: String::new(),
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// True while it can be cancelled here.
    pub(super) fn is_running(&self, run: &RunState) -> bool {
        let node = run.nodes.get(self.at);
        node.is_some_and(|node| node.result.is_none())
    }

    /// True where something was searched for, and found.
    pub(super) fn has_hits(&self) -> bool {
        self.page.hits() > 0
    }

    pub(super) fn scope(&self) -> Scope {
        match self.search {
            Some(_) => Scope::Search,
            None => Scope::Output,
        }
    }

    pub(super) fn node(&self, run: &RunState) -> String {
        let node = run.nodes.get(self.at);
        node.map_or_else(String::new, |node| node.node.id.to_string())
    }

    /// Makes the rows anew where there is more, or another width.
    pub(super) fn fit(&mut self, run: &RunState, body: Rect) {
        let Some(node) = run.nodes.get(self.at) else {
            return;
        };
        let inside = inside(body);
        let (stdout, stderr) = (node.stdout.total(), node.stderr.total());
        let made_of = Some((stdout, stderr, node.result.is_some(), inside.width));
        if made_of != self.made_of {
            self.made_of = made_of;
            self.page.fill(lines(node), (inside.width, inside.height));
        }
    }

    pub(super) fn key(&mut self, key: KeyCombination, body: Rect) {
        if self.search.as_mut().is_some_and(|line| line.key(key)) {
            self.seek(body);
        }
    }

    pub(super) fn paste(&mut self, text: &str, body: Rect) {
        if let Some(line) = &mut self.search {
            line.paste(text);
            self.seek(body);
        }
    }

    fn seek(&mut self, body: Rect) {
        let text = self.search.as_ref().map_or("", |line| line.text());
        text.clone_into(&mut self.sought);
        self.page.seek(&self.sought, inside(body).height);
    }

    /// Does what a key means here; false when this is to be closed.
    pub(super) fn act(
        &mut self,
        action: Action,
        run: &RunState,
        list: &mut List,
        body: Rect,
    ) -> bool {
        match (action, self.search.is_some()) {
            (Action::Back, true) => {
                self.search = Some(Box::new(Typing::new("")));
                self.seek(body);
                self.search = None;
            }
            (Action::Open, true) => self.search = None,
            (Action::Back, false) => return false,
            (Action::Filter, _) => self.search = Some(Box::new(Typing::new(&self.sought))),
            (Action::Left | Action::Right, _) => {
                if let Some(place) = list.step(action == Action::Right, body) {
                    *self = Self {
                        sought: std::mem::take(&mut self.sought),
                        ..Self::new(place, run)
                    };
                    self.fit(run, body);
                    let sought = self.sought.clone();
                    self.page.seek(&sought, inside(body).height);
                }
            }
            _ => {
                self.page.act(action, inside(body).height);
            }
        }
        true
    }

    pub(super) fn render(&self, run: &RunState, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        let style = |role| scene.theme.style(role);
        format::clear(buf, area, style(Role::Ground));
        let Some(node) = run.nodes.get(self.at) else {
            return;
        };
        let (sign, role) = sign(node, scene.glyphs);
        let state = match node.elapsed_ms(scene.now.0) {
            Some(ms) => format!("{sign} {} {} {}", word(node), scene.glyphs.dot(), span(ms)),
            None => format!("{sign} {}", word(node)),
        };
        let place = self.place(inside(area).height);
        let foot = foot(node);
        let panel = Panel {
            title: &[
                (node.node.id.as_str(), style(Role::Strong)),
                (&first_line(&run.order.command), style(Role::Muted)),
            ],
            note: Some((&state, style(role))),
            foot: Some((&foot, style(Role::Warn))),
            foot_note: Some((&place, style(Role::Muted))),
            focused: true,
            ..Panel::default()
        };
        let inside = panel.render(&Look::from(scene), area, buf);
        self.page.render(scene, inside, buf);
        if self.page.is_empty() {
            let text = if node.result.is_some() {
                "it printed nothing"
            } else {
                "nothing printed yet"
            };
            put(buf, row(inside, 0), inside.x, text, style(Role::Muted));
        }
        if let Some(line) = &self.search {
            let last = row(area, area.height.saturating_sub(1));
            let text = format!(" /{}_ ", line.text());
            put(buf, last, last.x + 2, &text, style(Role::Key));
        }
    }

    fn place(&self, height: u16) -> String {
        let lines = self.page.place(height);
        let found = match (self.sought.as_str(), self.page.hits()) {
            ("", _) => return lines,
            (sought, 0) => format!("/{sought}: not found"),
            (sought, hits) => format!("/{sought}: {hits} lines"),
        };
        if lines.is_empty() {
            return found;
        }
        format!("{found} · {lines}")
    }
}

/// Why it did not end well.
fn foot(node: &NodeRun) -> String {
    let is_plain = node.result.as_ref().is_none_or(|result| {
        let outcome = &result.outcome;
        outcome.reason().is_empty() && result.left.is_none()
    });
    if is_plain {
        return String::new();
    }
    said(node).0.to_string()
}

fn inside(body: Rect) -> Rect {
    Rect {
        width: body.width.saturating_sub(4),
        height: body.height.saturating_sub(2),
        ..body
    }
}

/// Both outputs as lines; the second one under a mark of its own.
fn lines(node: &NodeRun) -> Vec<Line> {
    let mut all = Vec::new();
    add(&node.stdout, &mut all);
    if node.stderr.total() > 0 {
        all.push(vec![("stderr:".to_owned(), Ink::Role(Role::Warn))]);
        add(&node.stderr, &mut all);
    }
    all
}

fn add(output: &exec::Output, lines: &mut Vec<Line>) {
    let mut pen = Style::default();
    let mut add = |bytes: &[u8]| {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let line = Styled::line(line, &mut pen);
            let pieces = line.spans();
            lines.push(
                pieces
                    .map(|(text, style)| (text.to_owned(), Ink::Own(style)))
                    .collect(),
            );
        }
    };
    add(&output.head());
    if output.cut() > 0 {
        add(format!("{}\n", left_out(output.cut())).as_bytes());
        add(&output.tail());
    }
}
