//! The name of a run: `20261121-183122-q7k3f`, its time in UTC and five signs that tell runs of one second apart.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    str::FromStr,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Crockford's base 32: nothing that is mistaken for another when typed, and in ASCII order, so that ids sort by time.
const SIGNS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Signs after the time.
const MARKS: usize = 5;

/// Low bits that don't come from the clock.
const SALT_BITS: u32 = 15;

/// `YYYYMMDD-HHMMSS-`.
const CLOCK: usize = 16;

/// Runs of one process never share an id within 32,768 of them; those of two processes by a chance of one in 33 million a second.
static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one(0)));

/// The name of a run. Ids sort by time, to the millisecond.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// For a run that begins at this time, in ms since 1970.
    pub fn new(now_ms: u64) -> Self {
        Self::with_salt(now_ms, NEXT.fetch_add(1, Ordering::Relaxed))
    }

    fn with_salt(now_ms: u64, salt: u64) -> Self {
        // Beyond the year 9999 there is no such name; the clock is wrong then, and the signs still tell runs apart.
        let ms = i64::try_from(now_ms).unwrap_or(i64::MAX);
        let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
        let clock = time.to_zoned(TimeZone::UTC).strftime("%Y%m%d-%H%M%S");
        let bits = ((now_ms % 1000) << SALT_BITS) | (salt & ((1 << SALT_BITS) - 1));
        let signs: String = (0..MARKS).rev().map(|at| sign(bits >> (5 * at))).collect();
        Self(format!("{clock}-{signs}"))
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn sign(bits: u64) -> char {
    SIGNS.get((bits & 31) as usize).map_or('0', |b| *b as char)
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What was typed is no run's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a run: one looks like 20261121-183122-q7k3f; `sshoal audit` lists them")]
pub struct BadRunId;

impl FromStr for RunId {
    type Err = BadRunId;

    fn from_str(text: &str) -> Result<Self, BadRunId> {
        let text = text.trim().to_ascii_lowercase();
        let is_right = |(at, byte): (usize, u8)| match at {
            8 | 15 => byte == b'-',
            0..CLOCK => byte.is_ascii_digit(),
            _ => SIGNS.contains(&byte),
        };
        let is_run = text.len() == CLOCK + MARKS && text.bytes().enumerate().all(is_right);
        is_run.then_some(Self(text)).ok_or(BadRunId)
    }
}

impl TryFrom<String> for RunId {
    type Error = BadRunId;

    fn try_from(text: String) -> Result<Self, BadRunId> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(run: RunId) -> Self {
        run.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_run_is_named_by_its_time_in_utc() {
        let run = RunId::with_salt(1_795_285_882_123, 7);
        assert_eq!(run.as_str(), "20261121-183122-3v007");
    }

    #[test]
    fn many_runs_of_one_instant_differ() {
        let runs: HashSet<RunId> = (0..10_000).map(|_| RunId::new(5)).collect();
        assert_eq!(runs.len(), 10_000);
    }

    #[test]
    fn what_is_typed_is_read_whatever_its_case() {
        assert_eq!(
            " 20261121-183122-3V007".parse(),
            Ok(RunId::with_salt(1_795_285_882_123, 7))
        );
        for bad in [
            "",
            "last",
            "20261121-183122-3v00",
            "20261121-183122-3v00u",
            "20261121_183122-3v007",
        ] {
            assert_eq!(bad.parse::<RunId>(), Err(BadRunId), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn ids_sort_by_time_and_are_read_back(a in 0..4_000_000_000_000_u64, b in 0..4_000_000_000_000_u64, salt: u64) {
            let (one, other) = (RunId::with_salt(a, salt), RunId::with_salt(b, salt));
            prop_assert_eq!(one.cmp(&other), a.cmp(&b));
            prop_assert_eq!(one.to_string().parse(), Ok(one));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = text.parse::<RunId>();
        }

        #[test]
        fn no_time_panics(now: u64) {
            prop_assert_eq!(RunId::new(now).as_str().len(), 21);
        }
    }
}
