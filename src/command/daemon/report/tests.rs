//! Reports of few nodes and of many.

use std::time::Duration;

use super::*;
use crate::{
    exec::Capture,
    node::{Manager, NodeId},
};

fn result(node: &str, outcome: Outcome, answer: &str) -> Arc<NodeResult> {
    Arc::new(NodeResult {
        stdout: Capture {
            head: answer.as_bytes().to_vec().into(),
            total: answer.len() as u64,
            ..Capture::default()
        },
        duration: Duration::from_secs(1),
        ..NodeResult::without_run(&NodeId::new(node), outcome, 1)
    })
}

fn daemon(name: &str) -> Daemon {
    Daemon {
        name: name.to_owned(),
        manager: Manager::Auto,
        ..Daemon::default()
    }
}

#[test]
fn many_nodes_are_folded_by_state_and_failed_ones_come_first() {
    let up = "nginx systemd up pid=1 reason=active/running\n";
    let failed = "nginx systemd failed result=failed reason=crash loop; failed/failed (exit 1)\n| no such file\n";
    let mut results: Vec<_> = (1..=16)
        .map(|n| result(&format!("gpu{n:02}"), Outcome::Ok, up))
        .collect();
    results.push(result("gpu17", Outcome::Exit(1), failed));
    results.push(result("gpu18", Outcome::Refused("no route".into()), ""));
    let asked = vec![vec![daemon("nginx")]; results.len()];
    let answers = answers(&asked, &results);
    assert_eq!(
        table(&answers),
        "gpu17       nginx  failed    failed   systemd      crash loop; failed/failed (exit 1)
    | no such file
gpu18       nginx  unknown   unknown  -            refused: no route
gpu[01-16]  nginx  up                 systemd\n"
    );
    let json = json(&answers, 1);
    let last = json.lines().last().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(last).unwrap(),
        json!({"event": "summary", "nodes": 18, "daemons": 18, "well": 16, "failed": ["gpu17", "gpu18"], "exit_code": 1})
    );
    assert!(!json.contains("null"), "{json}");
}

#[test]
fn one_node_is_told_in_full() {
    let answer = "nginx systemd up since=1687812000 pid=1477 restarts=1 memory=5242880 cpu=12340 reason=active/running\n\
db docker failed exit=137 reason=exited (out of memory)\n| killed\n";
    let results = [result("web1", Outcome::Exit(1), answer)];
    let asked = [vec![daemon("nginx"), daemon("db"), daemon("new")]];
    assert_eq!(
        details(&answers(&asked, &results)),
        "web1
  db     failed             docker       exit 137, exited (out of memory)
    | killed
  new    unknown   unknown  -            no answer (exit 1)
  nginx  up                 systemd      pid 1477, since 2023-06-26T20:40:00Z, 1 restart, memory 5.0 MiB, cpu 12.3 s, active/running
"
    );
}
