//! The terminal's end: keys in, frames out, effects carried out.

pub mod backend;
mod clipboard;
pub mod depth;
mod driver;
mod encoder;
pub mod ground;
pub mod input;
mod local;
pub mod output;
mod pace;
mod pen;
mod session;
pub mod term;
mod tile;
mod typed;

use std::{io, sync::Arc};

use crossterm::event::Event as Raw;
use futures::Stream;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use tokio::sync::watch;

use crate::{
    fleet::{Millis, Snapshot},
    ssh::Prompt,
    ui::{effect::Effect, event::Event},
};

pub use self::typed::Typed;
use self::{backend::Lean, input::Decoder, output::Output, session::Session, term::Terminal};

/// What is shown: the screen as a pure program.
pub trait Program {
    /// Takes one event in; what it wishes done comes back.
    fn update(&mut self, event: Event) -> Vec<Effect>;
    /// What all of it is drawn on.
    fn ground(&self) -> Style {
        Style::default()
    }
    /// Draws all of it, on cells that are blank in the style of the ground; clean afterwards.
    fn render(&mut self, area: Rect, buffer: &mut Buffer);
    /// True when a frame would look different from the last one.
    fn is_dirty(&self) -> bool;
}

/// Where data comes from and orders go: the fleet.
pub trait Source {
    /// The newest snapshot.
    fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>>;
    /// The questions that wait.
    fn prompts(&self) -> watch::Receiver<Arc<Vec<Prompt>>>;
    /// The time that snapshots are stamped by.
    fn now(&self) -> Millis;
    /// Passes an order on, or gives it back when there is no room for it now. Never waits.
    fn send(&self, effect: Effect) -> Result<(), Effect>;
}

/// One person's end of the line.
#[derive(Debug)]
pub struct Screen<I> {
    /// Raw events.
    pub input: I,
    /// Makes them ours.
    pub decoder: Decoder,
    /// Makes frames.
    pub lean: Lean,
    /// Writes them.
    pub output: Output,
    /// The terminal itself when it is this process's own.
    pub terminal: Option<Terminal>,
}

/// Why it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As wished.
    Quit,
    /// By SIGTERM or SIGINT.
    Terminated,
    /// The terminal is gone.
    HungUp,
}

/// Shows a program until it is over. The terminal is given back on return.
pub async fn run<I>(
    program: &mut impl Program,
    source: &impl Source,
    screen: Screen<I>,
) -> io::Result<Ended>
where
    I: Stream<Item = io::Result<Raw>> + Unpin,
{
    Session::start(program, source, screen)?.run().await
}
