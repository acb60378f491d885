//! Rules: durations, hysteresis, holds, and what each one says.

use super::*;
use crate::metrics::{
    daemon::{State, Status},
    disk::Mount,
    gpu::{self, Gpu},
};

/// Judges a value set by `set` at these minutes, and gives the severities of the rule.
fn judged(rule: &str, set: fn(&mut Sample, f64), course: &[(u64, f64)]) -> Vec<Severity> {
    let mut tracker = Tracker::default();
    let judge = |(minute, value): &(u64, f64)| {
        let mut sample = Sample::default();
        set(&mut sample, *value);
        let health = tracker.judge(minute * 60_000, &sample);
        let found = health.findings.iter().find(|f| f.rule == rule);
        found.map_or(Ok, |f| f.severity)
    };
    course.iter().map(judge).collect()
}

use Severity::{Critical, Info, Ok, Warn};

fn memory(sample: &mut Sample, used: f64) {
    sample.memory.total = Some(1000);
    sample.memory.available = Some(1000 - (used * 10.0) as u64);
}

#[test]
fn a_short_spike_wakes_nobody() {
    let course = [
        (0, 50.0),
        (1, 99.0),
        (5, 99.0),
        (6, 50.0),
        (7, 99.0),
        (11, 99.0),
    ];
    assert_eq!(judged("memory_low", memory, &course), [Ok; 6]);
}

#[test]
fn a_long_one_does_and_ends_below_the_lower_limit() {
    let course = [
        (0, 92.0),
        (14, 92.0),
        (15, 92.0),
        (16, 96.0),
        (21, 96.0),
        (22, 91.0),
        (23, 87.0),
        (24, 84.0),
        (25, 87.0),
    ];
    let wanted = [Ok, Ok, Warn, Warn, Critical, Warn, Warn, Ok, Ok];
    assert_eq!(judged("memory_low", memory, &course), wanted);
}

/// Health at these seconds, each with a value.
fn judged_by_seconds(
    rule: &str,
    set: fn(&mut Sample, f64),
    course: &[(u64, f64)],
) -> Vec<Severity> {
    let mut tracker = Tracker::default();
    let judge = |(second, value): &(u64, f64)| {
        let mut sample = Sample::default();
        set(&mut sample, *value);
        let health = tracker.judge(second * 1000, &sample);
        let found = health.findings.iter().find(|f| f.rule == rule);
        found.map_or(Ok, |f| f.severity)
    };
    course.iter().map(judge).collect()
}

fn load(sample: &mut Sample, per_core: f64) {
    sample.host.cores = Some(32);
    sample.load.averages = Some([32.0 * per_core; 3]);
}

fn crowded(sample: &mut Sample, per_core: f64) {
    load(sample, per_core);
    sample.pressure.cpu_some_60 = Some(45.0);
}

#[test]
fn an_overload_warns_within_a_minute() {
    let course = [(0, 5.0), (29, 5.0), (30, 5.0), (40, 1.8), (50, 1.4)];
    let wanted = [Ok, Ok, Warn, Warn, Ok];
    assert_eq!(judged_by_seconds("load_high", load, &course), wanted);
    let course = [(0, 2.2), (29, 2.2), (30, 2.2), (40, 1.8), (50, 1.4)];
    assert_eq!(judged_by_seconds("load_high", crowded, &course), wanted);
}

#[test]
fn a_node_that_works_as_much_as_it_can_is_well() {
    let course: Vec<(u64, f64)> = (0..240).map(|n| (n * 15, 1.1)).collect();
    let full = |sample: &mut Sample, per_core: f64| {
        load(sample, per_core);
        sample.cpu.busy = Some(40.0);
        sample.pressure.cpu_some_60 = Some(20.0);
    };
    assert!(
        judged_by_seconds("load_high", full, &course)
            .iter()
            .all(|s| *s == Ok)
    );
    // Twice as many as there are cores, none of which waits much: only after long.
    let course = [(0, 2.2), (60, 2.2), (899, 2.2), (900, 2.2)];
    let wanted = [Ok, Ok, Ok, Warn];
    assert_eq!(judged_by_seconds("load_high", load, &course), wanted);
}

