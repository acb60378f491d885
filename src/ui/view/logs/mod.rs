//! Logs of many nodes on one screen: followed or held, searched, sifted, jumped through, bookmarked, copied.

mod act;
mod draw;
mod form;
mod long;
mod seek;
mod shown;
mod sift;
mod time;

use std::{collections::BTreeSet, sync::Arc};

use crokey::KeyCombination;
use ratatui::layout::Rect;
use regex::bytes::Regex;

use super::{Scene, line::Line as Typing, newest::Newest};
use crate::{
    config::keymap::{Action, Scope},
    fleet::Followed,
    logs::{Filter, Line, Order, filter},
    ui::effect::Effect,
};

use form::Layout;
use seek::{Found, Kind, Seek};
use shown::Shown;
use sift::Sift;

/// Lines that a filter looks at in a frame: milliseconds, whatever the pattern.
const STEP: u64 = 50_000;

/// Logs on the screen.
#[derive(Clone, Debug)]
pub struct Logs {
    order: Arc<Order>,
    title: String,
    followed: Option<Arc<Followed>>,
    shown: Shown,
    sift: Sift,
    narrowed: Newest<Narrowing>,
    /// Streams that the filter knows of.
    streams: usize,
    /// The line under the cursor; none while the end is followed.
    cursor: Option<u64>,
    /// The first line on the screen, unless the end is followed.
    top: u64,
    /// Rows of a line longer than the screen that are above it.
    above: usize,
    /// What came from here on came while the screen was held.
    held_at: u64,
    left: usize,
    wraps: bool,
    /// Where it was drawn last.
    body: Rect,
    marks: BTreeSet<u64>,
    sought: Option<(String, Regex)>,
    seek: Option<Seek>,
    typing: Option<(Purpose, Box<Typing>)>,
    /// What is wrong with what is typed.
    wrong: String,
    /// It was opened for a failure, which is looked for once lines are there.
    wants_failure: bool,
}

/// What Esc takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Narrowing {
    Only,
    Search,
    Sift,
}

/// What is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Search,
    Sift,
    Time,
}

/// What came of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It stays, and this is to be done.
    Do(Vec<Effect>),
    /// It stays, and this is to be said.
    Say(String),
    /// It stays, and this is to be done and said.
    Tell(Effect, String),
    /// It is closed, and this is to be done.
    Close(Effect),
}

impl Logs {
    /// Shows what this order comes to, as far as it passes; `title` says what it is.
    pub fn new(order: Arc<Order>, title: &str, filter: Filter) -> Self {
        Self {
            order,
            title: title.to_owned(),
            followed: None,
            shown: Shown::default(),
            sift: Sift::new(filter),
            narrowed: Newest::default(),
            streams: 0,
            cursor: None,
            top: 0,
            above: 0,
            held_at: 0,
            left: 0,
            wraps: false,
            body: Rect::ZERO,
            marks: BTreeSet::new(),
            sought: None,
            seek: None,
            typing: None,
            wrong: String::new(),
            wants_failure: false,
        }
    }

    /// Goes to the last failure in them, once there is one.
    #[must_use]
    pub fn at_failure(self) -> Self {
        Self {
            wants_failure: true,
            ..self
        }
    }

    /// What was ordered.
    pub fn order(&self) -> &Arc<Order> {
        &self.order
    }

    /// Which keys are read.
    pub fn scope(&self) -> Scope {
        match self.typing {
            Some(_) => Scope::Search,
            None => Scope::Logs,
        }
    }

    /// Keys that would come to nothing: nothing was searched for, or there is one node.
    pub fn idle(&self) -> Vec<Action> {
        let mut idle = Vec::new();
        if self.sought.is_none() {
            idle.push(Action::NextHit);
        }
        if self.order.targets.len() < 2 {
            idle.push(Action::Open);
        }
        idle
    }

    /// Where one is: `logs`, `logs › gpu01`.
    pub fn crumb(&self, scene: &Scene<'_>) -> String {
        let node = self.sift.only.zip(self.followed.as_ref());
        let node = node.and_then(|(place, followed)| followed.state.nodes.get(place));
        match node {
            Some(node) => format!("logs {} {}", scene.glyphs.into(), node.node),
            None => "logs".to_owned(),
        }
    }

    /// Takes in how it stands now; says what is new to a person.
    pub fn refresh(&mut self, followed: Arc<Followed>, body: Rect) -> Option<String> {
        let before = self.followed.as_ref().and_then(|old| old.saved.clone());
        let news = (followed.saved != before).then(|| match &followed.saved {
            Some(Ok(file)) => format!("written to {file}"),
            Some(Err(why)) => why.to_string(),
            None => String::new(),
        });
        let is_first = self.followed.is_none();
        let streams = followed.state.streams.len();
        self.followed = Some(followed);
        // Streams that were opened since may be of a node that is looked at.
        if is_first || self.streams != streams && self.sift.has_nodes() {
            self.sift_anew();
        }
        self.streams = streams;
        self.fit(body);
        let is_known = |followed: &Arc<Followed>| followed.state.is_settled();
        if self.wants_failure && self.shown.len() > 0 && self.followed.iter().any(is_known) {
            self.wants_failure = false;
            self.begin(Kind::Error, self.shown.last(), false);
        }
        self.fit(body);
        news
    }

