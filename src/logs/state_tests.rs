//! Streams as they are told of, and lines as they go out.

use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::{
    logs::{Source, Target},
    node::Node,
};

fn order(nodes: &[&str], is_followed: bool) -> Order {
    let target = |name: &&str| Target {
        node: Arc::new(Node::blank(name)),
        sources: vec![Source::System],
    };
    Order {
        is_followed,
        hold: Duration::from_millis(300),
        ..Order::follow(nodes.iter().map(target).collect())
    }
}

fn opened(stream: u32, place: usize) -> Event {
    Event::Opened {
        stream: StreamId(stream),
        place,
        name: "system".into(),
        credit: Credit::new(10_000),
    }
}

fn lines(stream: u32, times: &[i64]) -> Event {
    let line = |at: &i64| Line {
        stream: StreamId(stream),
        at_us: Some(*at),
        is_stamped: true,
        level: None,
        is_late: false,
        is_gap: false,
        text: Bytes::from(at.to_string()),
    };
    Event::Lines(StreamId(stream), times.iter().map(line).collect())
}

fn popped(flow: &mut Flow, now_ms: u64) -> Vec<i64> {
    let mut out = Vec::new();
    flow.pop(now_ms, &mut out, 1_000);
    out.iter().filter_map(|line| line.at_us).collect()
}

#[test]
fn without_following_all_is_in_order_whoever_is_slow() {
    let mut flow = Flow::new(&order(&["a", "b"], false));
    flow.apply(opened(0, 0), 0);
    flow.apply(lines(0, &[1, 5]), 0);
    flow.apply(Event::Closed(StreamId(0), crate::logs::End::Done), 0);
    flow.apply(Event::Looked(0), 0);
    assert!(
        popped(&mut flow, 60_000).is_empty(),
        "b may have earlier ones"
    );
    assert_eq!(flow.next_at(), None);
    flow.apply(opened(1, 1), 60_000);
    flow.apply(Event::Looked(1), 60_000);
    assert!(popped(&mut flow, 90_000).is_empty());
    flow.apply(lines(1, &[2, 6]), 90_000);
    assert_eq!(popped(&mut flow, 90_000), [1, 2, 5, 6]);
}

#[test]
fn a_node_that_cannot_be_reached_holds_nothing_up() {
    let mut flow = Flow::new(&order(&["a", "b"], false));
    flow.apply(opened(0, 0), 0);
    flow.apply(lines(0, &[1]), 0);
    flow.apply(Event::Looked(0), 0);
    flow.apply(Event::Closed(StreamId(0), crate::logs::End::Done), 0);
    flow.apply(Event::Unreached(1, "no route".into()), 5_000);
    assert_eq!(popped(&mut flow, 5_000), [1]);
    assert!(flow.state().is_settled());
}

#[test]
fn following_waits_for_slow_nodes_but_not_for_long() {
    let mut flow = Flow::new(&order(&["a", "b"], true));
    flow.apply(opened(0, 0), 1_000);
    flow.apply(lines(0, &[10]), 1_000);
    flow.apply(Event::CaughtUp(StreamId(0)), 1_000);
    flow.apply(Event::Looked(0), 1_000);
    assert_eq!(flow.next_at(), Some(3_000));
    assert!(popped(&mut flow, 2_999).is_empty());
    assert_eq!(popped(&mut flow, 3_000), [10]);
    flow.apply(opened(1, 1), 3_100);
    flow.apply(lines(1, &[5, 20]), 3_100);
    assert_eq!(popped(&mut flow, 3_400), [5, 20]);
    assert_eq!(flow.state().late, 1);
    let stream = &flow.state().streams[1];
    assert_eq!((stream.lines, stream.place), (2, 1));
}

#[tokio::test]
async fn credit_comes_back_as_lines_go_out() {
    let mut flow = Flow::new(&order(&["a"], false));
    let credit = Credit::new(300);
    flow.apply(
        Event::Opened {
            stream: StreamId(0),
            place: 0,
            name: "x".into(),
            credit: credit.clone(),
        },
        0,
    );
    flow.apply(Event::Looked(0), 0);
    credit.take(257).await;
    assert!(
        tokio::time::timeout(Duration::ZERO, credit.take(257))
            .await
            .is_err()
    );
    flow.apply(lines(0, &[1]), 0);
    assert_eq!(flow.keep(0, 10), 1);
    assert_eq!(flow.state().buffer.len(), 1);
    credit.take(257).await;
}

/// A flood pushes whatever its share lets it, at every instant; another stream says something now and then. A line of the
/// other goes out once it has waited `hold` at the latest, behind no more of the flood than its shares until then.
#[test]
fn a_flood_keeps_nobody_back_by_more_than_the_hold_and_a_share() {
    const SHARE: usize = 200;
    const EACH_MS: u64 = 10;
    for is_stamped in [true, false] {
        let mut flow = Flow::new(&order(&["flood", "quiet"], true));
        flow.apply(opened(0, 0), 0);
        flow.apply(opened(1, 1), 0);
        flow.apply(Event::Looked(0), 0);
        flow.apply(Event::Looked(1), 0);
        let line = |stream, now_ms: u64, is_stamped| Line {
            stream: StreamId(stream),
            at_us: Some(now_ms as i64 * 1_000),
            is_stamped,
            level: None,
            is_late: false,
            is_gap: false,
            text: Bytes::new(),
        };
        let (mut under_way, mut since) = (0, Vec::new());
        let (mut flood, mut went) = (0, 0);
        for now_ms in (0..20_000).step_by(EACH_MS as usize) {
            let more = (under_way..SHARE).map(|_| line(0, now_ms, is_stamped));
            flow.apply(Event::Lines(StreamId(0), more.collect()), now_ms);
            under_way = SHARE;
            if now_ms % 70 == 0 {
                let said = vec![line(1, now_ms, true)];
                flow.apply(Event::Lines(StreamId(1), said), now_ms);
                since.push((now_ms, flood));
            }
            let mut out = Vec::new();
            flow.pop(now_ms, &mut out, usize::MAX);
            for line in &out {
                if line.stream == StreamId(0) {
                    under_way -= 1;
                    flood += 1;
                    continue;
                }
                let (since_ms, before) = since[went];
                let (waited, behind) = (now_ms - since_ms, flood - before);
                assert!(waited <= 300 + EACH_MS, "{waited} ms, {is_stamped}");
                let shares = (waited / EACH_MS + 1) as usize;
                assert!(behind <= shares * SHARE, "{behind} lines, {is_stamped}");
                went += 1;
            }
        }
        assert!(went > 250, "{went}, {is_stamped}");
    }
}
