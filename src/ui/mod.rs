//! The screen as a pure program: `App::update(Event) -> Vec<Effect>`, `App::render`. The only module that draws.

mod app;
pub mod effect;
pub mod event;
pub mod format;
pub mod glyph;
mod header;
mod layer;
pub mod order;
pub mod palette;
mod sign;
pub mod theme;
pub mod view;
pub mod widget;

pub use app::{App, Settings};
