//! What is run for a roll, each a run of its own over one connector: steps, gates, looks, checks.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Check, Event, Gate, Input, Order, Step, Work};
use crate::{
    daemon::answer,
    exec::{self, Capture, Control, NodeResult, Outcome, plan},
    node::text::SafeText,
    ssh::Connector,
};

/// Happenings of one run that wait to be read.
const EVENTS: usize = 64;

/// Of the reason why something is not well.
const REASON: usize = 300;

/// What everything of a roll is run with.
#[derive(Clone)]
pub(super) struct Runner {
    pub(super) order: Arc<Order>,
    pub(super) connector: Connector,
    pub(super) control: Control,
    /// To whoever drives the roll.
    pub(super) news: mpsc::Sender<Event>,
}

/// What came of a task: its answer, and why where it is not well.
pub(super) struct Answer {
    pub(super) input: Input,
    pub(super) why: SafeText,
    /// Of the node that it is about.
    pub(super) result: Option<Arc<NodeResult>>,
    /// Nodes that are down, of a look.
    pub(super) down: Vec<(usize, SafeText)>,
}

impl Answer {
    pub(super) fn of(input: Input) -> Self {
        Self {
            input,
            why: SafeText::default(),
            result: None,
            down: Vec::new(),
        }
    }
}

impl Runner {
    /// All steps before the gate.
    pub(super) async fn work(&self, place: usize) -> Answer {
        let mut last = None;
        for step in [Step::Before, Step::Restart, Step::After] {
            let Some(result) = self.step(place, step).await else {
                continue;
            };
            let work = self.judge(&result);
            if work != Work::Ok {
                let why = format!("{}: {}", step.as_str(), reason(&result));
                return Answer {
                    why: why.as_str().into(),
                    result: Some(result),
                    ..Answer::of(Input::Worked(place, work))
                };
            }
            last = Some(result);
        }
        Answer {
            result: last,
            ..Answer::of(Input::Worked(place, Work::Ok))
        }
    }

    pub(super) async fn mend(&self, place: usize) -> Answer {
        if !self.control.is_cancelled() {
            self.step(place, Step::OnFail).await;
        }
        Answer::of(Input::Mended(place))
    }

    pub(super) async fn gate(&self, place: usize) -> Answer {
        let Some(job) = self.order.gate(place) else {
            return Answer::of(Input::Gated(place, Gate::Green));
        };
        let result = self.one(job, self.order.glance()).await;
        let gate = match &result.outcome {
            Outcome::Ok => Gate::Green,
            outcome if outcome.is_unreached() => Gate::Unreached,
            _ => Gate::Red,
        };
        Answer {
            why: gate_reason(gate, &result),
            result: Some(result),
            ..Answer::of(Input::Gated(place, gate))
        }
    }

    pub(super) async fn check(&self, place: usize) -> Answer {
        let Some(job) = self.order.check(place) else {
            return Answer::of(Input::Checked(place, Check::Clear));
        };
        let result = self.one(job, self.order.glance()).await;
        let is_busy = result.stdout.total > 0;
        let (check, why) = match &result.outcome {
            Outcome::Ok if is_busy => (Check::Busy, BUSY.into()),
            // A system without the programs for it: there is nothing to be seen.
            Outcome::Ok | Outcome::Exit(_) => (Check::Clear, SafeText::default()),
            _ => (Check::Unreached, reason(&result).as_str().into()),
        };
        Answer {
            why,
            result: Some(result),
            ..Answer::of(Input::Checked(place, check))
        }
    }

    /// Which of these nodes are up.
    pub(super) async fn look(&self, places: Vec<usize>) -> Answer {
        let jobs = places.iter().filter_map(|place| self.order.look(*place));
        let results = self.run(jobs.collect(), self.order.glance()).await;
        let mut found = Vec::new();
        let mut down = Vec::new();
        for (place, result) in places.into_iter().zip(results) {
            let is_up = result.outcome.is_ok();
            found.push((place, is_up));
            if !is_up {
                down.push((place, reason(&result).as_str().into()));
            }
        }
        Answer {
            down,
            ..Answer::of(Input::Looked(found))
        }
    }

