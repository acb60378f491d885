//! The questions that wait, oldest first, and since when the first one is on the screen.

use std::collections::VecDeque;

use crate::{
    config::keymap::Action,
    fleet::Millis,
    ssh::{Answer, Prompt, PromptId},
    ui::effect::Effect,
};

/// A key pressed so soon after a question appeared was meant for something else.
const ARMED_AFTER_MS: u64 = 500;

/// What is to be drawn and answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) prompt: &'a Prompt,
    /// Questions in all.
    pub(super) waiting: usize,
    /// Nodes that one answer covers: names of one host.
    pub(super) alike: usize,
    pub(super) is_armed: bool,
}

/// The queue.
#[derive(Clone, Debug, Default)]
pub(super) struct Questions {
    waiting: VecDeque<Prompt>,
    shown_at: Millis,
}

impl Questions {
    /// The one on the screen, how many wait with it, how many nodes it is about, and whether it takes an answer by now.
    pub(super) fn first(&self, now: Millis) -> Option<Asked<'_>> {
        let prompt = self.waiting.front()?;
        Some(Asked {
            prompt,
            waiting: self.waiting.len(),
            alike: self
                .waiting
                .iter()
                .filter(|p| p.question == prompt.question)
                .count(),
            is_armed: now.since(self.shown_at) >= ARMED_AFTER_MS,
        })
    }

    /// The first one comes to the screen only now.
    pub(super) fn show(&mut self, now: Millis) {
        self.shown_at = now;
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

    /// Answers the first one with those that ask the same, or all.
    pub(super) fn answer(&mut self, action: Action, now: Millis) -> Vec<Effect> {
        let (count, answer) = match action {
            Action::No => (1, Answer::No),
            Action::Yes => (1, Answer::Yes),
            Action::YesToAll => (self.waiting.len(), Answer::Yes),
            _ => return Vec::new(),
        };
        self.shown_at = now;
        let answered = self.waiting.drain(..count.min(self.waiting.len()));
        answered
            .map(|p| Effect::Answer(p.id, answer.clone()))
            .collect()
    }
}
