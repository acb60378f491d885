//! All nodes of a run, what goes on first: state, time, and what each said last.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    Scene,
    row::{rank, said, sign, span, word},
};
use crate::{
    config::keymap::Action,
    exec::{NodeRun, RunState},
    fleet::Status,
    ui::{
        format::{self, put, row},
        order::natural,
        theme::Role,
        view::scroll::{Scroll, step},
        widget::{Look, panel::Panel},
    },
};

/// Lines above the nodes: progress, counts, a gap, headings.
const HEAD: u16 = 4;

/// Cells of a node's name.
const NAME: usize = 28;

/// Cells of a state.
const STATE: u16 = 12;

/// Cells of a time.
const TIME: u16 = 7;

/// Which nodes are shown in what order, and where one is.
#[derive(Clone, Debug)]
pub(super) struct List {
    by_name: bool,
    only_failed: bool,
    /// Places in the plan.
    shown: Vec<usize>,
    /// A place in the plan.
    cursor: Option<usize>,
    /// Somebody moved it: until then it is on the first one.
    is_touched: bool,
    scroll: Scroll,
    /// Longest name.
    name: usize,
}

impl List {
    pub(super) fn new(run: &RunState) -> Self {
        let names = run.nodes.iter();
        let names = names.map(|node| format::width(node.node.id.as_str()));
        Self {
            by_name: false,
            only_failed: false,
            shown: Vec::new(),
            cursor: None,
            is_touched: false,
            scroll: Scroll::default(),
            name: names.max().unwrap_or(0).clamp(4, NAME),
        }
    }

    /// The node under the cursor, by its place in the plan.
    pub(super) fn cursor(&self) -> Option<usize> {
        self.cursor
    }

    fn at(&self) -> usize {
        let is_it = |place: &usize| Some(*place) == self.cursor;
        self.shown.iter().position(is_it).unwrap_or(0)
    }

    pub(super) fn place(&self) -> Option<(usize, usize)> {
        (!self.shown.is_empty()).then(|| (self.at() + 1, self.shown.len()))
    }

    /// Orders the nodes as they stand now, and keeps the cursor in sight.
    pub(super) fn fit(&mut self, run: &RunState, body: Rect) {
        let before = self.at();
        let nodes = run.nodes.iter().enumerate();
        let nodes = nodes.filter(|(_, node)| !self.only_failed || node.has_failed());
        self.shown = nodes.map(|(place, _)| place).collect();
        let node = |place: &usize| run.nodes.get(*place);
        if self.by_name {
            let name = |place: &usize| {
                run.nodes
                    .get(*place)
                    .map_or("", |node| node.node.id.as_str())
            };
            self.shown.sort_by(|a, b| natural(name(a), name(b)));
        } else {
            self.shown
                .sort_by_key(|place| node(place).map(|node| rank(node)));
        }
        let stays = self
            .cursor
            .is_some_and(|cursor| self.shown.contains(&cursor));
        if !stays || !self.is_touched {
            let at = if self.is_touched { before } else { 0 };
            let at = at.min(self.shown.len().saturating_sub(1));
            self.cursor = self.shown.get(at).copied();
        }
        self.keep_in_sight(body);
    }

    fn keep_in_sight(&mut self, body: Rect) {
        self.scroll = self.scroll.with(self.at(), self.shown.len(), page(body));
    }

    pub(super) fn act(&mut self, action: Action, run: &RunState, body: Rect) {
        match action {
            Action::OnlyFailed => {
                self.only_failed = !self.only_failed;
                self.fit(run, body);
            }
            Action::Sort => {
                self.by_name = !self.by_name;
                self.fit(run, body);
            }
            _ => {
                let last = self.shown.len().saturating_sub(1);
                let to = step(action, self.at(), last, page(body));
                to.inspect(|to| self.go(*to, body));
            }
        }
    }

    /// Puts the cursor on the first, second, ... node that is shown.
    fn go(&mut self, to: usize, body: Rect) {
        let to = to.min(self.shown.len().saturating_sub(1));
        self.is_touched = true;
        self.cursor = self.shown.get(to).copied().or(self.cursor);
        self.keep_in_sight(body);
    }

    /// Goes to a neighbour; gives it where there is one.
    pub(super) fn step(&mut self, forward: bool, body: Rect) -> Option<usize> {
        let at = self.at();
        let to = if forward { at + 1 } else { at.checked_sub(1)? };
        let place = self.shown.get(to).copied()?;
        self.go(to, body);
        Some(place)
    }

