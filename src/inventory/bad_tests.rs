//! Files that are refused: a table with the exact message of each.

use std::{
    fmt::Write as _,
    io::Write as _,
    os::{fd::AsRawFd as _, unix::net::UnixListener},
    path::PathBuf,
    process::Command,
    sync::mpsc,
    thread,
    time::Duration,
};

use proptest::prelude::*;

use super::{EXAMPLE, read};
use crate::inventory::{Error, Located, load};

const BAD: &[(&str, &str)] = &[
    (
        "unknown key in a host",
        "hosts:\n  web1:\n    adress: 10.0.0.1\n    port: 22\n",
    ),
    ("unknown key in the file", "host: {a: {}}\n"),
    (
        "unknown key without a neighbour",
        "hosts: {a: {}}\ndefaults:\n  flavour: 3\n",
    ),
    (
        "key in the wrong place",
        "hosts: {a: {}}\ndefaults: {address: 10.0.0.1}\n",
    ),
    ("user at the top", "user: ops\nhosts: {a: {}}\n"),
    (
        "merge key",
        "defaults: &d {user: a}\nhosts: {a: {<<: *d}}\n",
    ),
    (
        "duplicate host",
        "hosts:\n  web1: {}\n  web2: {}\n  web1: {port: 23}\n",
    ),
    (
        "duplicate by sets",
        "hosts:\n  \"gpu[01-16]\": {}\n  gpu03: {}\n",
    ),
    (
        "duplicate field",
        "hosts:\n  a:\n    port: 22\n    user: x\n    port: 23\n",
    ),
    (
        "duplicate group",
        "groups: {g: {hosts: a}, g: {hosts: a}}\nhosts: {a: {}}\n",
    ),
    ("duplicate daemon", "hosts:\n  a:\n    daemons: [x, y, x]\n"),
    (
        "duplicate daemon, long",
        "defaults:\n  daemons:\n    - nginx\n    - name: nginx\n      manager: docker\nhosts: {a: {}}\n",
    ),
    (
        "duplicate daemon of a group",
        "groups: {g: {hosts: a, daemons: [x, {name: x}]}}\nhosts: {a: {}}\n",
    ),
    ("duplicate label", "hosts: {a: {labels: {x: 1, x: 2}}}\n"),
    (
        "group of an unknown host",
        "groups:\n  gpu:\n    hosts: \"gpu[1-2],gpu9\"\nhosts:\n  \"gpu[1-2]\": {}\n",
    ),
    (
        "group of an unknown group",
        "groups: {g: {hosts: \"a,@h\"}}\nhosts: {a: {}}\n",
    ),
    (
        "groups in a circle",
        "groups:\n  g: {hosts: \"@h\"}\n  h: {hosts: \"@g\"}\nhosts: {a: {}}\n",
    ),
    (
        "bad set in a group",
        "groups:\n  g:\n    hosts: \"n[1-\"\nhosts: {a: {}}\n",
    ),
    ("bad set as a key", "hosts:\n  \"n[1-x]\": {}\n"),
    (
        "control character in a name",
        "hosts:\n  \"web\\e[2J\": {}\n",
    ),
    ("space in a name", "hosts:\n  \"web 1\": {}\n"),
    ("name like an option", "hosts:\n  -web: {}\n"),
    ("wildcard as a key", "hosts: {\"web*\": {}}\n"),
    ("bad group name", "groups: {\"g h\": {}}\nhosts: {a: {}}\n"),
    (
        "raw control character",
        "hosts:\n  a: {prelude: \"x\u{1b}[2J\"}\n",
    ),
    (
        "value and sizes",
        "hosts:\n  \"n[1-4]\":\n    address: \"10.0.0.[1-3]\"\n",
    ),
    (
        "range in a zipped value too wide",
        "hosts:\n  \"n[1-2]\":\n    port: \"[65535-65536]\"\n",
    ),
    (
        "range in defaults",
        "defaults: {port: \"[1-2]\"}\nhosts: {a: {}}\n",
    ),
    ("port", "hosts:\n  a: {port: 70000}\n"),
    ("port is a list", "hosts:\n  a:\n    port: [22]\n"),
    ("port is a mapping", "hosts:\n  a:\n    port:\n      x: 1\n"),
    ("boolean", "hosts: {a: {sampler: yes}}\n"),
    (
        "duration without unit",
        "hosts: {a: {connect_timeout: 5}}\n",
    ),
    ("duration of words", "hosts: {a: {connect_timeout: soon}}\n"),
    ("zero duration", "hosts: {a: {connect_timeout: 0s}}\n"),
    ("short interval", "hosts: {a: {interval: 10ms}}\n"),
    (
        "word",
        "defaults: {host_keys: accept_new}\nhosts: {a: {}}\n",
    ),
    (
        "transport",
        "hosts: {a: {transports: [direct, tailscail]}}\n",
    ),
    (
        "transport that is not configured",
        "hosts:\n  a:\n    transports: [tailscale]\n",
    ),
    (
        "both transport keys",
        "hosts: {a: {transport: local, transports: [direct]}}\n",
    ),
    (
        "host with a shell in it",
        "hosts:\n  a: {address: \"x; rm -rf ~\"}\n",
    ),
    (
        "host like an option",
        "hosts: {a: {address: -oProxyCommand=x}}\n",
    ),
    ("host with a port", "hosts: {a: {address: \"web1:22\"}}\n"),
    ("user with a quote", "hosts: {a: {user: \"o'brien\"}}\n"),
    ("jump with a command", "hosts: {a: {jump: \"$(id)@b\"}}\n"),
    (
        "jump with a password",
        "hosts: {a: {}, b: {jump: \"ops:hunter2@a\"}}\n",
    ),
    (
        "address with a password",
        "hosts:\n  b: {address: \"https://ops:hunter2@a\"}\n",
    ),
    (
        "escaped unknown key",
        "hosts:\n  b:\n    port: 22\n    \"\\x41dress\": x\n",
    ),
    (
        "jump with a bad port",
        "hosts: {a: {jump: [\"ops@b:0\"]}}\n",
    ),
    (
        "jump without a bastion",
        "hosts: {a: {}, b: {jump: \"a,\"}}\n",
    ),
    ("jump to itself", "hosts:\n  a: {jump: a}\n"),
    (
        "jump to itself in a chain",
        "hosts:\n  b: {}\n  a:\n    jump: [b, a]\n",
    ),
    (
        "jump of each to itself",
        "hosts:\n  \"a[1-2]\": {jump: \"a[1-2]\"}\n",
    ),
    (
        "jumps in a circle",
        "hosts:\n  a: {jump: b}\n  b: {jump: c}\n  c: {jump: a}\n",
    ),
    (
        "escaped newline in a user",
        "hosts: {a: {user: \"x\\ny\"}}\n",
    ),
    (
        "bidi in a hint",
        "hosts: {a: {}}\nalerts: [{name: x, expr: \"a > 1\", hint: \"\\u202Ex\"}]\n",
    ),
    (
        "Arabic letter mark in a hint",
        "hosts: {a: {}}\nalerts: [{name: x, expr: \"a > 1\", hint: \"\\u061Cx\"}]\n",
    ),
    (
        "password",
        "hosts:\n  a:\n    user: ops\n    password: hunter2\n    port: 22\n",
    ),
    (
        "passphrase",
        "defaults: {identity_passphrase: hunter2}\nhosts: {a: {}}\n",
    ),
    (
        "password in labels",
        "hosts: {a: {labels: {db_password: hunter2}}}\n",
    ),
    (
        "literal token",
        "hosts:\n  a:\n    cloudflare:\n      hostname: h\n      token_id: hunter2\n",
    ),
    (
        "token over lines",
        "hosts:\n  a:\n    cloudflare:\n      hostname: h\n      token_secret: |\n        hunter2\n      x: 1\n",
    ),
    (
        "error beside a password",
        "store: postgres://u@h/d\nhosts:\n  a: {prot: 1, prelude: PGPASSWORD=hunter2}\n",
    ),
    (
        "error after a secret block",
        "hosts:\n  a:\n    labels:\n      my-secrets: |\n        hunter2\n    prot: 1\n",
    ),
    (
        "password in a store",
        "hosts: {a: {}}\nstore: postgres://u:hunter2@h/d\n",
    ),
    (
        "password in a url",
        "hosts: {a: {}}\nsources: [{prometheus: \"http://u:hunter2@h\"}]\n",
    ),
    (
        "two secrets",
        "hosts: {a: {cloudflare: {hostname: h, token_id: {env: A, command: b}}}}\n",
    ),
    (
        "empty secret",
        "hosts: {a: {cloudflare: {hostname: h, token_id: {}}}}\n",
    ),
    (
        "custom without status",
        "hosts:\n  a:\n    daemons:\n      - name: x\n        manager: custom\n",
    ),
    (
        "start without custom",
        "hosts: {a: {daemons: [{name: x, start: y}]}}\n",
    ),
    (
        "pidfile without path",
        "hosts: {a: {daemons: [{name: x, manager: pidfile}]}}\n",
    ),
    (
        "daemon without a name",
        "hosts:\n  a:\n    daemons:\n      - manager: docker\n",
    ),
    ("daemon is a number", "hosts: {a: {daemons: [1.5]}}\n"),
    ("daemons not a list", "hosts:\n  a:\n    daemons: nginx\n"),
    (
        "empty list item",
        "hosts:\n  a:\n    daemons:\n      - nginx\n      -\n",
    ),
    ("hosts is a list", "hosts:\n  - web1\n  - web2\n"),
    ("host is text", "hosts:\n  web1: 10.0.0.1\n"),
    ("key is a list", "hosts:\n  [a, b]: {}\n"),
    ("tag", "hosts:\n  a: !secret {}\n"),
    ("tag of a mapping", "hosts: !!python/object {a: {}}\n"),
    ("tag of a key", "hosts: {a: {}, !x b: {}}\n"),
    (
        "tag of a list item",
        "defaults:\n  # !not this one\n  daemons: [\"ä!b\", !<tag:x> c]\nhosts: {a: {}}\n",
    ),
    (
        "two kinds of a source",
        "hosts: {a: {}}\nsources:\n  - ssh_config: x\n    prometheus: http://h\n",
    ),
    (
        "source without a file",
        "hosts: {a: {}}\nsources: [{mapped_yaml: {at: x}}]\n",
    ),
    (
        "unknown source",
        "hosts: {a: {}}\nsources:\n  - ansible: x\n",
    ),
    (
        "alert without an expression",
        "hosts: {a: {}}\nalerts:\n  - {name: x}\n",
    ),
    (
        "tilde of another user",
        "hosts: {a: {identity: \"~bob/key\"}}\n",
    ),
    ("no hosts", "defaults: {user: a}\n"),
    ("empty file", ""),
    ("only a comment", "# nothing\n\n"),
    ("null", "~\n"),
    ("text", "hello\n"),
    ("list", "[1, 2]\n"),
    ("tab", "hosts:\n\tweb1: {}\n"),
    ("bad indentation", "hosts:\n  a: {}\n b: {}\n"),
    ("colon in text", "hosts:\n  a:\n    prelude: echo a: b\n"),
    ("open bracket", "hosts: {a: {port: 22}\ngroups: {}\n"),
    ("open quote", "hosts:\n  a: {user: \"ops}\n"),
    ("at sign", "groups: {g: {hosts: @all}}\n"),
    ("unknown anchor", "hosts: {a: *x}\n"),
    ("second document", "hosts: {a: {}}\n---\nhosts: {b: {}}\n"),
    (
        "long line",
        concat!(
            "hosts: {aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: {}, ",
            "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: {prot: 1}, ccccccccccccccccccccccccccccccccccccccccccc: {}}\n"
        ),
    ),
    (
        "wide characters",
        "hosts:\n  a: {labels: {x: \"日本語\"}, prot: 1}\n",
    ),
];

