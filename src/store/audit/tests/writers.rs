use std::{collections::HashMap, thread};

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
