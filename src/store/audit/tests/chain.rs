use proptest::prelude::*;

use super::*;

#[test]
fn a_line_is_what_the_documents_say() {
    let (_home, folder) = two_runs();
    let text = fs::read_to_string(&files(&folder)[0]).unwrap();
    let mut prev = "0".repeat(64);
    for (at, line) in text.lines().enumerate() {
        let (body, rest) = line.split_once(",\"hash\":\"").unwrap();
        let hash = rest.strip_suffix("\"}").unwrap();
        assert!(body.starts_with(&format!("{{\"seq\":{at},\"prev\":\"{prev}\",\"at_ms\":")));
        assert_eq!(
            Hash::of(format!("{prev}{body}").as_bytes()).to_string(),
            hash
        );
        prev = hash.to_owned();
    }
}

#[test]
fn files_follow_each_other_by_size_and_by_month() {
    let (_home, folder) = two_runs();
    assert!(files(&folder).len() > 2, "1,200 bytes are a few records");
    let before = whole(&folder);
    assert_eq!(before.files, files(&folder).len());
    let mut audit = Audit::open(&folder, NOW).unwrap();
    audit.host_key(&key(), NOW).unwrap();
    assert_eq!(files(&folder).len(), before.files, "the same month");
    let december = NOW + 10 * 24 * 3_600_000;
    audit.host_key(&key(), december).unwrap();
    audit.host_key(&key(), NOW).unwrap();
    assert_eq!(
        files(&folder).len(),
        before.files + 1,
        "once, wherever the clock goes"
    );
    let after = whole(&folder);
    assert_eq!(
        after.head.next,
        before.head.next + 4,
        "three records and an opening"
    );
    let opens = records(&folder);
    let opens = opens.iter().filter(|r| matches!(r.event, Event::Open(_)));
    assert_eq!(opens.count(), after.files);
}

fn key() -> HostKey {
    HostKey {
        actor: "ops".to_owned(),
        origin: "cli".to_owned(),
        node: "gpu01".to_owned(),
        change: HostKeyChange::Replaced,
        old: vec!["SHA256:a".to_owned()],
        new: Some("SHA256:b".to_owned()),
    }
}

#[test]
fn a_missing_file_or_line_is_found() {
    let (_home, folder) = two_runs();
    let all = files(&folder);
    fs::rename(&all[1], all[1].with_extension("away")).unwrap();
    let found = fault(&folder);
    assert_eq!((found.path, found.line), (all[2].clone(), 1));
    assert!(found.reason.ends_with("are missing"), "{}", found.reason);
    fs::rename(all[1].with_extension("away"), &all[1]).unwrap();
    let text = fs::read_to_string(&all[0]).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let without = [&lines[..1], &lines[2..], &[""]].concat().join("\n");
    fs::write(&all[0], without).unwrap();
    let found = fault(&folder);
    assert_eq!((found.path, found.line), (all[0].clone(), 2));
    fs::write(&all[0], text).unwrap();
    assert_eq!(whole(&folder).first, 0);
    fs::remove_file(&all[0]).unwrap();
    assert!(
        whole(&folder).first > 0,
        "the oldest may be archived, and it is said"
    );
}

#[test]
fn a_changed_last_record_is_no_torn_one() {
    let (_home, folder) = two_runs();
    let last = files(&folder).pop().unwrap();
    let text = fs::read_to_string(&last).unwrap();
    fs::write(&last, text.replace("\"ok\":2", "\"ok\":3")).unwrap();
    let mut audit = Audit::open(&folder, NOW).unwrap();
    write_run(&mut audit, &RunId::new(NOW), NOW).unwrap();
    let found = fault(&folder);
    assert_eq!(found.path, last);
    assert!(
        found.reason.contains("was changed after it was written"),
        "{}",
        found.reason
    );
    let gaps = records(&folder);
    assert!(!gaps.iter().any(|r| matches!(r.event, Event::Gap(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_flipped_bit_is_found(at: prop::sample::Index, bit in 0..8_u8) {
        let (_home, folder) = two_runs();
        prop_assert_eq!(whole(&folder).first, 0);
        let all = files(&folder);
        let lengths: Vec<usize> = all.iter().map(|f| fs::read(f).unwrap().len()).collect();
        let mut at = at.index(lengths.iter().sum());
        let mut file = 0;
        while at >= lengths[file] {
            at -= lengths[file];
            file += 1;
        }
        let mut bytes = fs::read(&all[file]).unwrap();
        let line = memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64 + 1;
        bytes[at] ^= 1 << bit;
        fs::write(&all[file], bytes).unwrap();
        let found = fault(&folder);
        prop_assert_eq!(found.path, all[file].clone());
        prop_assert_eq!(found.line, line);
    }
}
