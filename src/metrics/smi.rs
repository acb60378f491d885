//! NVIDIA cards: one `nvidia-smi` in a loop on a channel of its own, its rows, and what to ask of an older one.

use super::{
    gpu::{Gpu, MAX_CARDS},
    mig::{self, Bus, Instances},
    sampler::{GPU_MARK, clipped},
};
use crate::node::text::SafeText;

/// What every tool of the last ten years knows of a card.
const USUAL: &[&str] = &[
    "index",
    "name",
    "utilization.gpu",
    "memory.used",
    "memory.total",
    "temperature.gpu",
    "power.draw",
    "power.limit",
    "clocks.current.sm",
    "fan.speed",
    "persistence_mode",
    "ecc.errors.uncorrected.volatile.total",
];

/// What is asked, best first, each in two parts; a field that the tool doesn't know fails the whole query. MIG came with driver 450, events were called
/// throttling before 535.
const LADDER: [[&[&str]; 2]; 4] = [
    [
        USUAL,
        &[
            "mig.mode.current",
            "clocks_event_reasons.active",
            "pci.bus_id",
        ],
    ],
    [
        USUAL,
        &[
            "mig.mode.current",
            "clocks_throttle_reasons.active",
            "pci.bus_id",
        ],
    ],
    [USUAL, &["clocks_throttle_reasons.active"]],
    [
        &[
            "index",
            "uuid",
            "name",
            "utilization.gpu",
            "memory.used",
            "memory.total",
            "temperature.gpu",
            "power.draw",
        ],
        &[],
    ],
];

/// Clocks held down by hardware slowdown, heat (software, hardware) or power brake: bits of nvml.h. A software power cap is ordinary under load.
const THROTTLED: u64 = 0x8 | 0x20 | 0x40 | 0x80;

/// Longest line that is looked at.
const MAX_LINE: usize = 4096;

/// A card and how often it was read.
#[derive(Debug)]
struct Card {
    gpu: Gpu,
    bus: Option<Bus>,
    rows: u32,
    missed: u32,
}

/// What is to be thought of the tool's silence.
#[derive(Debug, Default, PartialEq)]
enum Voice {
    /// It was not heard yet in this session.
    #[default]
    Unheard,
    /// It said something, or failed.
    Heard,
    /// It fell silent, and no card was read since, also over a new start of it.
    Silent,
}

/// What it said since it was started, besides rows.
#[derive(Debug, Default, PartialEq)]
enum Said {
    /// Only a login script spoke.
    #[default]
    Nothing,
    /// [`GPU_MARK`]: from now on it is the tool that speaks.
    Mark,
    /// A complaint.
    Remark,
}

/// The state of the GPU channel.
#[derive(Debug, Default)]
pub(super) struct Smi {
    step: usize,
    line: Vec<u8>,
    cards: Vec<Card>,
    instances: Instances,
    last_index: Option<u32>,
    said: Said,
    fruitful: bool,
    unknown_field: bool,
    problem: Option<SafeText>,
    voice: Voice,
}

impl Smi {
    /// Begins a channel: the command that fills it.
    pub(super) fn command(&mut self) -> Option<String> {
        let fields = LADDER.get(self.step)?.concat().join(",");
        self.line.clear();
        self.cards.iter_mut().for_each(|card| card.rows = 0);
        self.last_index = None;
        self.said = Said::Nothing;
        self.fruitful = false;
        self.unknown_field = false;
        // A login's PATH need not have what the sampler found it by.
        Some(format!(
            "sh -c 'PATH=$PATH:/usr/bin:/bin:/usr/sbin:/sbin:/usr/lib/wsl/lib; export PATH; echo; echo {GPU_MARK}; \
             exec nvidia-smi --query-gpu={fields} --format=csv,noheader,nounits -l 2 2>&1'"
        ))
    }

    /// The channel ended: true when it is worth another try at once. Else a later one begins with the best query again: a driver may be loaded
    /// long after the node is up.
    pub(super) fn failed(&mut self) -> bool {
        self.hear();
        if self.fruitful {
            return true;
        }
        let hopeless = self.said == Said::Remark && !self.unknown_field;
        self.step += 1;
        if hopeless || self.step >= LADDER.len() {
            self.step = 0;
            self.cards.clear();
            let silently = || "nvidia-smi ends without a word".into();
            self.problem.get_or_insert_with(silently);
            return false;
        }
        if self.unknown_field {
            self.problem = None;
        }
        true
    }

    /// True where something is shown of it, or waited for.
    pub(super) fn is_awaited(&self) -> bool {
        !self.cards.is_empty() || self.voice == Voice::Unheard
    }

    /// The tool is silent: what it said last is no longer true of now.
    pub(super) fn silent(&mut self) {
        self.cards.clear();
        self.voice = Voice::Silent;
    }

    /// The cards, by index.
    pub(super) fn cards(&self) -> impl Iterator<Item = Gpu> {
        self.cards.iter().map(|card| {
            let mut gpu = card.gpu.clone();
            let bus = card.bus.filter(|_| gpu.mig);
            if let Some(instances) = bus.and_then(|bus| self.instances.of(bus)) {
                mig::attach(&mut gpu, instances);
            }
            gpu
        })
    }

    /// True while a card is in MIG mode: then [`Self::learn`] has something to tell.
    pub(super) fn has_mig(&self) -> bool {
        self.cards.iter().any(|card| card.gpu.mig)
    }

