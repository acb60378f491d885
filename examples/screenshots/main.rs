//! Makes the pictures of screenshots/ from the real program: `cargo build --release && cargo run --release --example screenshots`.
//! Each scene runs `sshoal demo` in a pseudo-terminal, types, waits for the stories to unfold, and draws what is on the screen.
//! It takes eleven minutes, as the graphs show ten, and `rsvg-convert` for the PNG files.

mod svg;

use std::{
    env, fs,
    io::{self, Read, Write},
    num::NonZero,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use ratatui::style::Color;
use sshoal::ui::theme::{Role, Theme};
use svg::Rgb;

/// One picture.
struct Scene {
    name: &'static str,
    /// Columns and rows.
    size: (u16, u16),
    theme: &'static str,
    view: &'static str,
    nodes: &'static str,
    /// When the keys are typed.
    seconds: u64,
    keys: &'static [&'static str],
}

const NIGHT: &str = "tomorrow-night";
const NODE: &[&str] = &["/gpu05\r", "\r"];
const PALETTE: &[&str] = &[":", "exec @gpu -- una"];
const RUN: &[&str] = &["*", "!", "uname -r; sleep 1; hostname", "\r"];
const GATHERED: &[&str] = &["*", "!", "uname -r", "\r", WAIT, "g"];
const CONFIRM: &[&str] = &["*", "!", "systemctl restart nginx", "\r"];
/// No key: until logs have come in, and stand in their order.
const WAIT: &str = "";
const LOGS: &[&str] = &["/@gpu|@web\r", "*", "l", WAIT];
const SEARCH: &[&str] = &["/@web\r", "*", "l", WAIT, "/timed out\r"];
const DAEMONS: &[&str] = &["/@web\r", "*", "R"];
const ROLL: &[&str] = &[
    ":daemon roll @web nginx --batches 1,3 --canary 1 --auto-promote\r",
    "y",
    WAIT,
];
const DAEMON: &[&str] = &["/web03\r", "\r", "\t"];

#[rustfmt::skip]
const SCENES: &[Scene] = &[
    Scene { name: "tiles", size: (150, 44), theme: NIGHT, view: "tiles", nodes: "24", seconds: 118, keys: &[] },
    Scene { name: "tiles-light", size: (150, 44), theme: "one-light", view: "tiles", nodes: "24", seconds: 118, keys: &[] },
    Scene { name: "tiles-80x24", size: (80, 24), theme: "catppuccin-mocha", view: "tiles", nodes: "12", seconds: 118, keys: &[] },
    Scene { name: "table", size: (150, 44), theme: NIGHT, view: "table", nodes: "60", seconds: 620, keys: &[] },
    Scene { name: "table-80x24", size: (80, 24), theme: "nord", view: "table", nodes: "24", seconds: 620, keys: &[] },
    Scene { name: "heatmap", size: (150, 44), theme: NIGHT, view: "heatmap", nodes: "1000", seconds: 118, keys: &[] },
    Scene { name: "node", size: (150, 50), theme: NIGHT, view: "tiles", nodes: "24", seconds: 620, keys: NODE },
    Scene { name: "node-80x24", size: (80, 24), theme: NIGHT, view: "tiles", nodes: "24", seconds: 620, keys: NODE },
    Scene { name: "connections", size: (150, 44), theme: NIGHT, view: "tiles", nodes: "24", seconds: 12, keys: &["P"] },
    Scene { name: "connections-80x24", size: (80, 24), theme: NIGHT, view: "tiles", nodes: "24", seconds: 12, keys: &["P"] },
    Scene { name: "palette", size: (110, 32), theme: NIGHT, view: "tiles", nodes: "24", seconds: 40, keys: PALETTE },
    Scene { name: "run", size: (110, 32), theme: NIGHT, view: "tiles", nodes: "24", seconds: 40, keys: RUN },
    Scene { name: "run-80x24", size: (80, 24), theme: "nord", view: "tiles", nodes: "24", seconds: 40, keys: RUN },
    Scene { name: "gathered", size: (110, 32), theme: NIGHT, view: "tiles", nodes: "24", seconds: 40, keys: GATHERED },
    Scene { name: "confirm-80x24", size: (80, 24), theme: NIGHT, view: "tiles", nodes: "24", seconds: 40, keys: CONFIRM },
    Scene { name: "logs", size: (130, 36), theme: NIGHT, view: "tiles", nodes: "24", seconds: 40, keys: LOGS },
    Scene { name: "logs-80x24", size: (80, 24), theme: "nord", view: "tiles", nodes: "24", seconds: 40, keys: SEARCH },
    Scene { name: "daemons", size: (110, 32), theme: NIGHT, view: "table", nodes: "24", seconds: 40, keys: DAEMONS },
    Scene { name: "daemon-80x24", size: (80, 24), theme: NIGHT, view: "tiles", nodes: "24", seconds: 40, keys: DAEMON },
    Scene { name: "roll", size: (110, 32), theme: NIGHT, view: "table", nodes: "24", seconds: 40, keys: ROLL },
    Scene { name: "roll-80x24", size: (80, 24), theme: "nord", view: "table", nodes: "24", seconds: 40, keys: ROLL },
    Scene { name: "help", size: (120, 40), theme: NIGHT, view: "tiles", nodes: "24", seconds: 10, keys: &["?"] },
];

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let wanted = env::args().nth(1);
    let chosen = SCENES
        .iter()
        .filter(|s| wanted.as_ref().is_none_or(|name| name == s.name));
    let running: Vec<_> = chosen
        .map(|scene| thread::spawn(move || picture(scene)))
        .collect();
    for scene in running {
        scene.join().map_err(|_| "a scene panicked")??;
    }
    Ok(())
}

