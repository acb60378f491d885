//! One command on one node: sent over an open session, listened to, and ended where that is wanted.

mod ending;
mod hearing;

use std::{pin::Pin, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

use bytes::Bytes;

use self::hearing::Hearing;
use super::{
    Capture, Control, Event, Leftover, Outcome, Stream,
    marks::Mark,
    nonce::Nonce,
    plan::{Job, Options},
    script::{self, MAX_BYTES, Script},
};
use crate::{
    node::text::SafeText,
    ssh::{Channel, End, Error, Output, Session, Stdin},
};

/// A command may read its input as slowly as it likes; its own deadline counts.
const INPUT_PATIENCE: Duration = Duration::from_hours(7 * 24);

/// For a few bytes that a watchdog waits for.
const WORD_PATIENCE: Duration = Duration::from_secs(20);

/// For a connection that has just ended to say so.
const A_MOMENT: Duration = Duration::from_millis(50);

/// Instead of a deadline.
const NEVER: Duration = Duration::from_hours(30 * 365 * 24);

/// A node's part of a run, over an open session.
pub(super) struct One<'a> {
    pub(super) place: usize,
    pub(super) job: &'a Job,
    pub(super) options: &'a Options,
    pub(super) session: &'a Session,
    pub(super) control: &'a Control,
    pub(super) events: &'a mpsc::Sender<Event>,
}

/// How it went.
pub(super) struct Done {
    pub(super) outcome: Outcome,
    pub(super) stdout: Capture,
    pub(super) stderr: Capture,
    pub(super) duration: Duration,
    pub(super) left: Option<Vec<Leftover>>,
}

/// How the script is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The user's text as it is.
    Plain,
    /// To a login shell of the Bourne family.
    Direct,
    /// To any login shell.
    AnyShell,
}

/// Why nobody listens any more.
enum Over {
    Ended(End),
    Cancelled,
    Timeout,
    WrongPassword,
}

/// One execution while it goes on.
struct Running<'a> {
    one: &'a One<'a>,
    nonce: Nonce,
    form: Form,
    channel: Channel,
    stdin: Option<Stdin>,
    hearing: Hearing,
    deadline: Instant,
    passwords: u32,
    /// This node tries the password for all.
    is_trial: bool,
}

impl One<'_> {
    /// Runs the command to its end. A login shell that can't read the script is given it in another form.
    pub(super) async fn run(&self) -> Done {
        let started = Instant::now();
        let first = match self.options {
            options if options.is_plain => Form::Plain,
            // Its own complaints could not be told from a shell's. A terminal would show what it is given on its input.
            options if options.is_sudo && options.terminal.is_none() => Form::AnyShell,
            _ => Form::Direct,
        };
        let mut done = self.run_as(first, started).await;
        if done.is_none() && !(self.options.is_sudo && self.options.terminal.is_some()) {
            done = self.run_as(Form::AnyShell, started).await;
        }
        done.unwrap_or_else(|| Done::of(Outcome::Unknown(FOREIGN.into()), started))
    }

    /// Nothing where the login shell made nothing of it, and so ran nothing.
    async fn run_as(&self, form: Form, started: Instant) -> Option<Done> {
        let nonce = Nonce::random();
        let lines = self.lines(&nonce, form);
        if lines.0.len() + lines.1.len() > MAX_BYTES {
            return Some(Done::of(Outcome::Refused(TOO_LONG.into()), started));
        }
        let mut channel = tokio::select! {
            biased;
            () = self.control.cancelled() => {
                return Some(Done::of(Outcome::Skipped(CANCELLED.into()), started));
            }
            opened = self.open(&lines.0) => match opened {
                Ok(channel) => channel,
                Err(error) => return Some(Done::of(Outcome::Refused(told(&error)), started)),
            },
        };
        let limit = self
            .options
            .timeout
            .unwrap_or(self.job.node.command_timeout);
        let mut stdin = channel.take_input();
        if !lines.1.is_empty() {
            // A connection that fails here is told of by the output's end.
            let _ = stdin.write(lines.1.as_bytes(), WORD_PATIENCE).await;
        }
        let running = Running {
            one: self,
            hearing: Hearing::new(self.options, &nonce, form != Form::Plain),
            nonce,
            form,
            channel,
            stdin: Some(stdin),
            deadline: Instant::now() + if limit.is_zero() { NEVER } else { limit },
            passwords: 0,
            is_trial: false,
        };
        running.finish(started).await
    }

    async fn open(&self, command: &str) -> Result<Channel, Error> {
        let terminal = self.options.terminal;
        self.session.exec_through(command, terminal).await
    }

    /// The command to start, and what goes first on its input.
    fn lines(&self, nonce: &Nonce, form: Form) -> (String, String) {
        let script = Script {
            nonce,
            command: &self.job.command,
            prelude: &self.job.node.prelude,
            folder: self.options.folder.as_deref(),
            variables: &self.options.variables,
            is_fed: self.options.input.is_some() || self.options.is_sudo,
            is_sudo: self.options.is_sudo,
            is_terminal: self.options.terminal.is_some(),
        };
        match form {
            Form::Plain => (self.job.command.clone(), String::new()),
            Form::Direct => (script.line(), String::new()),
            Form::AnyShell => (script::ANY_SHELL.to_owned(), script.for_any_shell()),
        }
    }

    /// Tells once in a run that sudo waits.
    async fn ask_password(&self, user: &str) {
        if self.control.is_first_to_ask() {
            let who = format!("[sudo] password for {user}: ");
            self.tell(Event::Password(who.as_str().into())).await;
        }
    }

    async fn tell(&self, event: Event) {
        // Nobody listening any more changes nothing here.
        let _ = self.events.send(event).await;
    }

    /// Hands output on; a cancelled run waits for no reader.
    async fn tell_output(&self, event: Event) {
        tokio::select! {
            biased;
            sent = self.events.send(event) => drop(sent),
            () = self.control.cancelled() => {}
        }
    }
}

