//! One run of a screen: wait for whatever comes first, drain, draw if due.

use std::{io, sync::Arc, time::Duration};

use crossterm::event::Event as Raw;
use futures::{FutureExt, Stream, StreamExt};
use tokio::{
    sync::watch,
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until},
};

use super::{
    Ended, Program, Screen, Source, clipboard,
    driver::{Driver, Local},
    pace::Pace,
    term::{Signal, Signals, Terminal},
};
use crate::{
    fleet::Snapshot,
    ssh::{Prompt, PromptId},
    ui::event::Event,
};

/// Events taken in before the next frame is considered, so that held keys can't keep the screen from moving.
const BATCH: usize = 256;
const SECOND: Duration = Duration::from_secs(1);
/// How soon an order that found no room is tried again.
const AGAIN: Duration = Duration::from_millis(20);

/// Everything that a run owns.
pub(crate) struct Session<'a, P, S, I> {
    program: &'a mut P,
    source: &'a S,
    screen: Screen<I>,
    feeds: Feeds,
    driver: Driver,
    pace: Pace,
    asked: Vec<PromptId>,
    ended: Option<Ended>,
    suspended: bool,
    /// Goes out with the next frame.
    clipboard: Vec<u8>,
}

/// What can wake a run, besides the person and the writer.
struct Feeds {
    signals: Signals,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    prompts: watch::Receiver<Arc<Vec<Prompt>>>,
    ticks: Interval,
}

/// What woke it.
enum Wake {
    Signal(Signal),
    Input(Option<io::Result<Raw>>),
    Written(io::Result<()>),
    Frame,
    Order,
    Prompts,
    Snapshot,
    Tick,
    FleetGone,
}

