//! Logs that are followed, as a fleet would show them: made-up lines in the order of their times.

use std::sync::Arc;

use bytes::Bytes;
use sshoal::{
    fleet::{Followed, Snapshot},
    logs::{
        Level, Line, Order, Phase, State, StreamId, level,
        state::{Reach, StreamState},
    },
};

/// 2026-11-21T21:50:00Z.
pub(crate) const START: i64 = 1_795_297_800_000_000;

/// What an order has come to before any line.
pub(crate) fn followed(order: &Arc<Order>) -> Followed {
    let mut state = State::new(order);
    for (place, node) in state.nodes.iter_mut().enumerate() {
        Arc::make_mut(node).reach = Reach::Looked;
        let stream = StreamState {
            id: StreamId(place as u32),
            place,
            name: "journal".into(),
            phase: Phase::Live,
            lines: 0,
            bytes: 0,
            gaps: 0,
        };
        state.streams.push(Arc::new(stream));
    }
    Followed {
        order: Arc::clone(order),
        state,
        said: None,
        is_over: false,
        saved: None,
    }
}

/// The next line of a stream, a tenth of a second after the one before.
pub(crate) fn push(followed: &mut Followed, stream: u32, text: &str) {
    let number = followed.state.buffer.end();
    let at_us = START + number as i64 * 100_000;
    let level: Option<Level> = level::read(text.as_bytes());
    let seconds = number / 10;
    let stamp = format!(
        "2026-11-21T21:{:02}:{:02}.{}00Z ",
        50 + seconds / 60 % 10,
        seconds % 60,
        number % 10
    );
    followed.state.buffer.push(Line {
        stream: StreamId(stream),
        at_us: Some(at_us),
        is_stamped: true,
        level,
        is_late: number % 17 == 16,
        is_gap: false,
        text: Bytes::from(stamp + text),
    });
}

/// So many lines of so many streams, some of which matter.
pub(crate) fn fill(followed: &mut Followed, streams: u32, count: u64) {
    for n in 0..count {
        let stream = (n * 7 % 5) as u32 % streams;
        let text = match n % 11 {
            3 => format!("ERROR disk sd{} is on fire", n % 4),
            5 => format!("WARN request {n} took {} ms", n * 37 % 900),
            8 => format!("DEBUG cache \x1b[32mhit\x1b[0m for 日本語 {n}"),
            9 => "INFO ".to_owned() + &format!("a long line that goes on {n} ").repeat(9),
            _ => format!("INFO request {n} done, status 200"),
        };
        push(followed, stream, &text);
    }
}

/// The fleet with these logs.
pub(crate) fn with(fleet: &Snapshot, followed: &Followed) -> Snapshot {
    Snapshot {
        logs: Arc::new(vec![Arc::new(followed.clone())]),
        ..fleet.clone()
    }
}
