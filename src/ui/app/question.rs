//! The questions that wait, oldest first, what is typed in answer to the first, and since when it is on the screen.

use std::collections::VecDeque;

use crokey::KeyCombination;

use crate::{
    config::keymap::Action,
    fleet::Millis,
    ssh::{Answer, Prompt, PromptId, Question},
    ui::{
        effect::Effect,
        view::prompt::{Ask, Form},
    },
};

/// A key pressed so soon after a question appeared was meant for something else.
const ARMED_AFTER_MS: u64 = 500;

/// The queue.
#[derive(Clone, Debug, Default)]
pub(super) struct Questions {
    waiting: VecDeque<Prompt>,
    form: Form,
    shown_at: Millis,
}

impl Questions {
    /// The one on the screen, and whether it takes an answer by now.
    pub(super) fn first(&self, now: Millis) -> Option<Ask<'_>> {
        let prompt = self.waiting.front()?;
        let count = |is: &dyn Fn(&Question) -> bool| {
            let all = self.waiting.iter();
            all.filter(|p| is(&p.question)).count()
        };
        Some(Ask {
            prompt,
            form: &self.form,
            waiting: self.waiting.len(),
            alike: count(&|other| is_alike(&prompt.question, other)),
            keys: count(&is_host_key),
            is_armed: now.since(self.shown_at) >= ARMED_AFTER_MS,
        })
    }

    /// The first one comes to the screen only now.
    pub(super) fn show(&mut self, now: Millis) {
        self.shown_at = now;
    }

    pub(super) fn ask(&mut self, prompt: Prompt, now: Millis) {
        if self.waiting.iter().any(|p| p.id == prompt.id) {
            return;
        }
        self.waiting.push_back(prompt);
        if self.waiting.len() == 1 {
            self.turn(now);
        }
    }

    /// Withdraws a question. The next one has to be read first.
    pub(super) fn forget(&mut self, id: PromptId, now: Millis) {
        let is_first = self.waiting.front().is_some_and(|p| p.id == id);
        self.waiting.retain(|p| p.id != id);
        if is_first {
            self.turn(now);
        }
    }

    /// Text for the answer.
    pub(super) fn typed(&mut self, key: KeyCombination) {
        self.form.key(key);
    }

    /// Pasted text for the answer.
    pub(super) fn paste(&mut self, text: &str) {
        self.form.paste(text);
    }

    /// Answers the first one, or all host keys.
    pub(super) fn answer(&mut self, action: Action, now: Millis) -> Vec<Effect> {
        let Some(first) = self.waiting.front() else {
            return Vec::new();
        };
        match (action, is_host_key(&first.question)) {
            (Action::No, _) => self.reply(&Answer::No, now),
            (Action::Yes, true) => self.reply(&Answer::Yes, now),
            (Action::YesToAll, true) => self.accept_all(now),
            (Action::Send, false) if !self.form.advance() => {
                let answer = self.form.take();
                self.reply(&answer, now)
            }
            (Action::Up, false) => {
                self.form.previous();
                Vec::new()
            }
            (Action::ForAll, false) => {
                let first = &first.question;
                let alike = |p: &&Prompt| is_alike(first, &p.question);
                if self.waiting.iter().filter(alike).count() > 1 {
                    self.form.toggle_all();
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn reply(&mut self, answer: &Answer, now: Millis) -> Vec<Effect> {
        let first = self.waiting.pop_front();
        self.turn(now);
        let effect = first.map(|p| Effect::Answer(p.id, answer.clone()));
        effect.into_iter().collect()
    }

    fn accept_all(&mut self, now: Millis) -> Vec<Effect> {
        let all = std::mem::take(&mut self.waiting);
        let (keys, others): (VecDeque<Prompt>, VecDeque<Prompt>) =
            all.into_iter().partition(|p| is_host_key(&p.question));
        self.waiting = others;
        self.turn(now);
        let keys = keys.into_iter();
        keys.map(|p| Effect::Answer(p.id, Answer::Yes)).collect()
    }

    /// Another one is the first.
    fn turn(&mut self, now: Millis) {
        self.shown_at = now;
        let first = self.waiting.front();
        self.form = first.map_or_else(Form::default, |p| Form::new(&p.question));
    }
}

fn is_host_key(question: &Question) -> bool {
    matches!(question, Question::HostKey { .. })
}

/// True when one answer may be meant for both.
fn is_alike(one: &Question, other: &Question) -> bool {
    match (one, other) {
        (Question::HostKey { .. }, _) => one == other,
        (Question::Password { user, .. }, Question::Password { user: login, .. }) => user == login,
        _ => false,
    }
}
