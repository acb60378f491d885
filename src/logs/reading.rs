//! What was read of one log so far, and from where it is to be read on when its connection was lost. Pure.

use bytes::Bytes;

use super::{
    Credit, End, Line, Maker, StreamId,
    follow::INEXACT_US,
    source::{
        Kind,
        read::{Place, Wish},
    },
    spots::{Item, Spot},
    stamp::Zone,
};
use crate::exec::lines::{self, Lines, MAX_LINE};

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;

/// Bytes that are compared before a file is read on: a number alone may be that of another file by now.
const AGAIN: usize = 64;

/// Lines that go out together weigh no more.
const BATCH: usize = 128 << 10;

/// After so many lines without any time, a log is taken for one that has none.
const TIMELESS: u64 = 100;

/// Stands behind a line of which only the first 64 KiB are shown.
const CUT: &[u8] = " … (cut at 64 KiB)".as_bytes();

/// A log, as far as it was read.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Reading {
    maker: Maker,
    cutter: Lines,
    is_raw: bool,
    /// The beginning of a line that is too long was shown; the rest of it is left out.
    in_long: bool,
    /// Nothing from before this time of ours.
    since_us: Option<i64>,
    is_midway: bool,
    has_gaps: bool,
    /// Lines before the first that has a time.
    timeless: u64,
    last_was_dropped: bool,
    /// How it is read on.
    kind: Resume,
    place: At,
    heard: Heard,
    seen: Seen,
    skip: Option<Seen>,
    /// What a file is expected to hold where it is read on, and that it was asked for there.
    expected: Option<Vec<u8>>,
    goes_on: bool,
    /// Its beginning was had: what follows may be doubled or missing.
    has_begun: bool,
    batch: Batch,
    ready: Vec<Batch>,
}

/// What goes out at once.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) lines: Vec<Line>,
    pub(super) raw: Vec<u8>,
    pub(super) weight: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resume {
    /// At the byte where it ended.
    File,
    /// By the time of its last line.
    Time,
    /// From its beginning.
    Never,
}

/// A place in a file, and what stands before it.
#[derive(Clone, Debug, Default)]
struct At {
    inode: Option<u64>,
    position: u64,
    before: Vec<u8>,
}

/// How much of a file has come, and not only whole lines of it.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    /// To this byte.
    to: u64,
    /// To this one when the node last said so.
    then: u64,
    /// The file ended here when it was opened.
    end: Option<u64>,
}

/// The time of the last line, by our clock, and how many lines came since the first of that time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    at_us: i64,
    lines: u64,
}

/// The file isn't the one that was read before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Another;

impl Reading {
    pub(super) fn new(id: StreamId, kind: &Kind, zone: Zone, skew_us: i64) -> Self {
        Self {
            maker: Maker::new(id, zone, skew_us),
            cutter: Lines::new(),
            is_raw: false,
            in_long: false,
            since_us: None,
            is_midway: false,
            has_gaps: false,
            timeless: 0,
            last_was_dropped: false,
            kind: match kind {
                Kind::File => Resume::File,
                Kind::Command => Resume::Never,
                _ => Resume::Time,
            },
            place: At::default(),
            heard: Heard::default(),
            seen: Seen::default(),
            skip: None,
            expected: None,
            goes_on: false,
            has_begun: false,
            batch: Batch::default(),
            ready: Vec::new(),
        }
    }

    /// Bytes as they are instead of lines.
    #[must_use]
    pub(super) fn raw(self, is_raw: bool) -> Self {
        Self { is_raw, ..self }
    }

    /// Leaves out what is older, by our clock.
    #[must_use]
    pub(super) fn since(self, since_us: Option<i64>) -> Self {
        Self { since_us, ..self }
    }

    /// It begins within what is older: lines are left out until one has a time.
    pub(super) fn begin_midway(&mut self) {
        self.is_midway = true;
    }

    /// What is to be asked for: at first what is wanted, and later what comes after that which was read.
    pub(super) fn wish(&mut self, first: &Wish, skew_us: i64) -> Wish {
        // A part of a line that was lost with its connection comes again.
        self.cutter = Lines::new();
        if !self.has_begun {
            return first.clone();
        }
        match self.kind {
            Resume::Never => first.clone(),
            Resume::File => {
                self.expected = self.place.inode.map(|_| self.place.before.clone());
                self.goes_on = self.expected.is_some();
                Wish {
                    place: Some(Place {
                        inode: self.place.inode,
                        position: self.place.position,
                        again: self.place.before.len() as u64,
                    }),
                    ..first.clone()
                }
            }
            Resume::Time if self.seen.lines == 0 => first.clone(),
            Resume::Time => {
                self.skip = Some(Seen {
                    lines: 0,
                    ..self.seen
                });
                Wish {
                    lines: None,
                    since_us: Some(self.seen.at_us.saturating_add(skew_us)),
                    ..first.clone()
                }
            }
        }
    }

