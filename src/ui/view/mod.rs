//! The views: each draws one thing from a snapshot; what they all need to draw is a `Scene`.

pub mod columns;
pub mod confirm;
pub mod daemons;
pub mod fleet;
pub mod heatmap;
pub mod help;
pub mod line;
pub mod logs;
mod newest;
pub mod node;
pub mod page;
pub mod pager;
pub mod pool;
pub mod prompt;
pub mod reason;
pub mod roll;
pub mod rolls;
pub mod run;
pub mod runs;
pub mod scroll;
pub mod table;
pub mod tiles;

use super::{glyph::Glyphs, theme::Theme};
use crate::{
    config::keymap::KeyMap,
    fleet::{Millis, Snapshot},
};

/// What every view draws from.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The data.
    pub snapshot: &'a Snapshot,
    /// Now: ages and staleness are counted to here.
    pub now: Millis,
    /// Colours.
    pub theme: &'a Theme,
    /// Signs.
    pub glyphs: Glyphs,
    /// Keys, for help and hints.
    pub keys: &'a KeyMap,
    /// What is to be said to this person for a moment.
    pub notice: Option<&'a str>,
}
