//! What is typed at this process's terminal, read on a thread of its own: where a terminal goes while crossterm reads from
//! it, crossterm never comes back.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    thread,
};

use crossterm::event::{self, Event};
use futures::Stream;
use tokio::sync::mpsc::{self, Receiver};

/// Events that may wait; the terminal keeps those after them.
const WAITING: usize = 64;

/// Events as they come, from the first time that somebody asks for one: before, the terminal may be asked for other things.
#[derive(Debug, Default)]
pub struct Typed(Option<Receiver<io::Result<Event>>>);

impl Stream for Typed {
    type Item = io::Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let events = match self.0.take() {
            Some(events) => events,
            None => match start() {
                Ok(events) => events,
                Err(error) => return Poll::Ready(Some(Err(error))),
            },
        };
        self.0.insert(events).poll_recv(context)
    }
}

/// Reads until nobody listens, or nothing can be read.
fn start() -> io::Result<Receiver<io::Result<Event>>> {
    let (to, events) = mpsc::channel(WAITING);
    thread::Builder::new()
        .name("typed".to_owned())
        .spawn(move || {
            loop {
                let read = event::read();
                let is_last = read.is_err();
                if to.blocking_send(read).is_err() || is_last {
                    break;
                }
            }
        })?;
    Ok(events)
}
