//! Draws a roll: head, batches with their nodes, and what happened last below them.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    RollView,
    batch::{self, Label},
    node,
    now::Now,
    rows::Item,
};
use crate::{
    config::keymap::Scope,
    daemon::roll::Wish,
    fleet::{Rolled, Status},
    ui::{
        format::{self, put, row},
        theme::Role,
        view::{
            Scene,
            run::{bar, span},
        },
        widget::{Look, panel::Panel},
    },
};

/// Lines above the rows: progress, counts, what it waits for, a gap.
const HEAD: u16 = 4;

/// Least lines for what happened, with its heading; none on a screen that is lower than `LOW`.
const LEAST_LOG: u16 = 4;
const LOW: u16 = 14;

/// Cells of a name, of what a node is at, of a time, of the state of a batch.
const NAME: usize = 24;
const AT: u16 = 10;
const TIME: u16 = 7;
const STATE: usize = 16;

/// Rows in sight of so many, on a screen whose body is this.
pub(super) fn page(body: Rect, rows: usize) -> usize {
    let inside = body.height.saturating_sub(2);
    usize::from(split(inside, rows).0).max(1)
}

/// Lines for rows, and for what happened.
fn split(inside: u16, rows: usize) -> (u16, u16) {
    let room = inside.saturating_sub(HEAD);
    if inside < LOW {
        return (room, 0);
    }
    let rows = u16::try_from(rows).unwrap_or(u16::MAX);
    let log = (inside / 4).max(LEAST_LOG);
    let log = log.max(room.saturating_sub(rows.saturating_add(1)));
    (room - log, log)
}

impl RollView {
    /// Draws it instead of the view.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        let style = |role| scene.theme.style(role);
        format::clear(buf, area, style(Role::Ground));
        let rolled = &*self.rolled;
        let dot = scene.glyphs.dot();
        let (nodes, batches) = (rolled.wish.nodes.len(), rolled.wish.batches.len());
        let id = &rolled.id;
        let note = format!("{id} {dot} {nodes} nodes {dot} {batches} batches");
        let (foot, role) = match &rolled.trouble {
            Some(trouble) => (trouble.to_string(), Role::Warn),
            None => (knobs(&rolled.wish, dot), Role::Muted),
        };
        let panel = Panel {
            title: &[
                ("roll", style(Role::Muted)),
                (rolled.wish.what.as_str(), style(Role::Strong)),
            ],
            note: Some((&note, style(Role::Muted))),
            foot: Some((&foot, style(role))),
            focused: true,
            ..Panel::default()
        };
        let inside = panel.render(&Look::from(scene), area, buf);
        head(rolled, scene, row(inside, 0), buf);
        counts(rolled, scene, row(inside, 1), buf);
        now(rolled, scene, row(inside, 2), buf);
        let (rows, log) = split(inside.height, self.rows.len());
        let shown = self.rows.shown().iter();
        for (y, item) in (HEAD..HEAD + rows).zip(shown) {
            self.item(*item, scene, (row(inside, y), buf));
        }
        if log > 0 {
            let below = Rect {
                y: inside.bottom() - log,
                height: log,
                ..inside
            };
            happened(rolled, scene, below, buf);
        }
    }

    fn item(&self, item: Item, scene: &Scene<'_>, (line, buf): (Rect, &mut Buffer)) {
        let style = |role| scene.theme.style(role);
        if Some(item) == self.rows.cursor() {
            buf.set_style(line, style(Role::Selected));
            put(
                buf,
                line,
                line.x,
                scene.glyphs.cursor(),
                style(Role::Accent),
            );
        }
        match item {
            Item::Batch(at) => self.batch(at, scene, line, buf),
            Item::Node(place) => one(&self.rolled, place, scene, (line, buf)),
        }
    }

    /// `▾ 3 canary web[03-06]   ●●▶◌  going 12.3s`.
    fn batch(&self, at: usize, scene: &Scene<'_>, line: Rect, buf: &mut Buffer) {
        let (style, glyphs, rolled) = (|role| scene.theme.style(role), scene.glyphs, &*self.rolled);
        let Some(label) = self.labels.get(at) else {
            return;
        };
        let fold = if self.rows.is_open(rolled, at) {
            glyphs.opened()
        } else {
            glyphs.closed()
        };
        let columns = self.columns(line.width);
        put(buf, line, line.x + 2, fold, style(Role::Muted));
        let number = format!("{:>width$}", at + 1, width = columns.digits);
        put(buf, line, line.x + 4, &number, style(Role::Strong));
        let x = line.x + 5 + columns.digits as u16;
        let tag = format::fit(&label.tag, columns.tag, glyphs);
        put(buf, line, x, &tag, style(Role::Accent));
        let x = x + (columns.tag + usize::from(columns.tag > 0)) as u16;
        let names = format::fit(&label.names, columns.names, glyphs);
        put(buf, line, x, &names, style(Role::Text));
        let x = x + columns.names as u16 + 2;
        let strip = batch::strip(rolled, at, columns.strip, glyphs);
        for (place, (sign, role)) in strip.iter().enumerate() {
            put(buf, line, x + place as u16, sign, style(*role));
        }
        let (text, role) = batch::state(rolled, at, scene.now);
        let x = x + columns.strip as u16 + 2;
        put(buf, line, x, &text, style(role));
    }

    /// As wide as they need to be; where there is no room for it, the strip has half of what there is.
    fn columns(&self, width: u16) -> Columns {
        let batches = self.rolled.wish.batches.iter();
        let digits = batches.len().to_string().len();
        let widest = |of: fn(&Label) -> &str| {
            let labels = self.labels.iter();
            labels
                .map(|label| format::width(of(label)))
                .max()
                .unwrap_or(0)
        };
        let width = usize::from(width);
        let tag = widest(|label| &label.tag).min(width / 5);
        let room = width.saturating_sub(10 + digits + tag + STATE);
        let nodes = batches.map(|batch| batch.places.len()).max().unwrap_or(0);
        let strip = nodes.min(room / 2);
        Columns {
            digits,
            tag,
            names: widest(|label| &label.names).min(room - strip),
            strip,
        }
    }
}

