//! The simulated fast channel: speaks what `metrics/sampler.sh` speaks, from the model instead of `/proc`.

use super::{
    counters::{Counters, Totals},
    model::{Host, Model, Moment},
    profile::Role,
    services::Service,
};
use std::{
    collections::HashMap,
    fmt::{self, Write as _},
};

/// The sources that a simulated node has, as the hello names them.
const SOURCES: [&str; 13] = [
    "loadavg",
    "uptime",
    "stat",
    "meminfo",
    "pressure/cpu",
    "pressure/memory",
    "pressure/io",
    "net/dev",
    "diskstats",
    "vmstat",
    "net/snmp",
    "net/sockstat",
    "sys/fs/file-nr",
];

/// One running sampler.
pub(super) struct Fast {
    model: Model,
    counters: Counters,
    sources: Vec<&'static str>,
    /// Each line sent, by its key: a line is sent only when it differs.
    sent: HashMap<String, String>,
    watched: Vec<String>,
    full: bool,
    lines: String,
    count: usize,
}

impl Fast {
    /// A sampler that leaves out the sources named in `without`.
    pub(super) fn new(model: Model, without: &[&str]) -> Self {
        let counters = Counters::new(model.clone());
        Self {
            model,
            counters,
            sources: SOURCES
                .into_iter()
                .filter(|s| !without.contains(s))
                .collect(),
            sent: HashMap::new(),
            watched: Vec::new(),
            full: true,
            lines: String::new(),
            count: 0,
        }
    }

    /// The line that says that the sampler runs.
    pub(super) fn hello(&self, nonce: &str) -> String {
        let profile = self.model.profile();
        let boot = self.model.noise(70);
        format!(
            "\nS1 {nonce} awk=mawk boot={:08x}-5e1f-4c0d-9a3b-{:012x} cgmem=- cgcpu=- cgset=- virt=- src={} cores={} gpu={} uname=Linux 6.12.48 x86_64\n",
            (boot.unit() * 4e9) as u64,
            (boot.fork(1).unit() * 2e14) as u64,
            self.sources.join(","),
            profile.cores,
            if profile.gpus > 0 { "nvidia" } else { "-" },
        )
    }

    /// The answer to one tick.
    pub(super) fn tick(&mut self, request: &str, now: Moment) -> String {
        let mut words = request.split_ascii_whitespace();
        let Some(seq) = words.next() else {
            return String::new();
        };
        let letters = words.next().unwrap_or_default();
        self.full |= letters.contains('a');
        if letters.contains('w') {
            self.watched = words.map(str::to_owned).collect();
            self.sent.retain(|key, _| !key.starts_with('w'));
        }
        let medium = self.full || letters.contains('m');
        let per_core = letters.contains('p');
        self.lines.clear();
        self.count = 0;

        let (host, totals) = self.counters.advance(now.time);
        self.load(&host);
        self.put("u", format_args!("{:.2}", self.model.uptime(now.time)));
        self.cpu(&host, &totals, medium);
        if per_core {
            self.cores(&totals, now.time);
        }
        self.memory(&host);
        self.pressure(&host);
        self.traffic(&totals);
        if medium {
            self.rare(&host, &totals, now.time);
        }
        self.liveness(now.time);
        self.full = false;
        let (count, epoch) = (self.count, now.epoch);
        format!("[{seq} {epoch}\n{}]{seq} {count}\n", self.lines)
    }

    fn has(&self, source: &str) -> bool {
        self.sources.contains(&source)
    }

    /// Sends a line if it is new.
    fn put(&mut self, key: &str, value: fmt::Arguments<'_>) {
        let value = value.to_string();
        let known = self.sent.get_mut(key);
        if !self.full && known.as_deref() == Some(&value) {
            return;
        }
        let _ = writeln!(self.lines, "{key} {value}");
        self.count += 1;
        match known {
            Some(known) => *known = value,
            None => drop(self.sent.insert(key.to_owned(), value)),
        }
    }

    fn load(&mut self, host: &Host) {
        let [one, five, fifteen] = self.counters.load();
        let cores = f64::from(self.model.profile().cores);
        let running = (host.demand.min(cores * 3.0) as u32).max(1);
        let tasks = host.tasks as u32;
        self.put(
            "l",
            format_args!("{one:.2} {five:.2} {fifteen:.2} {running}/{tasks}"),
        );
    }

    fn cpu(&mut self, host: &Host, t: &Totals, medium: bool) {
        self.put(
            "c",
            format_args!(
                "{} 0 {} {} {} 0 {} 0 0 0",
                t.user as u64,
                (t.system * 0.93) as u64,
                t.idle as u64,
                t.iowait as u64,
                (t.system * 0.07) as u64
            ),
        );
        if medium {
            let blocked = (host.iowait * 2.0 * f64::from(self.model.profile().cores)) as u64;
            self.put("pf", format_args!("{}", t.forks as u64));
            self.put("pb", format_args!("{blocked}"));
        }
    }

