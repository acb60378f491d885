//! Frames of the fast channel: bytes to raw readings, delta by delta.
//!
//! # Wire
//!
//! ```text
//! [SEQ EPOCH          the tick's number; the node's wall clock in whole seconds, `-` where it is not known
//! KEY VALUE           a line only for a value that differs from the last one sent under its key
//! ]SEQ LINES          how many lines lie between
//! ```
//!
//! A full frame (asked by `a`) holds every line, so what it lacks is gone. A wrong count or number is answered by asking for a full frame.
//! Unknown keys are skipped. A value that the node lacks is `-`. Numbers are the kernel's own; all arithmetic is done here.
//!
//! | key | when | value |
//! |---|---|---|
//! | `l` | every tick | `/proc/loadavg` without the last pid: `0.52 0.58 0.59 2/857` |
//! | `u` | every tick | seconds since boot: `1685.17` |
//! | `c` | every tick | first line of `/proc/stat` without `cpu`: user nice system idle iowait irq softirq steal guest guest_nice (older kernels: fewer) |
//! | `cN` | `p` | the same of core N |
//! | `m` | every tick | kB: MemTotal MemFree MemAvailable Buffers Cached Shmem SReclaimable Dirty SwapTotal SwapFree |
//! | `k` | every tick, in a container with a limit | bytes: memory.current, inactive_file |
//! | `Pc` `Pm` `Pi` | every tick | pressure of cpu, memory, io: some avg10, some avg60, full avg10, full avg60 (the last two may be missing) |
//! | `nIF` | every tick | interface IF: received bytes, errors, drops; sent bytes, errors, drops |
//! | `dDISK` | every tick | whole disk: reads, sectors read, writes, sectors written, in flight, busy ms |
//! | `aN` | every tick | AMD card N: busy %, memory used, memory in all (bytes), temperature (m°C), power, power limit (µW) |
//! | `AN` | full | its product name |
//! | `wN` | every tick | watched item N, counted from 1: `P`: state and start time in ticks after boot (`S 3021`); `G`: `1` when processes live in it, else `0`; gone: `-` |
//! | `pf` `pb` | `m` | processes created since boot; blocked on I/O now |
//! | `vs` `vf` `vo` | `m` | since boot: pages swapped out, major faults, OOM kills |
//! | `t` | `m` | CurrEstab OutSegs RetransSegs |
//! | `ts` | `m` | TCP sockets in use |
//! | `f` | `m` | `/proc/sys/fs/file-nr`: open, 0, limit |

use std::{fmt, ops::Range};

use super::{Sample, cpu, gpu, host, io, load, memory, net, pressure, tcp};

/// Longest frame that is accepted.
pub const MAX_FRAME: usize = 256 * 1024;

/// Why a frame was thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// Longer than [`MAX_FRAME`].
    TooLong,
    /// The first or the last line can't be read, or their numbers differ.
    Torn,
    /// Lines are missing or too many.
    Count,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "frame over 256 KiB",
            Self::Torn => "torn frame",
            Self::Count => "frame with a wrong number of lines",
        })
    }
}

/// A frame in the buffer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    /// Number of the tick that it answers.
    pub(super) seq: u64,
    /// Wall clock of the node, in seconds.
    pub(super) epoch: Option<f64>,
    body: Range<usize>,
}

/// Cuts a stream of bytes into frames; what lies outside of them is dropped.
#[derive(Debug, Default)]
pub(super) struct Frames {
    buf: Vec<u8>,
    /// Start of the line that is not complete yet.
    line: usize,
    /// Everything before was searched for its end.
    searched: usize,
    /// Start of the open frame, and its lines so far.
    open: Option<(usize, usize)>,
}

