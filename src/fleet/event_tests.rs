//! What each report does to the state of a node.

use std::sync::Arc;

use super::*;
use crate::{
    fleet::Status,
    metrics::health::{Finding, Severity},
    node::{Node, Transport, text::SafeText},
    ssh::{Evidence, Step},
};

fn state() -> NodeState {
    let inventory = crate::inventory::load(&crate::inventory::Located::ThisMachine).unwrap();
    let node: Node = inventory.nodes[0].as_ref().clone();
    NodeState::new(Arc::new(node))
}

fn error() -> Arc<Error> {
    Arc::new(Error {
        step: Step::Connect,
        transport: Transport::Direct,
        reason: SafeText::from("refused"),
        advice: SafeText::default(),
        permanent: false,
        busy: false,
        evidence: Evidence::default(),
    })
}

fn up() -> News {
    News::Up(Arc::new(SessionInfo {
        transport: Transport::Direct,
        peer: "127.0.0.1:22".to_owned(),
        ident: SafeText::default(),
        user: "ops".to_owned(),
        auth: SafeText::default(),
        remark: SafeText::default(),
        setup: std::time::Duration::ZERO,
    }))
}

fn sample() -> News {
    News::Sample(Measured {
        sample: Arc::new(Sample::default().into()),
        round_trip_ms: 1.5,
        interval_ms: 1000,
        complete: true,
    })
}

fn apply(state: &mut NodeState, news: News, at: u64) {
    state.apply(news, Millis(at), |_| Health::default());
}

#[test]
fn a_node_becomes_well_and_then_stale() {
    let mut state = state();
    assert_eq!(state.status(Millis(0)), Status::Unknown);
    apply(&mut state, up(), 100);
    assert_eq!(
        state.status(Millis(100)),
        Status::Unknown,
        "up, but nothing is measured"
    );
    let words = (state.state_word(Millis(100)), state.state_text(Millis(100)));
    assert_eq!(words, ("up", "no data yet"));
    apply(&mut state, sample(), 200);
    assert_eq!(state.status(Millis(200)), Status::Ok);
    assert_eq!(state.state_word(Millis(3200)), "up");
    assert_eq!(state.state_text(Millis(3200)), "up");
    assert_eq!(state.state_word(Millis(3201)), "stale");
    assert_eq!(state.status(Millis(3201)), Status::Unknown);
}

#[test]
fn the_last_values_of_a_lost_node_stay_and_count_as_stale() {
    let mut state = state();
    apply(&mut state, up(), 0);
    apply(&mut state, sample(), 10);
    apply(
        &mut state,
        News::Down {
            error: error(),
            failures: 1,
            retry_in_ms: 2000,
        },
        20,
    );
    assert!(state.sample.is_some() && state.is_stale(Millis(21)));
    assert!(!state.complete);
    assert_eq!(state.status(Millis(21)), Status::Warn);
    assert_eq!(state.state_word(Millis(21)), "reconnecting");
    assert!(matches!(
        &state.link,
        Link::Down {
            retry_at: Millis(2020),
            ..
        }
    ));
}

#[test]
fn being_lost_is_counted_from_the_first_failure() {
    let mut state = state();
    let down = |failures| News::Down {
        error: error(),
        failures,
        retry_in_ms: 2000,
    };
    apply(&mut state, down(1), 1000);
    apply(&mut state, News::Connecting, 3000);
    assert_eq!(
        state.state_word(Millis(3000)),
        "down",
        "it is not better for being tried again"
    );
    assert!(matches!(
        &state.link,
        Link::Down {
            retry_at: Millis(3000),
            failures: 1,
            ..
        }
    ));
    apply(&mut state, down(2), 5000);
    assert_eq!(state.link_since, Millis(1000));
    apply(&mut state, up(), 6000);
    assert_eq!(state.link_since, Millis(6000));
}

#[test]
fn a_node_that_was_up_reconnects_before_it_is_down() {
    let mut state = state();
    apply(&mut state, up(), 0);
    apply(&mut state, sample(), 5);
    let mut words = Vec::new();
    for failures in 1..=3 {
        let down = News::Down {
            error: error(),
            failures,
            retry_in_ms: 2000,
        };
        apply(&mut state, down, 10);
        words.push((state.state_word(Millis(10)), state.status(Millis(10))));
    }
    let soft = ("reconnecting", Status::Warn);
    assert_eq!(words, [soft, soft, ("down", Status::Critical)]);
}

#[test]
fn a_detour_is_told_with_its_reason() {
    let mut state = state();
    Arc::make_mut(&mut state.node).transports = vec![Transport::Tailscale, Transport::Direct];
    let mut ways = Ways::default();
    let tried = crate::ssh::Tried {
        transport: Transport::Tailscale,
        outcome: Err((*error()).clone()),
    };
    ways.note(tried, 0, "n");
    apply(&mut state, News::Ways(Arc::new(ways)), 0);
    apply(&mut state, up(), 0);
    apply(&mut state, sample(), 5);
    assert_eq!(state.state_word(Millis(5)), "degraded");
    assert_eq!(state.status(Millis(5)), Status::Info);
    assert!(state.reason().starts_with("by direct, as it failed at"));
}

#[test]
fn what_fires_is_the_reason() {
    let mut state = state();
    apply(&mut state, up(), 0);
    let finding = Finding {
        rule: "disk_full",
        severity: Severity::Warn,
        reason: "/ 91 % full".to_owned(),
    };
    state.apply(sample(), Millis(5), |_| Health {
        findings: vec![finding],
    });
    assert_eq!(
        (state.status(Millis(5)), state.reason().as_str()),
        (Status::Warn, "/ 91 % full")
    );
}
