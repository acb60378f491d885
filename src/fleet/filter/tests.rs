use std::{collections::BTreeMap, sync::Arc, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::{
    metrics::Sample,
    node::{Node, NodeId, Transport},
    ssh::SessionInfo,
};

fn node(name: &str, group: &str, role: &str) -> Arc<Node> {
    Arc::new(Node {
        transports: vec![Transport::Direct],
        labels: BTreeMap::from([("role".to_owned(), role.to_owned())]),
        groups: vec![group.to_owned()],
        ..Node::blank(name)
    })
}

fn inventory() -> Inventory {
    let nodes = vec![
        node("web1", "web", "front"),
        node("web2", "web", "front"),
        node("db1", "db", "store"),
    ];
    let mut groups: BTreeMap<String, Vec<NodeId>> = BTreeMap::new();
    for node in &nodes {
        let members = groups.entry(node.groups[0].clone()).or_default();
        members.push(node.id.clone());
    }
    Inventory {
        nodes,
        groups,
        ..Inventory::default()
    }
}

/// web1 is busy, web2 idle, db1 never answered.
fn states() -> Vec<NodeState> {
    let inventory = inventory();
    let mut states: Vec<NodeState> = inventory
        .nodes
        .iter()
        .cloned()
        .map(NodeState::new)
        .collect();
    for (state, load) in states.iter_mut().zip([8.0, 0.5]) {
        let mut sample = Sample::default();
        sample.load.averages = Some([load, load, load]);
        sample.memory.total = Some(1 << 30);
        sample.memory.available = Some(if load > 1.0 { 1 << 26 } else { 1 << 29 });
        state.sample = Some(Arc::new(sample.into()));
        state.link = crate::fleet::Link::Up(Arc::new(SessionInfo {
            transport: Transport::Direct,
            peer: String::new(),
            ident: "".into(),
            user: String::new(),
            auth: "".into(),
            remark: "".into(),
            setup: Duration::ZERO,
        }));
    }
    states
}

fn shown(text: &str) -> String {
    let filter = Filter::parse(text, &inventory()).unwrap();
    let states = states();
    let names: Vec<&str> = states
        .iter()
        .filter(|s| filter.matches(s, Millis(0)))
        .map(|s| s.node.id.as_str())
        .collect();
    names.join(" ")
}

#[test]
fn matches_what_it_says() {
    for (text, names) in [
        ("", "web1 web2 db1"),
        ("WEB", "web1 web2"),
        ("1", "web1 db1"),
        ("web 1", "web1"),
        ("load>4", "web1"),
        ("load > 4", "web1"),
        ("load<4", "web2"),
        ("!load<4", "web1 db1"),
        ("mem>=90%", "web1"),
        ("memory.total=1G", "web1 web2"),
        ("state=idle", "db1"),
        ("state!=idle", "web1 web2"),
        ("status=unknown", "db1"),
        ("status<=ok", "web1 web2"),
        ("group=web", "web1 web2"),
        ("@db", "db1"),
        ("web*", "web1 web2"),
        ("role=store", "db1"),
        ("label.role!=store", "web1 web2"),
        ("(web1 | db1) & !load>4", "db1"),
        ("web1|db1 1", "web1 db1"),
        ("gpu>0", ""),
        ("!gpu>0", "web1 web2 db1"),
        ("name=web1", "web1"),
        ("daemon=nginx", ""),
    ] {
        assert_eq!(shown(text), names, "{text}");
    }
}

#[test]
fn takes_what_the_columns_show() {
    let mut states = states();
    let mut sample = Sample::clone(states[0].sample.as_deref().unwrap());
    (sample.pressure.cpu_some, sample.pressure.io_some) = (Some(3.0), Some(24.0));
    states[0].sample = Some(Arc::new(sample.into()));
    states[0].sample_at = Millis(60_000);
    (states[0].round_trip_ms, states[1].round_trip_ms) = (Some(12.0), Some(250.0));
    states[1].sample_at = Millis(120_000);
    for (text, names) in [
        ("psi>10", "web1"),
        ("PSI>10%", "web1"),
        ("psi<1", ""),
        ("!psi>10", "web2 db1"),
        ("age>5s", "web1"),
        ("age>=1m", "web1"),
        ("age<5", "web2"),
        ("age>1h", ""),
        ("age>0.01d", ""),
        ("rtt>100", "web2"),
        ("rtt>100ms", "web2"),
        ("rtt<0.1s", "web1"),
        ("gpu°c>50", ""),
        ("load/core>1", ""),
        ("LD/CORE<1", ""),
        ("load5>4", "web1"),
    ] {
        let filter = Filter::parse(text, &inventory()).unwrap();
        let shown = states.iter().filter(|s| filter.matches(s, Millis(120_000)));
        let shown: Vec<&str> = shown.map(|s| s.node.id.as_str()).collect();
        assert_eq!(shown.join(" "), names, "{text}");
    }
    for (text, part) in [
        ("age>5q", "90s, 5m, 2h"),
        ("rtt>2x", "20ms"),
        ("psy>4", "psi?"),
    ] {
        let error = Filter::parse(text, &inventory()).unwrap_err();
        assert!(error.reason.contains(part), "{text}: {error}");
    }
}

#[test]
fn says_where_it_is_wrong() {
    for (text, column, part) in [
        ("load>", 6, "missing"),
        ("load>x", 6, "number"),
        ("web & load>4M%", 12, "unit"),
        ("memroy.used>4", 1, "memory.used?"),
        ("(web", 1, "closing )"),
        ("web)", 4, "not expected"),
        ("a | | b", 5, "not expected"),
        ("n[1-3", 2, "closing ]"),
        ("state=dwn", 7, "connecting"),
        ("group=nope", 7, "nope"),
        ("rle=db", 1, "role?"),
        ("laod>4", 1, "no field or label laod; load?"),
        ("load~4", 5, "= != < <= > >="),
        ("web load:4", 9, "= != < <= > >="),
        ("nosuch~4", 7, "= != < <= > >="),
        ("disk>", 6, "a value is missing here"),
        ("mem>10s", 5, "90%"),
    ] {
        let error = Filter::parse(text, &inventory()).unwrap_err();
        assert_eq!(error.column, column, "{text}: {error}");
        assert!(error.reason.contains(part), "{text}: {error}");
    }
    let long = "a".repeat(MAX_CHARS + 1);
    assert!(Filter::parse(&long, &inventory()).is_err());
    let deep = format!("{}a{}", "(".repeat(255), ")".repeat(255));
    assert!(Filter::parse(&deep, &inventory()).is_ok());
}

proptest! {
    #[test]
    fn any_text_is_a_filter_or_an_error_within_it(text in "[a-z0-9 .@*,!&|()<>=%\\[\\]\"é-]{0,40}") {
        if let Err(error) = Filter::parse(&text, &inventory()) {
            prop_assert!(error.column >= 1 && error.column <= text.chars().count() + 1);
        }
    }

    #[test]
    fn not_turns_every_answer_round(text in "(web|db|1|load>1|mem<50|state=up|@web)( & (load<9|2)| \\| db1)?") {
        let plain = Filter::parse(&text, &inventory()).unwrap();
        let turned = Filter::parse(&format!("!({text})"), &inventory()).unwrap();
        for state in states() {
            prop_assert_ne!(plain.matches(&state, Millis(0)), turned.matches(&state, Millis(0)));
        }
    }
}
