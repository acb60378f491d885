//! The password that sudo asks for: asked for once, and tried on one node before all others.

use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::{exec::Control, node::text::SafeText, ssh::Secret};

/// What a person is asked in the place of the password itself, once.
const QUESTIONS: usize = 1;

/// The way from the nodes' sudo to a person; clones are the same.
#[derive(Clone, Debug)]
pub struct Sudo {
    control: Control,
    questions: mpsc::Sender<SafeText>,
}

/// A password that is being tried. Dropped before its end, nothing is known of it.
pub(super) struct Trial {
    control: Control,
    is_first: bool,
}

impl Sudo {
    /// With the questions that are to be answered by [`Sudo::give`].
    pub fn new() -> (Self, mpsc::Receiver<SafeText>) {
        Self::by(Control::default())
    }

    /// The same, by reins that somebody else holds too.
    pub fn by(control: Control) -> (Self, mpsc::Receiver<SafeText>) {
        let (questions, asked) = mpsc::channel(QUESTIONS);
        (Self { control, questions }, asked)
    }

    /// What all nodes are told.
    pub fn give(&self, password: Secret) {
        self.control.give_password(password);
    }

    /// Resolves with the reason when no node is told anything any more: it was wrong, or there is none. Cancel-safe.
    pub async fn refused(&self) -> SafeText {
        self.control.cancelled().await;
        self.control.reason().cloned().unwrap_or_default()
    }

    /// The line for sudo, once a person has typed it and no other node is trying it; else why there is none.
    pub(super) async fn password(
        &self,
        user: &str,
    ) -> Result<(Zeroizing<String>, Trial), SafeText> {
        if self.control.is_first_to_ask() {
            let question = format!("[sudo] password for {user}: ");
            // Nobody there to be asked: whoever reads refuses then, or has gone.
            let _ = self.questions.send(question.as_str().into()).await;
        }
        let why = || self.control.reason().cloned().unwrap_or_default();
        let password = self.control.password().await.ok_or_else(why)?;
        let is_first = self.control.trial().await.ok_or_else(why)?;
        let trial = Trial {
            control: self.control.clone(),
            is_first,
        };
        let line = Zeroizing::new(format!("{}\n", password.expose()));
        Ok((line, trial))
    }
}

impl Trial {
    /// sudo has taken it.
    pub(super) fn pass(mut self) {
        self.end(true);
    }

    /// sudo asks again: no other node is to try it.
    pub(super) fn fail(self) {
        self.control.abort(NOT_TAKEN);
    }

    fn end(&mut self, is_right: bool) {
        if std::mem::take(&mut self.is_first) {
            self.control.tried(is_right);
        }
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        self.end(false);
    }
}

/// What is told of a wrong one.
pub(super) const NOT_TAKEN: &str = "sudo did not take the password";

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> (Sudo, mpsc::Receiver<SafeText>) {
        let (sudo, questions) = Sudo::new();
        sudo.give(Secret::new(Zeroizing::new(text.to_owned())));
        (sudo, questions)
    }

    #[tokio::test]
    async fn it_is_asked_for_once_and_others_wait_until_it_was_right() {
        let (sudo, mut questions) = given("good");
        let (line, trial) = sudo.password("ops").await.unwrap();
        assert_eq!(line.as_str(), "good\n");
        let (second, ()) = tokio::join!(sudo.password("ops"), async { trial.pass() });
        assert!(second.is_ok());
        let question = questions.recv().await.unwrap();
        assert_eq!(question.as_str(), "[sudo] password for ops: ");
        assert!(questions.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_wrong_one_is_tried_on_one_node() {
        let (sudo, _questions) = given("bad");
        let (_, trial) = sudo.password("ops").await.unwrap();
        let (second, ()) = tokio::join!(sudo.password("ops"), async { trial.fail() });
        assert_eq!(second.err().unwrap().as_str(), NOT_TAKEN);
        assert_eq!(sudo.refused().await.as_str(), NOT_TAKEN);
    }

    #[tokio::test]
    async fn where_nothing_came_of_it_another_node_tries() {
        let (sudo, _questions) = given("good");
        let (_, trial) = sudo.password("ops").await.unwrap();
        let (second, ()) = tokio::join!(sudo.password("ops"), async { drop(trial) });
        assert!(second.is_ok());
    }
}
