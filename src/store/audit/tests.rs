mod access;
mod chain;
mod reading;
mod torn;
mod writers;

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use super::*;

/// 21 November 2026, 18:31:22 UTC.
const NOW: u64 = 1_795_285_882_000;

const NODES: [&str; 3] = ["gpu01", "gpu02", "web01"];

/// A folder that isn't there yet, in one that goes when dropped.
fn place() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("audit");
    (home, folder)
}

fn intent(run: &RunId, command: &str, at_ms: u64) -> Intent {
    Intent {
        run: run.clone(),
        actor: "ops".to_owned(),
        origin: "cli".to_owned(),
        command: command.to_owned(),
        selector: "@all".to_owned(),
        nodes: NODES.map(str::to_owned).into(),
        strategy: "continue".to_owned(),
        at_ms,
    }
}

fn result(run: &RunId, node: &str, outcome: &str, at_ms: u64) -> RunResult {
    RunResult {
        run: run.clone(),
        node: node.to_owned(),
        outcome: outcome.to_owned(),
        reason: String::new(),
        code: (outcome == "exit").then_some(3),
        signal: None,
        out_bytes: 12,
        err_bytes: 0,
        duration_ms: 40,
        attempts: 1,
        transport: Some("direct".to_owned()),
        left: None,
        out_sha256: Some(Hash::of(b"out")),
        err_sha256: None,
        at_ms,
    }
}

/// A whole run: its beginning, three results, its end.
fn write_run(audit: &mut Audit, run: &RunId, at_ms: u64) -> Result<(), Error> {
    audit.intent(&intent(run, "uptime", at_ms))?;
    for (node, outcome) in NODES.into_iter().zip(["ok", "exit", "ok"]) {
        audit.result(&result(run, node, outcome, at_ms + 5))?;
    }
    let counts = Counts::from([("ok".to_owned(), 2), ("exit".to_owned(), 1)]);
    audit.end(run, &counts, at_ms + 9)
}

/// A copy of the log of two runs, in files of a few records.
fn two_runs() -> (tempfile::TempDir, PathBuf) {
    static LOG: LazyLock<Vec<(OsString, Vec<u8>)>> = LazyLock::new(|| {
        let (_home, folder) = place();
        let mut audit = Audit::open_with(&folder, NOW, 1200).unwrap();
        for n in 0..2 {
            write_run(&mut audit, &RunId::new(NOW + n), NOW + n).unwrap();
        }
        let name = |path: &PathBuf| path.file_name().unwrap().to_owned();
        let all = files(&folder);
        all.iter()
            .map(|path| (name(path), fs::read(path).unwrap()))
            .collect()
    });
    let (home, folder) = place();
    fs::create_dir(&folder).unwrap();
    for (name, bytes) in LOG.iter() {
        fs::write(folder.join(name), bytes).unwrap();
    }
    (home, folder)
}

fn records(folder: &Path) -> Vec<Record> {
    let reader = Reader::open(folder).expect("it is readable");
    let filter = Filter::default();
    let all = reader.records(&filter);
    all.map(|stored| stored.expect("a record").record).collect()
}

fn verdict(folder: &Path) -> Verdict {
    let reader = Reader::open(folder).expect("it is readable");
    reader.verify().expect("it is readable")
}

fn whole(folder: &Path) -> Whole {
    match verdict(folder) {
        Verdict::Whole(whole) => whole,
        Verdict::Broken(fault) => unreachable!("{fault:?}"),
    }
}

fn fault(folder: &Path) -> Fault {
    match verdict(folder) {
        Verdict::Broken(fault) => fault,
        Verdict::Whole(whole) => unreachable!("{whole:?}"),
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    files.sort();
    files
}
