//! A roll against a world in which anything may happen at any time: the promises hold whatever does.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::{
    daemon::roll::Share,
    store::roll::{self, Note, Record},
};

/// What the world does next.
#[derive(Clone, Debug)]
enum Act {
    /// Answers one of the open tasks, by chance well or not.
    Answer(prop::sample::Index, u8),
    Wait(u64),
    Tell(Input),
    /// The process is killed, and another one goes on.
    Kill,
    /// A node goes down, or comes back, without us.
    Flip(prop::sample::Index),
}

fn act() -> impl Strategy<Value = Act> {
    let orders = prop::sample::select(vec![
        Input::Pause,
        Input::Resume,
        Input::Resume,
        Input::Promote,
        Input::Promote,
        Input::Interrupt,
        Input::Abort,
        Input::Break,
    ]);
    prop_oneof![
        12 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, how)| Act::Answer(at, how)),
        4 => (0..6_000_u64).prop_map(Act::Wait),
        1 => orders.prop_map(Act::Tell),
        1 => Just(Act::Kill),
        1 => any::<prop::sample::Index>().prop_map(Act::Flip),
    ]
}

#[derive(Clone, Debug)]
struct Setup {
    batches: Vec<usize>,
    canaries: usize,
    options: Options,
    badness: u8,
}

prop_compose! {
    fn setup()(
        batches in prop::collection::vec(1..6_usize, 1..6),
        canaries in 0..3_usize,
        min_up in prop::option::of(prop_oneof![(0..20_usize).prop_map(Share::Nodes), (0..101_usize).prop_map(Share::Percent)]),
        max_failures in prop_oneof![(0..6_usize).prop_map(Share::Nodes), (0..101_usize).prop_map(Share::Percent)],
        (auto_promote, ignore_unreachable, has_on_fail) in any::<(bool, bool, bool)>(),
        (stagger, settle, gate_timeout) in (0..800_u64, 0..5_000_u64, 0..20_000_u64),
        deadline in prop::option::of(1_000..100_000_u64),
        badness in 0..250_u8,
    ) -> Setup {
        let options = Options {
            auto_promote, min_up, max_failures, ignore_unreachable, stagger, settle, gate_timeout, deadline, has_on_fail,
            ..Options::default()
        };
        Setup { batches, canaries, options, badness }
    }
}

/// The world, the machine, and a count of our own.
struct World {
    setup: Setup,
    batches: Arc<[Batch]>,
    machine: Machine,
    now: u64,
    open: Vec<Task>,
    journal: Vec<Record>,
    /// What is so.
    is_up: Vec<bool>,
    /// What the machine was told by the last look.
    known_down: BTreeSet<usize>,
    /// Begun by anybody, and not rolled.
    touched: BTreeSet<usize>,
    done: BTreeSet<usize>,
    /// Of this process.
    failures: usize,
    ended: BTreeSet<usize>,
    is_held: bool,
}

impl World {
    fn new(setup: Setup) -> Self {
        let mut next = 0;
        let batch = |(at, size): (usize, &usize)| {
            next += size;
            Batch {
                places: (next - size..next).collect(),
                is_canary: at < setup.canaries,
                value: None,
            }
        };
        let batches: Arc<[Batch]> = setup.batches.iter().enumerate().map(batch).collect();
        let machine = Machine::new(
            Arc::clone(&batches),
            setup.options.clone(),
            &Past::default(),
            0,
        );
        Self {
            batches,
            machine,
            is_up: vec![true; next],
            setup,
            now: 0,
            open: Vec::new(),
            journal: Vec::new(),
            known_down: BTreeSet::new(),
            touched: BTreeSet::new(),
            done: BTreeSet::new(),
            failures: 0,
            ended: BTreeSet::new(),
            is_held: false,
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Answer(at, how) if !self.open.is_empty() => {
                let task = self.open.remove(at.index(self.open.len()));
                self.answer(&task, *how);
            }
            Act::Answer(..) => {}
            Act::Wait(ms) => self.now += ms,
            Act::Tell(input) => self.order(input),
            Act::Kill => self.kill(),
            Act::Flip(at) => {
                let place = at.index(self.is_up.len());
                self.is_up[place] = !self.is_up[place];
            }
        }
        self.drain();
    }

