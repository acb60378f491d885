//! What the benches share: a figure beside its bound, a median, and what a process has cost so far.

#![expect(
    clippy::print_stdout,
    reason = "the figures of a bench are its product"
)]

use std::{collections::BTreeMap, fs};

/// Prints a figure that may be no larger than `bound`. A machine can be busy or slow, so that it is only said when it is.
pub(crate) fn bounded(what: &str, value: f64, (bound, unit): (f64, &str)) {
    let verdict = if value <= bound { "ok" } else { "OVER" };
    let (value, bound) = (format!("{value:.3}"), format!("{bound}"));
    println!("{what:<60} {value:>10} {unit:<4} <= {bound:>6}  {verdict}");
}

/// Prints a figure that has no bound.
pub(crate) fn noted(what: &str, value: f64, unit: &str) {
    let value = format!("{value:.3}");
    println!("{what:<60} {value:>10} {unit}");
}

/// Prints what comes next.
pub(crate) fn headed(what: &str) {
    println!("\n{what}");
}

/// Prints why figures are missing.
pub(crate) fn missing(what: &str, why: &str) {
    println!("{what:<60} not measured: {why}");
}

/// The middle one; the upper of two.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What a tenth of them do not exceed: the cost where nothing else was in the way.
pub(crate) fn best(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 10).copied().unwrap_or(f64::NAN)
}

/// What the kernel has counted for a process.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Process {
    pub(crate) name: String,
    pub(crate) parent: u32,
    /// Nanoseconds on a CPU, of its first thread.
    pub(crate) cpu_ns: u64,
    /// CPU ticks of a hundredth of a second, of all its threads.
    pub(crate) cpu_ticks: u64,
    /// The same of children that it has waited for, and of theirs.
    pub(crate) children_ticks: u64,
    /// Page faults of children that it has waited for: changes with each child that ends.
    pub(crate) reaped: u64,
    /// Calls of write and its like.
    pub(crate) writes: u64,
}

impl Process {
    /// `None` when it is gone.
    pub(crate) fn read(pid: u32) -> Option<Self> {
        let text = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}"));
        let stat = text("stat").ok()?;
        let (name, rest) = stat.rsplit_once(") ")?;
        let fields: Vec<u64> = rest
            .split(' ')
            .map(|f| f.trim().parse().unwrap_or(0))
            .collect();
        let field = |n: usize| fields.get(n - 3).copied().unwrap_or_default();
        let io = text("io").unwrap_or_default();
        let writes = io.lines().find_map(|line| line.strip_prefix("syscw: "));
        Some(Self {
            name: name.split_once('(')?.1.to_owned(),
            parent: field(4) as u32,
            cpu_ns: text("schedstat").ok()?.split(' ').next()?.parse().ok()?,
            cpu_ticks: field(14) + field(15),
            children_ticks: field(16) + field(17),
            reaped: field(11) + field(13),
            writes: writes.and_then(|n| n.parse().ok()).unwrap_or_default(),
        })
    }

    /// All that run, by number.
    pub(crate) fn all() -> BTreeMap<u32, Self> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        Self::of(pids)
    }

    /// Those of `pids` that run.
    pub(crate) fn of(pids: impl IntoIterator<Item = u32>) -> BTreeMap<u32, Self> {
        let read = |pid| Some((pid, Self::read(pid)?));
        pids.into_iter().filter_map(read).collect()
    }

    /// Those below `root`, without it.
    pub(crate) fn below(root: u32) -> BTreeMap<u32, Self> {
        let all = Self::all();
        let mut known = vec![root];
        let is_new = |known: &[u32], (pid, process): &(&u32, &Self)| {
            known.contains(&process.parent) && !known.contains(pid)
        };
        while let Some((pid, _)) = all.iter().find(|found| is_new(&known, found)) {
            known.push(*pid);
        }
        let below = all
            .into_iter()
            .filter(|(pid, _)| *pid != root && known.contains(pid));
        below.collect()
    }
}

/// A number of a process's `status`, in MiB: `VmRSS`, `VmHWM`.
pub(crate) fn memory_mib(pid: u32, key: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(key))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}
