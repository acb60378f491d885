//! The rules themselves: limits, durations, and the words for what they find. Figures of the `node_exporter` mixin, netdata and glib, where these have one.
//!
//! A load of twice the cores and memory with a tenth left warn after 15 min. Sooner, where tasks are seen to wait: the load after 30 s
//! when some wait for a CPU 40 % of a minute, or when it is four times the cores; memory after 10 s when some wait for it 10 % of 10 s.

use super::{Condition, Level};
use crate::{
    metrics::{Sample, Unit, daemon::State, disk::Mount, gpu::Gpu, memory::percent},
    node::text::SafeText,
};

/// What rules remember from one sample to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// OOM kills in all, and when the last one came.
    oom: Option<(u64, u64)>,
    /// OOM kills that the last sample told of: each session of a node counts from zero.
    oom_told: u64,
    /// The boot that was seen last, and its kills in all: the kernel counts on while nobody is connected.
    oom_total: Option<(SafeText, u64)>,
    /// Times of the newest kills, for the third in ten minutes.
    oom_times: Vec<u64>,
    /// Mounts that were once writable.
    writable: Vec<String>,
    /// Most cards that were ever seen.
    cards: usize,
}

/// A limit on a value that is bad when it is high.
struct Limit {
    clear: f64,
    warn: f64,
    critical: f64,
}

impl Limit {
    fn level(&self, value: f64) -> Level {
        if value >= self.critical {
            Level::Critical
        } else if value >= self.warn {
            Level::Warn
        } else if value >= self.clear {
            Level::Lingers
        } else {
            Level::Clear
        }
    }
}

const NEVER: f64 = f64::INFINITY;
const MINUTE: u64 = 60;

const fn limit(clear: f64, warn: f64, critical: f64) -> Limit {
    Limit {
        clear,
        warn,
        critical,
    }
}

/// What each rule sees, in the order of the note on triage: errors, saturation, utilisation.
pub(super) fn conditions(now_ms: u64, sample: &Sample, memory: &mut Memory) -> Vec<Condition> {
    let mut found = Vec::new();
    daemons(sample, &mut found);
    found.extend(oom(now_ms, sample, memory));
    disks(sample, memory, &mut found);
    gpus(sample, memory, &mut found);
    found.extend(clock(sample));
    found.extend(rebooted(sample));
    memory_rules(sample, &mut found);
    pressure(sample, &mut found);
    cpu(sample, &mut found);
    found.extend(throttled(sample));
    found.extend(files(sample));
    found.extend(retransmits(sample));
    found
}

fn whole(rule: &'static str, level: Level, hold: [u64; 2], reason: String) -> Condition {
    about(rule, "", level, hold, reason)
}

fn about(
    rule: &'static str,
    subject: &str,
    level: Level,
    hold: [u64; 2],
    reason: String,
) -> Condition {
    Condition {
        rule,
        subject: subject.to_owned(),
        level,
        hold,
        reason,
    }
}

/// A rule on a percentage, `None` where the node lacks it.
fn share(
    rule: &'static str,
    value: Option<f64>,
    limit: &Limit,
    hold: [u64; 2],
    what: &str,
) -> Option<Condition> {
    let value = value?;
    let reason = format!("{what} {value:.0} %");
    Some(whole(rule, limit.level(value), hold, reason))
}

fn daemons(sample: &Sample, found: &mut Vec<Condition>) {
    for daemon in &sample.daemon.daemons {
        if let Some(reason) = daemon.untold() {
            let name = daemon.name.as_str();
            let level = Level::Notable;
            found.push(about("daemon_unknown", name, level, [0, 0], reason));
        }
        let level = if daemon.state.is_bad() {
            Level::Critical
        } else {
            Level::Clear
        };
        let detail = match daemon.detail.as_str() {
            "" => daemon.state.as_str(),
            detail => detail,
        };
        let word = match daemon.state {
            State::Failed => "failed",
            State::Absent => "absent",
            _ => "down",
        };
        // systemd says of it twice that it has failed, and then why.
        let reason = match detail.strip_prefix("failed/failed") {
            Some(why) if word == "failed" => format!("{} failed{why}", daemon.name),
            _ => format!("{} {word}: {detail}", daemon.name),
        };
        found.push(about(
            "daemon_down",
            daemon.name.as_str(),
            level,
            [0, 0],
            reason,
        ));
    }
}

