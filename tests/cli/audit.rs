//! `sshoal audit` on a log that was written before.

use std::{fs, path::PathBuf};

use sshoal::store::{
    self,
    audit::{Audit, Counts, Intent, RunId, RunResult},
};

use crate::rig::Home;

const HOUR: u64 = 3_600_000;

fn folder(home: &Home) -> PathBuf {
    home.path("state/sshoal/audit")
}

/// Two runs, one of them old, on two nodes, one of which fails.
fn written(home: &Home) -> [RunId; 2] {
    let folder = folder(home);
    fs::create_dir_all(folder.parent().expect("it has one")).expect("a folder");
    let now_ms = store::now_ms();
    let mut audit = Audit::open(&folder, now_ms).expect("a log");
    [now_ms - 3 * HOUR, now_ms].map(|at_ms| {
        let run = RunId::new(at_ms);
        let intent = Intent {
            run: run.clone(),
            actor: "tester".to_owned(),
            origin: "cli".to_owned(),
            command: "login --password hunter2canary".to_owned(),
            selector: "web[1-2]".to_owned(),
            nodes: vec!["web1".to_owned(), "web2".to_owned()],
            strategy: "continue".to_owned(),
            at_ms,
        };
        audit.intent(&intent).expect("written");
        for (node, outcome) in [("web1", "ok"), ("web2", "timeout")] {
            let result = RunResult {
                run: run.clone(),
                node: node.to_owned(),
                outcome: outcome.to_owned(),
                reason: String::new(),
                code: None,
                signal: None,
                out_bytes: 0,
                err_bytes: 0,
                duration_ms: 1,
                attempts: 1,
                transport: None,
                left: None,
                out_sha256: None,
                err_sha256: None,
                at_ms,
            };
            audit.result(&result).expect("written");
        }
        audit.end(&run, &Counts::default(), at_ms).expect("written");
        run
    })
}

#[test]
fn runs_are_listed_and_narrowed() {
    let home = Home::new();
    let [old, new] = written(&home).map(|run| run.to_string());
    let all = home.run(&["audit"]);
    assert_eq!((all.code, all.err.as_str()), (Some(0), ""), "{all:?}");
    assert!(
        all.out.contains(&old) && all.out.contains(&new),
        "{}",
        all.out
    );
    assert!(
        all.out.contains("login --password [redacted]"),
        "{}",
        all.out
    );
    let late = home.run(&["audit", "--since", "2h"]);
    assert!(
        !late.out.contains(&old) && late.out.contains(&new),
        "{}",
        late.out
    );
    let one = home.run(&["audit", "--run", &old.to_uppercase()]);
    assert!(
        one.out.contains(&old) && !one.out.contains(&new),
        "{}",
        one.out
    );
    let failed = home.run(&["audit", "--failed", "--node", "web1"]);
    assert_eq!(
        (failed.code, failed.out.as_str()),
        (Some(0), ""),
        "{failed:?}"
    );
    let json = home.run(&["audit", "--json", "--failed", "--since", "2h"]);
    let kinds: Vec<String> = json
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .map(|record| record["kind"].as_str().expect("a kind").to_owned())
        .collect();
    assert_eq!(kinds, ["intent", "result", "end"]);
}

#[test]
fn verify_names_the_first_bad_record() {
    let home = Home::new();
    written(&home);
    let good = home.run(&["audit", "verify"]);
    assert_eq!((good.code, good.err.as_str()), (Some(0), ""), "{good:?}");
    assert!(
        good.out.starts_with("whole: 9 records in 1 files\n"),
        "{}",
        good.out
    );
    let head = home.run(&["audit", "head"]);
    assert!(head.out.starts_with("head: 8 "), "{}", head.out);
    assert!(good.out.ends_with(&head.out), "{}", good.out);
    let file = folder(&home).join("audit-000001.jsonl");
    let text = fs::read_to_string(&file).expect("a file");
    fs::write(&file, text.replacen("timeout", "ok", 1)).expect("it is ours");
    let bad = home.run(&["audit", "verify"]);
    assert_eq!(bad.code, Some(1), "{bad:?}");
    let place = "audit-000001.jsonl:4: record 3 was changed after it was written\n";
    assert!(bad.out.ends_with(place), "{}", bad.out);
}

#[test]
fn no_log_is_none_and_none_is_made() {
    let home = Home::new();
    for words in [&["audit"][..], &["audit", "verify"], &["audit", "head"]] {
        let done = home.run(words);
        assert_eq!(done.code, Some(0), "{done:?}");
    }
    assert!(!folder(&home).exists());
    let done = home.run(&["audit", "--run", "20261121-183122-3v007"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(
        done.err.contains("`sshoal audit` lists them"),
        "{}",
        done.err
    );
    let done = home.run(&["audit", "--run", "yesterday"]);
    assert_eq!(done.code, Some(2), "{done:?}");
}
