//! `sshoal status` on simulated nodes: the table, the JSON, the exit code, and how it ends.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;
use sshoal::metrics;

use crate::rig::{Demo, Home, finish, signal, wait};

/// Not one of them has a story that begins at once.
const WELL: &str = "gpu01,web01,db1";

/// A home whose hosts.yaml has a node that refuses.
fn with_a_closed_port() -> (Home, u16) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its number").port();
    drop(listener);
    let home = Home::new();
    let text = format!(
        "hosts:\n  off: {{address: 127.0.0.1, port: {port}, daemons: [nginx]}}\n  here: {{transport: local}}\n"
    );
    home.write("hosts.yaml", &text);
    (home, port)
}

fn rows(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().filter(|line| !line.starts_with("     "));
    lines.map(|l| l.split_whitespace().collect()).collect()
}

#[test]
fn the_table_has_a_row_for_each_node() {
    let home = Home::new();
    let demo = Demo::serve(&home, "24");
    let done = home.run(&demo.words(&["status", WELL]));
    assert_eq!(
        (done.code, done.err.as_str()),
        (Some(0), ""),
        "{}",
        done.out
    );
    let rows = rows(&done.out);
    let header = [
        "NODE", "ADDRESS", "STATE", "LOAD", "MEM", "GPU", "DISK", "DAEMONS", "AGE",
    ];
    assert_eq!(rows[0], header);
    let named: Vec<&str> = rows[1..].iter().map(|row| row[1]).collect();
    assert_eq!(named, ["gpu01", "web01", "db1"]);
    for row in &rows[1..] {
        assert!(["●", "◆"].contains(&row[0]), "{}", done.out);
        assert_eq!(row[3], "up");
        assert!(row[2].starts_with(&format!("{}@127.0.0.1:", row[1])));
    }
    let [gpu, web] = [&rows[1], &rows[2]];
    assert!(gpu[6].ends_with('%') && web[6] == "-", "{}", done.out);
    assert!(done.out.contains("✓nginx ✓app"), "{}", done.out);
    assert!(!done.out.contains('\x1b'), "a pipe gets no colours");
    assert!(done.out.lines().all(|l| l == l.trim_end()));
}

#[test]
fn json_has_the_shape_that_scripts_rely_on() {
    let home = Home::new();
    let demo = Demo::serve(&home, "24");
    let done = home.run(&demo.words(&["status", "--json", WELL]));
    assert_eq!(
        (done.code, done.err.as_str()),
        (Some(0), ""),
        "{}",
        done.out
    );
    let all: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 3);
    for node in all.as_array().unwrap() {
        let keys: Vec<&String> = node.as_object().unwrap().keys().collect();
        let mut wanted = [
            "node",
            "address",
            "user",
            "port",
            "state",
            "state_ms",
            "transport",
            "transports",
            "round_trip_ms",
            "age_ms",
            "error",
            "fields",
            "daemons",
            "last",
        ];
        wanted.sort_unstable();
        assert_eq!(keys, wanted);
        assert_eq!(
            (&node["state"], &node["address"]),
            (&"up".into(), &"127.0.0.1".into())
        );
        assert!(node["age_ms"].as_u64().unwrap() < 5_000);
        assert_eq!(node["transport"], "direct");
        assert_eq!(node["transports"][0]["successes"], 1);
        let fields = node["fields"].as_object().unwrap();
        let mut ids: Vec<&str> = metrics::fields().map(|f| f.id).collect();
        ids.sort_unstable();
        assert_eq!(fields.keys().collect::<Vec<_>>(), ids);
        assert!(fields.values().all(|v| v.is_number() || v.is_null()));
        assert!(fields["load.1"].is_number() && fields["cpu.busy"].is_number());
        assert!(!node["daemons"].as_array().unwrap().is_empty());
    }
    assert!(all[0]["fields"]["gpu.util"].is_number());
    assert!(all[1]["fields"]["gpu.util"].is_null(), "absent is not zero");
    let nginx = &all[1]["daemons"][0];
    assert_eq!(
        (&nginx["name"], &nginx["state"]),
        (&"nginx".into(), &"up".into())
    );
    assert_eq!(nginx["manager"], "systemd");
}

