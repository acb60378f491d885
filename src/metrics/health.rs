//! Rules that turn samples into a severity and a reason, with hysteresis and durations.

use super::Sample;

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

/// Remembers since when each rule's condition holds, for one node.
#[derive(Clone, Debug, Default)]
pub struct Tracker {}

impl Tracker {
    /// Judges a sample taken at `now_ms` (any monotonic clock).
    pub fn judge(&mut self, _now_ms: u64, _sample: &Sample) -> Health {
        Health::default()
    }
}
