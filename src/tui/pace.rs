//! When the next frame is due: soon after a key, less soon for data. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// 30 frames a second for what a person does.
const HAND: Duration = Duration::from_millis(33);
/// 4 frames a second for what nodes do.
const DATA: Duration = Duration::from_millis(250);

/// The rhythm of one screen.
#[derive(Debug)]
pub(crate) struct Pace {
    drawn: Option<Instant>,
    taken: Option<Instant>,
    hurry: bool,
}

impl Pace {
    /// The first frame is due at once.
    pub(crate) fn new() -> Self {
        Self {
            drawn: None,
            taken: None,
            hurry: true,
        }
    }

    /// A person did something and watches.
    pub(crate) fn hurry(&mut self) {
        self.hurry = true;
    }

    /// When the next frame may be drawn.
    pub(crate) fn draw_at(&self, now: Instant) -> Instant {
        let gap = if self.hurry { HAND } else { DATA };
        self.drawn.map_or(now, |drawn| drawn + gap)
    }

    /// When the next snapshot is worth taking: no sooner than a frame can show it.
    pub(crate) fn take_at(&self, now: Instant) -> Instant {
        self.taken.map_or(now, |taken| taken + DATA)
    }

    /// A frame was drawn.
    pub(crate) fn drawn(&mut self, now: Instant) {
        self.drawn = Some(now);
        self.hurry = false;
    }

    /// A snapshot was taken.
    pub(crate) fn taken(&mut self, now: Instant) {
        self.taken = Some(now);
    }
}
