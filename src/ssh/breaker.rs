//! Whether a way is worth trying: after a few failures in a row it is left alone for a while, longer each time. Pure.

/// Failures in a row from which on a way counts as broken.
const THRESHOLD: u32 = 3;

/// Between the attempts before that, and the first wait after.
const FIRST_MS: u64 = 2_000;

/// The longest wait.
const LONGEST_MS: u64 = 300_000;

/// Of one way to one node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    not_before_ms: u64,
}

impl Breaker {
    /// True when an attempt may be made: the breaker is closed, or half open after its wait.
    pub fn allows(self, now_ms: u64) -> bool {
        now_ms >= self.not_before_ms
    }

    /// When the next attempt may be made.
    pub fn retry_at_ms(self) -> u64 {
        self.not_before_ms
    }

    /// True from the third failure in a row to the next success.
    pub fn is_open(self) -> bool {
        self.failures >= THRESHOLD
    }

    /// Failures in a row.
    pub fn failures(self) -> u32 {
        self.failures
    }

    /// An attempt failed. Waits of different `name`s are spread, so that a thousand don't come back at once.
    pub fn failed(&mut self, now_ms: u64, name: &str) {
        self.failures += 1;
        self.not_before_ms = now_ms + delay_ms(self.failures, name);
    }

    /// An attempt succeeded.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Somebody wants an attempt now; what is known of it stays.
    pub fn hurry(&mut self) {
        self.not_before_ms = 0;
    }
}

/// The wait after so many failures in a row: 2 s up to the threshold, then doubling to 5 minutes, all within a fifth; always
/// the same for the same name and count.
fn delay_ms(failures: u32, name: &str) -> u64 {
    let doublings = failures.saturating_sub(THRESHOLD).min(8);
    let nominal = (FIRST_MS << doublings).min(LONGEST_MS);
    nominal * (800 + hash(name, failures) % 401) / 1000
}

/// FNV-1a: stable between runs, unlike the standard hasher.
pub(crate) fn hash(name: &str, salt: u32) -> u64 {
    let bytes = name.bytes().chain(salt.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_double_to_five_minutes_within_a_fifth() {
        for (failures, nominal) in [
            (1, 2000),
            (3, 2000),
            (4, 4000),
            (10, 256_000),
            (11, 300_000),
            (9000, 300_000),
        ] {
            let delay = delay_ms(failures, "gpu01");
            let around = nominal * 8 / 10..=nominal * 12 / 10;
            assert!(around.contains(&delay), "{failures}: {delay}");
        }
    }

    #[test]
    fn nodes_are_spread() {
        let delays = (0..100).map(|n| delay_ms(1, &format!("n{n}")));
        let different: std::collections::BTreeSet<u64> = delays.collect();
        assert!(different.len() > 60, "{}", different.len());
    }

    proptest! {
        /// Whatever happens: open means three failures since the last success, a success opens the way at once, and no wait
        /// is longer than the longest.
        #[test]
        fn holds_its_promises(steps in prop::collection::vec((any::<bool>(), 0_u64..400_000), 0..60)) {
            let (mut breaker, mut now, mut in_a_row) = (Breaker::default(), 0, 0);
            for (success, later) in steps {
                now += later;
                if success {
                    breaker.succeeded();
                    in_a_row = 0;
                    prop_assert!(breaker.allows(now));
                } else {
                    breaker.failed(now, "gpu01");
                    in_a_row += 1;
                    prop_assert!(!breaker.allows(now));
                    prop_assert!(breaker.allows(now + LONGEST_MS * 12 / 10));
                }
                prop_assert_eq!(breaker.is_open(), in_a_row >= THRESHOLD);
                prop_assert_eq!(breaker.failures(), in_a_row);
            }
        }
    }
}
