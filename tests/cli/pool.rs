//! `sshoal pool` on simulated nodes: the table, the JSON and the exit code.

use serde_json::Value;

use crate::rig::{Demo, Home};

#[test]
fn each_node_has_a_connection_that_is_told() {
    let home = Home::new();
    let demo = Demo::serve(&home, "24");
    let done = home.run(&demo.words(&["pool", "gpu01,web01"]));
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
    let lines: Vec<&str> = done.out.lines().collect();
    assert!(lines[0].starts_with("SERVER"), "{}", done.out);
    for name in ["gpu01", "web01"] {
        let mut rows = lines.iter().filter(|l| l.starts_with(&format!("{name}@")));
        let row = rows.next().expect("a row");
        assert!(row.contains("direct") && row.contains("/10"), "{row}");
        assert!(rows.next().is_none(), "{}", done.out);
    }
    assert!(lines[3].starts_with("2 connections, "), "{}", done.out);
    assert_eq!(lines.len(), 4, "{}", done.out);
}

#[test]
fn json_has_every_figure() {
    let home = Home::new();
    let demo = Demo::serve(&home, "24");
    let done = home.run(&demo.words(&["pool", "--json", "web01"]));
    let value: Value = serde_json::from_str(&done.out).expect("JSON");
    let row = &value["connections"][0];
    assert_eq!(row["transport"], "direct");
    assert_eq!(row["limit"], 10);
    assert!(row["opened"].as_u64().is_some_and(|n| n >= 2), "{row}");
    assert_eq!(value["totals"]["connections"], 1);
    assert!(value["totals"]["setup_ms"].is_u64(), "{value}");
}

#[test]
fn a_node_that_is_not_reached_is_trouble() {
    let home = Home::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its number").port();
    drop(listener);
    home.write(
        "hosts.yaml",
        &format!("hosts:\n  off: {{address: 127.0.0.1, port: {port}}}\n"),
    );
    let done = home.run(&["pool"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.out.contains("0 connections"), "{}", done.out);
}