#[test]
fn each_bad_file_has_its_message() {
    let mut all = String::new();
    for (what, text) in BAD {
        let error = match read(text) {
            Ok(inventory) => panic!("{what}: accepted as {inventory:?}"),
            Err(error) => error,
        };
        assert!(error.position().is_some(), "{what}: no position");
        let message = error.to_string();
        assert!(
            !message.contains("hunter2"),
            "{what}: shows the secret:\n{message}"
        );
        assert_eq!(error.short().lines().count(), 1, "{what}");
        assert!(
            !message.chars().any(|c| c.is_control() && c != '\n'),
            "{what}"
        );
        let _ = writeln!(all, "# {what}\n{message}\n");
    }
    insta::with_settings!({snapshot_path => "fixtures", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("bad_files", all);
    });
}

pub(super) fn refused(bytes: &[u8]) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hosts.yaml");
    std::fs::write(&file, bytes).unwrap();
    load(&Located::File(file)).unwrap_err()
}

#[test]
fn size_is_looked_at_before_reading() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hosts.yaml");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(1 << 40).unwrap();
    let error = load(&Located::File(path.clone())).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    file.set_len(crate::inventory::MAX_BYTES).unwrap();
    let error = load(&Located::File(path)).unwrap_err();
    assert!(
        error.short().contains("1:1: the control character U+0000"),
        "{error}"
    );
}