#[test]
fn a_node_that_is_down_makes_it_1_and_its_reason_is_shown() {
    let (home, port) = with_a_closed_port();
    let started = Instant::now();
    let done = home.run(&["status", "off"]);
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "it is known at once"
    );
    assert_eq!((done.code, done.err.as_str()), (Some(1), ""));
    let lines: Vec<&str> = done.out.lines().collect();
    let cells: Vec<&str> = lines[1].split_whitespace().collect();
    let address = format!("127.0.0.1:{port}");
    assert_eq!(
        cells,
        [
            "✖", "off", &address, "down", "-", "-", "-", "-", "?nginx", "-"
        ]
    );
    assert!(
        lines[2].contains("connect (direct)") && lines[2].contains("refused"),
        "{}",
        lines[2]
    );
    let done = home.run(&["status", "off", "--json"]);
    assert_eq!(done.code, Some(1));
    let all: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(
        (&all[0]["state"], &all[0]["age_ms"]),
        (&"down".into(), &Value::Null)
    );
    assert!(all[0]["error"].as_str().unwrap().contains("refused"));
    assert_eq!(all[0]["port"], port);
    let way = &all[0]["transports"][0];
    assert_eq!(
        (&way["healthy"], &way["breaker_open"]),
        (&false.into(), &false.into())
    );
    assert!(
        all[0]["fields"]
            .as_object()
            .unwrap()
            .values()
            .all(Value::is_null)
    );
    let daemons = all[0]["daemons"].as_array().unwrap();
    let told: Vec<_> = daemons.iter().map(|d| (&d["name"], &d["state"])).collect();
    assert_eq!(told, [(&"nginx".into(), &"unknown".into())]);
}

#[test]
fn this_machine_is_measured_without_ssh() {
    let (home, _) = with_a_closed_port();
    let done = home.run(&["status", "here", "--json"]);
    assert_eq!(
        (done.code, done.err.as_str()),
        (Some(0), ""),
        "{}",
        done.out
    );
    let all: Value = serde_json::from_str(&done.out).unwrap();
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap();
    let kib: u64 = meminfo.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert_eq!(all[0]["fields"]["memory.total"], kib * 1024);
    assert_eq!(all[0]["address"], "local", "as in the table");
    let done = home.run(&["status", "here", "off", "--ascii"]);
    assert_eq!(done.code, Some(1));
    assert!(done.out.is_ascii(), "{}", done.out);
}

#[test]
fn a_daemon_that_is_not_there_makes_it_1() {
    let home = Home::new();
    let pidfile = home.path("no.pid");
    let text = format!(
        "hosts:\n  here: {{transport: local, daemons: [{{name: mine, pidfile: {}}}]}}\n",
        pidfile.display()
    );
    home.write("hosts.yaml", &text);
    let done = home.run(&["status"]);
    assert_eq!(done.code, Some(1), "{}", done.out);
    assert!(done.out.contains("○mine"), "{}", done.out);
}

#[test]
fn an_unknown_key_is_refused_unless_it_is_to_be_accepted() {
    let home = Home::new();
    let demo = Demo::serve(&home, "24");
    let hosts = fs::read_to_string(&demo.hosts).unwrap();
    let asking = home.write(
        "asking.yaml",
        &hosts.replace("host_keys: strict", "host_keys: ask"),
    );
    let asking = asking.to_str().unwrap();
    let mine = home.path("mine");
    let options = ["--hosts", asking, "--known-hosts", mine.to_str().unwrap()];
    let status = |more: &[&str]| home.run(&[&["status", "web01"], more, &options].concat());
    let done = status(&[]);
    assert_eq!(done.code, Some(1));
    for word in ["refused", "unknown host key", "SHA256:"] {
        assert!(done.out.contains(word), "{word}: {}", done.out);
    }
    assert!(
        done.out.contains("--accept-new"),
        "what to do about it: {}",
        done.out
    );
    assert!(!mine.exists());
    let done = status(&["--accept-new"]);
    assert_eq!(done.code, Some(0), "{}", done.out);
    assert!(fs::read_to_string(&mine).unwrap().contains("ssh-ed25519"));
    assert_eq!(status(&[]).code, Some(0), "it is remembered");
    let other = fs::read_to_string(&mine).unwrap();
    let key = home.path("key");
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key)
        .status();
    if made.is_ok_and(|status| status.success()) {
        let public = fs::read_to_string(home.path("key.pub")).unwrap();
        let host = other.split(' ').next().unwrap();
        fs::write(&mine, format!("{host} {public}")).unwrap();
        let done = status(&["--accept-new"]);
        assert_eq!(done.code, Some(1));
        assert!(done.out.contains("HOST KEY CHANGED"), "{}", done.out);
    }
}

#[test]
fn watch_prints_again_until_ctrl_c() {
    let home = Home::new();
    let demo = Demo::serve(&home, "24");
    let mut command = home.command(&demo.words(&["status", "--watch", "1", "--json", WELL]));
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        let line = lines.next().unwrap().unwrap();
        let all: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(all.as_array().unwrap().len(), 3, "one array a line");
        assert!(all[0]["fields"]["load.1"].is_number());
    }
    signal(&child, "-INT");
    assert_eq!(wait(&mut child), Some(130));
}

#[test]
fn watch_takes_no_node_for_its_seconds_and_ends_with_its_reader() {
    let home = Home::new();
    let demo = Demo::serve(&home, "24");
    let mut command = home.command(&demo.words(&["status", "--watch", "web01"]));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut header = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut header).unwrap();
    assert!(
        header.contains("NODE") && !header.contains('\x1b'),
        "{header}"
    );
    drop(out);
    assert_eq!(wait(&mut child), Some(0), "it goes on though nobody reads");
    let done = finish(child.wait_with_output().unwrap());
    assert_eq!(done.err, "");
}

