//! Lines as they come, in the order of their times.

use std::{pin::pin, time::Duration};

use color_eyre::eyre::Result;
use tokio::time::{sleep, timeout};

use super::{
    Done, Reading,
    print::Printer,
    tell::{Teller, awaited},
};
use crate::{
    cli::{
        Context,
        exec::{
            screen::{Piece, Screen, Trouble},
            signals::Signal,
        },
        exit,
    },
    command::logs::Logs,
    fleet::Clock,
    logs::{Event, Filter, Flow, Line, Order},
};

/// Lines that are printed at once.
const MOST: usize = 1_024;

/// Happenings that are taken in before anything is printed.
const EVENTS: usize = 64;

/// For nodes to say what they have, before a person is told who is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// For what was printed to reach its reader, once the command was cancelled.
const FLUSH: Duration = Duration::from_millis(500);

/// The lines on their way to the screen.
struct Show {
    screen: Screen,
    printer: Printer,
    filter: Filter,
    flow: Flow,
    teller: Teller,
    clock: Clock,
}

pub(super) async fn run(
    context: &mut Context,
    logs: &Logs,
    filter: Filter,
    mut reading: Reading,
) -> Result<Done> {
    let order = reading.order.clone();
    let mut show = Show {
        printer: printer(context, logs, &order),
        screen: Screen::start(&mut context.console, None),
        filter,
        flow: Flow::new(&order),
        teller: Teller::default(),
        clock: Clock::start(),
    };
    let code = show.until(&mut reading).await;
    let state = Some(show.flow.state().clone());
    let closing = show.screen.close();
    let troubles = if code == exit::OK || code == exit::TROUBLE || code == exit::UNREACHED {
        tokio::select! {
            biased;
            signal = reading.signals.next() => {
                let code = signal.code();
                return Ok(Done { code, state });
            }
            troubles = closing => troubles,
        }
    } else {
        // A reader that takes no more doesn't keep a cancelled command.
        timeout(FLUSH, closing).await.unwrap_or_default()
    };
    let broken = troubles.iter().find_map(|trouble| match trouble {
        Trouble::Broken(text) => Some(text.clone()),
        Trouble::NoReader => None,
    });
    match broken {
        Some(text) => Err(color_eyre::eyre::eyre!(text)),
        None => Ok(Done { code, state }),
    }
}

fn printer(context: &Context, logs: &Logs, order: &Order) -> Printer {
    let out = context.console.out_target();
    // One log in a pipe is exactly that.
    let is_one = order.targets.len() == 1 && !logs.has_several() && !out.is_terminal;
    Printer::new(order, out, logs.show.json, !logs.show.no_prefix && !is_one)
        .with_sources(logs.has_several())
}

impl Show {
    /// To the end of all logs, or until somebody ends it; the exit code.
    async fn until(&mut self, reading: &mut Reading) -> u8 {
        let mut late = pin!(sleep(PATIENCE));
        let mut is_told = reading.order.is_followed;
        loop {
            let wait = self.wait();
            let has_room = self.screen.has_room();
            tokio::select! {
                biased;
                signal = reading.signals.next() => {
                    return self.signalled(signal, &reading.order);
                }
                trouble = self.screen.work() => match trouble {
                    None => {}
                    Some(Trouble::NoReader) => return self.teller.code(self.flow.state()),
                    Some(Trouble::Broken(text)) => {
                        self.screen.say(&text);
                        return exit::BROKEN;
                    }
                },
                () = &mut late, if !is_told => {
                    is_told = true;
                    if let Some(nodes) = awaited(self.flow.state()) {
                        self.screen.say(&format!("waiting for {nodes}"));
                    }
                }
                event = reading.events.recv(), if has_room => {
                    let Some(event) = event else {
                        return self.finish().await;
                    };
                    self.take(event, &reading.order);
                    for _ in 0..EVENTS {
                        match reading.events.try_recv() {
                            Ok(event) => self.take(event, &reading.order),
                            Err(_) => break,
                        }
                    }
                    self.print();
                }
                () = sleep(wait.unwrap_or_default()), if has_room && wait.is_some() => {
                    self.print();
                }
            }
        }
    }

    /// Until lines go out that wait now.
    fn wait(&self) -> Option<Duration> {
        let at = self.flow.next_at()?;
        Some(Duration::from_millis(at.saturating_sub(self.clock.now().0)))
    }

    fn take(&mut self, event: Event, order: &Order) {
        if let Some(text) = self.teller.hear(&event, order, self.flow.state()) {
            self.screen.say(&text);
        }
        self.flow.apply(event, self.clock.now().0);
    }

    fn print(&mut self) -> usize {
        let mut lines: Vec<Line> = Vec::new();
        self.flow.pop(self.clock.now().0, &mut lines, MOST);
        let mut text = Vec::new();
        for line in &lines {
            if line.is_gap || self.filter.keeps(line) {
                self.printer.line(line, self.flow.state(), &mut text);
            }
        }
        if !text.is_empty() {
            self.screen.put(Piece::Out(text.into()));
        }
        lines.len()
    }

    /// All has come: what still waits goes out.
    async fn finish(&mut self) -> u8 {
        while self.print() > 0 {
            while !self.screen.has_room() {
                if self.screen.work().await.is_some() {
                    return self.teller.code(self.flow.state());
                }
            }
        }
        self.teller.code(self.flow.state())
    }

    fn signalled(&mut self, signal: Signal, order: &Order) -> u8 {
        // What is here already is not kept back.
        while self.screen.has_room() && self.print() > 0 {}
        match signal {
            Signal::Interrupt if order.is_followed => exit::OK,
            signal => signal.code(),
        }
    }
}
