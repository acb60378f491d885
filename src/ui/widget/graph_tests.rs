//! The graph keeps to its area, tells zero from nothing, and changes at most three columns a tick.

use proptest::prelude::*;

use super::*;
use crate::ui::{glyph::Glyphs, theme::Theme};

fn draw(trace: &Trace, area: Rect, ascii: bool) -> Buffer {
    let theme = Theme::default();
    let look = Look {
        theme: &theme,
        glyphs: Glyphs { ascii },
        dim: false,
    };
    let mut buf = Buffer::empty(area);
    let graph = Graph {
        trace,
        top: 100.0,
        full: Some(100.0),
        calm: Role::CPU,
    };
    graph.render(&look, area, &mut buf);
    buf
}

fn rows(buf: &Buffer) -> Vec<String> {
    let width = usize::from(buf.area.width);
    buf.content
        .chunks(width)
        .map(|row| row.iter().map(|c| c.symbol()).collect())
        .collect()
}

fn trace(head: u64, values: &[f32]) -> Trace {
    let values = values.iter().map(|v| (*v >= 0.0).then_some(*v)).collect();
    Trace { head, values }
}

#[test]
fn writes_at_the_bucket_and_marks_the_gap_ahead() {
    let area = Rect::new(0, 0, 4, 1);
    let drawn = |head, values: &[f32]| rows(&draw(&trace(head, values), area, false)).concat();
    assert_eq!(drawn(7, &[100.0; 8]), "▏⣿⣿⣿");
    assert_eq!(drawn(8, &[100.0; 8]), "⡇▏⣿⣿");
    assert_eq!(drawn(9, &[100.0; 8]), "⣿▏⣿⣿");
    assert_eq!(drawn(10, &[100.0; 8]), "⣿⡇▏⣿");
}

#[test]
fn zero_is_a_dot_and_absent_is_blank() {
    let area = Rect::new(0, 0, 4, 2);
    let buf = draw(
        &trace(5, &[50.0, 100.0, -1.0, -1.0, 0.0, 10.0]),
        area,
        false,
    );
    assert_eq!(rows(&buf), ["⢸  ▏", "⣿ ⣀▏"]);
    let buf = draw(&trace(5, &[50.0, 100.0, -1.0, -1.0, 0.0, 10.0]), area, true);
    assert_eq!(rows(&buf), ["#  <", "# .<"]);
}

#[test]
fn axes_are_round_and_never_too_low() {
    assert!((round_up(0.3, false) - 0.5).abs() < 1e-6);
    assert!((round_up(64.0, false) - 100.0).abs() < 1e-3);
    assert!((round_up(1500.0, true) - 2048.0).abs() < 1e-3);
    assert!((round_up(0.0, true) - 1.0).abs() < 1e-6);
    assert!((round_up(f32::NAN, false) - 1.0).abs() < 1e-6);
}

proptest! {
    #[test]
    fn round_up_covers(most in 0.001f32..1e12, bytes: bool) {
        let top = round_up(most, bytes);
        prop_assert!(top >= most * 0.9999 && top <= most * 2.6, "{most} {top}");
    }

    #[test]
    fn never_panics_nor_leaves_its_area(
        width in 0u16..40, height in 0u16..12, head: u64,
        values in prop::collection::vec(prop::option::of(any::<f32>()), 0..100),
    ) {
        let area = Rect::new(3, 2, width, height);
        draw(&Trace { head, values: values.clone() }, area, false);
        let mut buf = Buffer::empty(Rect::new(0, 0, 10, 5));
        let theme = Theme::default();
        let look = Look { theme: &theme, glyphs: Glyphs { ascii: false }, dim: true };
        Graph { trace: &Trace { head, values }, top: 0.0, full: None, calm: Role::Text }
            .render(&look, area, &mut buf);
        for x in 0..3 {
            prop_assert_eq!(buf[(x, 3)].symbol(), " ");
        }
    }

    #[test]
    fn a_tick_changes_at_most_three_columns(
        width in 1u16..60, height in 1u16..5, head in 0u64..10_000,
        values in prop::collection::vec(prop::option::of(0f32..120.0), 130),
    ) {
        let area = Rect::new(0, 0, width, height);
        let window = |first: usize| {
            let n = usize::from(width * PER_CELL).min(values.len() - 1);
            Trace { head: head + first as u64, values: values[first..first + n].to_vec() }
        };
        // The window must end at the same bucket number: the second begins one bucket later.
        let (before, after) = (draw(&window(0), area, false), draw(&window(1), area, false));
        let changed = (0..width).filter(|x| (0..height).any(|y| before[(*x, y)] != after[(*x, y)]));
        prop_assert!(changed.count() <= 3);
    }
}
