//! A roll while it goes on: what happens is printed and written down, keys and signals are obeyed, questions answered.

use std::{mem, pin::Pin, sync::Arc, time::Duration};

use color_eyre::eyre::Result;
use serde_json::Value;
use tokio::{
    pin,
    sync::{mpsc, watch},
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{
    json,
    keys::{Key, Keys},
    ready::Ready,
    say,
};
use crate::{
    cli::{
        Context,
        ask::Person,
        exec::{
            confirm::has_terminal,
            journal::Journal as Audit,
            screen::{Piece, Screen, Trouble},
            signals::{Signal, Signals},
            status_columns,
        },
        exit,
    },
    daemon::roll::{Event, Finished, Order, Reason, Standing, Start, State, Trace, drive, said},
    exec::{Control, exit::ABORTED, script::GRACE},
    fleet::Clock,
    node::text::SafeText,
    ssh::{Asked, Connector, Secret},
    store::{
        self,
        audit::{Counts, Error, RunId},
        roll::Note,
    },
};

/// Happenings that wait to be shown; nodes wait behind them.
const EVENTS: usize = 128;

/// Orders on their way to the roll; whoever gives more of them waits.
const ORDERS: usize = 16;

/// Questions on their way to the person.
const QUESTIONS: usize = 64;

/// Between two status lines.
const TICK: Duration = Duration::from_millis(300);

/// Status lines that come before keys are listened for again, after a question.
const REST: u32 = 3;

/// For leave to be taken of all servers.
const FAREWELL: Duration = Duration::from_secs(3);

/// For what was printed to reach the screen before a question does, or the end.
const FLUSH: Duration = Duration::from_millis(500);

/// A roll, and all that goes with it.
struct Stage {
    id: RunId,
    order: Arc<Order>,
    state: State,
    control: Control,
    orders: mpsc::Sender<Note>,
    screen: Screen,
    audit: Option<Audit>,
    counts: Counts,
    clock: Clock,
    keys: Keys,
    has_json: bool,
    /// Columns of the status line; none without one.
    status: Option<usize>,
    can_ask: bool,
    asking: watch::Receiver<bool>,
    interrupts: u32,
    /// What a signal has determined.
    code: Option<u8>,
    password: Option<SafeText>,
    /// Status lines until keys are listened for again.
    rest: u32,
}

/// All that comes from outside.
struct Inputs<'a> {
    signals: &'a mut Signals,
    events: &'a mut mpsc::Receiver<Event>,
    /// Questions of connections, and where they go on to.
    asked: &'a mut mpsc::Receiver<Asked>,
    asker: Option<mpsc::Sender<Asked>>,
}

/// Why nobody attends to the roll any more.
enum Next {
    /// It is over.
    Over,
    /// It is left, with this exit code.
    Left(u8),
    /// sudo asks.
    Password(SafeText),
}

pub(super) async fn run(
    context: &mut Context,
    mut ready: Ready,
    (asker, mut person): (Option<mpsc::Sender<Asked>>, Person),
    mut signals: Signals,
) -> Result<u8> {
    let (questions, mut asked) = mpsc::channel(QUESTIONS);
    // The keys let go of the terminal before a question reaches the person.
    let connector = Connector::new(context.ssh(), asker.is_some().then_some(questions));
    let (orders, taken) = mpsc::channel(ORDERS);
    let (to, mut events) = mpsc::channel(EVENTS);
    let control = Control::default();
    let mut stage = stage(context, &mut ready, &person, (control.clone(), orders));
    let start = Start {
        order: ready.order,
        past: ready.past,
        journal: ready.journal,
        pid: std::process::id(),
        connector: connector.clone(),
        control,
    };
    let mut tasks = JoinSet::new();
    stage.introduce(&ready.what);
    tasks.spawn(drive(start, taken, to));
    let inputs = Inputs {
        signals: &mut signals,
        events: &mut events,
        asked: &mut asked,
        asker,
    };
    let attended = stage.attend(&mut person, inputs).await;
    stage.keys.stop().await;
    if let Err(code) = attended {
        return Ok(code);
    }
    let finished = tasks.join_next().await.and_then(Result::ok);
    let code = stage.end(finished).await;
    // Servers that are gone by now hold nothing up.
    let _ = timeout(FAREWELL, connector.close()).await;
    stage.screen.close().await;
    Ok(code)
}

