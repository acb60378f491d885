//! What a frame of the real table and tiles costs, from new values of 1,000 nodes to bytes for a terminal of 256 colours.

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
        let table = Bench::new(size, (Density::Table, fullest), &start);
        table.run().report(&what, (ms, bytes));
        let tiles = Bench::new(size, (Density::Tiles, fullest), &start);
        tiles.run().note(&format!("{what}, tiles"));
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
    fn new(size: Size, (density, sort): (Density, Sort), fleet: &Snapshot) -> Self {
        let settings = Settings {
            density: Some(density),
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

    fn run(mut self) -> Frames {
        let mut frames = Frames {
            first: self.frame(),
            ..Frames::default()
        };
        for second in 1..=FRAMES {
            // Freeing the samples before is no part of a frame: it lives until this one is drawn.
            let next = later(&self.fleet, second);
            let _before = std::mem::replace(&mut self.fleet, next);
            // Rows change places every five seconds, which is another kind of frame.
            let list = if second % 5 == 0 {
                &mut frames.sorted
            } else {
                &mut frames.moved
            };
            list.push(self.frame());
            frames.still.push(self.frame());
        }
        frames
    }

    fn frame(&mut self) -> Frame {
        let snapshot = Arc::new(self.fleet.clone());
        let begin = clock();
        self.app.update(Event::Snapshot(snapshot));
        let taken = clock();
        let mut built = 0;
        let ground = self.app.ground();
        self.lean.draw(&mut self.out, ground, |area, buffer| {
            built = self.app.render_on_ground(area, buffer);
        });
        let drawn = clock();
        Frame {
            update: taken.saturating_sub(begin).as_secs_f64() * 1e3,
            draw: drawn.saturating_sub(taken).as_secs_f64() * 1e3,
            bytes: self.out.len(),
            unseen: built.saturating_sub(self.rows),
        }
    }
}

/// All frames of a run: with new values, with nothing new, with rows in another order.
#[derive(Default)]
struct Frames {
    first: Frame,
    moved: Vec<Frame>,
    still: Vec<Frame>,
    sorted: Vec<Frame>,
}

impl Frames {
    fn report(&self, what: &str, (ms, bytes): (f64, f64)) {
        let line = |of: &str| format!("{what}: {of}");
        let draw = |frame: &Frame| frame.draw;
        let update = |frame: &Frame| frame.update;
        bounded(
            &line("all values new, CPU"),
            cpu(&self.moved, draw),
            (ms, "ms"),
        );
        bounded(
            &line("all values new, bytes"),
            mean(&self.moved),
            (bytes, "B"),
        );
        let mut draws: Vec<f64> = self.moved.iter().map(draw).collect();
        noted(&line("the same, best tenth"), best(&mut draws), "ms");
        bounded(
            &line("nothing new, CPU"),
            cpu(&self.still, draw),
            (ms, "ms"),
        );
        bounded(&line("nothing new, bytes"), mean(&self.still), (0.0, "B"));
        let all = self.moved.iter().chain(&self.still).chain(&self.sorted);
        let unseen = all.map(|f| f.unseen).max().unwrap_or(usize::MAX);
        bounded(
            &line("rows built that are not seen"),
            unseen as f64,
            (0.0, ""),
        );
        noted(
            &line("rows in another order, CPU"),
            cpu(&self.sorted, draw),
            "ms",
        );
        noted(
            &line("rows in another order, bytes"),
            mean(&self.sorted),
            "B",
        );
        noted(&line("first frame, bytes"), self.first.bytes as f64, "B");
        noted(
            &line("taking in a snapshot, CPU"),
            cpu(&self.moved, update),
            "ms",
        );
        noted(
            &line("the same with sorting, CPU"),
            cpu(&self.sorted, update),
            "ms",
        );
    }

    /// What has no bound of its own, but that nothing new costs no byte.
    fn note(&self, what: &str) {
        let line = |of: &str| format!("{what}: {of}");
        noted(
            &line("all values new, CPU"),
            cpu(&self.moved, |f| f.draw),
            "ms",
        );
        noted(&line("all values new, bytes"), mean(&self.moved), "B");
        bounded(&line("nothing new, bytes"), mean(&self.still), (0.0, "B"));
    }
}

fn mean(frames: &[Frame]) -> f64 {
    frames.iter().map(|f| f.bytes).sum::<usize>() as f64 / frames.len() as f64
}

fn cpu(frames: &[Frame], part: fn(&Frame) -> f64) -> f64 {
    median(&mut frames.iter().map(part).collect::<Vec<_>>())
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
fn clock() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
