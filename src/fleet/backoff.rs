//! How long to wait after a failure: 2 s, doubling to a minute, spread by node so that a thousand don't come back at once. Pure.

const FIRST_MS: u64 = 2_000;
const LONGEST_MS: u64 = 60_000;

/// The wait before the next attempt, after `failures` in a row. Between 80 % and 120 % of the nominal one, always the same for the same name and count.
pub(super) fn delay_ms(failures: u32, name: &str) -> u64 {
    let doublings = failures.saturating_sub(1).min(5);
    let nominal = (FIRST_MS << doublings).min(LONGEST_MS);
    let spread = hash(name, failures) % 401;
    nominal * (800 + spread) / 1000
}

/// A place in `0..span` that belongs to the name: starts spread evenly over an interval.
pub(super) fn offset_ms(name: &str, span: u64) -> u64 {
    hash(name, 0) % span.max(1)
}

/// FNV-1a: stable between runs, unlike the standard hasher.
fn hash(name: &str, salt: u32) -> u64 {
    let bytes = name.bytes().chain(salt.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_a_minute_within_a_fifth() {
        for (failures, nominal) in [
            (1, 2000),
            (2, 4000),
            (5, 32_000),
            (6, 60_000),
            (900, 60_000),
        ] {
            let delay = delay_ms(failures, "gpu01");
            assert!(
                (nominal * 8 / 10..=nominal * 12 / 10).contains(&delay),
                "{failures}: {delay}"
            );
        }
    }

    #[test]
    fn spreads_the_nodes() {
        let delays: std::collections::BTreeSet<u64> =
            (0..100).map(|n| delay_ms(1, &format!("n{n}"))).collect();
        assert!(delays.len() > 60, "{}", delays.len());
    }
}
