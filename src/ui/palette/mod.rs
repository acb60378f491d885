//! The palette: a line of text for every command, with what fits it, what it will do, and what was typed before.

mod draw;
mod editor;
mod fuzzy;
mod known;
mod offer;
mod past;
pub mod preview;

use crokey::KeyCombination;

use self::{editor::Editor, past::Walk};
pub use offer::{Known, Offer};
pub use preview::Preview;

use crate::{command::registry::SHORT, config::keymap::Action, node::NodeId};

/// What a key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It stays open; the text is as it was.
    Nothing,
    /// It stays open with another text.
    Changed,
    /// It is to be closed.
    Close,
    /// This is to be run.
    Run(String),
}

/// The palette's state.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    editor: Editor,
    offers: Vec<Offer>,
    /// The offer that stands in the line, and the line before any did.
    picked: Option<(usize, String, usize)>,
    walk: Option<Walk>,
    /// While the history is searched: the line before, and where its cursor was.
    search: Option<(String, usize)>,
    /// Why the line was not run.
    error: Option<String>,
    preview: Preview,
    /// What the cursor of the fleet was on when it was opened: rows may move meanwhile.
    here: Option<NodeId>,
}

impl Palette {
    /// An empty line.
    pub fn new(here: Option<NodeId>) -> Self {
        Self {
            here,
            ..Self::default()
        }
    }

    /// The short form of `exec`.
    pub fn short(here: Option<NodeId>) -> Self {
        let text = SHORT.to_string();
        let editor = Editor::new(&text, text.len());
        Self {
            editor,
            here,
            ..Self::default()
        }
    }

    /// What is typed.
    pub fn text(&self) -> String {
        self.editor.text()
    }

    /// The node that was under the cursor.
    pub fn here(&self) -> Option<&NodeId> {
        self.here.as_ref()
    }

    /// True while what is typed is looked for in the history, and means nothing else.
    pub fn is_searching(&self) -> bool {
        self.search.is_some()
    }

    /// Says why the line was not run; it stays.
    pub fn refuse(&mut self, why: String) {
        self.error = Some(why);
    }

    /// Shows what the line will do.
    pub fn show(&mut self, preview: Preview) {
        self.preview = preview;
    }

    /// Looks anew at what fits; to be called when it was opened, and after each change.
    pub fn look(&mut self, known: &Known<'_>) {
        if self.picked.is_some() {
            return;
        }
        let text = self.text();
        self.offers = if self.is_searching() {
            past::found(&text, known.history)
        } else {
            offer::offers(&text, self.editor.cursor(), known)
        };
    }

    /// Types a key. The colon that opened the line is there already: a second one is a habit, and means nothing.
    pub fn key(&mut self, key: KeyCombination) -> Done {
        let before = (self.text(), self.editor.cursor());
        let is_changed = self.editor.key(key);
        if before.0.is_empty() && self.text() == ":" {
            self.put("", 0);
            return Done::Nothing;
        }
        if is_changed || before != (self.text(), self.editor.cursor()) {
            return self.changed();
        }
        Done::Nothing
    }

    /// Pastes a text.
    pub fn paste(&mut self, text: &str) -> Done {
        let is_first = self.text().is_empty();
        let text = text.strip_prefix(':').filter(|_| is_first).unwrap_or(text);
        self.editor.paste(text);
        self.changed()
    }

    fn changed(&mut self) -> Done {
        self.picked = None;
        self.walk = None;
        self.error = None;
        Done::Changed
    }

    fn put(&mut self, text: &str, at: usize) {
        self.editor = Editor::new(text, at);
        self.error = None;
    }

    /// Does what a key means.
    pub fn act(&mut self, action: Action, known: &Known<'_>) -> Done {
        match action {
            Action::Open => self.enter(),
            Action::Back => self.back(),
            Action::Complete => self.complete(true),
            Action::CompleteBack => self.complete(false),
            Action::Up | Action::Down => self.step(action == Action::Down, known),
            Action::Search => self.search(),
            Action::NewLine => {
                self.editor.new_line();
                self.changed()
            }
            _ => Done::Nothing,
        }
    }