    fn order(&mut self, input: &Input) {
        match input {
            Input::Pause | Input::Interrupt | Input::Abort | Input::Break => self.is_held = true,
            Input::Promote if self.machine.standing(self.now) == Standing::Promotion => {
                let what = Note::Promote;
                self.journal.push(Record::Note { what });
            }
            _ => {}
        }
        self.tell(input.clone());
        if *input == Input::Resume {
            let ends = matches!(
                self.machine.standing(self.now),
                Standing::Stopping(Reason::Aborted | Reason::Broken) | Standing::Over(_)
            );
            self.is_held = ends;
        }
    }

    fn tell(&mut self, input: Input) {
        self.machine.tell(input, self.now);
        for (place, end) in self.machine.take_ended() {
            let kept = match end {
                End::Done => roll::End::Done,
                End::Failed => roll::End::Failed,
                End::Unreached => roll::End::Unreached,
                End::Cut => roll::End::Cut,
            };
            if end == End::Done {
                self.done.insert(place);
                self.touched.remove(&place);
            }
            let is_excused =
                end == End::Cut || (end == End::Unreached && self.setup.options.ignore_unreachable);
            self.failures += usize::from(end != End::Done && !is_excused);
            self.ended.insert(place);
            self.journal.push(Record::Node {
                place,
                end: kept,
                reason: String::new(),
            });
        }
    }

    fn answer(&mut self, task: &Task, how: u8) {
        let is_bad = how < self.setup.badness;
        let pick = |bad: [Work; 2]| bad[usize::from(how % 2)];
        let input = match task {
            Task::Begin(place) if !is_bad => {
                self.journal.push(Record::Worked { place: *place });
                Input::Worked(*place, Work::Ok)
            }
            Task::Begin(place) => Input::Worked(*place, pick([Work::Failed, Work::Unreached])),
            Task::Gate(place) if !is_bad => Input::Gated(*place, Gate::Green),
            Task::Gate(place) if how.is_multiple_of(2) => Input::Gated(*place, Gate::Red),
            Task::Gate(place) => Input::Gated(*place, Gate::Unreached),
            Task::Mend(place) => Input::Mended(*place),
            Task::Check(place) if !is_bad => Input::Checked(*place, Check::Clear),
            Task::Check(place) if how.is_multiple_of(2) => Input::Checked(*place, Check::Busy),
            Task::Check(place) => Input::Checked(*place, Check::Unreached),
            Task::Look(places) => {
                let found: Vec<_> = places.iter().map(|p| (*p, self.is_up[*p])).collect();
                for (place, is_up) in &found {
                    if *is_up {
                        self.known_down.remove(place);
                    } else if !self.is_in_flight(*place) {
                        self.known_down.insert(*place);
                    }
                }
                Input::Looked(found)
            }
        };
        self.tell(input);
    }

    fn is_in_flight(&self, place: usize) -> bool {
        let is_over = self.ended.contains(&place) || self.done.contains(&place);
        self.touched.contains(&place) && !is_over
    }

    /// Everything but the journal and the world is gone.
    fn kill(&mut self) {
        let past = Past::of(self.is_up.len(), &self.journal);
        for place in 0..self.is_up.len() {
            let trace = past.nodes[place];
            assert_eq!(trace == Trace::Done, self.done.contains(&place));
            let is_begun = matches!(trace, Trace::Begun { .. });
            assert_eq!(is_begun, self.touched.contains(&place));
        }
        let options = self.setup.options.clone();
        self.machine = Machine::new(Arc::clone(&self.batches), options, &past, self.now);
        self.open.clear();
        self.known_down.clear();
        self.ended.clear();
        self.failures = 0;
        self.is_held = false;
    }

    fn drain(&mut self) {
        while let Some(task) = self.machine.next(self.now) {
            if let Task::Begin(place) = task {
                self.begins(place);
            }
            self.open.push(task);
        }
    }

