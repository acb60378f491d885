use proptest::prelude::*;

use super::*;

fn mask() -> Mask {
    let mut first = Node::blank("gpu07");
    first.address = "gpu07.cluster.local".to_owned();
    let mut second = Node::blank("db.example.org");
    second.address = "fe80::7".to_owned();
    Mask::new([&first, &second])
}

fn hidden(node: &str, text: &str) -> String {
    let bytes = mask().hide(&NodeId::new(node), text.as_bytes());
    String::from_utf8(bytes).unwrap()
}

#[test]
fn own_names_and_addresses_are_the_host() {
    for (text, wanted) in [
        ("gpu07", "<host>"),
        ("GPU07 up", "<host> up"),
        ("root@gpu07:~#", "root@<host>:~#"),
        ("gpu07.cluster.local", "<host>"),
        ("gpu07.other.net gpu07-ib0", "<host>.other.net <host>-ib0"),
        ("gpu070 xgpu07 gpu08", "gpu070 xgpu07 gpu08"),
        ("<gpu07>", "<<host>>"),
    ] {
        assert_eq!(hidden("gpu07", text), wanted, "{text}");
    }
    assert_eq!(
        hidden("db.example.org", "db DB.example.org fe80::7"),
        "<host> <host> <host>"
    );
    assert_eq!(
        hidden("nobody", "gpu07"),
        "gpu07",
        "another node's names are shown"
    );
}

#[test]
fn values_are_hidden_by_kind() {
    for (text, wanted) in [
        ("10.1.2.3:22 192.168.0.1/24.", "<ip>:<num> <ip>/<num>."),
        (
            "inet6 fe80::1%eth0 ::1 2001:db8::a:1/64",
            "inet6 <ip>%eth0 <ip> <ip>/<num>",
        ),
        ("300.1.2.3 std::vector a::b", "<num> std::vector a::b"),
        ("00:1a:2B:3c:4d:5e 00-1a-2b-3c-4d-5e", "<mac> <mac>"),
        ("80:00:02:08:fe:80:00:00:00:00", "<mac>"),
        ("id 123e4567-e89b-12d3-a456-426614174000.", "id <uuid>."),
        ("2026-11-21T18:46:04.123456Z x", "<time> x"),
        ("2026-11-21 18:46:04,123 +0100", "<time>"),
        ("Sat Nov 21 18:46:04 UTC 2026", "<time>"),
        ("Nov  5 18:46:04 kernel", "<time> kernel"),
        ("Sat Nov 21 06:46:04 PM CET 2026", "<time>"),
        (" 18:46:04 up 3:23,  1 user", "<time> up <time>, <num> user"),
        (
            "0x7fff 1,024.50 1.2.3 12ms 85% 1e9",
            "<num> <num> <num> <num>ms <num>% <num>e9",
        ),
        (
            "a1b2c3d deadbeef cafe12 v1 sha256 eth0",
            "<num> deadbeef <num> v1 sha256 eth0",
        ),
        ("Monday Nova 5", "Monday Nova <num>"),
        ("pid=17 (42) -3", "pid=<num> (<num>) -<num>"),
    ] {
        assert_eq!(hidden("gpu07", text), wanted, "{text}");
    }
}

#[test]
fn columns_that_move_with_a_number_are_alike() {
    let short = hidden("gpu07", "Mem:     5 100\n  7 lines\nplain   text\n");
    let long = hidden("gpu07", "Mem: 12345   1\n117 lines\nplain   text\n");
    assert_eq!(short, "Mem: <num> <num>\n<num> lines\nplain   text\n");
    assert_eq!(short, long);
}

#[test]
fn what_hangs_on_an_address_is_hidden_in_one_pass() {
    for (text, wanted) in [
        ("::a0.2026-01-02", "<ip>.<time>"),
        ("::a0:99999", "<ip>:<num>"),
        ("fe80::1.", "<ip>."),
        (
            "aa-bb-cc-dd-ee-ff:99999 00:1a:2b:3c:4d:5e.",
            "<mac>:<num> <mac>.",
        ),
    ] {
        let once = hidden("gpu07", text);
        assert_eq!(once, wanted, "{text}");
        assert_eq!(hidden("gpu07", &once), once, "{text}");
    }
}

#[test]
fn a_long_row_of_colons_takes_no_longer_than_other_text() {
    let masked = hidden("gpu07", &"1:".repeat(1 << 19));
    assert!(masked.starts_with("<ip>:<ip>:"));
}

proptest! {
    #[test]
    fn masking_twice_is_masking_once(text in "([0-9a-f:.-]{0,8}|[ \t\n]{1,3}|gpu07|db|fe80::7|<(num|host|ip|time)>|Sat |Nov|  5 12:30:01|[<>a-zé_%+]{1,2}|20:15|2026-01-02|[ -~]){0,14}") {
        for node in ["gpu07", "db.example.org", "nobody"] {
            let once = hidden(node, &text);
            prop_assert_eq!(hidden(node, &once), once);
        }
    }

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let node = NodeId::new("gpu07");
        let once = mask().hide(&node, &bytes);
        prop_assert_eq!(mask().hide(&node, &once), once);
    }

    #[test]
    fn a_text_without_values_is_untouched(text in "[g-z ,;()!\n]{0,60}") {
        prop_assert_eq!(hidden("nobody", &text), text);
    }

    #[test]
    fn numbers_never_make_a_difference(a: u32, b: u32) {
        let text = |n: u32| hidden("gpu07", &format!("{n:>12} of {n:<9} {n:#x} at 10.0.0.{} in {n}ms\n", n % 256));
        prop_assert_eq!(text(a), text(b));
    }
}
