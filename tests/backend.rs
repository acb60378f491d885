//! What `Lean` writes, replayed in a terminal emulator, is what the buffer holds.

use std::num::NonZero;

use proptest::prelude::*;
use ratatui::{
    buffer::{Buffer, Cell},
    layout::{Rect, Size},
    style::{Color, Modifier, Style},
};
use sshoal::{tui::backend::Lean, ui::theme::Depth};
use unicode_width::UnicodeWidthStr;

const WIDE: [&str; 3] = ["界", "한", "Ａ"];
const NARROW: [&str; 14] = [
    "a", "Z", "7", "%", "é", "│", "╭", "█", "▁", "⣿", "⠁", "●", "✖", "e\u{301}",
];

/// One drawing instruction.
#[derive(Clone, Debug)]
enum Stroke {
    /// The same text again and again from a place on.
    Text(u16, u16, u16, &'static str, Style),
    /// A style over a rectangle, over halves of wide characters too.
    Paint(u16, u16, u16, Style),
}

/// What happens between two frames.
#[derive(Clone, Debug)]
enum Step {
    /// Strokes on top of the frame before.
    Draw(Vec<Stroke>),
    Clear,
    Resize(u16, u16),
    Repaint,
}

fn color() -> impl Strategy<Value = Color> {
    prop_oneof![
        4 => Just(Color::Reset),
        2 => prop::sample::select(vec![Color::Red, Color::Gray, Color::LightBlue, Color::White]),
        2 => any::<u8>().prop_map(Color::Indexed),
        2 => (0..4_u8, 0..4_u8, 0..4_u8).prop_map(|(r, g, b)| Color::Rgb(r * 85, g * 85, b * 85)),
    ]
}

fn style() -> impl Strategy<Value = Style> {
    let weight = prop::sample::select(vec![Modifier::empty(), Modifier::BOLD, Modifier::DIM]);
    let rest = prop::sample::subsequence(
        vec![Modifier::ITALIC, Modifier::UNDERLINED, Modifier::REVERSED],
        0..=3,
    );
    (color(), color(), weight, rest).prop_map(|(fg, bg, weight, rest)| {
        let modifier = rest.into_iter().fold(weight, Modifier::union);
        // The emulator knows bold or dim, never both.
        let plain = Style::new().remove_modifier(Modifier::all());
        plain.fg(fg).bg(bg).add_modifier(modifier)
    })
}

fn stroke() -> impl Strategy<Value = Stroke> {
    let texts: Vec<&'static str> = NARROW
        .into_iter()
        .chain(WIDE)
        .chain([" ", " ", " "])
        .collect();
    let text = prop::sample::select(texts);
    prop_oneof![
        4 => (0..40_u16, 0..8_u16, 1..30_u16, text, style())
            .prop_map(|(x, y, times, text, style)| Stroke::Text(x, y, times, text, style)),
        1 => (0..40_u16, 0..8_u16, 1..20_u16, style())
            .prop_map(|(x, y, width, style)| Stroke::Paint(x, y, width, style)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::collection::vec(stroke(), 0..8).prop_map(Step::Draw),
        1 => Just(Step::Clear),
        1 => (1..40_u16, 1..8_u16).prop_map(|(x, y)| Step::Resize(x, y)),
        1 => Just(Step::Repaint),
    ]
}

fn apply(stroke: &Stroke, buffer: &mut Buffer) {
    match stroke {
        Stroke::Text(x, y, times, text, style) if buffer.area.contains((*x, *y).into()) => {
            buffer.set_string(*x, *y, text.repeat(usize::from(*times)), *style);
        }
        Stroke::Text(..) => {}
        Stroke::Paint(x, y, width, style) => {
            let area = Rect::new(*x, *y, *width, 1).intersection(buffer.area);
            buffer.set_style(area, *style);
        }
    }
}

fn non_zero(size: Size) -> [NonZero<u16>; 2] {
    [size.height, size.width].map(|part| NonZero::new(part).expect("a screen has a cell"))
}

fn terminal(size: Size) -> vt100::Parser {
    let [rows, columns] = non_zero(size);
    vt100::Parser::new(rows, columns, 0)
}

/// The colours that a depth leaves, as far as they can be told without the nearest-colour tables.
fn agrees(depth: Depth, wanted: Color, found: vt100::Color) -> bool {
    let named = |index: u8| found == vt100::Color::Idx(index);
    match (depth, wanted) {
        (Depth::Mono, _) | (_, Color::Reset) => found == vt100::Color::Default,
        (_, Color::Red) => named(1),
        (_, Color::Gray) => named(7),
        (_, Color::LightBlue) => named(12),
        (_, Color::White) => named(15),
        (Depth::True, Color::Rgb(r, g, b)) => found == vt100::Color::Rgb(r, g, b),
        (Depth::True | Depth::Ansi256, Color::Indexed(index)) => named(index),
        (Depth::Ansi256, _) => matches!(found, vt100::Color::Idx(16..)),
        (_, _) => matches!(found, vt100::Color::Idx(0..16)),
    }
}

fn compare(screen: &vt100::Screen, buffer: &Buffer, depth: Depth) -> Result<(), TestCaseError> {
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let cell = &buffer[(x, y)];
            let found = screen.cell(y, x).expect("inside the screen");
            let width = cell.symbol().width() as u16;
            let cut = x + width > buffer.area.width;
            let text = if cut { " " } else { cell.symbol() };
            let shown = if found.has_contents() {
                found.contents()
            } else {
                " "
            };
            prop_assert_eq!(shown, text, "text at {},{}", x, y);
            compare_look(found, cell, text, depth).map_err(|why| {
                TestCaseError::fail(format!("{why} at {x},{y}: {cell:?} {found:?}"))
            })?;
            x += if cut { 1 } else { width.max(1) };
        }
    }
    Ok(())
}

