//! Single stories of a roll: gates, settling, canaries, limits, resumption.

use super::*;
use crate::daemon::roll::Share;

fn in_batches(sizes: &[usize], canaries: usize) -> Arc<[Batch]> {
    let mut next = 0;
    let batch = |(at, size): (usize, &usize)| {
        next += size;
        Batch {
            places: (next - size..next).collect(),
            is_canary: at < canaries,
            value: None,
        }
    };
    sizes.iter().enumerate().map(batch).collect()
}

struct Story {
    machine: Machine,
    now: u64,
}

impl Story {
    fn new(sizes: &[usize], canaries: usize, options: Options) -> Self {
        Self::after(sizes, canaries, options, &Past::default())
    }

    fn after(sizes: &[usize], canaries: usize, options: Options, past: &Past) -> Self {
        let machine = Machine::new(in_batches(sizes, canaries), options, past, 0);
        Self { machine, now: 0 }
    }

    fn tasks(&mut self) -> Vec<Task> {
        std::iter::from_fn(|| self.machine.next(self.now)).collect()
    }

    fn tell(&mut self, input: Input) -> Vec<Task> {
        self.machine.tell(input, self.now);
        self.tasks()
    }

    fn at(&mut self, now: u64) -> Vec<Task> {
        self.now = now;
        self.tasks()
    }

    /// All nodes are up, but for these.
    fn looked(&mut self, down: &[usize]) -> Vec<Task> {
        let nodes = 0..self.machine.nodes.len();
        let found = nodes.map(|place| (place, !down.contains(&place)));
        self.tell(Input::Looked(found.collect()))
    }

    fn done(&mut self, place: usize) -> Vec<Task> {
        let gate = self.tell(Input::Worked(place, Work::Ok));
        assert!(gate.contains(&Task::Gate(place)), "{gate:?}");
        self.tell(Input::Gated(place, Gate::Green))
    }

    fn standing(&self) -> Standing {
        self.machine.standing(self.now)
    }
}

#[test]
fn a_batch_follows_when_the_one_before_has_ended() {
    let mut story = Story::new(&[1, 2], 0, Options::default());
    assert_eq!(story.tasks(), [Task::Look(vec![0, 1, 2]), Task::Begin(0)]);
    assert_eq!(story.looked(&[]), []);
    assert_eq!(story.done(0), [Task::Begin(1), Task::Begin(2)]);
    assert_eq!(story.done(2), []);
    assert_eq!(story.standing(), Standing::Going);
    assert_eq!(story.done(1), []);
    assert_eq!(story.standing(), Standing::Over(Reason::Done));
    let ended = [(0, End::Done), (2, End::Done), (1, End::Done)];
    assert_eq!(story.machine.take_ended(), ended);
    assert_eq!(story.machine.wake_at(0), None);
}

#[test]
fn a_gate_must_stay_green_for_the_settle_time() {
    let options = Options {
        settle: 2_500,
        gate_timeout: 4_000,
        ..Options::default()
    };
    let mut story = Story::new(&[1], 0, options);
    story.tasks();
    assert_eq!(story.tell(Input::Worked(0, Work::Ok)), [Task::Gate(0)]);
    assert_eq!(story.tell(Input::Gated(0, Gate::Red)), []);
    assert_eq!(story.machine.wake_at(0), Some(1_000));
    assert_eq!(story.at(1_000), [Task::Gate(0)]);
    story.tell(Input::Gated(0, Gate::Green));
    assert_eq!(story.at(2_000), [Task::Gate(0)]);
    story.tell(Input::Gated(0, Gate::Red));
    assert_eq!(story.at(3_000), [Task::Gate(0)]);
    story.tell(Input::Gated(0, Gate::Green));
    for at in [4_000, 5_000, 5_500] {
        assert_eq!(story.machine.wake_at(story.now), Some(at));
        assert_eq!(story.at(at), [Task::Gate(0)]);
        story.tell(Input::Gated(0, Gate::Green));
    }
    assert_eq!(story.standing(), Standing::Over(Reason::Done));
}

/// Found by the model: a look takes time, and a gate that is green at the first one has turned green in time.
#[test]
fn a_gate_that_turned_green_in_time_settles_after_it() {
    let options = Options {
        settle: 8,
        gate_timeout: 0,
        ..Options::default()
    };
    let mut story = Story::new(&[1], 0, options);
    story.tasks();
    story.machine.tell(Input::Worked(0, Work::Ok), 0);
    assert_eq!(story.at(7), [Task::Gate(0)]);
    story.tell(Input::Gated(0, Gate::Green));
    assert_eq!(story.machine.wake_at(7), Some(15));
    assert_eq!(story.at(15), [Task::Gate(0)]);
    story.tell(Input::Gated(0, Gate::Green));
    assert_eq!(story.standing(), Standing::Over(Reason::Done));
}

