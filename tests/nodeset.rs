//! Node sets against `ClusterShell`'s own, on generated expressions: same names, same order, same folding, same refusals.

use std::{
    collections::BTreeMap,
    io::Write,
    process::{Command, Stdio},
};

use proptest::{
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use sshoal::node::set::{Groups, NodeSet};

/// Answers one line of JSON per line of JSON: what `NodeSet` makes of the expression, or null where it refuses.
const PEER: &str = r"
import json, sys
try:
    from ClusterShell.NodeSet import NodeSet
    from ClusterShell.NodeUtils import GroupResolver, GroupSource
except ImportError:
    sys.exit(42)
groups, known = json.loads(sys.stdin.readline())
resolver = GroupResolver(GroupSource('here', groups, known))
for line in sys.stdin:
    try:
        found = NodeSet(json.loads(line), resolver=resolver)
        print(json.dumps([str(found), len(found), list(found)]))
    except Exception as e:
        print(json.dumps(None))
";

/// What one side makes of an expression: folded form, count, names in order.
type Answer = Option<(String, usize, Vec<String>)>;

struct Cluster {
    groups: BTreeMap<&'static str, &'static str>,
    known: Vec<String>,
}

impl Cluster {
    fn new() -> Self {
        let groups = [
            ("web", "n[1-5],r1n[01-03]"),
            ("db", "n[3-9]!n5"),
            ("rack1", "r1n[1-4]"),
            ("rack2", "r2n[1-4]"),
            ("nested", "@web&@db,login"),
            ("gpu-a", "gpu[01-08]"),
        ];
        let known = "n[1-12],n[01-04],r[1-3]n[1-4],r1n[01-03],gpu[01-12],login,web-1,web-2";
        let known = NodeSet::parse(known, &sshoal::node::set::NoGroups)
            .expect("a valid set")
            .iter()
            .collect();
        Self {
            groups: groups.into(),
            known,
        }
    }

    fn ours(&self, expression: &str) -> Answer {
        let set = NodeSet::parse(expression, self).ok()?;
        Some((set.fold(), set.len(), set.iter().collect()))
    }

    /// What `ClusterShell` makes of each; `None` when it isn't installed. A distribution's package is for its own python.
    fn theirs(&self, expressions: &[String]) -> Option<Vec<Answer>> {
        ["python3", "/usr/bin/python3"]
            .iter()
            .find_map(|python| self.ask(python, expressions))
    }

    fn ask(&self, python: &str, expressions: &[String]) -> Option<Vec<Answer>> {
        let mut child = Command::new(python)
            .args(["-c", PEER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut stdin = child.stdin.take().expect("a pipe");
        let mut input = vec![serde_json::json!([self.groups, self.known.join(",")]).to_string()];
        input.extend(
            expressions
                .iter()
                .map(|text| serde_json::json!(text).to_string()),
        );
        let writer =
            std::thread::spawn(move || stdin.write_all((input.join("\n") + "\n").as_bytes()));
        let output = child.wait_with_output().expect("an answer");
        let written = writer.join().expect("a thread that ends");
        if output.status.code() == Some(42) {
            return None;
        }
        assert!(
            output.status.success() && written.is_ok(),
            "the peer failed"
        );
        let lines = std::str::from_utf8(&output.stdout).expect("ASCII").lines();
        Some(
            lines
                .map(|line| serde_json::from_str(line).expect("an answer"))
                .collect(),
        )
    }
}

impl Groups for Cluster {
    fn group(&self, name: &str) -> Option<Vec<String>> {
        self.groups.get(name).map(|members| vec![(*members).into()])
    }

    fn names(&self) -> Vec<String> {
        self.groups.keys().map(|name| (*name).into()).collect()
    }

    fn all(&self) -> Vec<String> {
        self.known.clone()
    }
}

/// Says aloud that the peer is absent, and fails where it must be there.
fn absent() {
    let note = "NOT TESTED: node sets against clustershell, which is not installed";
    writeln!(std::io::stderr(), "{note}").expect("a standard error"); // not captured, as println! is
    assert!(
        std::env::var_os("SSHOAL_REQUIRE_PEERS").is_none(),
        "SSHOAL_REQUIRE_PEERS is set"
    );
}

fn item() -> impl Strategy<Value = String> {
    let widths = select(vec![1_usize, 1, 1, 2, 2, 3]);
    (0_u32..14, 0_u32..6, widths, select(vec![1, 1, 1, 2, 3])).prop_map(
        |(first, more, width, step)| {
            let last = first + more;
            let width = if last > 9 && first < 10 && width > 1 {
                width.max(2)
            } else {
                width
            };
            match (more, step) {
                (0, _) => format!("{first:0width$}"),
                (_, 1) => format!("{first:0width$}-{last:0width$}"),
                _ => format!("{first:0width$}-{last:0width$}/{step}"),
            }
        },
    )
}

fn brackets() -> impl Strategy<Value = String> {
    let comma = select(vec![",", ",", " ,", ", "]);
    (prop::collection::vec(item(), 1..4), comma)
        .prop_map(|(items, comma)| format!("[{}]", items.join(comma)))
}

fn place() -> impl Strategy<Value = String> {
    prop_oneof![3 => brackets(), 2 => (0_u32..14).prop_map(|n| n.to_string()), 1 => (0_u32..14).prop_map(|n| format!("{n:02}"))]
}

fn operand() -> impl Strategy<Value = String> {
    let one = (
        select(vec!["n", "n", "gpu", "web-", "a.b_", "50%", "%s"]),
        place(),
        select(vec!["", "", "", "-ib", "s", "%"]),
    )
        .prop_map(|(prefix, place, suffix)| format!("{prefix}{place}{suffix}"));
    let two = (
        place(),
        select(vec!["n", "n", "-"]),
        place(),
        select(vec!["", "", "", "-x"]),
    )
        .prop_map(|(a, between, b, suffix)| format!("r{a}{between}{b}{suffix}"));
    let small = || {
        prop_oneof![
            select(vec!["[0-1]", "[1-3]", "[0,2]", "[01-02]"]).prop_map(String::from),
            (0_u32..4).prop_map(|n| n.to_string())
        ]
    };
    let three = (small(), small(), small()).prop_map(|(a, b, c)| format!("i{a}r{b}n{c}"));
    let digits = select(vec![
        "n1[01-12]",
        "n[1-12]0",
        "n[1-3]4-5[00-02]",
        "n0[1-3]",
        "n[0-2]5",
        "n1[2-3]4",
        "r2[0-3]n1[1-3]0",
    ]);
    let fixed = select(vec![
        "login",
        "head%",
        "n007",
        "@web",
        "@db",
        "@rack[1-2]",
        "@nested",
        "@gpu-a",
        "@*",
        "n*",
        "r?n*",
        "*[1-3]",
        "gpu0?",
        "?*1",
        "nothing*",
    ]);
    prop_oneof![4 => one, 5 => two, 2 => three, 1 => digits.prop_map(String::from), 2 => fixed.prop_map(String::from)]
}

fn expression() -> impl Strategy<Value = String> {
    let operators = select(vec![
        ",", ",", ",", ",", ", ", "!", "&", "^", " ! ", " &", "^ ", " , ",
    ]);
    let mixed = (
        operand(),
        prop::collection::vec((operators, operand()), 0..6),
    )
        .prop_map(|(first, more)| {
            more.into_iter().fold(first, |text, (operator, operand)| {
                text + operator + &operand
            })
        });
    prop_oneof![3 => mixed, 1 => scattered(2), 1 => scattered(3)]
}

/// Many names of one pattern in several dimensions, that hardly fold, with a second such set taken out or kept.
fn scattered(dimensions: usize) -> impl Strategy<Value = String> {
    let number = select(vec![
        "0", "1", "2", "3", "4", "9", "10", "11", "01", "02", "[1-2]", "[0-3/2]", "[02-03]",
    ]);
    let name = prop::collection::vec(number, dimensions).prop_map(|numbers| {
        let places = numbers.iter().zip(["n", "r", "i"]);
        places.fold(String::new(), |name, (number, text)| name + text + number)
    });
    let names = |name| prop::collection::vec(name, 2..25);
    (names(name.boxed()), select(vec![",", "!", "&", "^"])).prop_map(|(names, last)| {
        let (most, rest) = names.split_at(names.len() * 3 / 4);
        [most.join(","), rest.join(last)].join(last)
    })
}

fn generated<T: std::fmt::Debug>(count: usize, strategy: impl Strategy<Value = T>) -> Vec<T> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).expect("a value").current())
        .collect()
}

