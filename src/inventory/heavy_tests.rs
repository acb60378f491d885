//! Files made to take long, or much memory: refused, and soon.

use super::{bad::refused, good};

/// Files made to take long, or much memory.
fn attacks() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let bomb = (1..=9).fold(String::from("x0: &x0 [a]\n"), |text, level| {
        let alias = format!("*x{}, ", level - 1).repeat(9);
        format!("{text}x{level}: &x{level} [{alias}]\n")
    });
    let first = format!("hosts: {{a: {{daemons: &d [{}]}}, ", "nginx, ".repeat(2000));
    let more = (0..4000).map(|host| format!("b{host}: {{daemons: *d}}, "));
    let quadratic = format!("{first}{}}}", more.collect::<String>());
    vec![
        ("bomb", bomb.into(), "hosts.yaml:1:1: unknown key `x0`"),
        ("quadratic aliases", quadratic.into(), "too many values"),
        (
            "flow depth",
            vec![b'['; 1 << 20],
            "hosts.yaml:1:101: more than 100 brackets",
        ),
        (
            "block depth",
            b"- ".repeat(1 << 19),
            "hosts.yaml:1:1: the line is indented",
        ),
        (
            "flow maps",
            b"{a: ".repeat(1 << 18),
            "hosts.yaml:1:401: more than 100 brackets",
        ),
        (
            "recursive",
            b"hosts: &h {a: *h}".into(),
            "hosts.yaml:1:12: unknown key `a`",
        ),
        (
            "no text",
            b"hosts: {a\xff: {}}".into(),
            "hosts.yaml:1:10: the file is not UTF-8",
        ),
        (
            "zero",
            b"hosts: {a\0: {}}".into(),
            "hosts.yaml:1:10: the control character U+0000",
        ),
        (
            "set",
            b"hosts: {\"n[0-999999999]\": {}}".into(),
            "hosts.yaml:1:10: this is more than",
        ),
        (
            "sets",
            b"hosts: {\"n[1-90000]\": {}, \"m[1-90000]\": {}}".into(),
            "hosts.yaml:1:28: the file names more",
        ),
    ]
}

/// Brackets that nest, beside signs that are none though they look like it.
fn deep_ones() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    vec![
        (
            "depth behind what looks like a comment",
            [&b"hosts: {\"a #\": "[..], &[b'['; 20_000]].concat(),
            "hosts.yaml:1:115: more than 100 brackets",
        ),
        (
            "depth with brackets in quotes",
            [&b"hosts: "[..], &b"[ ']', ".repeat(10_000)].concat(),
            "hosts.yaml:1:708: more than 100 brackets",
        ),
    ]
}

#[test]
fn brackets_in_texts_and_comments_nest_nothing() {
    let open = "[".repeat(300);
    for text in [
        format!("# {open}\nhosts: {{a: {{}}}}\n"),
        format!("#{open}\nhosts: {{a: {{}}}}\t#{open}\n"),
        format!("hosts: {{a: {{prelude: 'x {open}', proxy_command: \"y\\\" {open}\"}}}}\n"),
        format!("hosts:\n  a:\n    prelude: it's {open}\n      # {open}\n"),
        format!("hosts:\n  a:\n    prelude: |\n      \"{open}\n\n       # '{open}\n  b: {{}}\n"),
    ] {
        good(&text);
    }
}

/// Files whose length alone is the attack.
fn long_ones() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let groups = (0..20_000).fold(String::from("hosts: {a: {}}\ngroups:\n"), |text, group| {
        text + &format!("  g{group}: {{hosts: \"@g{}\"}}\n", group + 1)
    });
    let long = "x".repeat(1 << 18);
    vec![
        (
            "groups",
            groups.into(),
            "hosts.yaml:35:3: groups name each other more than 32 deep",
        ),
        (
            "long name",
            format!("groups: {{g: {{hosts: {long}}}}}\nhosts: {{\"n[1-2000]\": {{}}}}").into(),
            "hosts.yaml:1:21: group `g` names the unknown host",
        ),
        (
            "long word",
            format!("defaults: {{sudo: {long}}}\nhosts: {{a: {{}}}}").into(),
            "hosts.yaml:1:18: `xxx",
        ),
    ]
}

