//! `Meter`: all that is measured on one node, as a state machine over the bytes of its three channels. No clock and no channel of its own.

use super::{
    Sample,
    age::Ages,
    frame::{Bad, Frame, Frames},
    host::Skew,
    mig::Instances,
    question,
    raw::{Asked, Raw},
    sampler::{self, Hello, Tick},
    slow::{Answer, Heard, Slow, Topics},
    smi::Smi,
    suspects::Suspects,
    truth,
    watch::Watchlist,
};
use crate::{
    metrics::{disk, greeting::Greeting, host},
    node::{Daemon, Node, text::SafeText},
};

/// Our own time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Milliseconds of a clock that is never set.
    pub mono_ms: u64,
    /// Seconds since 1970.
    pub epoch_s: f64,
}

/// The channel that bytes came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// The sampler.
    Fast,
    /// Disks and daemons.
    Slow,
    /// The GPU tool.
    Gpu,
}

/// What bytes of a node came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Signal {
    /// The sampler runs; `mawk`, `gawk`, `sh`, …
    Hello {
        /// Its interpreter.
        kind: SafeText,
    },
    /// A tick was answered: [`Meter::sample`] is new.
    Frame,
    /// Disks and daemons are new.
    Slow,
    /// GPUs are new.
    Gpu,
    /// Ask [`Meter::slow_tick`] now, not at the next turn: the slow channel just greeted, a daemon's process is gone, or a card turned out to be in MIG mode.
    AskSlow,
    /// No sampler will come: how the flood began that came instead.
    NoSampler(SafeText),
    /// A frame or an answer was thrown away.
    Bad(SafeText),
}

/// Ticks from one full frame to the next.
const FULL_EVERY: u64 = 60;

/// Ticks from one look at the medium sources to the next.
const MEDIUM_EVERY: u64 = 10;

/// So often in a row a sampler is started again as soon as it was killed.
const MOST_KILLS: u32 = 5;

/// Bytes that are looked at in one go, which bounds the buffers.
const CHUNK: usize = 64 * 1024;

/// A tick that waits for its frame.
#[derive(Debug)]
struct Flight {
    tick: Tick,
    sent: Clock,
}

/// The measuring of one node.
#[derive(Debug)]
pub struct Meter {
    nonce: String,
    daemons: Vec<Daemon>,
    greeting: Greeting,
    hello: Option<Hello>,
    hopeless: bool,
    frames: Frames,
    raw: Raw,
    skew: Skew,
    watchlist: Watchlist,
    seq: u64,
    flight: Option<Flight>,
    /// The next frame must be a full one.
    doubt: bool,
    /// Frames since the sampler began.
    answered: u64,
    /// Ticks since the last full frame.
    since_full: u64,
    suspects: Suspects,
    /// One that had answered was started again with all that it read, and has not run for long since.
    pardoned: bool,
    /// How often in a row a young sampler was killed.
    kills: u32,
    slow: Slow,
    /// What is wanted of the slow channel before its turn: daemons after one went, MIG instances once there may be some.
    early: Topics,
    disks: disk::Reading,
    smi: Smi,
    heard: Ages,
}

impl Meter {
    /// Nothing asked yet. The nonce tells this session's hello from noise: letters and digits.
    pub fn new(node: &Node, nonce: &str) -> Self {
        Self {
            nonce: nonce.to_owned(),
            daemons: node.daemons.clone(),
            greeting: Greeting::default(),
            hello: None,
            hopeless: false,
            frames: Frames::default(),
            raw: Raw::default(),
            skew: Skew::default(),
            watchlist: Watchlist::new(&node.daemons),
            seq: 0,
            flight: None,
            doubt: true,
            answered: 0,
            since_full: 0,
            suspects: Suspects::default(),
            pardoned: false,
            kills: 0,
            slow: Slow::default(),
            early: Topics::default(),
            disks: disk::Reading::default(),
            smi: Smi::default(),
            heard: Ages::default(),
        }
    }

