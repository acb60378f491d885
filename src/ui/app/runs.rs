//! Commands on nodes: proposed, confirmed where that is due, and run.

use std::sync::Arc;

use super::App;
use crate::{
    config::keymap::Action,
    exec::{
        RunOrder,
        guard::{self, Ask},
    },
    fleet::Millis,
    ui::{
        effect::Effect,
        layer::Layer,
        view::confirm::{Confirm, Reply},
    },
};

/// How long something is said.
const SAID_MS: u64 = 8_000;

impl App {
    /// Wants a command run on the nodes of its plan, and on no others whatever changes meanwhile. It begins at once, or when
    /// it is confirmed; with `--read-only` never.
    pub fn propose(&mut self, order: Arc<RunOrder>) -> Vec<Effect> {
        if self.read_only {
            return self.refuse();
        }
        let nodes = order.nodes();
        if nodes.is_empty() {
            self.say("no node to run it on");
            return Vec::new();
        }
        let verdict = guard::judge(&order.command, &nodes);
        if verdict.asks == Ask::Nothing {
            return self.run(order);
        }
        let confirm = Confirm::run(order, &verdict);
        self.layers.push(Layer::Confirm(Box::new(confirm)));
        Vec::new()
    }

    fn run(&mut self, order: Arc<RunOrder>) -> Vec<Effect> {
        self.awaited = Some(Arc::clone(&order));
        vec![Effect::Run(order)]
    }

    /// Says something to this person, for a moment.
    pub(super) fn say(&mut self, text: &str) {
        let until = Millis(self.world.now.0 + SAID_MS);
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

    /// Leaves, or asks whether to where that would end runs. Whoever says it twice means it.
    pub(super) fn leave(&mut self) -> Vec<Effect> {
        let runs = self.world.snapshot.runs.iter();
        let running: Vec<_> = runs.filter(|run| run.is_running()).cloned().collect();
        let is_asked = matches!(self.layers.last(), Some(Layer::Confirm(c)) if c.is_leaving());
        if running.is_empty() || is_asked {
            return vec![Effect::Quit];
        }
        let confirm = Confirm::leave(&running);
        self.layers.push(Layer::Confirm(Box::new(confirm)));
        Vec::new()
    }

    /// Whether the confirmation stays, and what is to be done.
    pub(super) fn act_on_confirm(
        &mut self,
        confirm: &mut Confirm,
        action: Action,
    ) -> (bool, Vec<Effect>) {
        match confirm.act(action, self.world.size) {
            Reply::Stays => (true, Vec::new()),
            Reply::No(why) => {
                self.say(why);
                (false, Vec::new())
            }
            Reply::Leave => (false, vec![Effect::Quit]),
            Reply::Run(order) => (false, self.run(order)),
        }
    }
}
