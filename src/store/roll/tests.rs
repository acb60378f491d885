//! Journals on disk: what was written is read, a torn end is mended, one process drives.

use std::{fs, io::Write as _, os::unix::fs::PermissionsExt as _};

use super::*;
use crate::store::audit::RunId;

fn header() -> Header {
    Header {
        id: RunId::new(1_795_285_882_123),
        version: 1,
        actor: "ops".to_owned(),
        words: vec!["web".to_owned(), "nginx".to_owned()],
        hosts: Some("/etc/hosts.yaml".into()),
        known_hosts: None,
        ssh_config: None,
        nodes: vec!["n1".to_owned(), "n2".to_owned()],
        batches: vec![Batch {
            places: vec![1, 0],
            is_canary: false,
            value: None,
        }],
    }
}

fn records() -> Vec<Record> {
    let step = |place, step: &str, outcome: &str| Record::Step {
        place,
        step: step.to_owned(),
        outcome: outcome.to_owned(),
        reason: String::new(),
    };
    vec![
        Record::Drive { pid: 7 },
        Record::Begin { place: 0 },
        step(0, "restart", "ok"),
        Record::Worked { place: 0 },
        Record::Note { what: Note::Pause },
        Record::Node {
            place: 0,
            end: End::Failed,
            reason: "the gate is red".to_owned(),
        },
        Record::Over {
            reason: "failures".to_owned(),
        },
    ]
}

fn folder() -> (tempfile::TempDir, Folder) {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::new(&place.path().join("rolls"));
    (place, folder)
}

#[test]
fn what_was_written_is_read_and_is_nobody_elses() {
    let (place, folder) = folder();
    let header = header();
    assert!(folder.ids().unwrap().is_empty());
    let mut journal = folder.begin(&header, 5).unwrap();
    journal.append(&records(), 6).unwrap();
    let stored = folder.read(&header.id).unwrap();
    assert_eq!((&stored.header, stored.at_ms), (&header, 5));
    let read: Vec<Record> = stored
        .lines
        .iter()
        .map(|line| line.record.clone())
        .collect();
    assert_eq!(read, records());
    assert!(stored.is_driven);
    assert_eq!(stored.pid(), Some(7));
    drop(journal);
    assert!(!folder.read(&header.id).unwrap().is_driven);
    assert_eq!(folder.ids().unwrap(), std::slice::from_ref(&header.id));
    for name in ["jsonl", "control"] {
        let file = place.path().join(format!("rolls/{}.{name}", header.id));
        let mode = fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn one_process_drives_a_roll() {
    let (_place, folder) = folder();
    let header = header();
    let mut journal = folder.begin(&header, 5).unwrap();
    journal.append(&[Record::Drive { pid: 7 }], 5).unwrap();
    let error = folder.resume(&header.id, 6).unwrap_err().to_string();
    assert!(error.contains("another process (pid 7)"), "{error}");
    drop(journal);
    assert!(folder.resume(&header.id, 6).is_ok());
    let other = RunId::new(9);
    let error = folder.resume(&other, 6).unwrap_err();
    assert!(matches!(error, Error::Unknown(id) if id == other));
}

/// Whatever a crash leaves of the last write: all before it is kept, and what comes after it is read.
#[test]
fn a_torn_end_is_mended_wherever_it_is_torn() {
    let (place, folder) = folder();
    let header = header();
    let mut journal = folder.begin(&header, 5).unwrap();
    journal.append(&records(), 6).unwrap();
    drop(journal);
    let path = place.path().join(format!("rolls/{}.jsonl", header.id));
    let whole = fs::read(&path).unwrap();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for end in first..=whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        let count = whole[first..end].split(|byte| *byte == b'\n').count() - 1;
        let is_torn = whole[end - 1] != b'\n';
        let (stored, mut journal) = folder.resume(&header.id, 7).unwrap();
        let read: Vec<_> = stored
            .lines
            .iter()
            .map(|line| line.record.clone())
            .collect();
        assert_eq!(read.get(..count), records().get(..count), "at {end}");
        assert_eq!(read.len(), count + usize::from(is_torn), "at {end}");
        let gap = matches!(read.last(), Some(Record::Gap { .. }));
        assert_eq!(gap, is_torn, "at {end}");
        journal.append(&[Record::Drive { pid: 8 }], 8).unwrap();
        drop(journal);
        assert_eq!(folder.read(&header.id).unwrap().pid(), Some(8));
    }
}

#[test]
fn a_journal_without_its_first_line_and_one_of_others_are_refused() {
    let (place, folder) = folder();
    let header = header();
    drop(folder.begin(&header, 5).unwrap());
    let path = place.path().join(format!("rolls/{}.jsonl", header.id));
    fs::write(&path, "{}\n").unwrap();
    let error = folder.read(&header.id).unwrap_err();
    assert!(matches!(error, Error::Headless { .. }));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let error = folder.resume(&header.id, 6).unwrap_err();
    assert!(matches!(error, Error::Open { .. }));
}

#[test]
fn orders_of_another_process_come_once_and_whole() {
    let (_place, folder) = folder();
    let header = header();
    let journal = folder.begin(&header, 5).unwrap();
    let path = folder.control(&header.id);
    Order::Abort.give(&path).unwrap();
    let mut control = journal.control().unwrap();
    assert_eq!(control.take().unwrap(), [], "that was for another process");
    Order::Pause.give(&path).unwrap();
    Order::Promote.give(&path).unwrap();
    assert_eq!(control.take().unwrap(), [Order::Pause, Order::Promote]);
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"nonsense\nres").unwrap();
    assert_eq!(control.take().unwrap(), []);
    file.write_all(b"ume\n").unwrap();
    assert_eq!(control.take().unwrap(), [Order::Resume]);
}

