use super::*;
use crate::node::set::NodeSet;

fn log(runs: u64) -> (tempfile::TempDir, PathBuf, Vec<RunId>) {
    let (home, folder) = place();
    let mut audit = Audit::open_with(&folder, NOW, 2500).unwrap();
    let ids: Vec<RunId> = (0..runs).map(|n| RunId::new(NOW + n * 1000)).collect();
    for (run, n) in ids.iter().zip(0..) {
        write_run(&mut audit, run, NOW + n * 1000).unwrap();
    }
    (home, folder, ids)
}

#[test]
fn runs_are_told_newest_first_across_files() {
    let (_home, folder, ids) = log(5);
    let reader = Reader::open(&folder).unwrap();
    let runs = reader.runs(3).unwrap();
    let told: Vec<&RunId> = runs.iter().map(|run| &run.intent.run).collect();
    assert_eq!(told, [&ids[4], &ids[3], &ids[2]]);
    assert!(runs.iter().all(|run| run.end.is_some()));
    assert_eq!(reader.runs(100).unwrap().len(), 5);
    let results = reader.results_of(&ids[1]).unwrap();
    let told: Vec<(&str, &str)> = results
        .iter()
        .map(|result| (result.node.as_str(), result.outcome.as_str()))
        .collect();
    assert_eq!(told, [("gpu01", "ok"), ("gpu02", "exit"), ("web01", "ok")]);
    assert_eq!(results[1], result(&ids[1], "gpu02", "exit", NOW + 1005));
    assert!(reader.results_of(&RunId::new(1)).unwrap().is_empty());
}

#[test]
fn a_command_with_secrets_is_kept_without_them() {
    let (_home, folder) = place();
    let mut audit = Audit::open(&folder, NOW).unwrap();
    let (plain, secret) = (RunId::new(NOW), RunId::new(NOW));
    audit.intent(&intent(&plain, "uptime -p", NOW)).unwrap();
    let typed = "PASSWORD=hunter2canary deploy";
    audit.intent(&intent(&secret, typed, NOW)).unwrap();
    let reader = Reader::open(&folder).unwrap();
    let command = reader.command_of(&plain).unwrap().unwrap();
    assert_eq!(
        (command.text.as_str(), command.redacted),
        ("uptime -p", false)
    );
    let command = reader.command_of(&secret).unwrap().unwrap();
    assert!(command.redacted);
    assert_eq!(command.text, "PASSWORD=[redacted] deploy");
    assert_eq!(command.sha256, Hash::of(typed.as_bytes()));
    assert_eq!(reader.command_of(&RunId::new(1)).unwrap(), None);
    for file in files(&folder) {
        assert!(!fs::read_to_string(file).unwrap().contains("hunter2canary"));
    }
}

#[test]
fn a_filter_chooses_records() {
    let (_home, folder, ids) = log(3);
    let reader = Reader::open(&folder).unwrap();
    let count = |filter: Filter| reader.records(&filter).count();
    let opens = files(&folder).len();
    assert_eq!(count(Filter::default()), 15 + opens);
    let run = Some(ids[1].clone());
    assert_eq!(
        count(Filter {
            run: run.clone(),
            ..Filter::default()
        }),
        5
    );
    let failed = true;
    assert_eq!(
        count(Filter {
            run: run.clone(),
            failed,
            ..Filter::default()
        }),
        3
    );
    let nodes = Some(NodeSet::from_names(["web01"]));
    assert_eq!(
        count(Filter {
            run: run.clone(),
            nodes,
            ..Filter::default()
        }),
        3
    );
    let nodes = Some(NodeSet::from_names(["db01"]));
    assert_eq!(
        count(Filter {
            nodes,
            run,
            ..Filter::default()
        }),
        1,
        "its end alone"
    );
    let since_ms = Some(NOW + 2000);
    let filter = Filter {
        since_ms,
        ..Filter::default()
    };
    let late = reader.records(&filter).map(Result::unwrap);
    let is_run = |stored: &Stored| stored.record.event.run() == Some(&ids[2]);
    assert_eq!(late.filter(is_run).count(), 5);
}

#[test]
fn a_bad_line_is_an_error_among_records() {
    let (_home, folder, _) = log(1);
    let file = files(&folder).remove(0);
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let bad = [&lines[..2], &["nonsense"], &lines[2..], &[""]]
        .concat()
        .join("\n");
    fs::write(&file, bad).unwrap();
    let reader = Reader::open(&folder).unwrap();
    let filter = Filter::default();
    let all: Vec<_> = reader.records(&filter).collect();
    let message = all[2].as_ref().unwrap_err().to_string();
    assert!(
        message.contains("audit-000001.jsonl:3: not a record"),
        "{message}"
    );
    assert_eq!(all.iter().filter(|r| r.is_err()).count(), 1);
    assert!(!reader.runs(9).unwrap().is_empty());
}

#[test]
fn a_record_of_a_later_version_is_no_fault() {
    let line = br#"{"seq":1,"prev":"0000000000000000000000000000000000000000000000000000000000000000","at_ms":5,"kind":"roll","batch":3,"hash":"x"}"#;
    let record = super::super::chain::read(line).expect("a record");
    assert_eq!(record.event, Event::Later);
}
