//! The GPUs of a simulated node: training waves with checkpoints, or the ups and downs of serving.

use super::{
    mig::Part,
    model::Model,
    noise::ramp,
    profile::{Role, Story},
};

/// One GPU at one instant.
#[derive(Clone, Debug)]
pub struct Card {
    /// Product name.
    pub name: &'static str,
    /// Compute use in percent.
    pub util: f64,
    /// MiB in use.
    pub used: u64,
    /// MiB in all.
    pub total: u64,
    /// Degrees Celsius.
    pub temperature: f64,
    /// Watts drawn.
    pub power: f64,
    /// Watts allowed.
    pub limit: f64,
    /// SM clock in MHz.
    pub clock: f64,
    /// Clocks are held down by heat.
    pub hot: bool,
    /// Its MIG instances, where it is in that mode.
    pub parts: Vec<Part>,
}

impl Card {
    /// A card at rest, to learn which fields there are.
    pub(super) fn example() -> Self {
        let (name, total, limit, clock) = H100;
        Self {
            name,
            util: 0.0,
            used: 0,
            total,
            temperature: 30.0,
            power: 0.0,
            limit,
            clock,
            hot: false,
            parts: Vec::new(),
        }
    }
}

/// Where a card sits.
pub(super) fn bus(index: usize) -> String {
    format!("00000000:{:02X}:00.0", 0x18 + 0x10 * index)
}

/// What the cards of a node do.
#[derive(Clone, Copy, PartialEq)]
enum Work {
    Train,
    Serve,
    Rest,
}

/// Product name, memory in MiB, power limit in W, boost clock in MHz.
type Product = (&'static str, u64, f64, f64);
const H100: Product = ("NVIDIA H100 80GB HBM3", 81_559, 700.0, 1_980.0);
const A100: Product = ("NVIDIA A100-SXM4-80GB", 81_920, 400.0, 1_410.0);

/// Seconds between two checkpoints of a training.
const EPOCH: f64 = 75.0;

impl Model {
    fn work(&self) -> Work {
        match self.noise(30).unit() {
            x if self.profile().story == Some(Story::HotGpus) || x < 0.6 => Work::Train,
            x if x < 0.88 => Work::Serve,
            _ => Work::Rest,
        }
    }

    /// Compute use of one card, 0 to 1.
    fn util(&self, card: u32, time: f64) -> f64 {
        let own = self.noise(40 + u64::from(card));
        match self.work() {
            Work::Train => {
                let at = (time + self.noise(31).unit() * EPOCH).rem_euclid(EPOCH);
                let saves = ramp(at, 0.0, 2.0) * (1.0 - ramp(at, 6.0, 8.0));
                (0.90 + 0.09 * own.smooth(time, 4.0)) * (1.0 - 0.88 * saves)
            }
            Work::Serve => 0.08 + 0.52 * own.day(time, 240.0) + 0.3 * own.burst(time, 20.0, 0.3),
            Work::Rest => 0.0,
        }
    }

    /// Its GPUs at `time`, by index.
    pub fn cards(&self, time: f64) -> Vec<Card> {
        (0..self.profile().gpus)
            .map(|card| self.card(card, time))
            .collect()
    }

    fn card(&self, card: u32, time: f64) -> Card {
        let (name, total, limit, boost) = match (self.profile().role, self.profile().gpus) {
            (Role::Gpu, 8..) => H100,
            _ => A100,
        };
        let own = self.noise(40 + u64::from(card));
        let util = self.util(card, time).clamp(0.0, 1.0);
        // Heat follows work slowly: the mean of the last minute.
        let warm = (0..6)
            .map(|n| self.util(card, time - 10.0 * f64::from(n)))
            .sum::<f64>()
            / 6.0;
        let fails = self.plot(Story::HotGpus, time, [30.0, 95.0, 220.0, 275.0]);
        let heat = match card {
            1 => 33.0 * fails,
            2 => 27.0 * fails,
            _ => 5.0 * fails,
        };
        let temperature = own.between(27.0, 33.0) + 36.0 * warm + heat;
        let hot = temperature > 82.0;
        let share = match self.work() {
            Work::Train => own.between(0.72, 0.93) + 0.02 * own.smooth(time, 15.0),
            Work::Serve => own.between(0.45, 0.62) + 0.06 * own.smooth(time, 30.0),
            Work::Rest => 0.0,
        };
        let held = if hot { 0.72 } else { 1.0 };
        let parts = self.parts(card, time);
        let used = if parts.is_empty() {
            4 + (share * total as f64) as u64
        } else {
            parts.iter().map(|part| part.used).sum()
        };
        Card {
            name,
            util: 100.0 * util,
            used,
            total,
            temperature,
            power: (0.11 + 0.83 * util * held) * limit,
            limit,
            clock: if util > 0.0 {
                boost * held
            } else {
                0.17 * boost
            },
            hot,
            parts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::profile::Profile;
    use std::sync::Arc;

    use super::*;

    fn node(name: &str, story: Option<Story>) -> Model {
        let profile = Profile {
            story,
            ..Profile::new(name)
        };
        Model::new(Arc::new(profile), 1)
    }

    #[test]
    fn cards_of_a_well_node_stay_within_their_limits() {
        for name in (1..40).map(|n| format!("gpu{n:02}")) {
            let model = node(&name, None);
            for time in (0..400).map(f64::from) {
                for card in model.cards(time) {
                    assert!(card.power <= card.limit && card.used <= card.total);
                    assert!((0.0..=100.0).contains(&card.util));
                    assert!(card.temperature < 80.0 && !card.hot, "{card:?}");
                }
            }
        }
    }

    #[test]
    fn two_cards_of_the_story_run_hot_and_throttle() {
        let model = node("gpu05", Some(Story::HotGpus));
        assert!(model.cards(20.0).iter().all(|card| !card.hot));
        let hot: Vec<bool> = model.cards(150.0).iter().map(|card| card.hot).collect();
        assert_eq!(hot, [false, true, true, false]);
    }
}
