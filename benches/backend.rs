//! Bytes and CPU time of a frame: a table of 1,000 nodes of which every visible value changes, at 256 colours.
//! `ratatui`'s own terminal and crossterm backend draw the same frames for comparison.

#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench may fail, and prints its figures"
)]

use std::{
    cell::Cell,
    fs,
    hint::black_box,
    io::{self, Write},
    time::Instant,
};

use ratatui::{
    Terminal, TerminalOptions, Viewport,
    backend::CrosstermBackend,
    buffer::Buffer,
    layout::{Rect, Size},
    style::{Color, Modifier, Style},
};
use sshoal::{tui::backend::Lean, ui::theme::Depth};

const NODES: usize = 1000;
const FRAMES: usize = 2000;
/// Size, bytes allowed for a frame in which everything changed.
const SCREENS: [(Size, usize); 2] = [
    (
        Size {
            width: 200,
            height: 60,
        },
        10 * 1024,
    ),
    (
        Size {
            width: 80,
            height: 24,
        },
        2 * 1024,
    ),
];
const GAUGE: [Color; 8] = [
    Color::Rgb(0xb5, 0xbd, 0x68),
    Color::Rgb(0xbd, 0xbe, 0x69),
    Color::Rgb(0xc9, 0xc0, 0x6c),
    Color::Rgb(0xdb, 0xc3, 0x70),
    Color::Rgb(0xf0, 0xc6, 0x74),
    Color::Rgb(0xe5, 0xa7, 0x6f),
    Color::Rgb(0xd8, 0x86, 0x6a),
    Color::Rgb(0xcc, 0x66, 0x66),
];
const TEXT: Color = Color::Rgb(0xc5, 0xc8, 0xc6);
const MUTED: Color = Color::Rgb(0x96, 0x98, 0x96);

/// Values of the fleet: small random steps, one draw of the generator each.
struct Fleet {
    state: u64,
    frame: usize,
    values: Vec<[u8; 12]>,
}

impl Fleet {
    fn new() -> Self {
        let mut fleet = Self {
            state: 7,
            frame: 0,
            values: vec![[40; 12]; NODES],
        };
        (0..50).for_each(|_| fleet.step());
        fleet
    }

    fn random(&mut self) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        self.state >> 33
    }

    fn step(&mut self) {
        self.frame += 1;
        let mut values = std::mem::take(&mut self.values);
        for value in values.iter_mut().flatten() {
            *value = (*value + (self.random() % 7) as u8).clamp(3, 102) - 3;
        }
        self.values = values;
    }
}

fn percent(buffer: &mut Buffer, at: (u16, u16), value: u8) {
    let style = Style::new().fg(GAUGE[usize::from(value.min(99)) * 8 / 100]);
    buffer.set_stringn(at.0, at.1, format!("{value:>3}%"), 4, style);
}

fn bar(buffer: &mut Buffer, at: (u16, u16), value: u8) {
    const PARTS: [&str; 8] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let style = Style::new().fg(GAUGE[usize::from(value.min(99)) * 8 / 100]);
    let eighths = usize::from(value) * 64 / 100;
    let text = format!("{}{}", "█".repeat(eighths / 8), PARTS[eighths % 8]);
    buffer.set_stringn(at.0, at.1, text, 8, style);
}

/// A graph whose write head moves: one cell a frame changes.
fn graph(buffer: &mut Buffer, at: (u16, u16), width: u16, seed: usize, frame: usize) {
    let head = frame / 2 % usize::from(width);
    for x in 0..width {
        let lap = frame / 2 / usize::from(width) + usize::from(usize::from(x) <= head);
        let dots = 0x2801 + ((seed * 31 + usize::from(x) * 7 + lap * 13) % 255) as u32;
        if let Some(cell) = buffer.cell_mut((at.0 + x, at.1)) {
            cell.set_char(char::from_u32(dots).unwrap_or(' '))
                .set_fg(GAUGE[3]);
        }
    }
}

/// Only the rows in view.
fn render(fleet: &Fleet, area: Rect, buffer: &mut Buffer) {
    let title = Style::new().fg(TEXT).add_modifier(Modifier::BOLD);
    buffer.set_string(
        0,
        0,
        format!("sshoal  {NODES} nodes  {:>6}s", fleet.frame),
        title,
    );
    buffer.set_string(
        0,
        1,
        "  node       load   cpu  mem       disk",
        Style::new().fg(MUTED),
    );
    let rows = area.height.saturating_sub(3);
    for (row, values) in (0..rows).zip(&fleet.values) {
        let y = row + 2;
        let (plain, muted) = (Style::new().fg(TEXT), Style::new().fg(MUTED));
        buffer.set_string(0, y, "●", Style::new().fg(GAUGE[0]));
        buffer.set_string(2, y, format!("node{row:04}"), plain);
        buffer.set_string(12, y, format!("{:>5.2}", f32::from(values[0]) / 9.0), plain);
        percent(buffer, (19, y), values[1]);
        percent(buffer, (25, y), values[2]);
        bar(buffer, (30, y), values[2]);
        percent(buffer, (40, y), values[3]);
        buffer.set_string(46, y, format!("{:>4}K/s", values[4]), muted);
        graph(buffer, (55, y), 14, usize::from(row), fleet.frame);
        if area.width > 100 {
            wide(buffer, y, values, (usize::from(row), fleet.frame));
        }
        if row == 3 {
            let here = Rect::new(0, y, area.width, 1);
            buffer.set_style(here, Style::new().bg(Color::Rgb(0x37, 0x3b, 0x41)));
        }
    }
    let hints = "? help  / filter  z denser  q quit";
    buffer.set_string(0, area.height - 1, hints, Style::new().fg(MUTED));
}

