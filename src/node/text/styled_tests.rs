//! Unit and property tests of styled lines.

use proptest::prelude::*;

use super::*;

fn line(text: &str) -> Styled {
    Styled::line(text.as_bytes(), &mut Style::default())
}

fn shown(text: &str) -> String {
    line(text).text().as_str().to_owned()
}

fn ansi(styled: &Styled) -> String {
    let mut out = String::new();
    styled.write_ansi(&mut out, true);
    out
}

/// The terminal's form of a line without the sequences that this module writes.
fn without_sgr(mut text: &str) -> String {
    let mut plain = String::new();
    while let Some((before, after)) = text.split_once("\x1b[") {
        plain.push_str(before);
        let end = after.find(|c: char| !(c.is_ascii_digit() || c == ';'));
        let rest = end.and_then(|end| after.get(end..));
        text = rest
            .and_then(|rest| rest.strip_prefix('m'))
            .expect("an SGR");
    }
    plain + text
}

#[test]
fn colours_and_effects_become_spans() {
    let styled = line("a\x1b[1;31mred\x1b[0;4mline\x1b[m b");
    let spans: Vec<_> = styled.spans().collect();
    let red = Style {
        fg: Some(Colour::Ansi(1)),
        bg: None,
        effects: Effects::NONE.with(Effect::Bold),
    };
    let under = Style {
        effects: Effects::NONE.with(Effect::Underline),
        ..Style::default()
    };
    let default = Style::default();
    let expected = [
        ("a", default),
        ("red", red),
        ("line", under),
        (" b", default),
    ];
    assert_eq!(spans, expected);
    assert_eq!(ansi(&styled), "a\x1b[0;1;31mred\x1b[0;4mline\x1b[0m b");
    let mut plain = String::new();
    styled.write_ansi(&mut plain, false);
    assert_eq!(plain, "aredline b");
}

#[test]
fn every_kind_of_colour_is_read() {
    for (parameters, written) in [
        ("38;5;196", "0;38;5;196"),
        ("48;2;1;2;3", "0;48;2;1;2;3"),
        ("38:5:196", "0;38;5;196"),
        ("38:2::1:2:3", "0;38;2;1;2;3"),
        ("38:2:1:2:3", "0;38;2;1;2;3"),
        ("97;104", "0;97;104"),
        ("3;7;2", "0;2;3;7"),
        ("1;22;3;23;4;24;7;27;31;39;41;49", "0"),
        ("1;0;32", "0;32"),
        ("4:3", "0;4"),
        ("4;4:0", "0"),
        ("58;5;1;32", "0;32"),
        ("5;8;9;53", "0"),
        ("38;5", "0"),
        ("38;5;999;1", "0;1"),
        ("38;9;1", "0;1"),
        ("999;1", "0;1"),
        (";1", "0;1"),
        ("1;", "0"),
    ] {
        let styled = line(&format!("\x1b[{parameters}mx"));
        let expected = if written == "0" {
            "x".to_owned()
        } else {
            format!("\x1b[{written}mx\x1b[0m")
        };
        assert_eq!(ansi(&styled), expected, "{parameters}");
    }
}

#[test]
fn other_sequences_go_whole() {
    for (text, expected) in [
        ("a\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\b", "alinkb"),
        ("a\x1b]52;c;ZXZpbA==\x07b\x1b]0;title\u{9c}c", "abc"),
        (
            "a\x1bPq\x1b\\b\x1b_x\x1b\\c\x1b^x\x1b\\d\x1bXx\x1b\\e",
            "abcde",
        ),
        ("a\x1b[2J\x1b[1;1Hb\x1bcc\x1b[6nd", "abcd"),
        ("a\x1b[?1049hb\x1b[31;?mc\x1b[3\x071md", "abcd"),
        ("a\u{9b}2Jb\u{90}x\u{9c}c", "abc"),
        ("a\u{202e}b\u{200b}\u{feff}c\0\x7f\u{80}\x07", "abc"),
        ("a\x1b[", "a"),
        ("a\x1b]0;never ends", "a"),
    ] {
        assert_eq!(ansi(&line(text)), expected, "{text:?}");
    }
    let bytes = b"a\x9b31mb\xff\xc0\x80c";
    let styled = Styled::line(bytes, &mut Style::default());
    assert_eq!(ansi(&styled), "a\u{fffd}31mb\u{fffd}\u{fffd}\u{fffd}c");
}