    fn enter(&mut self) -> Done {
        if self.is_searching() {
            return self.take_found();
        }
        let text = self.text();
        if text.trim().is_empty() || text.trim() == SHORT.to_string() {
            return Done::Close;
        }
        Done::Run(text)
    }

    fn back(&mut self) -> Done {
        match self.search.take() {
            Some((text, at)) => {
                self.put(&text, at);
                self.changed()
            }
            None => Done::Close,
        }
    }

    /// Puts an offer into the line: the next one, or the one before. One alone is followed by what comes next.
    fn complete(&mut self, forward: bool) -> Done {
        if self.is_searching() {
            return self.take_found();
        }
        let count = self.offers.len();
        let next = match &self.picked {
            Some((at, ..)) if forward => (at + 1) % count.max(1),
            Some((at, ..)) => (at + count.saturating_sub(1)) % count.max(1),
            None if forward => 0,
            None => count.saturating_sub(1),
        };
        let Some(offer) = self.offers.get(next) else {
            return Done::Nothing;
        };
        let (text, at) = match self.picked.take() {
            Some((_, text, at)) => (text, at),
            None => (self.text(), self.editor.cursor()),
        };
        let before = text.get(..offer.span.start).unwrap_or_default();
        let after = text.get(offer.span.end..).unwrap_or_default();
        let is_alone = count == 1;
        let gap = if is_alone && after.is_empty() && !offer.text.ends_with([' ', '=']) {
            " "
        } else {
            ""
        };
        let line = format!("{before}{}{gap}{after}", offer.text);
        let cursor = line.len() - after.len();
        self.put(&line, cursor);
        if is_alone {
            return self.changed();
        }
        self.picked = Some((next, text, at));
        self.walk = None;
        Done::Changed
    }

    fn step(&mut self, down: bool, known: &Known<'_>) -> Done {
        if self.is_searching() {
            return self.pick(down);
        }
        let is_inside = self.walk.is_none() && self.editor.lines() > 1;
        let at_edge = if down {
            self.editor.is_at_bottom()
        } else {
            self.editor.is_on_top()
        };
        if is_inside && !at_edge {
            self.editor.step(down);
            return self.changed();
        }
        let text = self.text();
        let walk = self.walk.take().unwrap_or_else(|| Walk::new(&text));
        let Some((walk, line)) = walk.step(down, known.history) else {
            return Done::Nothing;
        };
        self.put(&line, line.len());
        self.picked = None;
        self.walk = Some(walk);
        Done::Changed
    }

    /// Begins to search the history, or goes on to an older line.
    fn search(&mut self) -> Done {
        if self.is_searching() {
            return self.pick(true);
        }
        let text = self.text();
        self.search = Some((text.clone(), self.editor.cursor()));
        // A sign alone is nothing to look for, nor is a line of the history itself.
        let is_typed = self.walk.is_none() && self.editor.lines() == 1;
        let typed = if is_typed { text.trim() } else { "" };
        let looked_for = typed.trim_start_matches(SHORT).to_owned();
        self.put(&looked_for, looked_for.len());
        self.changed()
    }

    /// Moves among what was found.
    fn pick(&mut self, down: bool) -> Done {
        let here = self.picked.take().map_or(0, |(at, ..)| at);
        let last = self.offers.len().saturating_sub(1);
        let to = if down {
            (here + 1).min(last)
        } else {
            here.saturating_sub(1)
        };
        self.picked = Some((to, self.text(), self.editor.cursor()));
        Done::Changed
    }

    /// Puts what was found into the line, to be looked at before it is run.
    fn take_found(&mut self) -> Done {
        let at = self.picked.take().map_or(0, |(at, ..)| at);
        let Some(offer) = self.offers.get(at) else {
            return self.back();
        };
        let text = offer.text.clone();
        self.search = None;
        self.put(&text, text.len());
        self.changed()
    }
}

#[cfg(test)]
mod tests;
