//! The questions that wait for a person, and whom an answer is for.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::{oneshot, watch};

use crate::{
    node::NodeId,
    ssh::{Answer, Asked, Prompt, PromptId, Question},
};

/// All that wait.
pub(super) struct Questions {
    waiting: BTreeMap<PromptId, (Prompt, oneshot::Sender<Answer>)>,
    shown: watch::Sender<Arc<Vec<Prompt>>>,
}

impl Questions {
    pub(super) fn new(shown: watch::Sender<Arc<Vec<Prompt>>>) -> Self {
        Self {
            waiting: BTreeMap::new(),
            shown,
        }
    }

    /// One more; gives the node whose login waits for it.
    pub(super) fn ask(&mut self, asked: Asked) -> Option<NodeId> {
        let Asked { prompt, reply, .. } = asked;
        if reply.is_closed() {
            return None;
        }
        let node = login(&prompt);
        self.waiting.insert(prompt.id, (prompt, reply));
        self.show();
        node
    }

    /// Answers this question, and those that the same answer is for; gives the nodes whose logins go on.
    pub(super) fn answer(&mut self, id: PromptId, answer: &Answer) -> Vec<NodeId> {
        let Some((asked, _)) = self.waiting.get(&id) else {
            return Vec::new();
        };
        let asked = asked.clone();
        let covers = |prompt: &Prompt| answer.covers(&asked.question, &prompt.question);
        let is_meant = |prompt: &Prompt| prompt.id == id || covers(prompt);
        let answered = self
            .waiting
            .extract_if(.., |_, (prompt, _)| is_meant(prompt))
            .filter_map(|(_, (prompt, reply))| {
                let is_taken = reply.send(answer.clone()).is_ok();
                login(&prompt).filter(|_| is_taken)
            })
            .collect();
        self.show();
        answered
    }

    /// Withdraws what is asked of this node.
    pub(super) fn forget(&mut self, node: &NodeId) {
        self.waiting
            .retain(|_, (prompt, _)| login(prompt).as_ref() != Some(node));
    }

    /// Withdraws what nobody wants answered any more.
    pub(super) fn withdraw_stale(&mut self) {
        let before = self.waiting.len();
        self.waiting.retain(|_, (_, reply)| !reply.is_closed());
        if self.waiting.len() != before {
            self.show();
        }
    }

    pub(super) fn show(&self) {
        let prompts = self
            .waiting
            .values()
            .map(|(prompt, _)| prompt.clone())
            .collect();
        self.shown.send_replace(Arc::new(prompts));
    }
}

/// The node that is being logged in to; none where a run asks.
fn login(prompt: &Prompt) -> Option<NodeId> {
    match prompt.question {
        Question::Sudo { .. } => None,
        _ => Some(prompt.node.clone()),
    }
}
