//! The state machine: hello, cadence, doubt, loss, and the three channels together.

use super::*;
use crate::{metrics::daemon::State, node::Manager};

fn node(daemons: &[&str]) -> Node {
    let daemon = |name: &&str| Daemon {
        name: (*name).to_owned(),
        manager: Manager::Systemd,
        ..Daemon::default()
    };
    Node {
        daemons: daemons.iter().map(daemon).collect(),
        ..Node::blank("n1")
    }
}

const HELLO: &str = "Last login: today\n\nS1 abc awk=mawk boot=b1 cgmem=- virt=- src=loadavg,uptime,pressure/io,vmstat,net/dev cores=4 gpu=nvidia uname=Linux 6 x\n";
const SLOW_HELLO: &str = "S1 abc slow has=systemd space=stat deadline=-\n";

fn at(seconds: f64) -> Clock {
    Clock {
        mono_ms: (seconds * 1000.0) as u64,
        epoch_s: 1000.0 + seconds,
    }
}

fn meter(daemons: &[&str]) -> Meter {
    let mut meter = Meter::new(&node(daemons), "abc");
    assert!(meter.program().contains("abc"));
    assert_eq!(meter.tick(false, at(0.0)), None);
    let signals = meter.feed(Feed::Fast, HELLO.as_bytes(), at(0.0));
    assert_eq!(
        signals,
        [Signal::Hello {
            kind: "mawk".into()
        }]
    );
    meter
}

/// Sends a tick and answers it; the tick's line.
fn turn(meter: &mut Meter, body: &str, seconds: f64) -> (String, Vec<Signal>) {
    let tick = meter.tick(false, at(seconds)).unwrap();
    let seq = tick.split_whitespace().next().unwrap();
    let lines = body.lines().count();
    let frame = format!(
        "[{seq} {}\n{body}]{seq} {lines}\n",
        (1000.0 + seconds) as u64
    );
    let signals = meter.feed(Feed::Fast, frame.as_bytes(), at(seconds));
    (tick, signals)
}

#[test]
fn the_cadence_has_three_tiers() {
    let mut meter = meter(&[]);
    let ticks: Vec<_> = (0..121)
        .map(|n| turn(&mut meter, "u 1\n", f64::from(n)).0)
        .collect();
    assert_eq!(ticks[0], "1 a\n");
    assert_eq!(ticks[1], "2\n");
    let full: Vec<_> = (0..121).filter(|n| ticks[*n].contains('a')).collect();
    assert_eq!(full, [0, 60, 120]);
    let medium: Vec<_> = (0..60).filter(|n| ticks[*n].contains('m')).collect();
    assert_eq!(medium, [10, 20, 30, 40, 50]);
    assert!(meter.tick(true, at(130.0)).unwrap().ends_with(" p\n"));
    assert_eq!(meter.tick(true, at(131.0)), None, "one in flight");
}

#[test]
fn a_torn_frame_is_answered_by_a_full_one() {
    let mut meter = meter(&[]);
    turn(&mut meter, "u 1\nl 1 2 3 4/5\n", 0.0);
    meter.tick(false, at(1.0)).unwrap();
    let signals = meter.feed(Feed::Fast, b"[2 1\nl 9 9 9 9/9\n]2 7\n", at(1.0));
    assert!(matches!(signals.as_slice(), [Signal::Bad(_)]));
    assert_eq!(
        meter.sample().load.averages,
        Some([1.0, 2.0, 3.0]),
        "nothing of it is believed"
    );
    assert_eq!(turn(&mut meter, "", 2.0).0, "3 a\n");
    assert_eq!(turn(&mut meter, "", 3.0).0, "4\n");
}

#[test]
fn a_frame_nobody_asked_for_is_refused() {
    let mut meter = meter(&[]);
    let signals = meter.feed(Feed::Fast, b"[1 1\nl 9 9 9 9/9\n]1 1\n", at(0.0));
    assert!(matches!(signals.as_slice(), [Signal::Bad(_)]));
    assert_eq!(meter.sample().load.averages, None);
}

#[test]
fn a_flood_instead_of_a_hello_is_no_sampler() {
    let mut meter = Meter::new(&node(&[]), "abc");
    let mut signals = meter.feed(Feed::Fast, b"This account is not available.\n", at(0.0));
    assert_eq!(
        meter.instead_of_hello(),
        Some("This account is not available.".into())
    );
    for _ in 0..3 {
        signals.extend(meter.feed(Feed::Fast, &b"y".repeat(50_000), at(0.0)));
    }
    assert_eq!(
        signals,
        [Signal::NoSampler("This account is not available.".into())]
    );
    assert!(!meter.fast_lost());
}

