use proptest::prelude::*;

use super::*;

/// What a crash leaves of a log: its first bytes, and whatever the file system put behind them.
fn torn(keep: prop::sample::Index, junk: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let (home, folder) = two_runs();
    let mut all = files(&folder);
    let lengths: Vec<usize> = all.iter().map(|f| fs::read(f).unwrap().len()).collect();
    let mut keep = keep.index(lengths.iter().sum::<usize>() + 1);
    let mut last = 0;
    while keep > lengths[last] {
        keep -= lengths[last];
        last += 1;
    }
    for later in all.drain(last + 1..) {
        fs::remove_file(later).unwrap();
    }
    let mut bytes = fs::read(&all[last]).unwrap();
    bytes.truncate(keep);
    bytes.extend_from_slice(junk);
    fs::write(&all[last], bytes).unwrap();
    (home, folder)
}

fn lines(folder: &Path) -> Vec<String> {
    let text: String = files(folder)
        .iter()
        .map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned())
        .collect();
    text.split_inclusive('\n').map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_prefix_becomes_a_whole_log(
        keep: prop::sample::Index,
        junk in prop_oneof![
            Just(Vec::new()),
            Just(vec![0; 5000]),
            prop::collection::vec(any::<u8>(), 0..40),
            Just(b"{}\nnull\n".to_vec()),
        ],
    ) {
        let (_home, folder) = torn(keep, &junk);
        let before = lines(&folder);
        let mut audit = Audit::open_with(&folder, NOW, 1200).unwrap();
        let mended = whole(&folder);
        write_run(&mut audit, &RunId::new(NOW), NOW).unwrap();
        drop(audit);
        let after = whole(&folder);
        prop_assert!(after.head.next >= mended.head.next + 5);
        prop_assert_eq!(after.gaps, mended.gaps, "mended once");
        let kept = lines(&folder);
        let intact = before.iter().take_while(|line| line.ends_with("\"}\n")).count();
        prop_assert_eq!(&kept[..intact], &before[..intact], "older lines stay as they are");
        let is_torn = before.len() > intact;
        prop_assert_eq!(mended.gaps, u64::from(is_torn));
        for record in records(&folder) {
            if let Event::Gap(gap) = record.event {
                let fragment: String = before[intact..].concat();
                let kept = gap.fragment.trim_end_matches(char::REPLACEMENT_CHARACTER);
                prop_assert!(fragment.starts_with(kept));
            }
        }
    }
}

#[test]
fn a_torn_end_is_told_before_it_is_mended() {
    let (_home, folder) = place();
    let mut audit = Audit::open(&folder, NOW).unwrap();
    write_run(&mut audit, &RunId::new(NOW), NOW).unwrap();
    let file = files(&folder).pop().unwrap();
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, &text[..text.len() - 9]).unwrap();
    let found = fault(&folder);
    assert_eq!(found.line, 6);
    assert!(
        found.reason.contains("a crash, or a cut"),
        "{}",
        found.reason
    );
    // The same writer, which thinks that it knows the end.
    write_run(&mut audit, &RunId::new(NOW), NOW).unwrap();
    assert_eq!(whole(&folder).gaps, 1);
}
