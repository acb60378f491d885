//! Frames: whole, torn, split, hostile; and what the probes make of their lines.

use proptest::prelude::*;

use super::*;
use crate::metrics::{
    Sample,
    raw::{Asked, Raw},
};

fn all(frames: &mut Frames) -> Vec<Result<(u64, String), Bad>> {
    let mut found = Vec::new();
    while let Some(next) = frames.next() {
        found.push(next.map(|frame| {
            let body = String::from_utf8_lossy(frames.body(&frame)).into_owned();
            (frame.seq, body)
        }));
    }
    found
}

fn cut(bytes: &[u8]) -> Vec<Result<(u64, String), Bad>> {
    let mut frames = Frames::default();
    frames.push(bytes);
    all(&mut frames)
}

const FULL: Asked = Asked {
    full: true,
    medium: true,
    cores: true,
};

const DELTA: Asked = Asked {
    full: false,
    medium: false,
    cores: false,
};

fn sample(bodies: &[(&str, Asked)]) -> Sample {
    let mut raw = Raw::default();
    for (body, asked) in bodies {
        raw.apply(body.as_bytes(), *asked, |_, _| {});
    }
    let mut sample = Sample::default();
    raw.fill(&mut sample);
    sample
}

/// Typed from a real machine.
const FIRST: &str = "l 0.02 0.08 0.13 3/98\nu 1685.17\nc 22670 1232 12736 296417 2726 0 129 66 0 0\n\
    c0 10355 437 4463 152240 466 0 13 30 0 0\nc1 12314 794 8272 144177 2259 0 115 35 0 0\npf 15185\npb 1\n\
    m 24684092 22929660 24161184 17140 1383644 8856 143000 30572 0 0\nPc 0.47 0.53 0.00 0.00\nPm 0.00 0.10\n\
    Pi 0.24 0.59 0.25 0.60\nneth0 78330502 0 0 294573 0 0\ndvda 67027 10205274 14274 26992960 2 35204\n\
    vs 0\nvf 3390\nvo 1\nt 12 2459 10\nts 17\nf 605\t0\t9223372036854775807\n";

/// 2 s later: 100 jiffies more for each of two cores, half of them busy.
const SECOND: &str = "u 1687.17\nc 22770 1232 12736 296477 2746 0 129 86 0 0\nc0 10455 437 4463 152240 466 0 13 30 0 0\n\
    neth0 78332502 4 0 296573 0 2\ndvda 67029 10205278 14276 26992964 0 36204\npf 15205\nvo 3\nt 12 2559 15\n";

#[test]
fn a_frame_is_cut_out_of_noise() {
    let found = cut(b"noise\n[7 1795257846\nl 1\nu 2\n]7 2\nmore\n[8 -\n]8 0\n[9");
    assert_eq!(
        found,
        [Ok((7, "l 1\nu 2\n".into())), Ok((8, String::new()))]
    );
}

#[test]
fn torn_frames_are_refused() {
    assert_eq!(cut(b"[7 1\nl 1\n]7 2\n"), [Err(Bad::Count)]);
    assert_eq!(cut(b"[7 1\nl 1\n]8 1\n"), [Err(Bad::Torn)]);
    assert_eq!(
        cut(b"[7 1\nl 1\n[8 1\n]8 0\n"),
        [Err(Bad::Torn), Ok((8, String::new()))]
    );
    assert_eq!(cut(b"[\n]\n"), [Err(Bad::Torn)]);
    assert_eq!(cut(b"]7 0\n"), []);
}

#[test]
fn an_endless_frame_is_dropped_and_its_memory_with_it() {
    let mut frames = Frames::default();
    frames.push(b"[1 1\n");
    let mut bad = 0;
    for _ in 0..200 {
        frames.push(&[b'x'; 8192]);
        bad += all(&mut frames).len();
        assert!(frames.buf.len() <= MAX_FRAME + 8192);
    }
    assert!(bad >= 1);
    frames.push(b"\n[2 1\n]2 0\n");
    assert_eq!(all(&mut frames), [Ok((2, String::new()))]);
}