#[test]
fn what_ends_the_sampler_is_left_out_next_time() {
    let mut meter = meter(&[]);
    turn(&mut meter, "u 1\n", 0.0);
    assert!(meter.fast_lost());
    assert!(meter.program().contains("case ,, in"), "all was read once");
    meter.feed(Feed::Fast, HELLO.as_bytes(), at(1.0));
    turn(&mut meter, "u 2\n", 1.0);
    assert!(meter.fast_lost());
    let without = ",pressure/cpu,pressure/memory,pressure/io,";
    assert!(meter.program().contains(without));
    meter.feed(Feed::Fast, HELLO.as_bytes(), at(1.0));
    assert!(meter.fast_lost());
    assert!(meter.program().contains("vmstat,net/snmp"));
    meter.feed(Feed::Fast, HELLO.as_bytes(), at(2.0));
    let losses = [meter.fast_lost(), meter.fast_lost()];
    assert_eq!(losses, [true, false], "nothing is left to leave out");
    assert!(
        meter.program().contains("case ,, in"),
        "and none was guilty"
    );
}

#[test]
fn a_sampler_that_is_killed_leaves_nothing_out() {
    let mut meter = meter(&[]);
    turn(&mut meter, "u 1\n", 0.0);
    let kills: Vec<_> = (0..6).map(|_| meter.fast_killed()).collect();
    assert_eq!(kills, [true, true, true, true, true, false]);
    assert!(meter.program().contains("case ,, in"));
}

#[test]
fn amd_cards_that_are_left_alone_are_not_lost() {
    let cards = |word: &str| HELLO.replace("gpu=nvidia", word);
    let mut meter = meter(&[]);
    meter.program();
    meter.feed(Feed::Fast, cards("gpu=amd:card0").as_bytes(), at(0.0));
    turn(&mut meter, "u 1\na0 1 2 3 4 5 6\n", 0.0);
    assert_eq!(meter.sample().gpu.problem, None);
    assert!(meter.fast_lost() && meter.fast_lost());
    meter.program();
    meter.feed(Feed::Fast, cards("gpu=-").as_bytes(), at(1.0));
    turn(&mut meter, "u 2\n", 1.0);
    let gpu = meter.sample().gpu;
    assert!(
        gpu.problem
            .unwrap()
            .as_str()
            .starts_with("AMD cards are not read")
    );
    meter.program();
    meter.feed(Feed::Fast, cards("gpu=amd-asleep").as_bytes(), at(2.0));
    assert!(meter.sample().gpu.asleep);
}

#[test]
fn cards_that_are_read_no_more_are_not_shown() {
    let mut meter = meter(&[]);
    let row = row("Disabled");
    meter.feed(Feed::Gpu, format!("{row}{row}").as_bytes(), at(1.0));
    turn(&mut meter, "u 21\n", 21.0);
    assert_eq!(meter.sample().gpu.gpus.len(), 1);
    let lost = "Unable to determine the device handle for GPU0: 0000:01:00.0: GPU is lost.\n";
    assert_eq!(meter.feed(Feed::Gpu, lost.as_bytes(), at(21.5)), []);
    turn(&mut meter, "u 22\n", 22.0);
    let gpu = meter.sample().gpu;
    assert_eq!(gpu.gpus, []);
    assert_eq!(gpu.problem, Some("nvidia-smi does not answer".into()));
}

#[test]
fn what_the_slow_channel_told_is_not_true_for_ever() {
    let mut meter = meter(&["web"]);
    turn(&mut meter, "u 10.5\n", 0.0);
    meter.slow_program().unwrap();
    meter.feed(Feed::Slow, SLOW_HELLO.as_bytes(), at(0.0));
    answer(&mut meter, TRUTH);
    turn(&mut meter, "u 11.5\nw1 S 300\n", 1.0);
    turn(&mut meter, "u 190.5\n", 180.0);
    let sample = meter.sample();
    assert_eq!((sample.disk.mounts.len(), sample.disk.problem), (3, None));
    turn(&mut meter, "u 191.5\n", 181.0);
    let sample = meter.sample();
    assert_eq!(
        sample.disk,
        disk::Reading::unknown("no answer for over 3 minutes")
    );
    assert_eq!(
        sample.daemon.daemons[0].state,
        State::Up,
        "its process lives"
    );
    turn(&mut meter, "u 192.5\nw1 -\n", 182.0);
    let daemon = &meter.sample().daemon.daemons[0];
    assert_eq!(
        (daemon.name.as_str(), daemon.state),
        ("web", State::Unknown)
    );
    assert_eq!(
        daemon.untold().unwrap(),
        "web unknown: no answer for over 3 minutes"
    );
}