    pub(super) fn render(&self, run: &RunState, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        format::clear(buf, area, scene.theme.style(Role::Ground));
        let style = |role| scene.theme.style(role);
        let command = first_line(&run.order.command);
        let nodes = run.nodes.len();
        let nodes = if nodes == 1 {
            "1 node".to_owned()
        } else {
            format!("{nodes} nodes")
        };
        let selector = format!("{} {} {nodes}", run.order.selector, scene.glyphs.dot());
        let note = if run.order.selector.is_empty() {
            nodes
        } else {
            selector
        };
        let foot = self.foot(scene);
        let (said, said_role) = remark(run);
        let panel = Panel {
            title: &[
                (&run.number.to_string(), style(Role::Muted)),
                (&command, style(Role::Strong)),
            ],
            note: Some((&note, style(Role::Muted))),
            foot: Some((&said, style(said_role))),
            foot_note: Some((&foot, style(Role::Muted))),
            focused: true,
            ..Panel::default()
        };
        let inside = panel.render(&Look::from(scene), area, buf);
        head(run, scene, row(inside, 0), buf);
        counts(run, scene, row(inside, 1), buf);
        self.headings(scene, row(inside, HEAD - 1), buf);
        let shown = self.shown.iter().skip(self.scroll.first());
        for (y, place) in (HEAD..inside.height).zip(shown) {
            if let Some(node) = run.nodes.get(*place) {
                self.line(*place, node, scene, (row(inside, y), buf));
            }
        }
    }

    fn foot(&self, scene: &Scene<'_>) -> String {
        let order = if self.by_name { "by name" } else { "by state" };
        if self.only_failed {
            return format!("only failed {} {order}", scene.glyphs.dot());
        }
        order.to_owned()
    }

    /// Where the columns begin, from the left: name, state, time, line.
    fn columns(&self) -> [u16; 4] {
        let name = 4;
        let state = name + self.name as u16 + 2;
        let time = state + STATE + 1;
        [name, state, time, time + TIME + 2]
    }

    fn headings(&self, scene: &Scene<'_>, line: Rect, buf: &mut Buffer) {
        let style = scene.theme.style(Role::Muted);
        let [name, state, time, said] = self.columns();
        for (x, text) in [
            (name, "NODE"),
            (state, "STATE"),
            (time + TIME - 4, "TIME"),
            (said, "LAST LINE"),
        ] {
            put(buf, line, line.x + x, text, style);
        }
    }

    fn line(
        &self,
        place: usize,
        node: &NodeRun,
        scene: &Scene<'_>,
        (line, buf): (Rect, &mut Buffer),
    ) {
        let style = |role| scene.theme.style(role);
        let glyphs = scene.glyphs;
        if Some(place) == self.cursor {
            buf.set_style(line, style(Role::Selected));
            put(buf, line, line.x, glyphs.cursor(), style(Role::Accent));
        }
        let [name, state, time, last] = self.columns();
        let (sign, role) = sign(node, glyphs);
        put(buf, line, line.x + 2, sign, style(role));
        let strong = if node.has_failed() {
            Role::Strong
        } else {
            Role::Text
        };
        let id = format::fit_name(node.node.id.as_str(), self.name, glyphs);
        put(buf, line, line.x + name, &id, style(strong));
        let word = word(node);
        let word = format::fit(&word, usize::from(STATE), glyphs);
        put(buf, line, line.x + state, &word, style(role));
        let elapsed = node.elapsed_ms(scene.now.0);
        let elapsed = elapsed.map_or_else(|| glyphs.absent().to_owned(), span);
        let elapsed = format::right(&elapsed, usize::from(TIME), glyphs);
        put(buf, line, line.x + time, &elapsed, style(Role::Muted));
        let (said, role) = said(node);
        let room = usize::from(line.width.saturating_sub(last));
        let said = format::fit(said.as_str(), room, glyphs);
        put(buf, line, line.x + last, &said, style(role));
    }
}

/// Nodes that fit.
fn page(body: Rect) -> usize {
    usize::from(body.height.saturating_sub(HEAD + 2)).max(1)
}

/// The command, or its first line where it has more.
pub fn first_line(command: &str) -> String {
    let mut lines = command.lines();
    let first = lines.next().unwrap_or_default();
    let safe = crate::node::text::SafeText::from(first);
    match lines.count() {
        0 => safe.to_string(),
        more => format!("{safe} (and {more} more lines)"),
    }
}

