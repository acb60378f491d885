//! The terminal of this process as a screen, and the fleet of this process as its source.

use std::{io, sync::Arc};

use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use tokio::sync::{mpsc::error::TrySendError, watch};

use super::{
    Program, Screen, Source, Typed,
    backend::Lean,
    depth,
    input::Decoder,
    output::Output,
    term::{self, Terminal},
};
use crate::{
    fleet::{Fleet, Millis, Order, Snapshot},
    ssh::Prompt,
    ui::{App, effect::Effect, event::Event, theme::Depth},
};

impl Screen<Typed> {
    /// Takes the terminal of this process; `term` is its `$TERM`.
    pub fn local(depth: Depth, term: Option<&str>) -> io::Result<Self> {
        let terminal = Terminal::take()?;
        let size = terminal.size()?;
        Ok(Self {
            input: Typed::default(),
            decoder: Decoder::default(),
            lean: Lean::new(size, depth, depth::keeps_background(term)),
            output: Output::start(term::writer()?)?,
            terminal: Some(terminal),
        })
    }
}

impl Source for Fleet {
    fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        Self::snapshots(self)
    }

    fn prompts(&self) -> watch::Receiver<Arc<Vec<Prompt>>> {
        Self::prompts(self)
    }

    fn now(&self) -> Millis {
        self.clock().now()
    }

    fn send(&self, effect: Effect) -> Result<(), Effect> {
        let Some(order) = order(effect.clone()) else {
            return Ok(());
        };
        match self.orders().try_send(order) {
            Err(TrySendError::Full(_)) => Err(effect),
            // A fleet that is gone needs no orders.
            Ok(()) | Err(TrySendError::Closed(_)) => Ok(()),
        }
    }
}

/// What the fleet does of the screen's wishes; the rest is done at this end.
fn order(effect: Effect) -> Option<Order> {
    match effect {
        Effect::Answer(id, answer) => Some(Order::Answer(id, answer)),
        Effect::Forget => Some(Order::Forget),
        Effect::Focus(node) => Some(Order::Focus(node)),
        Effect::Retry(nodes) => Some(Order::Retry(nodes)),
        Effect::Connections(is_wanted) => Some(Order::Connections(is_wanted)),
        Effect::Run(run) => Some(Order::Run(run)),
        Effect::CancelRun(run, what) => Some(Order::CancelRun(run, what)),
        Effect::ForgetRun(run) => Some(Order::ForgetRun(run)),
        Effect::SaveRun(run) => Some(Order::SaveRun(run)),
        Effect::Follow(logs) => Some(Order::Follow(logs)),
        Effect::Unfollow(logs) => Some(Order::Unfollow(logs)),
        Effect::SaveLines(logs, lines) => Some(Order::SaveLines(logs, lines)),
        Effect::Roll(wish) => Some(Order::Roll(wish)),
        Effect::SteerRoll(id, note) => Some(Order::SteerRoll(id, note)),
        Effect::ForgetRoll(id) => Some(Order::ForgetRoll(id)),
        Effect::Inquire(inquiry) => Some(Order::Inquire(inquiry)),
        Effect::Quit | Effect::Suspend | Effect::Redraw | Effect::Copy(_) => None,
    }
}

impl Program for App {
    fn update(&mut self, event: Event) -> Vec<Effect> {
        Self::update(self, event)
    }

    fn ground(&self) -> Style {
        Self::ground(self)
    }

    fn render(&mut self, area: Rect, buffer: &mut Buffer) {
        self.render_on_ground(area, buffer);
        self.drawn();
    }

    fn is_dirty(&self) -> bool {
        Self::is_dirty(self)
    }
}
