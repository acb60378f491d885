//! A run while it goes on: what is told is shown, signals are obeyed, questions answered; no reader holds any of it up.

use std::{mem, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    pin,
    sync::{mpsc, watch},
    time::{MissedTickBehavior, Sleep, interval, sleep, timeout},
};

use super::{
    files::Part,
    journal::Journal,
    json,
    live::Live,
    progress::Progress,
    screen::{Piece, Screen, Trouble},
    signals::{Signal, Signals},
};
use crate::{
    cli::{ask::Person, exit},
    exec::{Control, Event, Gather, NodeResult, Stream, plan::Plan, script::GRACE},
    fleet::Clock,
    node::text::SafeText,
    ssh::Secret,
    store,
};

/// Between two looks at lines without an end, and two status lines.
const TICK: Duration = Duration::from_millis(100);

/// Status lines come with each so many of these.
const STATUS: u32 = 3;

/// More than the grace that commands are given, for the nodes to answer.
const FAREWELL: Duration = Duration::from_secs(1);

/// For what was printed to reach the screen before a question does, or the end.
const FLUSH: Duration = Duration::from_millis(500);

/// How output is shown.
pub(super) enum Show {
    /// As it comes.
    Live(Box<Live>),
    /// `--json`.
    Json(json::Lines),
    /// Not before the end, or not at all.
    Nothing,
}

/// A run, and all that goes with it.
pub(super) struct Stage {
    pub(super) plan: Arc<Plan>,
    pub(super) control: Control,
    pub(super) screen: Screen,
    pub(super) show: Show,
    pub(super) has_files: bool,
    /// Columns of the status line; none without one.
    pub(super) status: Option<usize>,
    pub(super) progress: Progress,
    pub(super) gather: Gather,
    pub(super) journal: Option<Journal>,
    pub(super) clock: Clock,
    /// A person can be asked for sudo's password.
    pub(super) can_ask: bool,
    pub(super) asking: watch::Receiver<bool>,
    pub(super) stop: Stop,
}

/// What has ended the run before its time.
#[derive(Default)]
pub(super) struct Stop {
    interrupts: u32,
    /// The exit code that a signal, or something of ours that failed, has determined.
    pub(super) code: Option<u8>,
    leave: Option<Pin<Box<Sleep>>>,
    password: Option<SafeText>,
    ticks: u32,
    /// Bytes that nobody was there to read when the run was cancelled.
    pub(super) dropped: usize,
    /// Something is not in the audit log that should be.
    pub(super) is_unwritten: bool,
}

/// Why nobody attends to the run any more.
enum Next {
    /// It has ended.
    Over,
    /// It is left, with this exit code.
    Left(u8),
    /// sudo asks.
    Password(SafeText),
}

impl Stage {
    /// Attends to the run to its end; an exit code where it is left before.
    pub(super) async fn attend(
        &mut self,
        person: &mut Person,
        signals: &mut Signals,
        events: &mut mpsc::Receiver<Event>,
    ) -> Result<(), u8> {
        loop {
            let next = {
                let answers = person.answer();
                pin!(answers);
                self.until(answers, signals, events).await
            };
            if let Some(journal) = &mut self.journal {
                journal.hand_on();
            }
            // What was being asked is over, too.
            person.give_back().await;
            match next {
                Next::Over => return Ok(()),
                Next::Left(code) => {
                    self.leave().await;
                    return Err(code);
                }
                Next::Password(text) => self.password(text, person).await,
            }
        }
    }