impl<'a, P: Program, S: Source, I> Session<'a, P, S, I>
where
    I: Stream<Item = io::Result<Raw>> + Unpin,
{
    pub(crate) fn start(program: &'a mut P, source: &'a S, screen: Screen<I>) -> io::Result<Self> {
        // On whole seconds of the fleet's clock, so that ages change together.
        let rest = Duration::from_millis(1000 - source.now().0 % 1000);
        let mut ticks = interval_at(Instant::now() + rest, SECOND);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let feeds = Feeds {
            signals: Signals::listen()?,
            snapshots: source.snapshots(),
            prompts: source.prompts(),
            ticks,
        };
        Ok(Self {
            program,
            source,
            screen,
            feeds,
            driver: Driver::default(),
            pace: Pace::new(),
            asked: Vec::new(),
            ended: None,
            suspended: false,
            clipboard: Vec::new(),
        })
    }

    pub(crate) async fn run(mut self) -> io::Result<Ended> {
        let result = self.turn_until_ended().await;
        self.screen.output.finish().await;
        result
    }

    async fn turn_until_ended(&mut self) -> io::Result<Ended> {
        let size = self.screen.lean.size();
        self.tell(Event::Resize(size.width, size.height));
        self.tell_time();
        self.take_snapshot();
        self.take_prompts();
        self.draw()?;
        loop {
            let order_waits = self.driver.send(self.source);
            if let Some(ended) = self.ended {
                return Ok(ended);
            }
            let wake = self.wait(order_waits).await;
            self.take(wake)?;
            self.drain()?;
            if self.suspended {
                self.suspend().await?;
            }
            self.draw_if_due()?;
        }
    }

    /// The next thing that happens. Every branch is cancel-safe: streams, channels and timers keep what isn't taken.
    async fn wait(&mut self, order_waits: bool) -> Wake {
        let now = Instant::now();
        let frame_waits = self.wants_frame() && !self.screen.output.is_busy();
        let (draw_at, take_at) = (self.pace.draw_at(now), self.pace.take_at(now));
        let Screen { input, output, .. } = &mut self.screen;
        let Feeds {
            signals,
            snapshots,
            prompts,
            ticks,
        } = &mut self.feeds;
        let snapshot = async {
            sleep_until(take_at).await;
            snapshots.changed().await
        };
        tokio::select! {
            biased;
            signal = signals.next() => Wake::Signal(signal),
            raw = input.next() => Wake::Input(raw),
            written = output.done() => Wake::Written(written),
            () = sleep_until(draw_at), if frame_waits => Wake::Frame,
            () = sleep_until(now + AGAIN), if order_waits => Wake::Order,
            alive = prompts.changed() => alive.map_or(Wake::FleetGone, |()| Wake::Prompts),
            alive = snapshot => alive.map_or(Wake::FleetGone, |()| Wake::Snapshot),
            _ = ticks.tick() => Wake::Tick,
        }
    }

    fn take(&mut self, wake: Wake) -> io::Result<()> {
        match wake {
            Wake::Signal(Signal::Terminate) => self.end(Ended::Terminated),
            Wake::Signal(Signal::HangUp) | Wake::Input(None | Some(Err(_))) => {
                self.end(Ended::HungUp);
            }
            Wake::Signal(Signal::Resume) => {
                let resumed = self.resume();
                self.unless_gone(resumed)?;
            }
            Wake::Input(Some(Ok(raw))) => self.take_input(raw),
            Wake::Written(written) => self.unless_gone(written)?,
            Wake::Frame | Wake::Order => {}
            Wake::Prompts => self.take_prompts(),
            Wake::Snapshot => self.take_snapshot(),
            Wake::Tick => self.take_tick(),
            Wake::FleetGone => return Err(io::Error::other("the fleet ended by itself")),
        }
        Ok(())
    }

    /// Takes in what is ready already, so that one frame shows it all.
    fn drain(&mut self) -> io::Result<()> {
        for _ in 0..BATCH {
            if self.ended.is_some() || self.suspended {
                break;
            }
            let Some(raw) = self.screen.input.next().now_or_never() else {
                break;
            };
            self.take(Wake::Input(raw))?;
        }
        let written = self.screen.output.done().now_or_never();
        self.unless_gone(written.unwrap_or(Ok(())))
    }

    /// What can't be done with a terminal that is gone is no failure.
    fn unless_gone(&mut self, done: io::Result<()>) -> io::Result<()> {
        if done.is_err() {
            self.end_if_gone();
        }
        if self.ended == Some(Ended::HungUp) {
            Ok(())
        } else {
            done
        }
    }

    fn take_tick(&mut self) {
        self.end_if_gone();
        self.tell_time();
    }

    fn end_if_gone(&mut self) {
        let terminal = self.screen.terminal.as_ref();
        if terminal.is_some_and(Terminal::is_gone) {
            self.end(Ended::HungUp);
        }
    }

    /// The first reason counts.
    fn end(&mut self, why: Ended) {
        self.ended.get_or_insert(why);
    }

    fn take_input(&mut self, raw: Raw) {
        let Some(event) = self.screen.decoder.event(raw) else {
            return;
        };
        self.pace.hurry();
        if !self.asked.is_empty() {
            self.tell_time();
        }
        if let Event::Resize(columns, rows) = event {
            self.screen.lean.resize((columns, rows).into());
        }
        self.tell(event);
    }

    fn take_snapshot(&mut self) {
        self.pace.taken(Instant::now());
        let snapshot = self.feeds.snapshots.borrow_and_update().clone();
        self.tell(Event::Snapshot(snapshot));
    }

    /// The fleet says which questions wait; the screen is told which came and which went.
    fn take_prompts(&mut self) {
        let waiting = self.feeds.prompts.borrow_and_update().clone();
        let ids: Vec<PromptId> = waiting.iter().map(|prompt| prompt.id).collect();
        let before = std::mem::replace(&mut self.asked, ids.clone());
        if ids != before {
            self.pace.hurry();
            self.tell_time();
        }
        for gone in before.iter().filter(|id| !ids.contains(id)) {
            self.tell(Event::PromptGone(*gone));
        }
        for new in waiting.iter().filter(|new| !before.contains(&new.id)) {
            self.tell(Event::Prompt(new.clone()));
        }
    }

    /// A question takes a yes only when it was on the screen for a while: a second between ticks is too coarse for that.
    fn tell_time(&mut self) {
        self.tell(Event::Tick(self.source.now()));
    }

    fn tell(&mut self, event: Event) {
        for effect in self.program.update(event) {
            match self.driver.take(effect) {
                Some(Local::Quit) => self.end(Ended::Quit),
                Some(Local::Suspend) => self.suspended = self.screen.terminal.is_some(),
                Some(Local::Redraw) => self.repaint(),
                Some(Local::Copy(text)) => self.clipboard = clipboard::offer(&text),
                None => {}
            }
        }
    }

    fn repaint(&mut self) {
        self.screen.lean.repaint();
        self.pace.hurry();
    }

    /// Stops the job, when the frame on its way is written.
    async fn suspend(&mut self) -> io::Result<()> {
        self.suspended = false;
        if self.screen.output.is_busy() {
            let written = tokio::time::timeout(SECOND, self.screen.output.done()).await;
            written.unwrap_or(Ok(()))?;
        }
        if let Some(terminal) = &mut self.screen.terminal {
            terminal.suspend(&mut self.feeds.signals).await?;
        }
        self.catch_up()
    }

    /// Something stopped the process from outside, and it goes on.
    fn resume(&mut self) -> io::Result<()> {
        if let Some(terminal) = &mut self.screen.terminal {
            terminal.retake()?;
        }
        self.catch_up()
    }

    /// The terminal may look different and have another size: SIGWINCH goes to the foreground only.
    fn catch_up(&mut self) -> io::Result<()> {
        if let Some(terminal) = &self.screen.terminal {
            let size = terminal.size()?;
            self.take_input(Raw::Resize(size.width, size.height));
        }
        self.repaint();
        self.draw()
    }

    fn draw_if_due(&mut self) -> io::Result<()> {
        let now = Instant::now();
        if self.ended.is_none() && self.wants_frame() && now >= self.pace.draw_at(now) {
            self.draw()?;
        }
        Ok(())
    }

    fn wants_frame(&self) -> bool {
        self.program.is_dirty() || self.screen.lean.is_wiped() || !self.clipboard.is_empty()
    }

    /// Draws when the writer is free; otherwise it is done when it becomes free.
    fn draw(&mut self) -> io::Result<()> {
        let Screen {
            lean,
            output,
            terminal,
            ..
        } = &mut self.screen;
        if terminal.as_ref().is_some_and(Terminal::is_lost) {
            return Err(io::Error::other(
                "a part of the program panicked; see the report above",
            ));
        }
        let Some(mut frame) = output.take() else {
            return Ok(());
        };
        let program = &mut *self.program;
        lean.draw(&mut frame, program.ground(), |area, buffer| {
            program.render(area, buffer);
        });
        frame.append(&mut self.clipboard);
        self.pace.drawn(Instant::now());
        output.put(frame)
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