/// Any new kill warns for half an hour, three in ten minutes are critical.
fn oom(now_ms: u64, sample: &Sample, memory: &mut Memory) -> Option<Condition> {
    // What is not counted is no news, and no new count either.
    let told = sample.host.oom_new.unwrap_or(memory.oom_told);
    let by_session = told.checked_sub(memory.oom_told).unwrap_or(told);
    memory.oom_told = told;
    let new = by_boot(sample, memory).unwrap_or(by_session);
    if new > 0 {
        let before = memory.oom.map_or(0, |(count, _)| count);
        memory.oom = Some((before.saturating_add(new), now_ms));
        let times = new.min(3) as usize;
        memory.oom_times.extend(std::iter::repeat_n(now_ms, times));
        let surplus = memory.oom_times.len().saturating_sub(3);
        memory.oom_times.drain(..surplus);
    }
    let (count, last) = memory.oom?;
    let age = now_ms.saturating_sub(last) / 1000;
    let burst = memory.oom_times.len() == 3
        && memory
            .oom_times
            .first()
            .is_some_and(|first| last - first <= 10 * MINUTE * 1000);
    let level = match age {
        1800.. => Level::Clear,
        _ if burst => Level::Critical,
        _ => Level::Warn,
    };
    let reason = format!(
        "{count} out-of-memory kills, last {} ago",
        Unit::Seconds.format(age as f64)
    );
    Some(whole("oom_kill", level, [0, 0], reason))
}

/// The kills since the last sample that told of them, by the kernel's own count.
fn by_boot(sample: &Sample, memory: &mut Memory) -> Option<u64> {
    let (boot, total) = (sample.host.boot_id.clone()?, sample.host.oom_kills?);
    let (before, seen) = memory.oom_total.replace((boot.clone(), total))?;
    let since = if before == boot { seen } else { 0 };
    Some(total.saturating_sub(since))
}

fn disks(sample: &Sample, memory: &mut Memory, found: &mut Vec<Condition>) {
    if let Some(problem) = &sample.disk.problem {
        let level = if memory.writable.is_empty() {
            Level::Notable
        } else {
            Level::Warn
        };
        let reason = format!("disks unknown: {problem}");
        found.push(whole("disk_unknown", level, [0, 0], reason));
    }
    for mount in &sample.disk.mounts {
        let path = mount.path.as_str();
        found.extend(space(mount));
        found.extend(mount.inodes_used().map(|used| {
            let level = limit(88.0, 90.0, 97.0).level(used);
            about(
                "inodes_full",
                path,
                level,
                [0, 0],
                format!("{path} {used:.0} % of inodes used"),
            )
        }));
        let was_writable = memory.writable.iter().any(|seen| seen == path);
        if !mount.read_only && !was_writable && memory.writable.len() < 1024 {
            memory.writable.push(path.to_owned());
        }
        let turned = mount.read_only && (was_writable || mount.fault);
        let level = if turned {
            Level::Critical
        } else {
            Level::Clear
        };
        found.push(about(
            "read_only",
            path,
            level,
            [0, 0],
            format!("{path} turned read-only"),
        ));
    }
}

/// At a disk's own full size: below a tenth free it warns. A full image that is mounted read-only is as it should be.
fn space(mount: &Mount) -> Option<Condition> {
    let used = mount.used().filter(|_| !mount.read_only)?;
    let path = mount.path.as_str();
    let left = Unit::Bytes.format(mount.available as f64);
    let reason = format!("{path} {used:.0} % full, {left} left");
    Some(about(
        "disk_full",
        path,
        limit(88.0, 90.0, 95.0).level(used),
        [0, 0],
        reason,
    ))
}

