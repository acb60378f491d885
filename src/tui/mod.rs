//! The terminal's end: keys in, frames out, effects carried out.

pub mod backend;
pub mod depth;
mod pen;
