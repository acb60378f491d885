//! Tests of the colour ladder.

use super::*;

fn hints<'a>(no_color: &'a str, colorterm: &'a str, term: &'a str) -> Hints<'a> {
    Hints {
        no_color: Some(no_color),
        colorterm: Some(colorterm),
        term: Some(term),
    }
}

#[test]
fn the_environment_decides_the_depth() {
    let cases = [
        ("", "truecolor", "xterm-256color", Depth::True),
        ("", "", "xterm-256color", Depth::Ansi256),
        ("", "", "xterm-kitty", Depth::True),
        ("", "", "tmux-256color", Depth::Ansi256),
        ("", "24bit", "tmux-256color", Depth::True),
        ("", "truecolor", "screen.xterm-256color", Depth::Ansi256),
        ("", "", "linux", Depth::Ansi16),
        ("", "", "xterm-direct", Depth::True),
        ("", "truecolor", "dumb", Depth::Mono),
        ("", "", "", Depth::Mono),
        ("1", "truecolor", "xterm-kitty", Depth::Mono),
    ];
    for (no_color, colorterm, term, depth) in cases {
        let given = hints(no_color, colorterm, term);
        assert_eq!(detect(Choice::Auto, given), depth, "{given:?}");
    }
}

#[test]
fn a_flag_beats_no_color() {
    let given = hints("1", "", "dumb");
    let choice = Choice::Fixed(Depth::Ansi256);
    assert_eq!(detect(choice, given), Depth::Ansi256);
}

#[test]
fn colours_of_the_cube_are_found_again() {
    for index in 16..=255 {
        let found = nearest_256(palette(index));
        assert_eq!(palette(found), palette(index), "{index}");
    }
}

#[test]
fn no_other_entry_is_nearer() {
    for step in 0..4096_u32 {
        let rgb = [step >> 8, step >> 4 & 15, step & 15].map(|part| part as u8 * 17);
        let found = distance(rgb, palette(nearest_256(rgb)));
        let best = (16..=255).map(|index| distance(rgb, palette(index))).min();
        // The cube level is found channel by channel, the grey by the mean: never worse than a step.
        assert!(
            found <= best.unwrap() + 120,
            "{rgb:?}: {found} against {best:?}"
        );
    }
}

#[test]
fn sixteen_colours_keep_the_hue() {
    let cases = [
        ([0xcc, 0x66, 0x66], Color::Red),
        ([0xb5, 0xbd, 0x68], Color::Green),
        ([0xf0, 0xc6, 0x74], Color::Yellow),
        ([0x81, 0xa2, 0xbe], Color::Blue),
        ([0xb2, 0x94, 0xbb], Color::Magenta),
        ([0x8a, 0xbe, 0xb7], Color::Cyan),
        ([0xc5, 0xc8, 0xc6], Color::Gray),
        ([0x96, 0x98, 0x96], Color::DarkGray),
        ([0x1d, 0x1f, 0x21], Color::Black),
        ([0xff, 0xff, 0xff], Color::White),
        ([0xf1, 0xfa, 0x8c], Color::Yellow),
        ([0x50, 0xfa, 0x7b], Color::Green),
    ];
    let mut lower = Lower::new(Depth::Ansi16);
    for ([r, g, b], named) in cases {
        assert_eq!(lower.color(Color::Rgb(r, g, b)), named, "{r:x}{g:x}{b:x}");
    }
}

#[test]
fn each_depth_lowers_only_what_it_must() {
    let rgb = Color::Rgb(255, 0, 0);
    let lowered = |depth| {
        let mut lower = Lower::new(depth);
        [Color::Reset, Color::Red, Color::Indexed(196), rgb].map(|color| lower.color(color))
    };
    assert_eq!(lowered(Depth::Mono), [Color::Reset; 4]);
    assert_eq!(
        lowered(Depth::Ansi16),
        [Color::Reset, Color::Red, Color::Red, Color::Red]
    );
    let cube = Color::Indexed(196);
    assert_eq!(
        lowered(Depth::Ansi256),
        [Color::Reset, Color::Red, cube, cube]
    );
    assert_eq!(lowered(Depth::True), [Color::Reset, Color::Red, cube, rgb]);
}