fn stage(
    context: &mut Context,
    ready: &mut Ready,
    person: &Person,
    (control, orders): (Control, mpsc::Sender<Note>),
) -> Stage {
    let mut state = State::new(Arc::clone(&ready.order.batches), 0);
    let done = ready.past.nodes.iter().enumerate();
    for (place, _) in done.filter(|(_, trace)| **trace == Trace::Done) {
        state.was_done(place);
    }
    let can_ask = has_terminal(context);
    Stage {
        id: ready.id.clone(),
        order: Arc::clone(&ready.order),
        state,
        control,
        orders,
        screen: Screen::start(&mut context.console, None),
        audit: mem::take(&mut ready.audit),
        counts: Counts::new(),
        clock: Clock::start(),
        keys: Keys::new(can_ask && !ready.json),
        has_json: ready.json,
        status: status_columns(context).filter(|_| !ready.json),
        can_ask,
        asking: person.asking(),
        interrupts: 0,
        code: None,
        password: None,
        rest: 0,
    }
}

impl Stage {
    /// Attends to the roll to its end; an exit code where it is left before.
    async fn attend(&mut self, person: &mut Person, mut inputs: Inputs<'_>) -> Result<(), u8> {
        loop {
            let next = {
                let answers = person.answer();
                pin!(answers);
                self.until(answers, &mut inputs).await
            };
            person.give_back().await;
            match next {
                Next::Over => return Ok(()),
                Next::Left(code) => {
                    let _ = timeout(FLUSH, self.screen.settle()).await;
                    return Err(code);
                }
                Next::Password(text) => self.password(text, person).await,
            }
        }
    }

    async fn until(
        &mut self,
        mut answers: Pin<&mut impl Future<Output = u8>>,
        inputs: &mut Inputs<'_>,
    ) -> Next {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_answered = false;
        let leave = sleep(Duration::MAX);
        pin!(leave);
        loop {
            let has_room = self.screen.has_room();
            tokio::select! {
                biased;
                signal = inputs.signals.next() => {
                    if let Some(code) = self.signalled(signal).await {
                        return Next::Left(code);
                    }
                    if signal == Signal::Terminate {
                        leave.set(sleep(GRACE + FAREWELL));
                    }
                }
                () = &mut leave => return Next::Left(self.code.unwrap_or(exit::TERMINATED)),
                key = self.keys.next() => {
                    if let Some(code) = self.pressed(key).await {
                        return Next::Left(code);
                    }
                }
                Some(question) = inputs.asked.recv() => {
                    self.keys.stop().await;
                    self.rest = REST;
                    if let Some(asker) = &inputs.asker {
                        // One that is gone answers nothing, and the connection fails.
                        let _ = asker.send(question).await;
                    }
                }
                code = &mut answers, if !is_answered => {
                    is_answered = true;
                    self.code = Some(code);
                    self.order(Note::Abort).await;
                }
                error = failed(&mut self.audit) => {
                    self.say(&format!("{error}; the roll goes on, and is not written down whole"));
                }
                trouble = self.screen.work() => self.trouble(trouble).await,
                _ = ticks.tick() => self.tick(),
                event = inputs.events.recv(), if has_room => match event {
                    None => return Next::Over,
                    Some(event) => {
                        self.take(&event);
                        if let Some(text) = self.password.take() {
                            return Next::Password(text);
                        }
                    }
                },
            }
        }
    }

    async fn order(&self, note: Note) {
        // A roll that is over takes none.
        let _ = self.orders.send(note).await;
    }

    /// An exit code where the roll is to be left at once.
    async fn signalled(&mut self, signal: Signal) -> Option<u8> {
        match signal {
            Signal::Interrupt => return self.interrupted().await,
            Signal::Terminate if self.code == Some(exit::TERMINATED) => return self.code,
            Signal::Terminate => self.order(Note::Abort).await,
            // Whose terminal went away wants no node left half-way.
            Signal::HangUp => self.order(Note::Interrupt).await,
        }
        self.code = Some(signal.code());
        None
    }

    async fn interrupted(&mut self) -> Option<u8> {
        self.interrupts += 1;
        match self.interrupts {
            1 => self.order(Note::Interrupt).await,
            2 => {
                self.code = Some(exit::INTERRUPTED);
                self.order(Note::Abort).await;
            }
            _ => {
                let id = &self.id;
                let text = format!("left at once; to go on: sshoal roll resume {id}");
                self.say(&text);
                return Some(exit::INTERRUPTED);
            }
        }
        None
    }

    async fn pressed(&mut self, key: Key) -> Option<u8> {
        match key {
            Key::Interrupt => return self.interrupted().await,
            Key::Pause => self.order(Note::Pause).await,
            Key::Promote => self.order(Note::Promote).await,
            Key::Abort => self.order(Note::Abort).await,
            Key::Resume => {
                self.interrupts = 0;
                self.order(Note::Resume).await;
            }
        }
        None
    }