    /// A node begins: every promise is looked at.
    fn begins(&mut self, place: usize) {
        assert!(!self.done.contains(&place), "a finished node is repeated");
        assert!(!self.ended.contains(&place), "a node begins twice");
        let is_open = |task: &Task| match task {
            Task::Begin(p) | Task::Gate(p) | Task::Mend(p) | Task::Check(p) => *p == place,
            Task::Look(_) => false,
        };
        assert!(!self.open.iter().any(is_open), "two things at once");
        assert!(!self.is_held, "it begins though it is held");
        let options = &self.setup.options;
        let all = self.is_up.len();
        assert!(self.failures <= options.max_failures.down(all));
        let down: BTreeSet<usize> = self.known_down.union(&self.touched).copied().collect();
        if let Some(min_up) = options.min_up
            && !down.contains(&place)
        {
            let up_after = all - down.len() - 1;
            assert!(up_after >= min_up.up(all), "{down:?} and {place}");
        }
        let own = self.batches.iter().position(|b| b.places.contains(&place));
        for batch in self.batches.iter().take(own.unwrap()) {
            let is_over = |p: &usize| self.ended.contains(p) || self.done.contains(p);
            assert!(batch.places.iter().all(is_over), "a batch before goes on");
        }
        self.known_down.remove(&place);
        self.touched.insert(place);
        self.journal.push(Record::Begin { place });
    }

    /// Lets it go on by itself, to its end or until a person is needed.
    fn settle(&mut self, how: &mut impl Iterator<Item = u8>) -> Standing {
        for _ in 0..20_000 {
            self.drain();
            let open = std::mem::take(&mut self.open);
            if open.is_empty() {
                let standing = self.machine.standing(self.now);
                match self.machine.wake_at(self.now) {
                    Some(at) => {
                        assert!(at > self.now, "it is woken for nothing");
                        self.now = at;
                        continue;
                    }
                    None => return standing,
                }
            }
            for task in open {
                self.answer(&task, how.next().unwrap_or(255));
            }
            self.now += 7;
        }
        unreachable!("it never ends: {:?}", self.machine);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, max_shrink_iters: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn promises_hold_whatever_happens(
        setup in setup(),
        acts in prop::collection::vec(act(), 0..120),
        rest in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut world = World::new(setup);
        world.drain();
        for act in &acts {
            world.act(act);
        }
        let mut how = rest.into_iter();
        let standing = world.settle(&mut how);
        let waits = matches!(standing, Standing::Paused | Standing::Promotion | Standing::Over(_));
        prop_assert!(waits, "{standing:?}");
        prop_assert_eq!(world.machine.tally().in_flight, 0);
        // A person who wants it to go on brings it to its end.
        world.order(&Input::Resume);
        if world.settle(&mut how) == Standing::Promotion {
            world.order(&Input::Promote);
        }
        let standing = world.settle(&mut how);
        let Standing::Over(reason) = standing else {
            return Err(TestCaseError::fail(format!("{standing:?}")));
        };
        let tally = world.machine.tally();
        prop_assert_eq!(tally.in_flight, 0);
        if reason == Reason::Done {
            prop_assert_eq!(tally.waiting, 0);
        }
    }

    #[test]
    fn any_beginning_of_a_journal_is_gone_on_with(
        setup in setup(),
        acts in prop::collection::vec(act(), 0..120),
        at in any::<prop::sample::Index>(),
    ) {
        let mut world = World::new(setup);
        world.drain();
        for act in &acts {
            world.act(act);
        }
        let beginning = at.index(world.journal.len() + 1);
        world.journal.truncate(beginning);
        let ends = |record: &Record| match record {
            Record::Node { place, end: roll::End::Done, .. } => Some(*place),
            _ => None,
        };
        let begins = |record: &Record| match record {
            Record::Begin { place } => Some(*place),
            _ => None,
        };
        world.done = world.journal.iter().filter_map(ends).collect();
        world.touched = world.journal.iter().filter_map(begins).collect();
        world.touched = &world.touched - &world.done;
        world.kill();
        world.is_up.fill(true);
        // From here on all goes well.
        let mut well = std::iter::empty();
        let mut standing = world.settle(&mut well);
        if standing == Standing::Promotion {
            world.order(&Input::Promote);
            standing = world.settle(&mut well);
        }
        let over = matches!(standing, Standing::Over(Reason::Done | Reason::MinUp | Reason::Deadline));
        prop_assert!(over, "{standing:?}");
        if standing == Standing::Over(Reason::Done) {
            prop_assert_eq!(world.done.len(), world.is_up.len());
        }
    }
}
