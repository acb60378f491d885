//! The questions that wait, oldest first, and since when the first one is on the screen.

use std::collections::VecDeque;

use crate::{
    config::keymap::Action,
    fleet::Millis,
    ssh::{Prompt, PromptId},
    ui::effect::Effect,
};

/// A key pressed so soon after a question appeared was meant for something else.
const ARMED_AFTER_MS: u64 = 300;

/// The queue.
#[derive(Clone, Debug, Default)]
pub(super) struct Questions {
    waiting: VecDeque<Prompt>,
    shown_at: Millis,
}

impl Questions {
    /// The one on the screen, how many wait with it, and whether it takes a yes by now.
    pub(super) fn first(&self, now: Millis) -> Option<(&Prompt, usize, bool)> {
        let is_armed = now.since(self.shown_at) >= ARMED_AFTER_MS;
        Some((self.waiting.front()?, self.waiting.len(), is_armed))
    }

    pub(super) fn ask(&mut self, prompt: Prompt, now: Millis) {
        if self.waiting.is_empty() {
            self.shown_at = now;
        }
        if self.waiting.iter().all(|p| p.id != prompt.id) {
            self.waiting.push_back(prompt);
        }
    }

    /// Withdraws a question. The next one has to be read first.
    pub(super) fn forget(&mut self, id: PromptId, now: Millis) {
        if self.waiting.front().is_some_and(|p| p.id == id) {
            self.shown_at = now;
        }
        self.waiting.retain(|p| p.id != id);
    }

    /// Answers the first one, or all; yes only where it `may`.
    pub(super) fn answer(&mut self, action: Action, may: bool, now: Millis) -> Vec<Effect> {
        let count = match action {
            Action::Yes if may => 1,
            Action::YesToAll if may => self.waiting.len(),
            Action::No => 1,
            _ => return Vec::new(),
        };
        self.shown_at = now;
        let answered = self.waiting.drain(..count.min(self.waiting.len()));
        answered
            .map(|p| Effect::Answer(p.id, action != Action::No))
            .collect()
    }
}
