//! The task behind one command over SSH: opens the channel, starts the command, drains it, and sees to its end.

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
    channel::{Feed, Offer, piece},
    connection::Place,
    connector::Shared,
    events::Events,
    link::Writer,
    pool::Lane,
};
use crate::node::Transport;

/// For a command that nobody wants to end by itself once its input has ended.
const PATIENCE: Duration = Duration::from_secs(1);

/// Output that is thrown away meanwhile.
const FAREWELL_BYTES: usize = 1 << 20;

/// For the messages that close a channel to be taken by the connection.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// What a terminal of ours understands: colours, and no more is promised.
const TERM: &str = "xterm-256color";

/// Standard error among the kinds of extended data (RFC 4254, 5.2).
const STDERR: u32 = 1;

/// Feeds one channel.
pub(super) struct Pump {
    pub(super) feed: Feed,
    /// Held until the server has said that the channel is closed.
    pub(super) place: Option<Place>,
    pub(super) lane: Lane,
    pub(super) is_lossy: bool,
    /// Told once.
    pub(super) started: Option<oneshot::Sender<Start>>,
    pub(super) shared: Arc<Shared>,
    pub(super) transport: Transport,
}

/// What is started on a channel.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) command: String,
    /// Columns and rows of a terminal for it.
    pub(super) terminal: Option<(u16, u16)>,
    /// What nobody reads in time is thrown away and counted; else the command is given up.
    pub(super) is_lossy: bool,
}

/// How a command began.
pub(super) enum Start {
    Running(Writer),
    /// No channel for it.
    NoChannel(Error),
    /// The connection ended first, and nothing was sent.
    Unsent,
    /// The server doesn't start it.
    Refused(Error),
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
    pub(super) async fn run(mut self, handle: Arc<Handle<Events>>, request: Request) {
        let channel = match handle.channel_open_session().await {
            Ok(channel) => channel,
            Err(error) => return self.refused(&error),
        };
        let (mut reader, writer) = channel.split();
        let writer = Arc::new(writer);
        if self.feed.gone.is_cancelled() {
            return self.unopen(reader, &writer, &handle).await;
        }
        let mut heard = Heard::default();
        if let Some(size) = request.terminal
            && !self.is_given_terminal(&mut reader, &writer, size).await
        {
            return self.unopen(reader, &writer, &handle).await;
        }
        if writer.exec(true, request.command).await.is_err() {
            return self.tell(Start::Unsent);
        }
        self.drain(&mut reader, &writer, &mut heard).await;
        let Self { feed, place, .. } = self;
        if let (Some(end), true) = (heard.end, heard.complete) {
            feed.end(end);
        } else {
            drop(feed);
        }
        let has_ended = heard.closed || leave(reader, &writer).await;
        vacate(place, has_ended, &handle).await;
    }

    /// Asks for a terminal; false, and told, where the server gives none.
    async fn is_given_terminal(
        &mut self,
        reader: &mut ChannelReadHalf,
        writer: &ChannelWriteHalf<Msg>,
        (columns, rows): (u16, u16),
    ) -> bool {
        let (columns, rows) = (u32::from(columns), u32::from(rows));
        let asked = writer.request_pty(true, TERM, columns, rows, 0, 0, &[]);
        if asked.await.is_err() {
            self.tell(Start::Unsent);
            return false;
        }
        loop {
            match reader.wait().await {
                Some(ChannelMsg::Success) => return true,
                Some(ChannelMsg::WindowAdjusted { .. }) => {}
                Some(ChannelMsg::Failure) => {
                    let reason = "the server gives no terminal";
                    let error = Error::new(Step::Exec, self.transport, reason)
                        .advise("sshd: PermitTTY, and no-pty in authorized_keys");
                    self.tell(Start::Refused(error));
                    return false;
                }
                _ => {
                    self.tell(Start::Unsent);
                    return false;
                }
            }
        }
    }