    /// The file that it was is no more: it is read from its beginning.
    pub(super) fn begin_anew(&mut self) {
        self.place = At::default();
        self.expected = None;
    }

    /// True where a new connection can't tell what came meanwhile.
    pub(super) fn has_gap(&self) -> bool {
        self.has_begun && self.kind == Resume::Never
    }

    /// Takes what stands between the bytes of a file.
    pub(super) fn take(&mut self, item: &Item, now_us: i64) -> Result<Option<Spot>, Another> {
        match item {
            Item::Bytes(bytes) => self.bytes(bytes, now_us).map(|()| None),
            Item::Spot(spot) => {
                self.spot(*spot, now_us);
                Ok(Some(*spot))
            }
        }
    }

    fn spot(&mut self, spot: Spot, now_us: i64) {
        match spot {
            Spot::At {
                inode,
                position,
                size,
            } => {
                let is_other = self.place.inode.is_some_and(|old| old != inode);
                let goes_on = std::mem::take(&mut self.goes_on);
                if is_other || (position == 0 && !goes_on) {
                    self.end(now_us);
                    self.expected = None;
                }
                if self.expected.is_none() {
                    self.place.before.clear();
                }
                self.place.inode = Some(inode);
                self.place.position = position;
                self.heard = Heard {
                    to: position,
                    then: position,
                    end: size,
                };
                self.has_begun = true;
            }
            Spot::Here => self.heard.then = self.heard.to,
            Spot::Within(offset) => self.cut(self.heard.then.saturating_sub(offset)),
            Spot::Gone | Spot::Waits | Spot::Asks => {}
            Spot::Unknown => {
                self.expected = None;
                self.goes_on = false;
                self.gap(
                    "what came between is unknown: the file was replaced or cut",
                    now_us,
                );
            }
        }
    }

    /// The file was cut, and begun again, since it was opened: so much of what came isn't in it any more.
    fn cut(&mut self, bytes: u64) {
        self.heard.to -= bytes;
        self.heard.then -= bytes;
        self.place.position = self.place.position.saturating_sub(bytes);
        let before = &mut self.place.before;
        let kept = usize::try_from(self.place.position).unwrap_or(usize::MAX);
        before.drain(..before.len().saturating_sub(kept));
    }

    /// The bytes of the file that have come.
    pub(super) fn heard(&self) -> u64 {
        self.heard.to
    }

    /// All that a file held when it was opened has come.
    pub(super) fn is_caught_up(&self) -> bool {
        self.heard.end.is_some_and(|end| self.heard.to >= end)
    }

    /// The last line isn't from before this time of ours; one that has no time is as good as new.
    pub(super) fn is_past(&self, us: i64) -> bool {
        self.maker.last_us().is_none_or(|last| last >= us)
    }

