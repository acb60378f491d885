//! What a frame of the real table costs, from new values of 1,000 nodes to bytes for a terminal of 256 colours.

#[path = "../tests/support/fake.rs"]
mod fake;
#[expect(dead_code, reason = "other benches use the rest")]
mod support;

use std::{sync::Arc, time::Duration};

use ratatui::layout::Size;
use rustix::time::{ClockId, clock_gettime};
use sshoal::{
    fleet::{Link, Millis, NodeState, Snapshot},
    tui::backend::Lean,
    ui::{
        App, Settings,
        event::Event,
        order::Sort,
        theme::Depth,
        view::{columns::Column, fleet::Density},
    },
};
use support::{best, bounded, median, noted};

const NODES: usize = 1000;
const FRAMES: u64 = 120;
/// Lines that are no node: header, headings, footer.
const AROUND: u16 = 4;

/// A screen and its bounds: milliseconds, bytes.
const SCREENS: [(Size, f64, f64); 2] = [
    (
        Size {
            width: 200,
            height: 60,
        },
        1.0,
        10_240.0,
    ),
    (
        Size {
            width: 80,
            height: 24,
        },
        0.3,
        2048.0,
    ),
];

fn main() {
    let start = fake::fleet(NODES);
    // The nodes with the most in their rows. Worst first would show the lost ones, of which nothing changes.
    let fullest = Sort::Column(Column::named("gpu.util").expect("a column"));
    for (size, ms, bytes) in SCREENS {
        let what = format!("draw {}x{}", size.width, size.height);
        Bench::new(size, fullest, &start).run(&what, (ms, bytes));
    }
}

struct Bench {
    app: App,
    lean: Lean,
    rows: usize,
    out: Vec<u8>,
    fleet: Snapshot,
}

/// A frame: milliseconds to take the snapshot in, milliseconds to draw, bytes, rows built that can't be seen.
#[derive(Clone, Copy, Default)]
struct Frame {
    update: f64,
    draw: f64,
    bytes: usize,
    unseen: usize,
}

impl Bench {
    fn new(size: Size, sort: Sort, fleet: &Snapshot) -> Self {
        let settings = Settings {
            density: Some(Density::Table),
            sort,
            ..Settings::default()
        };
        let mut app = App::new(settings);
        app.update(Event::Resize(size.width, size.height));
        Self {
            app,
            lean: Lean::new(size, Depth::Ansi256, true),
            rows: usize::from(size.height - AROUND),
            out: Vec::new(),
            fleet: fleet.clone(),
        }
    }

    fn run(mut self, what: &str, (ms, bytes): (f64, f64)) {
        let first = self.frame();
        let (mut still, mut moved, mut sorted) = (Vec::new(), Vec::new(), Vec::new());
        for second in 1..=FRAMES {
            // Freeing the samples before is no part of a frame: it lives until this one is drawn.
            let next = later(&self.fleet, second);
            let _before = std::mem::replace(&mut self.fleet, next);
            // Rows change places every five seconds, which is another kind of frame.
            let list = if second % 5 == 0 {
                &mut sorted
            } else {
                &mut moved
            };
            list.push(self.frame());
            still.push(self.frame());
        }
        let mean = |frames: &[Frame]| {
            frames.iter().map(|f| f.bytes).sum::<usize>() as f64 / frames.len() as f64
        };
        let cpu = |frames: &[Frame], part: fn(&Frame) -> f64| {
            median(&mut frames.iter().map(part).collect::<Vec<_>>())
        };
        let line = |of: &str| format!("{what}: {of}");
        bounded(
            &line("all values new, CPU"),
            cpu(&moved, |f| f.draw),
            (ms, "ms"),
        );
        bounded(&line("all values new, bytes"), mean(&moved), (bytes, "B"));
        let mut draws: Vec<f64> = moved.iter().map(|f| f.draw).collect();
        noted(&line("the same, best tenth"), best(&mut draws), "ms");
        bounded(
            &line("nothing new, CPU"),
            cpu(&still, |f| f.draw),
            (ms, "ms"),
        );
        bounded(&line("nothing new, bytes"), mean(&still), (0.0, "B"));
        let all = moved.iter().chain(&still).chain(&sorted);
        let unseen = all.map(|f| f.unseen).max().unwrap_or(usize::MAX);
        bounded(
            &line("rows built that are not seen"),
            unseen as f64,
            (0.0, ""),
        );
        noted(
            &line("rows in another order, CPU"),
            cpu(&sorted, |f| f.draw),
            "ms",
        );
        noted(&line("rows in another order, bytes"), mean(&sorted), "B");
        noted(&line("first frame, bytes"), first.bytes as f64, "B");
        noted(
            &line("taking in a snapshot, CPU"),
            cpu(&moved, |f| f.update),
            "ms",
        );
        noted(
            &line("the same with sorting, CPU"),
            cpu(&sorted, |f| f.update),
            "ms",
        );
    }

    fn frame(&mut self) -> Frame {
        let snapshot = Arc::new(self.fleet.clone());
        let begin = cpu();
        self.app.update(Event::Snapshot(snapshot));
        let taken = cpu();
        let mut built = 0;
        self.lean.draw(&mut self.out, |area, buffer| {
            built = self.app.render(area, buffer);
        });
        let drawn = cpu();
        Frame {
            update: taken.saturating_sub(begin).as_secs_f64() * 1e3,
            draw: drawn.saturating_sub(taken).as_secs_f64() * 1e3,
            bytes: self.out.len(),
            unseen: built.saturating_sub(self.rows),
        }
    }
}

/// The fleet a second later: each node that answers has sent another sample.
fn later(fleet: &Snapshot, second: u64) -> Snapshot {
    let at = Millis(fleet.at.0 + 1000);
    let nodes = fleet.nodes.iter().enumerate();
    Snapshot {
        seq: fleet.seq + 1,
        at,
        nodes: nodes
            .map(|(n, state)| Arc::new(sampled(n, state, (at, second))))
            .collect(),
        ..fleet.clone()
    }
}

fn sampled(n: usize, state: &NodeState, (at, second): (Millis, u64)) -> NodeState {
    let mut next = state.clone();
    let answers = matches!(state.link, Link::Up(_)) && at.since(state.sample_at) < 2000;
    // Near the beginning of time a fake node is made fast, as it has no history.
    let fresh = answers.then(|| fake::state(n, Millis(second * 1000 % 10_000)));
    if let Some((sample, round_trip)) = fresh.and_then(|f| Some((f.sample?, f.round_trip_ms))) {
        next.history.push(at.0, &sample);
        (next.sample, next.round_trip_ms) = (Some(sample), round_trip);
        next.sample_at = at;
    }
    next
}

/// CPU time of this thread, to the nanosecond.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
