//! Microseconds of CPU per frame: full, delta, delta with every core, and the sample made of it. A machine can be busy or slow, so that a budget passed is only said.

use std::{fmt::Write, fs, time::Duration};

use sshoal::{
    metrics::{Clock, Feed, Meter, Signal},
    node::Node,
};

const BUDGET_US: f64 = 5.0;

#[expect(clippy::print_stdout, reason = "its figures are its product")]
fn main() {
    let small = Shape {
        cores: 2,
        nics: 1,
        disks: 1,
    };
    let large = Shape {
        cores: 128,
        nics: 6,
        disks: 8,
    };
    println!("us of CPU per frame (best of 10)  full    delta   delta and sample");
    let mut worst = 0.0f64;
    for (name, shape) in [
        ("2 cores, 1 NIC, 1 disk", &small),
        ("128 cores, 6 NICs, 8 disks", &large),
    ] {
        let (full, delta) = (shape.measure(Kind::Full), shape.measure(Kind::Delta));
        println!(
            "{name:32} {full:6.2}   {delta:6.2}   {:6.2}",
            shape.measure(Kind::Sample)
        );
        worst = worst.max(full).max(delta);
    }
    println!(
        "{:32} {:>6}   {:6.2}",
        "128 cores, each of them",
        "",
        large.measure(Kind::Cores)
    );
    let verdict = if worst <= BUDGET_US { "ok" } else { "OVER" };
    println!(
        "{:32} {worst:6.2}   <= {BUDGET_US}  {verdict}",
        "the worst of full and delta"
    );
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Full,
    Delta,
    Cores,
    Sample,
}

struct Shape {
    cores: u64,
    nics: u64,
    disks: u64,
}

impl Shape {
    /// A frame in which all counters move; `n` is the time.
    fn body(&self, n: u64, kind: Kind) -> String {
        let mut body = format!("l 0.{:02} 0.38 0.39 2/720\nu {}.50\n", n % 100, 1000 + n);
        writeln!(
            body,
            "c {} 1232 12736 {} 2746 0 129 86 0 0",
            22_770 + 100 * n,
            296_477 + 100 * n
        )
        .expect("a String takes all");
        if kind == Kind::Cores {
            for core in 0..self.cores {
                writeln!(
                    body,
                    "c{core} {} 12 127 {} 27 0 1 8 0 0",
                    2277 + 50 * n,
                    29_647 + 50 * n
                )
                .expect("a String takes all");
            }
        }
        writeln!(
            body,
            "m 24684092 {} 24161184 17140 1383644 8856 143000 30572 0 0",
            22_929_660 - n
        )
        .expect("a String takes all");
        writeln!(body, "Pc 0.{:02} 0.53 0.00 0.00", n % 100).expect("a String takes all");
        if kind == Kind::Full {
            body += "Pm 0.00 0.00 0.00 0.00\nPi 0.24 0.59 0.24 0.59\n";
        }
        for nic in 0..self.nics {
            writeln!(
                body,
                "nenp{nic}s0 {} 0 0 {} 0 0",
                78_330_502 + 1000 * n,
                294_573 + 999 * n
            )
            .expect("a String takes all");
        }
        for disk in 0..self.disks {
            writeln!(
                body,
                "dnvme{disk}n1 {} 10205274 {} 26992960 0 {}",
                67_027 + n,
                14_274 + n,
                35_204 + n
            )
            .expect("a String takes all");
        }
        if kind == Kind::Full {
            write!(
                body,
                "pf {}\npb 0\nvs 0\nvf 3390\nvo 0\nt 12 {} 10\nts 17\nf 605\t0\t2466186\n",
                15_185 + n,
                2459 + n
            )
            .expect("a String takes all");
        }
        body
    }

    /// Best of ten rounds, in microseconds per frame.
    fn measure(&self, kind: Kind) -> f64 {
        let bodies: Vec<_> = (0..FRAMES).map(|n| self.body(n, kind)).collect();
        let rounds = (0..10).map(|_| round(&bodies, kind));
        rounds.fold(f64::INFINITY, f64::min)
    }
}

const FRAMES: u64 = 5_000;

/// The time of all frames but the first, which is a full one.
fn round(bodies: &[String], kind: Kind) -> f64 {
    let mut meter = Meter::new(&node(), "n");
    meter.program();
    meter.feed(
        Feed::Fast,
        b"S1 n awk=mawk cores=2 gpu=- uname=x\n",
        clock(0),
    );
    let mut frames = Vec::with_capacity(bodies.len());
    for (n, body) in bodies.iter().enumerate() {
        let (seq, lines) = (n + 1, body.lines().count());
        frames.push(format!(
            "[{seq} {}\n{body}]{seq} {lines}\n",
            1_795_257_846 + n
        ));
    }
    let mut samples = 0;
    let begin = cpu();
    for (n, frame) in frames.iter().enumerate() {
        let now = clock(n as u64);
        if kind == Kind::Full {
            // A frame nobody asked for puts the meter in doubt: the next one is full. Its cost is counted too.
            meter.feed(Feed::Fast, b"[0 0\n]0 1\n", now);
        }
        meter
            .tick(kind == Kind::Cores, now)
            .expect("nothing is in flight");
        let signals = meter.feed(Feed::Fast, frame.as_bytes(), now);
        assert!(signals.contains(&Signal::Frame));
        if kind == Kind::Sample {
            samples += meter.sample().io.devices.len();
        }
    }
    let spent = cpu().saturating_sub(begin);
    assert!(kind != Kind::Sample || samples > 0);
    spent.as_secs_f64() * 1e6 / frames.len() as f64
}

/// CPU time of this thread, which other work on the machine doesn't change.
fn cpu() -> Duration {
    let text =
        fs::read_to_string("/proc/thread-self/schedstat").expect("Linux with CONFIG_SCHED_INFO");
    let nanos = text.split(' ').next().and_then(|n| n.parse().ok());
    Duration::from_nanos(nanos.expect("the first word is nanoseconds"))
}

fn clock(n: u64) -> Clock {
    Clock {
        mono_ms: n * 1000,
        epoch_s: 1_795_257_846.5 + n as f64,
    }
}

fn node() -> Node {
    Node::blank("n1")
}
