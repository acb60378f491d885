//! What a node answers when it is asked for its logs. Pure.

use crate::node::text::SafeText;

/// All that it said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Its clock, in microseconds since 1970, and how far that may be off by the way it was told.
    pub clock_us: Option<(i64, i64)>,
    /// Seconds that its local time is ahead of UTC.
    pub offset_s: i32,
    /// The places of sources, and what there is of them.
    pub found: Vec<(usize, Found)>,
    /// Sources that it doesn't have, and why.
    pub missing: Vec<(usize, SafeText)>,
    /// It was heard out.
    pub is_whole: bool,
}

/// One log that is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Its name: a unit, a path, a container; empty for what has none.
    pub name: String,
}

/// What a log is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The journal, or a unit's part of it, in this format of journalctl.
    Journal(&'static str),
    /// A unit of the login's own.
    UserJournal(&'static str),
    /// A regular file.
    File,
    /// A container, by this program.
    Container(&'static str),
    /// The user's own command.
    Command,
}

/// Half a second: a clock that tells none less.
const COARSE_US: i64 = 500_000;

impl Answer {
    /// Reads lines; what makes no sense is left out.
    pub fn read(text: &[u8]) -> Self {
        let mut answer = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            // A path that is no UTF-8 can't be named to a shell by us.
            let Ok(line) = str::from_utf8(line) else {
                continue;
            };
            answer.take(line);
        }
        answer
    }

    fn take(&mut self, line: &str) {
        let (key, rest) = line.split_once(' ').unwrap_or((line, ""));
        match key {
            "c" => self.clock(rest),
            "s" => self.found.extend(found(rest)),
            "m" => {
                let (place, why) = rest.split_once(' ').unwrap_or((rest, ""));
                let place = place.parse().ok();
                self.missing
                    .extend(place.map(|place| (place, SafeText::line(why, 300))));
            }
            "e" => self.is_whole = true,
            _ => {}
        }
    }

    fn clock(&mut self, rest: &str) {
        let (time, zone) = rest.split_once(' ').unwrap_or((rest, ""));
        let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
        self.offset_s = offset(zone).unwrap_or(0);
        let Ok(seconds) = seconds.parse::<i64>() else {
            return;
        };
        // Where `%N` isn't known it is printed as it is, or as an `N`.
        let digits = fraction
            .get(..6)
            .and_then(|digits| digits.parse::<i64>().ok());
        self.clock_us = Some(match digits {
            Some(us) => (seconds * 1_000_000 + us, 0),
            None => (seconds * 1_000_000 + COARSE_US, COARSE_US),
        });
    }
}

/// `+0530` in seconds.
fn offset(zone: &str) -> Option<i32> {
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let hours: i32 = zone.get(1..3)?.parse().ok()?;
    let minutes: i32 = zone.get(3..5)?.parse().ok()?;
    Some(sign * (hours * 3600 + minutes * 60))
}

fn found(rest: &str) -> Option<(usize, Found)> {
    let (place, rest) = rest.split_once(' ')?;
    let (kind, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let (kind, name) = match kind {
        "file" => (Kind::File, rest),
        "docker" => (Kind::Container("docker"), rest),
        "podman" => (Kind::Container("podman"), rest),
        "command" => (Kind::Command, rest),
        "journal" | "unit" | "user" => {
            let (format, name) = rest.split_once(' ').unwrap_or((rest, ""));
            let format = match format {
                "short-iso-precise" => "short-iso-precise",
                _ => "short-iso",
            };
            let kind = if kind == "user" {
                Kind::UserJournal(format)
            } else {
                Kind::Journal(format)
            };
            (kind, name)
        }
        _ => return None,
    };
    let found = Found {
        kind,
        name: name.to_owned(),
    };
    Some((place.parse().ok()?, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        let text = b"c 1795298000.123456789 +0530\ns 0 unit short-iso-precise nginx.service\ns 1 file /var/log/a b.log\n\
            m 2 no such file\ns 3 command\ns 4 journal short-iso\ns 5 podman web\nnoise\ne\n";
        let answer = Answer::read(text);
        assert_eq!(answer.clock_us, Some((1_795_298_000_123_456, 0)));
        assert_eq!((answer.offset_s, answer.is_whole), (19_800, true));
        let found: Vec<_> = answer
            .found
            .iter()
            .map(|(k, f)| (*k, f.kind.clone(), f.name.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (0, Kind::Journal("short-iso-precise"), "nginx.service"),
                (1, Kind::File, "/var/log/a b.log"),
                (3, Kind::Command, ""),
                (4, Kind::Journal("short-iso"), ""),
                (5, Kind::Container("podman"), "web"),
            ]
        );
        assert_eq!(answer.missing, [(2, "no such file".into())]);
    }

    #[test]
    fn a_clock_without_fractions_is_coarse() {
        for text in ["c 100.%N -0330", "c 100.N -0330", "c 100 -0330"] {
            let answer = Answer::read(text.as_bytes());
            assert_eq!(answer.clock_us, Some((100_500_000, 500_000)), "{text}");
            assert_eq!(answer.offset_s, -12_600);
            assert!(!answer.is_whole);
        }
        assert_eq!(Answer::read(b"c ? ?").clock_us, None);
    }
}
