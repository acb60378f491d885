//! GPUs: NVIDIA from a looping `nvidia-smi`, AMD from sysfs.

use super::{Field, Unit};
use crate::node::text::SafeText;

/// The GPUs of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// By index.
    pub gpus: Vec<Gpu>,
    /// Why there are none to show though there is a tool, e.g. "driver not loaded".
    pub problem: Option<SafeText>,
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
    /// Clocks held down now, by heat or power.
    pub throttled: Option<bool>,
    /// MIG mode is on.
    pub mig: bool,
    /// Persistence mode; `Some(false)` makes each new query re-initialise the card.
    pub persistence: Option<bool>,
}

impl Gpu {
    /// Memory in use, in percent.
    pub fn memory(&self) -> Option<f64> {
        super::memory::percent(self.memory_used, self.memory_total)
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
        title: "GPU memory in use, fullest card",
        unit: Unit::Percent,
        history: true,
        read: |s| worst(s.gpu.gpus.iter().map(Gpu::memory)),
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
