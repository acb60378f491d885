use std::{collections::HashMap, thread, time::Duration};

use super::*;

const WRITERS: u64 = 6;
const RUNS: u64 = 12;

/// Each with a handle and a lock of its own, as processes have them.
#[test]
fn several_writers_make_one_chain() {
    let (_home, folder) = place();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let folder = &folder;
            scope.spawn(move || {
                // Files of a few records each: they change over in the middle of everything.
                let mut audit = Audit::open_with(folder, NOW, 4000).unwrap();
                for n in 0..RUNS {
                    let at_ms = NOW + writer * 1000 + n;
                    write_run(&mut audit, &RunId::new(at_ms), at_ms).unwrap();
                }
            });
        }
        // Whoever reads meanwhile sees whole records only.
        for _ in 0..20 {
            assert!(matches!(verdict(&folder), Verdict::Whole(_)));
        }
    });
    let whole = whole(&folder);
    assert_eq!(whole.gaps, 0);
    assert!(whole.files > 10);
    let mut counts = HashMap::new();
    for record in records(&folder) {
        if let Some(run) = record.event.run() {
            *counts.entry(run.clone()).or_insert(0) += 1;
        }
    }
    assert_eq!(counts.len() as u64, WRITERS * RUNS);
    assert!(counts.values().all(|count| *count == 5));
    assert_eq!(whole.head.next, WRITERS * RUNS * 5 + whole.files as u64);
}

#[test]
fn a_writer_goes_on_where_another_has_stopped() {
    let (_home, folder) = place();
    let mut one = Audit::open(&folder, NOW).unwrap();
    let mut other = Audit::open(&folder, NOW).unwrap();
    for n in 0..3 {
        write_run(&mut one, &RunId::new(NOW + n), NOW).unwrap();
        write_run(&mut other, &RunId::new(NOW + n), NOW).unwrap();
    }
    assert_eq!(whole(&folder).head.next, 31);
}

#[test]
fn what_was_written_is_due_on_disk_within_a_second_though_nothing_more_comes() {
    let (_home, folder) = place();
    let mut audit = Audit::open(&folder, NOW).unwrap();
    let run = RunId::new(NOW);
    audit.intent(&intent(&run, "uptime", NOW)).unwrap();
    assert_eq!(audit.sync_due(NOW), None, "an intent is on disk at once");
    let ms = Duration::from_millis;
    audit
        .result(&result(&run, "gpu01", "ok", NOW + 300))
        .unwrap();
    assert_eq!(audit.sync_due(NOW + 300), Some(ms(1000)));
    audit
        .result(&result(&run, "gpu02", "ok", NOW + 900))
        .unwrap();
    assert_eq!(audit.sync_due(NOW + 900), Some(ms(400)), "of the first");
    audit.sync_at_times(NOW + 1_299).unwrap();
    assert_eq!(audit.sync_due(NOW + 1_299), Some(ms(1)));
    audit.sync_at_times(NOW + 1_300).unwrap();
    assert_eq!(audit.sync_due(NOW + 1_300), None);
    audit
        .result(&result(&run, "web01", "ok", NOW + 1_400))
        .unwrap();
    audit.end(&run, &Counts::new(), NOW + 1_500).unwrap();
    assert_eq!(audit.sync_due(NOW + 1_500), None, "the end is the end");
}
