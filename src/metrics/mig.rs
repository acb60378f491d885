//! MIG instances: what `nvidia-smi -q -x` says of the parts of a card, in the few lines that the slow channel keeps of it.

use std::sync::Arc;

use super::gpu::{Gpu, MAX_CARDS};

/// Most instances of a card that are believed; hardware has seven slices.
const MAX_INSTANCES: usize = 32;

/// A part of a card in MIG mode, as it is handed to a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instance {
    /// Id of its GPU instance, which owns the memory.
    pub gpu_instance: u32,
    /// Id of its compute instance; those of one GPU instance share its memory.
    pub compute_instance: Option<u32>,
    /// Bytes in use.
    pub memory_used: Option<u64>,
    /// Bytes in all.
    pub memory_total: Option<u64>,
    /// Streaming multiprocessors that compute for it.
    pub multiprocessors: Option<u32>,
    /// Uncorrectable SRAM errors since the driver started.
    pub ecc: Option<u64>,
}

impl Instance {
    /// Memory in use, in percent.
    pub fn memory(&self) -> Option<f64> {
        super::memory::percent(self.memory_used, self.memory_total)
    }
}

/// Where a card sits: what the loop and the XML both say of it. Their order may differ once a card has fallen off the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bus([u32; 4]);

impl Bus {
    /// `00000000:4E:00.0`: domain, bus, device, function.
    pub(super) fn parse(word: &str) -> Option<Self> {
        let mut parts = word.trim().split([':', '.']);
        let mut hex = || {
            let part = parts.next().filter(|part| part.len() <= 8)?;
            u32::from_str_radix(part, 16).ok()
        };
        let bus = Self([hex()?, hex()?, hex()?, hex()?]);
        parts.next().is_none().then_some(bus)
    }
}

/// The instances of the cards of a node that are in MIG mode.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Instances(Vec<(Bus, Arc<[Instance]>)>);

/// A card that is being read.
struct Card {
    bus: Bus,
    mig: bool,
    drafts: Vec<Draft>,
}

/// An instance that is being read.
#[derive(Default)]
struct Draft {
    id: Option<u32>,
    instance: Instance,
}

impl Instances {
    /// Reads the lines of the part `=mig` (see [`super::slow`]). A card whose list was cut, or has an instance without an id, is left out.
    pub(super) fn parse<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut cards = Self::default();
        let mut card: Option<Card> = None;
        for line in lines.filter_map(|line| std::str::from_utf8(line).ok()) {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            match (key, &mut card) {
                ("gpu", _) => card = Card::begin(value),
                ("end", _) => cards.0.extend(
                    card.take()
                        .filter(|_| cards.0.len() < MAX_CARDS)
                        .and_then(Card::finish),
                ),
                (_, Some(card)) => card.take(key, value),
                _ => {}
            }
        }
        cards
    }

    /// Those of one card; `None` where nothing is known of it.
    pub(super) fn of(&self, bus: Bus) -> Option<&Arc<[Instance]>> {
        let mut cards = self.0.iter();
        cards
            .find(|(at, _)| *at == bus)
            .map(|(_, instances)| instances)
    }
}

impl Card {
    fn begin(bus: &str) -> Option<Self> {
        Some(Self {
            bus: Bus::parse(bus)?,
            mig: false,
            drafts: Vec::new(),
        })
    }

    fn take(&mut self, key: &str, value: &str) {
        match key {
            "mig" => self.mig = value.trim() == "Enabled",
            "instance" if self.drafts.len() < MAX_INSTANCES => self.drafts.push(Draft::default()),
            _ => {
                if let Some(draft) = self.drafts.last_mut() {
                    draft.take(key, value.trim());
                }
            }
        }
    }

    /// Its list is whole.
    fn finish(self) -> Option<(Bus, Arc<[Instance]>)> {
        let drafts = self.drafts.into_iter();
        let instances: Option<Arc<[Instance]>> = drafts.map(Draft::finish).collect();
        instances
            .filter(|_| self.mig)
            .map(|instances| (self.bus, instances))
    }
}

impl Draft {
    /// The first of each figure counts; `N/A` and the like are none.
    fn take(&mut self, key: &str, value: &str) {
        let Self { id, instance } = self;
        match key {
            "gi" => first(id, value.parse().ok()),
            "ci" => first(&mut instance.compute_instance, value.parse().ok()),
            "sm" => first(&mut instance.multiprocessors, value.parse().ok()),
            "ecc" => first(&mut instance.ecc, value.parse().ok()),
            "total" => first(&mut instance.memory_total, mebibytes(value)),
            "used" => first(&mut instance.memory_used, mebibytes(value)),
            _ => {}
        }
    }

    fn finish(self) -> Option<Instance> {
        Some(Instance {
            gpu_instance: self.id?,
            ..self.instance
        })
    }
}

fn first<T>(place: &mut Option<T>, value: Option<T>) {
    *place = place.take().or(value);
}

/// `19968 MiB` in bytes.
fn mebibytes(value: &str) -> Option<u64> {
    let mib: u32 = value.strip_suffix("MiB")?.trim_end().parse().ok()?;
    Some(u64::from(mib) << 20)
}

/// Gives a card its instances, and from them what the driver doesn't tell of the whole card.
pub(super) fn attach(gpu: &mut Gpu, instances: &Arc<[Instance]>) {
    let sum = |figure: fn(&Instance) -> Option<u64>| {
        // Compute instances of one GPU instance share its memory and its errors.
        let mut owners: Vec<&Instance> = instances.iter().collect();
        owners.sort_by_key(|instance| instance.gpu_instance);
        owners.dedup_by_key(|instance| instance.gpu_instance);
        let known: Option<Vec<u64>> = owners.into_iter().map(figure).collect();
        known
            .filter(|known| !known.is_empty())
            .map(|known| known.into_iter().fold(0, u64::saturating_add))
    };
    gpu.memory_used = gpu.memory_used.or_else(|| sum(|i| i.memory_used));
    gpu.ecc = gpu.ecc.or_else(|| sum(|i| i.ecc));
    gpu.instances = Some(Arc::clone(instances));
}

#[cfg(test)]
#[path = "mig_tests.rs"]
mod tests;