    /// The MIG instances are these.
    pub(super) fn learn(&mut self, instances: Instances) {
        self.instances = instances;
    }

    /// Why there are no cards.
    pub(super) fn problem(&self) -> Option<SafeText> {
        let is_silent = self.voice == Voice::Silent;
        let silent = || is_silent.then(|| "nvidia-smi does not answer".into());
        self.problem.clone().or_else(silent)
    }

    /// True once it is known which cards there are.
    pub(super) fn is_heard(&self) -> bool {
        self.voice != Voice::Unheard
    }

    fn hear(&mut self) {
        if self.voice == Voice::Unheard {
            self.voice = Voice::Heard;
        }
    }

    /// Takes bytes of the tool; true when a card was read.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> bool {
        let mut read = false;
        for part in bytes.split_inclusive(|b| *b == b'\n') {
            let room = MAX_LINE - self.line.len();
            self.line
                .extend_from_slice(part.get(..part.len().min(room)).unwrap_or_default());
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                read |= self.take(String::from_utf8_lossy(&line).trim());
            }
        }
        read
    }

    /// One line: a row, or something said by the tool or the driver.
    fn take(&mut self, line: &str) -> bool {
        let fields = LADDER.get(self.step).copied().unwrap_or_default().concat();
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let index = cells.first().and_then(|cell| cell.parse().ok());
        match index {
            Some(index) if cells.len() == fields.len() => self.row(index, &fields, &cells),
            _ => {
                self.remark(line);
                false
            }
        }
    }

    fn remark(&mut self, line: &str) {
        if line == GPU_MARK {
            self.said = Said::Mark;
            return;
        }
        self.unknown_field |= line.contains("not a valid field");
        if self.said == Said::Mark && !self.fruitful && !line.is_empty() {
            self.hear();
            self.said = Said::Remark;
            self.problem = Some(clipped(line));
        }
    }

    fn row(&mut self, index: u32, fields: &[&str], cells: &[&str]) -> bool {
        if self.last_index.is_some_and(|last| index <= last) {
            self.round();
        }
        self.last_index = Some(index);
        let at = self.cards.partition_point(|card| card.gpu.index < index);
        if self
            .cards
            .get(at)
            .is_none_or(|card| card.gpu.index != index)
        {
            if self.cards.len() >= MAX_CARDS {
                return false;
            }
            self.cards.insert(
                at,
                Card {
                    gpu: Gpu::default(),
                    bus: None,
                    rows: 0,
                    missed: 0,
                },
            );
        }
        let Some(card) = self.cards.get_mut(at) else {
            return false;
        };
        card.gpu = Gpu {
            index,
            ..Gpu::default()
        };
        card.bus = None;
        for (field, cell) in fields.iter().zip(cells) {
            match *field {
                "pci.bus_id" => card.bus = Bus::parse(cell),
                field => take_cell(&mut card.gpu, field, cell),
            }
        }
        // The first query wakes the card: it reads 100 % busy with nothing running.
        if card.rows == 0 {
            (card.gpu.util, card.gpu.power, card.gpu.clock) = (None, None, None);
        }
        card.rows = card.rows.saturating_add(1);
        card.missed = 0;
        self.fruitful = true;
        self.problem = None;
        true
    }

    /// The tool starts over, so all cards were told; one that three rounds lacked is lost.
    fn round(&mut self) {
        self.voice = Voice::Heard;
        self.cards.retain_mut(|card| {
            card.missed += 1;
            card.missed <= 3
        });
    }
}

/// `[N/A]`, `N/A`, `[Not Supported]`, `[Unknown Error]`, `[Insufficient Permissions]`, `ERR!` and nothing at all are not numbers.
fn take_cell(gpu: &mut Gpu, field: &str, cell: &str) {
    let number = || cell.parse::<f64>().ok().filter(|n| (0.0..1e9).contains(n));
    let bytes = || number().map(|mib| (mib * 1_048_576.0) as u64);
    match field {
        "name" => gpu.name = clipped(cell),
        "utilization.gpu" => gpu.util = number().map(|n| n.min(100.0)),
        "memory.used" => gpu.memory_used = bytes(),
        "memory.total" => gpu.memory_total = bytes(),
        "temperature.gpu" => gpu.temperature = number(),
        "power.draw" => gpu.power = number(),
        "power.limit" => gpu.power_limit = number(),
        "clocks.current.sm" => gpu.clock = number().map(|n| n as u64),
        "fan.speed" => gpu.fan = number(),
        "persistence_mode" => gpu.persistence = switch(cell),
        "ecc.errors.uncorrected.volatile.total" => gpu.ecc = cell.parse().ok(),
        "mig.mode.current" => gpu.mig = switch(cell) == Some(true),
        "clocks_event_reasons.active" | "clocks_throttle_reasons.active" => {
            let bits = cell.strip_prefix("0x");
            let bits = bits.and_then(|bits| u64::from_str_radix(bits, 16).ok());
            gpu.throttled = bits.map(|bits| bits & THROTTLED != 0);
        }
        _ => {}
    }
}

fn switch(cell: &str) -> Option<bool> {
    match cell {
        "Enabled" => Some(true),
        "Disabled" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
#[path = "smi_tests.rs"]
mod tests;
