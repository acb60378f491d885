//! One SSH connection to a simulated node: who may come in, and what runs on its channels.

use super::{
    fast::Fast,
    fault::{Fault, garbled},
    pacer::Stream,
    program::{Loaded, Program, identify, is_too_long, lines, loaded},
    shell::{self, Ended},
    slow::Slow,
    smi::{Query, Unknown},
    wire::Ends,
    world::{Resident, World},
};
use russh::{
    Channel, ChannelId, Error,
    keys::PublicKey,
    server::{self, Auth, ChannelOpenHandle, Msg, PublicKeyOffer, Session, VerifiedPublicKey},
};
use std::{collections::HashMap, sync::Arc};
use tokio::{sync::oneshot, time::sleep};
use tokio_util::sync::DropGuard;

/// The server's side of one connection.
pub(super) struct Visitor {
    world: Arc<World>,
    ends: Ends,
    /// The node of the port, where the port belongs to one.
    expected: Option<usize>,
    /// The node that was logged in to.
    node: Option<usize>,
    /// Tells the owner of the connection which node that is.
    known: Option<oneshot::Sender<usize>>,
    channels: HashMap<ChannelId, Running>,
    /// Bytes of frames sent, for [`Fault::DropMidFrame`].
    frame_bytes: usize,
    /// Frames damaged, for [`Fault::GarbageFrames`].
    garbled: usize,
}

/// What runs on a channel.
struct Running {
    program: Program,
    /// Input that is no whole line yet.
    read: Vec<u8>,
    /// Ends a loop of `nvidia-smi` with the channel.
    _stream: Option<DropGuard>,
}

impl Running {
    fn new(program: Program) -> Self {
        Self {
            program,
            read: Vec::new(),
            _stream: None,
        }
    }
}

impl Visitor {
    /// A connection that hasn't logged in; `expected` is the node of its port, `known` is told the node that it logs in to.
    pub(super) fn new(
        world: Arc<World>,
        ends: Ends,
        expected: Option<usize>,
        known: oneshot::Sender<usize>,
    ) -> Self {
        Self {
            world,
            ends,
            expected,
            node: None,
            known: Some(known),
            channels: HashMap::new(),
            frame_bytes: 0,
            garbled: 0,
        }
    }

    async fn admit(&self, user: &str, key: &PublicKey) -> Auth {
        let expected = |node: &usize| self.expected.is_none_or(|expected| expected == *node);
        let Some(node) = self.world.find(user).filter(expected) else {
            return Auth::reject();
        };
        match self.world.node(node).fault() {
            Some(Fault::AuthStall) => {
                self.ends.cut.cancelled().await;
                Auth::reject()
            }
            Some(Fault::AuthRefuse) => Auth::reject(),
            _ if key.key_data() == self.world.keys.client.public_key().key_data() => Auth::Accept,
            _ => Auth::reject(),
        }
    }

    fn resident(&self) -> Result<&Resident, Error> {
        let node = self.node.ok_or(Error::NotAuthenticated)?;
        Ok(self.world.node(node))
    }

    fn fault(&self) -> Option<Fault> {
        self.node.and_then(|node| self.world.node(node).fault())
    }

    /// Waits as long as a slow node lets wait.
    async fn delay(&self) {
        if let Some(Fault::SlowReply(delay)) = self.fault() {
            tokio::select! {
                () = self.ends.cut.cancelled() => {}
                () = sleep(delay) => {}
            }
        }
    }

    fn loop_of_smi(
        &mut self,
        channel: ChannelId,
        query: Result<Query, Unknown>,
        session: &mut Session,
    ) -> Result<Option<Stream>, Error> {
        let resident = self.resident()?;
        let ended = match query {
            _ if resident.model.profile().gpus == 0 => Ended {
                stderr: "sh: nvidia-smi: not found\n".to_owned(),
                code: 127,
                ..Ended::default()
            },
            Err(Unknown(stdout)) => Ended {
                stdout,
                code: 2,
                ..Ended::default()
            },
            Ok(query) => {
                let rows = query.rows(&resident.model, self.world.now().time);
                session.data(channel, rows)?;
                let over = self.ends.cut.child_token();
                let running = Running {
                    _stream: Some(over.clone().drop_guard()),
                    ..Running::new(Program::Mute)
                };
                self.channels.insert(channel, running);
                return Ok(Some(Stream {
                    to: session.handle(),
                    channel,
                    node: self.node.ok_or(Error::NotAuthenticated)?,
                    query,
                    over,
                }));
            }
        };
        finish(session, channel, ended)?;
        Ok(None)
    }

    /// Starts the program that a shell has read.
    fn start(
        &mut self,
        channel: ChannelId,
        text: &str,
        session: &mut Session,
    ) -> Result<(), Error> {
        let model = self.resident()?.model.clone();
        let (program, hello) = match identify(text) {
            _ if self.fault() == Some(Fault::NoHello) => {
                let notice = "This account is for backups only.\n".to_owned();
                (Program::Mute, notice)
            }
            Loaded::Fast(nonce, without) => {
                let fast = Fast::new(model, &without);
                let hello = fast.hello(nonce);
                (Program::Fast(Box::new(fast)), hello)
            }
            Loaded::Slow(nonce) => {
                let slow = Slow::new(model, text);
                let hello = slow.hello(nonce);
                (Program::Slow(slow), hello)
            }
            Loaded::Unknown => return self.refuse(channel, session),
        };
        if let Some(running) = self.channels.get_mut(&channel) {
            running.program = program;
        }
        session.data(channel, hello)
    }

