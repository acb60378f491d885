//! Everything that can happen to the screen.

use std::sync::Arc;

use crokey::KeyCombination;

use crate::{
    fleet::{Millis, Snapshot},
    ssh::{Prompt, PromptId},
};

/// One happening; `App::update` is its only reader.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key.
    Key(KeyCombination),
    /// Pasted text: never a key.
    Paste(String),
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// New data.
    Snapshot(Arc<Snapshot>),
    /// A question for the person.
    Prompt(Prompt),
    /// That question is answered elsewhere, or too late.
    PromptGone(PromptId),
    /// Time passes.
    Tick(Millis),
}