#[test]
fn memory_that_is_fought_for_warns_soon() {
    let fought = |sample: &mut Sample, used: f64| {
        memory(sample, used);
        sample.pressure.memory_some = Some(30.0);
    };
    let course = [(0, 97.0), (9, 97.0), (10, 97.0), (20, 88.0), (30, 80.0)];
    let wanted = [Ok, Ok, Warn, Warn, Ok];
    assert_eq!(judged_by_seconds("memory_low", fought, &course), wanted);
    assert_eq!(judged_by_seconds("memory_low", memory, &course), [Ok; 5]);
}

#[test]
fn raw_cpu_use_is_only_worth_knowing() {
    let set = |sample: &mut Sample, busy| sample.cpu.busy = Some(busy);
    assert_eq!(
        judged(
            "cpu_busy",
            set,
            &[(0, 100.0), (20, 100.0), (21, 80.0), (22, 10.0)]
        ),
        [Ok, Info, Info, Ok]
    );
}

#[test]
fn a_quota_that_is_used_up_for_long_is_worth_knowing() {
    let set = |sample: &mut Sample, cut| sample.cpu.throttled = Some(cut);
    assert_eq!(
        judged(
            "cpu_throttled",
            set,
            &[(0, 60.0), (14, 60.0), (16, 60.0), (17, 22.0), (18, 5.0)]
        ),
        [Ok, Ok, Info, Info, Ok]
    );
}

#[test]
fn an_oom_kill_warns_for_half_an_hour() {
    let set = |sample: &mut Sample, n| sample.host.oom_new = Some(n as u64);
    let course = [
        (0, 0.0),
        (1, 1.0),
        (20, 1.0),
        (31, 1.0),
        (40, 2.0),
        (41, 3.0),
        (42, 4.0),
        (73, 4.0),
    ];
    assert_eq!(
        judged("oom_kill", set, &course),
        [Ok, Warn, Warn, Ok, Warn, Warn, Critical, Ok]
    );
}

#[test]
fn oom_kills_of_an_earlier_session_are_not_forgotten() {
    let mut tracker = Tracker::default();
    let mut sample = Sample::default();
    let mut reason = |at, told| {
        sample.host.oom_new = told;
        tracker.judge(at, &sample).findings[0].reason.clone()
    };
    assert!(reason(0, Some(3)).starts_with("3 out-of-memory kills,"));
    assert!(reason(60_000, Some(0)).starts_with("3 out-of-memory kills,"));
    assert!(reason(61_000, Some(1)).starts_with("4 out-of-memory kills,"));
}

#[test]
fn a_kill_that_cut_the_connection_is_told_after_it() {
    let mut tracker = Tracker::default();
    let mut judge = |at, boot: &str, total| {
        let mut sample = Sample::default();
        sample.host.boot_id = Some(boot.into());
        (sample.host.oom_kills, sample.host.oom_new) = (Some(total), Some(0));
        let findings = tracker.judge(at, &sample).findings;
        findings.first().map(|f| f.reason.clone())
    };
    assert_eq!(judge(0, "a", 7), None, "of days past");
    let told = judge(60_000, "a", 9).unwrap();
    assert!(told.starts_with("2 out-of-memory kills,"), "{told}");
    let told = judge(120_000, "b", 1).unwrap();
    assert!(told.starts_with("3 out-of-memory kills,"), "{told}");
}

#[test]
fn disks_that_are_not_told_of_are_worth_a_look() {
    let mut tracker = Tracker::default();
    let mut judge = |mounts: &[Mount], problem: Option<&str>| {
        let mut sample = Sample::default();
        sample.disk.mounts = mounts.to_vec();
        sample.disk.problem = problem.map(Into::into);
        let findings = tracker.judge(0, &sample).findings;
        findings.first().map(|f| (f.severity, f.reason.clone()))
    };
    let unknown = |severity| Some((severity, "disks unknown: no answer".to_owned()));
    assert_eq!(judge(&[], Some("no answer")), unknown(Info));
    assert_eq!(judge(&[mount("/", 50, false)], None), None);
    assert_eq!(judge(&[], Some("no answer")), unknown(Warn));
}

