//! Broadcast against a real OpenSSH server: what is run, what comes back, and that what is cancelled is gone.

mod ending;
mod shells;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use sshoal::{
    exec::{
        Capture, Control, Event, Finished, NodeResult, Outcome, Stream,
        plan::{Batches, Job, Options, Plan, Strategy},
    },
    node::{Node, NodeId},
    ssh::Connector,
};
use tokio::{sync::mpsc, time::timeout};

use crate::{SOON, support::sshd::Sshd};

/// A run while it goes on.
pub(crate) struct Run {
    pub(crate) control: Control,
    events: mpsc::Receiver<Event>,
    task: tokio::task::JoinHandle<Finished>,
}

impl Run {
    pub(crate) fn start(connector: &Connector, jobs: Vec<Job>, options: Options) -> Self {
        let control = Control::default();
        let (to, events) = mpsc::channel(1024);
        let plan = Arc::new(Plan { jobs, options });
        let run = sshoal::exec::run(plan, connector.clone(), control.clone(), to);
        let task = tokio::spawn(run);
        Self {
            control,
            events,
            task,
        }
    }

    /// The next thing that is wanted.
    pub(crate) async fn until<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        loop {
            let event = timeout(SOON, self.events.recv()).await.expect("an event");
            if let Some(found) = wanted(&event.expect("a run that goes on")) {
                return found;
            }
        }
    }

    /// Until it prints something: the first line.
    pub(crate) async fn first_line(&mut self) -> String {
        let line = self.until(|event| match event {
            Event::Output(_, Stream::Stdout, bytes) => Some(bytes.clone()),
            _ => None,
        });
        String::from_utf8_lossy(&line.await).trim().to_owned()
    }

    pub(crate) async fn finish(mut self) -> Finished {
        let rest = async { while self.events.recv().await.is_some() {} };
        timeout(SOON, rest).await.expect("an end");
        self.task.await.unwrap()
    }
}

pub(crate) fn job(node: &Node, command: &str) -> Job {
    Job {
        node: Arc::new(node.clone()),
        command: command.to_owned(),
    }
}

pub(crate) fn connector(server: &Sshd) -> Connector {
    server.trust();
    Connector::new(server.config(), None)
}

pub(crate) async fn one(server: &Sshd, command: &str, options: Options) -> NodeResult {
    let jobs = vec![job(&server.node(), command)];
    let finished = Run::start(&connector(server), jobs, options).finish().await;
    NodeResult::clone(&finished.results[0])
}

pub(crate) fn text(capture: &Capture) -> String {
    String::from_utf8_lossy(&capture.head).into_owned()
}

#[tokio::test]
async fn a_command_is_run_as_ssh_runs_it() {
    let Some(server) = Sshd::start() else { return };
    let result = one(
        &server,
        "echo out; echo err >&2; cat; exit 3",
        Options::default(),
    )
    .await;
    assert_eq!(result.outcome, Outcome::Exit(3), "{result:?}");
    assert_eq!(
        (text(&result.stdout), text(&result.stderr)),
        ("out\n".into(), "err\n".into())
    );
    assert_eq!(result.attempts, 1);
    for (command, outcome) in [
        ("true", Outcome::Ok),
        ("kill -9 $$", Outcome::Signal("KILL".to_owned())),
        ("echo 'it''s'\nexit 7 # it's", Outcome::Exit(7)),
        ("set -e; false; true", Outcome::Exit(1)),
        ("nonexistent_command", Outcome::Exit(127)),
    ] {
        assert_eq!(
            one(&server, command, Options::default()).await.outcome,
            outcome,
            "{command}"
        );
    }
}