#[test]
fn a_gate_that_stays_red_is_a_failure_and_one_out_of_reach_is_not_reached() {
    for (gate, end) in [(Gate::Red, End::Failed), (Gate::Unreached, End::Unreached)] {
        let options = Options {
            gate_timeout: 1_500,
            ..Options::default()
        };
        let mut story = Story::new(&[1, 1], 0, options);
        story.tasks();
        story.tell(Input::Worked(0, Work::Ok));
        for at in [1_000, 1_500] {
            story.tell(Input::Gated(0, gate));
            assert_eq!(story.at(at), [Task::Gate(0)]);
        }
        assert_eq!(story.tell(Input::Gated(0, gate)), []);
        assert_eq!(story.machine.take_ended(), [(0, end)]);
        assert_eq!(story.standing(), Standing::Over(Reason::Failures));
    }
}

#[test]
fn more_failures_than_allowed_stop_it_and_what_is_in_flight_goes_on() {
    let options = Options {
        max_failures: Share::Nodes(1),
        ..Options::default()
    };
    let mut story = Story::new(&[3, 1], 0, options);
    story.tasks();
    story.looked(&[]);
    assert_eq!(story.tell(Input::Worked(0, Work::Failed)), []);
    assert_eq!(story.standing(), Standing::Going);
    assert_eq!(story.tell(Input::Worked(1, Work::Unreached)), []);
    assert_eq!(story.standing(), Standing::Stopping(Reason::Failures));
    assert_eq!(story.done(2), []);
    assert_eq!(story.standing(), Standing::Over(Reason::Failures));
    assert_eq!(story.machine.tally().waiting, 1);
}

#[test]
fn nodes_out_of_reach_can_be_ignored() {
    let options = Options {
        ignore_unreachable: true,
        ..Options::default()
    };
    let mut story = Story::new(&[1, 1], 0, options);
    story.tasks();
    story.looked(&[]);
    let next = story.tell(Input::Worked(0, Work::Unreached));
    assert_eq!(next, [Task::Begin(1)]);
}

#[test]
fn nodes_that_are_down_already_count_against_the_limit() {
    let options = Options {
        min_up: Some(Share::Nodes(2)),
        ..Options::default()
    };
    let mut story = Story::new(&[4], 0, options);
    assert_eq!(story.tasks(), [Task::Look(vec![0, 1, 2, 3])]);
    // One is down, so one more may be; and the one that is down takes nothing away.
    assert_eq!(story.looked(&[2]), [Task::Begin(0), Task::Begin(2)]);
    assert_eq!(story.machine.tally().unavailable, 2);
    assert_eq!(story.done(2), [Task::Begin(1)]);
    assert_eq!(story.done(0), [Task::Begin(3)]);
}

#[test]
fn too_many_down_are_waited_for_as_long_as_a_gate_is() {
    let options = Options {
        min_up: Some(Share::Percent(75)),
        gate_timeout: 12_000,
        ..Options::default()
    };
    let mut story = Story::new(&[1, 1, 1, 1], 0, options.clone());
    story.tasks();
    assert_eq!(story.looked(&[2, 3]), []);
    assert_eq!(story.machine.wake_at(0), Some(5_000));
    assert_eq!(story.at(5_000), [Task::Look(vec![0, 1, 2, 3])]);
    assert_eq!(story.looked(&[]), [Task::Begin(0)]);

    let mut story = Story::new(&[1, 1, 1, 1], 0, options);
    story.tasks();
    story.looked(&[2, 3]);
    for at in [5_000, 10_000] {
        assert_eq!(story.at(at).len(), 1);
        story.looked(&[2, 3]);
    }
    assert_eq!(story.machine.wake_at(10_000), Some(12_000));
    assert_eq!(story.at(12_000), []);
    assert_eq!(story.standing(), Standing::Over(Reason::MinUp));
}

#[test]
fn canaries_wait_for_a_person_unless_all_are_well_and_nobody_is_to_be_asked() {
    let mut story = Story::new(&[1, 1], 1, Options::default());
    story.tasks();
    story.looked(&[]);
    story.tell(Input::Promote);
    assert_eq!(story.done(0), [], "it was too early for that");
    assert_eq!(story.standing(), Standing::Promotion);
    assert_eq!(story.tell(Input::Resume), []);
    assert_eq!(story.tell(Input::Promote), [Task::Begin(1)]);

    for (work, standing) in [(true, Standing::Going), (false, Standing::Promotion)] {
        let options = Options {
            auto_promote: true,
            max_failures: Share::Nodes(1),
            ..Options::default()
        };
        let mut story = Story::new(&[1, 1], 1, options);
        story.tasks();
        if work {
            story.done(0);
        } else {
            story.tell(Input::Worked(0, Work::Failed));
        }
        assert_eq!(story.standing(), standing);
    }
}

