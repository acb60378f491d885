//! Lines per second of one core: the merge of 64 streams, times of the usual kinds, levels, and the buffer with its filter. A machine can be busy or slow, so that a budget passed is only said.

use std::{env, fs, hint::black_box, time::Duration};

use bytes::Bytes;
use sshoal::logs::{
    Buffer, Filter, Line, Maker, Merge, StreamId, filter, level,
    stamp::{Reader, Zone},
};

/// 2026-11-21T21:50:01Z.
const NOW: i64 = 1_795_297_801_000_000;
const ROUNDS: usize = 5;

fn main() {
    let parts: &[(&str, fn())] = &[("merge", merge), ("stamp", stamp), ("buffer", buffer)];
    let wanted: Vec<_> = env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str())) {
            part();
        }
    }
}

/// Prints million lines per second, best of the rounds.
#[expect(clippy::print_stdout, reason = "its figures are its product")]
fn report(what: &str, least: f64, lines: usize, mut round: impl FnMut() -> Duration) {
    let best = (0..ROUNDS).map(|_| round()).min().unwrap_or_default();
    let rate = lines as f64 / best.as_secs_f64() / 1e6;
    let verdict = if rate >= least { "ok" } else { "UNDER" };
    println!("{what:44} {rate:7.2} M lines/s   >= {least}  {verdict}");
}

/// 64 streams whose times interleave, in batches of a size.
fn merge() {
    const STREAMS: u32 = 64;
    const EACH: usize = 16_384;
    for batch in [1, 16, 1024] {
        let lines = STREAMS as usize * EACH;
        report(
            &format!("merge, 64 streams, batches of {batch}"),
            1.0,
            lines,
            || {
                let batches: Vec<_> = (0..EACH / batch)
                    .flat_map(|turn| {
                        (0..STREAMS).map(move |stream| (stream, made(stream, turn, batch)))
                    })
                    .collect();
                let mut out = Vec::with_capacity(lines);
                let mut merge = Merge::new(Duration::from_millis(300));
                (0..STREAMS).for_each(|stream| merge.open(StreamId(stream), 0));
                let begin = cpu();
                for (turn, (stream, lines)) in batches.into_iter().enumerate() {
                    merge.push(StreamId(stream), lines, turn as u64 / 1000);
                    merge.pop(turn as u64 / 1000, &mut out, usize::MAX);
                }
                (0..STREAMS).for_each(|stream| merge.close(StreamId(stream)));
                merge.pop(u64::MAX, &mut out, usize::MAX);
                let spent = cpu().saturating_sub(begin);
                assert_eq!(out.len(), lines, "nothing lost");
                assert!(out.iter().all(|line| !line.is_late), "nobody was late");
                assert!(out.is_sorted_by_key(|line| line.at_us), "in order");
                spent
            },
        );
    }
}

/// A stream's lines are 64 units apart, and those of others lie between them.
fn made(stream: u32, turn: usize, batch: usize) -> Vec<Line> {
    let line = |at| Line {
        stream: StreamId(stream),
        at_us: Some((turn * batch + at) as i64 * 64 + i64::from(stream.wrapping_mul(37) % 64)),
        is_stamped: true,
        level: None,
        is_late: false,
        is_gap: false,
        text: Bytes::from_static(b"2026-11-21T21:50:01.123456Z INFO x"),
    };
    (0..batch).map(line).collect()
}

const KINDS: &[(&str, &str)] = &[
    (
        "RFC 3339",
        "2026-11-21T21:50:01.123456789Z INFO server: request done in 5 ms, status 200",
    ),
    (
        "python",
        "2026-11-21 21:50:01,123 INFO server: request done in 5 ms, status 200",
    ),
    (
        "syslog",
        "Nov 21 21:50:01 node1 sshd[4711]: Accepted publickey for root from 10.0.0.1",
    ),
    (
        "short-unix",
        "1795297801.123456 node1 sshd[4711]: Accepted publickey for root from 10.0.0.1",
    ),
    (
        "nginx access",
        "10.0.0.1 - - [21/Nov/2026:21:50:01 +0000] \"GET /index.html HTTP/1.1\" 200 612",
    ),
    (
        "klog",
        "I1121 21:50:01.123456       1 main.go:12] starting the controller of many things",
    ),
    (
        "JSON",
        r#"{"level":"info","ts":1795297801.123,"caller":"server/main.go:12","msg":"request done"}"#,
    ),
    (
        "logfmt",
        "time=2026-11-21T21:50:01.123Z level=info msg=\"request done\" duration=5ms status=200",
    ),
    (
        "none",
        "    at com.example.server.Handler.run(Handler.java:123) ~[server.jar:1.0]",
    ),
];

fn stamp() {
    const LINES: usize = 1_000_000;
    let zone = Zone {
        offset_s: 3600,
        now_us: NOW,
    };
    for (kind, line) in KINDS {
        let mut reader = Reader::new(zone, 0);
        report(&format!("time, {kind}"), 5.0, LINES, || {
            let begin = cpu();
            for _ in 0..LINES {
                black_box(reader.read(black_box(line.as_bytes())));
            }
            cpu().saturating_sub(begin)
        });
    }
    for (kind, line) in KINDS {
        report(&format!("level, {kind}"), 1.0, LINES, || {
            let begin = cpu();
            for _ in 0..LINES {
                black_box(level::read(black_box(line.as_bytes())));
            }
            cpu().saturating_sub(begin)
        });
    }
    let mut maker = Maker::new(StreamId(0), zone, 0);
    report("line made: time, level, copy; a mix", 1.0, LINES, || {
        let begin = cpu();
        for (_, line) in KINDS.iter().cycle().take(LINES) {
            black_box(maker.line(black_box(line.as_bytes()), NOW));
        }
        cpu().saturating_sub(begin)
    });
}

fn buffer() {
    const LINES: usize = 1_000_000;
    report(
        "buffer of 100 MB, a clone every 500 lines",
        1.0,
        LINES,
        || {
            let lines: Vec<_> = (0..LINES / 1000)
                .flat_map(|turn| made(0, turn, 1000))
                .collect();
            let (mut buffer, mut seen) = (Buffer::default(), Buffer::default());
            let begin = cpu();
            for (number, line) in lines.into_iter().enumerate() {
                buffer.push(line);
                if number % 500 == 0 {
                    seen = buffer.clone();
                }
            }
            assert!(seen.end() <= buffer.end());
            cpu().saturating_sub(begin)
        },
    );
    let filter = Filter {
        grep: filter::smart("status (5|4)..").into_iter().collect(),
        ..Filter::default()
    };
    let lines = made(0, 0, LINES);
    report("filter by a pattern", 1.0, LINES, || {
        let begin = cpu();
        black_box(lines.iter().filter(|line| filter.keeps(line)).count());
        cpu().saturating_sub(begin)
    });
}

/// CPU time of this thread, which other work on the machine doesn't change.
fn cpu() -> Duration {
    let text =
        fs::read_to_string("/proc/thread-self/schedstat").expect("Linux with CONFIG_SCHED_INFO");
    let nanos = text.split(' ').next().and_then(|n| n.parse().ok());
    Duration::from_nanos(nanos.expect("the first word is nanoseconds"))
}
