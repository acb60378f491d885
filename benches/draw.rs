//! CPU time to build a frame of 1,000 nodes, all of them changing: `cargo bench --bench draw`. Bytes to the terminal are measured elsewhere.

#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

#[path = "../tests/support/fake.rs"]
mod fake;

use std::{fs, sync::Arc};

use ratatui::{buffer::Buffer, layout::Rect};
use sshoal::{
    fleet::{Millis, Snapshot},
    ui::{App, Settings, event::Event, view::fleet::Density},
};

const NODES: usize = 1_000;
const FRAMES: u32 = 300;

fn main() {
    let inventory = fake::fleet(0).inventory;
    let fleet = |n: u64| Snapshot {
        inventory: Arc::clone(&inventory),
        ..fake::at(NODES, Millis(fake::NOW.0 + n * 1_000))
    };
    let fleets = [0, 1].map(|n| Arc::new(fleet(n)));
    println!("{NODES} nodes, {FRAMES} frames; CPU us: update a frame, render a frame; nodes built");
    for (width, height) in [(80, 24), (200, 60)] {
        for density in [Density::Table, Density::Heatmap, Density::Tiles] {
            measure(density, Rect::new(0, 0, width, height), &fleets);
        }
    }
}

fn measure(density: Density, area: Rect, fleets: &[Arc<Snapshot>]) {
    let mut app = App::new(Settings {
        density: Some(density),
        ..Settings::default()
    });
    app.update(Event::Resize(area.width, area.height));
    let (mut updating, mut rendering, mut built) = (0, 0, 0);
    for fleet in fleets.iter().cycle().take(FRAMES as usize) {
        let start = cpu_ns();
        app.update(Event::Snapshot(Arc::clone(fleet)));
        let updated = cpu_ns();
        let mut buf = Buffer::empty(area);
        built = app.render(area, &mut buf);
        rendering += cpu_ns() - updated;
        updating += updated - start;
    }
    let us = |ns: u64| ns as f64 / f64::from(FRAMES) / 1_000.0;
    let (width, height) = (area.width, area.height);
    let name = density.as_str();
    let (updating, rendering) = (us(updating), us(rendering));
    println!("{width:>3}x{height} {name:<8} {updating:>7.0} {rendering:>7.0} {built:>5}");
}

/// Time on a CPU so far, by the kernel's count for this thread (proc(5), schedstat).
fn cpu_ns() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = text.split(' ').next().and_then(|n| n.parse().ok());
    first.unwrap_or(0)
}
