//! The person at this process's terminal, who is asked what connections want to know: one question at a time, as ssh asks.

mod put;
mod queue;

use std::io::{self, IsTerminal};

use color_eyre::eyre::Result;
use tokio::{
    pin,
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, watch},
    task::spawn_blocking,
    time::{Duration, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{Context, exit};
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
/// node, and after an answer that was wrong the same node asks again before any other.
pub(super) struct Person {
    asked: mpsc::Receiver<Asked>,
    asking: watch::Sender<bool>,
    queue: Queue,
    /// The login that was answered last, until it has asked again or ended.
    answered: Option<Login>,
}

/// The person at the terminal, and where to send questions: nowhere with `--batch`, or where not all three streams are a
/// terminal.
pub(super) fn person(context: &Context) -> (Option<mpsc::Sender<Asked>>, Person) {
    let (to, asked) = mpsc::channel(QUESTIONS);
    let is_there =
        context.console.is_terminal && io::stdin().is_terminal() && io::stderr().is_terminal();
    let person = Person {
        asked,
        asking: watch::channel(false).0,
        queue: Queue::default(),
        answered: None,
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
    pub(super) async fn beside(self, work: impl Future<Output = Result<u8>>) -> Result<u8> {
        tokio::select! {
            biased;
            code = work => code,
            code = self.answer() => Ok(code),
        }
    }

    /// Answers until it is dropped. Gives an exit code when the person, or a signal, ends the command.
    pub(super) async fn answer(mut self) -> u8 {
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            return std::future::pending().await;
        };
        loop {
            let next = tokio::select! {
                biased;
                // Once it is listened for, nothing else ends the process.
                _ = terminate.recv() => return exit::TERMINATED,
                next = self.next() => next,
            };
            if let Some(code) = self.ask(next, &mut terminate).await {
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
    async fn ask(&mut self, mut asked: Asked, terminate: &mut Signal) -> Option<u8> {
        let over = CancellationToken::new();
        // Whenever this ends, the terminal is given back.
        let _guard = over.clone().drop_guard();
        let (prompt, alike) = (
            asked.prompt.clone(),
            self.queue.alike(&asked.prompt.question),
        );
        let token = over.clone();
        let mut question = spawn_blocking(move || put::put(&prompt, alike, &token));
        let code = tokio::select! {
            biased;
            _ = terminate.recv() => Some(exit::TERMINATED),
            said = &mut question => match said.ok()? {
                Some(answer) => {
                    self.tell(asked, &answer);
                    return None;
                }
                None => return Some(exit::INTERRUPTED),
            },
            () = asked.reply.closed() => None,
        };
        // The next one finds the terminal as it was before this one; it lets go at once.
        over.cancel();
        let _ = question.await;
        code
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