fn wide(buffer: &mut Buffer, y: u16, values: &[u8; 12], (seed, frame): (usize, usize)) {
    for (at, value) in (0..6_u16).zip(&values[5..]) {
        percent(buffer, (75 + at * 14, y), *value);
        bar(buffer, (80 + at * 14, y), *value);
    }
    graph(buffer, (162, y), 36, seed, frame);
}

/// CPU time of this thread in nanoseconds; wall time where there is no /proc.
fn cpu(start: Instant) -> u64 {
    fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse().ok())
        .unwrap_or(start.elapsed().as_nanos() as u64)
}

struct Figures {
    bytes: usize,
    micros: f64,
}

/// The mean over all frames.
fn measure(mut frame: impl FnMut(usize) -> usize) -> Figures {
    frame(0);
    let start = Instant::now();
    let before = cpu(start);
    let bytes: usize = (1..=FRAMES).map(&mut frame).sum();
    let spent = cpu(start) - before;
    Figures {
        bytes: bytes / FRAMES,
        micros: spent as f64 / 1000.0 / FRAMES as f64,
    }
}

/// Frames made beforehand, so that only drawing is measured.
fn frames(size: Size) -> Vec<Buffer> {
    let mut fleet = Fleet::new();
    (0..8)
        .map(|_| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, size.width, size.height));
            render(&fleet, buffer.area, &mut buffer);
            fleet.step();
            buffer
        })
        .collect()
}

fn copy(from: &Buffer, to: &mut Buffer) {
    to.content.clone_from_slice(&from.content);
}

fn lean(size: Size, depth: Depth, frames: &[Buffer]) -> Figures {
    let mut lean = Lean::new(size, depth, true);
    let mut out = Vec::new();
    measure(|at| {
        let next = &frames[at % frames.len()];
        lean.draw(&mut out, Style::default(), |_, buffer| copy(next, buffer));
        black_box(out.len())
    })
}

/// Keeps the bytes of one frame.
struct Sink<'a>(&'a Cell<usize>, Vec<u8>);

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        self.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.1.clear();
        Ok(())
    }
}

fn crossterm(size: Size, frames: &[Buffer]) -> Figures {
    let viewport = Viewport::Fixed(Rect::new(0, 0, size.width, size.height));
    let count = Cell::new(0);
    let backend = CrosstermBackend::new(Sink(&count, Vec::new()));
    let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport })
        .expect("a fixed viewport asks nothing");
    measure(|at| {
        let next = &frames[at % frames.len()];
        let drawn = terminal.draw(|frame| copy(next, frame.buffer_mut()));
        drawn.expect("a Vec takes everything");
        count.take()
    })
}

/// What the bench itself spends on putting a prepared frame in place.
fn copying(size: Size, frames: &[Buffer]) -> f64 {
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.width, size.height));
    let figures = measure(|at| {
        copy(&frames[at % frames.len()], &mut buffer);
        black_box(buffer.content.len())
    });
    figures.micros
}

fn end_to_end(size: Size) -> Figures {
    let mut fleet = Fleet::new();
    let mut lean = Lean::new(size, Depth::Ansi256, true);
    let mut out = Vec::new();
    measure(|_| {
        fleet.step();
        lean.draw(&mut out, Style::default(), |area, buffer| {
            render(&fleet, area, buffer);
        });
        black_box(out.len())
    })
}

/// Cells of noise: nothing can be left out.
fn noise(size: Size) -> Vec<Buffer> {
    let mut fleet = Fleet::new();
    let mut noisy = |_| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, size.width, size.height));
        for cell in &mut buffer.content {
            let draw = fleet.random();
            cell.set_char(char::from(b'!' + (draw % 90) as u8));
            cell.set_fg(GAUGE[(draw >> 8) as usize % 8]);
        }
        buffer
    };
    (0..4).map(&mut noisy).collect()
}

fn main() {
    println!("screen   what                            bytes    us CPU");
    let broken: Vec<String> = SCREENS.into_iter().filter_map(screen).collect();
    assert!(broken.is_empty(), "over the bound: {broken:?}");
}

/// Prints the figures of one size; what is over its bound.
fn screen((size, bound): (Size, usize)) -> Option<String> {
    let name = format!("{}x{}", size.width, size.height);
    let (table, noisy) = (frames(size), noise(size));
    let copy = copying(size, &table);
    let all = lean(size, Depth::Ansi256, &table);
    let still = lean(size, Depth::Ansi256, &table[..1]);
    let figures = [
        ("all changed, 256 colours", &all),
        ("all changed, 24 bits", &lean(size, Depth::True, &table)),
        (
            "all changed, 16 colours",
            &lean(size, Depth::Ansi16, &table),
        ),
        ("all changed, mono", &lean(size, Depth::Mono, &table)),
        ("same by ratatui + crossterm", &crossterm(size, &table)),
        ("every cell noise", &lean(size, Depth::Ansi256, &noisy)),
        ("nothing changed", &still),
    ];
    for (what, Figures { bytes, micros }) in figures {
        println!("{name:<8} {what:<28} {bytes:>8} {:>9.1}", micros - copy);
    }
    let Figures { bytes, micros } = end_to_end(size);
    println!(
        "{name:<8} {:<28} {bytes:>8} {micros:>9.1}",
        "render and draw"
    );
    let over = all.bytes > bound || still.bytes > 0;
    over.then(|| format!("{name}: {} B, unchanged {} B", all.bytes, still.bytes))
}