#[test]
fn a_full_frame_gives_all_but_rates() {
    let sample = sample(&[(FIRST, FULL)]);
    assert_eq!(sample.load.averages, Some([0.02, 0.08, 0.13]));
    assert_eq!(
        (sample.load.running, sample.load.tasks),
        (Some(3), Some(98))
    );
    assert_eq!(sample.host.uptime, Some(1685.17));
    assert_eq!(sample.memory.total, Some(24_684_092 * 1024));
    assert_eq!(sample.memory.available, Some(24_161_184 * 1024));
    assert_eq!(
        (sample.memory.swap_total, sample.memory.swap_used),
        (None, None)
    );
    assert_eq!(sample.pressure.cpu_some, Some(0.47));
    assert_eq!(
        (sample.pressure.memory_full, sample.pressure.io_full_60),
        (None, Some(0.60))
    );
    assert_eq!(
        (sample.host.files_open, sample.host.files_max),
        (Some(605), None)
    );
    assert_eq!(
        (sample.host.oom_kills, sample.host.oom_new),
        (Some(1), Some(0))
    );
    assert_eq!(
        (sample.tcp.established, sample.tcp.sockets),
        (Some(12), Some(17))
    );
    assert_eq!(sample.io.devices[0].in_flight, Some(2));
    assert_eq!(sample.cpu.busy, None);
    assert_eq!(sample.cpu.cores, [None, None]);
    assert_eq!(sample.net.interfaces[0].rx, None);
    assert_eq!(sample.tcp.retransmitted, None);
}

#[test]
fn kills_that_no_kernel_counts_are_not_zero() {
    let sample = sample(&[("u 1\nvf 5\n", FULL)]);
    assert_eq!((sample.host.oom_kills, sample.host.oom_new), (None, None));
}

#[test]
fn the_cache_of_zfs_is_not_in_use() {
    let memory = |z: &str| {
        let text = format!("u 1\nm 1000 100 300 10 40 0 50 0 0 0\n{z}");
        let memory = sample(&[(&text, FULL)]).memory;
        (memory.used(), memory.cached)
    };
    assert_eq!(memory(""), (Some(700 << 10), Some(100 << 10)));
    let (size, least) = (500 << 10, 100 << 10);
    let moderate = format!("z {size} {least}\n");
    assert_eq!(memory(&moderate), (Some(300 << 10), Some(500 << 10)));
    assert_eq!(memory("z 99999999 0\n").0, Some(0), "never above the total");
    assert_eq!(memory("z 5 7\n").0, Some(700 << 10));
    assert_eq!(memory("z -\n").0, Some(700 << 10));
}

#[test]
fn a_delta_gives_rates_by_the_nodes_own_clock() {
    let asked = Asked {
        full: false,
        ..FULL
    };
    let sample = sample(&[(FIRST, FULL), (SECOND, asked)]);
    let close = |value: Option<f64>, wanted: f64| {
        let value = value.unwrap();
        assert!((value - wanted).abs() < 1e-6, "{value} is not {wanted}");
    };
    close(sample.cpu.busy, 60.0);
    close(sample.cpu.iowait, 10.0);
    close(sample.cpu.steal, 10.0);
    assert_eq!(sample.cpu.cores, [Some(100.0), None], "core 1 went offline");
    close(sample.net.interfaces[0].rx, 1000.0);
    close(sample.net.interfaces[0].errors, 2.0);
    close(sample.net.interfaces[0].drops, 1.0);
    close(sample.io.devices[0].read, 1024.0);
    close(sample.io.devices[0].operations, 2.0);
    close(sample.io.devices[0].busy, 50.0);
    close(sample.tcp.retransmitted, 5.0);
    close(sample.tcp.retransmits, 2.5);
    close(sample.host.forks, 10.0);
    assert_eq!(
        (sample.host.oom_kills, sample.host.oom_new),
        (Some(3), Some(2))
    );
    assert_eq!(
        sample.load.averages,
        Some([0.02, 0.08, 0.13]),
        "not sent: unchanged"
    );
}

