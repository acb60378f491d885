//! Unit and property tests of node sets.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn set(text: &str) -> NodeSet {
    NodeSet::parse(text, &NoGroups).unwrap()
}

fn fold(text: &str) -> String {
    set(text).fold()
}

fn refusal(text: &str) -> String {
    NodeSet::parse(text, &NoGroups).unwrap_err().to_string()
}

struct Known(BTreeMap<&'static str, &'static str>);

impl Known {
    fn new(groups: &[(&'static str, &'static str)]) -> Self {
        Self(groups.iter().copied().collect())
    }
}

impl Groups for Known {
    fn group(&self, name: &str) -> Option<Vec<String>> {
        let members = self.0.get(name)?;
        Some(members.split(';').map(String::from).collect())
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().map(|name| (*name).into()).collect()
    }

    fn all(&self) -> Vec<String> {
        ["web1", "web2", "web10", "db1", "rack2-ib0"]
            .map(String::from)
            .to_vec()
    }
}

#[test]
fn folds_by_pattern_width_and_padding() {
    assert_eq!(fold("n3,n1,n2,m"), "m,n[1-3]");
    assert_eq!(fold("n[1,01]"), "n[1,01]");
    assert_eq!(fold("n[001-100/33]"), "n[001,034,067,100]");
    assert_eq!(fold("n[08,10-100]"), "n[08,10-99,100]");
    assert_eq!(fold("n[8-12]!n[9-10]"), "n[8,11-12]");
    assert_eq!(
        fold("r[1-2]n[1-3],r3n5,r10n1"),
        "r1n[1-3],r[2,10]n1,r2n[2-3],r3n5"
    );
    assert_eq!(fold("  r1n1 ,\tr2n1 ,r1n2, r2n2\n"), "r[1-2]n[1-2]");
    assert_eq!(fold("50%[1-2]%s"), "50%[1-2]%s");
    assert_eq!(fold(" \t"), "");
}

#[test]
fn operators_have_no_precedence() {
    assert_eq!(fold("a[1-9]!a[3-5]&a[1-4],b"), "a[1-2],b");
    assert_eq!(fold("a[1-4]^a[3-6]"), "a[1-2,5-6]");
    assert_eq!(fold("login^login"), "");
}

#[test]
fn says_where_and_what() {
    assert_eq!(
        refusal("a,,b"),
        "column 3: a node set is missing before `,`"
    );
    assert_eq!(refusal("é1,n[1-x]"), "column 6: `x` is not a number");
    assert_eq!(refusal("n[1, 5-3]"), "column 6: `5-3` runs backwards");
    assert_eq!(
        refusal("n[01-100]"),
        "column 3: `01` and `100` are padded to different lengths"
    );
    assert_eq!(refusal("a!n[1-2"), "column 4: the matching `]` is missing");
    assert_eq!(
        refusal("n1 n2"),
        "column 3: a name can't hold blanks or control characters; put `,` between names"
    );
    assert_eq!(refusal("n1&"), "column 3: a node set is missing after `&`");
    assert_eq!(
        refusal("n[1-2]5[3]"),
        "column 7: two ranges need other text than digits between them"
    );
    assert!(refusal("n1[8-11]").contains("two ways"));
    assert!(refusal("n[\u{1b}]31m]").is_ascii());
}

/// Counting the column of each name from the beginning takes the square of the text's length: ten times as long as the same
/// names in short texts.
#[test]
fn a_long_list_is_read_in_one_go() {
    const NAMES: usize = 6_000;
    let names: Vec<String> = (0..NAMES).map(|n| format!("{:600}n[{n}]x", "")).collect();
    let read = |text: &String| set(text).len() + expand(text, NAMES).unwrap().len();
    // The thread's own: a machine may do other things in between.
    let clock = || rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let time = |texts: &[String]| {
        let started = clock();
        assert_eq!(texts.iter().map(read).sum::<usize>(), 2 * NAMES);
        std::time::Duration::try_from(clock() - started).unwrap()
    };
    let short: Vec<String> = names.chunks(100).map(|names| names.join(",")).collect();
    let long = names.join(",");
    let (short, at_once) = (time(&short), time(std::slice::from_ref(&long)));
    assert!(at_once < 4 * short, "{at_once:?}, in short texts {short:?}");
    let bad = format!("{long},é[1-2],ü[1,x]");
    let column = long.len() + ",é[1-2],ü[1,".chars().count() + 1;
    let said = format!("column {column}: `x` is not a number");
    assert_eq!(refusal(&bad), said);
    assert_eq!(expand(&bad, 2 * NAMES).unwrap_err().to_string(), said);
}

