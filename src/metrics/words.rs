//! Words of a line of the wire, read as numbers without a copy.

/// The words.
#[derive(Clone, Debug)]
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
        let mut rest = self.0;
        while let [b' ' | b'\t', after @ ..] = rest {
            rest = after;
        }
        let (mut n, mut digits) = (0u64, 0);
        // 19 digits can't overflow; whatever is longer or no number takes the slow way.
        while let [digit @ b'0'..=b'9', after @ ..] = rest
            && digits < 19
        {
            n = n * 10 + u64::from(digit - b'0');
            digits += 1;
            rest = after;
        }
        if digits > 0 && matches!(rest.first(), None | Some(b' ' | b'\t')) {
            self.0 = rest;
            return Some(n);
        }
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

/// A word as a whole number; one that is too large is the largest.
pub(super) fn whole(word: &[u8]) -> Option<u64> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_quick_way_reads_what_the_plain_one_does(line in "[ \t]{0,2}([0-9]{0,22}[ \t.a-]{0,2}){0,6}") {
            let (mut quick, mut plain) = (Words(line.as_bytes()), Words(line.as_bytes()));
            for _ in 0..8 {
                prop_assert_eq!(quick.u64(), plain.next().and_then(whole));
                prop_assert_eq!(quick.0, plain.0);
            }
        }
    }

    #[test]
    fn numbers_are_bounded_and_plain() {
        assert_eq!(whole(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(whole(b"99999999999999999999"), Some(u64::MAX));
        assert_eq!(
            (whole(b"-1"), whole(b""), whole(b"1e3")),
            (None, None, None)
        );
        assert_eq!(decimal(b"1685.17"), Some(1685.17));
        assert_eq!(
            (decimal(b"nan"), decimal(b"1."), decimal(b".5")),
            (None, None, None)
        );
    }
}