#[test]
fn a_counter_that_is_not_sent_did_not_move() {
    let sample = sample(&[(FIRST, FULL), (SECOND, DELTA), ("u 1688.17\n", DELTA)]);
    assert_eq!(sample.net.interfaces[0].rx, Some(0.0));
    assert_eq!(sample.cpu.cores, [], "not asked for");
    assert_eq!(
        sample.host.forks, None,
        "the medium sources wait for their turn"
    );
}

#[test]
fn what_a_full_frame_lacks_is_gone() {
    let sample = sample(&[(FIRST, FULL), ("u 1690.00\nneth1 1 0 0 2 0 0\n", FULL)]);
    assert_eq!(sample.load.averages, None);
    assert_eq!(sample.memory.total, None);
    assert_eq!(sample.host.files_open, None);
    assert_eq!(sample.io.devices, []);
    let names: Vec<_> = sample
        .net
        .interfaces
        .iter()
        .map(|i| i.name.as_str())
        .collect();
    assert_eq!(names, ["eth1"]);
}

#[test]
fn a_device_made_anew_drops_one_interval() {
    let later = "u 1688.17\nneth0 100 0 0 100 0 0\n";
    let sample = sample(&[(FIRST, FULL), (SECOND, DELTA), (later, DELTA)]);
    assert_eq!(sample.net.interfaces[0].rx, None);
}

#[test]
fn what_is_gone_is_told_between_full_frames() {
    let gone = "u 1688.17\nneth0 -\ndvda -\nl -\n";
    let sample = sample(&[(FIRST, FULL), (SECOND, DELTA), (gone, DELTA)]);
    assert_eq!(
        (sample.net.interfaces.len(), sample.io.devices.len()),
        (0, 0)
    );
    assert_eq!(sample.load.averages, None);
}

#[test]
fn a_device_that_comes_back_has_no_past() {
    let (gone, back) = (
        "u 1688.17\nneth0 -\n",
        "u 1689.17\nneth0 99999999 0 0 9 0 0\n",
    );
    let sample = sample(&[(FIRST, FULL), (SECOND, DELTA), (gone, DELTA), (back, DELTA)]);
    assert_eq!(sample.net.interfaces[0].rx, None);
}

#[test]
fn without_an_uptime_there_are_no_rates() {
    let sample = sample(&[
        (FIRST, FULL),
        (SECOND, FULL),
        ("u -\nc 22999 1232 12736 296999 2746 0 129 86 0 0\n", DELTA),
    ]);
    assert_eq!((sample.host.uptime, sample.cpu.busy), (None, None));
    assert_eq!(
        (sample.net.interfaces[0].rx, sample.io.devices[0].read),
        (None, None)
    );
}

#[test]
fn cpus_come_and_go_and_sockets_are_of_both_families() {
    let sample = sample(&[("u 1\nC 8\nts 9 4\n", FULL)]);
    assert_eq!((sample.host.cores, sample.tcp.sockets), (Some(8), Some(13)));
}

#[test]
fn old_kernels_and_containers_have_their_memory() {
    let old = sample(&[("u 1\nm 1000 100 - 50 300 20 10 0 500 200\n", FULL)]);
    assert_eq!(
        old.memory.available,
        Some((100 + 50 + 300 + 10 - 20) * 1024)
    );
    assert_eq!(old.memory.swap_used, Some(300 * 1024));
    let lxc = sample(&[("u 1\nm 1000 100 5000 0 0 0 0 0 0 0\n", FULL)]);
    assert_eq!(lxc.memory.available, lxc.memory.total);

    let mut raw = Raw::default();
    raw.memory.limit = Some(500_000);
    raw.apply(
        b"u 1\nm 1000 100 900 0 0 0 0 0 0 0\nk 400000 150000\n",
        FULL,
        |_, _| {},
    );
    let mut limited = Sample::default();
    raw.fill(&mut limited);
    assert_eq!(limited.memory.total, Some(500_000));
    assert_eq!(limited.memory.available, Some(250_000));
    raw.apply(b"u 2\nk - -\n", DELTA, |_, _| {});
    raw.fill(&mut limited);
    let memory = (
        limited.memory.total,
        limited.memory.used(),
        limited.memory.cached,
    );
    assert_eq!(memory, (Some(500_000), None, None), "nothing of the host's");
}