    /// Closes a channel on which nothing was started.
    async fn unopen(
        self,
        reader: ChannelReadHalf,
        writer: &ChannelWriteHalf<Msg>,
        handle: &Handle<Events>,
    ) {
        drop(reader);
        close(writer).await;
        vacate(self.place, true, handle).await;
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
            if let Some(output) = self.hear(message, writer, heard)
                && !self.pass(output).await
            {
                return;
            }
        }
    }

    /// Hands output to the reader; false when the channel is to be given up. russh stops the whole connection while
    /// one channel isn't drained, and gives no hold on a channel's window: so only a channel that has the connection to
    /// itself may wait for its reader.
    async fn pass(&self, output: Output) -> bool {
        if self.lane == Lane::Bulk {
            return self.feed.put(output).await;
        }
        let offer = if self.is_lossy {
            let offer = self.feed.offer(output.clone());
            if offer == Offer::Full {
                self.feed.drop_output(&output);
                return true;
            }
            offer
        } else {
            self.feed.offer(output)
        };
        if offer == Offer::Full {
            self.shared.overruns.fetch_add(1, Ordering::Relaxed);
            tracing::warn!("a channel's output was not read: closed");
        }
        offer == Offer::Taken
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
            ChannelMsg::Success => self.tell(Start::Running(Writer::new(Arc::clone(writer)))),
            ChannelMsg::Failure => {
                let reason = "the server refused to start the command";
                self.tell(Start::Refused(Error::new(
                    Step::Exec,
                    self.transport,
                    reason,
                )));
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

    fn tell(&mut self, outcome: Start) {
        if let Some(started) = self.started.take() {
            // Nobody waiting any more shows as a reader that is gone.
            let _ = started.send(outcome);
        }
    }

    /// Any other error is the connection's, whose end tells more.
    fn refused(&mut self, error: &russh::Error) {
        let russh::Error::ChannelOpenFailure(failure) = error else {
            return self.tell(Start::Unsent);
        };
        // Before it is told, so that whoever tries again sees what was learnt.
        if let Some(place) = self.place.take() {
            place.refused();
        }
        let error = Error::new(Step::Channel, self.transport, &refusal(failure))
            .advise("sshd allows 10 sessions per connection by default (MaxSessions)");
        self.tell(Start::NoChannel(error));
    }
}

/// Gives a place back. sshd counts a channel until it has done all that it had received with our close, and only then
/// sends its next answer: so where places are scarce, it is asked for one.
async fn vacate(place: Option<Place>, has_ended: bool, handle: &Handle<Events>) {
    let Some(place) = place else { return };
    let is_free = match has_ended {
        true if place.is_scarce() => timeout(CLOSE_TIMEOUT, handle.send_ping()).await.is_ok(),
        other => other,
    };
    if is_free {
        place.free();
    } else {
        place.abandon();
    }
}

/// Ends a command that nobody wants: its input ends, and if that isn't enough, it is hung up on and the channel closed.
/// True when the server has confirmed the end. russh forgets a channel when it sends its close, so that the confirmation
/// is only seen when the command ends before.
async fn leave(mut reader: ChannelReadHalf, writer: &ChannelWriteHalf<Msg>) -> bool {
    // Together: a connection that waits for the reader takes no message.
    let ended = async { tokio::join!(writer.eof(), is_confirmed(&mut reader)).1 };
    if timeout(PATIENCE, ended).await == Ok(true) {
        return true;
    }
    drop(reader);
    // Servers refuse this to some logins, and then the process meets closed pipes.
    if timeout(CLOSE_TIMEOUT, writer.signal(Sig::HUP))
        .await
        .is_ok()
    {
        close(writer).await;
    }
    false
}

async fn is_confirmed(reader: &mut ChannelReadHalf) -> bool {
    let mut wasted = 0;
    while wasted < FAREWELL_BYTES {
        match reader.wait().await {
            None | Some(ChannelMsg::Close) => return true,
            Some(ChannelMsg::Data { data } | ChannelMsg::ExtendedData { data, .. }) => {
                wasted += data.len();
            }
            Some(_) => {}
        }
    }
    false
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
