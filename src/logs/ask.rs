//! A short command on a node, and what it says.

use std::{pin::pin, time::Duration};

use tokio::time::sleep;

use super::hear::{Ear, Heard, Text};
use crate::{
    node::text::SafeText,
    ssh::{End, Session},
    store,
};

/// For a node to say what it has; docker may take its time.
pub(super) const LOOK: Duration = Duration::from_secs(30);

/// Of an answer, no more is read.
pub(super) const ANSWER: usize = 4 << 20;

/// Machines are busy: between a clock and the word of it may lie so much. Clocks that are kept in step differ by less.
const BUSY_US: i64 = 50_000;

/// What a node has said to a short command.
pub(super) struct Asked {
    pub(super) text: Vec<u8>,
    pub(super) complaint: Option<SafeText>,
    /// Asked again, it says the same.
    pub(super) is_refused: bool,
    /// When its first word came, in ms since 1970, and how long a word took there and back.
    at_ms: u64,
    round_ms: u64,
}

impl Asked {
    /// How far its clock is ahead of ours, in microseconds: nothing where the way there may be all of it.
    pub(super) fn skew(&self, clock: Option<(i64, i64)>) -> i64 {
        let Some((clock_us, coarse_us)) = clock else {
            return 0;
        };
        let round_us = self.round_ms as i64 * 1_000;
        let ours_us = self.at_ms as i64 * 1_000 + 500 - round_us / 2;
        let skew_us = clock_us - ours_us;
        let doubt_us = round_us / 2 + coarse_us + BUSY_US;
        if skew_us.abs() <= doubt_us {
            0
        } else {
            skew_us
        }
    }
}

/// Runs a short command to its end.
pub(super) async fn ask(session: &Session, text: &Text<'_>) -> Result<Asked, SafeText> {
    let mut late = pin!(sleep(LOOK));
    let sent_ms = store::now_ms();
    let begun = tokio::select! {
        biased;
        begun = Ear::begin(session, text) => begun,
        () = &mut late => return Err(too_late()),
    };
    let mut ear = begun.map_err(|error| SafeText::from(error.to_string().as_str()))?;
    // A channel is opened and a command started: there and back twice.
    let round_ms = store::now_ms().saturating_sub(sent_ms) / 2;
    let (mut said, mut at_ms) = (Vec::new(), None);
    loop {
        let heard = tokio::select! {
            biased;
            // First: one that talks without end is late too.
            () = &mut late => return Err(too_late()),
            heard = ear.next() => heard,
        };
        match heard {
            Heard::Out(bytes) => {
                at_ms = at_ms.or_else(|| Some(store::now_ms()));
                if said.len() < ANSWER {
                    said.extend_from_slice(&bytes);
                }
            }
            Heard::Err(_) | Heard::Begun => {}
            Heard::Asks => {
                ear.tell_password().await;
                // The time that a person takes is not the node's.
                late.set(sleep(LOOK));
            }
            Heard::End(end) => {
                return Ok(Asked {
                    text: said,
                    complaint: ear.complaint(),
                    is_refused: end != End::Lost,
                    at_ms: at_ms.unwrap_or(0),
                    round_ms,
                });
            }
        }
    }
}

fn too_late() -> SafeText {
    let seconds = LOOK.as_secs();
    format!("the node took more than {seconds} s to say what it has")
        .as_str()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(at_ms: u64, round_ms: u64) -> Asked {
        Asked {
            text: Vec::new(),
            complaint: None,
            is_refused: false,
            at_ms,
            round_ms,
        }
    }

    #[test]
    fn a_clock_is_wrong_only_beyond_what_the_way_takes() {
        assert_eq!(asked(1_000_000, 200).skew(None), 0);
        // Told 100 ms ago.
        assert_eq!(asked(1_000_000, 200).skew(Some((999_900_000, 0))), 0);
        assert_eq!(
            asked(1_000_000, 200).skew(Some((999_980_000, 0))),
            0,
            "in doubt"
        );
        assert_eq!(
            asked(1_000_000, 200).skew(Some((1_009_900_500, 0))),
            10_000_000
        );
        assert_eq!(asked(1_000_000, 2).skew(Some((997_999_500, 0))), -2_000_000);
        assert_eq!(
            asked(1_000_000, 2).skew(Some((1_000_400_000, 500_000))),
            0,
            "whole seconds"
        );
    }
}
