//! Commands on nodes: proposed, confirmed where that is due, and run.

use std::sync::Arc;

use super::App;
use ratatui::layout::Rect;

use crate::{
    config::keymap::{Action, Scope},
    exec::{
        RunOrder, RunState,
        guard::{self, Ask, Verdict},
    },
    fleet::Millis,
    store::roll::Note,
    ui::{
        effect::Effect,
        layer::Layer,
        view::{
            confirm::{Confirm, Reply},
            run::{self, RunView},
            runs::{self, Runs},
        },
    },
};

/// How long something is said.
const SAID_MS: u64 = 8_000;

/// How long what the screen shows anyhow is said.
const ECHOED_MS: u64 = 2_500;

/// How long whoever is new has for reading.
const GREETED_MS: u64 = 30_000;

impl App {
    /// Wants a command run on the nodes of its plan, and on no others whatever changes meanwhile. It begins at once, or when
    /// it is confirmed; with `--read-only` never.
    pub fn propose(&mut self, order: Arc<RunOrder>) -> Vec<Effect> {
        if self.read_only {
            return self.refuse();
        }
        let verdict = guard::judge(&order.command, &order.nodes());
        self.propose_judged(order, &verdict)
    }

    /// The same with a verdict of somebody who knows more of it than its text says.
    pub(super) fn propose_judged(
        &mut self,
        order: Arc<RunOrder>,
        verdict: &Verdict,
    ) -> Vec<Effect> {
        if self.read_only && verdict.mutating {
            return self.refuse();
        }
        if order.plan.jobs.is_empty() {
            self.say("no node to run it on");
            return Vec::new();
        }
        if verdict.asks == Ask::Nothing {
            return self.run(order);
        }
        let confirm = Confirm::run(order, verdict);
        self.layers.push(Layer::Confirm(Box::new(confirm)));
        Vec::new()
    }

    fn run(&mut self, order: Arc<RunOrder>) -> Vec<Effect> {
        self.ordered = Some(Arc::clone(&order));
        vec![Effect::Run(order)]
    }

    /// Says something to this person, for a moment.
    pub(super) fn say(&mut self, text: &str) {
        let until = Millis(self.world.now.0 + SAID_MS);
        self.world.notice = Some((text.to_owned(), until));
    }

    /// Says what a key has changed, where that is seen.
    pub(super) fn echo(&mut self, text: &str) {
        let until = Millis(self.world.now.0 + ECHOED_MS);
        self.world.notice = Some((text.to_owned(), until));
    }

    /// Says to somebody who is here for the first time what to try.
    pub fn greet(&mut self, text: &str) {
        let until = Millis(self.world.now.0 + GREETED_MS);
        self.world.notice = Some((text.to_owned(), until));
    }

    pub(super) fn fall_silent(&mut self) {
        let now = self.world.now;
        self.world.notice.take_if(|(_, until)| now >= *until);
    }

    pub(super) fn refuse(&mut self) -> Vec<Effect> {
        self.say("nothing is run or cancelled with --read-only");
        Vec::new()
    }

    /// Leaves, or asks whether to where that would end runs or rolls. Whoever says it twice means it.
    pub(super) fn leave(&mut self) -> Vec<Effect> {
        let snapshot = &self.world.snapshot;
        let running = snapshot.runs.iter().filter(|run| run.is_running());
        let running: Vec<_> = running.cloned().collect();
        let going = snapshot.rolls.iter().filter(|rolled| rolled.is_going());
        let going: Vec<_> = going.cloned().collect();
        let is_asked = matches!(self.layers.last(), Some(Layer::Confirm(c)) if c.is_leaving());
        if (running.is_empty() && going.is_empty()) || is_asked {
            return vec![Effect::Quit];
        }
        let confirm = Confirm::leave(&running, &going, self.is_demo);
        self.layers.push(Layer::Confirm(Box::new(confirm)));
        Vec::new()
    }

    /// Whether the confirmation stays, and what is to be done.
    pub(super) fn act_on_confirm(
        &mut self,
        confirm: &mut Confirm,
        action: Action,
    ) -> (bool, Vec<Effect>) {
        match confirm.act(action, self.world.now, self.world.size) {
            Reply::Stays => (true, Vec::new()),
            Reply::No(why) => {
                self.say(why);
                (false, Vec::new())
            }
            Reply::Leave => (false, vec![Effect::Quit]),
            Reply::Run(order) => (false, self.run(order)),
            Reply::Roll(wish) => (false, self.begin_roll(wish)),
            Reply::Abort(id) => (false, vec![Effect::SteerRoll(id, Note::Abort)]),
            Reply::Change(trust, change, findings) => {
                (false, self.change_keys(trust, change, findings))
            }
        }
    }

    /// Takes in how the runs stand, and shows the one that was ordered from here once it is there.
    pub(super) fn refresh_runs(&mut self) {
        let (now, body) = (self.world.now, self.world.body());
        let runs = Arc::clone(&self.world.snapshot.runs);
        let mut news = None;
        self.layers.retain_mut(|layer| {
            let Layer::Run(view) = layer else { return true };
            let Some(run) = runs.iter().find(|run| run.number == view.number()) else {
                return false;
            };
            news = view.refresh(Arc::clone(run), now, body).or(news.take());
            true
        });
        if let Some(news) = news {
            self.say(&news);
        }
        let Some(order) = &self.ordered else { return };
        let found = runs.iter().rfind(|run| Arc::ptr_eq(&run.order, order));
        if let Some(run) = found.cloned() {
            self.ordered = None;
            self.show_run(run);
        }
    }

    /// Takes in the time and the room.
    pub(super) fn fit_runs(&mut self) {
        let (now, body) = (self.world.now, self.world.body());
        for layer in &mut self.layers {
            if let Layer::Run(view) = layer {
                view.fit(now, body);
            }
        }
    }

    /// Opens a run, unless somebody is typing: the next letter would go to it.
    fn show_run(&mut self, run: Arc<RunState>) {
        let is_typing = self.scope().is_text() || self.scope() == Scope::Confirm;
        if is_typing {
            return self.say("the run has begun; r shows all runs");
        }
        self.open_run(run);
    }

    fn open_run(&mut self, run: Arc<RunState>) {
        let mut view = RunView::new(run);
        view.fit(self.world.now, self.world.body());
        self.layers.push(Layer::Run(Box::new(view)));
    }

    /// Whether the view stays, and what is to be done.
    pub(super) fn act_on_run(
        &mut self,
        view: &mut RunView,
        action: Action,
        body: Rect,
    ) -> (bool, Vec<Effect>) {
        match view.act(action, self.world.now, body) {
            run::Reply::Do(effects) => (true, effects),
            run::Reply::Say(text) => {
                self.say(text);
                (true, Vec::new())
            }
            run::Reply::Propose(order) => (true, self.propose(order)),
            run::Reply::Close => (false, Vec::new()),
        }
    }

    /// Whether the list stays, and what is to be done.
    pub(super) fn act_on_runs(
        &mut self,
        runs: &mut Runs,
        action: Action,
        body: Rect,
    ) -> (bool, Vec<Effect>) {
        match runs.act(action, &self.world.scene(), body) {
            runs::Reply::Do(effects) => (true, effects),
            runs::Reply::Say(text) => {
                self.say(text);
                (true, Vec::new())
            }
            runs::Reply::Open(run) => {
                self.open_run(run);
                (true, Vec::new())
            }
            runs::Reply::Close => (false, Vec::new()),
        }
    }
}