#[test]
fn too_many_names_are_refused_before_any_is_made() {
    for text in [
        "n[0-999999999]",
        "n[0-9999999999999999999]",
        "r[1-1001]n[1-1000]",
        "a[1-600000],b[1-600000]",
    ] {
        assert!(refusal(text).contains("more than 1000000 names"), "{text}");
    }
    for text in [
        "a[1-600000]!a[1-600000]",
        "a[1-99999]b[1-99999]c[1-99999]d[1-99999]e[1-99999]",
    ] {
        assert!(refusal(text).contains("more than 1000000 names"), "{text}");
    }
    let rest = "with the rest, this is more than 1000000 names";
    for (text, column) in [
        ("a[0-999]b[0-999]!a5b5", 1),
        ("n1,a[0-999]b[0-999]", 4),
        ("n[1-9],a[1-999995],b1", 8),
    ] {
        assert_eq!(refusal(text), format!("column {column}: {rest}"), "{text}");
    }
    assert_eq!(set("n[1-1000000]").len(), MAX_NAMES);
    assert_eq!(expand("n[0-999999999]", 10).unwrap_err().column, 1);
}

#[test]
fn groups_hold_sets_and_never_themselves() {
    let known = Known::new(&[
        ("web", "web[1-2];web10"),
        ("rack1", "r1n[1-2]"),
        ("rack2", "r2n[1-2]"),
        ("both", "@web,@rack[1-2]!web10"),
        ("a", "x,@b"),
        ("b", "@a"),
        ("bad", "n[1-"),
        ("twice", "@web,@web"),
    ]);
    let parse = |text: &str| {
        NodeSet::parse(text, &known)
            .map(|set| set.fold())
            .map_err(|e| e.to_string())
    };
    assert_eq!(parse("@both").unwrap(), "r[1-2]n[1-2],web[1-2]");
    assert_eq!(parse("@*!@web").unwrap(), "db1,rack2-ib0");
    assert_eq!(
        parse("x , @a").unwrap_err(),
        "column 5: in group `a`: in group `b`: the group holds itself: a > b > a"
    );
    assert_eq!(
        parse("@bad").unwrap_err(),
        "column 1: in group `bad`: the matching `]` is missing"
    );
    assert_eq!(
        parse("@wbe").unwrap_err(),
        "column 1: there is no group `wbe`; did you mean `@web`?"
    );
    assert_eq!(parse("@twice").unwrap(), "web[1-2,10]");
    assert!(parse("@@web").is_err());
}

#[test]
fn groups_that_double_at_each_level_stay_cheap() {
    struct Doubling;
    impl Groups for Doubling {
        fn group(&self, name: &str) -> Option<Vec<String>> {
            let next = name.parse::<u32>().ok()? + 1;
            let deeper = format!("@{next},@{next}");
            Some(vec![
                if next > 30 { "n[1-10]".into() } else { deeper },
                "m".into(),
            ])
        }

        fn names(&self) -> Vec<String> {
            Vec::new()
        }

        fn all(&self) -> Vec<String> {
            Vec::new()
        }
    }
    assert_eq!(NodeSet::parse("@1", &Doubling).unwrap().fold(), "m,n[1-10]");
    assert!(NodeSet::parse("@[1-1000]", &Doubling).is_ok_and(|set| set.len() == 11));
    let error = NodeSet::parse("@-40", &Doubling).unwrap_err();
    assert_eq!(error.reason, "there is no group `-40`");
    let wide = Known::new(&[("g0", "@g1,@g1,@g1,@g1,@g1,@g1"), ("g1", "n[1-200000]")]);
    assert!(
        NodeSet::parse("@g0", &wide)
            .unwrap_err()
            .reason
            .contains("more than 1000000 names")
    );
}

#[test]
fn wildcards_match_known_nodes() {
    let known = Known::new(&[]);
    let parse = |text: &str| NodeSet::parse(text, &known).unwrap().fold();
    assert_eq!(parse("web*"), "web[1-2,10]");
    assert_eq!(parse("web?"), "web[1-2]");
    assert_eq!(parse("*[1-2]!d*"), "web[1-2]");
    assert_eq!(parse("*[1-9]-ib*"), "rack2-ib0");
    assert_eq!(parse("*[0-99999]*"), "db1,rack2-ib0,web[1-2,10]");
    assert_eq!(parse("nothing*"), "");
    assert_eq!(parse("?e*b10,*"), "db1,rack2-ib0,web[1-2,10]");
}

