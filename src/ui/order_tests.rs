use std::time::Duration;

use super::*;
use crate::{
    metrics::{
        Sample,
        health::{Finding, Severity},
    },
    node::{Node, Transport},
    ssh::SessionInfo,
};

fn node(name: &str, cpu: f64) -> Arc<NodeState> {
    let mut state = NodeState::new(Arc::new(Node {
        transports: vec![Transport::Direct],
        ..Node::blank(name)
    }));
    let mut sample = Sample::default();
    sample.cpu.busy = Some(cpu);
    state.sample = Some(Arc::new(sample.into()));
    state.interval_ms = u64::MAX / 3;
    state.link = Link::Up(Arc::new(SessionInfo {
        transport: Transport::Direct,
        peer: String::new(),
        ident: "".into(),
        user: String::new(),
        auth: "".into(),
        remark: "".into(),
        setup: Duration::ZERO,
    }));
    Arc::new(state)
}

fn with_cpu(snapshot: &mut Snapshot, at: usize, cpu: f64) {
    let name = snapshot.nodes[at].node.id.to_string();
    snapshot.nodes[at] = node(&name, cpu);
}

fn fleet() -> Snapshot {
    Snapshot {
        nodes: vec![node("n10", 30.0), node("n2", 60.0), node("n1", 30.0)],
        ..Snapshot::default()
    }
}

#[test]
fn names_count_as_people_do() {
    let mut names = ["n10", "n2", "n02", "a", "n1b", "n1", "n", "x-9-1", "x-10-0"];
    names.sort_by(|a, b| natural(a, b));
    let sorted = ["a", "n", "n1", "n1b", "n02", "n2", "n10", "x-9-1", "x-10-0"];
    assert_eq!(names, sorted);
}

#[test]
fn the_worst_is_on_top_and_names_break_ties() {
    let mut order = Order::default();
    assert_eq!(order.arrange(&fleet(), Millis(0)), [1, 2, 0]);
    order.set(Sort::Worst, true);
    assert_eq!(order.arrange(&fleet(), Millis(0)), [2, 0, 1]);
    order.set(Sort::Name, false);
    assert_eq!(order.arrange(&fleet(), Millis(0)), [2, 1, 0]);
}

#[test]
fn rows_keep_still() {
    let mut order = Order::default();
    let mut fleet = fleet();
    order.arrange(&fleet, Millis(0));
    with_cpu(&mut fleet, 0, 99.0);
    assert_eq!(order.arrange(&fleet, Millis(STILL_MS - 1)), [1, 2, 0]);
    order.touch(Millis(STILL_MS - 1));
    assert_eq!(order.arrange(&fleet, Millis(STILL_MS + 500)), [1, 2, 0]);
    assert_eq!(
        order.arrange(&fleet, Millis(STILL_MS + CURSOR_MS)),
        [0, 1, 2]
    );
}

#[test]
fn a_wavering_signal_moves_nothing() {
    let mut order = Order::default();
    let mut fleet = fleet();
    order.arrange(&fleet, Millis(0));
    with_cpu(&mut fleet, 0, 44.0);
    assert_eq!(order.arrange(&fleet, Millis(10_000)), [1, 2, 0]);
    with_cpu(&mut fleet, 0, 46.0);
    assert_eq!(order.arrange(&fleet, Millis(20_000)), [1, 0, 2]);
}

#[test]
fn severity_beats_findings_beat_signals() {
    let finding = |severity| Finding {
        rule: "r",
        severity,
        reason: String::new(),
    };
    let with = |severities: &[Severity], cpu| {
        let mut state = (*node("n", cpu)).clone();
        state.health.findings = severities.iter().map(|s| finding(*s)).collect();
        score(&state, Millis(0))
    };
    let critical = with(&[Severity::Critical], 0.0);
    let two_warnings = with(&[Severity::Warn; 2], 0.0);
    let one_warning = with(&[Severity::Warn], 100.0);
    let busy = with(&[], 100.0);
    assert!(critical > two_warnings && two_warnings > one_warning && one_warning > busy);
}

#[test]
fn well_nodes_are_ordered_by_how_loaded_they_are() {
    let with = |set: fn(&mut Sample)| {
        let mut state = (*node("n", 3.0)).clone();
        let mut sample = Sample::clone(state.sample.as_deref().unwrap());
        set(&mut sample);
        state.sample = Some(Arc::new(sample.into()));
        score(&state, Millis(0))
    };
    let half_full = with(|s| {
        (s.memory.total, s.memory.available) = (Some(100), Some(32));
    });
    let busy = with(|s| s.cpu.busy = Some(60.0));
    let crowd = with(|s| {
        s.cpu.busy = Some(60.0);
        s.host.cores = Some(32);
        s.load.averages = Some([56.0; 3]);
    });
    let waits = with(|s| s.pressure.cpu_some = Some(70.0));
    assert!(busy > half_full, "{busy} {half_full}");
    assert!(crowd > busy && waits > busy, "{crowd} {waits} {busy}");
}

#[test]
fn what_has_no_value_is_last_either_way_round() {
    let mut fleet = fleet();
    let mut bare = (*fleet.nodes[1]).clone();
    bare.sample = None;
    fleet.nodes[1] = Arc::new(bare);
    let mut order = Order::default();
    let cpu = Sort::Column(Column::named("cpu").unwrap());
    for inverted in [false, true] {
        order.set(cpu, inverted);
        assert_eq!(order.arrange(&fleet, Millis(0)).last(), Some(&1));
    }
}