#[test]
fn cards_that_sleep_are_not_lost() {
    let mut tracker = Tracker::default();
    let mut sample = Sample::default();
    sample.gpu.gpus = vec![Gpu::default()];
    tracker.judge(0, &sample);
    sample.gpu = gpu::Reading {
        asleep: true,
        ..gpu::Reading::default()
    };
    assert_eq!(tracker.judge(0, &sample).findings, []);
    sample.gpu.problem = Some("asleep".into());
    let severity = tracker.judge(0, &sample).severity();
    assert_eq!(severity, Info);
}

#[test]
fn kills_that_are_not_counted_for_a_while_are_not_told_twice() {
    let mut tracker = Tracker::default();
    let mut sample = Sample::default();
    let mut reason = |at, told| {
        sample.host.oom_new = told;
        tracker.judge(at, &sample).findings[0].reason.clone()
    };
    assert!(reason(0, Some(3)).starts_with("3 out-of-memory kills,"));
    assert!(reason(60_000, None).starts_with("3 out-of-memory kills,"));
    assert!(reason(61_000, Some(3)).starts_with("3 out-of-memory kills,"));
}

fn mount(path: &str, available: u64, read_only: bool) -> Mount {
    Mount {
        path: path.into(),
        total: 100,
        taken: 100 - available,
        available,
        read_only,
        ..Mount::default()
    }
}

#[test]
fn a_full_disk_is_told_at_once() {
    let set = |sample: &mut Sample, used: f64| {
        sample.disk.mounts = vec![
            mount("/data", 100 - used as u64, false),
            mount("/snap", 0, true),
        ];
    };
    assert_eq!(
        judged(
            "disk_full",
            set,
            &[(0, 89.0), (1, 90.0), (2, 89.0), (3, 96.0), (4, 80.0)]
        ),
        [Ok, Warn, Warn, Critical, Ok]
    );
}

#[test]
fn a_mount_that_turns_read_only_is_critical() {
    let set = |sample: &mut Sample, read_only: f64| {
        sample.disk.mounts = vec![mount("/", 50, read_only > 0.0), mount("/iso", 0, true)];
    };
    assert_eq!(
        judged("read_only", set, &[(0, 1.0), (1, 0.0), (2, 1.0)]),
        [Ok, Ok, Critical]
    );
    let fault = |sample: &mut Sample, _| {
        sample.disk.mounts = vec![Mount {
            fault: true,
            ..mount("/", 50, true)
        }];
    };
    assert_eq!(judged("read_only", fault, &[(0, 0.0)]), [Critical]);
}

#[test]
fn a_clock_counts_only_beyond_its_uncertainty() {
    let set = |sample: &mut Sample, skew| {
        sample.host.skew = Some(skew);
        sample.host.skew_error = Some(0.5);
    };
    assert_eq!(judged("clock_skew", set, &[(0, 0.9), (20, 0.9)]), [Ok, Ok]);
    assert_eq!(
        judged("clock_skew", set, &[(0, -1.2), (9, -1.2), (10, -1.2)]),
        [Ok, Ok, Warn]
    );
    assert_eq!(
        judged("clock_skew", set, &[(0, 9.0), (10, 9.0)]),
        [Ok, Critical]
    );
}

