//! Rolls as a fleet would show them, made up: one that goes on, one that waits for a person, one that stopped.

use std::{sync::Arc, time::Duration};

use sshoal::{
    command::{daemon::Part, registry, registry::Intent},
    daemon::roll::{End, Event, Gate, Reason, Standing, Step, Wish},
    exec::{Capture, Keep, NodeResult, Outcome},
    fleet::{Millis, Rolled, Snapshot},
    node::Transport,
    store::{audit::RunId, roll::Note},
};

/// When these rolls began, before `now`.
const BEFORE_MS: u64 = 95_000;

/// What `daemon roll` with these words means for the first nodes of the fleet.
pub(crate) fn wish(fleet: &Snapshot, nodes: usize, words: &str) -> Arc<Wish> {
    let nodes = fleet.nodes.iter().take(nodes);
    let nodes: Vec<_> = nodes.map(|state| Arc::clone(&state.node)).collect();
    let Ok(Intent::Daemon(daemon)) = registry::read(&format!("daemon roll some {words}")) else {
        unreachable!("{words}");
    };
    let Part::Roll(rolling) = daemon.part else {
        unreachable!("{words}");
    };
    Arc::new(rolling.wish(&nodes).expect("a roll"))
}

/// A roll that events are told to.
pub(crate) struct Story {
    pub(crate) rolled: Rolled,
    began: u64,
}

impl Story {
    pub(crate) fn new(fleet: &Snapshot, wish: Arc<Wish>) -> Self {
        Self::named(fleet, wish, "20261121-183122-q7k3f")
    }

    fn named(fleet: &Snapshot, wish: Arc<Wish>, id: &str) -> Self {
        let began = fleet.at.0 - BEFORE_MS;
        let id: RunId = id.parse().expect("a name");
        Self {
            rolled: Rolled::new(id, wish, Millis(began)),
            began,
        }
    }

    /// So long after the beginning.
    fn at(&mut self, seconds: f64, event: &Event) {
        let now = Millis(self.began + (seconds * 1000.0) as u64);
        let order = self.rolled.wish.order(&self.rolled.id);
        self.rolled.apply(event, &order, now);
    }

    fn result(&self, place: usize, outcome: Outcome, said: &str) -> Arc<NodeResult> {
        let nodes = &self.rolled.wish.nodes;
        let node = &nodes.get(place).expect("a place of the roll").id;
        Arc::new(NodeResult {
            stdout: capture(said),
            duration: Duration::from_millis(900 + 170 * place as u64),
            transport: Some(Transport::Direct),
            ..NodeResult::without_run(node, outcome, 1)
        })
    }

    fn begin(&mut self, at: f64, places: &[usize]) {
        for place in places {
            self.at(at, &Event::Began(*place));
            self.at(at, &Event::Stepping(*place, Step::Restart));
        }
    }

    fn restarted(&mut self, at: f64, place: usize) {
        let said = "nginx systemd up result=done since=1763749882 pid=4711\n";
        let result = self.result(place, Outcome::Ok, said);
        self.at(at, &Event::Stepped(place, Step::Restart, result));
    }

    fn green(&mut self, at: f64, place: usize) {
        let event = Event::Gate(place, Gate::Green, "".into());
        self.at(at, &event);
    }

    fn done(&mut self, at: f64, places: &[usize]) {
        for place in places {
            self.restarted(at - 3.0, *place);
            self.green(at - 2.0, *place);
            let last = self.rolled.last.get(*place).cloned().flatten();
            let result = last.expect("a step").result;
            self.at(at, &Event::Ended(*place, End::Done, "".into(), result));
        }
    }

    fn failed(&mut self, at: f64, place: usize) {
        let said = "nginx systemd failed result=failed exit=1 reason=exit-code\n\
                    | nginx: [emerg] \u{1b}[31mbind() to 0.0.0.0:80 failed\u{1b}[0m (98: Address already in use)\n";
        let result = self.result(place, Outcome::Exit(1), said);
        let step = Event::Stepped(place, Step::Restart, Arc::clone(&result));
        self.at(at, &step);
        let why = "restart: exit 1: | nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)";
        self.at(at, &Event::Ended(place, End::Failed, why.into(), result));
    }

    fn standing(&mut self, at: f64, standing: Standing) {
        self.at(at, &Event::Standing(standing));
    }
}

fn capture(text: &str) -> Capture {
    let mut keep = Keep::new(1 << 18);
    keep.push(text.as_bytes());
    keep.finish()
}

const WORDS: &str = "nginx --canary 1 --batches 10%,25% --settle 8 --min-up 75% --max-failures 2";

/// Its third batch has its turn.
pub(crate) fn going(fleet: &Snapshot) -> Rolled {
    let mut story = Story::new(fleet, wish(fleet, 20, WORDS));
    let down = vec![(17, "refused: no route to host".into())];
    story.at(0.4, &Event::Looked(down));
    story.at(0.5, &Event::Batch(0));
    story.begin(0.5, &[0]);
    story.done(14.0, &[0]);
    story.standing(14.0, Standing::Promotion);
    story.at(40.0, &Event::Ordered(Note::Promote, false));
    story.standing(40.0, Standing::Going);
    story.at(40.0, &Event::Batch(1));
    story.begin(40.0, &[1, 2]);
    story.done(55.0, &[1]);
    story.failed(57.0, 2);
    story.at(58.0, &Event::Batch(2));
    story.begin(58.0, &[3, 4, 5]);
    story.restarted(66.0, 4);
    let why = "gate: exit 1: nginx systemd changing".into();
    story.at(68.0, &Event::Gate(4, Gate::Red, why));
    story.done(76.0, &[3]);
    story.restarted(80.0, 5);
    story.begin(83.0, &[6]);
    story.green(92.0, 5);
    story.rolled
}

/// Its canary is done, and nobody has said yet that it is good.
pub(crate) fn waiting(fleet: &Snapshot) -> Rolled {
    let mut story = Story::new(fleet, wish(fleet, 20, WORDS));
    story.at(0.4, &Event::Looked(Vec::new()));
    story.at(0.5, &Event::Batch(0));
    story.begin(0.5, &[0]);
    story.done(14.0, &[0]);
    story.standing(14.0, Standing::Promotion);
    story.rolled
}

/// Too many nodes have failed.
pub(crate) fn stopped(fleet: &Snapshot) -> Rolled {
    let words = "nginx --batches 3 --max-failures 1";
    let wish = wish(fleet, 12, words);
    let mut story = Story::named(fleet, wish, "20261121-175903-m2x8a");
    story.at(0.5, &Event::Batch(0));
    story.begin(0.5, &[0, 1, 2]);
    story.done(9.0, &[0, 2]);
    story.failed(11.0, 1);
    story.at(11.0, &Event::Batch(1));
    story.begin(11.0, &[3, 4, 5]);
    story.failed(13.0, 4);
    story.standing(13.0, Standing::Stopping(Reason::Failures));
    story.done(20.0, &[3, 5]);
    let now = Millis(story.began + 20_000);
    story.rolled.finish(Reason::Failures, now);
    story.rolled
}
