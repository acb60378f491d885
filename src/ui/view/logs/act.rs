//! What each key does to logs on the screen.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::{Kind, Logs, Narrowing, Purpose, Reply, Typing, filter, time};
use crate::{
    config::keymap::Action,
    node::text::styled::{Style, Styled},
    ui::effect::Effect,
};

/// Cells that the text moves sideways.
const SIDEWAYS: usize = 16;

impl Reply {
    fn nothing() -> Self {
        Self::Do(Vec::new())
    }
}

impl Logs {
    /// Does what a key means here.
    pub fn act(&mut self, action: Action, body: Rect) -> Reply {
        let reply = match self.typing.take() {
            Some(typing) => self.act_on_typing(action, typing),
            None => self.act_on_lines(action),
        };
        self.fit(body);
        reply
    }

    fn act_on_typing(&mut self, action: Action, typing: (Purpose, Box<Typing>)) -> Reply {
        let wrong = std::mem::take(&mut self.wrong);
        match action {
            Action::Back if typing.0 == Purpose::Search => self.sought = None,
            Action::Back => {}
            Action::Open if wrong.is_empty() => return self.keep(typing.0, typing.1.text()),
            _ => {
                self.wrong = wrong;
                self.typing = Some(typing);
            }
        }
        Reply::nothing()
    }

    /// Does what was typed.
    fn keep(&mut self, purpose: Purpose, text: &str) -> Reply {
        match purpose {
            Purpose::Search => self.search(text),
            Purpose::Sift => self.sift_by(text),
            Purpose::Time => return self.go_to(text),
        }
        Reply::nothing()
    }

    /// From the end upwards where the end is followed, else from the cursor on.
    fn search(&mut self, text: &str) {
        self.sought = filter::smart(text)
            .ok()
            .filter(|_| !text.is_empty())
            .map(|pattern| (text.to_owned(), pattern));
        if let Some((_, pattern)) = &self.sought {
            let kind = Kind::Text(pattern.clone());
            self.begin(kind, self.here(), self.cursor.is_some());
            self.narrowed.put(Narrowing::Search);
        }
    }

    /// As `less` does: nothing typed takes all patterns back.
    fn sift_by(&mut self, text: &str) {
        if text.is_empty() || text == "!" {
            self.sift.clear();
        } else if let Err(why) = self.sift.add(text) {
            self.wrong = why;
        }
        self.narrowed.put(Narrowing::Sift);
        self.sift_anew();
    }

    fn go_to(&mut self, text: &str) -> Reply {
        let Some(followed) = self.followed.clone() else {
            return Reply::nothing();
        };
        let buffer = &followed.state.buffer;
        let newest = buffer
            .range(0..u64::MAX)
            .rev()
            .find_map(|(_, line)| line.at_us);
        let line = self.here().and_then(|number| buffer.get(number));
        let (Some(newest), Some(line)) = (newest, line) else {
            return Reply::Say("no line here has a time".to_owned());
        };
        let Some(wanted) = time::read(text, line, newest) else {
            let text = format!("{text}: no time; write 21:50, 21:50:30, -10m or a whole date");
            return Reply::Say(text);
        };
        let lines = buffer.range(0..u64::MAX);
        let mut timed = lines
            .filter_map(|(number, line)| Some((number, line.at_us?)))
            .peekable();
        let first = timed.peek().copied();
        let Some((number, at_us)) = timed.find(|(_, at_us)| *at_us >= wanted) else {
            return Reply::Say(format!("no line is as late as {text}"));
        };
        if let Some(near) = self.shown.near(number) {
            self.jump(near);
        }
        if first == Some((number, at_us)) && at_us > wanted {
            let begins = time::shown(at_us, line, wanted);
            return Reply::Say(format!("the buffer begins at {begins}"));
        }
        Reply::nothing()
    }

    fn act_on_lines(&mut self, action: Action) -> Reply {
        let page = self.page();
        match action {
            Action::Back => return self.back(),
            Action::Up => self.step(-1),
            Action::Down => self.step(1),
            Action::PageUp => self.page_by(-page),
            Action::PageDown => self.page_by(page),
            Action::First => {
                if let Some(first) = self.shown.first() {
                    self.hold_at(first);
                }
            }
            Action::Last => self.follow(),
            Action::Follow => match (self.cursor, self.shown.last()) {
                (None, Some(last)) => self.hold_at(last),
                _ => self.follow(),
            },
            Action::Left => self.left = self.left.saturating_sub(SIDEWAYS),
            Action::Right if !self.wraps => {
                self.left = (self.left + SIDEWAYS).min(crate::node::text::MAX_CHARS);
            }
            Action::Wrap => (self.wraps, self.left) = (!self.wraps, 0),
            Action::Filter => self.type_in(Purpose::Search),
            Action::Sift => self.type_in(Purpose::Sift),
            Action::GoTo => self.type_in(Purpose::Time),
            Action::NextHit => return self.next_hit(true),
            Action::PreviousHit => return self.next_hit(false),
            Action::NextFault => self.begin_beside(Kind::Error, true),
            Action::PreviousFault => self.begin_beside(Kind::Error, false),
            Action::Level => {
                self.sift.next_level();
                self.narrowed.put(Narrowing::Sift);
                self.sift_anew();
            }
            Action::Open => self.expand(),
            Action::Hide => return self.hide(),
            Action::Mark => return self.mark(),
            Action::NextMark => return self.next_mark(true),
            Action::PreviousMark => return self.next_mark(false),
            Action::Copy => return self.copy(),
            Action::Save => {
                let numbers = Arc::new(self.shown.all());
                let save = Effect::SaveLines(Arc::clone(&self.order), numbers);
                return Reply::Do(vec![save]);
            }
            _ => {}
        }
        Reply::nothing()
    }