#[test]
fn same_names_order_and_folding_on_2000_expressions() {
    let cluster = Cluster::new();
    let expressions = generated(2000, expression());
    let Some(theirs) = cluster.theirs(&expressions) else {
        return absent();
    };
    assert_eq!(theirs.len(), expressions.len());
    let accepted = theirs.iter().flatten().count();
    assert!(
        accepted > 1900,
        "the generator should write valid expressions: {accepted}"
    );
    let folds_apart = theirs
        .iter()
        .flatten()
        .filter(|(fold, count, _)| *count > 3 && fold.contains('['))
        .count();
    assert!(
        folds_apart > 1000,
        "the expressions should be worth comparing: {folds_apart}"
    );
    for (expression, theirs) in expressions.iter().zip(theirs) {
        assert_eq!(
            cluster.ours(expression),
            theirs,
            "{expression:?}: {:?}",
            NodeSet::parse(expression, &cluster).err()
        );
    }
}

/// Each is refused by `ClusterShell` too.
const BAD: [&str; 34] = [
    ",",
    "n1,",
    ",n1",
    "n1,,n2",
    "n1, ,n2",
    "!n1",
    "n1!",
    "n1&",
    "^n1",
    "n[1-3],",
    "n[",
    "n]",
    "n[]",
    "n[1-3",
    "n1-3]",
    "n[1-3]]",
    "n[[1-3]]",
    "n[1-3][4-5]",
    "n[1-2]3[4-5]",
    "n[a]",
    "n[1-]",
    "n[1-2-x]",
    "n[3-1]",
    "n[1,]",
    "n[,1]",
    "n[1-3/0]",
    "n[1-3/]",
    "n[1/2]",
    "n[1-3/x]",
    "n[01-3]",
    "n[1-03]",
    "n[1!2]",
    "n[1-2],m]",
    "n[0-99999999999999999999]",
];