#[test]
fn a_mount_over_another_hides_it() {
    let mut meter = meter(&[]);
    meter.slow_program().unwrap();
    meter.feed(Feed::Slow, SLOW_HELLO.as_bytes(), at(0.0));
    answer(
        &mut meter,
        "=mounts
 ro ext4 /data
 rw xfs /data
=stat 0
 4096 9 5 5 0 0 /data
 4096 9 5 5 0 0 /data
",
    );
    let mounts = meter.sample().disk.mounts;
    let told: Vec<_> = mounts
        .iter()
        .map(|m| (m.kind.as_str(), m.read_only))
        .collect();
    assert_eq!(told, [("xfs", false)]);
}

#[test]
fn a_mount_that_does_not_answer_is_told() {
    let mut meter = meter(&[]);
    meter.slow_program().unwrap();
    meter.feed(Feed::Slow, SLOW_HELLO.as_bytes(), at(0.0));
    let mounts = "=mounts\n rw ext4 /\n rw xfs /data\n";
    let problem = |meter: &Meter| meter.sample().disk.problem.unwrap().to_string();
    answer(&mut meter, &format!("{mounts}=stat 124\n"));
    assert_eq!(problem(&meter), "no answer in 8 s");
    let said = "stat: cannot read file system information for '/data': Input/output error";
    answer(
        &mut meter,
        &format!("{mounts}=stat 1\n {said}\n 4096 1000 500 500 0 0 /\n"),
    );
    assert_eq!(
        (problem(&meter).as_str(), meter.sample().disk.mounts.len()),
        (said, 1)
    );
    answer(
        &mut meter,
        &format!("{mounts}=stat 0\n 4096 9 5 5 0 0 /\n 4096 9 5 5 0 0 /data\n"),
    );
    assert_eq!(meter.sample().disk.problem, None);
}

#[test]
fn a_sampler_that_ran_for_long_is_forgiven() {
    let mut meter = meter(&[]);
    for n in 0..70 {
        turn(&mut meter, "u 1\n", f64::from(n));
    }
    assert!(meter.fast_lost());
    assert!(meter.program().contains("case ,, in"));
}

#[test]
fn the_clock_is_known_better_with_each_tick() {
    let mut meter = meter(&[]);
    // Our clock is 7.3 s behind the node's; ticks fall anywhere within its second.
    for n in 0..20 {
        let now = f64::from(n) * 1.13;
        let seq = n + 1;
        let line = meter.tick(false, at(now)).unwrap();
        assert!(line.starts_with(&seq.to_string()));
        let epoch = (1000.0 + now + 7.3f64).floor();
        meter.feed(
            Feed::Fast,
            format!("[{seq} {epoch}\n]{seq} 0\n").as_bytes(),
            at(now + 0.01),
        );
    }
    let host = meter.sample().host;
    let (skew, error) = (host.skew.unwrap(), host.skew_error.unwrap());
    assert!(
        (skew - 7.3).abs() <= error + 0.02 && error < 0.15,
        "{skew} ± {error}"
    );
}

#[test]
fn clocks_that_may_agree_do() {
    let mut meter = meter(&[]);
    turn(&mut meter, "u 1\n", 0.4);
    assert_eq!(meter.sample().host.skew, Some(0.0));
}

const TRUTH: &str = "=systemd 0\n Id=web.service\n LoadState=loaded\n ActiveState=active\n SubState=running\n MainPID=77\n \
ActiveEnterTimestampMonotonic=1000000\n=mounts\n rw ext4 /data\n rw ext4 /\n ro xfs /odd\\040name\n=stat 0\n 4096 1000 150 100 0 0 /\n \
4096 500 250 250 64 32 /data\n 512 10 5 5 8 4 /odd name\n";

fn answer(meter: &mut Meter, text: &str) -> (String, Vec<Signal>) {
    let request = meter.slow_tick().unwrap();
    let seq = request.split_whitespace().next().unwrap();
    let signals = meter.feed(
        Feed::Slow,
        format!("({seq} 1 9.5\n{text}){seq}\n").as_bytes(),
        at(0.0),
    );
    (request, signals)
}

