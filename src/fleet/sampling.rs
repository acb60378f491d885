//! The sampling of one open session: ticks on the fast channel, questions on the slow one, the GPU stream.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until, timeout};

use super::{
    event::{Measured, News},
    lane::Lane,
    poller::{Poller, Wish},
    state::Sampler,
};
use crate::{
    metrics::{Feed, LastLine, Meter, Signal, sampler},
    node::text::SafeText,
    ssh::{End, Error, Output, Session, Step},
};

/// No hello by then means that no sampler can run there.
const HELLO: Duration = Duration::from_secs(10);
/// A tick or a slow question without an answer for so long is given up with its channel.
const SILENCE: Duration = Duration::from_secs(20);
/// From a channel's end without a status to the end of its connection, where that is the reason.
const FAREWELL: Duration = Duration::from_secs(1);
/// Time between slow questions.
const SLOW: Duration = Duration::from_secs(30);
/// The second tick comes early, so that rates are there soon.
const SECOND_TICK: Duration = Duration::from_millis(300);
/// How long a GPU stream may take before the node counts as fully known without it.
const GPU_PATIENCE: Duration = Duration::from_secs(6);
/// The same for disks and daemons.
const SLOW_PATIENCE: Duration = Duration::from_secs(10);
/// After a sampler that can't run; the first attempts come sooner, as a node may only have been short of processes.
const AGAIN_LATER: Duration = Duration::from_mins(5);
/// The first wait of those.
const SOON_AGAIN: Duration = Duration::from_secs(10);

/// The state of one session's sampling.
pub(super) struct Sampling<'a> {
    poller: &'a mut Poller,
    session: &'a Session,
    meter: Meter,
    fast: Lane,
    slow: Lane,
    gpu: Lane,
    /// The command for the fast channel; plain `sh` after `exec sh` was refused.
    plain: bool,
    /// What the node says on standard error.
    complaint: LastLine,
    /// Samplers in a row that could not run.
    failures: u32,
    running: bool,
    frames: u64,
    slow_answers: u64,
    gpu_answers: u64,
    /// The GPU tool has nothing to tell for now.
    gpu_is_over: bool,
    started: Instant,
    tick_at: Instant,
    sent_at: Option<Instant>,
    /// What was wanted when it was last looked at.
    wish: Wish,
}

impl<'a> Sampling<'a> {
    pub(super) fn new(poller: &'a mut Poller, session: &'a Session) -> Self {
        let now = Instant::now();
        let nonce = nonce(poller);
        let wish = *poller.wish.borrow();
        Self {
            meter: Meter::new(&poller.node, &nonce),
            poller,
            session,
            fast: Lane::open_at(now),
            slow: Lane::shut(),
            gpu: Lane::shut(),
            plain: false,
            complaint: LastLine::default(),
            failures: 0,
            running: false,
            frames: 0,
            slow_answers: 0,
            gpu_answers: 0,
            gpu_is_over: false,
            started: now,
            tick_at: now,
            sent_at: None,
            wish,
        }
    }