#[test]
fn files_that_attack_are_refused() {
    for (what, bytes, expected) in [attacks(), deep_ones(), long_ones()].concat() {
        let error = refused(&bytes);
        assert!(
            error.short().contains(expected),
            "{what}: {}",
            error.short()
        );
        assert!(error.to_string().len() < 2000, "{what}");
    }
}

/// Written in some KB: the reading ends at the limit, not with the memory.
#[test]
fn few_lines_that_stand_for_too_much_are_refused() {
    let daemons: Vec<String> = (0..2000).map(|n| format!("d{n}")).collect();
    let daemons = daemons.join(", ");
    let text = format!("hosts:\n  \"n[0-99999]\": {{daemons: [{daemons}]}}\n");
    let error = refused(text.as_bytes());
    assert_eq!(error.position().map(|(line, _)| line), Some(2));
    assert!(error.to_string().contains("at most 256 daemons"), "{error}");
    let long = "x".repeat(10_000);
    let text = format!("defaults: {{prelude: {long}}}\nhosts: {{\"n[0-99999]\": {{}}}}\n");
    let error = refused(text.as_bytes());
    assert_eq!(error.position(), Some((2, 10)), "{error}");
    // After the first: nobody waits for some thousands of copies to be made.
    let said = "the settings of 100000 hosts like `n0` come to more than 256 MiB";
    assert!(error.to_string().contains(said), "{error}");
    let daemons: Vec<String> = (0..256).map(|n| format!("d{n}")).collect();
    let daemons = daemons.join(", ");
    for text in [
        format!("hosts: {{\"n[0-99999]\": {{daemons: [{daemons}]}}}}\n"),
        format!(
            "hosts: {{\"n[0-99999]\": {{}}}}\ngroups: {{g: {{hosts: \"n*\", daemons: [{daemons}]}}}}\n"
        ),
    ] {
        let error = refused(text.as_bytes());
        assert!(error.to_string().contains(said), "{error}");
    }
    let keys: Vec<String> = (0..101).map(|n| format!("k{n}")).collect();
    let keys = keys.join(", ");
    let error = refused(format!("hosts: {{a: {{identity: [{keys}]}}}}\n").as_bytes());
    assert!(
        error.to_string().contains("at most 100 key files"),
        "{error}"
    );
    assert_eq!(error.position(), Some((1, keys.len() + 20)), "{error}");
    let groups: String = (0..200).fold(String::new(), |text, n| {
        text + &format!("  g{n}: {{hosts: \"n[0-99999]\"}}\n")
    });
    let text = format!("hosts: {{\"n[0-99999]\": {{}}}}\ngroups:\n{groups}");
    let error = refused(text.as_bytes());
    assert_eq!(error.position(), Some((102 + 1, 3)), "{error}");
    assert!(error.to_string().contains("10000000 members"), "{error}");
}

/// Where each host is behind the one before it, dropping the last would end in the first one's destructor, level by level.
#[test]
fn bastions_behind_each_other_are_counted_in_either_order() {
    let hosts = |names: &mut dyn Iterator<Item = usize>| -> String {
        names.fold(String::new(), |text, n| {
            text + &format!("  n{n}: {{jump: n{}}}\n", n + 1)
        })
    };
    for (hosts, line) in [(hosts(&mut (0..40)), 2), (hosts(&mut (0..40).rev()), 18)] {
        let error = refused(format!("hosts:\n{hosts}  n40: {{}}\n").as_bytes());
        assert_eq!(error.position(), Some((line, 3)), "{error}");
        let said = "more than 16 bastions stand behind each other: n";
        assert!(error.to_string().contains(said), "{error}");
    }
    let hosts = hosts(&mut (0..16));
    assert_eq!(
        good(&format!("hosts:\n{hosts}  n16: {{}}\n")).nodes.len(),
        17
    );
}