#[test]
fn a_pause_lets_nodes_in_flight_end_and_rests_the_deadline() {
    let options = Options {
        deadline: Some(10_000),
        ..Options::default()
    };
    let mut story = Story::new(&[1, 1, 1], 0, options);
    story.tasks();
    story.looked(&[]);
    story.tell(Input::Pause);
    story.now = 4_000;
    assert_eq!(story.done(0), []);
    assert_eq!(story.standing(), Standing::Paused);
    assert_eq!(story.at(900_000), []);
    assert_eq!(story.standing(), Standing::Paused);
    assert_eq!(story.tell(Input::Resume), [Task::Begin(1)]);
    story.now = 906_000;
    assert_eq!(story.standing(), Standing::Stopping(Reason::Deadline));
    assert_eq!(story.done(1), []);
    assert_eq!(story.standing(), Standing::Over(Reason::Deadline));
}

#[test]
fn an_interruption_leaves_it_when_nothing_is_in_flight_unless_it_is_taken_back() {
    let mut story = Story::new(&[1, 1], 0, Options::default());
    story.tasks();
    story.looked(&[]);
    story.tell(Input::Interrupt);
    assert_eq!(story.standing(), Standing::Stopping(Reason::Interrupted));
    story.tell(Input::Resume);
    assert_eq!(story.done(0), [Task::Begin(1)]);
    story.tell(Input::Interrupt);
    story.done(1);
    assert_eq!(story.standing(), Standing::Over(Reason::Done));
}

#[test]
fn an_abort_cuts_gates_and_waits_for_steps() {
    let mut story = Story::new(&[3], 0, Options::default());
    story.tasks();
    story.looked(&[]);
    story.tell(Input::Worked(0, Work::Ok));
    assert_eq!(story.tell(Input::Abort), []);
    assert_eq!(story.standing(), Standing::Stopping(Reason::Aborted));
    story.tell(Input::Worked(1, Work::Cut));
    story.tell(Input::Worked(2, Work::Ok));
    assert_eq!(story.standing(), Standing::Over(Reason::Aborted));
    assert_eq!(story.machine.tally().cut, 3);
}

#[test]
fn what_is_to_be_run_where_a_node_failed_is_run_before_its_end() {
    let options = Options {
        has_on_fail: true,
        ..Options::default()
    };
    let mut story = Story::new(&[1, 1], 0, options);
    story.tasks();
    story.looked(&[]);
    let tasks = story.tell(Input::Worked(0, Work::Failed));
    assert_eq!(tasks, [Task::Mend(0)]);
    assert_eq!(story.standing(), Standing::Stopping(Reason::Failures));
    story.tell(Input::Mended(0));
    assert_eq!(story.standing(), Standing::Over(Reason::Failures));
}

#[test]
fn beginnings_are_staggered() {
    let options = Options {
        stagger: 300,
        ..Options::default()
    };
    let mut story = Story::new(&[2], 0, options);
    assert_eq!(story.tasks().last(), Some(&Task::Begin(0)));
    assert_eq!(story.machine.wake_at(0), Some(300));
    assert_eq!(story.at(299), []);
    assert_eq!(story.at(300), [Task::Begin(1)]);
}

#[test]
fn what_an_earlier_process_began_is_looked_at_first() {
    let begun = |is_restarted| Trace::Begun { is_restarted };
    let past = Past {
        nodes: vec![Trace::Done, begun(true), begun(false)],
        is_promoted: false,
    };
    let mut story = Story::after(&[2, 2], 0, Options::default(), &past);
    let checks = [Task::Check(1), Task::Check(2), Task::Look(vec![0, 3])];
    assert_eq!(story.tasks(), checks);
    story.looked(&[]);
    assert_eq!(story.tell(Input::Checked(2, Check::Busy)), []);
    let gate = story.tell(Input::Checked(1, Check::Clear));
    assert_eq!(gate, [Task::Gate(1)], "it was restarted");
    let next = story.tell(Input::Gated(1, Gate::Green));
    assert_eq!(next, [Task::Begin(3)], "the other one is not known yet");
    assert_eq!(story.at(1_000), [Task::Check(2)]);
    let redone = story.tell(Input::Checked(2, Check::Clear));
    assert_eq!(redone, [Task::Begin(2)]);
}
