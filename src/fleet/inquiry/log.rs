//! A part of the audit log, read for a page. All of it blocks.

use std::{collections::VecDeque, path::Path, time::Duration};

use crate::{
    node::set::NodeSet,
    store::{
        self,
        audit::{Error, Filter, Head, Reader, RunId, Stored, Verdict},
    },
};

/// Records of one page: a log of years is read by its last ones, or narrowed.
const MOST: usize = 10_000;

/// What of the log is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogWish {
    /// Records.
    Records {
        /// Of at most so long ago.
        since: Option<Duration>,
        /// Of these nodes.
        nodes: Option<NodeSet>,
        /// Of this run.
        run: Option<RunId>,
    },
    /// Whether the chain is whole.
    Verify,
    /// Where it ends.
    Head,
}

/// What was found.
#[derive(Debug)]
pub enum LogPage {
    /// The last records that were wanted.
    Records {
        /// Oldest first.
        records: Vec<Stored>,
        /// How many there were before them.
        left_out: usize,
        /// Lines that can't be read.
        troubles: Vec<String>,
    },
    /// Of the whole chain.
    Verdict(Verdict),
    /// The end.
    Head(Head),
}

pub(super) fn read(folder: &Path, wish: &LogWish) -> Result<LogPage, Error> {
    let reader = Reader::open(folder)?;
    match wish {
        LogWish::Verify => reader.verify().map(LogPage::Verdict),
        LogWish::Head => reader.head().map(LogPage::Head),
        LogWish::Records { since, nodes, run } => {
            let now = store::now_ms();
            let filter = Filter {
                since_ms: since.map(|since| now.saturating_sub(since.as_millis() as u64)),
                nodes: nodes.clone(),
                run: run.clone(),
                failed: false,
            };
            Ok(records(&reader, &filter))
        }
    }
}

fn records(reader: &Reader, filter: &Filter) -> LogPage {
    let (mut last, mut left_out, mut troubles) = (VecDeque::new(), 0, Vec::new());
    for stored in reader.records(filter) {
        match stored {
            Ok(stored) => {
                if last.len() == MOST {
                    last.pop_front();
                    left_out += 1;
                }
                last.push_back(stored);
            }
            Err(error) => troubles.push(error.to_string()),
        }
    }
    LogPage::Records {
        records: last.into(),
        left_out,
        troubles,
    }
}
