//! Liveness of the watched daemons on the fast tier, between two truths of their managers.

use super::{
    daemon::{Reading, State, Status},
    truth::Truth,
    words::Words,
};
use crate::node::{Daemon, text::SafeText};

/// Seconds by which an uptime may be older than a start.
const SLACK: f64 = 60.0;

/// A daemon, and the item by which the node watches it.
#[derive(Debug)]
struct Watched {
    truth: Truth,
    /// What the item said first: a start time, or 0 for a cgroup with processes.
    baseline: Option<u64>,
    /// Its process can't be seen from this login (hidepid), or was gone at once.
    pid_blind: bool,
    /// Its cgroup can't be read (version 1).
    group_blind: bool,
}

/// The watched daemons of a node.
#[derive(Debug)]
pub(super) struct Watchlist {
    daemons: Vec<Watched>,
    /// The list as the node has it, and which daemon each item stands for.
    sent: Vec<(String, usize)>,
    /// Nothing is watched: reading an item ended the sampler.
    off: bool,
}

impl Watchlist {
    /// Nothing is known yet.
    pub(super) fn new(daemons: &[Daemon]) -> Self {
        let unknown = |daemon: &Daemon| Watched {
            truth: Truth {
                status: Status {
                    name: SafeText::from(daemon.name.as_str()),
                    ..Status::default()
                },
                ..Truth::default()
            },
            baseline: None,
            pid_blind: false,
            group_blind: false,
        };
        Self {
            daemons: daemons.iter().map(unknown).collect(),
            sent: Vec::new(),
            off: false,
        }
    }

    /// True when there is nothing to watch.
    pub(super) fn is_empty(&self) -> bool {
        self.daemons.is_empty()
    }

    /// Takes the managers' words.
    pub(super) fn learn(&mut self, truths: Vec<Truth>) {
        for (watched, truth) in self.daemons.iter_mut().zip(truths) {
            let same = watched.truth.status.pid == truth.status.pid
                && watched.truth.cgroup == truth.cgroup;
            if !same {
                watched.baseline = None;
                (watched.pid_blind, watched.group_blind) = (false, false);
            }
            watched.truth = truth;
        }
    }

    /// The sampler starts anew and watches nothing.
    pub(super) fn restart(&mut self) {
        self.sent.clear();
        self.daemons.iter_mut().for_each(|d| d.baseline = None);
    }

    /// Gives up watching on the fast tier; false when it was off already.
    pub(super) fn turn_off(&mut self) -> bool {
        let was_on = !self.off && !self.sent.is_empty();
        self.off |= was_on;
        was_on
    }

    /// Watches again.
    pub(super) fn turn_on(&mut self) {
        self.off = false;
    }

    /// The list for the next tick, where it is not the one that the node has.
    pub(super) fn changes(&mut self) -> Option<Vec<String>> {
        let wanted = self.wanted();
        if wanted == self.sent {
            return None;
        }
        self.sent = wanted;
        Some(self.sent.iter().map(|(item, _)| item.clone()).collect())
    }

    fn wanted(&self) -> Vec<(String, usize)> {
        let daemons = self.daemons.iter().enumerate();
        let items = daemons.filter_map(|(i, d)| Some((d.item().filter(|_| !self.off)?, i)));
        items.collect()
    }

    /// Takes what the node says of an item; true when its daemon has to be asked for again.
    pub(super) fn life(&mut self, item: usize, value: &[u8]) -> bool {
        let Some((item, owner)) = self.sent.get(item) else {
            return false;
        };
        let by_pid = item.starts_with('P');
        match self.daemons.get_mut(*owner) {
            // The truth may have come between the tick and this answer.
            Some(watched) if watched.item().as_deref() == Some(item) => {
                watched.life(by_pid, alive(by_pid, value))
            }
            _ => false,
        }
    }

    /// The daemons; `uptime` is the node's, `late` says why their managers' words are old.
    pub(super) fn reading(&self, uptime: Option<f64>, late: Option<&str>) -> Reading {
        let status = |watched: &Watched| match late {
            Some(why) if !watched.is_alive() => watched.untold(why),
            _ => watched.status(uptime),
        };
        Reading {
            daemons: self.daemons.iter().map(status).collect(),
        }
    }
}

/// What stands for the life of the item: the start time of a process tells it from a later one with its pid.
fn alive(by_pid: bool, value: &[u8]) -> Option<u64> {
    let mut words = Words(value);
    if by_pid {
        let state = words.next()?;
        return words.u64().filter(|_| !matches!(state, b"Z" | b"X" | b"x"));
    }
    words.u64().filter(|populated| *populated == 1)
}

impl Watched {
    /// A process is watched rather than its cgroup: it tells a restart too.
    fn item(&self) -> Option<String> {
        let pid = self.truth.status.pid.filter(|_| !self.pid_blind);
        let by_pid = pid.map(|pid| format!("P{pid}"));
        let live = matches!(self.truth.status.state, State::Up | State::Changing);
        let group = self
            .truth
            .cgroup
            .as_ref()
            .filter(|_| live && !self.group_blind);
        by_pid.or_else(|| group.map(|group| format!("G{group}")))
    }

    /// True while the fast tier itself tells that it is up.
    fn is_alive(&self) -> bool {
        self.baseline.is_some() && self.truth.status.state == State::Up
    }

    fn status(&self, uptime: Option<f64>) -> Status {
        let since = uptime.zip(self.truth.started).map(|(now, then)| now - then);
        Status {
            // A container's uptime is its own, while its managers count from the boot of the machine.
            since: since.filter(|s| *s > -SLACK).map(|s| s.max(0.0)),
            ..self.truth.status.clone()
        }
    }

    fn untold(&self, why: &str) -> Status {
        let status = &self.truth.status;
        Status {
            name: status.name.clone(),
            manager: status.manager.clone(),
            detail: SafeText::from(why),
            ..Status::default()
        }
    }

    fn life(&mut self, by_pid: bool, alive: Option<u64>) -> bool {
        match (self.baseline, alive) {
            (None, Some(now)) => {
                self.baseline = Some(now);
                false
            }
            (None, None) if by_pid => {
                self.pid_blind = true;
                true
            }
            (None, None) => {
                self.group_blind = true;
                false
            }
            (Some(before), Some(now)) if before == now => false,
            (Some(_), _) => {
                self.gone();
                true
            }
        }
    }

    /// What the manager makes of it is asked at once; until then it is stopped.
    fn gone(&mut self) {
        let status = &mut self.truth.status;
        status.state = State::Stopped;
        status.detail = SafeText::from("its process is gone");
        (status.pid, status.memory) = (None, None);
        self.truth.started = None;
        self.truth.cgroup = None;
        self.baseline = None;
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