#[test]
fn both_refuse_bad_input() {
    let cluster = Cluster::new();
    let Some(theirs) = cluster.theirs(&BAD.map(String::from)) else {
        return absent();
    };
    for (bad, theirs) in BAD.iter().zip(theirs) {
        assert_eq!((cluster.ours(bad), theirs), (None, None), "{bad:?}");
    }
}

/// What only we refuse is listed; what only `ClusterShell` refuses is digits after a range with steps or of several widths.
#[test]
fn damaged_expressions_mean_the_same_or_nothing() {
    let cluster = Cluster::new();
    let damage = (
        expression(),
        any::<prop::sample::Index>(),
        select(",!&^[]-/@0193 n*".chars().collect::<Vec<_>>()),
    );
    let damaged = generated(2000, damage)
        .into_iter()
        .map(|(mut text, at, c)| {
            text.insert(at.index(text.len() + 1), c);
            text
        });
    let damaged: Vec<_> = damaged.collect();
    let Some(theirs) = cluster.theirs(&damaged) else {
        return absent();
    };
    let ours_alone = [
        "blanks",
        "two ways",
        "there is no group",
        "is missing",
        "negative",
        "padded to different",
    ];
    let mut refused = 0;
    for (text, theirs) in damaged.iter().zip(theirs) {
        match (NodeSet::parse(text, &cluster), theirs) {
            (Ok(_), Some(theirs)) => assert_eq!(cluster.ours(text), Some(theirs), "{text:?}"),
            (Err(_), None) => refused += 1,
            (Err(e), Some(theirs)) => {
                assert!(
                    ours_alone.iter().any(|known| e.reason.contains(known)),
                    "{text:?}: {e}, theirs {theirs:?}"
                );
            }
            (Ok(ours), None) => {
                let has_digit_after_range = text
                    .split(']')
                    .skip(1)
                    .any(|after| after.starts_with(|c: char| c.is_ascii_digit()));
                assert!(has_digit_after_range, "{text:?}: {ours}");
            }
        }
    }
    assert!(refused > 200, "the damage should show: {refused}");
}