#[test]
fn a_daemon_that_dies_is_seen_on_the_fast_tier() {
    let mut meter = meter(&["web"]);
    turn(&mut meter, "u 10.5\n", 0.0);
    assert_eq!(meter.slow_tick(), None);
    assert!(meter.slow_program().unwrap().contains("units web.service"));
    assert_eq!(
        meter.feed(Feed::Slow, SLOW_HELLO.as_bytes(), at(0.0)),
        [Signal::AskSlow]
    );
    assert_eq!(
        answer(&mut meter, TRUTH),
        ("1 sd\n".into(), vec![Signal::Slow])
    );
    let (tick, _) = turn(&mut meter, "u 11.5\nw1 S 300\n", 1.0);
    assert_eq!(tick, "2 w P77\n");
    let sample = meter.sample();
    assert_eq!(
        (
            sample.daemon.daemons[0].state,
            sample.daemon.daemons[0].since
        ),
        (State::Up, Some(10.5))
    );
    let (tick, signals) = turn(&mut meter, "u 12.5\nw1 -\n", 2.0);
    assert_eq!(
        (tick.as_str(), signals),
        ("3\n", vec![Signal::Frame, Signal::AskSlow])
    );
    assert_eq!(meter.sample().daemon.daemons[0].state, State::Stopped);
    assert_eq!(meter.slow_tick().unwrap(), "2 s\n", "only the daemons");
}

#[test]
fn a_question_in_flight_is_asked_again() {
    let mut meter = meter(&["web"]);
    meter.slow_program().unwrap();
    meter.feed(Feed::Slow, SLOW_HELLO.as_bytes(), at(0.0));
    answer(&mut meter, TRUTH);
    turn(&mut meter, "w1 S 300\n", 1.0);
    let request = meter.slow_tick().unwrap();
    turn(&mut meter, "w1 -\n", 2.0);
    assert_eq!(meter.slow_tick(), None);
    let seq = request.split_whitespace().next().unwrap();
    let signals = meter.feed(
        Feed::Slow,
        format!("({seq} 1 9.5\n{TRUTH}){seq}\n").as_bytes(),
        at(0.0),
    );
    assert_eq!(signals, [Signal::Slow, Signal::AskSlow]);
}

#[test]
fn mounts_come_with_the_root_first() {
    let mut meter = meter(&[]);
    meter.slow_program().unwrap();
    meter.feed(Feed::Slow, SLOW_HELLO.as_bytes(), at(0.0));
    answer(&mut meter, TRUTH);
    let mounts = meter.sample().disk.mounts;
    let paths: Vec<_> = mounts.iter().map(|m| m.path.as_str()).collect();
    assert_eq!(paths, ["/", "/data", "/odd name"]);
    let used = |meter: &Meter| meter.sample().disk.mounts[0].used().map(f64::ceil);
    assert_eq!((used(&meter), mounts[0].inodes), (Some(90.0), None));
    assert_eq!(
        (mounts[1].inodes_used(), mounts[1].read_only),
        (Some(50.0), false)
    );
    assert!(mounts[2].read_only && !mounts[2].fault);
    let df = "=mounts\n rw ext4 /a b\n=df 0\n Filesystem 1024-blocks Used Available Capacity Mounted on\n /dev/sda1 1000 500 400 56% /a b\n";
    answer(&mut meter, &df.replace("/a b\n=df", "/a\\040b\n=df"));
    assert_eq!(used(&meter), Some(56.0), "as df has it");
}

#[test]
fn gpus_have_a_channel_of_their_own() {
    let mut meter = meter(&[]);
    assert!(meter.gpu_command().unwrap().contains(" -l 2"));
    assert!(meter.sample().gpu.pending);
    let row = "0, NVIDIA H100, 5, 1, 10, 40, 70.5, 700, 1980, [N/A], Enabled, 0, Disabled, 0x0, 00000000:01:00.0\n";
    assert_eq!(
        meter.feed(Feed::Gpu, row.as_bytes(), at(0.0)),
        [Signal::Gpu]
    );
    assert_eq!(meter.sample().gpu.gpus.len(), 1);
    assert!(meter.sample().gpu.pending, "others may be on their way");
    meter.feed(Feed::Gpu, row.as_bytes(), at(2.0));
    assert!(!meter.sample().gpu.pending);
    assert!(meter.gpu_failed());
}

/// A row of the loop for a card with or without MIG.
fn row(mig: &str) -> String {
    format!(
        "0, NVIDIA H100, [N/A], 1, 10, 40, 70.5, 700, 1980, [N/A], Enabled, [N/A], {mig}, 0x0, 00000000:4E:00.0\n"
    )
}

