//! Runs as a fleet would show them, made up: some nodes done, some not.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use sshoal::{
    exec::{
        Capture, Event, Finished, Leftover, NodeResult, Outcome, RunNumber, RunOrder, RunState,
        Stream,
        plan::{Job, Options, Plan},
    },
    fleet::Snapshot,
    node::Transport,
};

/// When these runs began, before `now`.
const BEFORE_MS: u64 = 12_400;

pub(crate) fn order(fleet: &Snapshot, nodes: usize, command: &str) -> Arc<RunOrder> {
    let jobs = fleet.nodes.iter().take(nodes).map(|state| Job {
        node: Arc::clone(&state.node),
        command: command.to_owned(),
    });
    let plan = Plan {
        jobs: jobs.collect(),
        options: Options::default(),
    };
    RunOrder::new(plan, command, "@web,@db")
}

pub(crate) fn capture(text: &str) -> Capture {
    let mut keep = sshoal::exec::Keep::new(1 << 18);
    keep.push(text.as_bytes());
    keep.finish()
}

pub(crate) fn ended(run: &mut RunState, place: usize, outcome: Outcome, said: (&str, &str)) {
    let node = run.nodes.get(place).unwrap().node.id.clone();
    let left = matches!(outcome, Outcome::Cancelled).then(|| match place % 2 {
        0 => Vec::new(),
        _ => vec![Leftover {
            pid: 4711,
            name: "sleep".into(),
        }],
    });
    let began = !matches!(outcome, Outcome::Refused(_) | Outcome::Skipped(_));
    let result = NodeResult {
        stdout: capture(said.0),
        stderr: capture(said.1),
        duration: Duration::from_millis(if began { 640 + 370 * place as u64 } else { 0 }),
        transport: began.then_some(Transport::Direct),
        left,
        ..NodeResult::without_run(&node, outcome, 1)
    };
    let now = run.started_ms + 5_000;
    run.apply(Event::Ended(place, Arc::new(result)), now);
}

/// One that is half done.
pub(crate) fn half(fleet: &Snapshot, number: u64, command: &str) -> RunState {
    let now = fleet.at.0;
    let order = order(fleet, 18, command);
    let id = "20261121-183122-3v007";
    let mut run = RunState::new(RunNumber(number), id, order, now - BEFORE_MS);
    for place in 0..14 {
        run.apply(Event::Connecting(place), now - BEFORE_MS);
    }
    for place in 0..12 {
        run.apply(
            Event::Began(place),
            now - BEFORE_MS + 300 + 90 * place as u64,
        );
    }
    let kernel = "Linux 6.8.0-45-generic\n";
    for place in [0, 1, 2, 4] {
        ended(&mut run, place, Outcome::Ok, (kernel, ""));
    }
    ended(&mut run, 3, Outcome::Ok, ("Linux 6.5.0-41-generic\n", ""));
    let failure = "\u{1b}[31mE:\u{1b}[0m Could not get lock /var/lib/dpkg/lock-frontend\n";
    ended(&mut run, 5, Outcome::Exit(100), (kernel, failure));
    ended(&mut run, 6, Outcome::Cancelled, ("", ""));
    ended(&mut run, 7, Outcome::Cancelled, ("", ""));
    let refused = Outcome::Refused("connect: timed out after 5 s".into());
    ended(&mut run, 12, refused, ("", ""));
    let lost = Outcome::Lost("the connection was reset".into());
    ended(&mut run, 8, lost, ("half a li", ""));
    for (place, text) in [
        (9, "Get:14 http://deb noble/main amd64 libssl3t64\n"),
        (10, "Reading package lists...\r 42%"),
        (11, ""),
    ] {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        run.apply(Event::Output(place, Stream::Stdout, bytes), now);
    }
    run.apply(
        Event::Retrying(13, "connect: connection refused".into()),
        now,
    );
    run
}

/// One that is over.
pub(crate) fn over(fleet: &Snapshot, number: u64, command: &str, failures: usize) -> RunState {
    let now = fleet.at.0;
    let order = order(fleet, 12, command);
    let mut run = RunState::new(RunNumber(number), "", order, now - 90_000);
    for place in 0..12 {
        let outcome = if place < failures {
            Outcome::Exit(1)
        } else {
            Outcome::Ok
        };
        ended(&mut run, place, outcome, ("up 41 days\n", ""));
    }
    let finished = Finished {
        results: run.results().cloned().collect(),
        aborted: None,
        cancelled: false,
    };
    run.finish(finished, now - 83_800);
    run
}