    fn type_in(&mut self, purpose: Purpose) {
        self.wrong.clear();
        self.typing = Some((purpose, Box::new(Typing::new(""))));
    }

    /// The newest of one node, search and filters is left; then all of it.
    fn back(&mut self) -> Reply {
        self.wrong.clear();
        let newest = self.narrowed.last(|what| match what {
            Narrowing::Only => self.sift.only.is_some(),
            Narrowing::Search => self.sought.is_some(),
            Narrowing::Sift => self.sift.is_any(),
        });
        match newest {
            Some(Narrowing::Only) => self.sift.only = None,
            Some(Narrowing::Search) => {
                (self.sought, self.seek) = (None, None);
                return Reply::nothing();
            }
            // What was ordered with a filter was put on before anything else.
            _ if self.sift.is_any() => self.sift.clear(),
            _ => return Reply::Close(Effect::Unfollow(Arc::clone(&self.order))),
        }
        self.sift_anew();
        Reply::nothing()
    }

    fn step(&mut self, by: isize) {
        if self.scroll_within(by) {
            return;
        }
        let here = self.here();
        let to = here.and_then(|here| self.shown.step_from(here, by as i64));
        if let Some(number) = to {
            self.hold_at(number);
            // From below, one comes to the end of a long line first.
            self.above = if by < 0 && to != here {
                usize::MAX
            } else {
                self.above
            };
        }
    }

    fn page_by(&mut self, by: isize) {
        match (self.wraps, by < 0) {
            (false, _) => self.step(by),
            _ if self.scroll_within(by) => {}
            (true, true) => self.page_up(),
            (true, false) => self.page_down(),
        }
    }

    fn next_hit(&mut self, is_forward: bool) -> Reply {
        match &self.sought {
            Some((_, pattern)) => {
                let kind = Kind::Text(pattern.clone());
                self.begin_beside(kind, is_forward);
                Reply::nothing()
            }
            None => Reply::Say("nothing was searched for yet".to_owned()),
        }
    }

    /// The place of the node whose line is under the cursor.
    fn node_here(&self) -> Option<usize> {
        let line = self.line(self.here()?)?;
        let state = &self.followed.as_ref()?.state;
        state.origin(line.stream).map(|(_, stream)| stream.place)
    }

    fn expand(&mut self) {
        self.sift.only = match self.sift.only {
            Some(_) => None,
            None => self.node_here(),
        };
        self.narrowed.put(Narrowing::Only);
        self.sift_anew();
    }

    fn hide(&mut self) -> Reply {
        let Some(place) = self.node_here().filter(|_| self.order.targets.len() > 1) else {
            return Reply::Say("these are the lines of one node".to_owned());
        };
        self.sift.only = None;
        self.sift.hide(place);
        self.narrowed.put(Narrowing::Sift);
        self.sift_anew();
        Reply::nothing()
    }

    fn mark(&mut self) -> Reply {
        let Some(here) = self.here() else {
            return Reply::nothing();
        };
        if !self.marks.remove(&here) {
            self.marks.insert(here);
        }
        self.hold_at(here);
        Reply::nothing()
    }

    fn next_mark(&mut self, is_forward: bool) -> Reply {
        let here = self.here().unwrap_or(0);
        let is_seen = |mark: &&u64| self.shown.near(**mark) == Some(**mark);
        let beside = if is_forward {
            let mut after = self.marks.range(here.saturating_add(1)..);
            after
                .find(is_seen)
                .or_else(|| self.marks.iter().find(is_seen))
        } else {
            let mut before = self.marks.range(..here).rev();
            before
                .find(is_seen)
                .or_else(|| self.marks.iter().rev().find(is_seen))
        };
        match beside.copied() {
            Some(mark) => self.jump(mark),
            None => return Reply::Say("no line is marked".to_owned()),
        }
        Reply::nothing()
    }

    /// The marked lines, else the one under the cursor.
    fn copy(&self) -> Reply {
        let clean = |number: &u64| {
            let line = Styled::line(&self.line(*number)?.text, &mut Style::default());
            Some(line.text().to_string())
        };
        let here = self.here();
        let lines: Vec<String> = match self.marks.len() {
            0 => here.iter().filter_map(clean).collect(),
            _ => self.marks.iter().filter_map(clean).collect(),
        };
        let said = match lines.len() {
            0 => return Reply::nothing(),
            1 => "one line is offered to the terminal's clipboard".to_owned(),
            count => format!("{count} lines are offered to the terminal's clipboard"),
        };
        Reply::Tell(Effect::Copy(lines.join("\n")), said)
    }
}