#[test]
fn the_last_state_of_a_progress_bar_stays() {
    for (text, expected) in [
        ("10%\r50%\r100%", "100%"),
        ("100%\r5%", "5%0%"),
        ("downloading\r\x1b[Kdone", "done"),
        ("downloading\x1b[2K\rdone", "done"),
        ("downloading\rdone\x1b[0K", "done"),
        ("a line\r", "a line"),
        ("abc\x08\x08X", "aXc"),
        ("\x08\x08a", "a"),
        ("|\x08/\x08-\x08\\", "\\"),
        ("a\tb\r\tX", "a       X"),
        ("\u{65e5}\u{672c}\rx", "x \u{672c}"),
        ("\u{65e5}\rxy", "xy"),
        ("ab\r\u{65e5}", "\u{65e5}"),
        ("a\u{65e5}\x08x", "a x"),
        ("abc\r\u{301}x", "xbc"),
        ("one\r\ntwo", "one two"),
    ] {
        assert_eq!(shown(text), expected, "{text:?}");
    }
}

#[test]
fn a_progress_bar_keeps_the_colours_of_what_is_seen() {
    let styled = line("\x1b[31mxxxx\r\x1b[32myy");
    assert_eq!(ansi(&styled), "\x1b[0;32myy\x1b[0;31mxx\x1b[0m");
}

#[test]
fn overstrikes_are_bold_and_underlined() {
    assert_eq!(ansi(&line("b\x08bo")), "\x1b[0;1mb\x1b[0mo");
    assert_eq!(ansi(&line("_\x08u")), "\x1b[0;4mu\x1b[0m");
    assert_eq!(ansi(&line("u\x08_")), "\x1b[0;4mu\x1b[0m");
    assert_eq!(
        ansi(&line("10\x08\x0810")),
        "10",
        "a counter is no headline"
    );
}

#[test]
fn the_pen_goes_from_line_to_line() {
    let mut pen = Style::default();
    let first = Styled::line(b"\x1b[33mone", &mut pen);
    let second = Styled::line(b"two", &mut pen);
    let third = Styled::line(b"\x1b[0mthree", &mut pen);
    assert_eq!(ansi(&first), "\x1b[0;33mone\x1b[0m");
    assert_eq!(ansi(&second), "\x1b[0;33mtwo\x1b[0m");
    assert_eq!(ansi(&third), "three");
    assert!(pen.is_default());
}

#[test]
fn long_lines_are_cut_with_a_mark() {
    let full = line(&"x".repeat(MAX_CHARS));
    assert!(!full.text().as_str().ends_with('…'));
    for text in [
        "x".repeat(MAX_CHARS + 1),
        "\t".repeat(MAX_CHARS),
        "日".repeat(MAX_CHARS),
    ] {
        let cut = shown(&text);
        assert!(cut.ends_with('…') && cut.chars().count() <= MAX_CHARS);
        assert_eq!(shown(&cut), cut);
    }
    assert_eq!(
        ansi(&line("\x1b[31mab").with_mark()),
        "\x1b[0;31mab\x1b[0m…"
    );
    assert_eq!(ansi(&line("ab").with_mark()), "ab…");
    assert_eq!(ansi(&Styled::default().with_mark()), "…");
}

#[test]
fn an_endless_sequence_hides_four_kibibytes_at_most() {
    let text = format!("\x1b]0;{}", "x".repeat(5000));
    assert_eq!(shown(&text).len(), 5000 + 2 - 4096);
}