    fn refuse(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Error> {
        self.channels.remove(&channel);
        let ended = Ended {
            stderr: "sim: this program: not simulated\n".to_owned(),
            code: 127,
            ..Ended::default()
        };
        finish(session, channel, ended)
    }

    /// Answers the whole lines that have come in on `channel`.
    fn answer(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Error> {
        let (now, fault) = (self.world.now(), self.fault());
        let Some(running) = self.channels.get_mut(&channel) else {
            return Ok(());
        };
        let fast = matches!(running.program, Program::Fast(_));
        let mut answer = Vec::new();
        for line in lines(&mut running.read) {
            let frame = running.program.answer(&line, now);
            if fast && fault == Some(Fault::GarbageFrames) {
                answer.extend(garbled(&frame, self.garbled));
                self.garbled += 1;
            } else {
                answer.extend(frame.into_bytes());
            }
        }
        if answer.is_empty() || fault == Some(Fault::Silent) {
            return Ok(());
        }
        match fault {
            Some(Fault::DropMidFrame { after }) if fast => self.cut_after(after, &mut answer),
            _ => {}
        }
        session.data(channel, answer)
    }

    /// Shortens `answer` to what still gets through, and has the connection cut behind it.
    fn cut_after(&mut self, after: usize, answer: &mut Vec<u8>) {
        let left = after.saturating_sub(self.frame_bytes);
        if answer.len() > left {
            answer.truncate(left);
            self.ends.last_words.cancel();
        }
        self.frame_bytes += answer.len();
        if answer.is_empty() {
            self.ends.cut.cancel();
        }
    }

    /// Ends a command once its time is over.
    fn finish_later(&self, channel: ChannelId, ended: Ended, to: server::Handle) {
        let cut = self.ends.cut.clone();
        self.world.tasks.spawn(async move {
            tokio::select! {
                () = cut.cancelled() => return,
                () = sleep(ended.after) => {}
            }
            // Each fails only when the connection is gone, and then there is nobody to tell.
            let _ = to.exit_status_request(channel, ended.code).await;
            let _ = to.eof(channel).await;
            let _ = to.close(channel).await;
        });
    }
}

/// Prints what a command printed and closes its channel.
fn finish(session: &mut Session, channel: ChannelId, ended: Ended) -> Result<(), Error> {
    if !ended.stdout.is_empty() {
        session.data(channel, ended.stdout)?;
    }
    if !ended.stderr.is_empty() {
        session.extended_data(channel, 1, ended.stderr)?;
    }
    session.exit_status_request(channel, ended.code)?;
    session.eof(channel)?;
    session.close(channel)
}

impl server::Handler for Visitor {
    type Error = Error;

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, Error> {
        Ok(self.admit(user, offer.public_key).await)
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Error> {
        let answer = self.admit(user, key.public_key).await;
        if answer == Auth::Accept {
            self.node = self.world.find(user);
        }
        Ok(answer)
    }

    async fn auth_succeeded(&mut self, _session: &mut Session) -> Result<(), Error> {
        if let (Some(known), Some(node)) = (self.known.take(), self.node) {
            // The receiver is gone only when the connection is being cut.
            let _ = known.send(node);
        }
        Ok(())
    }

    async fn channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Error> {
        // The channel object is dropped: its read half would fill and stop the connection, and `data` below sees the same bytes.
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Error> {
        self.delay().await;
        session.channel_success(channel)?;
        let command = String::from_utf8_lossy(command);
        if matches!(command.trim(), "sh" | "exec sh") {
            self.channels.insert(channel, Running::new(Program::Shell));
            return Ok(());
        }
        if let Some(query) = Query::parse(&command) {
            if let Some(stream) = self.loop_of_smi(channel, query, session)? {
                tokio::select! {
                    () = self.ends.cut.cancelled() => {}
                    // Refused only when the simulation stops.
                    _ = self.world.streams.send(stream) => {}
                }
            }
            return Ok(());
        }
        let ended = shell::run(&command, self.resident()?.name());
        if ended.after.is_zero() {
            return finish(session, channel, ended);
        }
        self.finish_later(channel, ended, session.handle());
        Ok(())
    }

    async fn data(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> Result<(), Error> {
        let Some(running) = self.channels.get_mut(&channel) else {
            return Ok(());
        };
        running.read.extend_from_slice(data);
        if matches!(running.program, Program::Shell) {
            let Some(text) = loaded(&mut running.read) else {
                if is_too_long(&running.read) {
                    return self.refuse(channel, session);
                }
                return Ok(());
            };
            self.delay().await;
            self.start(channel, &text, session)?;
        } else {
            self.delay().await;
        }
        self.answer(channel, session)
    }

    async fn channel_eof(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), Error> {
        let Some(running) = self.channels.get(&channel) else {
            return Ok(());
        };
        match running.program {
            Program::Shell if !running.read.is_empty() => self.refuse(channel, session),
            Program::Mute if running._stream.is_some() => Ok(()),
            _ => {
                self.channels.remove(&channel);
                finish(session, channel, Ended::default())
            }
        }
    }

    async fn channel_close(
        &mut self,
        channel: ChannelId,
        _session: &mut Session,
    ) -> Result<(), Error> {
        self.channels.remove(&channel);
        Ok(())
    }
}