fn picture(scene: &Scene) -> Result<(), Failure> {
    let theme = Theme::load(scene.theme)?;
    let screen = play(scene)?;
    let (paper, ink) = ground(&theme);
    let text = svg::svg("sshoal", &cells(&screen, paper, ink), paper, ink);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    let source = env::temp_dir().join(format!("sshoal-{}-{}.svg", scene.name, std::process::id()));
    fs::write(&source, text)?;
    let target = folder.join(scene.name).with_extension("png");
    fs::create_dir_all(&folder)?;
    let status = Command::new("rsvg-convert")
        .arg("--output")
        .arg(target)
        .arg(&source)
        .status()?;
    fs::remove_file(source)?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| "rsvg-convert failed".into())
}

/// Runs the program through the scene; gives its last screen.
fn play(scene: &Scene) -> Result<vt100::Screen, Failure> {
    let (cols, rows) = scene.size;
    let pair = native_pty_system().openpty(PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    })?;
    let mut command = CommandBuilder::new(program()?);
    command.args([
        "demo",
        "--nodes",
        scene.nodes,
        "--theme",
        scene.theme,
        "--view",
        scene.view,
        "--color",
        "truecolor",
    ]);
    command.env("TERM", "xterm-256color");
    let mut child = pair.slave.spawn_command(command)?;
    drop(pair.slave);
    let bytes = listen(pair.master.try_clone_reader()?);
    let mut typist = pair.master.take_writer()?;
    let [height, width] = [rows, cols].map(|n| NonZero::new(n).unwrap_or(NonZero::<u16>::MIN));
    let mut terminal = vt100::Parser::new(height, width, 0);
    watch(&bytes, &mut terminal, Duration::from_secs(scene.seconds));
    for key in scene.keys {
        typist.write_all(key.as_bytes())?;
        let pause = if *key == WAIT { 9_000 } else { 400 };
        watch(&bytes, &mut terminal, Duration::from_millis(pause));
    }
    watch(&bytes, &mut terminal, Duration::from_secs(2));
    let screen = terminal.screen().clone();
    typist.write_all(b"q")?;
    child.kill()?;
    Ok(screen)
}

/// The program that was built beside this example.
fn program() -> io::Result<PathBuf> {
    let example = env::current_exe()?;
    let folder = example.parent().and_then(Path::parent);
    let program = folder
        .map(|folder| folder.join("sshoal"))
        .filter(|file| file.exists());
    program.ok_or_else(|| {
        io::Error::other(
            "no sshoal beside this example: run cargo build first, in the same profile",
        )
    })
}

fn listen(mut reader: Box<dyn Read + Send>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::sync_channel(64);
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(n @ 1..) = reader.read(&mut buffer) {
            if sender
                .send(buffer.iter().take(n).copied().collect())
                .is_err()
            {
                break;
            }
        }
    });
    receiver
}

fn watch(bytes: &mpsc::Receiver<Vec<u8>>, terminal: &mut vt100::Parser, time: Duration) {
    let end = Instant::now() + time;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        if let Ok(chunk) = bytes.recv_timeout(left) {
            terminal.process(&chunk);
        }
    }
}

/// Paper and ink of a theme.
fn ground(theme: &Theme) -> (Rgb, Rgb) {
    let style = theme.style(Role::Ground);
    let rgb = |colour, default| match colour {
        Some(Color::Rgb(r, g, b)) => (r, g, b),
        _ => default,
    };
    (rgb(style.bg, (0, 0, 0)), rgb(style.fg, (200, 200, 200)))
}

fn cells(screen: &vt100::Screen, paper: Rgb, ink: Rgb) -> Vec<Vec<svg::Cell>> {
    let (rows, cols) = screen.size();
    let row = |y| {
        (0..cols.get())
            .filter_map(|x| screen.cell(y, x))
            .map(|cell| from_terminal(cell, paper, ink))
            .collect()
    };
    (0..rows.get()).map(row).collect()
}

fn from_terminal(cell: &vt100::Cell, paper: Rgb, ink: Rgb) -> svg::Cell {
    let rgb = |colour, default| match colour {
        vt100::Color::Rgb(r, g, b) => (r, g, b),
        _ => default,
    };
    let (mut fg, mut bg) = (rgb(cell.fgcolor(), ink), rgb(cell.bgcolor(), paper));
    if cell.inverse() {
        std::mem::swap(&mut fg, &mut bg);
    }
    let symbol = if cell.has_contents() {
        cell.contents().to_owned()
    } else {
        " ".to_owned()
    };
    svg::Cell {
        symbol,
        fg,
        bg,
        bold: cell.bold(),
        underline: cell.underline(),
    }
}