    async fn trouble(&mut self, trouble: Option<Trouble>) {
        match trouble {
            None => {}
            // What nobody reads goes on all the same: nodes are not left half-way for a closed pipe.
            Some(Trouble::NoReader) => self.order(Note::Interrupt).await,
            Some(Trouble::Broken(text)) => {
                self.say(&text);
                self.code = self.code.or(Some(exit::BROKEN));
                self.order(Note::Interrupt).await;
            }
        }
    }

    fn tick(&mut self) {
        if let Some(audit) = &mut self.audit {
            audit.beat(self.clock.now().0);
        }
        if *self.asking.borrow() {
            return;
        }
        // A question that was passed on has not reached the person at once.
        self.rest = self.rest.saturating_sub(1);
        if self.rest == 0 {
            self.keys.start();
        }
        if let Some(columns) = self.status
            && self.screen.has_room()
        {
            let text = say::status(&self.state, self.clock.now().0, columns);
            self.screen.status(text);
        }
    }

    fn take(&mut self, event: &Event) {
        let now = self.clock.now().0;
        self.state.apply(event, now);
        match event {
            Event::Password(text) => self.password = Some(text.clone()),
            Event::Trouble(text) if !self.has_json => self.say(text),
            Event::Ended(_, end, _, result) => {
                *self.counts.entry(end.as_str().to_owned()).or_default() += 1;
                if let Some(audit) = &mut self.audit {
                    audit.result(result, now);
                }
            }
            _ => {}
        }
        if self.has_json {
            if let Some(value) = json::line(event, &self.order, store::now_ms()) {
                self.put(&value);
            }
        } else if let Some(line) = said(event, &self.order, &self.state) {
            self.screen.put(Piece::Out(format!("{line}\n").into()));
        }
    }

    fn introduce(&mut self, what: &SafeText) {
        let order = Arc::clone(&self.order);
        if self.has_json {
            let line = json::begun(self.id.as_str(), what.as_str(), &order, store::now_ms());
            self.put(&line);
            return;
        }
        let (id, nodes, batches) = (&self.id, order.nodes.len(), order.batches.len());
        let text = format!("roll {id}: {what} on {nodes} nodes in {batches} batches\n");
        self.screen.put(Piece::Out(text.into()));
    }

    async fn password(&mut self, text: SafeText, person: &mut Person) {
        if !self.can_ask {
            self.say(
                "sudo asks for a password, and there is no terminal to ask on; NOPASSWD in sudoers needs none",
            );
            self.code = Some(exit::TROUBLE);
            self.order(Note::Abort).await;
            return;
        }
        self.keys.stop().await;
        let _ = timeout(FLUSH, self.screen.settle()).await;
        match person.typed(text.to_string(), false).await {
            Ok(Some(line)) => self.control.give_password(Secret::new(line)),
            Ok(None) => {
                self.say("no password was given: aborted");
                self.order(Note::Abort).await;
            }
            Err(code) => {
                self.code = Some(code);
                self.order(Note::Abort).await;
            }
        }
    }

    fn put(&mut self, value: &Value) {
        self.screen.put(Piece::Out(format!("{value}\n").into()));
    }

    fn say(&mut self, text: &str) {
        self.screen.say(text);
    }

    /// Says how it went; the exit code.
    async fn end(&mut self, finished: Option<Finished>) -> u8 {
        let reason = finished.map_or(Reason::Broken, |finished| finished.reason);
        self.state
            .apply(&Event::Standing(Standing::Over(reason)), 0);
        let code = self.code.unwrap_or_else(|| code(reason, &self.state));
        if let Some(audit) = mem::take(&mut self.audit)
            && let Err(why) = audit.end(mem::take(&mut self.counts)).await
        {
            self.say(&format!("{why}; the roll is not written down whole"));
        }
        let id = self.id.as_str().to_owned();
        if self.has_json {
            let value = json::summary(&id, reason, &self.state, (code, store::now_ms()));
            self.put(&value);
            return code;
        }
        for line in say::end(&id, reason, &self.state, self.clock.now().0) {
            self.say(&line);
        }
        code
    }
}

fn code(reason: Reason, state: &State) -> u8 {
    let tally = state.tally();
    match reason {
        Reason::Aborted => ABORTED,
        Reason::Interrupted => exit::INTERRUPTED,
        Reason::Broken => exit::BROKEN,
        _ if tally.failed > 0 => exit::TROUBLE,
        _ if tally.unreached > 0 => exit::UNREACHED,
        Reason::Done => exit::OK,
        Reason::Failures | Reason::Deadline | Reason::MinUp => exit::TROUBLE,
    }
}

async fn failed(audit: &mut Option<Audit>) -> Error {
    match audit {
        Some(audit) => audit.failed().await,
        None => std::future::pending().await,
    }
}