    /// Text for the standard input of [`sampler::COMMAND`], or of [`sampler::COMMAND_PLAIN`] where that is refused. Starts the fast channel anew.
    pub fn program(&mut self) -> String {
        self.greeting = Greeting::default();
        self.hello = None;
        self.hopeless = false;
        self.frames = Frames::default();
        self.raw.restart();
        self.watchlist.restart();
        self.flight = None;
        self.doubt = true;
        self.answered = 0;
        sampler::program(&self.nonce, &self.suspects.withheld())
    }

    /// Takes bytes of a channel.
    pub fn feed(&mut self, from: Feed, bytes: &[u8], clock: Clock) -> Vec<Signal> {
        let mut signals = Vec::new();
        self.heard.at(clock.mono_ms);
        for bytes in bytes.chunks(CHUNK) {
            match from {
                Feed::Fast => self.feed_fast(bytes, clock, &mut signals),
                Feed::Slow => self.feed_slow(bytes, &mut signals),
                Feed::Gpu => self.feed_gpu(bytes, &mut signals),
            }
        }
        signals
    }

    fn feed_fast(&mut self, bytes: &[u8], clock: Clock, signals: &mut Vec<Signal>) {
        let mut rest = bytes;
        if self.hello.is_none() {
            let Some(after) = self.greet(bytes, signals) else {
                return;
            };
            rest = after;
        }
        self.frames.push(rest);
        while let Some(next) = self.frames.next() {
            match next {
                Ok(frame) => self.frame(&frame, clock, signals),
                Err(bad) => self.bad_frame(bad, signals),
            }
        }
    }

