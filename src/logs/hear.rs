//! A command of ours on a node: begun under the watchdog that ends it with its connection, and heard.

use std::time::Duration;

use bytes::Bytes;

use super::sudo::{NOT_TAKEN, Sudo, Trial};
use crate::{
    exec::{
        marks::{Item, Mark, Marks},
        nonce::Nonce,
        script::{ANY_SHELL, DATA_END, Script, told},
    },
    node::{Node, text::SafeText},
    ssh::{Channel, End, Error, Output, Session, Stdin},
};

/// For a few bytes that the node waits for.
const WORD: Duration = Duration::from_secs(20);

/// Of what it complains, this much is looked at.
const SAID: usize = 4 << 10;

/// What is heard.
pub(super) enum Heard {
    /// The node's shell runs it.
    Begun,
    /// On standard output.
    Out(Bytes),
    /// On standard error, of a command whose errors are part of its output.
    Err(Vec<u8>),
    /// sudo asks for a password: [`Ear::tell_password`] is next.
    Asks,
    /// It is over.
    End(End),
}

/// What is to be run.
pub(super) struct Text<'a> {
    pub(super) node: &'a Node,
    pub(super) nonce: &'a Nonce,
    pub(super) command: &'a str,
    /// The user's own, for the login shell, with what belongs before it.
    pub(super) is_own: bool,
    /// As root.
    pub(super) is_sudo: bool,
    /// It is told lines while it runs, [`Ear::tell`].
    pub(super) is_told: bool,
    /// Who is asked for sudo's password; nobody can be where there is none.
    pub(super) sudo: Option<&'a Sudo>,
}

/// The ear at one command. Dropping it ends the command.
pub(super) struct Ear {
    channel: Channel,
    /// Kept: its end is what the watchdog waits for.
    stdin: Stdin,
    marks: Option<Marks>,
    is_own: bool,
    /// It waits to hear that it gets no input.
    is_fed: bool,
    has_begun: bool,
    said: Vec<u8>,
    sudo: Option<(Sudo, String)>,
    /// The password that this sudo was told.
    trial: Option<Trial>,
    /// Why sudo is told no password.
    refused: Option<SafeText>,
}

impl Ear {
    /// Sends the command.
    pub(super) async fn begin(session: &Session, text: &Text<'_>) -> Result<Self, Error> {
        let posix = [("SHELL".to_owned(), "/bin/sh".to_owned())];
        let script = Script {
            nonce: text.nonce,
            command: text.command,
            prelude: if text.is_own { &text.node.prelude } else { "" },
            folder: None,
            // What is ours is for a shell of POSIX, whatever the login shell is.
            variables: if text.is_own { &[] } else { &posix },
            is_fed: text.is_sudo || text.is_told,
            is_sudo: text.is_sudo,
            is_terminal: false,
        };
        let mut channel = session.exec(ANY_SHELL).await?;
        let mut stdin = channel.take_input();
        // A connection that fails here is told of by the output's end.
        let _ = stdin.write(script.for_any_shell().as_bytes(), WORD).await;
        Ok(Self {
            channel,
            stdin,
            marks: Some(Marks::new(text.nonce)),
            is_own: text.is_own,
            is_fed: text.is_sudo && !text.is_told,
            has_begun: false,
            said: Vec::new(),
            sudo: text
                .sudo
                .map(|sudo| (sudo.clone(), session.info().user.clone())),
            trial: None,
            refused: None,
        })
    }

    /// A line for what reads its input line by line.
    pub(super) async fn tell(&mut self, line: &str) {
        // A connection that fails here is told of by the output's end.
        let _ = self.stdin.write(told(line).as_bytes(), WORD).await;
    }

    /// What comes next. Cancel-safe but for the few bytes that are sent when sudo has let it begin.
    pub(super) async fn next(&mut self) -> Heard {
        if self.refused.is_some() {
            return Heard::End(End::Exit(1));
        }
        loop {
            match self.channel.next().await {
                Output::Stdout(bytes) => return Heard::Out(bytes),
                Output::Stderr(bytes) => {
                    if let Some(heard) = self.errors(&bytes).await {
                        return heard;
                    }
                }
                Output::End(end) => return Heard::End(end),
            }
        }
    }

    async fn errors(&mut self, bytes: &Bytes) -> Option<Heard> {
        let Some(marks) = &mut self.marks else {
            return self.complain(bytes.to_vec());
        };
        let mut rest = Vec::new();
        for item in marks.feed(bytes) {
            match item {
                Item::Output(bytes) => rest.extend(bytes),
                Item::Mark(Mark::Begun(_)) => {
                    // What a login shell says before isn't of the command.
                    rest.clear();
                    self.said.clear();
                    self.has_begun = true;
                    if let Some(trial) = self.trial.take() {
                        trial.pass();
                    }
                    if self.is_fed {
                        // A connection that fails here is told of by the output's end.
                        let _ = self.stdin.write(DATA_END.as_bytes(), WORD).await;
                    }
                }
                // Nothing else comes before it is told.
                Item::Mark(Mark::Password) => return Some(Heard::Asks),
                Item::Mark(Mark::Fed) => {}
            }
        }
        if self.has_begun {
            rest.extend(
                self.marks
                    .take()
                    .map(|mut marks| marks.finish())
                    .unwrap_or_default(),
            );
        }
        let heard = self.complain(rest);
        heard.or_else(|| self.has_begun.then_some(Heard::Begun))
    }

    /// Tells sudo the password, once somebody has typed it. Asked again, it was wrong.
    pub(super) async fn tell_password(&mut self) {
        if let Err(why) = self.answer().await {
            self.refused = Some(why);
            self.stdin.end().await;
        }
    }

    async fn answer(&mut self) -> Result<(), SafeText> {
        if let Some(trial) = self.trial.take() {
            trial.fail();
            return Err(NOT_TAKEN.into());
        }
        let (sudo, user) = self.sudo.as_ref().ok_or(PASSWORD)?;
        let (line, trial) = sudo.password(user).await?;
        self.trial = Some(trial);
        // A connection that fails here is told of by the output's end.
        let _ = self.stdin.write(line.as_bytes(), WORD).await;
        Ok(())
    }

    fn complain(&mut self, bytes: Vec<u8>) -> Option<Heard> {
        if bytes.is_empty() {
            return None;
        }
        if self.is_own && self.has_begun {
            return Some(Heard::Err(bytes));
        }
        self.said.extend_from_slice(&bytes);
        let excess = self.said.len().saturating_sub(SAID);
        self.said.drain(..excess);
        None
    }

    /// The last line of what it complained of.
    pub(super) fn complaint(&self) -> Option<SafeText> {
        if let Some(why) = &self.refused {
            return Some(why.clone());
        }
        let mut lines = self.said.split(|byte| *byte == b'\n').rev();
        let line = lines.find(|line| !line.trim_ascii().is_empty())?;
        Some(SafeText::line(line.trim_ascii(), 300))
    }

    /// The node's shell has run it.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }
}

const PASSWORD: &str =
    "sudo asks for a password, and there is nobody to ask; NOPASSWD in sudoers needs none";
