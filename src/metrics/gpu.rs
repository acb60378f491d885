//! GPUs: what is known of a card, and AMD cards from sysfs; NVIDIA's are read in [`super::smi`].

use std::sync::Arc;

use super::{Field, Unit, mig::Instance, sampler::clipped, words::Words};
use crate::node::text::SafeText;

/// The GPUs of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// By index.
    pub gpus: Vec<Gpu>,
    /// Why there are none to show though there is a tool, e.g. "driver not loaded".
    pub problem: Option<SafeText>,
    /// The tool was not heard out yet in this session: cards may still come.
    pub pending: bool,
    /// Cards are suspended, and left so: they are not told of.
    pub asleep: bool,
}

/// One card.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gpu {
    /// Position on the node.
    pub index: u32,
    /// Product name.
    pub name: SafeText,
    /// Compute use in percent; `None` in MIG mode.
    pub util: Option<f64>,
    /// Bytes in use.
    pub memory_used: Option<u64>,
    /// Bytes in all.
    pub memory_total: Option<u64>,
    /// Degrees Celsius.
    pub temperature: Option<f64>,
    /// Watts drawn.
    pub power: Option<f64>,
    /// Watts allowed.
    pub power_limit: Option<f64>,
    /// SM clock in MHz.
    pub clock: Option<u64>,
    /// Fan in percent.
    pub fan: Option<f64>,
    /// Uncorrected ECC errors since the driver started.
    pub ecc: Option<u64>,
    /// Clocks held down now, by heat or by hardware protection; a power limit that a busy card reaches is no fault.
    pub throttled: Option<bool>,
    /// MIG mode is on.
    pub mig: bool,
    /// Its MIG instances; `None` while they are not known, and empty where the mode is on and there are none.
    pub instances: Option<Arc<[Instance]>>,
    /// Persistence mode; `Some(false)` makes each new query re-initialise the card.
    pub persistence: Option<bool>,
}

impl Gpu {
    /// Memory in use, in percent.
    pub fn memory(&self) -> Option<f64> {
        super::memory::percent(self.memory_used, self.memory_total)
    }

    /// Memory in use of its fullest MIG instance, in percent; of the card itself where it has none, or none is known.
    pub fn fullest(&self) -> Option<f64> {
        let instances = self.instances.iter().flat_map(|all| all.iter());
        worst(instances.map(Instance::memory)).or_else(|| self.memory())
    }
}

/// The lines `aN` and `AN`.
#[derive(Debug, Default)]
pub(super) struct Amd(Vec<Gpu>);

/// Most cards that are believed.
pub(super) const MAX_CARDS: usize = 64;

impl Amd {
    /// One card: busy %, memory used, memory in all, temperature, power, power limit. One without any figure is gone.
    pub(super) fn take(&mut self, card: Option<u64>, mut value: Words) {
        if value.clone().all(|figure| figure == b"-") {
            self.0.retain(|gpu| Some(u64::from(gpu.index)) != card);
            return;
        }
        let Some(gpu) = self.card(card) else { return };
        gpu.util = value.f64().map(|percent| percent.min(100.0));
        gpu.memory_used = value.u64();
        gpu.memory_total = value.u64();
        gpu.temperature = value.f64().map(|milli| milli / 1e3);
        gpu.power = value.f64().map(|micro| micro / 1e6);
        gpu.power_limit = value.f64().map(|micro| micro / 1e6);
    }

    /// Its product name.
    pub(super) fn take_name(&mut self, card: Option<u64>, name: &[u8]) {
        let Some(gpu) = self.card(card) else { return };
        let name = String::from_utf8_lossy(name);
        if !matches!(name.trim(), "" | "-") {
            gpu.name = clipped(name.trim());
        }
    }

    fn card(&mut self, card: Option<u64>) -> Option<&mut Gpu> {
        let index = u32::try_from(card?).ok()?;
        let at = match self.0.iter().position(|gpu| gpu.index == index) {
            Some(at) => at,
            None if self.0.len() >= MAX_CARDS => return None,
            None => {
                self.0.push(Gpu {
                    index,
                    name: clipped("AMD GPU"),
                    ..Gpu::default()
                });
                self.0.len() - 1
            }
        };
        self.0.get_mut(at)
    }

    /// A full frame follows.
    pub(super) fn expect(&mut self) {
        self.0.clear();
    }

    /// The cards.
    pub(super) fn cards(&self) -> &[Gpu] {
        &self.0
    }
}

fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let (sum, n) = values
        .flatten()
        .fold((0.0, 0u32), |(s, n), v| (s + v, n + 1));
    (n > 0).then(|| sum / f64::from(n))
}

fn worst(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().reduce(f64::max)
}

/// Its fields: the mean use of the cards, and their worst elsewhere.
pub const FIELDS: &[Field] = &[
    Field {
        id: "gpu.count",
        short: "GPUS",
        title: "GPUs",
        unit: Unit::Count,
        history: false,
        read: |s| (!s.gpu.gpus.is_empty()).then_some(s.gpu.gpus.len() as f64),
    },
    Field {
        id: "gpu.util",
        short: "GPU",
        title: "GPU use, mean of the cards",
        unit: Unit::Percent,
        history: true,
        read: |s| mean(s.gpu.gpus.iter().map(|g| g.util)),
    },
    Field {
        id: "gpu.memory",
        short: "GPUMEM",
        title: "GPU memory in use, fullest card or MIG instance",
        unit: Unit::Percent,
        history: true,
        read: |s| worst(s.gpu.gpus.iter().map(Gpu::fullest)),
    },
    Field {
        id: "gpu.temp",
        short: "GPU°C",
        title: "hottest GPU",
        unit: Unit::Celsius,
        history: true,
        read: |s| worst(s.gpu.gpus.iter().map(|g| g.temperature)),
    },
    Field {
        id: "gpu.power",
        short: "GPU-W",
        title: "GPU power, all cards",
        unit: Unit::Watts,
        history: false,
        read: |s| {
            s.gpu
                .gpus
                .iter()
                .filter_map(|g| g.power)
                .reduce(|a, b| a + b)
        },
    },
    Field {
        id: "gpu.ecc",
        short: "ECC",
        title: "uncorrected ECC errors",
        unit: Unit::Count,
        history: false,
        read: |s| {
            s.gpu
                .gpus
                .iter()
                .filter_map(|g| g.ecc)
                .reduce(|a, b| a + b)
                .map(|n| n as f64)
        },
    },
];
