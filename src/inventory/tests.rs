//! Good files, bad files with their exact messages, and files that nobody would write.

use std::{fmt::Write as _, path::Path, time::Duration};

use super::{Error, Inventory, Located, load, locate, parse};
use crate::node::{Interval, Manager, Node, Secret, Transport, set::Groups as _};

#[path = "bad_tests.rs"]
mod bad;

#[path = "heavy_tests.rs"]
mod heavy;

fn read(text: &str) -> Result<Inventory, Error> {
    let path = Path::new("/etc/cluster/hosts.yaml");
    parse(path, text.as_bytes(), Some("/home/ops".into()))
}

fn good(text: &str) -> Inventory {
    read(text).unwrap_or_else(|error| panic!("{error}"))
}

fn node<'i>(inventory: &'i Inventory, name: &str) -> &'i Node {
    inventory.node(name).unwrap()
}

const EXAMPLE: &str = r#"
defaults:
  user: ops
  identity: [~/.ssh/id_ed25519]
  transports: [tailscale, direct, cloudflare]
  interval: 500ms
  labels: {site: fra1, tier: "2"}
groups:
  gpu:
    hosts: "gpu[01-03],edge-1"
    labels: {role: train, version: 1.10}
    daemons: [nvidia-persistenced]
    protected: true
  all-of-it: {hosts: ["@gpu", bastion]}
hosts:
  this-machine: {transport: local}
  "gpu[01-03]":
    address: "10.0.3.[11-13]"
    port: "[2201-2203]"
    jump: bastion
  bastion: {address: bastion.example.com, port: 2222, sampler: false}
  edge-1:
    address: 203.0.113.9
    tailscale: 100.101.1.7
    cloudflare: {hostname: ssh.example.com, token_id: {env: CF_ID}, token_secret: {command: "pass show cf"}}
    proxy_command: null
    labels: {role: edge}
    daemons:
      - nginx
      - name: skeleton-daemon
        manager: custom
        start: "~/skeleton/bin/daemon start"
        stop: "~/skeleton/bin/daemon stop"
        status: "~/skeleton/bin/daemon status"
        log: ~/skeleton/logs/daemon.log
sources:
  - ssh_config: ~/.ssh/config
  - mapped_yaml: {file: distributed_hosts.yaml, at: hosts}
  - sql: {url: {env: SSHOAL_DB}, query: default}
  - prometheus: http://127.0.0.1:9090
deploy: {source: ., dest: ~/app, exclude: [data/], after: ["systemctl --user restart app"]}
alerts:
  - {name: gpu_hot, expr: "gpu.temp >= 85", for: 1m, severity: critical, hint: "check the fans"}
store: sqlite
"#;

#[test]
fn the_example_of_the_specification_loads() {
    let inventory = good(EXAMPLE);
    let names: Vec<&str> = inventory
        .nodes
        .iter()
        .map(|node| node.id.as_str())
        .collect();
    let expected = [
        "this-machine",
        "gpu01",
        "gpu02",
        "gpu03",
        "bastion",
        "edge-1",
    ];
    assert_eq!(names, expected);
    assert_eq!(inventory.warnings.len(), 4, "{:?}", inventory.warnings);
    assert_eq!(
        inventory.warnings[0],
        "source ssh_config ~/.ssh/config: /home/ops/.ssh/config does not exist"
    );
    let members = inventory.group("all-of-it").unwrap();
    assert_eq!(members, ["gpu01", "gpu02", "gpu03", "bastion", "edge-1"]);

    let gpu2 = node(&inventory, "gpu02");
    assert_eq!(
        (gpu2.address.as_str(), gpu2.port),
        ("10.0.3.12", Some(2202))
    );
    assert_eq!(gpu2.transports, [Transport::Jump]);
    assert_eq!(gpu2.groups, ["gpu", "all-of-it"]);
    assert_eq!(gpu2.labels["version"], "1.10");
    assert_eq!(gpu2.identity, [Path::new("/home/ops/.ssh/id_ed25519")]);
    assert_eq!(gpu2.interval, Interval::Every(Duration::from_millis(500)));
    assert!(gpu2.protected);

    let edge = node(&inventory, "edge-1");
    let usual = [
        Transport::Tailscale,
        Transport::Direct,
        Transport::Cloudflare,
    ];
    assert_eq!(edge.transports, usual);
    assert_eq!(edge.labels["role"], "edge");
    assert_eq!(edge.labels["site"], "fra1");
    let daemons: Vec<&str> = edge
        .daemons
        .iter()
        .map(|daemon| daemon.name.as_str())
        .collect();
    assert_eq!(daemons, ["nvidia-persistenced", "nginx", "skeleton-daemon"]);
    assert_eq!(edge.daemons[2].manager, Manager::Custom);
    let cloudflare = edge.route.cloudflare.as_ref().unwrap();
    assert_eq!(cloudflare.token_id, Some(Secret::Env("CF_ID".into())));

    assert_eq!(
        node(&inventory, "this-machine").transports,
        [Transport::Local]
    );
    assert_eq!(node(&inventory, "bastion").address, "bastion.example.com");
}

