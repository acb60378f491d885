//! The steps that a person answers: passwords, and what the server itself asks for (keyboard-interactive, RFC 4256).

use std::{future::Future, time::Duration};

use russh::client::{AuthResult, KeyboardInteractiveAuthResponse as Reply, Prompt as Line};
use tokio::time::timeout;

use super::{
    Hint, Login, Verdict,
    verdict::{Missing, verdict},
};
use crate::ssh::{
    Answer, Error, Field, Question, Secret,
    keyring::{Account, Found, Turn},
    known_hosts::Host,
    prompt::Unanswered,
};

/// For another login's question that this one waits for as well.
const PATIENCE: Duration = Duration::from_secs(100);

/// Rounds of one conversation: a server asks a password and a code, not for ever.
const ROUNDS: usize = 16;

/// What a conversation has come to so far.
#[derive(Default)]
struct Talk {
    given: Option<Given>,
    /// More than the password was asked for.
    has_codes: bool,
}

/// A password, and where it is from.
enum Given {
    Kept(Secret),
    Fresh(Secret, Turn<Secret>),
}

impl Given {
    fn secret(&self) -> &Secret {
        match self {
            Self::Kept(secret) | Self::Fresh(secret, _) => secret,
        }
    }
}

impl Login<'_> {
    pub(super) async fn try_password(&mut self) -> Result<Verdict, Error> {
        let mut attempt = 1;
        while attempt <= self.target.methods.tries {
            let Some(given) = self.password(attempt).await else {
                return Ok(Verdict::Rejected);
            };
            if matches!(given, Given::Fresh(..)) {
                attempt += 1;
            }
            let verdict = self.send(given.secret()).await?;
            self.settle(given, verdict).await;
            if verdict != Verdict::Rejected {
                self.told.accepted.push("password".to_owned());
                return Ok(verdict);
            }
            if !self.methods.contains(&russh::MethodKind::Password) {
                break;
            }
        }
        self.told.note("wrong password");
        Ok(Verdict::Rejected)
    }

    async fn send(&mut self, password: &Secret) -> Result<Verdict, Error> {
        let limit = self.shared.config.auth_timeout;
        let rest = self.asker.rest();
        let (user, password) = (&self.target.user, password.expose());
        let sent = self.handle.authenticate_password(user, password);
        let answered = verdict(sent, || self.life.heard(), limit).await;
        drop(rest);
        match answered {
            Ok(result) => self.judged(result).await,
            Err(Missing::Change) => Err(self
                .failed(&format!(
                    "the password of {user} has expired and must be changed"
                ))
                .advise("log in once with ssh and change it")
                .for_good()),
            Err(Missing::Silent) => {
                let limit = limit.as_secs_f32();
                let reason = format!(
                    "the server does not say within {limit} s whether the password is right"
                );
                Err(self
                    .failed(&reason)
                    .advise("its login services may hang; log in once with ssh to see")
                    .for_good())
            }
        }
    }

    /// The password of this login: kept from before, or what a person tells.
    async fn password(&mut self, attempt: u8) -> Option<Given> {
        let account = self.account();
        let found = self.shared.keyring.passwords.find(account);
        match self.patiently(found).await {
            Some(Found::Known(kept)) => Some(Given::Kept(kept)),
            Some(Found::Turn(turn)) => self.ask_password(attempt, turn).await,
            Some(Found::Declined) => self.declined("the password"),
            None => {
                self.late("the password");
                None
            }
        }
    }

    async fn ask_password(&mut self, attempt: u8, turn: Turn<Secret>) -> Option<Given> {
        let question = Question::Password {
            user: self.target.user.as_str().into(),
            host: self.host(),
            attempt,
        };
        let asked = self.ask(question, "the password").await;
        let Some(secrets) = asked else {
            if !self.told.is_late && self.asker.is_there() {
                turn.decline();
            }
            return None;
        };
        let secret = secrets.into_iter().next()?;
        Some(Given::Fresh(secret, turn))
    }

    /// Keeps a password that was right, and forgets one that is no more.
    async fn settle(&self, given: Given, verdict: Verdict) {
        match (given, verdict) {
            (Given::Fresh(secret, turn), Verdict::In | Verdict::Further) => turn.keep(secret),
            (Given::Kept(secret), Verdict::Rejected) => {
                let passwords = &self.shared.keyring.passwords;
                passwords.spoilt(self.account(), secret).await;
            }
            _ => {}
        }
    }

    pub(super) async fn try_codes(&mut self) -> Result<Verdict, Error> {
        // Without anybody to answer, the server would only count a failure; ssh does the same in batch mode.
        if !self.asker.is_there() {
            self.told.note("nobody is here to be asked");
            self.told.hint(Hint::Type);
            return Ok(Verdict::Rejected);
        }
        let (mut attempt, mut was_asked) = (1, false);
        while attempt <= self.target.methods.tries {
            let (verdict, talk) = self.conversation(attempt).await?;
            if verdict != Verdict::Rejected {
                let how = "keyboard-interactive".to_owned();
                self.told.accepted.push(how);
                return Ok(verdict);
            }
            let Some(is_try) = talk else {
                // As where the server's login services are switched off: asking again changes nothing.
                break;
            };
            was_asked = true;
            if is_try {
                attempt += 1;
            }
            let kind = russh::MethodKind::KeyboardInteractive;
            if !self.methods.contains(&kind) {
                break;
            }
        }
        self.told.note(if was_asked {
            "wrong answers"
        } else {
            "keyboard-interactive asked no question"
        });
        Ok(Verdict::Rejected)
    }

    /// One conversation; whether it counts as a person's try, or nothing where nothing was asked.
    async fn conversation(&mut self, attempt: u8) -> Result<(Verdict, Option<bool>), Error> {
        let mut talk = Talk::default();
        let user = self.target.user.clone();
        let _rest = self.asker.rest();
        let started = self
            .handle
            .authenticate_keyboard_interactive_start(user, None);
        let mut reply = timeout(PATIENCE, started).await;
        for _ in 0..ROUNDS {
            let (title, lines) = match reply {
                Ok(Ok(Reply::InfoRequest {
                    name,
                    instructions,
                    prompts,
                })) => ((name, instructions), prompts),
                Ok(other) => return self.concluded(other, talk, attempt).await,
                Err(_) => return Err(self.failed("the server says no more about the login")),
            };
            let Some(answers) = self.round(&title, &lines, &mut talk, attempt).await else {
                return Err(self.refused());
            };
            // One for each line, whatever was answered: a server hangs up on another number.
            let answers = (0..lines.len()).map(|at| answers.get(at).map_or("", Secret::expose));
            let answers = answers.map(str::to_owned).collect();
            // A server may wait here for somebody's telephone.
            let told = self
                .handle
                .authenticate_keyboard_interactive_respond(answers);
            reply = timeout(PATIENCE, told).await;
        }
        Err(self.failed("the server asks without end").for_good())
    }

    /// The answers of one round; nothing where nobody gives them.
    async fn round(
        &mut self,
        (name, instruction): &(String, String),
        lines: &[Line],
        talk: &mut Talk,
        attempt: u8,
    ) -> Option<Vec<Secret>> {
        match lines {
            [] => Some(Vec::new()),
            [line] if is_password(line) && talk.given.is_none() => {
                let given = self.password(attempt).await?;
                let answer = given.secret().clone();
                talk.given = Some(given);
                Some(vec![answer])
            }
            lines => {
                talk.has_codes = true;
                let question = self.codes(name, instruction, lines);
                self.ask(question, "what the server wants to know").await
            }
        }
    }

    async fn concluded(
        &mut self,
        reply: Result<Reply, russh::Error>,
        talk: Talk,
        attempt: u8,
    ) -> Result<(Verdict, Option<bool>), Error> {
        let result = reply.map(|reply| match reply {
            Reply::Failure {
                remaining_methods,
                partial_success,
            } => AuthResult::Failure {
                remaining_methods,
                partial_success,
            },
            Reply::Success | Reply::InfoRequest { .. } => AuthResult::Success,
        });
        let verdict = self.judged(result).await?;
        let is_asked = talk.has_codes || talk.given.is_some();
        let is_try = talk.has_codes || !matches!(talk.given, Some(Given::Kept(_)));
        if let Some(given) = talk.given {
            // Of a password and a code, the code is the likelier mistake.
            let is_doubted = !talk.has_codes || attempt > 1;
            if verdict != Verdict::Rejected || is_doubted {
                self.settle(given, verdict).await;
            }
        }
        Ok((verdict, is_asked.then_some(is_try)))
    }

    fn codes(&self, name: &str, instruction: &str, lines: &[Line]) -> Question {
        let field = |line: &Line| Field {
            label: line.prompt.trim().into(),
            echo: line.echo,
        };
        Question::Codes {
            user: self.target.user.as_str().into(),
            host: self.host(),
            name: name.into(),
            instruction: instruction.trim().into(),
            fields: lines.iter().map(field).collect(),
        }
    }

    /// What a person answers; nothing where nobody does, which is told.
    async fn ask(&mut self, question: Question, what: &str) -> Option<Vec<Secret>> {
        match self.asker.ask(question).await {
            Ok(Answer::Secrets(secrets) | Answer::ForAll(secrets)) => Some(secrets),
            Ok(Answer::No | Answer::Yes) => self.declined(what),
            Err(Unanswered::Late) => {
                self.late(what);
                None
            }
            Err(Unanswered::Nobody) => {
                self.told
                    .note(format!("nobody is here to be asked for {what}"));
                self.told.hint(Hint::Type);
                None
            }
        }
    }

    fn declined<T>(&mut self, what: &str) -> Option<T> {
        self.told.note(format!("{what} was declined"));
        self.told.hint(Hint::AskAgain);
        None
    }

    /// Nobody told this in time.
    pub(super) fn late(&mut self, what: &str) {
        self.told.note(format!("nobody told {what} in time"));
        self.told.hint(Hint::AskAgain);
        self.told.is_late = true;
    }

    /// Waits for what another login is asking about; other deadlines rest meanwhile.
    pub(super) async fn patiently<T>(&self, waiting: impl Future<Output = T>) -> Option<T> {
        let _rest = self.asker.rest();
        self.asker.person(timeout(PATIENCE, waiting)).await.ok()
    }

    fn account(&self) -> Account {
        Account::of(self.target)
    }

    fn host(&self) -> crate::node::text::SafeText {
        let host = Host::new(&self.target.host, self.target.port);
        host.label().as_str().into()
    }
}

/// True for the login's own password, asked for in a conversation as PAM does. A code is never kept, so anything else isn't one.
fn is_password(line: &Line) -> bool {
    let label = line.prompt.trim().trim_end_matches(':').to_lowercase();
    !line.echo
        && (label == "password"
            || label.ends_with("'s password")
            || label.starts_with("password for "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_password_counts_as_one() {
        let is = |prompt: &str, echo| {
            is_password(&Line {
                prompt: prompt.to_owned(),
                echo,
            })
        };
        for prompt in [
            "Password: ",
            "ops@web1's password:",
            "Password for ops@web1:",
        ] {
            assert!(is(prompt, false), "{prompt}");
            assert!(!is(prompt, true), "{prompt}");
        }
        for prompt in [
            "One-time password: ",
            "Verification code: ",
            "Password & verification code:",
            "Passcode:",
            "New password:",
            "",
        ] {
            assert!(!is(prompt, false), "{prompt}");
        }
    }
}
