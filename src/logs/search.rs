//! Looks for files that a pattern means by now, again and again; the node's shell waits for it in between, and forks nothing.

use std::sync::Arc;

use tokio::time::timeout;

use super::{
    ask::{ANSWER, LOOK},
    hear::{Ear, Heard, Text},
    source::Answer,
};
use crate::ssh::Session;

/// The last line of each answer.
const END: &[u8] = b"e\n";

/// A command that is asked again. Dropping it ends it.
pub(super) struct Search {
    pub(super) session: Arc<Session>,
    ear: Ear,
    has_answered: bool,
}

impl Search {
    /// None where the node can't be asked now.
    pub(super) async fn begin(session: Session, text: &Text<'_>) -> Option<Self> {
        let ear = timeout(LOOK, Ear::begin(&session, text)).await.ok()?.ok()?;
        Some(Self {
            session: Arc::new(session),
            ear,
            has_answered: false,
        })
    }

    /// What there is now; none where it is over.
    pub(super) async fn look(&mut self) -> Option<Answer> {
        timeout(LOOK, self.answer()).await.ok()?
    }

    async fn answer(&mut self) -> Option<Answer> {
        if std::mem::replace(&mut self.has_answered, true) {
            self.ear.tell("").await;
        }
        let mut said: Vec<u8> = Vec::new();
        while said.len() < ANSWER && said != END && !said.ends_with(b"\ne\n") {
            match self.ear.next().await {
                Heard::Out(bytes) => said.extend_from_slice(&bytes),
                Heard::Err(_) | Heard::Begun => {}
                Heard::Asks => self.ear.tell_password().await,
                Heard::End(_) => return None,
            }
        }
        Some(Answer::read(&said))
    }
}
