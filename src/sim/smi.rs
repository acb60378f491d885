//! The simulated `nvidia-smi` in loop mode.

use super::{
    cards::{Card, bus},
    model::Model,
};
use crate::metrics::sampler::GPU_MARK;
use std::fmt::Write as _;

/// A query that `nvidia-smi` understood.
#[derive(Clone, Debug)]
pub(super) struct Query {
    fields: Vec<String>,
    /// What its shell says first.
    pub(super) mark: String,
}

/// The field that `nvidia-smi` doesn't know, as it complains of it on standard output.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown(pub(super) String);

impl Query {
    /// The query in a command line; `None` when it is no query of `nvidia-smi`.
    pub(super) fn parse(command: &str) -> Option<Result<Self, Unknown>> {
        if !command.contains("nvidia-smi") {
            return None;
        }
        let fields = command
            .split_ascii_whitespace()
            .find_map(|word| word.strip_prefix("--query-gpu="))?;
        let fields: Vec<String> = fields.split(',').map(str::to_owned).collect();
        let example = Card::example();
        let unknown = fields
            .iter()
            .find(|field| value(field, 0, &example).is_none());
        Some(match unknown {
            Some(field) => Err(Unknown(format!(
                "Field \"{field}\" is not a valid field to query.\n\n"
            ))),
            None => Ok(Self {
                fields,
                mark: mark(command),
            }),
        })
    }

    /// One round of the loop: a row per card.
    pub(super) fn rows(&self, model: &Model, time: f64) -> String {
        let mut rows = String::new();
        for (index, card) in model.cards(time).iter().enumerate() {
            for (column, field) in self.fields.iter().enumerate() {
                let comma = if column > 0 { ", " } else { "" };
                let value = value(field, index, card).unwrap_or_default();
                let _ = write!(rows, "{comma}{value}");
            }
            rows.push('\n');
        }
        rows
    }
}

/// What the command says before the tool does.
pub(super) fn mark(command: &str) -> String {
    if command.contains(GPU_MARK) {
        format!("\n{GPU_MARK}\n")
    } else {
        String::new()
    }
}

/// The value of one field without its unit; `None` for a field that this driver doesn't have.
fn value(field: &str, index: usize, card: &Card) -> Option<String> {
    let is_mig = !card.parts.is_empty();
    Some(match field {
        "utilization.gpu" | "utilization.memory" | "ecc.errors.uncorrected.volatile.total"
            if is_mig =>
        {
            "[N/A]".to_owned()
        }
        "pci.bus_id" => bus(index),
        "index" => index.to_string(),
        "uuid" => format!("GPU-5ca1ab1e-0000-4000-8000-{index:012x}"),
        "name" => card.name.to_owned(),
        "driver_version" => "580.95.05".to_owned(),
        "pstate" => "P0".to_owned(),
        "utilization.gpu" => format!("{:.0}", card.util),
        "utilization.memory" => format!("{:.0}", card.util * 0.35),
        "memory.total" => card.total.to_string(),
        "memory.used" => card.used.to_string(),
        "memory.free" => (card.total - card.used).to_string(),
        "memory.reserved" => "604".to_owned(),
        "temperature.gpu" => format!("{:.0}", card.temperature),
        "temperature.memory" => format!("{:.0}", card.temperature + 6.0),
        "power.draw" | "power.draw.instant" => format!("{:.2}", card.power),
        "power.limit" | "enforced.power.limit" => format!("{:.2}", card.limit),
        "clocks.current.sm" | "clocks.sm" => format!("{:.0}", card.clock),
        "fan.speed" => "[N/A]".to_owned(),
        "persistence_mode" => "Enabled".to_owned(),
        "ecc.errors.uncorrected.volatile.total" => "0".to_owned(),
        "mig.mode.current" if is_mig => "Enabled".to_owned(),
        "mig.mode.current" => "Disabled".to_owned(),
        // Bit 5 is software thermal slowdown, bit 0 idle (nvml.h, nvmlClocksEventReason*).
        "clocks_event_reasons.active" if card.hot => "0x0000000000000020".to_owned(),
        "clocks_event_reasons.active" if card.util < 1.0 => "0x0000000000000001".to_owned(),
        "clocks_event_reasons.active" => "0x0000000000000000".to_owned(),
        _ => return None,
    })
}
