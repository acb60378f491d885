//! Makes the pictures of screenshots/: `cargo run --example screenshots [FOLDER]`, with `rsvg-convert` for the PNG files.

#[path = "../../tests/support/fake.rs"]
mod fake;
mod svg;

use std::{env, fs, io, path::Path, process::Command, sync::Arc};

use ratatui::{
    buffer::{self, Buffer},
    layout::Rect,
    style::{Color, Modifier},
};
use sshoal::ui::{
    App, Settings,
    event::Event,
    theme::{Role, Theme},
};

/// One picture.
struct Shot {
    name: &'static str,
    nodes: usize,
    size: (u16, u16),
    theme: &'static str,
    /// Typed before the picture is taken.
    keys: &'static [&'static str],
}

const fn shot(
    name: &'static str,
    nodes: usize,
    size: (u16, u16),
    theme: &'static str,
    keys: &'static [&'static str],
) -> Shot {
    Shot {
        name,
        nodes,
        size,
        theme,
        keys,
    }
}

const NIGHT: &str = "tomorrow-night";
const LIGHT: &str = "one-light";

/// The fourth worst of twelve.
const GPU03: &[&str] = &["home", "right", "right", "right", "enter"];

const SHOTS: &[Shot] = &[
    shot("tiles", 24, (150, 44), NIGHT, &[]),
    shot("tiles-light", 24, (150, 44), LIGHT, &[]),
    shot("tiles-mocha", 24, (150, 44), "catppuccin-mocha", &[]),
    shot("tiles-nord", 24, (150, 44), "nord", &[]),
    shot("tiles-small", 12, (80, 24), NIGHT, &[]),
    shot("mini", 100, (150, 44), NIGHT, &["Z", "Z"]),
    shot("table", 60, (150, 44), NIGHT, &["z"]),
    shot("table-small", 24, (80, 24), LIGHT, &["z"]),
    shot("heatmap", 1000, (150, 44), NIGHT, &["z", "z"]),
    shot("node", 12, (150, 50), NIGHT, GPU03),
    shot("node-wide", 12, (200, 60), LIGHT, GPU03),
    shot("node-small", 12, (80, 24), NIGHT, GPU03),
    shot("help", 24, (150, 44), NIGHT, &["?"]),
];

fn main() -> io::Result<()> {
    let folder = env::args()
        .nth(1)
        .unwrap_or_else(|| "screenshots".to_owned());
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    for shot in SHOTS {
        let theme = Theme::load(shot.theme).map_err(io::Error::other)?;
        let buf = screen(shot, &theme)?;
        picture(&folder.join(shot.name), &cells(&buf, &theme), &theme)?;
    }
    Ok(())
}

fn screen(shot: &Shot, theme: &Theme) -> io::Result<Buffer> {
    let mut app = App::new(Settings {
        theme: theme.clone(),
        ..Settings::default()
    });
    app.update(Event::Resize(shot.size.0, shot.size.1));
    app.update(Event::Snapshot(Arc::new(fake::fleet(shot.nodes))));
    for key in shot.keys {
        app.update(Event::Key(crokey::parse(key).map_err(io::Error::other)?));
    }
    let mut buf = Buffer::empty(Rect::new(0, 0, shot.size.0, shot.size.1));
    app.render(buf.area, &mut buf);
    Ok(buf)
}

/// Paper and ink of a theme.
fn ground(theme: &Theme) -> (svg::Rgb, svg::Rgb) {
    let style = theme.style(Role::Ground);
    (
        rgb(style.bg.unwrap_or_default(), (0, 0, 0)),
        rgb(style.fg.unwrap_or_default(), (200, 200, 200)),
    )
}

fn cells(buf: &Buffer, theme: &Theme) -> Vec<Vec<svg::Cell>> {
    let (paper, ink) = ground(theme);
    let rows = buf.content.chunks(usize::from(buf.area.width.max(1)));
    rows.map(|row| {
        row.iter()
            .map(|cell| from_buffer(cell, ink, paper))
            .collect()
    })
    .collect()
}

fn from_buffer(cell: &buffer::Cell, ink: svg::Rgb, paper: svg::Rgb) -> svg::Cell {
    let (mut fg, mut bg) = (rgb(cell.fg, ink), rgb(cell.bg, paper));
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut fg, &mut bg);
    }
    svg::Cell {
        symbol: cell.symbol().to_owned(),
        fg,
        bg,
        bold: cell.modifier.contains(Modifier::BOLD),
        underline: cell.modifier.contains(Modifier::UNDERLINED),
    }
}

fn rgb(colour: Color, default: svg::Rgb) -> svg::Rgb {
    match colour {
        Color::Rgb(r, g, b) => (r, g, b),
        _ => default,
    }
}

/// Writes `path.svg` and `path.png`.
fn picture(path: &Path, rows: &[Vec<svg::Cell>], theme: &Theme) -> io::Result<()> {
    let (paper, ink) = ground(theme);
    let source = path.with_extension("svg");
    fs::write(&source, svg::svg("sshoal", rows, paper, ink))?;
    let status = Command::new("rsvg-convert")
        .arg("--output")
        .arg(path.with_extension("png"))
        .arg(&source)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other("rsvg-convert failed"))
    }
}
