//! The password of sudo: asked once of the person for all nodes of a run, and given to its reins.

use tokio::sync::{mpsc, oneshot};

use crate::{
    exec::Control,
    node::{NodeId, text::SafeText},
    ssh::{Answer, Asked, Question},
};

const NOBODY: &str = "sudo asks for a password, and nobody is there to give it";

/// Who is asked, and what waits for it.
pub(super) struct Sudo {
    asked: Option<mpsc::Sender<Asked>>,
    control: Control,
    waiting: Option<oneshot::Receiver<Answer>>,
}

impl Sudo {
    pub(super) fn new(asked: Option<mpsc::Sender<Asked>>, control: Control) -> Self {
        Self {
            asked,
            control,
            waiting: None,
        }
    }

    /// Asks for so many nodes, of which this is the first. Where nobody is there to answer, nothing is run.
    pub(super) async fn ask(&mut self, prompt: &SafeText, first: Option<NodeId>, nodes: usize) {
        let (Some(asked), Some(first)) = (&self.asked, first) else {
            self.control.abort(NOBODY);
            return;
        };
        let question = Question::Sudo {
            prompt: prompt.clone(),
            nodes,
        };
        let (question, answer) = Asked::of(first, question);
        if asked.send(question).await.is_err() {
            self.control.abort(NOBODY);
        }
        self.waiting = Some(answer);
    }

    /// Resolves when an answer was passed on; never while nothing is asked. Cancel-safe.
    pub(super) async fn answered(&mut self) {
        let answer = match &mut self.waiting {
            Some(waiting) => waiting.await.ok(),
            None => std::future::pending().await,
        };
        self.waiting = None;
        let secret = match answer {
            Some(Answer::Secrets(secrets) | Answer::ForAll(secrets)) => secrets.into_iter().next(),
            _ => None,
        };
        match secret {
            Some(secret) => self.control.give_password(secret),
            None => self.control.abort("no password was given for sudo"),
        }
    }
}