    /// Looks at some more lines for the filter and the search, and keeps the cursor on the screen.
    pub fn fit(&mut self, body: Rect) {
        self.body = body;
        let Some(followed) = self.followed.clone() else {
            return;
        };
        let buffer = &followed.state.buffer;
        self.shown.step(buffer, STEP);
        while self
            .marks
            .first()
            .is_some_and(|mark| *mark < buffer.first())
        {
            self.marks.pop_first();
        }
        if let Some(mut seek) = self.seek.take() {
            match seek.step(&self.shown, buffer) {
                Found::At(number) => {
                    self.jump(number);
                    self.show_hit(number);
                }
                Found::NotYet => self.seek = Some(seek),
                Found::Nowhere => "not found".clone_into(&mut self.wrong),
            }
        }
        self.place(body);
    }

    /// Takes a key that is text.
    pub fn key(&mut self, key: KeyCombination) {
        if let Some((_, line)) = &mut self.typing
            && line.key(key)
        {
            self.typed();
        }
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        if let Some((_, line)) = &mut self.typing {
            line.paste(text);
            self.typed();
        }
    }

    /// A search is marked while it is typed.
    fn typed(&mut self) {
        self.wrong.clear();
        let Some((purpose, line)) = &self.typing else {
            return;
        };
        let text = line.text().to_owned();
        let pattern = text.strip_prefix('!').unwrap_or(&text);
        let read = match purpose {
            Purpose::Time => return,
            Purpose::Search => filter::smart(&text),
            Purpose::Sift => filter::smart(pattern),
        };
        match read {
            Err(why) => self.wrong = why,
            Ok(_) if text.is_empty() => {}
            Ok(pattern) if *purpose == Purpose::Search => self.sought = Some((text, pattern)),
            Ok(_) => {}
        }
    }

    fn line(&self, number: u64) -> Option<&Line> {
        self.followed.as_ref()?.state.buffer.get(number)
    }

    /// The line under the cursor; the last one while the end is followed.
    fn here(&self) -> Option<u64> {
        match self.cursor {
            Some(cursor) => self.shown.near(cursor),
            None => self.shown.last(),
        }
    }

    /// Stops following the end, with the cursor on this line.
    fn hold_at(&mut self, number: u64) {
        if self.cursor.is_none() {
            self.held_at = self.end();
            // What is on the screen stays there.
            let last = self.shown.last();
            self.top = last.map_or(0, |last| self.top_for(last, self.layout(self.body)));
            self.above = if last == Some(number) { usize::MAX } else { 0 };
        } else if self.cursor != Some(number) {
            self.above = 0;
        }
        self.cursor = Some(number);
    }

    /// The same, with some of what comes before it, unless the line is on the screen.
    fn jump(&mut self, number: u64) {
        self.hold_at(number);
        let height = self.layout(self.body).height as i64;
        let bottom = self.shown.step_from(self.top, height - 1);
        if !(self.top..=bottom.unwrap_or(self.top)).contains(&number) {
            let top = self.shown.step_from(number, -height / 3);
            self.top = top.unwrap_or(number);
        }
    }

    fn follow(&mut self) {
        self.cursor = None;
        (self.left, self.above) = (0, 0);
    }

    fn end(&self) -> u64 {
        let followed = self.followed.as_ref();
        followed.map_or(0, |followed| followed.state.buffer.end())
    }

    /// Lines that are shown and came while the screen was held.
    fn held_back(&self) -> u64 {
        match self.cursor {
            Some(_) => self.shown.len() - self.shown.place(self.held_at),
            None => 0,
        }
    }

    /// The wishes are others: what passes is looked for anew.
    fn sift_anew(&mut self) {
        if let Some(followed) = &self.followed {
            let filter = self.sift.filter(&followed.state);
            self.shown.set(filter, &followed.state.buffer);
            self.seek = None;
        }
    }

    fn begin(&mut self, kind: Kind, from: Option<u64>, is_forward: bool) {
        self.wrong.clear();
        self.seek = from.map(|from| Seek::new(kind, &self.shown, from, is_forward));
    }

    fn begin_beside(&mut self, kind: Kind, is_forward: bool) {
        self.wrong.clear();
        let seek = |from| Seek::beside(kind, &self.shown, from, is_forward);
        self.seek = self.here().map(seek);
    }

    /// Moves the top so that the cursor is on the screen.
    fn place(&mut self, body: Rect) {
        let Some(cursor) = self.cursor else { return };
        let Some(cursor) = self.shown.near(cursor) else {
            return;
        };
        self.cursor = Some(cursor);
        let layout = self.layout(body);
        let top = self.top_for(cursor, layout);
        self.top = self.top.clamp(top, cursor);
        self.above = self
            .hidden(cursor, layout)
            .map_or(0, |last| self.above.min(last));
    }

    /// Rows of a screen, but for one.
    fn page(&self) -> isize {
        let height = self.layout(self.body).height;
        height.saturating_sub(1).max(1).cast_signed()
    }

    /// The first line of a screen that ends with this one.
    fn top_for(&self, last: u64, layout: Layout) -> u64 {
        let mut top = last;
        let mut rows = self.rows_of(last, layout);
        while let Some(before) = self.shown.place(top).checked_sub(1) {
            let Some(number) = self.shown.at(before) else {
                break;
            };
            rows += self.rows_of(number, layout);
            if rows > layout.height {
                break;
            }
            top = number;
        }
        top
    }

    fn rows_of(&self, number: u64, layout: Layout) -> usize {
        match self.line(number) {
            Some(line) if layout.wraps => form::text(line, layout, 0).len(),
            _ => 1,
        }
    }

    fn layout(&self, body: Rect) -> Layout {
        let width = usize::from(body.width.saturating_sub(4));
        let state = self.followed.as_ref().map(|followed| &followed.state);
        Layout {
            width,
            height: usize::from(body.height.saturating_sub(2)),
            name: state.map_or(0, |state| form::name_width(state, self.sift.only, width)),
            wraps: self.wraps,
            left: self.left,
        }
    }
}
