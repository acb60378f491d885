//! Questions that wait for the person, and which of them comes next.

use crate::{
    node::NodeId,
    ssh::{Answer, Asked, Question},
};

/// In the order in which they came.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Vec<Asked>,
    /// The node that was asked about last.
    last: Option<NodeId>,
}

impl Queue {
    pub(super) fn push(&mut self, asked: Asked) {
        self.waiting.push(asked);
    }

    /// The next one that still stands: of the node that was asked about last, else the oldest.
    pub(super) fn next(&mut self) -> Option<Asked> {
        self.waiting.retain(|asked| !asked.reply.is_closed());
        if self.waiting.is_empty() {
            return None;
        }
        let asked = self.waiting.remove(self.again().unwrap_or(0));
        self.last = Some(asked.prompt.node.clone());
        Some(asked)
    }

    /// True when the node that was asked about last asks again.
    pub(super) fn asks_again(&self) -> bool {
        self.again().is_some()
    }

    fn again(&self) -> Option<usize> {
        let last = self.last.as_ref()?;
        let is_same = |asked: &Asked| asked.prompt.node == *last && !asked.reply.is_closed();
        self.waiting.iter().position(is_same)
    }

    /// How many others one password could be for.
    pub(super) fn alike(&self, question: &Question) -> usize {
        let any = Answer::ForAll(Vec::new());
        let is_password = matches!(question, Question::Password { .. });
        let alike = |asked: &&Asked| is_password && any.covers(question, &asked.prompt.question);
        self.waiting.iter().filter(alike).count()
    }

    /// Takes out those that the same answer is for.
    pub(super) fn covered(&mut self, answer: &Answer, question: &Question) -> Vec<Asked> {
        let is_meant = |asked: &mut Asked| answer.covers(question, &asked.prompt.question);
        self.waiting.extract_if(.., is_meant).collect()
    }
}