#[test]
fn a_missing_file_and_a_folder_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = load(&Located::File(folder.path().join("none.yaml"))).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("none.yaml: no such file; look at"),
        "{error}"
    );
    assert_eq!(error.short(), "none.yaml: no such file");
    assert!(
        std::error::Error::source(&error).is_none(),
        "it is told once"
    );
    let error = load(&Located::File(folder.path().to_path_buf())).unwrap_err();
    assert!(matches!(error, Error::Read { .. }), "{error}");
    let end = ": a folder, not a file; name the file in it";
    assert!(error.to_string().ends_with(end), "{error}");
}

/// A pipe that nobody writes to would hold the start up, and a device never ends.
#[test]
fn what_is_no_file_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let [pipe, socket] = ["pipe", "socket"].map(|name| folder.path().join(name));
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let _listener = UnixListener::bind(&socket).unwrap();
    let devices = ["/dev/zero", "/dev/ptmx"].map(PathBuf::from);
    for (path, said) in [
        (pipe, "a named pipe, not a file"),
        (socket, "a socket, not a file"),
    ]
    .into_iter()
    .chain(devices.map(|path| (path, "a device, not a file")))
    {
        let located = Located::File(path.clone());
        let (to, answer) = mpsc::channel();
        thread::spawn(move || to.send(load(&located).map(drop)));
        let read = answer.recv_timeout(Duration::from_secs(10));
        let error = read.expect("an answer").unwrap_err().to_string();
        assert_eq!(error, format!("{}: {said}; name a file", path.display()));
    }
}

