//! The words for what a roll comes to, in journals and JSON. Pure.

use super::{End, Reason, Standing};
use crate::store::roll;

impl End {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unreached => "unreached",
            Self::Cut => "cut",
        }
    }
}

impl From<End> for roll::End {
    fn from(end: End) -> Self {
        match end {
            End::Done => Self::Done,
            End::Failed => Self::Failed,
            End::Unreached => Self::Unreached,
            End::Cut => Self::Cut,
        }
    }
}

impl Reason {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failures => "failures",
            Self::Deadline => "deadline",
            Self::MinUp => "min-up",
            Self::Interrupted => "interrupted",
            Self::Aborted => "aborted",
            Self::Broken => "broken",
        }
    }

    /// What it means, for a person.
    pub fn text(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failures => "stopped: more nodes failed than --max-failures allows",
            Self::Deadline => "stopped: the time of --deadline is over",
            Self::MinUp => {
                "stopped: with one more node down, fewer would be up than --min-up wants"
            }
            Self::Interrupted => "interrupted",
            Self::Aborted => "aborted",
            Self::Broken => "stopped: something of sshoal's own failed",
        }
    }
}

impl Standing {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Going => "going",
            Self::Paused => "paused",
            Self::Promotion => "canary",
            Self::Stopping(_) => "stopping",
            Self::Over(reason) => reason.as_str(),
        }
    }
}
