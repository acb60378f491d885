//! What is cancelled, or out of time, is gone from the node; or the report names what is left.

use std::time::{Duration, Instant};

use sshoal::{
    exec::{
        Event, NodeResult, Outcome,
        plan::{Job, Options},
    },
    ssh::Connector,
};

use super::{Run, connector, job, one};
use crate::support::sshd::{Sshd, is_alive};

fn processes(line: &str) -> Vec<u32> {
    line.split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect()
}

/// Starts a command that prints process ids, and cancels it.
async fn cancelled(
    connector: &Connector,
    jobs: Vec<Job>,
    options: Options,
) -> (Vec<u32>, NodeResult, Duration) {
    let mut run = Run::start(connector, jobs, options);
    let alive = processes(&run.first_line().await);
    assert!(alive.iter().all(|process| is_alive(*process)));
    let started = Instant::now();
    run.control.cancel_all();
    let finished = run.finish().await;
    assert!(finished.cancelled);
    (
        alive,
        NodeResult::clone(&finished.results[0]),
        started.elapsed(),
    )
}

#[tokio::test]
async fn cancelled_commands_are_gone_in_every_form() {
    let Some(server) = Sshd::start() else { return };
    let connector = connector(&server);
    let terminal = Options {
        terminal: Some((80, 24)),
        ..Options::default()
    };
    let fed = Options {
        input: Some("x".into()),
        ..Options::default()
    };
    for (name, options) in [
        ("usual", Options::default()),
        ("fed", fed),
        ("terminal", terminal),
    ] {
        let command = "sleep 300 & sleep 300 & echo $! $$; wait";
        let jobs = vec![job(&server.node(), command)];
        let (alive, result, took) = cancelled(&connector, jobs, options).await;
        assert_eq!(result.outcome, Outcome::Cancelled, "{name}");
        assert_eq!(result.left, Some(Vec::new()), "{name}");
        assert!(
            alive.iter().all(|process| !is_alive(*process)),
            "{name}: {alive:?}"
        );
        assert!(took < Duration::from_secs(3), "{name}: {took:?}");
    }
}

#[tokio::test]
async fn one_that_ignores_the_polite_signal_is_killed_and_one_that_obeys_has_time() {
    let Some(server) = Sshd::start() else { return };
    let connector = connector(&server);
    let stubborn = "trap '' TERM; echo $$; while :; do sleep 1; done";
    let jobs = vec![job(&server.node(), stubborn)];
    let (alive, result, _) = cancelled(&connector, jobs, Options::default()).await;
    assert_eq!(
        (result.outcome, result.left),
        (Outcome::Cancelled, Some(Vec::new()))
    );
    assert!(!is_alive(alive[0]));
    let file = server.path("tidied");
    let tidy = format!(
        "sh -c 'trap \"sleep 1; touch {}; exit 0\" TERM; echo $$; while :; do sleep 0.1; done'",
        file.display()
    );
    let jobs = vec![job(&server.node(), &tidy)];
    let (alive, result, _) = cancelled(&connector, jobs, Options::default()).await;
    assert_eq!(result.left, Some(Vec::new()));
    assert!(!is_alive(alive[0]) && file.exists());
}

#[tokio::test]
async fn what_left_the_group_is_named() {
    let Some(server) = Sshd::start() else { return };
    let command = "setsid sleep 30 & sleep 0.2; echo $!; wait";
    let jobs = vec![job(&server.node(), command)];
    let (_, result, _) = cancelled(&connector(&server), jobs, Options::default()).await;
    let left = result.left.unwrap();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0].name.as_str(), "sleep");
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(left[0].pid.cast_signed()).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
}

#[tokio::test]
async fn a_command_out_of_time_is_ended_and_says_so() {
    let Some(server) = Sshd::start() else { return };
    let options = Options {
        timeout: Some(Duration::from_millis(500)),
        ..Options::default()
    };
    let result = one(&server, "echo begun; sleep 300", options).await;
    assert_eq!(
        (result.outcome, result.left),
        (Outcome::Timeout, Some(Vec::new()))
    );
    assert_eq!(result.stdout.head, "begun\n");
}

#[tokio::test]
async fn the_first_cancel_lets_go_on_what_runs() {
    let Some(server) = Sshd::start() else { return };
    let jobs = (0..3)
        .map(|_| job(&server.node(), "echo $$; sleep 1; exit 9"))
        .collect();
    let options = Options {
        fanout: 1,
        ..Options::default()
    };
    let mut run = Run::start(&connector(&server), jobs, options);
    run.first_line().await;
    run.control.cancel_pending();
    let finished = run.finish().await;
    let words: Vec<&str> = finished
        .results
        .iter()
        .map(|r| r.outcome.as_str())
        .collect();
    assert_eq!(words, ["exit", "skipped", "skipped"]);
    assert!(finished.cancelled);
}

#[tokio::test]
async fn a_lost_connection_is_no_failure_and_ends_the_command() {
    let Some(server) = Sshd::start() else { return };
    let jobs = vec![job(&server.node(), "echo $$; sleep 300")];
    let mut run = Run::start(&connector(&server), jobs, Options::default());
    let process = processes(&run.first_line().await)[0];
    server.kill_connections();
    let result = run
        .until(|event| match event {
            Event::Ended(_, result) => Some(NodeResult::clone(result)),
            _ => None,
        })
        .await;
    assert!(matches!(result.outcome, Outcome::Lost(_)), "{result:?}");
    let started = Instant::now();
    while is_alive(process) && started.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!is_alive(process), "the watchdog saw the end of its input");
    run.finish().await;
}