    async fn until(
        &mut self,
        mut answers: Pin<&mut impl Future<Output = u8>>,
        signals: &mut Signals,
        events: &mut mpsc::Receiver<Event>,
    ) -> Next {
        let mut is_answered = false;
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut asking = self.asking.clone();
        loop {
            let takes = self.screen.has_room() || self.control.is_cancelled();
            let has_ticks = self.status.is_some()
                || self.journal.is_some()
                || matches!(self.show, Show::Live(_));
            tokio::select! {
                biased;
                signal = signals.next() => {
                    if let Some(code) = self.signalled(signal) {
                        return Next::Left(code);
                    }
                }
                () = over(&mut self.stop.leave) => {
                    return Next::Left(self.stop.code.unwrap_or(exit::TERMINATED));
                }
                code = &mut answers, if !is_answered => {
                    is_answered = true;
                    self.ended_by_person(code);
                }
                _ = asking.wait_for(|is_asking| !is_asking), if self.stop.password.is_some() => {
                    if let Some(text) = self.stop.password.take() {
                        return Next::Password(text);
                    }
                }
                error = failed(&mut self.journal) => {
                    self.stop.is_unwritten = true;
                    self.say(&format!("{error}; the run goes on, and is not written down whole"));
                }
                trouble = self.screen.work() => self.trouble(trouble),
                _ = ticks.tick(), if has_ticks => self.tick(),
                event = events.recv(), if takes => match event {
                    Some(event) => self.take(event),
                    None => return Next::Over,
                },
            }
        }
    }

    /// An exit code where the run is to be left at once.
    fn signalled(&mut self, signal: Signal) -> Option<u8> {
        if signal != Signal::Interrupt {
            if self.stop.code.is_some() {
                return self.stop.code;
            }
            self.stop.code = Some(signal.code());
            self.stop.leave = Some(Box::pin(sleep(GRACE + FAREWELL)));
            self.control.cancel_all();
            return None;
        }
        self.stop.interrupts += 1;
        let running = self.progress.running(&self.plan);
        match self.stop.interrupts {
            1 => {
                self.control.cancel_pending();
                let more = if self.progress.is_running() {
                    "; Ctrl-C again ends them"
                } else {
                    ""
                };
                self.say(&format!(
                    "what has not begun is cancelled; still running: {running}{more}"
                ));
            }
            2 => {
                self.control.cancel_all();
                self.say(&format!(
                    "ending {running}; Ctrl-C once more leaves without waiting"
                ));
            }
            _ => return Some(exit::INTERRUPTED),
        }
        None
    }

    /// Ctrl-C at a question, or a signal while it was put.
    fn ended_by_person(&mut self, code: u8) {
        if code == exit::TERMINATED {
            // The second listener for the same signal may be the first to hear it.
            if self.stop.code.is_none() {
                self.signalled(Signal::Terminate);
            }
            return;
        }
        self.stop.interrupts = 2;
        self.control.cancel_all();
        let running = self.progress.running(&self.plan);
        self.say(&format!("cancelled; ending {running}"));
    }

    fn trouble(&mut self, trouble: Option<Trouble>) {
        match trouble {
            None => {}
            // As with ssh, whose command then meets a closed pipe.
            Some(Trouble::NoReader) => self.control.cancel_all(),
            Some(Trouble::Broken(text)) => {
                self.say(&format!("{text}; what has not begun is cancelled"));
                self.stop.code = self.stop.code.or(Some(exit::BROKEN));
                // What a node is in the middle of is not for a full disk here to end.
                self.control.cancel_pending();
            }
        }
    }

    fn tick(&mut self) {
        if let Some(journal) = &mut self.journal {
            journal.beat(self.clock.now().0);
        }
        let Some(now) = self.screen.has_room().then(|| self.clock.now()) else {
            return;
        };
        let mut is_open = false;
        if let Show::Live(live) = &mut self.show {
            for (stream, bytes) in live.overdue(now) {
                self.screen.put(printed(stream, bytes));
            }
            is_open = live.is_open();
        }
        self.stop.ticks += 1;
        let is_due = self.stop.ticks.is_multiple_of(STATUS) && !is_open && !*self.asking.borrow();
        if let Some(columns) = self.status.filter(|_| is_due) {
            self.screen.status(self.progress.line(now.0, columns));
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Connecting(_) | Event::Ending(_) => {}
            Event::Retrying(place, why) => {
                let name = self.plan.jobs.get(place).map(|job| job.node.id.clone());
                let name = name.as_ref().map_or("", |id| id.as_str());
                self.say(&format!("{name}: trying again: {why}"));
            }
            Event::Began(place) => self.began(place),
            Event::Output(place, stream, bytes) => self.output(place, stream, &bytes),
            Event::Password(text) => self.stop.password = Some(text),
            Event::Ended(place, result) => self.ended(place, &result),
            Event::Stopped(why) => {
                // What somebody here has stopped was said then.
                if !self.control.is_stopping() || self.control.reason().is_some() {
                    self.say(why.as_str());
                }
            }
        }
    }

