//! Simulated MIG instances: two cards of one node are cut into parts, and each part serves somebody.

use super::{
    cards::{Card, bus},
    model::Model,
};
use std::fmt::Write as _;

/// An instance at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Id of its GPU instance.
    pub id: u32,
    /// Streaming multiprocessors.
    pub multiprocessors: u32,
    /// MiB in use.
    pub used: u64,
    /// MiB in all.
    pub total: u64,
}

/// Id, multiprocessors and MiB of the parts of an H100: 3g.40gb, 2g.20gb and 1g.10gb, then three of 2g.20gb and one of 1g.10gb.
const CUTS: [&[(u32, u32, u64)]; 2] = [
    &[(2, 60, 40_448), (3, 32, 20_096), (9, 16, 9_984)],
    &[
        (3, 32, 20_096),
        (4, 32, 20_096),
        (5, 32, 20_096),
        (13, 16, 9_984),
    ],
];

impl Model {
    /// The instances of a card; none where it is not in MIG mode.
    pub(super) fn parts(&self, card: u32, time: f64) -> Vec<Part> {
        let cut = CUTS.get(card as usize).filter(|_| self.profile().mig);
        let parts = cut.into_iter().flat_map(|cut| *cut);
        parts
            .map(|(id, multiprocessors, total)| {
                let own = self.noise(60 + u64::from(10 * card + id));
                let share = own.between(0.15, 0.6) + 0.38 * own.day(time, 180.0);
                Part {
                    id: *id,
                    multiprocessors: *multiprocessors,
                    used: 12 + (share * *total as f64) as u64,
                    total: *total,
                }
            })
            .collect()
    }
}

/// What the slow program keeps of `nvidia-smi -q -x`.
pub(super) fn listed(cards: &[Card]) -> String {
    let mut out = String::new();
    for (index, card) in cards.iter().enumerate() {
        let mode = if card.parts.is_empty() {
            "Disabled"
        } else {
            "Enabled"
        };
        let _ = writeln!(out, "gpu {}\nmig {mode}", bus(index));
        for part in &card.parts {
            let (id, sms, total, used) = (part.id, part.multiprocessors, part.total, part.used);
            let _ = writeln!(
                out,
                "instance\ngi {id}\nci 0\nsm {sms}\necc 0\ntotal {total} MiB\nused {used} MiB"
            );
        }
        out.push_str("end\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::profile::Profile;
    use std::sync::Arc;

    use super::*;

    #[test]
    fn parts_fit_into_their_card() {
        let model = Model::new(Arc::new(Profile::new("gpu08")), 1);
        for time in (0..400).map(f64::from) {
            let cards = model.cards(time);
            let counts: Vec<usize> = cards.iter().map(|card| card.parts.len()).collect();
            assert_eq!(counts, [3, 4, 0, 0, 0, 0, 0, 0]);
            for card in &cards[..2] {
                assert!(card.parts.iter().all(|part| part.used <= part.total));
                let all: u64 = card.parts.iter().map(|part| part.total).sum();
                assert!(all <= card.total);
            }
        }
    }
}