/// As `sshoal --hosts <(make-hosts)` and `make-hosts | sshoal --hosts /dev/stdin`.
#[test]
fn a_pipe_that_was_handed_over_is_read() {
    for folder in ["/dev/fd", "/proc/self/fd"] {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let slow = thread::spawn(move || {
            for part in ["hosts: ", "{a: {}}"] {
                thread::yield_now();
                writer.write_all(part.as_bytes()).unwrap();
            }
        });
        let path = PathBuf::from(format!("{folder}/{}", reader.as_raw_fd()));
        assert_eq!(load(&Located::File(path)).unwrap().nodes.len(), 1);
        slow.join().unwrap();
    }
    let error = load(&Located::File("/dev/null".into())).unwrap_err();
    assert!(error.to_string().contains("the file is empty"), "{error}");
}

#[test]
fn two_thousand_hosts_load_fast() {
    let mut text = String::from("defaults: {user: ops}\ngroups: {g: {hosts: \"n*\"}}\nhosts:\n");
    for host in 0..2000 {
        let _ = writeln!(
            text,
            "  n{host}:\n    address: 10.1.{}.{}\n    labels: {{rack: r1}}\n    daemons: [nginx]",
            host / 250,
            host % 250
        );
    }
    assert_eq!(read(&text).unwrap().nodes.len(), 2000);
}

proptest! {
    #[test]
    fn no_mutation_panics(
        edits in prop::collection::vec((0..EXAMPLE.len(), 0..14_usize, any::<char>()), 1..6),
    ) {
        let mut text: Vec<char> = EXAMPLE.chars().collect();
        let marks = ['[', ']', '{', '}', '"', '\'', ':', '\t', '\n', '&', '*', '!', ' '];
        for (at, what, random) in edits {
            let at = at % text.len();
            match marks.get(what) {
                _ if what == 0 => { text.remove(at); }
                Some(mark) => text.insert(at, *mark),
                None => text[at] = random,
            }
        }
        let text: String = text.into_iter().collect();
        if let Err(error) = read(&text) {
            let (line, column) = error.position().unwrap();
            prop_assert!(line <= text.lines().count() + 1 && column >= 1);
            let escapes = error.to_string().contains('\u{1b}');
            prop_assert!(!escapes);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let path = std::path::Path::new("hosts.yaml");
        let _ = crate::inventory::parse(path, &bytes, None);
    }
}
