//! An order for a roll that another process drives: given, and waited for until that process has taken it.

use std::{thread, time::Duration};

use super::{Error, Folder, Order, Record};
use crate::store::audit::RunId;

/// For whoever drives a roll to take an order.
const PATIENCE: Duration = Duration::from_secs(3);

/// Between two looks whether it has.
const LOOK: Duration = Duration::from_millis(50);

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steered {
    /// It is in the roll's journal.
    Taken,
    /// Nobody has taken it in time.
    NotTaken,
    /// No process drives the roll: nothing was ordered.
    NotDriven,
}

impl Folder {
    /// Orders something of a roll. Blocks for three seconds at most.
    pub fn steer(&self, id: &RunId, order: Order) -> Result<Steered, Error> {
        let before = self.read(id)?;
        if !before.is_driven {
            return Ok(Steered::NotDriven);
        }
        order.give(&self.control(id))?;
        let wanted = order.note();
        let looks = PATIENCE.as_millis() / LOOK.as_millis();
        for _ in 0..looks {
            thread::sleep(LOOK);
            let now = self.read(id)?;
            let mut new = now.lines.iter().skip(before.lines.len());
            let is_taken =
                |record: &Record| matches!(record, Record::Note { what } if *what == wanted);
            if new.any(|line| is_taken(&line.record)) {
                return Ok(Steered::Taken);
            }
        }
        Ok(Steered::NotTaken)
    }
}
