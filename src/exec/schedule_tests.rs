//! Fan-out, batches and strategies hold whatever order things end in.

use proptest::prelude::*;

use super::{CONNECTING, Options, Outcome, Schedule, Step};
use crate::exec::plan::{Batches, Strategy};

fn options(fanout: usize, batches: Batches, strategy: Strategy) -> Options {
    Options {
        fanout,
        batches,
        strategy,
        ..Options::default()
    }
}

/// One whose first nodes have had their time.
fn schedule(nodes: usize, options: &Options) -> Schedule {
    let mut schedule = Schedule::new(nodes, options);
    schedule.widen();
    schedule.widen();
    schedule.open_runs();
    schedule
}

fn steps(schedule: &mut Schedule) -> Vec<Step> {
    std::iter::from_fn(|| schedule.step()).collect()
}

#[test]
fn silent_nodes_hold_no_place_in_the_fanout() {
    let mut schedule = schedule(16, &options(3, Batches::One, Strategy::Continue));
    let connects = steps(&mut schedule);
    assert_eq!(connects, (0..16).map(Step::Connect).collect::<Vec<_>>());
    for node in [9, 5, 7, 3] {
        schedule.connected(node);
    }
    let runs = [3, 5, 7].map(Step::Run);
    assert_eq!(steps(&mut schedule), runs, "in their order, three at once");
    schedule.ended(5, &Outcome::Ok);
    assert_eq!(steps(&mut schedule), [Step::Run(9)]);
}

#[test]
fn a_few_go_ahead_of_the_others() {
    let mut schedule = Schedule::new(50, &options(50, Batches::One, Strategy::Continue));
    assert_eq!(steps(&mut schedule), [0, 1].map(Step::Connect));
    schedule.widen();
    assert_eq!(steps(&mut schedule), [2, 3].map(Step::Connect));
    schedule.connected(2);
    assert_eq!(steps(&mut schedule), [Step::Run(2), Step::Connect(4)]);
    schedule.ended(2, &Outcome::Ok);
    assert_eq!(steps(&mut schedule).len(), 45, "all that are left");
    (3..20).for_each(|node| schedule.connected(node));
    assert_eq!(steps(&mut schedule).len(), 17);
}

#[test]
fn one_that_is_refused_holds_nobody_up() {
    let mut schedule = Schedule::new(50, &options(50, Batches::One, Strategy::Continue));
    assert_eq!(steps(&mut schedule).len(), 2);
    schedule.ended(1, &Outcome::Refused("no".into()));
    assert_eq!(steps(&mut schedule).len(), 48);
}

#[test]
fn no_more_are_connected_beforehand_than_can_run() {
    let mut schedule = schedule(1_000, &options(1, Batches::One, Strategy::Continue));
    for node in 0..CONNECTING {
        assert_eq!(schedule.step(), Some(Step::Connect(node)));
    }
    assert_eq!(schedule.step(), None);
    for node in 0..10 {
        schedule.connected(node);
    }
    assert_eq!(steps(&mut schedule), [Step::Run(0)]);
}

#[test]
fn a_batch_waits_for_the_one_before() {
    let mut schedule = schedule(5, &options(9, Batches::Nodes(2), Strategy::Continue));
    assert_eq!(steps(&mut schedule), [0, 1].map(Step::Connect));
    schedule.ended(0, &Outcome::Ok);
    assert_eq!(steps(&mut schedule), []);
    schedule.connected(1);
    assert_eq!(steps(&mut schedule), [Step::Run(1)]);
    schedule.ended(1, &Outcome::Exit(1));
    assert_eq!(steps(&mut schedule), [2, 3].map(Step::Connect));
    assert_eq!(Batches::Percent(10).size(5), 1);
    assert_eq!(Batches::Percent(50).size(200), 100);
}

#[test]
fn after_so_many_failures_nobody_begins() {
    let mut schedule = schedule(4, &options(1, Batches::One, Strategy::AbortAfter(2)));
    steps(&mut schedule);
    (0..4).for_each(|node| schedule.connected(node));
    assert_eq!(steps(&mut schedule), [Step::Run(0)]);
    assert!(!schedule.ended(0, &Outcome::Exit(1)));
    assert_eq!(steps(&mut schedule), [Step::Run(1)]);
    assert!(schedule.ended(1, &Outcome::Timeout));
    assert_eq!(
        (steps(&mut schedule), schedule.stop()),
        (vec![], vec![2, 3])
    );
    assert!(!schedule.ended(2, &Outcome::Skipped("".into())));
    schedule.ended(3, &Outcome::Skipped("".into()));
    assert!(schedule.is_done());
}

proptest! {
    #[test]
    fn every_node_ends_once_and_limits_hold(
        nodes in 0usize..60, fanout in 1usize..9, batch in 1usize..20, choices in proptest::collection::vec(any::<u16>(), 400),
    ) {
        let mut schedule = schedule(nodes, &options(fanout, Batches::Nodes(batch), Strategy::Continue));
        let (mut connecting, mut running, mut done) = (Vec::new(), Vec::new(), Vec::new());
        for choice in choices {
            for step in steps(&mut schedule) {
                match step {
                    Step::Connect(node) => {
                        prop_assert!(done.len() / batch == node / batch, "its batch has begun");
                        connecting.push(node);
                    }
                    Step::Run(node) => running.push(node),
                }
            }
            prop_assert!(running.len() <= fanout);
            let pick = |all: &mut Vec<usize>| (!all.is_empty()).then(|| all.remove(choice as usize % all.len()));
            if choice % 2 == 0 && let Some(node) = pick(&mut connecting) {
                if choice % 5 == 0 {
                    schedule.ended(node, &Outcome::Refused("".into()));
                    done.push(node);
                } else {
                    schedule.connected(node);
                }
            } else if let Some(node) = pick(&mut running) {
                schedule.ended(node, &Outcome::Ok);
                done.push(node);
            }
        }
        if schedule.is_done() {
            done.sort_unstable();
            prop_assert_eq!(done, (0..nodes).collect::<Vec<_>>());
        }
    }
}

#[test]
fn one_that_ends_before_its_turn_gets_none_and_hurries_no_batch() {
    let options = options(9, Batches::Nodes(2), Strategy::Continue);
    let mut schedule = schedule(6, &options);
    assert_eq!(steps(&mut schedule), [0, 1].map(Step::Connect));
    for cancelled in [3, 4] {
        schedule.ended(cancelled, &Outcome::Skipped("cancelled".into()));
    }
    assert_eq!(steps(&mut schedule), [], "the first batch goes on");
    for node in [0, 1] {
        schedule.ended(node, &Outcome::Ok);
    }
    assert_eq!(steps(&mut schedule), [Step::Connect(2)]);
    schedule.ended(2, &Outcome::Ok);
    assert_eq!(steps(&mut schedule), [Step::Connect(5)]);
}