const MIG: &str = "=mig\n gpu 00000000:4E:00.0\n mig Enabled\n instance\n gi 3\n ci 0\n sm 60\n ecc 0\n total 100 MiB\n used 25 MiB\n end\n";

#[test]
fn instances_are_asked_for_while_a_card_is_in_mig_mode() {
    let mut meter = meter(&["web"]);
    meter.slow_program().unwrap();
    meter.feed(Feed::Slow, SLOW_HELLO.as_bytes(), at(0.0));
    assert_eq!(answer(&mut meter, TRUTH).0, "1 sd\n");
    meter.feed(Feed::Gpu, row("Disabled").as_bytes(), at(1.0));
    assert_eq!(answer(&mut meter, TRUTH).0, "2 sd\n");

    let signals = meter.feed(Feed::Gpu, row("Enabled").as_bytes(), at(2.0));
    assert_eq!(signals, [Signal::Gpu, Signal::AskSlow], "not in 30 s, now");
    assert_eq!(meter.sample().gpu.gpus[0].instances, None);
    assert_eq!(answer(&mut meter, MIG).0, "3 g\n");
    let card = meter.sample().gpu.gpus.remove(0);
    assert_eq!((card.memory(), card.fullest()), (Some(10.0), Some(25.0)));
    assert_eq!(
        card.ecc,
        Some(0),
        "the driver tells it of the instances only"
    );
    assert_eq!(answer(&mut meter, &format!("{TRUTH}{MIG}")).0, "4 sdg\n");

    assert_eq!(answer(&mut meter, TRUTH).0, "5 sdg\n");
    let card = meter.sample().gpu.gpus.remove(0);
    assert_eq!((card.instances, card.ecc), (None, None), "the tool failed");

    meter.feed(Feed::Gpu, row("Disabled").as_bytes(), at(3.0));
    assert_eq!(answer(&mut meter, TRUTH).0, "6 sd\n");
}

#[test]
fn a_card_that_is_read_before_the_first_request_keeps_nothing_out_of_it() {
    let mut meter = meter(&["web"]);
    meter.slow_program().unwrap();
    meter.feed(Feed::Slow, SLOW_HELLO.as_bytes(), at(0.0));
    meter.feed(Feed::Gpu, row("Enabled").as_bytes(), at(0.0));
    assert_eq!(answer(&mut meter, TRUTH).0, "1 sdg\n");

    let mut meter = self::meter(&["web"]);
    meter.slow_program().unwrap();
    meter.feed(Feed::Slow, SLOW_HELLO.as_bytes(), at(0.0));
    let request = meter.slow_tick().unwrap();
    meter.feed(Feed::Gpu, row("Enabled").as_bytes(), at(0.0));
    assert_eq!((request.as_str(), meter.slow_tick()), ("1 sd\n", None));
    let text = format!("(1 1 9.5\n{TRUTH})1\n");
    let signals = meter.feed(Feed::Slow, text.as_bytes(), at(0.0));
    assert_eq!(signals, [Signal::Slow, Signal::AskSlow]);
    assert_eq!(answer(&mut meter, MIG).0, "2 g\n");
}

#[test]
fn old_instances_do_not_outlive_the_slow_channel() {
    let mut meter = meter(&[]);
    meter.slow_program().unwrap();
    meter.feed(Feed::Gpu, row("Enabled").as_bytes(), at(1.0));
    let signals = meter.feed(Feed::Slow, SLOW_HELLO.as_bytes(), at(1.0));
    assert_eq!(signals, [Signal::AskSlow]);
    assert_eq!(answer(&mut meter, MIG).0, "1 dg\n");
    assert!(meter.sample().gpu.gpus[0].instances.is_some());
    meter.slow_program().unwrap();
    assert_eq!(meter.sample().gpu.gpus[0].instances, None);
}

#[test]
fn a_reopened_sampler_begins_anew_but_remembers_oom_kills() {
    let mut meter = meter(&[]);
    turn(&mut meter, "u 1\nc 1 1 1 1\nvo 3\n", 0.0);
    turn(&mut meter, "u 2\nc 2 2 2 2\n", 1.0);
    assert!(meter.sample().cpu.busy.is_some());
    meter.program();
    assert_eq!(meter.tick(false, at(2.0)), None);
    meter.feed(Feed::Fast, HELLO.as_bytes(), at(3.0));
    let (tick, _) = turn(&mut meter, "u 9\nc 9 9 9 9\nvo 5\n", 3.0);
    assert!(tick.ends_with(" a\n"));
    assert_eq!(
        (meter.sample().cpu.busy, meter.sample().host.oom_new),
        (None, Some(2))
    );
}