    fn cores(&mut self, totals: &Totals, time: f64) {
        let uptime = self.model.uptime(time) * 100.0;
        let busy = self.counters.cores(time, totals).to_vec();
        for (core, busy) in busy.into_iter().enumerate() {
            let idle = (uptime - busy).max(0.0) as u64;
            let (user, system) = ((busy * 0.8) as u64, (busy * 0.2) as u64);
            self.put(
                &format!("c{core}"),
                format_args!("{user} 0 {system} {idle} 0 0 0 0 0 0"),
            );
        }
    }

    fn memory(&mut self, host: &Host) {
        let total = self.model.profile().memory;
        let of = |share: f64| (share * total as f64) as u64;
        let available = total - of(host.memory);
        let cached = of(host.cached);
        let free = available.saturating_sub(cached * 9 / 10);
        let (shared, slab, dirty) = (total / 220, total / 90, (host.written / 600.0) as u64);
        let swap = (total / 8).min(32 << 20);
        let swap_free = swap - (host.swap * swap as f64) as u64;
        self.put(
            "m",
            format_args!(
                "{total} {free} {available} {} {cached} {shared} {slab} {dirty} {swap} {swap_free}",
                total / 160
            ),
        );
    }

    fn pressure(&mut self, host: &Host) {
        let [cpu, memory, memory_full, io, io_full] = host.pressure;
        let rows = [
            ("pressure/cpu", "Pc", cpu, 0.0),
            ("pressure/memory", "Pm", memory, memory_full),
            ("pressure/io", "Pi", io, io_full),
        ];
        for (source, key, some, full) in rows {
            if self.has(source) {
                let (some60, full60) = (some * 0.8, full * 0.8);
                self.put(
                    key,
                    format_args!("{some:.2} {some60:.2} {full:.2} {full60:.2}"),
                );
            }
        }
    }

    fn traffic(&mut self, t: &Totals) {
        let (nics, disks): (&[&str], &[&str]) = match self.model.profile().role {
            Role::Gpu => (&["ib0", "eth0"], &["nvme0n1", "nvme1n1"]),
            Role::Storage => (&["eth0", "eth1"], &["sda", "sdb", "sdc", "sdd"]),
            Role::Edge => (&["eth0"], &["mmcblk0"]),
            Role::Web | Role::Build => (&["eth0"], &["vda"]),
            Role::Db => (&["eth0"], &["nvme0n1"]),
        };
        let (rx, tx) = (shares(t.rx, nics.len()), shares(t.tx, nics.len()));
        if self.has("net/dev") {
            for ((nic, rx), tx) in nics.iter().zip(rx).zip(tx) {
                self.put(
                    &format!("n{nic}"),
                    format_args!("{} 0 0 {} 0 0", rx as u64, tx as u64),
                );
            }
        }
        if !self.has("diskstats") {
            return;
        }
        let (read, written) = (shares(t.read, disks.len()), shares(t.written, disks.len()));
        let busy = shares(t.disk_busy, disks.len());
        let most = busy.clone().next().unwrap_or(1.0);
        for (((disk, read), written), part) in disks.iter().zip(read).zip(written).zip(busy) {
            let busy_ms = 1_000.0 * t.disk_busy * part / most;
            self.put(
                &format!("d{disk}"),
                format_args!(
                    "{} {} {} {} 0 {}",
                    (read / 98_304.0) as u64,
                    (read / 512.0) as u64,
                    (written / 49_152.0) as u64,
                    (written / 512.0) as u64,
                    busy_ms as u64
                ),
            );
        }
    }

    fn rare(&mut self, host: &Host, t: &Totals, time: f64) {
        if self.has("vmstat") {
            self.put("vs", format_args!("{}", (t.stalls[1] / 900.0) as u64));
            self.put("vf", format_args!("{}", t.faults as u64));
            self.put("vo", format_args!("{}", self.model.oom_kills(time)));
        }
        if self.has("net/snmp") {
            self.put(
                "t",
                format_args!(
                    "{} {} {}",
                    host.established as u64, t.segments as u64, t.retransmitted as u64
                ),
            );
        }
        if self.has("net/sockstat") {
            self.put("ts", format_args!("{} 0", host.established as u64 + 9));
        }
        if self.has("sys/fs/file-nr") {
            self.put(
                "f",
                format_args!("{}\t0\t9223372036854775807", host.files as u64),
            );
        }
    }

    fn liveness(&mut self, time: f64) {
        if self.watched.is_empty() {
            return;
        }
        let services = self.model.services(time);
        let watched = std::mem::take(&mut self.watched);
        for (index, item) in watched.iter().enumerate() {
            let state = Service::liveness(&services, item);
            self.put(&format!("w{}", index + 1), format_args!("{state}"));
        }
        self.watched = watched;
    }
}

/// `total` spread over `count` devices, the first of which has the most.
fn shares(total: f64, count: usize) -> impl Iterator<Item = f64> + Clone {
    let weights = (1..=count).map(|n| 1.0 / n as f64);
    let sum: f64 = weights.clone().sum();
    weights.map(move |weight| total * weight / sum)
}

#[cfg(test)]
#[path = "fast_tests.rs"]
mod tests;