#[test]
fn cards_are_judged_one_by_one() {
    let mut tracker = Tracker::default();
    let card = |index, degrees, ecc| Gpu {
        index,
        temperature: Some(degrees),
        ecc: Some(ecc),
        persistence: Some(false),
        ..Gpu::default()
    };
    let mut sample = Sample::default();
    sample.gpu.gpus = vec![card(0, 60.0, 0), card(1, 85.0, 1)];
    let now = tracker.judge(0, &sample);
    let rules = |health: &Health| {
        health
            .findings
            .iter()
            .map(|f| (f.rule, f.severity))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        rules(&now),
        [("gpu_ecc", Critical), ("gpu_persistence", Info)]
    );
    assert_eq!(now.findings[0].reason, "GPU 1: 1 uncorrected ECC errors");
    let later = tracker.judge(60_000, &sample);
    assert_eq!(
        rules(&later),
        [
            ("gpu_ecc", Critical),
            ("gpu_hot", Warn),
            ("gpu_persistence", Info)
        ]
    );
    sample.gpu.gpus.pop();
    assert_eq!(
        rules(&tracker.judge(61_000, &sample))[0],
        ("gpu_lost", Critical)
    );
}

#[test]
fn cards_are_not_lost_while_their_tool_is_silent() {
    let mut tracker = Tracker::default();
    let mut sample = Sample::default();
    sample.gpu.gpus = vec![Gpu::default(); 2];
    tracker.judge(0, &sample);
    sample.gpu.gpus.clear();
    sample.gpu.problem = Some("nvidia-smi does not answer".into());
    let health = tracker.judge(1000, &sample);
    let rules: Vec<_> = health
        .findings
        .iter()
        .map(|f| (f.rule, f.severity))
        .collect();
    assert_eq!(rules, [("gpu_unknown", Warn)]);
}

#[test]
fn cards_are_not_lost_before_their_tool_is_heard() {
    let mut tracker = Tracker::default();
    let mut sample = Sample::default();
    sample.gpu.gpus = vec![Gpu::default(); 2];
    tracker.judge(0, &sample);
    sample.gpu = gpu::Reading {
        pending: true,
        ..gpu::Reading::default()
    };
    assert!(tracker.judge(1000, &sample).findings.is_empty());
    sample.gpu.pending = false;
    assert_eq!(tracker.judge(2000, &sample).findings[0].rule, "gpu_lost");
}

#[test]
fn a_daemon_that_is_down_comes_first() {
    let mut sample = Sample::default();
    memory(&mut sample, 99.0);
    let status = |name: &str, state| Status {
        name: name.into(),
        state,
        ..Status::default()
    };
    sample.daemon.daemons = vec![
        status("a", State::Up),
        status("b", State::Failed),
        status("c", State::Unknown),
    ];
    let mut tracker = Tracker::default();
    tracker.judge(0, &sample);
    let health = tracker.judge(3_600_000, &sample);
    assert_eq!(health.severity(), Critical);
    assert_eq!(health.findings[0].reason, "b failed: failed");
    assert_eq!(health.findings[1].rule, "memory_low");
    assert_eq!(health.findings.len(), 2);
}

#[test]
fn a_daemon_that_cannot_be_asked_is_worth_knowing() {
    let mut sample = Sample::default();
    let status = |detail: &str| Status {
        name: "sshd".into(),
        detail: detail.into(),
        ..Status::default()
    };
    sample.daemon.daemons = vec![status("")];
    let mut tracker = Tracker::default();
    assert_eq!(
        tracker.judge(0, &sample),
        Health::default(),
        "not asked yet"
    );
    sample.daemon.daemons = vec![status("no answer")];
    let health = tracker.judge(1_000, &sample);
    assert_eq!(health.severity(), Info);
    assert_eq!(health.findings[0].reason, "sshd unknown: no answer");
}

#[test]
fn a_quiet_full_swap_is_only_worth_knowing() {
    let set = |sample: &mut Sample, pages| {
        (sample.memory.swap_total, sample.memory.swap_used) = (Some(100), Some(99));
        sample.host.swap_outs = Some(pages);
    };
    assert_eq!(
        judged(
            "swap_full",
            set,
            &[(0, 0.0), (15, 0.0), (16, 5.0), (31, 5.0)]
        ),
        [Ok, Info, Info, Critical]
    );
}

#[test]
fn absent_values_are_no_reason() {
    let mut tracker = Tracker::default();
    for minute in 0..60 {
        assert_eq!(
            tracker.judge(minute * 60_000, &Sample::default()),
            Health::default()
        );
    }
}