    async fn step(&self, place: usize, step: Step) -> Option<Arc<NodeResult>> {
        let job = self.order.step(place, step)?;
        self.tell(Event::Stepping(place, step)).await;
        let result = self.one(job, self.order.manner()).await;
        let told = Event::Stepped(place, step, Arc::clone(&result));
        self.tell(told).await;
        Some(result)
    }

    fn judge(&self, result: &NodeResult) -> Work {
        match &result.outcome {
            Outcome::Ok => Work::Ok,
            _ if self.control.is_cancelled() => Work::Cut,
            outcome if outcome.is_unreached() => Work::Unreached,
            _ => Work::Failed,
        }
    }

    async fn one(&self, job: plan::Job, manner: plan::Options) -> Arc<NodeResult> {
        let id = job.node.id.clone();
        let mut results = self.run(vec![job], manner).await;
        results.pop().unwrap_or_else(|| {
            let outcome = Outcome::Unknown("an internal error; the log says more".into());
            Arc::new(NodeResult::without_run(&id, outcome, 0))
        })
    }

    async fn run(&self, jobs: Vec<plan::Job>, manner: plan::Options) -> Vec<Arc<NodeResult>> {
        let plan = Arc::new(plan::Plan {
            jobs,
            options: manner,
        });
        let (to, mut events) = mpsc::channel(EVENTS);
        let run = exec::run(plan, self.connector.clone(), self.control.clone(), to);
        tokio::pin!(run);
        loop {
            tokio::select! {
                biased;
                Some(event) = events.recv() => {
                    if let exec::Event::Password(text) = event {
                        self.tell(Event::Password(text)).await;
                    }
                }
                finished = &mut run => return finished.results,
            }
        }
    }

    async fn tell(&self, event: Event) {
        // Whoever drove it may be gone; so is this task then.
        let _ = self.news.send(event).await;
    }
}

const BUSY: &str = "a step of the process before still runs there";

fn gate_reason(gate: Gate, result: &NodeResult) -> SafeText {
    match gate {
        Gate::Green => SafeText::default(),
        Gate::Red | Gate::Unreached => format!("gate: {}", reason(result)).as_str().into(),
    }
}

/// How it ended, and the last line that it said.
fn reason(result: &NodeResult) -> String {
    let outcome = &result.outcome;
    let how = match outcome {
        Outcome::Exit(code) => format!("exit {code}"),
        Outcome::Signal(name) => format!("killed by {name}"),
        Outcome::Timeout => "timed out".to_owned(),
        Outcome::Cancelled => "cut".to_owned(),
        _ => return outcome.reason().to_owned(),
    };
    let lines = || {
        [&result.stderr, &result.stdout]
            .into_iter()
            .find_map(last_line)
    };
    let said = of_daemon(&result.stdout).or_else(lines);
    match said {
        Some(line) => format!("{how}: {line}"),
        None => how,
    }
}

/// Why the daemon is not as wanted, and what its log says last, where its manager was asked.
fn of_daemon(answer: &Capture) -> Option<SafeText> {
    let report = answer::of(answer).into_iter().find(|r| !r.is_well())?;
    let mut text = format!("{} {}", report.name, report.state.as_str());
    for more in [Some(&report.reason), report.log.last()]
        .into_iter()
        .flatten()
    {
        if !more.as_str().is_empty() {
            text += ": ";
            text += more.as_str();
        }
    }
    Some(SafeText::line(text.as_bytes(), REASON))
}

fn last_line(capture: &Capture) -> Option<SafeText> {
    let bytes = if capture.tail.is_empty() {
        &capture.head
    } else {
        &capture.tail
    };
    let lines = bytes.split(|byte| *byte == b'\n').rev();
    let mut lines = lines.map(<[u8]>::trim_ascii);
    let line = lines.find(|line| !line.is_empty())?;
    Some(SafeText::line(line, REASON))
}