fn gpus(sample: &Sample, memory: &mut Memory, found: &mut Vec<Condition>) {
    let cards = sample.gpu.gpus.len();
    memory.cards = memory.cards.max(cards);
    // A tool that says nothing, or nothing yet, tells nothing about its cards.
    let is_told = sample.gpu.problem.is_none() && !sample.gpu.pending && !sample.gpu.asleep;
    let lost = if is_told { memory.cards - cards } else { 0 };
    let level = if lost > 0 {
        Level::Critical
    } else {
        Level::Clear
    };
    let reason = format!("{lost} of {} GPUs lost", memory.cards);
    found.push(whole("gpu_lost", level, [0, 0], reason));
    if let Some(problem) = &sample.gpu.problem {
        let level = if memory.cards > 0 && !sample.gpu.asleep {
            Level::Warn
        } else {
            Level::Notable
        };
        found.push(whole("gpu_unknown", level, [0, 0], problem.to_string()));
    }
    for gpu in &sample.gpu.gpus {
        gpu_rules(gpu, found);
    }
    let off = sample
        .gpu
        .gpus
        .iter()
        .any(|gpu| gpu.persistence == Some(false));
    let level = if off { Level::Notable } else { Level::Clear };
    let reason = "GPU persistence mode is off: each query wakes the card".to_owned();
    found.push(whole("gpu_persistence", level, [0, 0], reason));
}

fn gpu_rules(gpu: &Gpu, found: &mut Vec<Condition>) {
    let card = format!("GPU {}", gpu.index);
    found.extend(gpu.temperature.map(|degrees| {
        let level = limit(78.0, 80.0, 90.0).level(degrees);
        about(
            "gpu_hot",
            &card,
            level,
            [MINUTE, MINUTE],
            format!("{card} at {degrees:.0} °C"),
        )
    }));
    found.extend(gpu.ecc.map(|errors| {
        let level = if errors > 0 {
            Level::Critical
        } else {
            Level::Clear
        };
        about(
            "gpu_ecc",
            &card,
            level,
            [0, 0],
            format!("{card}: {errors} uncorrected ECC errors"),
        )
    }));
    found.extend(gpu.throttled.map(|held| {
        let level = if held { Level::Warn } else { Level::Clear };
        about(
            "gpu_throttled",
            &card,
            level,
            [5 * MINUTE; 2],
            format!("{card} throttled"),
        )
    }));
}

/// Only what is beyond doubt counts: the part of the difference that the width of its interval can't explain.
fn clock(sample: &Sample) -> Option<Condition> {
    let skew = sample.host.skew?;
    let sure = skew.abs() - sample.host.skew_error.unwrap_or(0.0);
    let level = limit(0.25, 0.5, 5.0).level(sure);
    let way = if skew < 0.0 { "behind" } else { "ahead" };
    let reason = format!("clock {} {way}", Unit::Seconds.format(skew.abs()));
    Some(whole("clock_skew", level, [10 * MINUTE; 2], reason))
}

/// An event, shown for a quarter of an hour.
fn rebooted(sample: &Sample) -> Option<Condition> {
    let uptime = sample.host.uptime?;
    let level = if uptime < 900.0 {
        Level::Notable
    } else {
        Level::Clear
    };
    let reason = format!("booted {} ago", Unit::Seconds.format(uptime));
    Some(whole("rebooted", level, [0, 0], reason))
}

fn memory_rules(sample: &Sample, found: &mut Vec<Condition>) {
    let used = percent(sample.memory.used(), sample.memory.total);
    found.extend(used.map(|used| {
        let free = 100.0 - used;
        let level = limit(85.0, 90.0, 95.0).level(used);
        let left = Unit::Bytes.format(sample.memory.available.unwrap_or(0) as f64);
        let reason = format!("{free:.0} % of memory left ({left})");
        // Full and at ease is what a cache is for; full and waited for is the way to the OOM killer.
        let waits = sample.pressure.memory_some >= Some(10.0);
        let warns = if waits { 10 } else { 15 * MINUTE };
        whole("memory_low", level, [warns, 5 * MINUTE], reason)
    }));
    let swap = percent(sample.memory.swap_used, sample.memory.swap_total);
    found.extend(swap.map(|swap| {
        // A full swap that nothing is written to hurts nobody.
        let writes = sample.host.swap_outs.is_some_and(|pages| pages > 0.0);
        let level = match limit(85.0, 90.0, 90.0).level(swap) {
            Level::Critical if !writes => Level::Notable,
            level => level,
        };
        whole(
            "swap_full",
            level,
            [15 * MINUTE; 2],
            format!("swap {swap:.0} % full"),
        )
    }));
    found.extend(sample.host.major_faults.map(|faults| {
        let level = limit(400.0, 500.0, NEVER).level(faults);
        whole(
            "major_faults",
            level,
            [15 * MINUTE; 2],
            format!("{faults:.0} major page faults a second"),
        )
    }));
}