#[test]
fn expands_in_the_written_order() {
    let expanded = |text| expand(text, 100).unwrap();
    assert_eq!(
        expanded("10.0.3.[11-13]"),
        ["10.0.3.11", "10.0.3.12", "10.0.3.13"]
    );
    assert_eq!(
        expanded("[3,1-2]/x:[08-09]"),
        ["3/x:08", "3/x:09", "1/x:08", "1/x:09", "2/x:08", "2/x:09"]
    );
    assert_eq!(expanded("n1[9-10], u@h"), ["n19", "n110", "u@h"]);
    assert_eq!(expanded("no range & no set"), ["no range & no set"]);
    assert_eq!(expanded(" "), Vec::<String>::new());
    for bad in ["a,,b", "a,", ",a", "a[1", "a]", "a[]", "fe80::[x]"] {
        assert!(expand(bad, 100).is_err(), "{bad}");
    }
    assert_eq!(expand("a[1-5],b[1-6]", 10).unwrap_err().column, 8);
}

#[test]
fn numbers_too_long_for_arithmetic_stay_text() {
    let long = "n12345678901234567890123";
    let names = NodeSet::from_names([long, "n9999999999999999999", "n9999999999999999998"]);
    assert_eq!(
        names.fold(),
        format!("n[9999999999999999998-9999999999999999999],{long}")
    );
    assert!(names.contains(long));
    assert!(
        refusal("n[12345678901234567890-12345678901234567891]").contains("more than 19 digits")
    );
}

fn names() -> impl Strategy<Value = BTreeSet<String>> {
    let number = prop_oneof!["[0-9]", "[0-2]?[0-9]{1,2}", Just(String::new())];
    let name = ("[nr]", number.clone(), "[-x]?", number).prop_map(|(a, b, c, d)| a + &b + &c + &d);
    prop::collection::btree_set(name, 0..60)
}

fn from(names: &BTreeSet<String>) -> NodeSet {
    NodeSet::from_names(names.iter().map(String::as_str))
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        "[nr0-9,!&^@*?%\\[\\]/ -]{0,40}",
        ".{0,20}",
        "n\\[[0-9,/-]{0,20}\\]"
    ]
}

proptest! {
    #[test]
    fn nothing_panics(text in hostile()) {
        if let Ok(set) = NodeSet::parse(&text, &Known::new(&[("n", "@r"), ("r", "@n,*")])) {
            prop_assert_eq!(set.len(), set.iter().take(MAX_NAMES).count());
            prop_assert_eq!(NodeSet::parse(&set.fold(), &NoGroups).unwrap(), set);
        }
        let _ = expand(&text, 1000);
        prop_assert!(NodeSet::from_names([text.as_str()]).len() <= 1);
    }

    #[test]
    fn folding_loses_and_adds_nothing(names in names()) {
        let set = from(&names);
        prop_assert_eq!(set.len(), names.len());
        prop_assert_eq!(&set.iter().collect::<BTreeSet<_>>(), &names);
        prop_assert!(names.iter().all(|name| set.contains(name)));
        prop_assert_eq!(NodeSet::parse(&set.fold(), &NoGroups).unwrap(), set);
    }

    #[test]
    fn operators_follow_the_laws_of_sets(a in names(), b in names()) {
        let (left, right) = (from(&a), from(&b));
        prop_assert_eq!(left.union(&right), from(&(&a | &b)));
        prop_assert_eq!(left.difference(&right), from(&(&a - &b)));
        prop_assert_eq!(left.intersection(&right), from(&(&a & &b)));
        prop_assert_eq!(left.symmetric_difference(&right), from(&(&a ^ &b)));
        let shared = a.intersection(&b).next();
        prop_assert!(shared.is_none_or(|name| left.intersection(&right).contains(name)));
        prop_assert!(b.difference(&a).all(|name| !left.contains(name)));
    }

    #[test]
    fn plain_expansion_makes_the_same_names(names in names()) {
        let set = from(&names);
        let expanded = expand(&set.fold(), names.len()).unwrap();
        prop_assert_eq!(expanded, set.iter().collect::<Vec<_>>());
    }
}
