//! The screen as a pure program: `App::update(Event) -> Vec<Effect>`, `App::render`. The only module that draws.

pub mod effect;
pub mod event;
pub mod format;
pub mod glyph;
pub mod theme;
pub mod view;
pub mod widget;