fn pressure(sample: &Sample, found: &mut Vec<Condition>) {
    let psi = &sample.pressure;
    found.extend(share(
        "pressure_memory",
        psi.memory_full_60,
        &limit(3.0, 5.0, 20.0),
        [2 * MINUTE, MINUTE],
        "all tasks wait for memory",
    ));
    found.extend(share(
        "pressure_io",
        psi.io_full_60,
        &limit(12.0, 20.0, 60.0),
        [5 * MINUTE; 2],
        "all tasks wait for I/O",
    ));
    found.extend(share(
        "pressure_cpu",
        psi.cpu_some_60,
        &limit(25.0, 40.0, 80.0),
        [5 * MINUTE; 2],
        "tasks wait for a CPU",
    ));
}

fn cpu(sample: &Sample, found: &mut Vec<Condition>) {
    let cores = sample.host.cores.filter(|n| *n > 0);
    let load = sample.load.averages.zip(cores);
    found.extend(load.map(|([one, ..], cores)| {
        let per_core = one / f64::from(cores);
        let level = limit(1.5, 2.0, 4.0).level(per_core);
        let reason = format!("load {one:.1} on {cores} cores");
        // A load of as many as there are cores is what they were bought for. Both figures are means of a minute.
        let crowded = sample.pressure.cpu_some_60 >= Some(40.0);
        let warns = if level == Level::Critical || crowded {
            30
        } else {
            15 * MINUTE
        };
        whole("load_high", level, [warns, 15 * MINUTE], reason)
    }));
    found.extend(share(
        "steal",
        sample.cpu.steal,
        &limit(5.0, 10.0, 25.0),
        [20 * MINUTE; 2],
        "CPU stolen by the hypervisor",
    ));
    found.extend(share(
        "iowait",
        sample.cpu.iowait,
        &limit(20.0, 40.0, NEVER),
        [10 * MINUTE; 2],
        "CPU waits for I/O",
    ));
    found.extend(sample.cpu.busy.map(|busy| {
        let level = match limit(75.0, 90.0, NEVER).level(busy) {
            Level::Warn => Level::Notable,
            level => level,
        };
        whole(
            "cpu_busy",
            level,
            [15 * MINUTE; 2],
            format!("CPU {busy:.0} % busy"),
        )
    }));
}

/// A quota that is reached now and then does what it is for, so it does not warn.
fn throttled(sample: &Sample) -> Option<Condition> {
    let cut = sample.cpu.throttled?;
    let level = match limit(20.0, 25.0, NEVER).level(cut) {
        Level::Warn => Level::Notable,
        level => level,
    };
    let reason = format!("CPU quota used up in {cut:.0} % of its periods");
    Some(whole("cpu_throttled", level, [15 * MINUTE; 2], reason))
}

fn files(sample: &Sample) -> Option<Condition> {
    let open = sample
        .host
        .files_open
        .zip(sample.host.files_max.filter(|max| *max > 0));
    let used = open.map(|(open, max)| 100.0 * open as f64 / max as f64);
    share(
        "files_open",
        used,
        &limit(65.0, 70.0, 90.0),
        [15 * MINUTE; 2],
        "open file handles",
    )
}

/// A share of a trickle says nothing.
fn retransmits(sample: &Sample) -> Option<Condition> {
    let some = sample.tcp.retransmits.is_some_and(|rate| rate >= 1.0);
    let percent = sample
        .tcp
        .retransmitted
        .map(|percent| if some { percent } else { 0.0 });
    share(
        "retransmits",
        percent,
        &limit(2.5, 5.0, NEVER),
        [10 * MINUTE; 2],
        "TCP segments sent again:",
    )
}
