//! A run: what each node does and said last, one node's whole output, and each different answer once.

mod gathered;
mod list;
mod output;
mod row;

use std::sync::Arc;

use crokey::KeyCombination;
use ratatui::{buffer::Buffer, layout::Rect};

pub use list::{bar, first_line, progress};
pub use row::{sign, span};

use super::Scene;
use crate::{
    config::keymap::{Action, Scope},
    exec::{Cancel, RunNumber, RunOrder, RunState},
    fleet::Millis,
    ui::effect::Effect,
};

use self::{gathered::Gathered, list::List, output::Output};

/// One run on the screen.
#[derive(Clone, Debug)]
pub struct RunView {
    run: Arc<RunState>,
    list: List,
    inner: Option<Inner>,
    /// What has not begun was cancelled from here: the next time all is.
    is_cancelled: bool,
}

/// What is in front of the list.
#[derive(Clone, Debug)]
enum Inner {
    Output(Box<Output>),
    Gathered(Box<Gathered>),
}

/// What came of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It stays, and this is to be done.
    Do(Vec<Effect>),
    /// It stays, and this is to be said.
    Say(&'static str),
    /// This is to be run, where it is confirmed.
    Propose(Arc<RunOrder>),
    /// The run is left alone.
    Close,
}

impl Reply {
    fn nothing() -> Self {
        Self::Do(Vec::new())
    }
}

impl RunView {
    /// Shows a run.
    pub fn new(run: Arc<RunState>) -> Self {
        Self {
            list: List::new(&run),
            run,
            inner: None,
            is_cancelled: false,
        }
    }

    /// Which run.
    pub fn number(&self) -> RunNumber {
        self.run.number
    }

    /// Which keys are read.
    pub fn scope(&self) -> Scope {
        match &self.inner {
            None => Scope::Run,
            Some(Inner::Gathered(_)) => Scope::Gathered,
            Some(Inner::Output(output)) => output.scope(),
        }
    }

    /// Where one is: `#3`, `#3 › gpu01`.
    pub fn crumb(&self, scene: &Scene<'_>) -> String {
        let run = format!("run {}", self.run.number);
        let into = scene.glyphs.into();
        match &self.inner {
            None => run,
            Some(Inner::Gathered(_)) => format!("{run} {into} gathered"),
            Some(Inner::Output(output)) => format!("{run} {into} {}", output.node(&self.run)),
        }
    }

    /// Keys that would come to nothing: there is nothing to cancel, or nothing failed.
    pub fn idle(&self) -> Vec<Action> {
        let is_running = match &self.inner {
            Some(Inner::Output(output)) => output.is_running(&self.run),
            _ => self.run.is_running(),
        };
        let mut idle = Vec::new();
        if !is_running {
            idle.push(Action::Cancel);
        }
        if self.run.failed().is_empty() {
            idle.push(Action::Rerun);
        }
        if matches!(&self.inner, Some(Inner::Output(output)) if !output.has_hits()) {
            idle.push(Action::NextHit);
        }
        idle
    }

    /// The cursor's place in the list, and how many there are.
    pub fn place(&self) -> Option<(usize, usize)> {
        self.inner.is_none().then(|| self.list.place()).flatten()
    }

    /// Takes in how it stands now; says what is new to a person.
    pub fn refresh(&mut self, run: Arc<RunState>, now: Millis, body: Rect) -> Option<String> {
        let news = (run.saved != self.run.saved).then(|| match &run.saved {
            Some(Ok(folder)) => format!("written to {folder}"),
            Some(Err(why)) => why.to_string(),
            None => String::new(),
        });
        self.run = run;
        self.fit(now, body);
        news
    }

    /// Takes in the time and the room.
    pub fn fit(&mut self, now: Millis, body: Rect) {
        self.list.fit(&self.run, body);
        match &mut self.inner {
            Some(Inner::Output(output)) => output.fit(&self.run, body),
            Some(Inner::Gathered(gathered)) => gathered.fit(&self.run, now, body),
            None => {}
        }
    }

    /// Takes a key that is text.
    pub fn key(&mut self, key: KeyCombination, body: Rect) {
        if let Some(Inner::Output(output)) = &mut self.inner {
            output.key(key, body);
        }
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str, body: Rect) {
        if let Some(Inner::Output(output)) = &mut self.inner {
            output.paste(text, body);
        }
    }

    /// Does what a key means here.
    pub fn act(&mut self, action: Action, now: Millis, body: Rect) -> Reply {
        match (&mut self.inner, action) {
            (_, Action::Save) => return Reply::Do(vec![Effect::SaveRun(self.run.number)]),
            (_, Action::Rerun) => return self.rerun(),
            (Some(Inner::Output(output)), _) => {
                if output.act(action, &self.run, &mut self.list, body) {
                    return self.after_output(action);
                }
                self.inner = None;
            }
            (Some(Inner::Gathered(gathered)), _) => {
                if action == Action::Back {
                    self.inner = None;
                } else {
                    gathered.act(action, &self.run, body);
                }
            }
            (None, Action::Back) => return Reply::Close,
            (None, Action::Cancel) => return self.cancel(),
            (None, Action::Open) => {
                let output = self.list.cursor().map(|at| Output::new(at, &self.run));
                self.inner = output.map(|output| Inner::Output(Box::new(output)));
            }
            (None, Action::Gather) => {
                self.inner = Some(Inner::Gathered(Box::default()));
            }
            (None, _) => self.list.act(action, &self.run, body),
        }
        self.fit(now, body);
        Reply::nothing()
    }

    fn after_output(&self, action: Action) -> Reply {
        match (&self.inner, action) {
            (Some(Inner::Output(output)), Action::Cancel) => {
                let cancel = Cancel::Node(output.at());
                Reply::Do(vec![Effect::CancelRun(self.run.number, cancel)])
            }
            _ => Reply::nothing(),
        }
    }

    fn rerun(&self) -> Reply {
        let failed = self.run.failed();
        if failed.is_empty() {
            return Reply::Say("no node of this run has failed");
        }
        let selector = format!("failed in run {}", self.run.number);
        Reply::Propose(self.run.order.only(&failed, &selector))
    }

    fn cancel(&mut self) -> Reply {
        if !self.run.is_running() {
            return Reply::Say("this run is over");
        }
        let what = if self.is_cancelled {
            Cancel::All
        } else {
            Cancel::Pending
        };
        self.is_cancelled = true;
        Reply::Do(vec![Effect::CancelRun(self.run.number, what)])
    }

    /// Draws it instead of the view.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        match &self.inner {
            None => self.list.render(&self.run, scene, area, buf),
            Some(Inner::Output(output)) => output.render(&self.run, scene, area, buf),
            Some(Inner::Gathered(gathered)) => gathered.render(&self.run, scene, area, buf),
        }
    }
}
