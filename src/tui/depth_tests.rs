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
        ([0xcc, 0x66, 0x66], 1),
        ([0xb5, 0xbd, 0x68], 2),
        ([0xf0, 0xc6, 0x74], 3),
        ([0x81, 0xa2, 0xbe], 4),
        ([0xb2, 0x94, 0xbb], 5),
        ([0x8a, 0xbe, 0xb7], 6),
        ([0xc5, 0xc8, 0xc6], 7),
        ([0x96, 0x98, 0x96], 8),
        ([0x1d, 0x1f, 0x21], 0),
        ([0xff, 0xff, 0xff], 15),
        ([0xf1, 0xfa, 0x8c], 3),
        ([0x50, 0xfa, 0x7b], 2),
    ];
    for (rgb, number) in cases {
        let found = Ink::rgb(rgb).lower(Depth::Ansi16);
        assert_eq!(found, Ink::ansi(number), "{rgb:x?}");
    }
}

#[test]
fn each_depth_lowers_only_what_it_must() {
    let lowered = |depth| {
        [
            Color::Reset,
            Color::LightRed,
            Color::Indexed(196),
            Color::Rgb(255, 0, 0),
        ]
        .map(|color| Ink::from(color).lower(depth))
    };
    let (own, light, red) = (Ink::OWN, Ink::ansi(9), Ink::ansi(1));
    let (cube, rgb) = (Ink::index(196), Ink::rgb([255, 0, 0]));
    assert_eq!(lowered(Depth::Mono), [own; 4]);
    assert_eq!(lowered(Depth::Ansi16), [own, light, red, red]);
    assert_eq!(lowered(Depth::Ansi256), [own, light, cube, cube]);
    assert_eq!(lowered(Depth::True), [own, light, cube, rgb]);
}
