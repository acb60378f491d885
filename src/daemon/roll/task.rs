//! Drives a roll: asks the machine what is to be done, does it, writes it down before, and tells of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::mpsc,
    task::{JoinSet, spawn_blocking},
    time::{MissedTickBehavior, interval, sleep_until},
};

use super::{
    Check, End, Event, Gate, Input, Machine, Order, Past, Reason, Standing, Task, Work,
    run::{Answer, Runner},
};
use crate::{
    exec::{Control, NodeResult, Outcome},
    node::text::SafeText,
    ssh::Connector,
    store::{
        self,
        roll::{self, Error, Journal, Note, Record},
    },
};

/// Happenings of tasks that wait; the tasks wait behind them.
const NEWS: usize = 64;

/// Between two looks for orders of other processes.
const BEAT: Duration = Duration::from_millis(250);

/// All that a roll is driven with.
pub struct Start {
    /// What is to be done.
    pub order: Arc<Order>,
    /// What an earlier process has done of it.
    pub past: Past,
    /// Where it is written down.
    pub journal: Journal,
    /// This process.
    pub pid: u32,
    /// Opens sessions.
    pub connector: Connector,
    /// The reins of all its runs.
    pub control: Control,
}

/// What a roll has come to.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Why it is over.
    pub reason: Reason,
    /// How each node ended in this process.
    pub ends: Vec<Option<End>>,
}

/// Drives a roll to its end, or until it is left. An event that finds no reader waits for one.
pub async fn drive(
    start: Start,
    mut orders: mpsc::Receiver<Note>,
    events: mpsc::Sender<Event>,
) -> Finished {
    let (to, mut news) = mpsc::channel(NEWS);
    let mut drive = Drive::new(start, to, events);
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    drive.open().await;
    let mut has_orders = true;
    loop {
        drive.go_on().await;
        if let Standing::Over(reason) = drive.standing {
            return drive.close(reason, news).await;
        }
        let wake = drive.wake_at();
        tokio::select! {
            biased;
            Some(event) = news.recv() => drive.took(event).await,
            note = orders.recv(), if has_orders => match note {
                Some(note) => drive.ordered(note, false).await,
                None => has_orders = false,
            },
            Some(done) = drive.tasks.join_next() => drive.answered(done.ok()).await,
            _ = beat.tick() => drive.look_for_orders().await,
            () = until(wake) => {}
        }
    }
}

struct Drive {
    runner: Runner,
    machine: Machine,
    /// None while it is being written to, and when it can't be.
    journal: Option<Journal>,
    outside: Option<roll::Control>,
    events: mpsc::Sender<Event>,
    tasks: JoinSet<Answer>,
    begun: Instant,
    standing: Standing,
    batch: Option<usize>,
    nodes: Vec<Told>,
    pid: u32,
}

/// What was told of a node last.
#[derive(Clone, Default)]
struct Told {
    gate: Option<Gate>,
    why: SafeText,
    result: Option<Arc<NodeResult>>,
    end: Option<End>,
}

impl Drive {
    fn new(start: Start, news: mpsc::Sender<Event>, events: mpsc::Sender<Event>) -> Self {
        let order = start.order;
        let (batches, options) = (Arc::clone(&order.batches), order.options.clone());
        Self {
            machine: Machine::new(batches, options, &start.past, 0),
            nodes: vec![Told::default(); order.nodes.len()],
            runner: Runner {
                order,
                connector: start.connector,
                control: start.control,
                news,
            },
            outside: None,
            journal: Some(start.journal),
            events,
            tasks: JoinSet::new(),
            begun: Instant::now(),
            standing: Standing::Going,
            batch: None,
            pid: start.pid,
        }
    }

    fn now(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64
    }

    fn wake_at(&self) -> Option<Instant> {
        let at = self.machine.wake_at(self.now())?;
        self.begun.checked_add(Duration::from_millis(at))
    }

    async fn open(&mut self) {
        match self.journal.as_ref().map(Journal::control) {
            Some(Ok(control)) => self.outside = Some(control),
            Some(Err(error)) => self.trouble(&error).await,
            None => {}
        }
        self.write(vec![Record::Drive { pid: self.pid }]).await;
    }