    /// Until the connection is lost; says why.
    pub(super) async fn run(mut self) -> Error {
        if !self.poller.node.sampler {
            self.fast = Lane::shut();
        }
        loop {
            let due = self.due();
            tokio::select! {
                biased;
                error = self.session.closed() => return error,
                changed = self.poller.wish.changed() => self.on_wish(changed.is_ok()).await,
                output = self.fast.next() => self.on_fast(output).await,
                output = self.slow.next() => self.on_slow(output),
                output = self.gpu.next() => self.on_gpu(output),
                () = sleep_until(due) => self.on_time().await,
            }
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_millis(self.poller.wish.borrow().interval_ms)
    }

    /// The next instant at which something has to be done.
    fn due(&self) -> Instant {
        let tick = (self.running && self.sent_at.is_none()).then_some(self.tick_at);
        let lanes = [self.fast.due(), self.slow.due(), self.gpu.due()];
        let far = Instant::now() + Duration::from_mins(1);
        lanes.into_iter().flatten().chain(tick).min().unwrap_or(far)
    }

    async fn on_wish(&mut self, alive: bool) {
        if !alive {
            std::future::pending::<()>().await;
        }
        let (now, before) = (Instant::now(), self.wish);
        self.wish = *self.poller.wish.borrow();
        let looked_at = self.wish.per_core && !before.per_core;
        let soonest = if looked_at {
            now
        } else {
            now + self.interval()
        };
        self.tick_at = self.tick_at.min(soonest);
        let is_off = !self.running && self.fast.is_idle() && self.poller.node.sampler;
        if is_off && self.wish.retries != before.retries {
            self.failures = 0;
            self.fast = Lane::open_at(now);
        }
    }

    async fn on_time(&mut self) {
        let now = Instant::now();
        if self.fast.is_silent(now) {
            self.give_up_fast("no answer").await;
        }
        if self.slow.is_silent(now) {
            self.slow = Lane::open_at(now + Duration::from_secs(1));
        }
        if self.gpu.is_silent(now) {
            self.meter.gpu_silent();
            self.gpu = Lane::open_at(now + SLOW);
        }
        if self.fast.must_open(now) {
            self.open_fast().await;
        }
        if self.slow.must_open(now) {
            self.open_slow().await;
        }
        if self.gpu.must_open(now) {
            self.open_gpu().await;
        }
        if self.running && self.sent_at.is_none() && now >= self.tick_at {
            self.tick(now).await;
        }
        if self.slow.must_ask(now) {
            self.ask_slow(now).await;
        }
    }

    async fn open_fast(&mut self) {
        let command = if self.plain {
            sampler::COMMAND_PLAIN
        } else {
            sampler::COMMAND
        };
        // One that failed stays so until it runs.
        if self.failures == 0 {
            self.poller.report(News::Sampler(Sampler::Starting)).await;
        }
        self.running = false;
        self.sent_at = None;
        self.complaint = LastLine::default();
        let program = self.meter.program();
        match self.fast.open(self.session, command, &program).await {
            Ok(()) => self.fast.expect_within(HELLO),
            // A session that is gone says so itself; this one may live.
            Err(error) if error.step == Step::Session => {
                self.fast = Lane::open_at(Instant::now() + SOON_AGAIN);
            }
            Err(error) => self.fail_sampler(&error.to_string()).await,
        }
    }

    async fn on_fast(&mut self, output: Output) {
        match output {
            Output::Stdout(bytes) => self.feed_fast(&bytes).await,
            Output::Stderr(bytes) => self.complaint.feed(&bytes),
            Output::End(end) => self.on_fast_end(&end).await,
        }
    }

    async fn feed_fast(&mut self, bytes: &[u8]) {
        for signal in self
            .meter
            .feed(Feed::Fast, bytes, self.poller.clock.reading())
        {
            match signal {
                Signal::Hello { kind } => self.on_hello(kind).await,
                Signal::Frame => self.on_frame().await,
                Signal::AskSlow => self.slow.ask_at(Instant::now()),
                Signal::NoSampler(why) => self.fail_sampler(why.as_str()).await,
                Signal::Bad(why) => {
                    tracing::warn!(node = %self.poller.node.id, %why, "bad frame");
                    self.on_bad_frame();
                }
                Signal::Slow | Signal::Gpu => {}
            }
        }
    }

    /// Asks again, but no sooner than it would have anyway: a node that only sends nonsense is not to be flooded.
    fn on_bad_frame(&mut self) {
        let now = Instant::now();
        let sent = self.sent_at.take().unwrap_or(now);
        self.tick_at = (sent + self.interval()).max(now);
    }

    async fn on_hello(&mut self, kind: SafeText) {
        self.running = true;
        self.fast.expect_nothing();
        self.tick_at = Instant::now();
        self.poller
            .report(News::Sampler(Sampler::Running(kind)))
            .await;
        self.tick(self.tick_at).await;
        if self.slow.is_shut() {
            self.slow = Lane::open_at(self.tick_at);
        }
        if self.gpu.is_shut() {
            self.gpu = Lane::open_at(self.tick_at);
        }
    }

    async fn on_frame(&mut self) {
        let now = Instant::now();
        let sent = self.sent_at.take().unwrap_or(now);
        self.fast.expect_nothing();
        self.frames += 1;
        self.failures = 0;
        let interval = self.interval();
        let measured = Measured {
            sample: Arc::new(self.meter.sample().into()),
            round_trip_ms: (now - sent).as_secs_f64() * 1e3,
            interval_ms: interval.as_millis() as u64,
            complete: self.is_complete(now),
        };
        self.tick_at = next_tick(self.frames, sent, now, interval, self.poller);
        self.poller.report(News::Sample(measured)).await;
    }

    fn is_complete(&self, now: Instant) -> bool {
        let slow =
            self.slow_answers > 0 || self.slow.is_shut() || now > self.started + SLOW_PATIENCE;
        let is_over = self.gpu_is_over || self.gpu.is_shut();
        let gpu = self.gpu_answers > 1 || is_over || now > self.started + GPU_PATIENCE;
        self.frames >= 2 && slow && gpu
    }

    async fn tick(&mut self, now: Instant) {
        let per_core = self.poller.wish.borrow().per_core;
        let Some(line) = self.meter.tick(per_core, self.poller.clock.reading()) else {
            self.tick_at = now + self.interval();
            return;
        };
        self.sent_at = Some(now);
        self.fast.expect_within(SILENCE);
        self.fast.write(line.as_bytes()).await;
    }

    async fn on_fast_end(&mut self, end: &End) {
        self.fast = Lane::shut();
        // A connection that goes takes its channels along; where it stays, the server closed this one without a word.
        if *end == End::Lost && timeout(FAREWELL, self.session.closed()).await.is_ok() {
            return;
        }
        if !self.running && !self.plain {
            self.plain = true;
            self.fast = Lane::open_at(Instant::now());
            return;
        }
        if is_kill(end) && self.running {
            if self.meter.fast_killed() {
                return self.reopen_fast().await;
            }
            return self.fail_sampler("the sampler is killed each time").await;
        }
        self.give_up_fast("the sampler ended").await;
    }

    /// Opens the sampler again, later each time; the meter leaves out what it was asked last.
    async fn give_up_fast(&mut self, why: &str) {
        let again = self.running && self.meter.fast_lost();
        if again {
            return self.reopen_fast().await;
        }
        // Before the hello, login scripts may have greeted; what failed complains, mostly on standard error.
        let printed = || (!self.running).then(|| self.meter.instead_of_hello());
        let said = self.complaint.text().or_else(|| printed().flatten());
        let why = said.map_or_else(|| why.to_owned(), |line| format!("{why}: {line}"));
        self.fail_sampler(&why).await;
    }

    async fn reopen_fast(&mut self) {
        self.running = false;
        self.fast = Lane::open_at(Instant::now() + Duration::from_secs(1));
        self.poller.report(News::Sampler(Sampler::Starting)).await;
    }

    async fn fail_sampler(&mut self, why: &str) {
        self.running = false;
        self.sent_at = None;
        self.plain = false;
        let wait = SOON_AGAIN.saturating_mul(1 << self.failures.min(5));
        self.failures += 1;
        self.fast = Lane::open_at(Instant::now() + wait.min(AGAIN_LATER));
        self.poller
            .report(News::Sampler(Sampler::Failed(SafeText::line(why, 200))))
            .await;
    }

    async fn open_slow(&mut self) {
        let Some(program) = self.meter.slow_program() else {
            self.slow = Lane::shut();
            return;
        };
        match self
            .slow
            .open(self.session, sampler::COMMAND_PLAIN, &program)
            .await
        {
            Ok(()) => self.slow.expect_within(HELLO),
            Err(error) => {
                tracing::info!(node = %self.poller.node.id, %error, "no slow channel");
                self.slow = Lane::open_at(Instant::now() + SLOW);
            }
        }
    }

    async fn ask_slow(&mut self, now: Instant) {
        self.slow.ask_at(now + SLOW);
        if let Some(line) = self.meter.slow_tick() {
            self.slow.expect_within(SILENCE);
            self.slow.write(line.as_bytes()).await;
        }
    }

    fn on_slow(&mut self, output: Output) {
        match output {
            Output::Stdout(bytes) => {
                // Many tools that each take their time are not one that hangs.
                self.slow.hear(SILENCE);
                let clock = self.poller.clock.reading();
                for signal in self.meter.feed(Feed::Slow, &bytes, clock) {
                    self.on_slow_signal(&signal);
                }
            }
            Output::Stderr(_) => {}
            Output::End(_) => self.slow = Lane::open_at(Instant::now() + SLOW),
        }
    }

    fn on_slow_signal(&mut self, signal: &Signal) {
        match signal {
            Signal::Slow => {
                self.slow_answers += 1;
                self.slow.expect_nothing();
            }
            Signal::AskSlow => {
                self.slow.expect_nothing();
                self.slow.ask_at(Instant::now());
            }
            Signal::Bad(why) => {
                tracing::warn!(node = %self.poller.node.id, %why, "bad slow answer");
            }
            Signal::Hello { .. } | Signal::Frame | Signal::Gpu | Signal::NoSampler(_) => {}
        }
    }

    async fn open_gpu(&mut self) {
        let Some(command) = self.meter.gpu_command() else {
            self.gpu = Lane::shut();
            return;
        };
        match self.gpu.open(self.session, &command, "").await {
            Ok(()) => self.gpu.expect_within(SILENCE),
            Err(error) => {
                tracing::info!(node = %self.poller.node.id, %error, "no GPU channel");
                self.gpu = Lane::open_at(Instant::now() + AGAIN_LATER);
            }
        }
    }

    fn on_gpu(&mut self, output: Output) {
        match output {
            Output::Stdout(bytes) => {
                self.gpu.expect_within(SILENCE);
                let signals = self
                    .meter
                    .feed(Feed::Gpu, &bytes, self.poller.clock.reading());
                self.gpu_answers +=
                    signals.iter().filter(|s| matches!(s, Signal::Gpu)).count() as u64;
                if signals.contains(&Signal::AskSlow) {
                    self.slow.ask_at(Instant::now());
                }
            }
            Output::Stderr(_) => {}
            Output::End(_) if self.meter.gpu_failed() => {
                self.gpu = Lane::open_at(Instant::now() + Duration::from_secs(1));
            }
            Output::End(_) => {
                self.gpu_is_over = true;
                self.gpu = Lane::open_at(Instant::now() + AGAIN_LATER);
            }
        }
    }
}

/// True where a signal ended it, by itself or as its shell tells: short of memory, not at fault with what it read.
fn is_kill(end: &End) -> bool {
    matches!(end, End::Signal(_) | End::Exit(129..=192))
}

/// When the next tick is due: soon after the first, then on the node's own place in the interval; a late answer skips ticks, never queues them.
/// Each interval is a little long, so that ticks wander over the second and the skew of the node's clock, which tells whole seconds, becomes known.
fn next_tick(
    frames: u64,
    sent: Instant,
    now: Instant,
    interval: Duration,
    poller: &Poller,
) -> Instant {
    if frames == 1 {
        return now + SECOND_TICK;
    }
    if frames == 2 {
        let offset = poller.place_in(interval.as_millis() as u64);
        return now + Duration::from_millis(offset);
    }
    (sent + interval + interval / 128).max(now)
}

/// Tells our hello from anything that a login script prints.
fn nonce(poller: &Poller) -> String {
    let reading = poller.clock.reading();
    let mut hash = std::hash::DefaultHasher::new();
    std::hash::Hash::hash(
        &(poller.node.id.as_str(), reading.epoch_s.to_bits()),
        &mut hash,
    );
    format!("{:016x}", std::hash::Hasher::finish(&hash))
}
