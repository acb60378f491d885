//! The person at this process's terminal, who is asked what connections want to know: one question at a time, as ssh asks.

mod put;
mod queue;

use std::io::{self, IsTerminal};

use color_eyre::eyre::Result;
use tokio::{
    pin,
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot, watch},
    task::{JoinHandle, spawn_blocking},
    time::{Duration, sleep},
};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::{Context, exit, tty::Read};
use crate::ssh::{Answer, Asked, Login};
use queue::Queue;

/// Questions on their way here; more wait at the connections that ask.
const QUESTIONS: usize = 64;

/// For a server to say whether what was typed is right, before another node is asked about.
const VERDICT: Duration = Duration::from_secs(5);

/// Whoever is there to answer. Every command that opens connections asks through this:
///
/// ```ignore
/// let (asker, person) = ask::person(context);
/// let connector = Connector::new(context.ssh(), asker);   // or `fleet::start(config, asker, …)`
/// let code = person.beside(work(context, &connector)).await;
/// connector.close().await;                                // however it ended
/// code
/// ```
///
/// `work` gives the exit code; [`Person::beside`] answers its questions meanwhile, and ends it early when the person
/// presses Ctrl-C at a question or a signal comes. Deadlines of connections rest by themselves while the person is asked;
/// a command's own ones can, by [`Person::asking`]. What is printed meanwhile stands between the questions: each names its
/// node, and after an answer that was wrong the same node asks again before any other. A command with questions of its own
/// asks them between its works: [`Person::meanwhile`], then [`Person::agrees`].
pub(super) struct Person {
    asked: mpsc::Receiver<Asked>,
    asking: watch::Sender<bool>,
    queue: Queue,
    /// The login that was answered last, until it has asked again or ended.
    answered: Option<Login>,
    terminate: Option<Signal>,
    /// Holds the terminal until the question that it puts is over.
    holder: Option<JoinHandle<()>>,
}

/// The person at the terminal, and where to send questions: nowhere with `--batch`, or where not all three streams are a
/// terminal. Must be called within the runtime.
pub(super) fn person(context: &Context) -> (Option<mpsc::Sender<Asked>>, Person) {
    let (to, asked) = mpsc::channel(QUESTIONS);
    let is_there =
        context.console.is_terminal && io::stdin().is_terminal() && io::stderr().is_terminal();
    let person = Person {
        asked,
        asking: watch::channel(false).0,
        queue: Queue::default(),
        answered: None,
        // Once it is listened for, nothing else ends the process: from here on it is, in each wait.
        terminate: terminate(),
        holder: None,
    };
    let is_asked = is_there && !context.args.global.batch;
    (is_asked.then_some(to), person)
}

impl Person {
    /// True while something is asked or waits to be.
    pub(super) fn asking(&self) -> watch::Receiver<bool> {
        self.asking.subscribe()
    }

    /// Runs `work` to its exit code, and answers what is asked meanwhile.
    pub(super) async fn beside(mut self, work: impl Future<Output = Result<u8>>) -> Result<u8> {
        self.meanwhile(work).await.unwrap_or_else(Ok)
    }

