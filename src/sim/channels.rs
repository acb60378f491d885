//! What runs on the channels of one connection: programs, commands and loops of `nvidia-smi`.

use super::{
    fast::Fast,
    fault::{Fault, garbled},
    log::{self, Asked, Log, Sent},
    pacer::Stream,
    program::{Loaded, Program, identify, is_too_long, lines, loaded},
    script::{self, Script},
    shell::Ended,
    slow::Slow,
    smi::{self, Query, Unknown},
    upkeep::Wish,
    wire::Ends,
    world::{Resident, World},
};
use russh::{
    ChannelId, Error,
    server::{Handle, Session},
};
use std::{collections::HashMap, sync::Arc};
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The channels of one connection to the node `node`.
pub(super) struct Channels {
    world: Arc<World>,
    ends: Ends,
    node: usize,
    running: HashMap<ChannelId, Running>,
    /// Bytes of frames sent, for [`Fault::DropMidFrame`].
    frame_bytes: usize,
    /// Frames damaged, for [`Fault::GarbageFrames`].
    garbled: usize,
}

/// What runs on a channel.
enum Running {
    /// Something that reads its input.
    Program {
        program: Program,
        /// Input that is no whole line yet.
        read: Vec<u8>,
    },
    /// A loop of `nvidia-smi`, which ends with this guard.
    Smi(#[expect(dead_code, reason = "it acts when it is dropped")] DropGuard),
    /// A command, which is ended with this guard.
    Command(#[expect(dead_code, reason = "it acts when it is dropped")] DropGuard),
}

impl Channels {
    pub(super) fn new(world: Arc<World>, ends: Ends, node: usize) -> Self {
        Self {
            world,
            ends,
            node,
            running: HashMap::new(),
            frame_bytes: 0,
            garbled: 0,
        }
    }

    fn resident(&self) -> &Resident {
        self.world.node(self.node)
    }

    /// Waits as long as a slow node lets wait.
    async fn delay(&self) {
        if let Some(Fault::SlowReply(delay)) = self.resident().fault() {
            tokio::select! {
                () = self.ends.cut.cancelled() => {}
                () = sleep(delay) => {}
            }
        }
    }

    /// Starts `command` on `channel`.
    pub(super) async fn exec(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Error> {
        self.delay().await;
        session.channel_success(channel)?;
        let command = String::from_utf8_lossy(command);
        if matches!(command.trim(), "sh" | "exec sh") {
            let running = Running::Program {
                program: Program::Shell,
                read: Vec::new(),
            };
            self.running.insert(channel, running);
            return Ok(());
        }
        if log::is_any_shell(&command) {
            let running = Running::Program {
                program: Program::Line,
                read: Vec::new(),
            };
            self.running.insert(channel, running);
            return Ok(());
        }
        if let Some(script) = Script::parse(&command) {
            return self.run(channel, &script, session);
        }
        let ended = match Query::parse(&command) {
            _ if script::is_sweep(&command) => script::swept(),
            None => self.resident().run(&command, self.world.now()),
            Some(_) if self.resident().model.profile().gpus == 0 => {
                Ended::failed(127, "sh: nvidia-smi: not found\n")
            }
            Some(Err(Unknown(complaint))) => Ended {
                stdout: smi::mark(&command) + &complaint,
                code: 2,
                ..Ended::default()
            },
            Some(Ok(query)) => return self.loop_smi(channel, query, session).await,
        };
        if ended.after.is_zero() {
            return finish(session, channel, ended);
        }
        self.finish_later(channel, &ended, session.handle());
        Ok(())
    }

    /// Runs a broadcast's command: at once, or on a task of its own where it takes time.
    fn run(
        &mut self,
        channel: ChannelId,
        script: &Script,
        session: &mut Session,
    ) -> Result<(), Error> {
        session.extended_data(channel, 1, script.mark())?;
        let (resident, now) = (self.resident(), self.world.now());
        let mut steps = match Wish::parse(script.command()) {
            Some(wish) => vec![wish.carry_out(&resident.model, now)],
            None => script.steps(|command| resident.run(command, now)),
        };
        if steps.iter().all(|step| step.after.is_zero()) {
            let last = steps.pop().unwrap_or_default();
            for step in steps {
                print(session, channel, step)?;
            }
            return finish(session, channel, last);
        }
        let (over, to) = (self.ends.cut.child_token(), session.handle());
        let guard = over.clone().drop_guard();
        self.running.insert(channel, Running::Command(guard));
        self.world.tasks.spawn(async move {
            // Fails only when the connection is gone, and then there is nobody to tell.
            let _ = take_steps(&to, channel, steps, over).await;
        });
        Ok(())
    }

    /// Prints the first round and leaves the others to the timer.
    async fn loop_smi(
        &mut self,
        channel: ChannelId,
        query: Query,
        session: &mut Session,
    ) -> Result<(), Error> {
        let rows = query.rows(&self.resident().model, self.world.now().time);
        session.data(channel, format!("{}{rows}", query.mark))?;
        let over = self.ends.cut.child_token();
        let guard = over.clone().drop_guard();
        self.running.insert(channel, Running::Smi(guard));
        let stream = Stream {
            to: session.handle(),
            channel,
            node: self.node,
            query,
            over,
        };
        tokio::select! {
            () = self.ends.cut.cancelled() => {}
            // Refused only when the simulation stops.
            _ = self.world.streams.send(stream) => {}
        }
        Ok(())
    }

    /// Takes input of `channel`.
    pub(super) async fn data(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> Result<(), Error> {
        let Some(Running::Program { program, read }) = self.running.get_mut(&channel) else {
            return Ok(());
        };
        read.extend_from_slice(data);
        if matches!(program, Program::Line) {
            let line = lines(read).into_iter().next();
            return line.map_or(Ok(()), |line| self.read_log(channel, &line, session));
        }
        if matches!(program, Program::Shell) {
            let text = loaded(read);
            if text.is_none() && is_too_long(read) {
                return self.refuse(channel, session);
            }
            let Some(text) = text else { return Ok(()) };
            self.delay().await;
            self.start(channel, &text, session)?;
        } else {
            self.delay().await;
        }
        self.answer(channel, session)
    }

    /// Starts the program that a shell has read.
    fn start(
        &mut self,
        channel: ChannelId,
        text: &str,
        session: &mut Session,
    ) -> Result<(), Error> {
        let model = self.resident().model.clone();
        let (started, hello) = match identify(text) {
            _ if self.resident().fault() == Some(Fault::NoHello) => {
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
        if let Some(Running::Program { program, .. }) = self.running.get_mut(&channel) {
            *program = started;
        }
        session.data(channel, hello)
    }

    /// Runs the line that a shell was given, where it is about logs.
    fn read_log(
        &mut self,
        channel: ChannelId,
        line: &str,
        session: &mut Session,
    ) -> Result<(), Error> {
        let Some(sent) = Sent::parse(line) else {
            return self.refuse(channel, session);
        };
        session.extended_data(channel, 1, sent.mark())?;
        let name = self.resident().name().to_owned();
        let mut log = match Asked::parse(&sent.command, log::now_us()) {
            None => {
                let ended = self.resident().run(&sent.command, self.world.now());
                return finish(session, channel, ended);
            }
            Some(Asked::Look(stdout)) => {
                let ended = Ended {
                    stdout,
                    ..Ended::default()
                };
                return finish(session, channel, ended);
            }
            Some(Asked::Read(log)) => log,
        };
        if !log.is_followed {
            session.data(channel, log.until(log::now_us(), &name))?;
            return finish(session, channel, Ended::default());
        }
        let (over, to) = (self.ends.cut.child_token(), session.handle());
        let guard = over.clone().drop_guard();
        self.running.insert(channel, Running::Command(guard));
        self.world.tasks.spawn(async move {
            // Fails only when the connection is gone, and then there is nobody to tell.
            let _ = write_log(&to, channel, (log, &name), over).await;
        });
        Ok(())
    }

    fn refuse(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Error> {
        self.running.remove(&channel);
        let ended = Ended::failed(127, "sim: this program: not simulated\n");
        finish(session, channel, ended)
    }

    /// Answers the whole lines that have come in on `channel`.
    fn answer(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Error> {
        let (now, fault) = (self.world.now(), self.resident().fault());
        let Some(Running::Program { program, read }) = self.running.get_mut(&channel) else {
            return Ok(());
        };
        let fast = matches!(program, Program::Fast(_));
        if fast && fault == Some(Fault::CloseChannel) {
            self.running.remove(&channel);
            return session.close(channel);
        }
        let mut answer = Vec::new();
        for line in lines(read) {
            let frame = program.answer(&line, now);
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
    fn finish_later(&self, channel: ChannelId, ended: &Ended, to: Handle) {
        let cut = self.ends.cut.clone();
        let Ended { after, code, .. } = *ended;
        self.world.tasks.spawn(async move {
            tokio::select! {
                () = cut.cancelled() => return,
                () = sleep(after) => {}
            }
            // Each fails only when the connection is gone, and then there is nobody to tell.
            let _ = to.exit_status_request(channel, code).await;
            let _ = to.eof(channel).await;
            let _ = to.close(channel).await;
        });
    }

    /// The visitor has no more input for `channel`: a program that reads it ends.
    pub(super) fn eof(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Error> {
        match self.running.get(&channel) {
            Some(Running::Program {
                program: Program::Shell,
                read,
            }) if !read.is_empty() => self.refuse(channel, session),
            Some(Running::Program { .. }) => {
                self.running.remove(&channel);
                finish(session, channel, Ended::default())
            }
            // Its watchdog reads the input.
            Some(Running::Command(_)) => {
                self.running.remove(&channel);
                Ok(())
            }
            Some(Running::Smi(_)) | None => Ok(()),
        }
    }

    /// The visitor has closed `channel`.
    pub(super) fn close(&mut self, channel: ChannelId) {
        self.running.remove(&channel);
    }
}

/// Goes through the steps of a command as time passes, until it is told to end.
async fn take_steps(
    to: &Handle,
    channel: ChannelId,
    steps: Vec<Ended>,
    over: CancellationToken,
) -> Result<(), ()> {
    let mut code = 0;
    for step in steps {
        let is_over = tokio::select! {
            biased;
            () = over.cancelled() => true,
            () = sleep(step.after) => false,
        };
        code = if is_over { TERMINATED } else { step.code };
        if is_over {
            break;
        }
        to.data(channel, step.stdout).await.map_err(drop)?;
        to.extended_data(channel, 1, step.stderr)
            .await
            .map_err(drop)?;
    }
    to.exit_status_request(channel, code).await?;
    to.eof(channel).await?;
    to.close(channel).await
}

/// Writes what a log has, and goes on as it grows, until it is told to end.
async fn write_log(
    to: &Handle,
    channel: ChannelId,
    (mut log, node): (Log, &str),
    over: CancellationToken,
) -> Result<(), ()> {
    loop {
        let text = log.until(log::now_us(), node);
        if !text.is_empty() {
            to.data(channel, text).await.map_err(drop)?;
        }
        let pause = log.pause(log::now_us());
        tokio::select! {
            biased;
            () = over.cancelled() => break,
            () = sleep(pause) => {}
        }
    }
    to.exit_status_request(channel, TERMINATED).await?;
    to.eof(channel).await?;
    to.close(channel).await
}

/// What a shell says of a command that SIGTERM has ended.
const TERMINATED: u32 = 128 + 15;

fn print(session: &mut Session, channel: ChannelId, ended: Ended) -> Result<u32, Error> {
    if !ended.stdout.is_empty() {
        session.data(channel, ended.stdout)?;
    }
    if !ended.stderr.is_empty() {
        session.extended_data(channel, 1, ended.stderr)?;
    }
    Ok(ended.code)
}

/// Prints what a command printed and closes its channel.
fn finish(session: &mut Session, channel: ChannelId, ended: Ended) -> Result<(), Error> {
    let code = print(session, channel, ended)?;
    session.exit_status_request(channel, code)?;
    session.eof(channel)?;
    session.close(channel)
}