impl Frames {
    /// Takes bytes of the node; call [`Self::next`] until it has no more.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let keep = self.open.map_or(self.line, |(start, _)| start);
        if keep > 0 {
            self.buf.drain(..keep);
            self.line -= keep;
            self.searched -= keep;
            self.open = self.open.map(|(start, lines)| (start - keep, lines));
        }
        self.buf.extend_from_slice(bytes);
    }

    /// The next whole frame.
    pub(super) fn next(&mut self) -> Option<Result<Frame, Bad>> {
        while let Some(end) = self.line_end() {
            let start = std::mem::replace(&mut self.line, end + 1);
            match (self.buf.get(start), self.open) {
                (Some(b'['), before) => {
                    self.open = Some((start, 0));
                    if before.is_some() {
                        return Some(Err(Bad::Torn));
                    }
                }
                (Some(b']'), Some((first, lines))) => {
                    self.open = None;
                    return Some(self.frame(first, start..end, lines));
                }
                (_, Some((first, lines))) => self.open = Some((first, lines + 1)),
                (_, None) => {}
            }
        }
        let begin = self.open.map_or(self.line, |(start, _)| start);
        if self.buf.len() - begin <= MAX_FRAME {
            return None;
        }
        *self = Self::default();
        Some(Err(Bad::TooLong))
    }

    fn line_end(&mut self) -> Option<usize> {
        let rest = self.buf.get(self.searched..)?;
        if let Some(at) = rest.iter().position(|b| *b == b'\n') {
            let end = self.searched + at;
            self.searched = end + 1;
            return Some(end);
        }
        self.searched = self.buf.len();
        None
    }

    fn frame(&self, start: usize, tail: Range<usize>, lines: usize) -> Result<Frame, Bad> {
        let head = self.buf.get(start + 1..tail.start).ok_or(Bad::Torn)?;
        let head_len = head.iter().position(|b| *b == b'\n').ok_or(Bad::Torn)?;
        let mut head = Words(head.get(..head_len).ok_or(Bad::Torn)?);
        let mut last = Words(self.buf.get(tail.start + 1..tail.end).ok_or(Bad::Torn)?);
        let seq = head.u64().ok_or(Bad::Torn)?;
        if last.u64() != Some(seq) {
            return Err(Bad::Torn);
        }
        if last.u64() != Some(lines as u64) {
            return Err(Bad::Count);
        }
        Ok(Frame {
            seq,
            epoch: head.f64().filter(|epoch| *epoch < 1e11),
            body: start + head_len + 2..tail.start,
        })
    }

    /// The lines of a frame that [`Self::next`] just returned.
    pub(super) fn body(&self, frame: &Frame) -> &[u8] {
        self.buf.get(frame.body.clone()).unwrap_or_default()
    }
}

/// Words of a line, read as numbers without a copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let blank = |b: &u8| matches!(b, b' ' | b'\t');
        let start = self.0.iter().position(|b| !blank(b))?;
        let rest = self.0.get(start..)?;
        let (word, rest) = rest.split_at(rest.iter().position(blank).unwrap_or(rest.len()));
        self.0 = rest;
        Some(word)
    }
}

impl Words<'_> {
    /// The next word as a whole number.
    pub(super) fn u64(&mut self) -> Option<u64> {
        whole(self.next()?)
    }

    /// The next word as a number that is not negative.
    pub(super) fn f64(&mut self) -> Option<f64> {
        decimal(self.next()?)
    }

    /// The next `N` words as counters; all of the first `needed` must be there, the others are 0 when missing.
    pub(super) fn counters<const N: usize>(&mut self, needed: usize) -> Option<[u64; N]> {
        let mut values = [0; N];
        for (at, value) in values.iter_mut().enumerate() {
            match self.u64() {
                Some(n) => *value = n,
                None if at < needed => return None,
                None => {}
            }
        }
        Some(values)
    }
}

fn whole(word: &[u8]) -> Option<u64> {
    if word.is_empty() || word.len() > 20 {
        return None;
    }
    word.iter().try_fold(0u64, |n, b| {
        let digit = b.wrapping_sub(b'0');
        (digit < 10).then(|| n.saturating_mul(10).saturating_add(u64::from(digit)))
    })
}

fn decimal(word: &[u8]) -> Option<f64> {
    let Some(dot) = word.iter().position(|b| *b == b'.') else {
        return whole(word).map(|n| n as f64);
    };
    let (int, fraction) = (word.get(..dot)?, word.get(dot + 1..)?);
    let fraction = fraction.get(..fraction.len().min(9))?;
    let scale = 10f64.powi(fraction.len() as i32);
    Some(whole(int)? as f64 + whole(fraction)? as f64 / scale)
}