/// Each would take minutes if a sequence cost more than its own bytes.
#[test]
fn no_input_takes_more_than_its_length() {
    for piece in [
        "x",
        "日",
        "\x1b[1;31mx",
        "\x1b[2Kx",
        "\r\x1b[Kx",
        "\x08x",
        "x\x08",
        "\r",
        "\u{301}",
        "a\u{200d}",
        "\x1b]",
        "\t",
        "\x1b[",
        "\u{9d}",
        "\r\tx\x1b[K",
        "_\x08x",
        "\u{202e}",
        "\x1b[1;",
    ] {
        let start = "y".repeat(30_000);
        let text = start + &piece.repeat(1_000_000 / piece.len());
        assert!(shown(&text).chars().count() <= MAX_CHARS * 2, "{piece:?}");
    }
}

fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        "\\PC{0,8}",
        ".{0,4}",
        "[ -~]{0,8}",
        "[\\x00-\\x1f\u{7f}-\u{9f}]{1,3}",
        "[\r\t\x08\n]{1,3}",
        "\x1b[\\[\\]P^_X()#]?[0-9;:?]{0,6}[a-zA-Z\\\\]?",
        "\x1b\\[[0-9;:]{0,8}m",
        "\x1b\\[[012]?K",
        "[\u{300}\u{200d}\u{200b}\u{202e}\u{2028}\u{fe0f}\u{1f468}\u{ad}\u{65e5}]{1,12}",
    ]
    .prop_map(String::into_bytes);
    let piece = prop_oneof![8 => text, 1 => prop::collection::vec(any::<u8>(), 0..6)];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn pen() -> impl Strategy<Value = Style> {
    "[0-9;]{0,12}".prop_map(|parameters| {
        let mut pen = Style::default();
        pen.apply(&parameters);
        pen
    })
}

proptest! {
    #[test]
    fn nothing_but_our_own_sequences_is_left(bytes in hostile(), mut pen in pen()) {
        let styled = Styled::line(&bytes, &mut pen);
        let written = ansi(&styled);
        let plain = without_sgr(&written);
        let is_bad = |c: char| c.is_control() || is_dropped(c) || matches!(c, '\u{2028}' | '\u{2029}');
        prop_assert!(!plain.contains(is_bad), "{plain:?}");
        prop_assert_eq!(&plain, styled.text().as_str());
        prop_assert_eq!(SafeText::from(plain.as_str()), styled.text().clone());
        prop_assert!(!written.contains('\x1b') || written.ends_with("\x1b[0m") || styled.spans().last().unwrap().1.is_default());
        prop_assert_eq!(styled.spans().map(|(text, _)| text).collect::<String>(), plain);
    }

    #[test]
    fn cleaning_twice_changes_nothing(bytes in hostile(), mut start in pen()) {
        let once = Styled::line(&bytes, &mut start);
        let mut pen = Style::default();
        let twice = Styled::line(ansi(&once).as_bytes(), &mut pen);
        prop_assert_eq!(twice, once);
        prop_assert!(pen.is_default());
    }

    #[test]
    fn without_movement_it_is_the_safe_text(bytes in hostile()) {
        // A mark without a character before it, and a joiner without one after it, are not kept.
        let text = "x".to_owned() + &String::from_utf8_lossy(&bytes).replace(['\r', '\x08', 'K'], "");
        let safe = SafeText::from(text.as_str());
        prop_assert_eq!(shown(&text), safe.as_str().trim_end_matches('\u{200d}'));
    }

    #[test]
    fn clean_text_survives(text in "[ -~\u{e0}-\u{ff}\u{65e5}\u{672c}]{0,60}") {
        prop_assert_eq!(shown(&text), text);
    }

    #[test]
    fn a_style_is_read_back(mut pen in pen()) {
        let style = pen;
        let styled = Styled::line(b"x", &mut pen);
        let again = line(&ansi(&styled));
        prop_assert_eq!(again.spans().next().unwrap().1, style);
    }
}