#[test]
fn amd_cards_come_from_their_own_lines() {
    let mut raw = Raw::default();
    let body = b"u 1\na1 37 1572745216 17163091968 54000 6000000 -\nA1 Radeon PRO W7800\na0 - - 512 - - -\n";
    raw.apply(body, FULL, |_, _| {});
    let cards = raw.amd.cards();
    assert_eq!(cards.len(), 2);
    assert_eq!((cards[0].index, cards[0].util), (1, Some(37.0)));
    assert_eq!(
        (cards[0].temperature, cards[0].power),
        (Some(54.0), Some(6.0))
    );
    assert_eq!((cards[0].power_limit, cards[1].util), (None, None));
    assert_eq!(cards[0].name.as_str(), "Radeon PRO W7800");
    raw.apply(b"u 2\na1 - - - - - -\n", DELTA, |_, _| {});
    assert_eq!(raw.amd.cards().len(), 1, "one fell off the bus");
}

#[test]
fn watched_items_are_handed_on() {
    let mut seen = Vec::new();
    Raw::default().apply(b"w1 S 3021\nw2 -\nw0 x\nwx y\n", DELTA, |item, value| {
        seen.push((item, value.to_vec()));
    });
    assert_eq!(seen, [(0, b"S 3021".to_vec()), (1, b"-".to_vec())]);
}

fn line() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        Just("l"),
        Just("u"),
        Just("c"),
        Just("c0"),
        Just("c99999999"),
        Just("m"),
        Just("k"),
        Just("Pc"),
        Just("Pi"),
        Just("neth0"),
        Just("n"),
        Just("dsda"),
        Just("a0"),
        Just("A0"),
        Just("w1"),
        Just("pf"),
        Just("vo"),
        Just("t"),
        Just("ts"),
        Just("f"),
        Just("zz"),
        Just("")
    ];
    let number = prop_oneof![
        Just("0".to_owned()),
        Just("18446744073709551615".to_owned()),
        Just("99999999999999999999999".to_owned()),
        Just("-1".to_owned()),
        Just("nan".to_owned()),
        Just("1e309".to_owned()),
        Just("-".to_owned()),
        Just("1.".to_owned()),
        any::<u64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|n| format!("{n:.2}")),
    ];
    (key, prop::collection::vec(number, 0..12))
        .prop_map(|(key, numbers)| format!("{key} {}\n", numbers.join(" ")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn hostile_values_give_finite_numbers(
        bodies in prop::collection::vec((prop::collection::vec(line(), 0..30), any::<[bool; 3]>()), 1..6),
    ) {
        let mut raw = Raw::default();
        for (lines, [full, medium, cores]) in bodies {
            raw.apply(lines.concat().as_bytes(), Asked { full, medium, cores }, |_, _| {});
            let mut sample = Sample::default();
            raw.fill(&mut sample);
            for field in crate::metrics::fields() {
                if let Some(value) = (field.read)(&sample) {
                    prop_assert!(value.is_finite() && value >= 0.0, "{} is {value}", field.id);
                    if field.unit == crate::metrics::Unit::Percent {
                        prop_assert!(value <= 100.0 + 1e-9, "{} is {value}", field.id);
                    }
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut frames = Frames::default();
        frames.push(&bytes);
        while let Some(next) = frames.next() {
            if let Ok(frame) = next {
                Raw::default().apply(frames.body(&frame), FULL, |_, _| {});
            }
        }
    }

    #[test]
    fn where_it_is_split_makes_no_difference(
        text in "(\\[[0-9]{0,2}|\\][0-9] [0-3]|l 1|noise|[a-z ]{0,4}|\n){0,40}",
        sizes in prop::collection::vec(1usize..9, 1..80),
    ) {
        let mut frames = Frames::default();
        let (mut found, mut rest) = (Vec::new(), text.as_bytes());
        for size in sizes.into_iter().chain([usize::MAX]) {
            let (part, after) = rest.split_at(size.min(rest.len()));
            frames.push(part);
            found.extend(all(&mut frames));
            rest = after;
        }
        prop_assert_eq!(found, cut(text.as_bytes()));
    }
}
