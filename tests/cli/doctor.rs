//! `sshoal doctor`: where each path ends, and what is found on the way.

use serde_json::Value;

use crate::rig::{Demo, Home};

const HOSTS: &str = "\
hosts:
  here: {transport: local}
  closed: {address: 127.0.0.1, port: 1}
  behind: {address: 10.1.1.1, jump: closed}
  ended: {proxy_command: exit 7}
";

#[test]
fn a_path_is_told_up_to_where_it_ends() {
    let home = Home::new();
    home.write("hosts.yaml", HOSTS);
    let done = home.run(&["doctor"]);
    assert_eq!(done.code, Some(3), "{}", done.err);
    for part in [
        "this machine, without SSH",
        "a login shell runs commands",
        "\u{2713} sampler",
        "as ours",
        "connection refused",
        "try           nothing listens there",
        "through bastion closed",
    ] {
        assert!(done.out.contains(part), "{part}:\n{}", done.out);
    }
    let json = home.run(&["doctor", "here,closed", "--json"]);
    let nodes: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(nodes[0]["reached"], true);
    assert_eq!(nodes[1]["steps"][1]["step"], "connect");
    assert_eq!(nodes[1]["steps"][1]["ok"], false);
}

#[test]
fn a_time_to_connect_is_for_greeting_and_key_exchange_too() {
    let home = Home::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let entry = format!("mute: {{address: 127.0.0.1, port: {port}, connect_timeout: 1s}}");
    home.write("hosts.yaml", &format!("hosts: {{{entry}}}\n"));
    let started = std::time::Instant::now();
    let done = home.run(&["doctor"]);
    let took = started.elapsed();
    assert!(done.out.contains("silent for 1 s"), "{}", done.out);
    assert!(took < std::time::Duration::from_secs(6), "{took:?}");
}

#[test]
fn every_step_to_a_node_is_told_in_order() {
    let home = Home::new();
    let demo = Demo::serve(&home, "6");
    let known = demo.known_hosts.clone();
    let done = home.run(&[
        "doctor",
        "gpu01",
        "--hosts",
        &demo.hosts,
        "--known-hosts",
        &known,
    ]);
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    let steps = [
        "settings",
        "connect",
        "banner",
        "key exchange",
        "host key",
        "auth",
        "shell",
        "sampler",
    ];
    let places: Vec<Option<usize>> = steps.iter().map(|step| done.out.find(step)).collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{}",
        done.out
    );
}
