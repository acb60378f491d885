//! What a person types: who is asked, how often, and where it never turns up. Against real sshd, and a scripted SSH server where sshd would need PAM.

#![cfg(test)]

#[path = "../support/agent.rs"]
mod agent;
mod asked;
mod canary;
mod files;
#[expect(dead_code, reason = "other test files use the rest of it")]
#[path = "../support/pty.rs"]
mod pty;
mod scripted;
#[expect(dead_code, reason = "other test files use the rest of it")]
#[path = "../support/mod.rs"]
mod support;
mod typed;

use sshoal::ssh::{Answer, Asked, Question, Secret};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn},
};

/// A person who answers each question as told and remembers all of them.
pub(crate) struct Person {
    pub(crate) to: mpsc::Sender<Asked>,
    heard: JoinHandle<Vec<Question>>,
}

impl Person {
    pub(crate) fn new(mut answer: impl FnMut(&Question) -> Answer + Send + 'static) -> Self {
        let (to, mut asked) = mpsc::channel::<Asked>(64);
        let heard = spawn(async move {
            let mut heard = Vec::new();
            while let Some(asked) = asked.recv().await {
                let answer = answer(&asked.prompt.question);
                heard.push(asked.prompt.question);
                // Whoever asked may have gone.
                let _ = asked.reply.send(answer);
            }
            heard
        });
        Self { to, heard }
    }

    /// All that was asked, once every connector that asks is gone.
    pub(crate) async fn questions(self) -> Vec<Question> {
        drop(self.to);
        self.heard.await.unwrap()
    }
}

pub(crate) fn secrets(texts: &[&str]) -> Answer {
    let secret = |text: &&str| Secret::new((*text).to_owned().into());
    Answer::Secrets(texts.iter().map(secret).collect())
}
