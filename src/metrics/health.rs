//! Rules that turn samples into a severity and a reason, with hysteresis and durations.

use std::collections::BTreeMap;

use super::Sample;

mod rules;

/// How bad it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing to see.
    #[default]
    Ok,
    /// Worth knowing, nobody is woken.
    Info,
    /// Look at it today.
    Warn,
    /// Look at it now.
    Critical,
}

/// One rule that fires.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Stable name of the rule: `disk_full`.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// One line with figures: `/data 96 % full`.
    pub reason: String,
}

/// What all rules say of a node now; the worst first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// Firing rules, worst first.
    pub findings: Vec<Finding>,
}

impl Health {
    /// The worst of its findings.
    pub fn severity(&self) -> Severity {
        self.findings.first().map_or(Severity::Ok, |f| f.severity)
    }
}

/// What a rule sees in one sample.
#[derive(Clone, Debug, PartialEq)]
struct Condition {
    rule: &'static str,
    /// Tells the mounts, cards and daemons of a node apart; empty for the node as a whole.
    subject: String,
    level: Level,
    /// How long it must hold before it warns, and before it is critical, in seconds.
    hold: [u64; 2],
    reason: String,
}

/// How far a value has gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// Well again.
    #[default]
    Clear,
    /// Between the limit and where it is well again: what fired goes on, nothing begins.
    Lingers,
    /// Only worth knowing.
    Notable,
    /// Beyond the first limit.
    Warn,
    /// Beyond the second.
    Critical,
}

/// Since when a condition holds at a level.
#[derive(Clone, Copy, Debug, Default)]
struct Since {
    notable: Option<u64>,
    warn: Option<u64>,
    critical: Option<u64>,
    fires: Severity,
}

/// Remembers since when each rule's condition holds, for one node.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    since: BTreeMap<(&'static str, String), Since>,
    memory: rules::Memory,
}

impl Tracker {
    /// Judges a sample taken at `now_ms` (any monotonic clock).
    pub fn judge(&mut self, now_ms: u64, sample: &Sample) -> Health {
        let conditions = rules::conditions(now_ms, sample, &mut self.memory);
        self.forget(&conditions);
        let mut findings: Vec<Finding> = conditions
            .into_iter()
            .filter_map(|condition| self.finding(now_ms, condition))
            .collect();
        // Stable: rules that are equally bad stay in their order, errors before saturation.
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Health { findings }
    }

    /// What is no longer seen at all is over.
    fn forget(&mut self, conditions: &[Condition]) {
        self.since.retain(|(rule, subject), _| {
            conditions
                .iter()
                .any(|c| c.rule == *rule && c.subject == *subject)
        });
    }

    fn finding(&mut self, now_ms: u64, condition: Condition) -> Option<Finding> {
        if condition.level == Level::Clear {
            self.since.remove(&(condition.rule, condition.subject));
            return None;
        }
        let key = (condition.rule, condition.subject);
        let since = self.since.entry(key).or_default();
        since.update(now_ms, condition.level, condition.hold);
        (since.fires > Severity::Ok).then_some(Finding {
            rule: condition.rule,
            severity: since.fires,
            reason: condition.reason,
        })
    }
}

impl Since {
    fn update(&mut self, now_ms: u64, level: Level, hold: [u64; 2]) {
        let begin = |since: Option<u64>, reached: bool| match (since, reached) {
            (Some(since), true) => Some(since),
            (None, true) => Some(now_ms),
            (_, false) => None,
        };
        self.notable = begin(self.notable, level >= Level::Notable);
        self.warn = begin(self.warn, level >= Level::Warn);
        self.critical = begin(self.critical, level >= Level::Critical);
        let lasts = |since: Option<u64>, seconds: u64| {
            since.is_some_and(|since| now_ms.saturating_sub(since) >= seconds * 1000)
        };
        let [warn, critical] = hold;
        let reached = if lasts(self.critical, critical) {
            Severity::Critical
        } else if lasts(self.warn, warn) {
            Severity::Warn
        } else if lasts(self.notable, warn) {
            Severity::Info
        } else {
            Severity::Ok
        };
        // A rule that fires steps down by its levels, and ends only where the value is well again.
        let kept = match level {
            Level::Critical => self.fires,
            Level::Warn | Level::Lingers => self.fires.min(Severity::Warn),
            Level::Notable => self.fires.min(Severity::Info),
            Level::Clear => Severity::Ok,
        };
        self.fires = reached.max(kept);
    }
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
