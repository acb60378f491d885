//! The time that a line of a log begins with. Times within a message are no times of the line.

mod civil;
mod epoch;
mod front;
mod iso;
mod keyed;
mod named;
mod short;
mod tail;

use civil::DAY;

#[cfg(test)]
#[path = "stamp_tests.rs"]
mod tests;

/// What a node's clock and zone say, for times that leave out the zone or the year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// Seconds that the node's local time is ahead of UTC.
    pub offset_s: i32,
    /// Microseconds since 1970 by the node's clock.
    pub now_us: i64,
}

/// Reads the times of one stream; remembers what they look like.
#[derive(Clone, Debug)]
pub struct Reader {
    zone: Zone,
    skew_us: i64,
    known: Option<Kind>,
}

/// A time, as far as the text says it; microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Time {
    /// Since 1970.
    World(i64),
    /// Since 1970, taken for one if it isn't far from now: a number can be something else.
    Guess(i64),
    /// By the clock on the node's wall.
    Local(i64),
    /// The same, without the year.
    Yearless { month: i64, day: i64, time: i64 },
}

/// How a stream writes its times.
type Kind = fn(&Text<'_>) -> Option<Time>;

/// A line, and where its time would begin.
struct Text<'a> {
    line: &'a [u8],
    start: &'a [u8],
    has_level: bool,
}

/// The usual ones first; no line is of two kinds.
const KINDS: &[Kind] = &[
    |text| iso::read(text.start),
    |text| named::month_first(text.start),
    |text| epoch::read(text.start),
    |text| keyed::json(text.line),
    |text| keyed::logfmt(text.line),
    |text| short::klog(text.start),
    |text| named::access(text.line),
    |text| named::day_first(text.start),
    |text| short::dashed(text.start).filter(|_| text.has_level),
];

/// A clock this far ahead isn't believed; local times of another zone are within it.
const AHEAD: i64 = DAY + DAY / 2;

/// A mere number is a time if it lies this near.
const BACK: i64 = 3650 * DAY;

impl Reader {
    /// For a node whose clock is `skew_us` ahead of this machine's.
    pub fn new(zone: Zone, skew_us: i64) -> Self {
        Self {
            zone,
            skew_us,
            known: None,
        }
    }

    /// Says what time it is by this machine's clock, in microseconds since 1970; years are told by it.
    pub fn set_now(&mut self, now_us: i64) {
        self.zone.now_us = now_us.saturating_add(self.skew_us);
    }

    /// The line's time in microseconds since 1970 by this machine's clock; none where it doesn't begin with one.
    pub fn read(&mut self, line: &[u8]) -> Option<i64> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let (start, has_level) = front::strip(line);
        let text = Text {
            line,
            start,
            has_level,
        };
        let known = self.known.and_then(|kind| kind(&text));
        let time = known.or_else(|| self.find(&text))?;
        let us = self.world(time)?;
        let is_fine = us <= self.zone.now_us.saturating_add(AHEAD);
        is_fine.then(|| us.saturating_sub(self.skew_us))
    }

    fn find(&mut self, text: &Text<'_>) -> Option<Time> {
        let (kind, time) = KINDS
            .iter()
            .find_map(|kind| kind(text).map(|time| (*kind, time)))?;
        self.known = Some(kind);
        Some(time)
    }

    /// By the node's clock.
    fn world(&self, time: Time) -> Option<i64> {
        let ahead = i64::from(self.zone.offset_s) * civil::SECOND;
        match time {
            Time::World(us) => Some(us),
            Time::Guess(us) => (us >= self.zone.now_us.saturating_sub(BACK)).then_some(us),
            Time::Local(us) => Some(us - ahead),
            Time::Yearless { month, day, time } => {
                let now = self.zone.now_us.saturating_add(ahead);
                last(month, day, now).map(|start| start + time - ahead)
            }
        }
    }
}

/// The last such day that isn't ahead of `now`, but for a wrong zone; a 29th of February can be eight years ago.
fn last(month: i64, day: i64, now: i64) -> Option<i64> {
    let year = civil::year(now);
    let years = (year - 8..=year + 1).rev();
    let mut starts = years.filter_map(|year| civil::day(year, month, day));
    starts.find(|start| *start <= now.saturating_add(AHEAD))
}
