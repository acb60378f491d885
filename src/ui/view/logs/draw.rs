//! Draws logs: only the rows in sight are formed, however many lines there are.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Layout, Logs, Purpose, form};
use crate::{
    fleet::Followed,
    logs::{Line, Phase, State, state::Reach},
    ui::{
        format::{self, put, row},
        theme::Role,
        view::{Scene, pager},
        widget::{Look, panel::Panel},
    },
};

/// Said where a line came too late for its place.
const LATE: &str = "~";

/// A row of the screen: its line, whether it is the first of it in sight, the text.
struct Row {
    number: u64,
    is_first: bool,
    text: pager::Line,
}

impl Logs {
    /// Draws it instead of the view.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        let style = |role| scene.theme.style(role);
        format::clear(buf, area, style(Role::Ground));
        let (note, role) = self.note(scene);
        let (foot, foot_role) = self.foot(scene);
        let place = self.place_words();
        let words = match &self.followed {
            Some(followed) => self.sift.words(&followed.state).join(" "),
            None => String::new(),
        };
        let words = match words.as_str() {
            "" => words,
            _ => format!("{} {words}", scene.glyphs.dot()),
        };
        let panel = Panel {
            title: &[
                (&self.title, style(Role::Strong)),
                (&words, style(Role::Accent)),
            ],
            note: Some((&note, style(role))),
            foot: Some((&foot, style(foot_role))),
            foot_note: Some((&place, style(Role::Muted))),
            focused: true,
            ..Panel::default()
        };
        let inside = panel.render(&Look::from(scene), area, buf);
        let followed = self.followed.as_ref();
        match followed.filter(|_| self.shown.len() > 0) {
            Some(followed) => self.lines(followed, scene, (inside, area), buf),
            None => self.nothing(scene, inside, buf),
        }
        self.type_line(scene, area, buf);
    }

    fn lines(
        &self,
        followed: &Followed,
        scene: &Scene<'_>,
        (inside, area): (Rect, Rect),
        buf: &mut Buffer,
    ) {
        let layout = self.layout(area);
        let rows = match self.cursor {
            None => self.last_rows(layout),
            Some(_) => self.rows_from_top(layout),
        };
        for (y, drawn) in (0..inside.height).zip(&rows) {
            let place = row(inside, y);
            if let Some(line) = self.line(drawn.number) {
                self.row(
                    drawn,
                    (line, &followed.state),
                    (layout, scene),
                    (place, buf),
                );
            }
        }
    }

    /// The rows of the last lines, as many as fit.
    fn last_rows(&self, layout: Layout) -> Vec<Row> {
        let mut blocks = Vec::new();
        let mut count = 0;
        let mut place = self.shown.len();
        while count < layout.height && place > 0 {
            place -= 1;
            let number = self.shown.at(place);
            // Of a line longer than the screen, the end.
            let from = number.filter(|_| count == 0);
            let from = from.and_then(|number| self.hidden(number, layout));
            let block = number.map(|number| self.block(number, layout, from.unwrap_or(0)));
            let block = block.unwrap_or_default();
            count += block.len();
            blocks.push(block);
        }
        let mut rows: Vec<Row> = blocks.into_iter().rev().flatten().collect();
        rows.drain(..count.saturating_sub(layout.height));
        rows
    }

    fn rows_from_top(&self, layout: Layout) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut place = self.shown.place(self.top);
        while rows.len() < layout.height {
            let Some(number) = self.shown.at(place) else {
                break;
            };
            let from = if rows.is_empty() { self.above } else { 0 };
            rows.extend(self.block(number, layout, from));
            place += 1;
        }
        rows
    }

    fn block(&self, number: u64, layout: Layout, from: usize) -> Vec<Row> {
        let line = self.line(number);
        let texts = line.map(|line| form::text(line, layout, from));
        let texts = texts.unwrap_or_default().into_iter().enumerate();
        texts
            .map(|(at, text)| Row {
                number,
                is_first: at == 0,
                text,
            })
            .collect()
    }

    fn row(
        &self,
        drawn: &Row,
        (line, state): (&Line, &State),
        (layout, scene): (Layout, &Scene<'_>),
        (place, buf): (Rect, &mut Buffer),
    ) {
        let style = |role| scene.theme.style(role);
        if self.cursor == Some(drawn.number) {
            buf.set_style(place, style(Role::Selected));
        }
        if drawn.is_first {
            let (mark, role) = self.sign(drawn.number, line, scene);
            put(buf, place, place.x, mark, style(role));
            let (name, role) = form::name(line, state, layout, scene.glyphs);
            put(buf, place, place.x + 2, &name, style(role));
        }
        if layout.name > 0 {
            let at = place.x + 2 + layout.name as u16;
            put(buf, place, at, scene.glyphs.vertical(), style(Role::Border));
        }
        let start = place.x + layout.before() as u16;
        let mut x = start;
        for (text, ink) in &drawn.text {
            let mut ink = pager::style(*ink, scene);
            // Text with no ground of its own lies on that of the cursor.
            if self.cursor == Some(drawn.number) {
                ink.bg = style(Role::Selected).bg.or(ink.bg);
            }
            x = put(buf, place, x, text, ink);
        }
        if let Some((_, pattern)) = &self.sought {
            for (from, cells) in form::hits(&drawn.text, pattern) {
                let from = start.saturating_add(from.min(usize::from(place.width)) as u16);
                let width = cells.min(usize::from(place.width)) as u16;
                let hit = Rect {
                    x: from,
                    width,
                    ..place
                };
                buf.set_style(hit.intersection(place), style(Role::Hit));
            }
        }
    }

    /// One cell before a line: bookmarked, late, or under the cursor.
    fn sign(&self, number: u64, line: &Line, scene: &Scene<'_>) -> (&'static str, Role) {
        if self.marks.contains(&number) {
            (scene.glyphs.mark(), Role::Marked)
        } else if line.is_late {
            (LATE, Role::Warn)
        } else if self.cursor == Some(number) {
            (scene.glyphs.cursor(), Role::Accent)
        } else {
            (" ", Role::Muted)
        }
    }

    /// Followed, or held, with what waits.
    fn note(&self, scene: &Scene<'_>) -> (String, Role) {
        let Some(followed) = &self.followed else {
            return ("connecting".to_owned(), Role::Muted);
        };
        let running = scene.glyphs.running();
        match (self.cursor, followed.is_over) {
            (Some(_), _) => (format!("held, {} new", self.held_back()), Role::Warn),
            (None, true) => ("over".to_owned(), Role::Muted),
            (None, false) => (format!("{running} following"), Role::Ok),
        }
    }

    /// What is wrong, or looked for.
    fn foot(&self, scene: &Scene<'_>) -> (String, Role) {
        if let Some((text, _)) = self.sought.as_ref().filter(|_| self.typing.is_none()) {
            let state = match (&self.seek, self.wrong.as_str()) {
                (Some(_), _) => ": searching".to_owned(),
                (None, "") => String::new(),
                (None, wrong) => format!(": {wrong}"),
            };
            return (format!("/{text}{state}"), Role::Accent);
        }
        if !self.wrong.is_empty() {
            return (self.wrong.clone(), Role::Warn);
        }
        let Some(followed) = &self.followed else {
            return (String::new(), Role::Muted);
        };
        // They stand in the middle of the screen then.
        if self.shown.len() == 0 {
            return (String::new(), Role::Muted);
        }
        let troubles = troubles(followed);
        match troubles.as_slice() {
            [] => (String::new(), Role::Muted),
            [one] => (one.clone(), Role::Warn),
            [first, rest @ ..] => {
                let dot = scene.glyphs.dot();
                (format!("{first} {dot} {} more", rest.len()), Role::Warn)
            }
        }
    }

    fn place_words(&self) -> String {
        let Some(followed) = &self.followed else {
            return String::new();
        };
        let buffer = &followed.state.buffer;
        let at = self.here().map_or(0, |here| self.shown.place(here) + 1);
        let mut words = vec![format!("line {at} of {}", self.shown.len())];
        if let Some((rows, all)) = self.rows_in_sight() {
            words.push(format!("rows {}-{} of {all}", rows.start + 1, rows.end));
        }
        if self.shown.has_filter() {
            words.push(format!("{} in all", buffer.len()));
        }
        if self.shown.unknown() > 0 {
            words.push(format!("{} to look at", self.shown.unknown()));
        }
        if followed.state.late > 0 {
            words.push(format!("{} late {LATE}", followed.state.late));
        }
        if buffer.dropped() > 0 {
            words.push(format!("{} dropped", buffer.dropped()));
        }
        words.join(", ")
    }

    /// Why there is no line.
    fn nothing(&self, scene: &Scene<'_>, inside: Rect, buf: &mut Buffer) {
        let mut texts = Vec::new();
        match &self.followed {
            None => texts.push("connecting".to_owned()),
            Some(followed) if !followed.state.buffer.is_empty() => {
                texts.push("no line passes the filter; esc takes it back".to_owned());
            }
            Some(followed) => {
                texts.push(if followed.state.is_settled() {
                    "no line yet".to_owned()
                } else {
                    "connecting, and looking for the logs".to_owned()
                });
                texts.extend(troubles(followed));
            }
        }
        for (y, text) in (0..inside.height).zip(&texts) {
            let role = if y == 0 { Role::Muted } else { Role::Warn };
            let text = format::fit(text, usize::from(inside.width), scene.glyphs);
            put(
                buf,
                row(inside, y),
                inside.x,
                &text,
                scene.theme.style(role),
            );
        }
    }

    fn type_line(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        let Some((purpose, line)) = &self.typing else {
            return;
        };
        let sign = match purpose {
            Purpose::Search => "/",
            Purpose::Sift => "& (!PATTERN leaves out) ",
            Purpose::Time => "to the time (21:50, -10m): ",
        };
        let last = row(area, area.height.saturating_sub(1));
        let text = format!(" {sign}{}_ ", line.text());
        let room = usize::from(last.width.saturating_sub(4));
        let end = put(
            buf,
            last,
            last.x + 2,
            &format::fit(&text, room, scene.glyphs),
            scene.theme.style(Role::Key),
        );
        if !self.wrong.is_empty() {
            let text = format!("{} ", self.wrong);
            let room = usize::from(last.right().saturating_sub(end + 1));
            let text = format::fit(&text, room, scene.glyphs);
            put(buf, last, end, &text, scene.theme.style(Role::Warn));
        }
    }
}

/// What a person should know of nodes and streams, one line each.
fn troubles(followed: &Followed) -> Vec<String> {
    let mut all: Vec<String> = followed.said.iter().map(ToString::to_string).collect();
    for node in &followed.state.nodes {
        if let Reach::Unreached(why) = &node.reach {
            all.push(format!("{}: {why}", node.node));
        }
        all.extend(
            node.missing
                .iter()
                .map(|why| format!("{}: {why}", node.node)),
        );
    }
    for stream in &followed.state.streams {
        let node = followed.state.nodes.get(stream.place);
        let (Some(node), Phase::Lost(why) | Phase::Waiting(why)) = (node, &stream.phase) else {
            continue;
        };
        all.push(format!("{} {}: {why}", node.node, stream.name));
    }
    all
}