    /// Runs `work`, and answers what is asked meanwhile; an exit code when the person, or a signal, ends the command first.
    pub(super) async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Result<T, u8> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            code = self.answer() => Err(code),
        }
    }

    /// Asks a question of the command's own; only `y` or `yes` is one. An exit code when the person, or a signal, ends the
    /// command; false where there is no terminal.
    pub(super) async fn agrees(&mut self, text: String) -> Result<bool, u8> {
        let put = move |over: &CancellationToken| put::agreed(&text, over);
        match self.hold(put, std::future::pending()).await {
            Held::Said(Some(is_agreed)) => Ok(is_agreed),
            Held::Said(None) => Err(exit::INTERRUPTED),
            Held::Over => Ok(false),
            Held::Terminated => Err(exit::TERMINATED),
        }
    }

    /// Asks for a line that a command of its own wants, shown while it is typed only with `echo`; nothing where there is no
    /// answer, or no terminal. An exit code when the person, or a signal, ends the command.
    pub(super) async fn typed(
        &mut self,
        text: String,
        echo: bool,
    ) -> Result<Option<Zeroizing<String>>, u8> {
        let put = move |over: &CancellationToken| put::typed(&text, echo, over);
        match self.hold(put, std::future::pending()).await {
            Held::Said(Read::Line(line)) => Ok(Some(line)),
            Held::Said(Read::Interrupted) => Err(exit::INTERRUPTED),
            Held::Said(Read::Declined) | Held::Over => Ok(None),
            Held::Terminated => Err(exit::TERMINATED),
        }
    }

    /// Answers until it is dropped. Gives an exit code when the person, or a signal, ends the command.
    pub(super) async fn answer(&mut self) -> u8 {
        // A second one, since the first is busy while a question is put.
        let mut signals = terminate();
        loop {
            let next = tokio::select! {
                biased;
                () = terminated(&mut signals) => return exit::TERMINATED,
                next = self.next() => next,
            };
            if let Some(code) = self.ask(next).await {
                return code;
            }
        }
    }

    /// The next question to ask. Dropped before its end, it loses none.
    async fn next(&mut self) -> Asked {
        self.hear_out().await;
        loop {
            self.take_waiting();
            if let Some(asked) = self.queue.next() {
                return asked;
            }
            self.asking.send_replace(false);
            match self.asked.recv().await {
                Some(asked) => self.take(asked),
                // Nobody asks any more.
                None => return std::future::pending().await,
            }
        }
    }

    /// Waits for what comes of the last answer: the same node asks again, or its login ends.
    async fn hear_out(&mut self) {
        let overdue = sleep(VERDICT);
        pin!(overdue);
        while let Some(login) = &mut self.answered {
            tokio::select! {
                biased;
                Some(asked) = self.asked.recv() => self.take(asked),
                () = login.ended() => self.answered = None,
                () = &mut overdue => self.answered = None,
            }
            if self.queue.asks_again() {
                self.answered = None;
            }
        }
    }

    fn take_waiting(&mut self) {
        while let Ok(asked) = self.asked.try_recv() {
            self.take(asked);
        }
    }

    fn take(&mut self, asked: Asked) {
        self.asking.send_replace(true);
        self.queue.push(asked);
    }

    /// Asks one question, and passes the answer on to all that it is for.
    async fn ask(&mut self, mut asked: Asked) -> Option<u8> {
        let (prompt, alike) = (
            asked.prompt.clone(),
            self.queue.alike(&asked.prompt.question),
        );
        let put = move |over: &CancellationToken| put::put(&prompt, alike, over);
        match self.hold(put, asked.reply.closed()).await {
            Held::Said(Some(answer)) => {
                self.tell(asked, &answer);
                None
            }
            Held::Said(None) => Some(exit::INTERRUPTED),
            Held::Over => None,
            Held::Terminated => Some(exit::TERMINATED),
        }
    }

    /// Holds the terminal for one question, unless it is `void` before. Afterwards the terminal is as it was.
    async fn hold<T: Send + 'static>(
        &mut self,
        put: impl FnOnce(&CancellationToken) -> T + Send + 'static,
        void: impl Future<Output = ()>,
    ) -> Held<T> {
        // One that was dropped half-way lets go at once.
        self.give_back().await;
        let over = CancellationToken::new();
        let _guard = over.clone().drop_guard();
        let (token, (to, said)) = (over.clone(), oneshot::channel());
        self.holder = Some(spawn_blocking(move || drop(to.send(put(&token)))));
        let held = tokio::select! {
            biased;
            () = terminated(&mut self.terminate) => Held::Terminated,
            said = said => said.map_or(Held::Over, Held::Said),
            () = void => Held::Over,
        };
        over.cancel();
        self.give_back().await;
        held
    }

    /// Waits until the terminal is as it was, after a question that was dropped half-way.
    pub(super) async fn give_back(&mut self) {
        if let Some(holder) = &mut self.holder {
            let _ = holder.await;
        }
        self.holder = None;
    }

    fn tell(&mut self, asked: Asked, answer: &Answer) {
        self.take_waiting();
        for other in self.queue.covered(answer, &asked.prompt.question) {
            // Whoever asked may have gone.
            let _ = other.reply.send(answer.clone());
        }
        let is_typed = matches!(answer, Answer::Secrets(_) | Answer::ForAll(_));
        self.answered = is_typed.then_some(asked.login);
        let _ = asked.reply.send(answer.clone());
    }
}

/// What became of a question.
enum Held<T> {
    Said(T),
    /// It no longer stands.
    Over,
    Terminated,
}

/// Nothing where it can't be listened for: then it ends the process as ever.
fn terminate() -> Option<Signal> {
    signal(SignalKind::terminate()).ok()
}

async fn terminated(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}