/// Cells of what is told of a batch.
struct Columns {
    digits: usize,
    tag: usize,
    names: usize,
    strip: usize,
}

/// `    ▶ web04  gate red   12.3s  exit 1: no answer`.
fn one(rolled: &Rolled, place: usize, scene: &Scene<'_>, (line, buf): (Rect, &mut Buffer)) {
    let (Some(own), Some(seen)) = (rolled.wish.nodes.get(place), rolled.state.nodes.get(place))
    else {
        return;
    };
    let (style, glyphs, now) = (|role| scene.theme.style(role), scene.glyphs, scene.now.0);
    let (sign, role) = node::sign(seen, glyphs);
    put(buf, line, line.x + 6, sign, style(role));
    let names = rolled.wish.nodes.iter();
    let width = names.map(|node| format::width(node.id.as_str())).max();
    let width = width.unwrap_or(0).min(NAME);
    let name = format::fit_name(own.id.as_str(), width, glyphs);
    let x = line.x + 8;
    put(buf, line, x, &name, style(Role::Text));
    let x = x + width as u16 + 2;
    put(buf, line, x, node::word(seen), style(role));
    let time = format!("{:>6}", node::since(seen, now));
    put(buf, line, x + AT, &time, style(Role::Muted));
    let x = x + AT + TIME + 1;
    let room = usize::from(line.right().saturating_sub(x));
    let why = node::why(rolled, seen, now);
    let why = format::fit(&why, room, glyphs);
    put(buf, line, x, &why, style(Role::Text));
}

/// The bar over the whole width but for share and time.
fn head(rolled: &Rolled, scene: &Scene<'_>, line: Rect, buf: &mut Buffer) {
    let (tally, all) = (rolled.state.tally(), rolled.state.nodes.len());
    let percent = (tally.done * 100).checked_div(all).unwrap_or(100);
    let elapsed = span(rolled.elapsed_ms(scene.now));
    let text = format!("  {}/{all}  {percent:>3}%  {elapsed:>6}", tally.done);
    let width = line.width.saturating_sub(format::width(&text) as u16);
    let parts = [
        (tally.done, Role::Ok),
        (tally.failed, Role::Critical),
        (tally.unreached + tally.cut, Role::Warn),
        (tally.in_flight, Role::Info),
    ];
    bar(&parts, all, scene, (Rect { width, ..line }, buf));
    put(
        buf,
        line,
        line.x + width,
        &text,
        scene.theme.style(Role::Strong),
    );
}