#[test]
fn lines_of_a_later_version_are_read_as_such() {
    let line = r#"{"at_ms":1,"kind":"rollback","place":3}"#;
    let line: Line = serde_json::from_str(line).unwrap();
    assert_eq!(line.record, Record::Later);
}

/// Rolls that began a minute apart, the last one at `now`; every second one is finished.
fn rolls(folder: &Folder, count: u64, now_ms: u64) -> Vec<RunId> {
    let roll = |number: u64| {
        let at_ms = now_ms - (count - 1 - number) * 60_000;
        let header = Header {
            id: RunId::new(at_ms),
            ..header()
        };
        let mut journal = folder.begin(&header, at_ms).unwrap();
        let end = |place| Record::Node {
            place,
            end: End::Done,
            reason: String::new(),
        };
        let count = if number.is_multiple_of(2) { 2 } else { 1 };
        journal
            .append(&(0..count).map(end).collect::<Vec<_>>(), at_ms)
            .unwrap();
        header.id
    };
    (0..count).map(roll).collect()
}

#[test]
fn the_newest_of_those_that_are_finished_are_kept_and_all_that_are_not() {
    let (_place, folder) = folder();
    let now = 1_795_285_882_123;
    let all = rolls(&folder, 11, now);
    folder.tidy_to(3, now).unwrap();
    let left = folder.ids().unwrap();
    let kept = [1, 3, 5, 6, 7, 8, 9, 10].map(|number: usize| all[number].clone());
    assert!(left.iter().rev().eq(&kept), "{left:?}");
    let beside = |id: &RunId| folder.control(id).exists();
    assert!(!beside(&all[0]) && beside(&all[1]));
    folder.tidy(now).unwrap();
    assert_eq!(folder.ids().unwrap(), left);
}

#[test]
fn after_thirty_days_a_roll_goes_unless_it_is_driven() {
    const DAY: u64 = 86_400_000;
    let (_place, folder) = folder();
    let now = 1_795_285_882_123;
    let all = rolls(&folder, 4, now);
    folder.tidy(now + 30 * DAY - 180_000).unwrap();
    assert_eq!(folder.ids().unwrap().len(), 4);
    let (_, driven) = folder.resume(&all[3], now).unwrap();
    folder.tidy(now + 31 * DAY).unwrap();
    assert_eq!(folder.ids().unwrap(), [all[3].clone()]);
    drop(driven);
    folder.tidy(now + 31 * DAY).unwrap();
    assert!(folder.ids().unwrap().is_empty());
}