    /// Does what is to be done now, and tells how it stands.
    async fn go_on(&mut self) {
        loop {
            let now = self.now();
            let tasks: Vec<Task> = std::iter::from_fn(|| self.machine.next(now)).collect();
            self.tell_ended().await;
            if tasks.is_empty() {
                break;
            }
            self.begin(tasks).await;
        }
        let standing = self.machine.standing(self.now());
        if standing != self.standing {
            self.standing = standing;
            self.tell(Event::Standing(standing)).await;
        }
    }

    /// Nodes begin when it is written down that they do.
    async fn begin(&mut self, tasks: Vec<Task>) {
        let begun = tasks.iter().filter_map(|task| match task {
            Task::Begin(place) => Some(Record::Begin { place: *place }),
            _ => None,
        });
        let begun: Vec<Record> = begun.collect();
        let batch = self.machine.batch();
        if !begun.is_empty() && self.batch != Some(batch) {
            self.batch = Some(batch);
            self.tell(Event::Batch(batch)).await;
        }
        let is_written = self.write(begun).await;
        for task in tasks {
            match task {
                Task::Begin(place) if !is_written => self.input(Input::Worked(place, Work::Cut)),
                task => self.spawn(task).await,
            }
        }
    }

    async fn spawn(&mut self, task: Task) {
        match task {
            Task::Begin(place) => self.tell(Event::Began(place)).await,
            Task::Check(place) => self.tell(Event::Checking(place)).await,
            _ => {}
        }
        let runner = self.runner.clone();
        self.tasks.spawn(async move {
            match task {
                Task::Begin(place) => runner.work(place).await,
                Task::Gate(place) => runner.gate(place).await,
                Task::Mend(place) => runner.mend(place).await,
                Task::Check(place) => runner.check(place).await,
                Task::Look(places) => runner.look(places).await,
            }
        });
    }

    async fn answered(&mut self, answer: Option<Answer>) {
        let Some(answer) = answer else {
            // Nobody knows which node it was of: nothing begins any more, and what has begun is looked at by a resumption.
            self.break_down("a part of the roll broke; the log says more")
                .await;
            return;
        };
        if self.runner.control.reason().is_some() {
            self.refused().await;
        }
        self.note(&answer);
        match answer.input {
            Input::Looked(_) => self.tell(Event::Looked(answer.down)).await,
            Input::Gated(place, gate) => self.gate(place, gate, answer.why).await,
            Input::Worked(place, Work::Ok) => {
                self.write(vec![Record::Worked { place }]).await;
            }
            _ => {}
        }
        self.input(answer.input);
    }

    /// Keeps why a node is not well.
    fn note(&mut self, answer: &Answer) {
        let (Input::Worked(place, _)
        | Input::Gated(place, _)
        | Input::Checked(place, Check::Busy | Check::Unreached)) = answer.input
        else {
            return;
        };
        if let Some(node) = self.nodes.get_mut(place) {
            node.why = answer.why.clone();
            let is_green = matches!(answer.input, Input::Gated(_, Gate::Green));
            if let Some(result) = answer.result.clone().filter(|_| !is_green) {
                node.result = Some(result);
            }
        }
    }

    async fn gate(&mut self, place: usize, gate: Gate, why: SafeText) {
        let Some(node) = self.nodes.get_mut(place) else {
            return;
        };
        if node.gate.replace(gate) != Some(gate) {
            self.tell(Event::Gate(place, gate, why)).await;
        }
    }

    async fn tell_ended(&mut self) {
        for (place, end) in self.machine.take_ended() {
            let order = Arc::clone(&self.runner.order);
            let (Some(node), Some(told)) = (order.nodes.get(place), self.nodes.get_mut(place))
            else {
                continue;
            };
            told.end = Some(end);
            let why = if end == End::Done {
                SafeText::default()
            } else {
                told.why.clone()
            };
            let result = told.result.clone().unwrap_or_else(|| {
                let outcome = match end {
                    End::Done => Outcome::Ok,
                    _ => Outcome::Skipped(why.clone()),
                };
                Arc::new(NodeResult::without_run(&node.id, outcome, 0))
            });
            let record = Record::Node {
                place,
                end: end.into(),
                reason: why.to_string(),
            };
            self.write(vec![record]).await;
            self.tell(Event::Ended(place, end, why, result)).await;
        }
    }

