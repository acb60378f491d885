//! Carries out what the screen asks for.

use std::collections::VecDeque;

use super::Source;
use crate::ui::effect::Effect;

/// What this end of the line does itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Local {
    /// Leave.
    Quit,
    /// Stop the job.
    Suspend,
    /// Wipe and draw.
    Redraw,
    /// Offer this text to the terminal's clipboard.
    Copy(String),
}

/// Orders to the fleet that wait for room; a person makes few, so they wait here and none is lost.
#[derive(Debug, Default)]
pub(crate) struct Driver {
    waiting: VecDeque<Effect>,
}

impl Driver {
    /// Takes one effect; what is not for the fleet comes back.
    pub(crate) fn take(&mut self, effect: Effect) -> Option<Local> {
        match effect {
            Effect::Quit => Some(Local::Quit),
            Effect::Suspend => Some(Local::Suspend),
            Effect::Redraw => Some(Local::Redraw),
            Effect::Copy(text) => Some(Local::Copy(text)),
            Effect::Focus(_) => {
                // Only the newest counts.
                self.waiting.retain(|old| !matches!(old, Effect::Focus(_)));
                self.waiting.push_back(effect);
                None
            }
            Effect::Answer(..)
            | Effect::Retry(_)
            | Effect::Connections(_)
            | Effect::Forget
            | Effect::Run(_)
            | Effect::CancelRun(..)
            | Effect::ForgetRun(_)
            | Effect::SaveRun(_)
            | Effect::Follow(_)
            | Effect::Unfollow(_)
            | Effect::SaveLines(..)
            | Effect::Roll(_)
            | Effect::SteerRoll(..)
            | Effect::ForgetRoll(_)
            | Effect::Inquire(_) => {
                self.waiting.push_back(effect);
                None
            }
        }
    }

    /// Sends what there is room for; true when something still waits.
    pub(crate) fn send(&mut self, source: &impl Source) -> bool {
        while let Some(effect) = self.waiting.pop_front() {
            if let Err(effect) = source.send(effect) {
                self.waiting.push_front(effect);
                return true;
            }
        }
        false
    }
}