const FOREIGN: &str =
    "the login shell ran something else than what was sent; --plain sends a command as it is";
const TOO_LONG: &str =
    "the command is longer than 120 KiB; give it as input: --stdin FILE -- sh -s";
const CANCELLED: &str = "cancelled before it began";
const NOT_TAKEN: &str = "sudo did not take the password";

fn told(error: &Error) -> SafeText {
    SafeText::from(error.to_string().as_str())
}

impl Done {
    /// Of a command without output.
    fn of(outcome: Outcome, started: Instant) -> Self {
        Self {
            outcome,
            stdout: Capture::default(),
            stderr: Capture::default(),
            duration: started.elapsed(),
            left: None,
        }
    }
}

impl Running<'_> {
    async fn finish(mut self, started: Instant) -> Option<Done> {
        let over = self.listen().await;
        if !matches!(over, Over::WrongPassword) {
            self.end_trial(false);
        }
        if !matches!(over, Over::Ended(_)) {
            self.one.tell(Event::Ending(self.one.place)).await;
            self.hang_up().await;
        }
        let last = self.hearing.last_words();
        self.pass(last).await;
        let outcome = match over {
            Over::Ended(_) if self.is_foreign() => return None,
            Over::Ended(end) => self.outcome(end).await,
            Over::Cancelled => Outcome::Cancelled,
            Over::Timeout => Outcome::Timeout,
            Over::WrongPassword => Outcome::Refused(NOT_TAKEN.into()),
        };
        let held = self.hearing.release();
        self.pass(held).await;
        let left = match outcome {
            Outcome::Cancelled | Outcome::Timeout => self.sweep().await,
            _ => None,
        };
        let (mut stdout, mut stderr) = self.hearing.finish();
        let [out, err] = self.channel.dropped();
        stdout.total += out;
        stderr.total += err;
        Some(Done {
            outcome,
            stdout,
            stderr,
            duration: started.elapsed(),
            left,
        })
    }

    async fn listen(&mut self) -> Over {
        // The input goes its own way, so that a command that reads nothing still speaks.
        let mut feeding = Feeding::None;
        loop {
            let output = tokio::select! {
                biased;
                () = self.one.control.cancelled() => return Over::Cancelled,
                () = sleep_until(self.deadline) => return Over::Timeout,
                stdin = feeding.done() => {
                    self.stdin = Some(stdin);
                    feeding = Feeding::None;
                    continue;
                }
                output = self.channel.next() => output,
            };
            let output = match output {
                Output::End(end) => return Over::Ended(end),
                output => output,
            };
            for mark in self.hear(output).await {
                match mark {
                    Mark::Begun(_) => {
                        self.end_trial(true);
                        feeding = self.feed();
                    }
                    Mark::Fed => {
                        // All of it was taken, so that this is done too.
                        self.stdin = feeding.into_stdin().await.or(self.stdin.take());
                        feeding = Feeding::None;
                        self.say(script::DATA_END).await;
                    }
                    Mark::Password => {
                        if let Some(over) = self.give_password().await {
                            return over;
                        }
                    }
                }
            }
        }
    }

    /// Takes output in and hands it on; what the script said comes back.
    async fn hear(&mut self, output: Output) -> Vec<Mark> {
        let (passed, said) = self.hearing.take(output);
        self.pass(passed).await;
        said
    }

    /// Hands output on. The time that its reader takes is not the command's.
    async fn pass(&mut self, passed: Vec<(Stream, Bytes)>) {
        for (stream, bytes) in passed {
            let waited = Instant::now();
            let event = Event::Output(self.one.place, stream, bytes);
            self.one.tell_output(event).await;
            self.deadline += waited.elapsed();
        }
    }

    /// Sends the command's input, where it has some.
    fn feed(&mut self) -> Feeding {
        let options = self.one.options;
        // On a terminal nobody hands data on: it would be typed into the command.
        if options.terminal.is_some() || (options.input.is_none() && !options.is_sudo) {
            return Feeding::None;
        }
        let Some(mut stdin) = self.stdin.take() else {
            return Feeding::None;
        };
        let input = self.one.options.input.clone().unwrap_or_default();
        Feeding::Data(Box::pin(async move {
            let header = script::data_header(input.len());
            // A connection that fails here is told of by the output's end.
            let _ = stdin.write(header.as_bytes(), INPUT_PATIENCE).await;
            let _ = stdin.write(&input, INPUT_PATIENCE).await;
            stdin
        }))
    }

    /// Tells sudo the password, once: asked again, it was wrong, and no other node is to try it.
    async fn give_password(&mut self) -> Option<Over> {
        self.passwords += 1;
        if self.passwords > 1 {
            self.one.control.abort(NOT_TAKEN);
            return Some(Over::WrongPassword);
        }
        let asked = Instant::now();
        let user = self.one.session.info().user.clone();
        self.one.ask_password(&user).await;
        let Some(password) = self.one.control.password().await else {
            return Some(Over::Cancelled);
        };
        let Some(is_trial) = self.one.control.trial().await else {
            return Some(Over::Cancelled);
        };
        self.is_trial = is_trial;
        self.deadline += asked.elapsed();
        let line = zeroize::Zeroizing::new(format!("{}\n", password.expose()));
        self.say(&line).await;
        None
    }

    /// The command runs: the password was right. It ended before: another node tries it.
    fn end_trial(&mut self, is_right: bool) {
        if std::mem::take(&mut self.is_trial) {
            self.one.control.tried(is_right);
        }
    }

    /// True where a login shell complained of the script and so ran none of it.
    fn is_foreign(&self) -> bool {
        self.form == Form::Direct && self.hearing.begun.is_none() && self.hearing.is_complaint()
    }

    async fn outcome(&self, end: End) -> Outcome {
        let has_begun = self.form == Form::Plain || self.hearing.begun.is_some();
        match end {
            End::Lost => self.lost(has_begun).await,
            _ if !has_begun => Outcome::Refused(
                self.hearing
                    .complaint()
                    .map_or_else(|| FOREIGN.into(), |line| not_run(&line)),
            ),
            End::Exit(0) => Outcome::Ok,
            End::Exit(code) => Outcome::Exit(code),
            End::Signal(name) => Outcome::Signal(name),
        }
    }

    /// The connection is gone, or the server closed the channel without a word.
    async fn lost(&self, has_begun: bool) -> Outcome {
        match timeout(A_MOMENT, self.one.session.closed()).await {
            Ok(error) if has_begun => Outcome::Lost(error.reason),
            Ok(error) => Outcome::Lost(
                format!("{}; it may not have begun", error.reason)
                    .as_str()
                    .into(),
            ),
            Err(_) => Outcome::Unknown("the server told nothing of its end".into()),
        }
    }
}

fn not_run(said: &SafeText) -> SafeText {
    format!("the command was not run; the node said: {said}")
        .as_str()
        .into()
}

/// The command's input on its way.
enum Feeding {
    None,
    Data(Pin<Box<dyn Future<Output = Stdin> + Send>>),
}

impl Feeding {
    /// Resolves when all is sent; never where nothing is. Cancel-safe.
    async fn done(&mut self) -> Stdin {
        match self {
            Self::None => std::future::pending().await,
            Self::Data(sent) => sent.await,
        }
    }

    async fn into_stdin(self) -> Option<Stdin> {
        match self {
            Self::None => None,
            Self::Data(sent) => Some(sent.await),
        }
    }
}
