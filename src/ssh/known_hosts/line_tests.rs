//! Lines of `known_hosts` in every form that files in the field have.

use proptest::prelude::*;

use super::*;

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";

fn line(text: &str) -> Line<'_> {
    Line::cut(text.as_bytes()).unwrap().unwrap()
}

fn names(hosts: &str, host: &str) -> bool {
    line(&format!("{hosts} {KEY}")).names(host)
}

#[test]
fn patterns_match_as_in_ssh() {
    assert!(names("web1", "web1"));
    assert!(names("WEB1", "web1"));
    assert!(names("other,web1", "web1"));
    assert!(names("web?", "web1"));
    assert!(names("*.example.net", "a.example.net"));
    assert!(names("*", "anything"));
    assert!(names("[web1]:2222", "[web1]:2222"));
    assert!(names("[*.example.net]:999", "[a.example.net]:999"));
    assert!(!names("web1", "web10"));
    assert!(!names("web?", "web"));
    assert!(!names("*.example.net,!bad.example.net", "bad.example.net"));
    assert!(names("*.example.net,!bad.example.net", "good.example.net"));
    assert!(!names("!web1", "web2"));
}

#[test]
fn hashed_names_match() {
    // The example of sshd(8).
    let salt = "F1E1KeoE/eEWhi10WpGv4OdiO6Y=";
    let hash = "3988QV0VE8wmZL7suNrYQLITLCg=";
    assert!(names(&format!("|1|{salt}|{hash}"), "192.168.1.61"));
    assert!(!names(&format!("|1|{salt}|{hash}"), "192.168.1.62"));
    assert!(!names(
        &format!("|1|{salt}|{hash},192.168.1.61"),
        "192.168.1.61"
    ));
    assert!(!names("|1|!|!", "192.168.1.61"));
}

#[test]
fn markers_tabs_and_carriage_returns_are_read() {
    let text = format!("  @revoked\tweb1 \t {KEY}\r");
    let revoked = line(&text);
    assert_eq!(revoked.marker, Marker::Revoked);
    assert!(revoked.names("web1"));
    assert_eq!(revoked.key().unwrap().algorithm, "ssh-ed25519");
    let text = format!("@cert-authority *.example.net {KEY} ca");
    assert_eq!(line(&text).marker, Marker::Authority);
}

#[test]
fn comments_may_hold_any_bytes() {
    let mut bytes = format!("web1 {KEY} ").into_bytes();
    bytes.extend_from_slice(&[0xff, 0xfe, b' ', 0x80]);
    let line = Line::cut(&bytes).unwrap().unwrap();
    assert!(line.names("web1"));
    assert_eq!(line.key().unwrap().blob.len(), 51);
}

#[test]
fn broken_lines_are_told_apart_from_empty_ones() {
    for empty in ["", "   ", "# web1 ssh-ed25519 x", "\t# x", "\r"] {
        assert_eq!(Line::cut(empty.as_bytes()), None, "{empty:?}");
    }
    for broken in [
        "web1",
        "@nonsense web1 k k",
        "@revoked @revoked a b",
        "web1 # x",
    ] {
        assert_eq!(
            Line::cut(broken.as_bytes()),
            Some(Err(Malformed)),
            "{broken:?}"
        );
    }
    assert!(line("web1 ssh-ed25519 ?!").key().is_err());
    let (_, blob) = KEY.split_once(' ').unwrap();
    assert!(line(&format!("web1 ssh-rsa {blob}")).key().is_err());
}

/// The textbook definition, exponential and obviously right.
fn slow_match(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            slow_match(rest, text)
                || text
                    .split_first()
                    .is_some_and(|(_, tail)| slow_match(pattern, tail))
        }
        (Some((b'?', rest)), Some((_, tail))) => slow_match(rest, tail),
        (Some((p, rest)), Some((t, tail))) if p == t => slow_match(rest, tail),
        _ => false,
    }
}

proptest! {
    #[test]
    fn fast_match_is_the_textbook_match(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
        let fast = matches_pattern(pattern.as_bytes(), text.as_bytes());
        prop_assert_eq!(fast, slow_match(pattern.as_bytes(), text.as_bytes()));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        if let Some(Ok(line)) = Line::cut(&bytes) {
            let _ = (line.names("web1"), line.key());
        }
    }
}
