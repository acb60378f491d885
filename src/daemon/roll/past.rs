//! What the journal of a roll says of its nodes, for a process that goes on with it. Pure.

use crate::store::roll::{End, Note, Record};

/// How far a node got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trace {
    /// Never begun.
    #[default]
    Untouched,
    /// Begun, to no good end.
    Begun {
        /// All steps before the gate did well, and nothing ended it since.
        is_restarted: bool,
    },
    /// Rolled.
    Done,
}

/// What an earlier process has left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// By place; nodes beyond its end are untouched.
    pub nodes: Vec<Trace>,
    /// The canaries were found good.
    pub is_promoted: bool,
}

impl Past {
    /// Of a roll of so many nodes, by any beginning of its journal.
    pub fn of<'r>(nodes: usize, records: impl IntoIterator<Item = &'r Record>) -> Self {
        let mut past = Self {
            nodes: vec![Trace::Untouched; nodes],
            is_promoted: false,
        };
        for record in records {
            past.take(record);
        }
        past
    }

    fn take(&mut self, record: &Record) {
        let begun = |is_restarted| Trace::Begun { is_restarted };
        let (place, trace) = match record {
            Record::Begin { place } => (place, begun(false)),
            Record::Worked { place } => (place, begun(true)),
            Record::Node { place, end, .. } => match end {
                End::Done => (place, Trace::Done),
                // It is done anew: what has failed once is not green by waiting.
                End::Failed | End::Unreached => (place, begun(false)),
                End::Cut => return,
            },
            Record::Note { what } => {
                self.is_promoted |= *what == Note::Promote;
                return;
            }
            _ => return,
        };
        if let Some(node) = self.nodes.get_mut(*place) {
            *node = trace;
        }
    }
}