#[test]
fn origins_name_the_layer_that_won() {
    let inventory = good(EXAMPLE);
    let edge = node(&inventory, "edge-1");
    let of = |name: &str| -> Vec<&str> {
        let all = edge.origins.iter().filter(|(key, _)| *key == name);
        all.map(|(_, origin)| origin.as_str()).collect()
    };
    assert_eq!(of("user"), ["defaults, line 3"]);
    let labels = [
        "defaults, line 7",
        "groups gpu, line 11",
        "hosts edge-1, line 27",
    ];
    assert_eq!(of("labels"), labels);
    assert_eq!(of("port"), [""; 0]);
    let gpu = node(&inventory, "gpu01");
    assert!(
        gpu.origins
            .contains(&("port", "hosts gpu[01-03], line 19".into()))
    );
}

#[test]
fn later_layers_win_and_null_takes_back() {
    let inventory = good(concat!(
        "defaults: {port: 1, user: a, jump: b, daemons: [x], identity: k, labels: {l: 1, m: 1}}\n",
        "groups:\n",
        "  one: {hosts: n, port: 2, sudo: ask}\n",
        "  two: {hosts: n, port: 3, daemons: [{name: x, log: /l}], identity: [k, /j]}\n",
        "hosts:\n",
        "  n: {user: null, labels: {l: 2, m: null}}\n",
        "  b: {daemons: null}\n",
        "  plain: null\n",
    ));
    let n = node(&inventory, "n");
    assert_eq!((n.port, n.user.as_deref()), (Some(3), None));
    assert_eq!(
        n.labels.iter().collect::<Vec<_>>(),
        [(&"l".into(), &"2".into())]
    );
    assert_eq!(n.daemons.len(), 1, "a daemon of the same name replaces");
    assert_eq!(n.daemons[0].log.as_deref(), Some("/l"));
    let keys = [Path::new("/etc/cluster/k"), Path::new("/j")];
    assert_eq!(n.identity, keys);
    assert_eq!(n.transports, [Transport::Jump]);
    let b = node(&inventory, "b");
    assert_eq!(b.transports, [Transport::Direct], "never through itself");
    assert!(b.daemons.is_empty());
    assert_eq!(node(&inventory, "plain").port, Some(1));
}

