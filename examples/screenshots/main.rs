//! Makes the pictures of screenshots/: `cargo run --example screenshots [FOLDER]`.

#[path = "../../tests/support/fake.rs"]
mod fake;
mod svg;

use std::{env, fs, io, path::Path, process::Command};

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier},
};
use sshoal::{
    fleet::{NodeState, Snapshot},
    ui::{
        glyph::Glyphs,
        theme::{Role, Theme},
        view::{Scene, node::NodeView, tiles::Tiles},
    },
};

fn main() -> io::Result<()> {
    let folder = env::args()
        .nth(1)
        .unwrap_or_else(|| "screenshots".to_owned());
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    for theme in ["tomorrow-night", "one-light"] {
        let theme = Theme::load(theme).map_err(io::Error::other)?;
        for (width, height) in [(80, 24), (150, 44), (200, 60)] {
            let area = Rect::new(0, 0, width, height);
            for (name, index) in [("node", 2), ("web", 6), ("down", 9)] {
                let snapshot = fake::fleet(12);
                let buf = node(&snapshot, index, &theme, area);
                let file = format!("{name}-{width}x{height}-{}", theme.name);
                picture(&folder.join(file), &buf, &theme)?;
            }
            for (name, count) in [("tiles", 24), ("few", 6), ("many", 100)] {
                let snapshot = fake::fleet(count);
                let buf = tiles(&snapshot, &theme, area);
                let file = format!("{name}-{width}x{height}-{}", theme.name);
                picture(&folder.join(file), &buf, &theme)?;
            }
        }
    }
    Ok(())
}

fn tiles(snapshot: &Snapshot, theme: &Theme, area: Rect) -> Buffer {
    let mut buf = Buffer::empty(area);
    buf.set_style(area, theme.style(Role::Ground));
    let scene = Scene {
        snapshot,
        now: snapshot.at,
        theme,
        glyphs: Glyphs { ascii: false },
    };
    let order: Vec<usize> = (0..snapshot.nodes.len()).collect();
    let is_marked = |node: &NodeState| ["web1", "gpu04"].contains(&node.node.id.as_str());
    Tiles {
        order: &order,
        cursor: 4,
        scroll: 0,
        is_marked: &is_marked,
    }
    .render(&scene, area, &mut buf);
    buf
}

fn node(snapshot: &Snapshot, index: usize, theme: &Theme, area: Rect) -> Buffer {
    let mut buf = Buffer::empty(area);
    buf.set_style(area, theme.style(Role::Ground));
    let scene = Scene {
        snapshot,
        now: snapshot.at,
        theme,
        glyphs: Glyphs { ascii: false },
    };
    if let Some(node) = snapshot.nodes.get(index) {
        NodeView::default().render(&scene, node, area, &mut buf);
    }
    buf
}

fn picture(path: &Path, buf: &Buffer, theme: &Theme) -> io::Result<()> {
    let ground = theme.style(Role::Ground);
    let (ink, paper) = (
        rgb(ground.fg.unwrap_or_default(), (200, 200, 200)),
        rgb(ground.bg.unwrap_or_default(), (0, 0, 0)),
    );
    let width = usize::from(buf.area.width.max(1));
    let rows: Vec<Vec<svg::Cell>> = buf
        .content
        .chunks(width)
        .map(|row| {
            row.iter()
                .map(|cell| from_buffer(cell, ink, paper))
                .collect()
        })
        .collect();
    let source = path.with_extension("svg");
    fs::write(&source, svg::svg("sshoal", &rows, paper, ink))?;
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

fn from_buffer(cell: &ratatui::buffer::Cell, ink: svg::Rgb, paper: svg::Rgb) -> svg::Cell {
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