/// What a tick asked for, so that a line that didn't come can be told from one that was not wanted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    /// Everything.
    pub(super) full: bool,
    /// The medium sources.
    pub(super) medium: bool,
    /// Each core.
    pub(super) cores: bool,
}

/// The newest raw values of the fast channel, per probe.
#[derive(Debug, Default)]
pub(super) struct Raw {
    /// Also the clock of every rate.
    pub(super) host: host::Raw,
    load: load::Raw,
    cpu: cpu::Raw,
    /// Holds a container's limit.
    pub(super) memory: memory::Raw,
    pressure: pressure::Raw,
    io: io::Raw,
    net: net::Raw,
    tcp: tcp::Raw,
    /// AMD cards.
    pub(super) amd: gpu::Amd,
}

impl Raw {
    /// Takes the lines of a frame; watched items are handed to `watched` by their position.
    pub(super) fn apply(
        &mut self,
        body: &[u8],
        asked: Asked,
        mut watched: impl FnMut(usize, &[u8]),
    ) {
        self.expect(asked);
        for line in body.split(|b| *b == b'\n') {
            let at = line.iter().position(|b| *b == b' ').unwrap_or(line.len());
            let (key, value) = line.split_at(at);
            let value = value.get(1..).unwrap_or_default();
            match key.split_first() {
                Some((b'w', item)) => {
                    if let Some(item) = whole(item).and_then(|n| n.checked_sub(1)) {
                        watched(item as usize, value);
                    }
                }
                Some((first, name)) => self.line(*first, name, Words(value)),
                None => {}
            }
        }
        self.close(asked);
    }

    fn line(&mut self, first: u8, name: &[u8], value: Words) {
        match (first, name) {
            (b'l', b"") => self.load.take(value),
            (b'u', b"") => self.host.take_uptime(value),
            (b'c', b"") => self.cpu.take(value),
            (b'c', core) => self.cpu.take_core(whole(core), value),
            (b'm', b"") => self.memory.take(value),
            (b'k', b"") => self.memory.take_limited(value),
            (b'P', kind) => self.pressure.take(kind, value),
            (b'n', name) => self.net.take(name, value),
            (b'd', name) => self.io.take(name, value),
            (b'a', card) => self.amd.take(whole(card), value),
            (b'A', card) => self.amd.take_name(whole(card), value.0),
            (b'p' | b'v' | b'f', name) => self.host.take(first, name, value),
            (b't', b"") => self.tcp.take(value),
            (b't', b"s") => self.tcp.take_sockets(value),
            _ => {}
        }
    }

    fn expect(&mut self, asked: Asked) {
        self.cpu.expect(asked);
        if asked.full {
            self.load = load::Raw::default();
            self.pressure = pressure::Raw::default();
            self.memory.expect();
            self.io.expect();
            self.net.expect();
            self.tcp.expect();
            self.host.expect();
            self.amd.expect();
        }
    }

    fn close(&mut self, asked: Asked) {
        let Some(uptime) = self.host.uptime() else {
            return;
        };
        self.cpu.close(uptime, asked);
        self.io.close(uptime);
        self.net.close(uptime);
        if asked.full || asked.medium {
            self.host.close(uptime);
            self.tcp.close(uptime);
        }
    }

    /// The sampler starts anew: only what was counted over its whole life stays.
    pub(super) fn restart(&mut self) {
        self.host.restart();
        *self = Self {
            host: std::mem::take(&mut self.host),
            ..Self::default()
        };
    }

    /// The readings of the fast channel.
    pub(super) fn fill(&self, sample: &mut Sample) {
        self.host.fill(&mut sample.host);
        sample.load = self.load.reading();
        sample.cpu = self.cpu.reading();
        sample.memory = self.memory.reading();
        sample.pressure = self.pressure.reading();
        sample.io = self.io.reading();
        sample.net = self.net.reading();
        sample.tcp = self.tcp.reading();
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
