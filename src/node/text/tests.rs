//! Unit and property tests of the sanitiser.

use proptest::prelude::*;
use unicode_width::UnicodeWidthChar;

use super::*;

fn safe(text: &str) -> String {
    SafeText::from(text).as_str().into()
}

#[test]
fn escape_sequences_go_whole() {
    for (text, expected) in [
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("a\x1b[2J\x1b[1;1Hb\x1bcc", "abc"),
        ("a\x1b]52;c;ZXZpbA==\x07b", "ab"),
        ("a\x1b]0;title\x1b\\b", "ab"),
        ("a\u{9d}0;title\u{9c}b\u{9b}31mc", "abc"),
        (
            "a\x1bPq#0;2\x1b\\b\x1b_apc\x1b\\c\x1b^pm\x1b\\d\x1bXsos\x1b\\e",
            "abcde",
        ),
        ("a\x1bPx\x07y\x1b\\b", "ab"),
        ("a\x1b(0b\x1b#8c\x1b7d\x1b=e", "abcde"),
        ("a\x1b[31\u{18}b\x1b[3\u{e9}", "ab\u{e9}"),
        ("a\x1b[3\x071mb", "ab"),
        ("a\x1b]0;never ends", "a"),
        ("a\x1b", "a"),
        ("a\x1b[", "a"),
        ("a\x1b\x1b[31mb", "ab"),
    ] {
        assert_eq!(safe(text), expected, "{text:?}");
    }
}

#[test]
fn an_endless_sequence_hides_four_kibibytes_at_most() {
    let text = format!("\x1b]0;{}", "x".repeat(5000));
    assert_eq!(safe(&text).len(), 5000 + 2 - 4096);
    let text = format!("\x1b[{}", "1;".repeat(5000));
    assert_eq!(safe(&text).len(), 10_000 - 4096);
}

#[test]
fn lines_and_tabs_become_blanks() {
    assert_eq!(safe("\n a\r\nb\u{2028}\u{85}c\x0bd\n"), " a b c d");
    assert_eq!(safe("a\tb\t\u{4e2d}\tc"), "a       b       \u{4e2d}      c");
    assert_eq!(safe("50%\r100%\r"), "50% 100%");
}

#[test]
fn what_hides_or_reorders_goes() {
    let hidden =
        "\u{202e}\u{2066}\u{200f}\u{61c}\u{200b}\u{feff}\u{ad}\u{e0041}\u{2060}\0\x08\x7f\u{80}";
    assert_eq!(safe(&format!("a{hidden}b")), "ab");
    let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
    assert_eq!(safe(family), family);
    assert_eq!(safe("e\u{301}\u{65e5}\u{fe0f}"), "e\u{301}\u{65e5}\u{fe0f}");
}

#[test]
fn a_character_carries_eight_marks_at_most() {
    assert_eq!(
        safe(&format!("a{}b", "\u{301}".repeat(200)))
            .chars()
            .count(),
        10
    );
    let chained = "\u{1f468}\u{200d}".repeat(50);
    let joiners = safe(&chained).matches('\u{200d}').count();
    assert_eq!(
        joiners,
        50 - 50 / 9,
        "the ninth of a chain goes, so that a cell stays bounded"
    );
}

#[test]
fn bytes_that_are_not_text_show() {
    assert_eq!(
        SafeText::from(&b"a\xff\xc0\x80b"[..]).as_str(),
        "a\u{fffd}\u{fffd}\u{fffd}b"
    );
    assert_eq!(SafeText::from(&b"plain"[..]).as_str(), "plain");
}

#[test]
fn long_lines_are_cut_with_a_mark() {
    assert_eq!(SafeText::line("abcdef", 4).as_str(), "abc\u{2026}");
    assert_eq!(SafeText::line("abcd\n", 4).as_str(), "abcd");
    assert_eq!(
        SafeText::line("\u{e9}\u{e8}\u{ea}", 2).as_str(),
        "\u{e9}\u{2026}"
    );
    assert_eq!(SafeText::line("abc", 0).as_str(), "");
    assert_eq!(safe(&"x".repeat(MAX_CHARS + 1)).chars().count(), MAX_CHARS);
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,8}",
        ".{0,4}",
        "[\\x00-\\x1f\u{7f}-\u{9f}]{1,3}",
        "\x1b[\\[\\]P^_X()#]?[0-9;?]{0,4}[a-zA-Z\\\\]?",
        "[\u{300}\u{200d}\u{200b}\u{202e}\u{2028}\u{fe0f}\u{1f468}\u{ad}]{1,12}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_forbidden_is_left(text in hostile(), max in 0_usize..60) {
        for clean in [safe(&text), SafeText::line(&text, max).as_str().into()] {
            let is_bad = |c: char| c.is_control() || is_dropped(c) || matches!(c, '\u{2028}' | '\u{2029}');
            prop_assert!(!clean.contains(is_bad), "{clean:?}");
            let marks = clean.split(|c: char| c.width().unwrap_or(0) > 0).map(|run| run.chars().count()).max();
            prop_assert!(marks.unwrap_or(0) <= MAX_MARKS);
            prop_assert!(clean.chars().count() <= text.chars().count() * TAB);
        }
    }

    #[test]
    fn cleaning_twice_changes_nothing(text in hostile(), max in 0_usize..60) {
        let once = safe(&text);
        prop_assert_eq!(&safe(&once), &once);
        let line = SafeText::line(&text, max);
        prop_assert!(line.as_str().chars().count() <= max);
        prop_assert_eq!(SafeText::line(line.as_str(), max), line);
    }

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(!SafeText::from(&bytes[..]).as_str().contains(char::is_control));
    }
}