fn compare_look(
    found: &vt100::Cell,
    cell: &Cell,
    text: &str,
    depth: Depth,
) -> Result<(), &'static str> {
    let has = |modifier| cell.modifier.contains(modifier);
    let check = |holds: bool, what| if holds { Ok(()) } else { Err(what) };
    check(agrees(depth, cell.bg, found.bgcolor()), "background")?;
    check(found.underline() == has(Modifier::UNDERLINED), "underline")?;
    check(found.inverse() == has(Modifier::REVERSED), "reverse")?;
    let lines = Modifier::UNDERLINED | Modifier::REVERSED;
    if text == " " && !cell.modifier.intersects(lines) {
        return Ok(());
    }
    check(agrees(depth, cell.fg, found.fgcolor()), "foreground")?;
    check(found.bold() == has(Modifier::BOLD), "bold")?;
    check(found.dim() == has(Modifier::DIM), "dim")?;
    check(found.italic() == has(Modifier::ITALIC), "italic")
}

fn replay(depth: Depth, keeps_background: bool, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut size = Size::new(30, 6);
    let mut lean = Lean::new(size, depth, keeps_background);
    let mut parser = terminal(size);
    // Whatever was there before must not shine through.
    parser.process(b"\x1b[7;31mrubbish\x1b[3;3Hrubbish");
    let mut wanted = Buffer::empty(Rect::new(0, 0, size.width, size.height));
    let mut out = Vec::new();
    for step in steps {
        match step {
            Step::Draw(strokes) => strokes.iter().for_each(|stroke| apply(stroke, &mut wanted)),
            Step::Clear => wanted.reset(),
            Step::Repaint => lean.repaint(),
            Step::Resize(width, height) => {
                size = Size::new(*width, *height);
                lean.resize(size);
                let [rows, columns] = non_zero(size);
                parser.screen_mut().set_size(rows, columns);
                wanted = Buffer::empty(Rect::new(0, 0, size.width, size.height));
            }
        }
        lean.draw(&mut out, Style::default(), |_, buffer| {
            buffer.clone_from(&wanted);
        });
        parser.process(&out);
        compare(parser.screen(), &wanted, depth)?;
        lean.draw(&mut out, Style::default(), |_, buffer| {
            buffer.clone_from(&wanted);
        });
        prop_assert!(
            out.is_empty(),
            "the same frame twice: {:?}",
            String::from_utf8_lossy(&out)
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn replayed_frames_equal_the_buffer(
        depth in prop::sample::select(vec![Depth::Mono, Depth::Ansi16, Depth::Ansi256, Depth::True]),
        keeps_background in any::<bool>(),
        steps in prop::collection::vec(step(), 1..8),
    ) {
        replay(depth, keeps_background, &steps)?;
    }
}

fn bytes(lean: &mut Lean, lines: &[&str], style: Style) -> String {
    let mut out = Vec::new();
    lean.draw(&mut out, Style::default(), |_, buffer| {
        for (line, y) in lines.iter().zip(0..) {
            buffer.set_string(0, y, line, style);
        }
    });
    String::from_utf8(out).expect("what is written is text")
}

/// The bytes from one frame to the next, without the frame around them.
fn step_bytes(before: &[&str], after: &[&str], style: Style) -> String {
    let mut lean = Lean::new(Size::new(40, 4), Depth::Ansi256, true);
    bytes(&mut lean, before, Style::new());
    let out = bytes(&mut lean, after, style);
    let inside = out.strip_prefix("\x1b[?2026h").expect("a frame begins");
    inside
        .strip_suffix("\x1b[?2026l")
        .expect("a frame ends")
        .to_owned()
}

#[test]
fn what_is_written_is_the_shortest() {
    let plain = Style::new();
    let cases = [
        // One cell; two with a gap that is rewritten, and with one that is jumped over.
        (["abc", ""], ["aXc", ""], plain, "\x1b[;2HX"),
        (["abcd", ""], ["XbcX", ""], plain, "\x1b[HXbcX"),
        (
            ["a12345678b", ""],
            ["X12345678X", ""],
            plain,
            "\x1b[HX\x1b[8CX",
        ),
        // The next row, by line feed; the rest of a row, erased.
        (["a", "b"], ["X", "X"], plain, "\x1b[HX\n\x08X"),
        (
            ["a long row of text", ""],
            ["a", ""],
            plain,
            "\x1b[;3H\x1b[K",
        ),
        (
            ["a                  b", "c"],
            ["a", "c"],
            plain,
            "\x1b[;20H ",
        ),
        (
            ["x", ""],
            ["y", ""],
            plain.fg(Color::Red).bold(),
            "\x1b[H\x1b[1;31my",
        ),
    ];
    for (before, after, style, wanted) in cases {
        let found = step_bytes(&before, &after, style);
        assert_eq!(found, wanted, "{before:?} to {after:?}: {found:?}");
    }
}

#[test]
fn a_colour_is_set_once_a_row_when_two_alternate() {
    let mut lean = Lean::new(Size::new(40, 1), Depth::Ansi256, true);
    let mut out = Vec::new();
    lean.draw(&mut out, Style::default(), |_, buffer| {
        for x in (0..40).step_by(2) {
            let color = [Color::Rgb(200, 0, 0), Color::Rgb(0, 200, 0)][usize::from(x / 2 % 2)];
            buffer.set_string(x, 0, "x", Style::new().fg(color));
        }
    });
    let text = String::from_utf8_lossy(&out).into_owned();
    assert_eq!(text.matches("38;5;").count(), 2, "{text:?}");
}

#[test]
fn each_frame_begins_as_blanks_on_its_ground() {
    let size = Size::new(12, 2);
    let mut lean = Lean::new(size, Depth::True, true);
    let mut parser = terminal(size);
    let mut out = Vec::new();
    let grounds = [Color::Rgb(1, 2, 3), Color::Rgb(1, 2, 3), Color::White].map(|bg| {
        let dim = Modifier::DIM;
        Style::new().fg(Color::Red).bg(bg).add_modifier(dim)
    });
    for (ground, text) in grounds.into_iter().zip(["what is gone", "a", ""]) {
        let mut wanted = Buffer::empty(Rect::new(0, 0, size.width, size.height));
        wanted.set_style(wanted.area, ground);
        wanted.set_string(0, 0, text, Style::new());
        lean.draw(&mut out, ground, |_, buffer| {
            buffer.set_string(0, 0, text, Style::new());
            assert_eq!(*buffer, wanted);
        });
        parser.process(&out);
        let compared = compare(parser.screen(), &wanted, Depth::True);
        assert!(compared.is_ok(), "{compared:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]
    /// Whatever a cell holds, the terminal obeys nothing of it and every row stays in its place.
    #[test]
    fn no_cell_commands_the_terminal(
        symbols in prop::collection::vec("[\\x00-\\x1f\\x7f-\\u{9f}a界\u{301}\u{fe0f}\u{200d}\u{2764}🦀]{0,6}", 30),
    ) {
        let mut lean = Lean::new(Size::new(10, 3), Depth::True, true);
        let mut out = Vec::new();
        lean.draw(&mut out, Style::default(), |_, buffer| {
            for (cell, symbol) in buffer.content.iter_mut().zip(&symbols) {
                cell.set_symbol(symbol);
            }
        });
        let text = String::from_utf8(out).expect("what is written is text");
        let commands = text.matches('\x1b').count();
        let moves = text.matches(['H', 'C', 'D', 'X', 'K', 'J', 'm', 'h', 'l']).count();
        prop_assert_eq!(commands, moves, "{:?}", text);
        let rest = text.replace(['\x1b', '\r', '\n', '\x08'], "");
        prop_assert!(!rest.contains(char::is_control), "{:?}", rest);
    }
}
