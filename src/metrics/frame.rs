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
//! | `C` | full | CPUs online |
//! | `m` | every tick | kB: MemTotal MemFree MemAvailable Buffers Cached Shmem SReclaimable Dirty SwapTotal SwapFree |
//! | `z` | every tick, with ZFS | bytes: size and c_min of its cache (ARC) |
//! | `k` | every tick, in a container with a limit | bytes: memory.current, inactive_file |
//! | `Pc` `Pm` `Pi` | every tick | pressure of cpu, memory, io: some avg10, some avg60, full avg10, full avg60 (the last two may be missing) |
//! | `nIF` | every tick | interface IF: received bytes, errors, drops; sent bytes, errors, drops; gone: `-` |
//! | `dDISK` | every tick | whole disk: reads, sectors read, writes, sectors written, in flight, busy ms; gone: `-` |
//! | `aN` | every tick | AMD card N: busy %, memory used, memory in all (bytes), temperature (m°C), power, power limit (µW) |
//! | `AN` | full | its product name |
//! | `wN` | every tick | watched item N, counted from 1: `P`: state and start time in ticks after boot (`S 3021`); `G`: `1` when processes live in it, else `0`; gone: `-` |
//! | `pf` `pb` | `m` | processes created since boot; blocked on I/O now |
//! | `vs` `vf` `vo` | `m` | since boot: pages swapped out, major faults, OOM kills |
//! | `t` | `m` | CurrEstab OutSegs RetransSegs |
//! | `ts` | `m` | TCP sockets in use: of IPv4, of IPv6 (which may be missing) |
//! | `f` | `m` | `/proc/sys/fs/file-nr`: open, 0, limit |

use std::{fmt, ops::Range};

use memchr::memchr;

use super::words::Words;

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
        if let Some(at) = memchr(b'\n', rest) {
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

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