    /// Takes the next bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8], now_us: i64) -> Result<(), Another> {
        self.has_begun = true;
        self.heard.to += bytes.len() as u64;
        let rest = self.compare(bytes)?;
        let mut cutter = std::mem::take(&mut self.cutter);
        cutter.feed(rest, |line| self.line(line, true, now_us));
        self.cutter = cutter;
        Ok(())
    }

    /// The bytes after those that were had before.
    fn compare<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Another> {
        let Some(expected) = &mut self.expected else {
            return Ok(bytes);
        };
        let both = expected.len().min(bytes.len());
        let (again, rest) = bytes.split_at(both);
        if expected.get(..both) != Some(again) {
            return Err(Another);
        }
        expected.drain(..both);
        self.place.position += both as u64;
        if expected.is_empty() {
            self.expected = None;
        }
        Ok(rest)
    }

    /// Nothing more comes: the last line may have no newline.
    pub(super) fn end(&mut self, now_us: i64) {
        let mut cutter = std::mem::take(&mut self.cutter);
        cutter.flush(|line| self.line(line, false, now_us));
        self.in_long = false;
    }

    /// Says that something may be missing here.
    pub(super) fn gap(&mut self, what: &str, now_us: i64) {
        if self.is_raw {
            self.has_gaps = true;
            return;
        }
        let line = Line {
            is_gap: true,
            is_stamped: false,
            level: None,
            ..self
                .maker
                .line(format!("--- {what} ---").as_bytes(), now_us)
        };
        self.put(line);
    }

    /// Bytes in which something may be missing aren't all of it.
    pub(super) fn judge(&self, end: End) -> End {
        match end {
            End::Done if self.has_gaps => {
                End::Lost("what came meanwhile is unknown: the file was replaced".into())
            }
            end => end,
        }
    }

    /// What is ready to go out, whole or not.
    pub(super) fn ready(&mut self) -> Vec<Batch> {
        let batch = std::mem::take(&mut self.batch);
        if batch.weight > 0 {
            self.ready.push(batch);
        }
        std::mem::take(&mut self.ready)
    }

    fn line(&mut self, line: lines::Line<'_>, has_end: bool, now_us: i64) {
        let has_end = has_end && !line.continued;
        self.pass(line.bytes, has_end);
        let is_first = !std::mem::replace(&mut self.in_long, line.continued);
        if !is_first {
            if self.is_raw && !self.last_was_dropped {
                self.put_raw(line.bytes, has_end);
            }
            return;
        }
        let made = self.timed(line.bytes, now_us);
        self.last_was_dropped = self.is_dropped(&made);
        if self.last_was_dropped {
            return;
        }
        if self.is_raw {
            self.put_raw(line.bytes, has_end);
        } else if line.continued {
            let mut text = made.text.to_vec();
            text.extend_from_slice(CUT);
            self.put(Line {
                text: text.into(),
                ..made
            });
        } else {
            self.put(made);
        }
    }

    /// The line with its time; in a log that has none, that of its arrival: else a flood of such lines would keep the place of
    /// its first one, before all others.
    fn timed(&mut self, bytes: &[u8], now_us: i64) -> Line {
        let mut line = self.maker.line(bytes, now_us);
        if line.at_us.is_none() {
            self.timeless += 1;
            let is_timeless = self.timeless > TIMELESS && self.since_us.is_none();
            line.at_us = is_timeless.then_some(now_us - INEXACT_US);
        }
        line
    }

    /// Counts bytes of a file, and keeps the last of them.
    fn pass(&mut self, bytes: &[u8], has_end: bool) {
        if self.kind != Resume::File {
            return;
        }
        self.place.position += bytes.len() as u64 + u64::from(has_end);
        let before = &mut self.place.before;
        let kept = bytes.len().saturating_sub(AGAIN);
        before.extend_from_slice(bytes.get(kept..).unwrap_or_default());
        if has_end {
            before.push(b'\n');
        }
        before.drain(..before.len().saturating_sub(AGAIN));
    }

    fn is_dropped(&mut self, line: &Line) -> bool {
        if self.kind == Resume::Time && self.was_seen(line) {
            return true;
        }
        match (self.since_us, line.at_us) {
            (Some(since), Some(at)) => at < since,
            _ => self.is_midway,
        }
    }

    /// Whether the line was had before the connection was lost; counts it otherwise.
    fn was_seen(&mut self, line: &Line) -> bool {
        let stamp = line.at_us.filter(|_| line.is_stamped);
        if let Some(mut skip) = self.skip {
            let is_seen = match stamp {
                Some(at) if at > self.seen.at_us => false,
                Some(at) if at < self.seen.at_us => skip.lines == 0,
                // One without a time belongs to the line before it.
                None if skip.lines == 0 => self.last_was_dropped,
                _ => {
                    skip.lines += 1;
                    skip.lines <= self.seen.lines
                }
            };
            self.skip = is_seen.then_some(skip);
            if is_seen {
                return true;
            }
        }
        match stamp {
            Some(at) if at != self.seen.at_us || self.seen.lines == 0 => {
                self.seen = Seen {
                    at_us: at,
                    lines: 1,
                };
            }
            _ if self.seen.lines > 0 => self.seen.lines += 1,
            _ => {}
        }
        false
    }

    fn put(&mut self, line: Line) {
        self.batch.weight += Credit::of(&line);
        self.batch.lines.push(line);
        self.bound();
    }

    fn put_raw(&mut self, bytes: &[u8], has_end: bool) {
        self.batch.raw.extend_from_slice(bytes);
        if has_end {
            self.batch.raw.push(b'\n');
        }
        self.batch.weight = self.batch.raw.len();
        self.bound();
    }

    fn bound(&mut self) {
        if self.batch.weight >= BATCH {
            self.ready.push(std::mem::take(&mut self.batch));
        }
    }
}

impl Batch {
    /// The heaviest that there is.
    pub(super) const MOST: usize = BATCH + MAX_LINE + 1024;

    pub(super) fn into_raw(self) -> Bytes {
        self.raw.into()
    }
}
