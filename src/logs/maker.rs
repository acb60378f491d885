//! Makes lines of one stream's text: each with its time and its level, or with those of the line before it.

use bytes::Bytes;

use super::{
    Level, Line, StreamId, level,
    stamp::{Reader, Zone},
};

/// The stream side of a log.
#[derive(Clone, Debug)]
pub struct Maker {
    stream: StreamId,
    reader: Reader,
    last_us: Option<i64>,
    last_level: Option<Level>,
}

impl Maker {
    /// For a node whose clock is `skew_us` ahead of this machine's.
    pub fn new(stream: StreamId, zone: Zone, skew_us: i64) -> Self {
        Self {
            stream,
            reader: Reader::new(zone, skew_us),
            last_us: None,
            last_level: None,
        }
    }

    /// The time of the last line that had one.
    pub(super) fn last_us(&self) -> Option<i64> {
        self.last_us
    }

    /// The next line, without its newline, which came at `now_us` by this machine's clock.
    ///
    /// No line is written after it came: one that says so has a wrong clock or zone, and gets the time when it came.
    pub fn line(&mut self, text: &[u8], now_us: i64) -> Line {
        self.reader.set_now(now_us);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let stamp = self.reader.read(text).map(|us| us.min(now_us));
        let own = level::read(text);
        let level = if stamp.is_some() {
            own
        } else {
            own.or(self.last_level)
        };
        self.last_us = stamp.or(self.last_us);
        self.last_level = level;
        Line {
            stream: self.stream,
            at_us: self.last_us,
            is_stamped: stamp.is_some(),
            level,
            is_late: false,
            is_gap: false,
            // A copy: a slice would keep the whole buffer that it was read into.
            text: Bytes::copy_from_slice(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_262_400_000_000; // 2026-11-21T12:00:00Z

    fn maker() -> Maker {
        let zone = Zone {
            offset_s: 0,
            now_us: NOON,
        };
        Maker::new(StreamId(7), zone, 0)
    }

    #[test]
    fn a_line_without_a_time_goes_with_the_one_before() {
        let mut maker = maker();
        let first = maker.line(b"starting", NOON);
        assert_eq!(
            (first.at_us, first.is_stamped, first.level),
            (None, false, None)
        );
        let error = maker.line(b"2026-11-21T11:59:00Z ERROR it broke\r", NOON);
        assert_eq!(error.at_us, Some(NOON - 60_000_000));
        assert_eq!((error.is_stamped, error.level), (true, Some(Level::Error)));
        assert_eq!(&error.text[..], b"2026-11-21T11:59:00Z ERROR it broke");
        let trace = maker.line(b"  at here(2026-11-21T01:00:00Z)", NOON);
        assert_eq!((trace.at_us, trace.is_stamped), (error.at_us, false));
        assert_eq!(trace.level, Some(Level::Error));
        let next = maker.line(b"2026-11-21T11:59:01Z on we go", NOON);
        assert_eq!(next.level, None, "its own silence, not the level before");
    }

    #[test]
    fn no_line_is_from_the_future() {
        let mut maker = maker();
        let ahead = maker.line(b"2026-11-21T14:00:00Z a clock of another zone", NOON);
        assert_eq!((ahead.at_us, ahead.is_stamped), (Some(NOON), true));
        let wild = maker.line(b"2199-01-01T00:00:00Z a clock gone wild", NOON);
        assert!(!wild.is_stamped, "nobody believes that");
    }
}
