//! What `sshoal status` says of daemons, and of this machine.

use std::sync::Arc;

use super::*;
use crate::{
    inventory::{Located, load},
    metrics::{Sample, daemon, health::Finding, health::Severity},
    node::{Node, Transport},
    ssh::{Error, Evidence, SessionInfo, Step},
};

/// This machine, up, with daemons in these states, and what the rules say of it.
fn with(daemons: &[(&str, State)], findings: &[(&'static str, &str)]) -> NodeState {
    let alone = load(&Located::ThisMachine).unwrap();
    let mut state = NodeState::new(alone.nodes[0].clone());
    state.link = Link::Up(Arc::new(SessionInfo {
        transport: Transport::Local,
        peer: String::new(),
        ident: "".into(),
        user: "ops".into(),
        auth: "".into(),
        remark: "".into(),
        setup: Duration::ZERO,
    }));
    let one = |(name, state): &(&str, State)| daemon::Status {
        name: (*name).into(),
        state: *state,
        ..daemon::Status::default()
    };
    let mut sample = Sample::default();
    sample.daemon.daemons = daemons.iter().map(one).collect();
    state.sample = Some(Arc::new(sample.into()));
    let finding = |(rule, reason): &(&'static str, &str)| Finding {
        rule,
        severity: Severity::Critical,
        reason: (*reason).to_owned(),
    };
    state.health.findings = findings.iter().map(finding).collect();
    state
}

fn reason(daemons: &[(&str, State)], findings: &[(&'static str, &str)]) -> String {
    why(&with(daemons, findings), Millis(0))
}

#[test]
fn every_bad_daemon_is_named() {
    let nginx = (DAEMON_RULES[0], "nginx failed: exit code 1");
    let one = [("nginx", State::Failed), ("app", State::Up)];
    assert_eq!(reason(&one, &[nginx]), "nginx failed: exit code 1");
    let many = [
        ("cron", State::Stopped),
        ("nginx", State::Failed),
        ("app", State::Up),
        ("redis", State::Absent),
        ("postgres", State::Failed),
    ];
    let all = "nginx, postgres failed; redis absent; cron stopped";
    assert_eq!(reason(&many, &[nginx]), all);
    let disk = ("disk_full", "/data 97 % full");
    assert_eq!(
        reason(&many, &[disk, nginx]),
        format!("/data 97 % full; {all}")
    );
    assert_eq!(
        reason(&one, &[disk, nginx]),
        "/data 97 % full; nginx failed: exit code 1"
    );
    assert_eq!(reason(&[("app", State::Up)], &[disk]), "/data 97 % full");
}

#[test]
fn a_daemon_that_cannot_be_asked_is_not_well_and_says_why() {
    let untold = |details: [&str; 2]| {
        let mut state = with(
            &[
                ("sshd", State::Unknown),
                ("cron", State::Unknown),
                ("app", State::Up),
            ],
            &[("daemon_unknown", "sshd unknown: no answer")],
        );
        let mut sample = Sample::clone(state.sample.as_deref().unwrap());
        for (daemon, detail) in sample.daemon.daemons.iter_mut().zip(details) {
            daemon.detail = detail.into();
        }
        state.sample = Some(Arc::new(sample.into()));
        state.complete = true;
        state
    };
    let same = untold(["no answer", "no answer"]);
    assert!(!is_well(&same, Millis(0)));
    assert_eq!(why(&same, Millis(0)), "sshd, cron unknown: no answer");
    let fields = &to_json(&same, Millis(0))["fields"];
    assert_eq!(
        (&fields["daemon.up"], &fields["daemon.bad"]),
        (&json!(1), &json!(0))
    );
    let differ = untold(["no answer", "no status command"]);
    assert_eq!(why(&differ, Millis(0)), "sshd, cron unknown");
    let mut known = with(&[("app", State::Up)], &[]);
    known.complete = true;
    assert!(is_well(&known, Millis(0)));
    let mut full = with(&[("app", State::Up)], &[("disk", "/ 100 % full")]);
    full.complete = true;
    assert!(!is_well(&full, Millis(0)));
    let mut none = with(&[("app", State::Unknown)], &[]);
    none.complete = true;
    let fields = &to_json(&none, Millis(0))["fields"];
    assert_eq!(
        (&fields["daemon.up"], &fields["daemon.bad"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn many_bad_daemons_take_a_bounded_width() {
    let names: Vec<String> = (1..=40).map(|n| format!("daemon-{n:02}")).collect();
    let all: Vec<(&str, State)> = names.iter().map(|n| (&**n, State::Failed)).collect();
    let text = reason(&all, &[]);
    assert!(text.starts_with("daemon-01, daemon-02, "), "{text}");
    assert!(text.ends_with(" and 35 more failed"), "{text}");
    assert!(text.len() < 100, "{text}");
}

#[test]
fn this_machine_is_local_in_the_table_and_for_scripts() {
    let state = with(&[("a", State::Absent)], &[]);
    let row = row(&state, Millis(0), |_| "∅");
    assert_eq!(
        (row.cells[2].as_str(), row.cells[8].as_str()),
        ("local", "∅a")
    );
    assert_eq!(to_json(&state, Millis(0))["address"], "local");
}

/// A node with a daemon that ran, and a load, which went down 24 s ago.
fn gone() -> NodeState {
    let mut state = with(&[("slp", State::Up)], &[]);
    state.node = declaring(&["slp"]);
    let mut sample = Sample::clone(state.sample.as_deref().unwrap());
    sample.cpu.busy = Some(99.0);
    sample.load.averages = Some([2.59; 3]);
    state.sample = Some(Arc::new(sample.into()));
    state.complete = true;
    state.link = Link::Down {
        error: Arc::new(Error {
            step: Step::Connect,
            transport: Transport::Direct,
            reason: "connection refused".into(),
            advice: "".into(),
            permanent: false,
            busy: false,
            evidence: Evidence::default(),
        }),
        failures: 9,
        retry_at: Millis(0),
    };
    state
}

fn declaring(daemons: &[&str]) -> Arc<Node> {
    let one = |name: &&str| crate::node::Daemon {
        name: (*name).to_owned(),
        ..crate::node::Daemon::default()
    };
    Arc::new(Node {
        daemons: daemons.iter().map(one).collect(),
        ..Node::blank("n1")
    })
}

fn sign(state: State) -> &'static str {
    match state {
        State::Up => "✓",
        State::Unknown => "?",
        _ => "✗",
    }
}

#[test]
fn what_is_lost_is_not_told_as_of_now() {
    let now = Millis(24_000);
    let mut stale = gone();
    stale.link = with(&[], &[]).link;
    for (state, word) in [(gone(), "down"), (stale, "stale")] {
        let row = row(&state, now, sign);
        let cells = [&row.cells[3], &row.cells[4], &row.cells[8], &row.cells[9]];
        assert_eq!(cells, [word, "2.59", "?slp", "24s old"]);
        assert_eq!(row.counted, "?1");
        let json = to_json(&state, now);
        assert_eq!(json["state"], word);
        assert_eq!(json["daemons"][0]["name"], "slp");
        assert_eq!(json["daemons"][0]["state"], "unknown");
        for field in ["cpu.busy", "daemon.up", "daemon.bad", "load.1"] {
            let fields = json["fields"].as_object().unwrap();
            assert_eq!(fields.get(field), Some(&Value::Null), "{word} {field}");
        }
        assert_eq!(json["age_ms"], 24_000);
        assert_eq!(json["last"]["fields"]["cpu.busy"], 99);
        assert_eq!(json["last"]["daemons"][0]["state"], "up");
    }
}

#[test]
fn what_is_of_now_has_no_past() {
    let mut state = with(&[("slp", State::Up)], &[]);
    state.complete = true;
    let json = to_json(&state, Millis(0));
    assert_eq!(json["daemons"][0]["state"], "up");
    assert_eq!(json["last"], Value::Null);
    assert_eq!(row(&state, Millis(0), sign).cells[9], "0.0s");
}

#[test]
fn an_old_trouble_is_told_as_old() {
    let mut state = with(
        &[("nginx", State::Failed)],
        &[(DAEMON_RULES[0], "nginx failed: exit code 1")],
    );
    assert_eq!(why(&state, Millis(0)), "nginx failed: exit code 1");
    let told = why(&state, Millis(24_000));
    assert_eq!(told, "no answer for 24s; before: nginx failed: exit code 1");
    state.health.findings.clear();
    state.sample = Some(Arc::new(Sample::default().into()));
    assert_eq!(why(&state, Millis(24_000)), "no answer for 24s");
}

#[test]
fn daemons_of_a_node_that_was_never_reached_are_unknown() {
    let mut state = gone();
    state.sample = None;
    state.node = declaring(&["slp", "nginx"]);
    let told = row(&state, Millis(0), sign);
    assert_eq!((&*told.cells[8], &*told.counted), ("?slp ?nginx", "?2"));
    let json = to_json(&state, Millis(0));
    let daemons = json["daemons"].as_array().unwrap();
    let told: Vec<_> = daemons.iter().map(|d| (&d["name"], &d["state"])).collect();
    assert_eq!(
        told,
        [
            (&json!("slp"), &json!("unknown")),
            (&json!("nginx"), &json!("unknown"))
        ]
    );
    assert_eq!(
        (&json["age_ms"], &json["last"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn durations_are_seconds_or_have_a_unit() {
    for (text, ms) in [
        ("5", 5_000),
        ("500ms", 500),
        ("1m", 60_000),
        ("2h", 7_200_000),
    ] {
        assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        assert!(is_duration(text));
    }
    for text in ["0", "x", "", "5x", "-1", "1.5"] {
        assert!(duration(text).is_err(), "{text}");
    }
    assert!(interval("1ms").is_err() && interval("200ms").is_ok());
    assert!(is_duration("0") && !is_duration("web1") && !is_duration("5x"));
}

#[test]
fn one_attempt_says_enough_but_where_the_server_may_be_busy() {
    let down = |step, busy: bool, failures| {
        let mut state = with(&[], &[]);
        let error = Error::new(step, Transport::Direct, "why").of_busy(busy);
        state.link = Link::Down {
            error: Arc::new(error),
            failures,
            retry_at: Millis(0),
        };
        is_settled(&state)
    };
    for step in [
        Step::Connect,
        Step::Banner,
        Step::Kex,
        Step::Auth,
        Step::Session,
    ] {
        assert!(down(step, false, 1), "{step:?}");
    }
    assert!(!down(Step::Banner, true, 2) && down(Step::Banner, true, 3));
}

#[test]
fn columns_give_way_so_that_each_row_fits() {
    let mut state = with(&[("nginx", State::Up), ("postgres", State::Failed)], &[]);
    state.node = Arc::new(Node {
        address: "a-long-name.of-a-host.example.org".to_owned(),
        transports: vec![Transport::Direct],
        ..Node::blank("a-node-with-quite-a-long-name-01")
    });
    let rows = [row(&state, Millis(0), |_| "+")];
    let at = |width| lines(&rows, |_| "*", (width, "~"));
    let wide = at(usize::MAX);
    for width in 1..=140 {
        for line in at(width) {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
    assert_eq!(at(200), wide);
    let headings = |width: usize| {
        at(width)[0]
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(headings(100), COLUMNS.join(" ").trim());
    assert!(
        !headings(60).contains("ADDRESS") && headings(60).contains("LOAD"),
        "{}",
        headings(60)
    );
    let narrow = at(40);
    assert!(
        narrow[0].contains("NODE") && narrow[0].contains("STATE"),
        "{narrow:?}"
    );
    assert!(narrow[1].contains("a-node-with"), "{narrow:?}");
}
