//! The task behind one command over SSH: opens the channel, starts the command, and always drains it, since a channel that nobody reads stops its whole connection inside russh.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use russh::{
    ChannelMsg, ChannelOpenFailure, ChannelReadHalf, ChannelWriteHalf, Sig,
    client::{Handle, Msg},
};
use tokio::{sync::oneshot, time::timeout};

use super::{
    End, Error, Output, Step,
    channel::{Feed, piece},
    connection::Place,
    connector::Shared,
    events::Events,
    link::Writer,
};
use crate::node::Transport;

/// A full queue may hold up the connection's other channels for so long, then its channel is given up. A reader that
/// is merely slow sets the pace and loses nothing.
const STALL_TIMEOUT: Duration = Duration::from_secs(5);

/// For the message that closes a channel to be taken by the connection.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Standard error among the kinds of extended data (RFC 4254, 5.2).
const STDERR: u32 = 1;

/// Feeds one channel.
pub(super) struct Pump {
    pub(super) feed: Feed,
    /// Held until the channel is closed on the server too.
    pub(super) _place: Place,
    /// Told once, when the command has started or was refused.
    pub(super) started: Option<oneshot::Sender<Result<Writer, Error>>>,
    pub(super) shared: Arc<Shared>,
    pub(super) transport: Transport,
}

/// What the server has said of the command's end.
#[derive(Default)]
struct Heard {
    end: Option<End>,
    /// The output is complete: an exit status alone may come before the last of it.
    complete: bool,
    closed: bool,
}

impl Pump {
    /// Runs until the command has ended, its reader has left or the connection is gone. It waits for the channel to
    /// open even when nobody wants it any more: otherwise the server would keep it open for nothing.
    pub(super) async fn run(mut self, handle: Arc<Handle<Events>>, command: String) {
        let channel = match handle.channel_open_session().await {
            Ok(channel) => channel,
            Err(error) => return self.refused(&error),
        };
        let (mut reader, writer) = channel.split();
        let writer = Arc::new(writer);
        let mut heard = Heard::default();
        if !self.feed.gone.is_cancelled() {
            match writer.exec(true, command).await {
                Ok(()) => self.drain(&mut reader, &writer, &mut heard).await,
                Err(error) => return self.refused(&error),
            }
        }
        // The reading half goes first: a connection that waits for it would not take the message below.
        drop(reader);
        if !heard.closed {
            close(&writer).await;
        }
        if let (Some(end), true) = (heard.end, heard.complete) {
            self.feed.end(end);
        }
    }

    async fn drain(
        &mut self,
        reader: &mut ChannelReadHalf,
        writer: &Arc<ChannelWriteHalf<Msg>>,
        heard: &mut Heard,
    ) {
        let gone = self.feed.gone.clone();
        while !heard.closed {
            let message = tokio::select! {
                biased;
                () = gone.cancelled() => return,
                message = reader.wait() => message,
            };
            let Some(message) = message else {
                heard.closed = true;
                return;
            };
            let Some(output) = self.hear(message, writer, heard) else {
                continue;
            };
            match timeout(STALL_TIMEOUT, self.feed.put(output)).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => return self.overrun(),
            }
        }
    }

    fn hear(
        &mut self,
        message: ChannelMsg,
        writer: &Arc<ChannelWriteHalf<Msg>>,
        heard: &mut Heard,
    ) -> Option<Output> {
        match message {
            ChannelMsg::Data { data } => return piece(data, Output::Stdout),
            ChannelMsg::ExtendedData { data, ext: STDERR } => return piece(data, Output::Stderr),
            ChannelMsg::Success => self.tell(Ok(Writer::new(Arc::clone(writer)))),
            ChannelMsg::Failure => {
                let reason = "the server refused to start the command";
                self.tell(Err(Error::new(Step::Exec, self.transport, reason)));
            }
            ChannelMsg::ExitStatus { exit_status } => heard.end = Some(End::Exit(exit_status)),
            ChannelMsg::ExitSignal { signal_name, .. } => {
                heard.end = Some(End::Signal(signal_text(&signal_name)));
            }
            ChannelMsg::Eof => heard.complete = true,
            ChannelMsg::Close => {
                heard.complete = true;
                heard.closed = true;
            }
            _ => {}
        }
        None
    }

    fn tell(&mut self, outcome: Result<Writer, Error>) {
        if let Some(started) = self.started.take() {
            // Nobody waiting any more shows as a reader that is gone.
            let _ = started.send(outcome);
        }
    }

    /// Any other error is the connection's, whose end tells more; saying nothing points there.
    fn refused(&mut self, error: &russh::Error) {
        if let russh::Error::ChannelOpenFailure(failure) = error {
            let error = Error::new(Step::Channel, self.transport, &refusal(failure))
                .advise("sshd allows 10 sessions per connection by default (MaxSessions)");
            self.tell(Err(error));
        }
    }

    fn overrun(&self) {
        self.shared.overruns.fetch_add(1, Ordering::Relaxed);
        tracing::warn!("a channel's output was not read for {STALL_TIMEOUT:?}: closed");
    }
}

fn refusal(failure: &ChannelOpenFailure) -> String {
    let why = match failure {
        ChannelOpenFailure::AdministrativelyProhibited => "prohibited",
        ChannelOpenFailure::ConnectFailed => "no session left",
        ChannelOpenFailure::UnknownChannelType => "unknown to it",
        ChannelOpenFailure::ResourceShortage => "short of resources",
        ChannelOpenFailure::Other { reason, .. } => reason,
    };
    format!("the server refused a channel: {why}")
}

async fn close(writer: &ChannelWriteHalf<Msg>) {
    if !matches!(timeout(CLOSE_TIMEOUT, writer.close()).await, Ok(Ok(()))) {
        tracing::debug!("the connection went before its channel was closed");
    }
}

/// The signal's name; one of the server's own making is cut down to what a name may hold.
fn signal_text(signal: &Sig) -> String {
    let name = match signal {
        Sig::Custom(name) => name.clone(),
        known => format!("{known:?}"),
    };
    let plain = |c: &char| c.is_ascii_alphanumeric() || "@.-_".contains(*c);
    name.chars().filter(plain).take(32).collect()
}