    /// A task tells something.
    async fn took(&mut self, event: Event) {
        if let Event::Stepped(place, step, result) = &event {
            let record = Record::Step {
                place: *place,
                step: step.as_str().to_owned(),
                outcome: result.outcome.as_str().to_owned(),
                reason: result.outcome.reason().to_owned(),
            };
            self.write(vec![record]).await;
        }
        self.tell(event).await;
    }

    async fn ordered(&mut self, note: Note, is_outside: bool) {
        if note == Note::Promote && self.standing != Standing::Promotion {
            self.say("promote: no canary waits for it".to_owned()).await;
            return;
        }
        self.write(vec![Record::Note { what: note }]).await;
        if note == Note::Abort {
            self.runner.control.cancel_all();
        }
        self.tell(Event::Ordered(note, is_outside)).await;
        self.input(match note {
            Note::Pause => Input::Pause,
            Note::Resume => Input::Resume,
            Note::Promote => Input::Promote,
            Note::Interrupt => Input::Interrupt,
            Note::Abort => Input::Abort,
        });
    }

    async fn look_for_orders(&mut self) {
        let Some(mut control) = self.outside.take() else {
            return;
        };
        let read = spawn_blocking(move || (control.take(), control)).await;
        let Ok((taken, control)) = read else {
            return;
        };
        match taken {
            Ok(orders) => {
                self.outside = Some(control);
                for order in orders {
                    self.ordered(note(order), true).await;
                }
            }
            Err(error) => self.say(error.to_string()).await,
        }
    }

    /// sudo has not taken the password, or the like: no node may be tried again.
    async fn refused(&mut self) {
        if self.standing == Standing::Stopping(Reason::Aborted) {
            return;
        }
        let why = self.runner.control.reason().map(ToString::to_string);
        self.say(why.unwrap_or_default()).await;
        self.input(Input::Abort);
        self.standing = self.machine.standing(self.now());
    }

    async fn trouble(&mut self, error: &Error) {
        self.break_down(&error.to_string()).await;
    }

    async fn break_down(&mut self, why: &str) {
        self.say(why.to_owned()).await;
        self.input(Input::Break);
        self.standing = self.machine.standing(self.now());
    }

    async fn say(&self, text: String) {
        self.tell(Event::Trouble(text)).await;
    }

    /// True when it is on disk.
    async fn write(&mut self, records: Vec<Record>) -> bool {
        if records.is_empty() {
            return true;
        }
        let Some(mut journal) = self.journal.take() else {
            return false;
        };
        let now = store::now_ms();
        let written = spawn_blocking(move || (journal.append(&records, now), journal)).await;
        match written {
            Ok((Ok(()), journal)) => {
                self.journal = Some(journal);
                true
            }
            Ok((Err(error), _)) => {
                self.trouble(&error).await;
                false
            }
            Err(_) => false,
        }
    }

    fn input(&mut self, input: Input) {
        let now = self.now();
        self.machine.tell(input, now);
    }

    async fn tell(&self, event: Event) {
        // Nobody listening any more changes nothing here.
        let _ = self.events.send(event).await;
    }

    async fn close(mut self, reason: Reason, mut news: mpsc::Receiver<Event>) -> Finished {
        self.tasks.shutdown().await;
        while let Ok(event) = news.try_recv() {
            self.took(event).await;
        }
        let reason_word = reason.as_str().to_owned();
        self.write(vec![Record::Over {
            reason: reason_word,
        }])
        .await;
        Finished {
            reason,
            ends: self.nodes.iter().map(|node| node.end).collect(),
        }
    }
}

fn note(order: roll::Order) -> Note {
    match order {
        roll::Order::Pause => Note::Pause,
        roll::Order::Resume => Note::Resume,
        roll::Order::Promote => Note::Promote,
        roll::Order::Abort => Note::Abort,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
