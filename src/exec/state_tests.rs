use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::exec::{
    Cancel, Capture, Leftover,
    plan::{Job, Options, Plan},
};

fn order(nodes: usize) -> Arc<RunOrder> {
    let job = |n: usize| Job {
        node: Arc::new(Node::blank(&format!("n{n}"))),
        command: "true".to_owned(),
    };
    let plan = Plan {
        jobs: (0..nodes).map(job).collect(),
        options: Options::default(),
    };
    RunOrder::new(plan, "true", "n[0-9]")
}

fn run(nodes: usize) -> RunState {
    RunState::new(RunNumber(1), "", order(nodes), 1_000)
}

fn ended(place: usize, outcome: Outcome, stdout: &str) -> Event {
    let stdout = Capture {
        head: Bytes::copy_from_slice(stdout.as_bytes()),
        total: stdout.len() as u64,
        ..Capture::default()
    };
    let id = Node::blank(&format!("n{place}")).id;
    Event::Ended(
        place,
        Arc::new(NodeResult {
            stdout,
            duration: Duration::from_millis(70),
            left: Some(Vec::<Leftover>::new()),
            ..NodeResult::without_run(&id, outcome, 1)
        }),
    )
}

fn printed(place: usize, text: &str) -> Event {
    Event::Output(
        place,
        Stream::Stdout,
        Bytes::copy_from_slice(text.as_bytes()),
    )
}

#[test]
fn every_node_is_counted_once_at_each_step() {
    let mut run = run(5);
    for (event, wanted) in [
        (Event::Connecting(0), [5, 0, 0, 0, 0, 0, 0]),
        (Event::Retrying(0, "no route".into()), [5, 0, 0, 0, 0, 0, 0]),
        (Event::Began(0), [4, 1, 0, 0, 0, 0, 0]),
        (Event::Began(1), [3, 2, 0, 0, 0, 0, 0]),
        (Event::Ending(1), [3, 2, 0, 0, 0, 0, 0]),
        (ended(0, Outcome::Ok, ""), [3, 1, 1, 0, 0, 0, 0]),
        (ended(1, Outcome::Cancelled, ""), [3, 0, 1, 0, 0, 1, 0]),
        (
            ended(2, Outcome::Skipped("x".into()), ""),
            [2, 0, 1, 0, 0, 1, 1],
        ),
        (
            ended(3, Outcome::Refused("x".into()), ""),
            [1, 0, 1, 0, 1, 1, 1],
        ),
        (ended(99, Outcome::Ok, ""), [1, 0, 1, 0, 1, 1, 1]),
    ] {
        run.apply(event, 2_000);
        let Tallies {
            waiting,
            running,
            ok,
            failed,
            unreached,
            cancelled,
            skipped,
        } = run.tallies;
        assert_eq!(
            [waiting, running, ok, failed, unreached, cancelled, skipped],
            wanted
        );
    }
    assert_eq!(run.failed(), [1, 2, 3]);
    assert_eq!(run.tallies.ended(), 4);
}

#[test]
fn the_last_line_is_what_a_person_would_look_at() {
    let mut run = run(1);
    let line = |run: &RunState| run.nodes[0].last_line().to_string();
    assert_eq!(line(&run), "");
    run.apply(Event::Began(0), 1_000);
    run.apply(printed(0, "one\n10 %\r20 %\r"), 1_000);
    assert_eq!(line(&run), "20 %");
    let warning = Bytes::from_static(b"\x1b[31mcareful\x1b[m\n");
    run.apply(Event::Output(0, Stream::Stderr, warning), 1_000);
    assert_eq!(line(&run), "careful");
    assert_eq!(run.nodes[0].elapsed_ms(1_250), Some(250));
    run.apply(ended(0, Outcome::Lost("reset".into()), "one\n"), 1_300);
    assert_eq!(line(&run), "reset");
    assert_eq!(run.nodes[0].elapsed_ms(9_000), Some(70));
}

#[test]
fn a_clone_shares_all_nodes_that_do_not_change() {
    let mut run = run(100);
    (0..100).for_each(|place| run.apply(printed(place, "x\n"), 1_000));
    let before = run.clone();
    run.apply(printed(7, "y\n"), 1_000);
    let shared = run.nodes.iter().zip(&before.nodes);
    assert_eq!(shared.filter(|(a, b)| Arc::ptr_eq(a, b)).count(), 99);
}

#[test]
fn a_run_that_may_not_begin_skips_all_and_says_why() {
    let mut run = run(3);
    run.refuse("not run: no space left", 1_500);
    assert_eq!((run.tallies.skipped, run.is_running()), (3, false));
    assert_eq!(run.nodes[2].last_line().as_str(), "not run: no space left");
    assert_eq!(run.elapsed_ms(9_999), 500);
}

#[test]
fn what_is_kept_of_all_nodes_is_bounded() {
    for (nodes, keep) in [(1, 256 << 10), (64, 256 << 10), (1_000, 16_777)] {
        let order = order(nodes);
        assert_eq!(order.plan.options.keep, keep, "{nodes} nodes");
        assert!(order.plan.options.keep * nodes * 4 <= 64 << 20);
    }
}

#[test]
fn a_part_of_an_order_is_frozen_too() {
    let order = order(5);
    let part = order.only(&[1, 3, 9], "failed in #1");
    let names: Vec<_> = part
        .nodes()
        .iter()
        .map(|node| node.id.to_string())
        .collect();
    assert_eq!(names, ["n1", "n3"]);
    assert_eq!(
        (part.command.as_str(), part.selector.as_str()),
        ("true", "failed in #1")
    );
    assert_ne!(Cancel::All, Cancel::Node(1));
}