#[test]
fn a_node_that_never_answers_is_given_up_in_time() {
    let home = Home::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    home.write(
        "hosts.yaml",
        &format!("hosts: {{mute: {{address: 127.0.0.1, port: {port}}}}}\n"),
    );
    let started = Instant::now();
    let done = home.run(&["status", "--timeout", "1"]);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(done.code, Some(1));
    assert!(done.out.contains("connecting"), "{}", done.out);
}

#[test]
fn it_ends_as_soon_as_every_node_has_its_verdict() {
    let home = Home::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    home.write(
        "hosts.yaml",
        &format!("hosts: {{mute: {{address: 127.0.0.1, port: {port}, connect_timeout: 2s}}}}\n"),
    );
    let started = Instant::now();
    let done = home.run(&["status", "--timeout", "30"]);
    let took = started.elapsed();
    assert_eq!(done.code, Some(1));
    assert!(done.out.contains("silent for 2 s"), "{}", done.out);
    let bounds = Duration::from_millis(1_900)..Duration::from_secs(8);
    assert!(bounds.contains(&took), "{took:?}");
}

/// A node that never answers, and this machine.
fn with_a_silent_one() -> (Home, std::net::TcpListener) {
    let home = Home::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let text = format!(
        "defaults: {{connect_timeout: 60s}}\nhosts:\n  mute: {{address: 127.0.0.1, port: {port}, user: ops}}\n  here: {{transport: local}}\n"
    );
    home.write("hosts.yaml", &text);
    (home, silent)
}

#[test]
fn watch_waits_for_no_node_longer_than_its_interval() {
    let (home, _silent) = with_a_silent_one();
    let mut command = home.command(&["status", "--watch", "1", "--json", "--timeout", "600"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let seen = lines.find(|all| all[1]["fields"]["load.1"].is_number());
    let seen = seen.expect("the one that answers is shown");
    assert_eq!(seen[0]["state"], "connecting");
    assert_eq!(
        (&seen[0]["user"], &seen[0]["port"].is_number()),
        (&"ops".into(), &true)
    );
    signal(&child, "-INT");
    assert_eq!(wait(&mut child), Some(130));
}

#[test]
fn ctrl_c_leaves_what_is_known() {
    let (home, silent) = with_a_silent_one();
    let mut command = home.command(&["status", "--timeout", "600"]);
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    let _held = silent.accept().unwrap();
    signal(&child, "-INT");
    let done = finish(child.wait_with_output().unwrap());
    assert_eq!(done.code, Some(130));
    assert!(
        done.out.contains("mute") && done.out.contains("no connection yet"),
        "{}",
        done.out
    );
}

#[test]
fn the_demo_leaves_no_files_behind() {
    let home = Home::new();
    for how in ["-INT", "-TERM"] {
        let mut demo = Demo::serve(&home, "3");
        assert!(demo.folder().is_dir());
        assert_eq!(demo.end(how), Some(0), "{how}");
        assert!(!demo.folder().exists(), "{how}");
    }
}

#[test]
fn the_next_demo_removes_what_a_killed_one_left() {
    let home = Home::new();
    let mut killed = Demo::serve(&home, "1");
    let left = killed.folder().to_owned();
    killed.end("-KILL");
    assert!(left.is_dir());
    let running = Demo::serve(&home, "1");
    assert!(!left.exists());
    let _other = Demo::serve(&home, "1");
    assert!(running.folder().is_dir(), "that of a living one stays");
}

#[test]
fn colours_that_are_asked_for_go_into_a_pipe_too() {
    let home = Home::new();
    home.write("hosts.yaml", "hosts: {here: {transport: local}}\n");
    for (choice, is_coloured) in [
        ("256", true),
        ("16", true),
        ("auto", false),
        ("never", false),
    ] {
        let done = home.run(&["status", "--color", choice]);
        assert_eq!(
            done.out.contains("\x1b[1m"),
            is_coloured,
            "{choice}: {}",
            done.out
        );
    }
}

#[test]
fn a_set_that_is_not_found_says_where_an_inventory_was_looked_for() {
    let home = Home::new();
    for set in ["n1", "@web"] {
        let done = home.run(&["status", set]);
        assert_eq!(done.code, Some(2), "{}", done.err);
        let config = home.path("config/sshoal/hosts.yaml");
        let config = config.strip_prefix(home.path("")).unwrap();
        let looked = format!("looked in ./hosts.yaml, ~/{}", config.display());
        assert!(done.err.contains(&looked), "{}", done.err);
    }
    let done = home.run(&["status"]);
    assert_eq!(done.err, "");
}