#[test]
fn a_bastion_of_an_inherited_chain_is_reached_by_what_comes_before_it() {
    let inventory = good("defaults: {jump: [gate, inner]}\nhosts: {gate: {}, inner: {}, n: {}}\n");
    let jump = |name: &str| {
        let hops = &node(&inventory, name).route.jump;
        hops.iter()
            .map(|hop| hop.id.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(jump("gate"), [""; 0]);
    assert_eq!(jump("inner"), ["gate"]);
    assert_eq!(jump("n"), ["gate", "inner"]);
}

#[test]
fn an_exclamation_mark_is_a_tag_only_where_a_value_begins() {
    let inventory = good(concat!(
        "# a !comment\n",
        "defaults:\n",
        "  prelude: |\n",
        "    !first\n",
        "    - !second\n",
        "  labels: {a: \"x !y\", b: '!z', c: x !y, d: x!}\n",
        "  proxy_command: plain text that goes on\n",
        "    !here and [ends, !there]\n",
        "hosts:\n",
        "  \"n[1-3]!n2\": {}\n",
        "  m[1-2]!m1: {}\n",
    ));
    let names: Vec<&str> = inventory.nodes.iter().map(|n| n.id.as_str()).collect();
    assert_eq!(names, ["n1", "n3", "m2"]);
    let n1 = node(&inventory, "n1");
    assert_eq!(n1.prelude, "!first\n- !second\n");
    assert_eq!((&*n1.labels["b"], &*n1.labels["c"]), ("!z", "x !y"));
}

#[test]
fn a_file_without_hosts_is_an_error_for_whoever_needs_nodes() {
    let empty = good("sources: [{ssh_config: /nowhere/at/all}]\n");
    let empty = empty.with_nodes().unwrap_err().to_string();
    assert!(
        empty.contains("no host: source ssh_config /nowhere/at/all: /nowhere/at/all does not"),
        "{empty}"
    );
    let empty = good("hosts: {}\n").with_nodes().unwrap_err().to_string();
    assert!(
        empty.contains("hosts.yaml:1:1: the file names no host; add one"),
        "{empty}"
    );
    assert!(empty.contains("`hosts: {web1: {}}`"), "{empty}");
    assert!(good("hosts: {a: {}}\n").with_nodes().is_ok());
    assert!(load(&Located::ThisMachine).unwrap().with_nodes().is_ok());
}

#[test]
fn a_set_counts_in_the_written_order() {
    let text = "hosts: {\"n[3,1-2]\": {address: \"a[7,9,8]\"}, \"m[1-4]!m3\": {}}\n";
    let inventory = good(text);
    let names: Vec<&str> = inventory
        .nodes
        .iter()
        .map(|node| node.id.as_str())
        .collect();
    assert_eq!(names, ["n3", "n1", "n2", "m1", "m2", "m4"]);
    assert_eq!(node(&inventory, "n3").address, "a7");
    assert_eq!(node(&inventory, "n1").address, "a9");
}

#[test]
fn anchors_quotes_and_block_text_are_read() {
    let inventory = good(concat!(
        "defaults: &d\n",
        "  prelude: |\n",
        "    module load cuda\n",
        "    source venv/bin/activate\n",
        "hosts: {a: &h {port: 23, user: 'null', sampler: false}, \"b\\x31\": *h, \"007\": {}}\n",
    ));
    let b = node(&inventory, "b1");
    assert_eq!(
        (b.port, b.user.as_deref(), b.sampler),
        (Some(23), Some("null"), false)
    );
    assert!(b.prelude.ends_with("activate\n"));
    assert_eq!(node(&inventory, "007").address, "007");
}

#[test]
fn values_of_a_set_are_zipped() {
    let inventory = good(concat!(
        "hosts:\n",
        "  \"r[1-2]n[1-2]\":\n",
        "    address: \"10.[1-2].0.[1-2]\"\n",
        "    tailscale: \"ts-[05-08]\"\n",
        "    jump: [\"ops@[2001:db8::1]:22\", \"b[1-4]:2222\"]\n",
        "    cloudflare: {hostname: \"s[1-4].example.com\"}\n",
    ));
    let last = node(&inventory, "r2n2");
    assert_eq!(last.address, "10.2.0.2");
    assert_eq!(last.route.tailscale.as_deref(), Some("ts-08"));
    let [first, second] = last.route.jump.as_slice() else {
        panic!("two bastions");
    };
    assert_eq!(first.user.as_deref(), Some("ops"));
    assert_eq!(
        (first.address.as_str(), first.port),
        ("2001:db8::1", Some(22))
    );
    assert_eq!((second.address.as_str(), second.port), ("b4", Some(2222)));
    let cloudflare = last.route.cloudflare.as_ref().unwrap();
    assert_eq!(cloudflare.hostname, "s4.example.com");
    assert_eq!(node(&inventory, "r1n2").address, "10.1.0.2");
}

#[test]
fn a_chain_is_a_list_or_written_as_sshs_proxyjump() {
    let inventory = good(concat!(
        "defaults: {jump: \"b1,b2\"}\n",
        "hosts:\n",
        "  b1: {}\n",
        "  b2: {}\n",
        "  a: {}\n",
        "  \"n[1-2]\": {jump: \"b1, ops@x[1,3]:2222\"}\n",
        "  \"m[1-2]\": {jump: m1}\n",
    ));
    let hops = |name: &str| {
        let jump = &node(&inventory, name).route.jump;
        jump.iter()
            .map(|hop| hop.id.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(hops("a"), ["b1", "b2"]);
    assert_eq!(hops("b1"), [""; 0]);
    assert_eq!(hops("b2"), ["b1"]);
    assert_eq!(hops("n2"), ["b1", "x3"]);
    assert_eq!((hops("m1").len(), hops("m2")), (0, vec!["m1".to_owned()]));
}

#[test]
fn values_that_look_odd_are_read() {
    let host = |value: &str| good(&format!("hosts: {{h: {{{value}}}}}\n")).nodes[0].clone();
    for (text, ms) in [
        ("500ms", 500),
        ("1m30s", 90_000),
        ("2h", 7_200_000),
        ("0", 0),
        ("0s", 0),
    ] {
        let node = host(&format!("command_timeout: {text}"));
        assert_eq!(node.command_timeout, Duration::from_millis(ms), "{text}");
    }
    for address in ["10.0.0.1", "a_b.example", "'2001:db8::1'", "'fe80::1%eth0'"] {
        let node = host(&format!("address: {address}"));
        assert_eq!(node.address, address.trim_matches('\''));
    }
    for hop in [
        "b",
        "ops@b:22",
        "'[2001:db8::1]:2222'",
        "'2001:db8::1'",
        "a.b@c@d",
    ] {
        assert_eq!(
            host(&format!("jump: {hop}")).transports,
            [Transport::Jump],
            "{hop}"
        );
    }
    for daemon in ["389", "nginx", "getty@tty1", "com.apple.sshd", "user/unit"] {
        assert_eq!(
            host(&format!("daemons: [{daemon}]")).daemons[0].name,
            daemon
        );
    }
}

#[test]
fn the_usual_places_are_searched_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (cwd, config) = (folder.path().join("cwd"), folder.path().join("config"));
    std::fs::create_dir_all(&cwd).unwrap();
    std::fs::create_dir_all(&config).unwrap();
    let find = |flag: Option<&str>, env: Option<&str>| {
        locate(flag.map(Path::new), env.map(AsRef::as_ref), &cwd, &config)
    };
    assert_eq!(find(None, Some("")), Located::ThisMachine);
    std::fs::write(config.join("hosts.yaml"), "hosts: {a: {}}").unwrap();
    assert_eq!(find(None, None), Located::File(config.join("hosts.yaml")));
    std::fs::write(cwd.join("hosts.yaml"), "hosts: {a: {}}").unwrap();
    assert_eq!(find(None, None), Located::File(cwd.join("hosts.yaml")));
    assert_eq!(find(None, Some("e.yaml")), Located::File("e.yaml".into()));
    assert_eq!(
        find(Some("f.yaml"), Some("e.yaml")),
        Located::File("f.yaml".into())
    );
}

#[test]
fn this_machine_is_one_local_node() {
    let inventory = load(&Located::ThisMachine).unwrap();
    assert_eq!(inventory.nodes.len(), 1);
    assert_eq!(inventory.nodes[0].transports, [Transport::Local]);
    assert!(inventory.file.is_none());
}

#[test]
fn the_shipped_file_loads() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("hosts.yaml");
    let inventory = load(&Located::File(file)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(inventory.nodes.len(), 1);
    assert_eq!(inventory.nodes[0].transports, [Transport::Local]);
}

/// Takes the comment signs off: an example has no blank or more than one after its sign, prose has one.
fn uncommented(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
        let example = rest
            .strip_prefix('#')
            .filter(|rest| !rest.starts_with(' ') || rest.starts_with("  "));
        let _ = writeln!(out, "{indent}{}", example.unwrap_or(rest));
    }
    out
}

#[test]
fn every_key_has_an_example_that_loads() {
    let text = uncommented(include_str!("../../hosts.yaml"));
    let inventory = good(&text);
    assert!(inventory.nodes.len() > 10);
    for key in super::keys::KEYS {
        let shown = text.contains(&format!("{}:", key.name));
        assert!(shown, "{} has no example in hosts.yaml", key.name);
    }
}
