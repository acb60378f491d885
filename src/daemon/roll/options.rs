//! The knobs of a roll. Pure.

use std::{fmt, str::FromStr};

/// So many nodes, or so many of a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// A number.
    Nodes(usize),
    /// 0 to 100.
    Percent(usize),
}

impl Share {
    /// Of so many in all, rounded down.
    pub fn down(self, all: usize) -> usize {
        match self {
            Self::Nodes(nodes) => nodes,
            Self::Percent(percent) => all * percent / 100,
        }
    }

    /// Of so many in all, rounded up: what must be kept is never less than its share.
    pub fn up(self, all: usize) -> usize {
        match self {
            Self::Nodes(nodes) => nodes,
            Self::Percent(percent) => (all * percent).div_ceil(100),
        }
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}`: a number of nodes, or a share of them such as 10%");
        let (digits, is_percent) = match text.strip_suffix('%') {
            Some(digits) => (digits, true),
            None => (text, false),
        };
        // `parse` alone would take `+1`.
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        match (digits.parse().map_err(|_| wrong())?, is_percent) {
            (percent @ 0..=100, true) => Ok(Self::Percent(percent)),
            (nodes, false) => Ok(Self::Nodes(nodes)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nodes(nodes) => write!(f, "{nodes}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// In what order nodes come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// That of the inventory.
    #[default]
    Inventory,
    /// The same backwards.
    Reverse,
    /// By name.
    Sorted,
    /// By chance; the same seed gives the same order.
    Shuffle(u64),
}

/// How a roll is cut into batches, and what stops it. Times are in ms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Sizes of the batches; the last one repeats. Never empty.
    pub batches: Vec<Share>,
    /// So many nodes come before all others, and then a person says whether it goes on.
    pub canary: usize,
    /// Nobody is asked where all canaries are well.
    pub auto_promote: bool,
    /// In what order.
    pub order: Order,
    /// One value of this label after the other: no batch has nodes of two.
    pub spread: Option<String>,
    /// So many nodes stay up, those that are down without us counted against it.
    pub min_up: Option<Share>,
    /// It stops when more nodes than this have failed.
    pub max_failures: Share,
    /// Nodes that can't be reached are no failures. They still count as down.
    pub ignore_unreachable: bool,
    /// Between the beginnings of two nodes, at least.
    pub stagger: u64,
    /// The gate must stay green for so long.
    pub settle: u64,
    /// The gate must turn green within this.
    pub gate_timeout: u64,
    /// Between two looks at a gate.
    pub gate_every: u64,
    /// No node begins later than this after the start; waiting for a person doesn't count.
    pub deadline: Option<u64>,
    /// Something is to be run where a node has failed.
    pub has_on_fail: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            batches: vec![Share::Nodes(1)],
            canary: 0,
            auto_promote: false,
            order: Order::Inventory,
            spread: None,
            min_up: None,
            max_failures: Share::Nodes(0),
            ignore_unreachable: false,
            stagger: 0,
            settle: 0,
            gate_timeout: 300_000,
            gate_every: 1_000,
            deadline: None,
            has_on_fail: false,
        }
    }
}

impl Options {
    /// How many of so many nodes may be down at once; none without a limit.
    pub fn most_down(&self, all: usize) -> Option<usize> {
        self.min_up.map(|share| all.saturating_sub(share.up(all)))
    }
}
