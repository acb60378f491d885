//! One attempt at a log: where it is, and what is due.

use std::{future::pending, time::Duration};

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{
    reading::Reading,
    source::Kind,
    spots::{Spot, Spots},
};
use crate::exec::nonce::Nonce;

/// Between two looks at the name of a file: until one of them, a new file of that name isn't read.
const LOOK: Duration = Duration::from_secs(2);

/// Where an attempt is.
pub(super) struct Course {
    /// Between the bytes of a file.
    pub(super) spots: Option<Spots>,
    /// When the node is told to look at the name of its file.
    looks: Option<Interval>,
    /// It waits to be told how far its file was had.
    pub(super) is_asked: bool,
    /// What was there when it began is still coming.
    pub(super) is_behind: bool,
    /// When it began, by our clock.
    begun_us: i64,
}

impl Course {
    pub(super) fn new(kind: &Kind, nonce: &Nonce, begun_us: i64) -> Self {
        Self {
            spots: (*kind == Kind::File).then(|| Spots::new(nonce)),
            looks: None,
            is_asked: false,
            is_behind: true,
            begun_us,
        }
    }

    /// What the node wants.
    pub(super) fn heed(&mut self, spot: Spot) {
        match spot {
            Spot::Waits => {
                let mut looks = interval(LOOK);
                looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                self.looks = Some(looks);
            }
            Spot::Asks => self.is_asked = true,
            _ => {}
        }
    }

    /// When the next look is due; never where none is wanted. Cancel-safe.
    pub(super) async fn look(&mut self) {
        match &mut self.looks {
            Some(looks) => drop(looks.tick().await),
            None => pending().await,
        }
    }

    /// What was there when it began has just come. Only a file says how much that is; of others it is told by the time of
    /// a line, which `has_lines` says there is.
    pub(super) fn is_past(&self, reading: &Reading, has_lines: bool) -> bool {
        self.is_behind
            && if self.spots.is_some() {
                reading.is_caught_up()
            } else {
                has_lines && reading.is_past(self.begun_us)
            }
    }
}
