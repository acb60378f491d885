//! Logs over a real OpenSSH server: files through rotation, the journal of a real journald, lost connections, floods.

#![cfg(test)]

mod agreed;
mod cli;
mod collected;
mod files;
mod fleet;
mod flood;
mod journal;
mod killed;
mod lost;
#[expect(dead_code, reason = "other test files use the rest of it")]
#[path = "../support/pty.rs"]
mod pty;
#[expect(dead_code, reason = "other test files use the rest of it")]
#[path = "../cli/rig.rs"]
mod rig;
mod root;
#[path = "../support/sudo.rs"]
mod sudo;
#[expect(dead_code, reason = "other test files use the rest of it")]
#[path = "../support/mod.rs"]
mod support;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sshoal::{
    logs::{self, Event, Flow, Line, Order, Source, Target},
    node::{Node, NodeId},
    ssh::Connector,
};
use support::sshd::Sshd;
use tokio::{sync::mpsc, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

/// Far above what anything here takes: only a hang meets it.
pub(crate) const SOON: Duration = Duration::from_secs(40);

/// Logs while they are read.
pub(crate) struct Watch {
    pub(crate) flow: Flow,
    pub(crate) lines: Vec<Line>,
    pub(crate) said: Vec<String>,
    events: mpsc::Receiver<Event>,
    cancel: CancellationToken,
    task: JoinSet<()>,
    started: Instant,
}

impl Watch {
    pub(crate) fn start(server: &Sshd, order: Order) -> Self {
        server.trust();
        let connector = Connector::new(server.config(), None);
        let (to, events) = mpsc::channel(64);
        let cancel = CancellationToken::new();
        let flow = Flow::new(&order);
        let mut task = JoinSet::new();
        task.spawn(logs::follow(Arc::new(order), connector, cancel.clone(), to));
        Self {
            flow,
            lines: Vec::new(),
            said: Vec::new(),
            events,
            cancel,
            task,
            started: Instant::now(),
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    /// The next happening, which is not taken in.
    pub(crate) async fn event(&mut self) -> Event {
        let next = timeout(SOON, self.events.recv()).await;
        next.expect("in time").expect("it goes on")
    }

    /// Takes in what comes; false when nothing more does.
    pub(crate) async fn step(&mut self) -> bool {
        let wait = self.flow.next_at().map_or(SOON, |at| {
            Duration::from_millis(at.saturating_sub(self.now()))
        });
        let mut is_open = true;
        match timeout(wait, self.events.recv()).await {
            Ok(Some(event)) => {
                if let Event::Missing(_, text) | Event::Unreached(_, text) | Event::Said(text) =
                    &event
                {
                    self.said.push(text.to_string());
                }
                let now = self.now();
                self.flow.apply(event, now);
            }
            Ok(None) => is_open = false,
            Err(_) => {}
        }
        let now = self.now();
        self.flow.pop(now, &mut self.lines, usize::MAX);
        is_open
    }

    /// Until there are so many lines.
    pub(crate) async fn until(&mut self, count: usize) {
        let wanted = async {
            while self.lines.len() < count {
                assert!(self.step().await, "it goes on: {:?}", self.said);
            }
        };
        let came = timeout(SOON, wanted).await;
        assert!(
            came.is_ok(),
            "{count} lines: {:?}\n{:?}",
            self.texts(),
            self.flow.state()
        );
    }

    /// To the end of what is not followed.
    pub(crate) async fn finish(&mut self) {
        timeout(SOON, async { while self.step().await {} })
            .await
            .expect("an end");
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |line: &Line| String::from_utf8_lossy(&line.text).into_owned();
        self.lines.iter().map(text).collect()
    }

    pub(crate) async fn stop(mut self) {
        self.cancel.cancel();
        timeout(SOON, async {
            while self.task.join_next().await.is_some() {}
        })
        .await
        .expect("an end");
    }
}

/// The server as so many nodes.
pub(crate) fn nodes(server: &Sshd, names: &[&str]) -> Vec<Arc<Node>> {
    let named = |name: &&str| Node {
        id: NodeId::new(name),
        ..server.node()
    };
    names.iter().map(|name| Arc::new(named(name))).collect()
}

pub(crate) fn order(server: &Sshd, source: Source) -> Order {
    Order::follow(vec![Target {
        node: nodes(server, &["n1"]).remove(0),
        sources: vec![source],
    }])
}

pub(crate) fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("line {number:05}")).collect()
}