    fn began(&mut self, place: usize) {
        self.progress.began(place);
        if let Show::Json(lines) = &self.show {
            let line = lines.start(place, store::now_ms());
            self.screen.put(Piece::Out(line));
        }
        if self.has_files {
            self.screen.put(Piece::File(Part::Begin(place)));
        }
    }

    fn output(&mut self, place: usize, stream: Stream, bytes: &Bytes) {
        if !self.screen.has_room() {
            // Taken only once all is cancelled: nobody reads, and nobody waits for that.
            self.stop.dropped += bytes.len();
            return;
        }
        if self.has_files {
            let part = Part::Bytes(place, stream, bytes.clone());
            self.screen.put(Piece::File(part));
        }
        match &mut self.show {
            Show::Live(live) => {
                let shown = live.output((place, stream), bytes, self.clock.now());
                self.screen.put(printed(stream, shown));
            }
            Show::Json(lines) => {
                let line = lines.output(place, stream, bytes, store::now_ms());
                self.screen.put(Piece::Out(line));
            }
            Show::Nothing => {}
        }
    }

    fn ended(&mut self, place: usize, result: &Arc<NodeResult>) {
        self.progress.ended(place, result);
        self.gather.add(result);
        if let Some(journal) = &mut self.journal {
            journal.result(result, self.clock.now().0);
        }
        if self.has_files {
            self.screen.put(Piece::File(Part::End(place)));
        }
        match &mut self.show {
            Show::Live(live) => {
                for (stream, bytes) in live.end(place) {
                    self.screen.put(printed(stream, bytes));
                }
            }
            Show::Json(lines) => {
                for line in lines.end(place, result, store::now_ms()) {
                    self.screen.put(Piece::Out(line));
                }
            }
            Show::Nothing => {}
        }
    }

    async fn password(&mut self, text: SafeText, person: &mut Person) {
        if !self.can_ask {
            self.say(
                "sudo asks for a password, and there is no terminal to ask on; NOPASSWD in sudoers needs none",
            );
            self.stop.code = Some(exit::TROUBLE);
            self.control.cancel_all();
            return;
        }
        // A reader that takes longer doesn't keep the question back.
        let _ = timeout(FLUSH, self.screen.settle()).await;
        match person.typed(text.to_string(), false).await {
            Ok(Some(line)) => self.control.give_password(Secret::new(line)),
            Ok(None) => {
                self.say("no password was given: cancelled");
                self.control.cancel_all();
            }
            Err(code) => self.ended_by_person(code),
        }
    }

    /// Goes away from what may still run.
    async fn leave(&mut self) {
        if self.progress.is_running() {
            let running = self.progress.running(&self.plan);
            self.say(&format!("left at once; this may still run on {running}"));
        }
        // A screen that is blocked is left as it is.
        let _ = timeout(FLUSH, self.screen.settle()).await;
    }

    /// A line of our own, which begins one.
    pub(super) fn say(&mut self, text: &str) {
        if let Show::Live(live) = &mut self.show
            && live.interrupt()
        {
            self.screen.put(Piece::Err("\n".into()));
        }
        self.screen.say(text);
    }

    /// The screen alone, for its last words.
    pub(super) fn end(self) -> Screen {
        self.screen
    }

    /// The journal, to be ended.
    pub(super) fn take_journal(&mut self) -> Option<Journal> {
        mem::take(&mut self.journal)
    }
}

fn printed(stream: Stream, bytes: Bytes) -> Piece {
    match stream {
        Stream::Stdout => Piece::Out(bytes),
        Stream::Stderr => Piece::Err(bytes),
    }
}

async fn over(leave: &mut Option<Pin<Box<Sleep>>>) {
    match leave {
        Some(sleep) => sleep.await,
        None => std::future::pending().await,
    }
}

async fn failed(journal: &mut Option<Journal>) -> store::audit::Error {
    match journal {
        Some(journal) => journal.failed().await,
        None => std::future::pending().await,
    }
}