#[tokio::test]
async fn folder_variables_and_prelude_reach_the_command() {
    let Some(server) = Sshd::start() else { return };
    let mut node = server.node();
    node.prelude = "A=1\nB='x y'".to_owned();
    let options = Options {
        folder: Some("/usr".to_owned()),
        variables: vec![("C".to_owned(), "it's\n\"$HOME\"".to_owned())],
        ..Options::default()
    };
    let jobs = vec![job(&node, r#"echo "$A|$B|$C|$PWD|$(sh -c 'echo "$C"')""#)];
    let finished = Run::start(&connector(&server), jobs, options)
        .finish()
        .await;
    let result = &finished.results[0];
    let c = "it's\n\"$HOME\"";
    assert_eq!(
        text(&result.stdout),
        format!("1|x y|{c}|/usr|{c}\n"),
        "{result:?}"
    );
    let options = Options {
        folder: Some("/nowhere".to_owned()),
        ..Options::default()
    };
    let result = one(&server, "echo no", options).await;
    assert_eq!(
        (result.outcome, text(&result.stdout)),
        (Outcome::Exit(1), String::new())
    );
}

#[tokio::test]
async fn input_is_given_whole_and_a_command_may_leave_it() {
    let Some(server) = Sshd::start() else { return };
    let input: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let options = |bytes: &[u8]| Options {
        input: Some(Bytes::copy_from_slice(bytes)),
        ..Options::default()
    };
    let result = one(&server, "cksum; echo $?", options(&input)).await;
    let mut cksum = std::process::Command::new("cksum");
    let file = server.path("input");
    std::fs::write(&file, &input).unwrap();
    let here = cksum
        .stdin(std::fs::File::open(&file).unwrap())
        .output()
        .unwrap();
    let here = String::from_utf8(here.stdout).unwrap() + "0\n";
    assert_eq!(
        (result.outcome, text(&result.stdout)),
        (Outcome::Ok, here),
        "{:?}",
        result.stderr
    );
    let result = one(
        &server,
        "head -c 2 >/dev/null; echo enough; exit 4",
        options(&input),
    )
    .await;
    assert_eq!(
        (result.outcome.clone(), text(&result.stdout)),
        (Outcome::Exit(4), "enough\n".into()),
        "{result:?}"
    );
    let result = one(&server, "true", options(&input)).await;
    assert_eq!(result.outcome, Outcome::Ok, "{result:?}");
    let result = one(&server, "wc -c", options(b"")).await;
    assert_eq!(
        (result.outcome, text(&result.stdout)),
        (Outcome::Ok, "0\n".into())
    );
}

#[tokio::test]
async fn long_output_is_kept_at_both_ends_and_told_whole() {
    let Some(server) = Sshd::start() else { return };
    let jobs = vec![job(&server.node(), "seq 1 200000")];
    let options = Options {
        keep: 1000,
        is_bulk: true,
        ..Options::default()
    };
    let mut run = Run::start(&connector(&server), jobs, options);
    let mut told = Vec::new();
    let result = loop {
        match timeout(SOON, run.events.recv()).await.unwrap().unwrap() {
            Event::Output(0, Stream::Stdout, bytes) => told.extend_from_slice(&bytes),
            Event::Ended(0, result) => break result,
            _ => {}
        }
    };
    let whole = (1..=200_000).fold(String::new(), |all, n| all + &n.to_string() + "\n");
    assert!(told == whole.as_bytes(), "every byte, in order");
    assert_eq!(result.stdout.total, whole.len() as u64);
    assert!(whole.starts_with(&text(&result.stdout)));
    assert!(whole.as_bytes().ends_with(&result.stdout.tail));
    assert_eq!(result.stdout.cut(), whole.len() as u64 - 1000);
}

#[tokio::test]
async fn a_terminal_is_given_where_it_is_wanted() {
    let Some(server) = Sshd::start() else { return };
    let options = Options {
        terminal: Some((91, 17)),
        ..Options::default()
    };
    let result = one(&server, "tty >/dev/null && stty size; exit 5", options).await;
    assert_eq!(
        (result.outcome.clone(), text(&result.stdout)),
        (Outcome::Exit(5), "17 91\r\n".into()),
        "{result:?}"
    );
}

#[tokio::test]
async fn the_dead_hold_no_place_and_have_their_own_outcome() {
    let Some(server) = Sshd::start() else { return };
    let (mut silent, mut refusing) = (server.node(), server.node());
    let blackhole = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    silent.port = Some(blackhole.local_addr().unwrap().port());
    silent.connect_timeout = Some(Duration::from_secs(2));
    refusing.port = Some(1);
    let nodes = [
        &silent,
        &silent,
        &silent,
        &refusing,
        &server.node(),
        &server.node(),
    ];
    let jobs: Vec<Job> = nodes.iter().map(|node| job(node, "echo here")).collect();
    let options = Options {
        fanout: 3,
        ..Options::default()
    };
    let mut run = Run::start(&connector(&server), jobs, options);
    let started = std::time::Instant::now();
    assert_eq!(run.first_line().await, "here");
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    let finished = run.finish().await;
    let words: Vec<&str> = finished
        .results
        .iter()
        .map(|r| r.outcome.as_str())
        .collect();
    assert_eq!(
        words,
        ["refused", "refused", "refused", "refused", "ok", "ok"]
    );
}

#[tokio::test]
async fn after_a_failure_the_rest_is_skipped_where_that_is_wanted() {
    let Some(server) = Sshd::start() else { return };
    let jobs: Vec<Job> = (0..5)
        .map(|n| {
            let mut node = server.node();
            node.id = NodeId::new(&format!("n{n}"));
            job(&node, &format!("exit {}", n / 2))
        })
        .collect();
    let options = Options {
        batches: Batches::Nodes(1),
        strategy: Strategy::AbortAfter(1),
        ..Options::default()
    };
    let finished = Run::start(&connector(&server), jobs, options)
        .finish()
        .await;
    let words: Vec<&str> = finished
        .results
        .iter()
        .map(|r| r.outcome.as_str())
        .collect();
    assert_eq!(words, ["ok", "ok", "exit", "skipped", "skipped"]);
    assert!(finished.aborted.is_some() && !finished.cancelled);
}
