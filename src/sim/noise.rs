//! Repeatable noise: every value is a function of a seed and a time, so a node needs no state to be moved.

/// A seed for one quantity of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise(u64);

/// `SplitMix64` (Steele, Lea, Flood 2014): full avalanche in three multiplications.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Rises from 0 to 1 between `from` and `to`, without a corner.
pub fn ramp(time: f64, from: f64, to: f64) -> f64 {
    let x = ((time - from) / (to - from)).clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

impl Noise {
    /// The noise of `name` under `seed`.
    pub fn new(seed: u64, name: &str) -> Self {
        Self(name.bytes().fold(mix(seed), |h, b| mix(h ^ u64::from(b))))
    }

    /// An independent noise.
    #[must_use]
    pub fn fork(self, key: u64) -> Self {
        Self(mix(self.0 ^ mix(key)))
    }

    /// A fixed value in `0..1`.
    pub fn unit(self) -> f64 {
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A fixed value in `low..high`.
    pub fn between(self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    /// A curve in `0..1` that wanders with a typical time of `period` seconds.
    pub fn smooth(self, time: f64, period: f64) -> f64 {
        let slot = (time / period).floor();
        let at = |slot: f64| self.fork(slot as i64 as u64).unit();
        let (from, to) = (at(slot), at(slot + 1.0));
        from + (to - from) * ramp(time / period - slot, 0.0, 1.0)
    }

    /// A short day: a wave in `0..1` of `period` seconds with a phase of its own, roughened.
    pub fn day(self, time: f64, period: f64) -> f64 {
        let phase = self.unit() * std::f64::consts::TAU;
        let wave = 0.5 + 0.5 * (time / period * std::f64::consts::TAU + phase).sin();
        0.6 * wave + 0.28 * self.smooth(time, period / 9.0) + 0.12 * self.smooth(time, 3.0)
    }

    /// Bursts in `0..1`: in each slot of `slot` seconds one comes with probability `chance`.
    pub fn burst(self, time: f64, slot: f64, chance: f64) -> f64 {
        let number = (time / slot).floor();
        let one = self.fork(number as i64 as u64);
        if one.unit() >= chance {
            return 0.0;
        }
        let length = one.fork(1).between(0.25, 0.9);
        let x = time / slot - number;
        let shape = ramp(x, 0.0, 0.12) * (1.0 - ramp(x, length, length + 0.1));
        shape * one.fork(2).between(0.45, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_curve_and_another_a_different_one() {
        let curve = |seed: u64| -> Vec<u64> {
            let noise = Noise::new(seed, "gpu01");
            (0..50)
                .map(|t| (noise.day(f64::from(t), 90.0) * 1e9) as u64)
                .collect()
        };
        assert_eq!(curve(1), curve(1));
        assert_ne!(curve(1), curve(2));
    }

    #[test]
    fn curves_stay_in_range_and_never_jump() {
        let noise = Noise::new(7, "web01");
        let mut last = noise.day(0.0, 300.0);
        for tick in 1..20_000 {
            let time = f64::from(tick) * 0.1;
            let now = noise.day(time, 300.0);
            assert!((0.0..=1.0).contains(&now), "{now} at {time}");
            assert!((now - last).abs() < 0.05, "{last} to {now} at {time}");
            assert!((0.0..=1.0).contains(&noise.burst(time, 40.0, 0.3)));
            last = now;
        }
    }
}
