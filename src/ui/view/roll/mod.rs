//! A roll: how far it is, what it waits for and which key goes on, its batches, their nodes, and what happened last.

mod batch;
mod draw;
mod node;
mod now;
mod rows;
mod said;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use ratatui::layout::Rect;

pub use draw::knobs;
pub use now::standing;

use crate::{
    config::keymap::Action,
    daemon::roll::{Reason, Standing},
    fleet::Rolled,
    node::NodeId,
    store::{audit::RunId, roll::Note},
};
use batch::Label;
use rows::{Item, Rows};

/// Keys that change how a roll goes on.
const STEERS: [Action; 4] = [
    Action::Pause,
    Action::Resume,
    Action::Promote,
    Action::Abort,
];

/// One roll on the screen.
#[derive(Clone, Debug)]
pub struct RollView {
    rolled: Arc<Rolled>,
    rows: Rows,
    /// Of the batches: what doesn't change.
    labels: Arc<[Label]>,
}

/// What came of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It stays.
    Stays,
    /// It stays, and this is to be said.
    Say(&'static str),
    /// This is ordered of the roll.
    Steer(Note),
    /// It is to be asked whether what is left of a roll that is over is rolled now.
    GoOn,
    /// It is to be asked whether the roll is cut.
    AskToAbort,
    /// A text is to be read, under a title.
    Read(String, String),
    /// The page of a node is opened.
    Node(NodeId),
    /// The roll is left alone.
    Close,
}

impl RollView {
    /// Shows a roll.
    pub fn new(rolled: Arc<Rolled>) -> Self {
        Self {
            labels: batch::labels(&rolled),
            rolled,
            rows: Rows::default(),
        }
    }

    /// Which roll.
    pub fn id(&self) -> &RunId {
        &self.rolled.id
    }

    /// How it stands.
    pub fn rolled(&self) -> &Rolled {
        &self.rolled
    }

    /// Where one is.
    pub fn crumb(&self) -> String {
        format!("roll of {}", self.rolled.wish.what)
    }

    /// Takes in how it stands now.
    pub fn refresh(&mut self, rolled: Arc<Rolled>, body: Rect) {
        self.rolled = rolled;
        self.fit(body);
    }

    /// Takes in the room.
    pub fn fit(&mut self, body: Rect) {
        let rolled = Arc::clone(&self.rolled);
        self.rows.fit(&rolled, |rows| draw::page(body, rows));
    }

    /// Does what a key means here.
    pub fn act(&mut self, action: Action, body: Rect) -> Reply {
        match action {
            Action::Back => return Reply::Close,
            Action::Open => return self.open(body),
            action if STEERS.contains(&action) => return self.steer(action),
            _ => self.rows.act(action, draw::page(body, self.rows.len())),
        }
        Reply::Stays
    }

    /// Keys that would come to nothing as the roll stands.
    pub fn idle(&self) -> Vec<Action> {
        let says_why = |action: &Action| matches!(self.steer(*action), Reply::Say(_));
        let mut idle: Vec<Action> = STEERS.into_iter().filter(says_why).collect();
        if self.rows.cursor().is_none() {
            idle.push(Action::Open);
        }
        idle
    }

    fn steer(&self, action: Action) -> Reply {
        match action {
            Action::Resume if now::has_rest(&self.rolled) => Reply::GoOn,
            _ if !self.rolled.is_going() => Reply::Say("this roll is over"),
            Action::Pause => self.pause(),
            Action::Resume => self.resume(),
            Action::Promote => self.promote(),
            _ => self.abort(),
        }
    }

    fn open(&mut self, body: Rect) -> Reply {
        match self.rows.cursor() {
            Some(Item::Batch(batch)) => {
                self.rows.toggle(batch);
                self.fit(body);
                Reply::Stays
            }
            Some(Item::Node(place)) => {
                let text = said::text(&self.rolled, place);
                let node = self.rolled.wish.nodes.get(place);
                text.map(|(title, text)| Reply::Read(title, text))
                    .or_else(|| node.map(|node| Reply::Node(node.id.clone())))
                    .unwrap_or(Reply::Stays)
            }
            None => Reply::Stays,
        }
    }

    fn pause(&self) -> Reply {
        match self.rolled.state.standing {
            Standing::Paused => Reply::Say("it is paused already"),
            Standing::Stopping(_) => Reply::Say("no node begins any more"),
            _ => Reply::Steer(Note::Pause),
        }
    }

    fn resume(&self) -> Reply {
        match self.rolled.state.standing {
            Standing::Paused | Standing::Stopping(Reason::Interrupted) => {
                Reply::Steer(Note::Resume)
            }
            Standing::Promotion => Reply::Say("it waits for the canaries to be promoted"),
            Standing::Stopping(_) => {
                Reply::Say("it stops: nothing can be resumed until it is over")
            }
            _ => Reply::Say("it is not paused"),
        }
    }

    fn promote(&self) -> Reply {
        match self.rolled.state.standing {
            Standing::Promotion => Reply::Steer(Note::Promote),
            _ => Reply::Say("no canary waits to be promoted"),
        }
    }

    fn abort(&self) -> Reply {
        match self.rolled.state.standing {
            Standing::Stopping(Reason::Aborted) => Reply::Say("it is aborted already"),
            _ => Reply::AskToAbort,
        }
    }
}