    /// Waits for the hello; gives the bytes behind it.
    fn greet<'a>(&mut self, bytes: &'a [u8], signals: &mut Vec<Signal>) -> Option<&'a [u8]> {
        let nonce = &self.nonce;
        let found = self
            .greeting
            .find(bytes, |line| sampler::hello(line, nonce));
        let Some((hello, rest)) = found else {
            if self.greeting.is_hopeless() && !self.hopeless {
                self.hopeless = true;
                let began = self.greeting.first_line().unwrap_or_default();
                signals.push(Signal::NoSampler(began));
            }
            return None;
        };
        self.raw.memory.limit = hello.memory_limit;
        self.raw.cpu.limit_to(hello.cpu_limit, hello.cores);
        let kind = hello.kind.clone();
        self.hello = Some(hello);
        self.heard.begin();
        signals.push(Signal::Hello { kind });
        Some(rest)
    }

    fn bad_frame(&mut self, bad: Bad, signals: &mut Vec<Signal>) {
        self.flight = None;
        self.doubt = true;
        signals.push(Signal::Bad(SafeText::from(bad.to_string().as_str())));
    }

    fn frame(&mut self, frame: &Frame, clock: Clock, signals: &mut Vec<Signal>) {
        let Some(flight) = self.flight.take_if(|flight| flight.tick.seq == frame.seq) else {
            self.doubt = true;
            signals.push(Signal::Bad(SafeText::from("frame that was not asked for")));
            return;
        };
        let tick = &flight.tick;
        let asked = Asked {
            full: tick.full,
            medium: tick.medium,
            cores: tick.cores,
        };
        let mut hurry = false;
        let watchlist = &mut self.watchlist;
        self.raw
            .apply(self.frames.body(frame), asked, |item, value| {
                hurry |= watchlist.life(item, value);
            });
        if let Some(epoch) = frame.epoch {
            self.skew.take(epoch, flight.sent.epoch_s, clock.epoch_s);
        }
        let has_nvidia = self.hello.as_ref().is_some_and(|hello| hello.nvidia);
        if has_nvidia && self.heard.are_cards_late() && self.smi.is_awaited() {
            self.smi.silent();
        }
        self.answered += 1;
        self.since_full = if tick.full { 0 } else { self.since_full + 1 };
        self.doubt &= !tick.full;
        signals.push(Signal::Frame);
        if hurry {
            self.early.daemons = true;
            signals.push(Signal::AskSlow);
        }
    }

    /// The next tick for the fast channel; `None` before the hello and while one is unanswered.
    pub fn tick(&mut self, per_core: bool, clock: Clock) -> Option<String> {
        self.hello.as_ref()?;
        if self.flight.is_some() {
            return None;
        }
        self.seq += 1;
        let full = self.doubt || self.since_full + 1 >= FULL_EVERY;
        let tick = Tick {
            seq: self.seq,
            full,
            medium: full || (self.since_full + 1).is_multiple_of(MEDIUM_EVERY),
            cores: per_core,
            watch: self.watchlist.changes(),
        };
        let line = format!("{tick}\n");
        self.flight = Some(Flight { tick, sent: clock });
        Some(line)
    }

    /// The fast channel closed though the session lives: true when it may be opened again, without what was asked last where that looks guilty.
    pub fn fast_lost(&mut self) -> bool {
        if self.hello.is_none() {
            return false;
        }
        // One that ran for long was ended from outside, stood still with its node, or met a process that died while it was read.
        let is_old = self.answered >= FULL_EVERY;
        // A young one had read everything too, if it answered at all: that counts once.
        let is_pardoned = self.answered > 0 && !self.pardoned;
        self.pardoned = !is_old && (self.pardoned || is_pardoned);
        is_old || is_pardoned || self.withhold()
    }

    /// The fast channel was killed though the session lives: true when it may be opened again, with all that it read. One that is killed
    /// again and again is left alone for a while.
    pub fn fast_killed(&mut self) -> bool {
        self.kills = if self.answered >= FULL_EVERY {
            1
        } else {
            self.kills + 1
        };
        if self.kills > MOST_KILLS {
            self.kills = 0;
        }
        self.kills > 0
    }

    fn withhold(&mut self) -> bool {
        let asked = self.flight.as_ref().map(|flight| &flight.tick);
        let list_is_new = asked.is_some_and(|tick| tick.watch.is_some());
        if list_is_new && self.watchlist.turn_off() {
            return true;
        }
        let medium = asked.is_some_and(|tick| tick.medium && !tick.full);
        if self.suspects.withhold(self.hello.as_ref(), medium) || self.watchlist.turn_off() {
            return true;
        }
        // It ends without any of them too: none was guilty.
        self.suspects = Suspects::default();
        self.watchlist.turn_on();
        false
    }

    /// What came last before a hello, which is why none comes.
    pub fn instead_of_hello(&self) -> Option<SafeText> {
        self.greeting.last_line()
    }

    /// Text for the standard input of the slow channel's shell; `None` before the hello. Starts that channel anew, for a while without the part that it was stuck in.
    pub fn slow_program(&mut self) -> Option<String> {
        self.hello.as_ref()?;
        self.slow.restart();
        self.smi.learn(Instances::default());
        Some(question::program(&self.nonce, &self.daemons))
    }

    /// The next request for the slow channel; `None` before its hello and while one is unanswered.
    pub fn slow_tick(&mut self) -> Option<String> {
        let early = std::mem::take(&mut self.early);
        // The first request asks for all there is, whatever is in a hurry.
        let wanted = if early.is_nothing() || self.slow.told().is_none() {
            Topics::EVERYTHING
        } else {
            early
        };
        let request = self.slow.tick(Topics {
            daemons: wanted.daemons && !self.watchlist.is_empty(),
            disks: wanted.disks,
            mig: wanted.mig && self.smi.has_mig(),
        });
        // One in flight may have been asked before the daemon went.
        if request.is_none() {
            self.early = early;
        }
        request
    }

    fn feed_slow(&mut self, bytes: &[u8], signals: &mut Vec<Signal>) {
        for heard in self.slow.feed(bytes, &self.nonce) {
            match heard {
                Heard::Hello => signals.push(Signal::AskSlow),
                Heard::Bad(what) => signals.push(Signal::Bad(SafeText::from(what))),
                Heard::Answer(answer) => {
                    self.learn(&answer);
                    signals.push(Signal::Slow);
                    signals.extend((!self.early.is_nothing()).then_some(Signal::AskSlow));
                }
            }
        }
    }

    fn learn(&mut self, answer: &Answer) {
        let told = self.slow.told().unwrap_or_default();
        if let Some(disks) = disk::mounts(answer) {
            self.disks = disks;
            self.heard.disks();
        }
        if told.daemons {
            self.heard.daemons();
        }
        if let Some(hello) = self.slow.hello().filter(|_| told.daemons) {
            let truths = truth::truths(answer, hello, &self.daemons);
            self.watchlist.learn(truths);
        }
        if told.mig {
            self.smi.learn(Instances::parse(answer.lines("mig")));
        }
    }

    fn feed_gpu(&mut self, bytes: &[u8], signals: &mut Vec<Signal>) {
        let had_mig = self.smi.has_mig();
        if self.smi.feed(bytes) {
            self.heard.cards();
            signals.push(Signal::Gpu);
        }
        if self.smi.has_mig() && !had_mig {
            self.early.mig = true;
            signals.push(Signal::AskSlow);
        }
    }

    /// The command of the GPU channel; `None` where no NVIDIA tool is, or its card sleeps. Starts that channel anew.
    pub fn gpu_command(&mut self) -> Option<String> {
        self.hello.as_ref().filter(|hello| hello.nvidia)?;
        self.smi.command()
    }

    /// The GPU channel is open and says nothing any more: its cards are not known until [`Self::gpu_command`] runs again.
    pub fn gpu_silent(&mut self) {
        self.smi.silent();
    }

    /// The GPU channel ended: true when [`Self::gpu_command`] is worth another try.
    pub fn gpu_failed(&mut self) -> bool {
        self.smi.failed()
    }

    /// Everything known now.
    pub fn sample(&self) -> Sample {
        let disk = match self.heard.late_disks() {
            Some(why) => disk::Reading::unknown(why),
            None => self.disks.clone(),
        };
        let uptime = self.raw.host.uptime();
        let mut sample = Sample {
            disk,
            daemon: self.watchlist.reading(uptime, self.heard.late_daemons()),
            ..Sample::default()
        };
        self.raw.fill(&mut sample);
        let skew = self.skew.estimate();
        let hello = self.hello.as_ref();
        sample.host = host::Reading {
            kernel: hello.and_then(|hello| hello.kernel.clone()),
            boot_id: hello.and_then(|hello| hello.boot.clone()),
            container: hello.and_then(|hello| hello.container.clone()),
            cores: sample.host.cores.or(hello.and_then(|hello| hello.cores)),
            skew: skew.map(|(skew, _)| skew),
            skew_error: skew.map(|(_, error)| error),
            ..sample.host
        };
        let amd = self.raw.amd.cards().iter().cloned();
        sample.gpu.gpus = self.smi.cards().chain(amd).collect();
        let asleep = hello.is_some_and(|hello| hello.asleep);
        sample.gpu.asleep = asleep || hello.is_some_and(|hello| hello.amd_asleep);
        sample.gpu.pending = hello.is_some_and(|hello| hello.nvidia) && !self.smi.is_heard();
        let asleep = || asleep.then(|| SafeText::from("asleep"));
        let unread = || {
            let is_withheld = self.suspects.has_withheld_amd();
            is_withheld.then(|| "AMD cards are not read: that ended the sampler".into())
        };
        sample.gpu.problem = self.smi.problem().or_else(asleep).or_else(unread);
        sample
    }
}

#[cfg(test)]
#[path = "meter_tests.rs"]
mod tests;