/// Why it stopped, or what went wrong beside it.
fn remark(run: &RunState) -> (String, Role) {
    let is_over = run.trouble.is_some() || run.aborted.is_some();
    if run.stopping.is_some() && run.tallies.running > 0 && !is_over {
        let text = "what had not begun is cancelled; x again ends what runs";
        return (text.to_owned(), Role::Warn);
    }
    let told = [&run.trouble, &run.aborted, &run.stopping];
    match told.into_iter().flatten().next() {
        Some(why) => (why.to_string(), Role::Warn),
        None => (String::new(), Role::Muted),
    }
}

/// The bar over the whole width but for share and time.
fn head(run: &RunState, scene: &Scene<'_>, line: Rect, buf: &mut Buffer) {
    let (ended, all) = (run.tallies.ended(), run.nodes.len());
    let percent = (ended * 100).checked_div(all).unwrap_or(100);
    let elapsed = span(run.elapsed_ms(scene.now.0));
    let text = format!("  {ended}/{all}  {percent:>3}%  {elapsed:>6}");
    let width = line.width.saturating_sub(format::width(&text) as u16);
    progress(run, scene, Rect { width, ..line }, buf);
    let role = if run.is_running() {
        Role::Text
    } else {
        Role::Strong
    };
    put(buf, line, line.x + width, &text, scene.theme.style(role));
}

/// A bar with a part for each state of its nodes.
pub fn progress(run: &RunState, scene: &Scene<'_>, line: Rect, buf: &mut Buffer) {
    let tallies = run.tallies;
    let parts = [
        (tallies.ok, Role::Ok),
        (tallies.failed, Role::Critical),
        (tallies.unreached + tallies.cancelled, Role::Warn),
        (tallies.skipped, Role::Muted),
        (tallies.running, Role::Info),
    ];
    bar(&parts, run.nodes.len(), scene, (line, buf));
}

/// A bar with a part for each of these counts, of so many in all.
pub fn bar(
    parts: &[(usize, Role)],
    all: usize,
    scene: &Scene<'_>,
    (line, buf): (Rect, &mut Buffer),
) {
    let (full, track) = if scene.glyphs.ascii {
        ("#", "-")
    } else {
        ("━", "─")
    };
    let all = all.max(1);
    let width = usize::from(line.width);
    let mut filled = 0;
    let mut x = 0;
    for &(count, role) in parts {
        filled += count;
        let end = (filled * width).div_ceil(all);
        // What there is is seen, however little.
        let end = if count > 0 {
            end.max(x + 1)
        } else {
            end.min(x)
        }
        .min(width);
        for at in x..end {
            put(buf, line, line.x + at as u16, full, scene.theme.style(role));
        }
        x = x.max(end);
    }
    for at in x..width {
        put(
            buf,
            line,
            line.x + at as u16,
            track,
            scene.theme.style(Role::Track),
        );
    }
}

/// How many are at what; what is seldom met only where it is.
fn counts(run: &RunState, scene: &Scene<'_>, line: Rect, buf: &mut Buffer) {
    let (glyphs, tallies) = (scene.glyphs, run.tallies);
    let status = |status| glyphs.status(status);
    let all = [
        (glyphs.running(), tallies.running, "running", Role::Info),
        (
            status(Status::Unknown),
            tallies.waiting,
            "waiting",
            Role::Unknown,
        ),
        (status(Status::Ok), tallies.ok, "ok", Role::Ok),
        (
            status(Status::Critical),
            tallies.failed,
            "failed",
            Role::Critical,
        ),
    ];
    let seldom = [
        (tallies.unreached, "unreached"),
        (tallies.cancelled, "cancelled"),
    ];
    let seldom = seldom.map(|(count, word)| (status(Status::Warn), count, word, Role::Warn));
    let skipped = (glyphs.absent(), tallies.skipped, "skipped", Role::Muted);
    let seldom = seldom.into_iter().chain([skipped]);
    let mut x = line.x;
    let style = |role, count| -> Style {
        let role = if count == 0 { Role::Muted } else { role };
        scene.theme.style(role)
    };
    let parts: Vec<_> = all
        .into_iter()
        .chain(seldom.filter(|part| part.1 > 0))
        .collect();
    let wide = parts
        .iter()
        .map(|(_, count, word, _)| count.to_string().len() + word.len() + 6);
    let gap = if wide.sum::<usize>() > usize::from(line.width) + 3 {
        2
    } else {
        3
    };
    for (sign, count, word, role) in parts {
        x = put(buf, line, x, sign, style(role, count)) + 1;
        x = put(buf, line, x, &count.to_string(), style(Role::Text, count)) + 1;
        x = put(buf, line, x, word, scene.theme.style(Role::Muted)) + gap;
    }
}