/// How many are at what, and how many are down of those that may be.
fn counts(rolled: &Rolled, scene: &Scene<'_>, line: Rect, buf: &mut Buffer) {
    let (glyphs, tally) = (scene.glyphs, rolled.state.tally());
    let status = |status| glyphs.status(status);
    let usual = [
        (glyphs.running(), tally.in_flight, "in flight", Role::Info),
        (
            status(Status::Unknown),
            tally.waiting,
            "waiting",
            Role::Unknown,
        ),
        (status(Status::Ok), tally.done, "done", Role::Ok),
    ];
    let seldom = [
        (
            status(Status::Critical),
            tally.failed,
            "failed",
            Role::Critical,
        ),
        (
            status(Status::Warn),
            tally.unreached,
            "unreached",
            Role::Warn,
        ),
        (status(Status::Warn), tally.cut, "cut", Role::Warn),
    ];
    let most = rolled.wish.options.most_down(rolled.state.nodes.len());
    let (down, role) = match most {
        Some(most) if tally.unavailable >= most => (
            format!("{} of at most {most} down", tally.unavailable),
            Role::Warn,
        ),
        Some(most) => (
            format!("{} of at most {most} down", tally.unavailable),
            Role::Text,
        ),
        None => (format!("{} down", tally.unavailable), Role::Muted),
    };
    let down_x = line.right().saturating_sub(format::width(&down) as u16);
    let left = Rect {
        width: line.width.saturating_sub(format::width(&down) as u16 + 1),
        ..line
    };
    let style = |role, count| -> Style {
        let role = if count == 0 { Role::Muted } else { role };
        scene.theme.style(role)
    };
    let mut x = left.x;
    for (sign, count, word, role) in usual
        .into_iter()
        .chain(seldom.into_iter().filter(|part| part.1 > 0))
    {
        x = put(buf, left, x, sign, style(role, count)) + 1;
        x = put(buf, left, x, &count.to_string(), style(Role::Text, count)) + 1;
        x = put(buf, left, x, word, scene.theme.style(Role::Muted)) + 2;
    }
    put(buf, line, down_x, &down, scene.theme.style(role));
}

/// What it waits for, and which keys go on: the keys are never cut.
fn now(rolled: &Rolled, scene: &Scene<'_>, line: Rect, buf: &mut Buffer) {
    let style = |role| scene.theme.style(role);
    let now = Now::of(rolled, scene.now);
    let keys = now.keys.iter().filter_map(|(action, word)| {
        let key = scene.keys.key(Scope::Roll, *action)?;
        Some((key, *word))
    });
    let keys: Vec<(&str, &str)> = keys.collect();
    let width = |(key, word): &(&str, &str)| format::width(key) + format::width(word) + 3;
    let reserved: usize = keys.iter().map(width).sum();
    let mut x = put(
        buf,
        line,
        line.x,
        now.word,
        style(now.role)
            .patch(style(Role::Strong))
            .patch(style(now.role)),
    ) + 2;
    let room = usize::from(line.right().saturating_sub(x)).saturating_sub(reserved + 1);
    let text = format::fit(&now.text, room, scene.glyphs);
    x = put(buf, line, x, &text, style(Role::Text)) + 2;
    for (key, word) in keys {
        x = put(buf, line, x, key, style(Role::Key)) + 1;
        x = put(buf, line, x, word, style(Role::Muted)) + 2;
    }
}

/// What says whether a node is well, and what stops it.
pub fn knobs(wish: &Wish, dot: &str) -> String {
    let options = &wish.options;
    let mut parts = vec![format!("gate: {}", wish.gate)];
    if options.settle > 0 {
        parts.push(format!("settle {}", node::whole(options.settle)));
    }
    if let Some(share) = options.min_up {
        parts.push(format!("min-up {share}"));
    }
    parts.push(format!("max-failures {}", options.max_failures));
    parts.join(&format!(" {dot} "))
}

/// The last happenings, the newest at the bottom, each with its time since the beginning.
fn happened(rolled: &Rolled, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let style = |role| scene.theme.style(role);
    let rule = row(area, 0);
    for x in rule.x..rule.right() {
        put(buf, rule, x, scene.glyphs.horizontal(), style(Role::Border));
    }
    put(buf, rule, rule.x + 1, " what happened ", style(Role::Muted));
    let room = usize::from(area.height.saturating_sub(1));
    let skipped = rolled.happened.len().saturating_sub(room);
    for (y, happening) in (1..area.height).zip(rolled.happened.iter().skip(skipped)) {
        let line = row(area, y);
        let at = happening.at.0.saturating_sub(rolled.state.started_ms);
        let time = format!("{:>6}", span(at));
        let x = put(buf, line, line.x, &time, style(Role::Muted)) + 2;
        let room = usize::from(line.right().saturating_sub(x));
        let text = format::fit(happening.text.as_str(), room, scene.glyphs);
        let role = if happening.is_bad {
            Role::Warn
        } else {
            Role::Text
        };
        put(buf, line, x, &text, style(role));
    }
}
