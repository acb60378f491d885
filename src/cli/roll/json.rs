//! What a roll tells a script: a JSON object a line.

use serde_json::{Value, json};

use crate::daemon::roll::{Event, Gate, Order, Reason, State};

/// The first line.
pub(super) fn begun(id: &str, what: &str, order: &Order, at_ms: u64) -> Value {
    let names: Vec<&str> = order.nodes.iter().map(|node| node.id.as_str()).collect();
    let batch = |batch: &crate::daemon::roll::Batch| {
        let names = batch.places.iter().filter_map(|place| names.get(*place));
        json!({"nodes": names.collect::<Vec<_>>(), "canary": batch.is_canary, "value": batch.value})
    };
    let batches: Value = order.batches.iter().map(batch).collect();
    json!({"type": "roll", "at_ms": at_ms, "roll": id, "what": what, "batches": batches})
}

/// A line for a happening, where it is one for scripts.
pub(super) fn line(event: &Event, order: &Order, at_ms: u64) -> Option<Value> {
    let name = |place: &usize| order.nodes.get(*place).map(|node| node.id.to_string());
    let mut value = match event {
        Event::Standing(standing) => json!({"type": "standing", "standing": standing.as_str()}),
        Event::Batch(at) => json!({"type": "batch", "batch": at + 1}),
        Event::Looked(down) => {
            let rows = down.iter();
            let rows =
                rows.map(|(place, why)| json!({"node": name(place), "reason": why.as_str()}));
            json!({"type": "looked", "down": rows.collect::<Value>()})
        }
        Event::Checking(place) => json!({"type": "checking", "node": name(place)}),
        Event::Began(place) => json!({"type": "begin", "node": name(place)}),
        Event::Stepped(place, step, result) => json!({
            "type": "step", "node": name(place), "step": step.as_str(),
            "outcome": result.outcome.as_str(), "reason": result.outcome.reason(),
            "duration_ms": result.duration.as_millis() as u64,
        }),
        Event::Gate(place, gate, why) => json!({
            "type": "gate", "node": name(place), "gate": gate_word(*gate), "reason": why.as_str(),
        }),
        Event::Ended(place, end, why, _) => json!({
            "type": "end", "node": name(place), "state": end.as_str(), "reason": why.as_str(),
        }),
        Event::Ordered(note, is_outside) => {
            json!({"type": "order", "order": note, "outside": is_outside})
        }
        Event::Trouble(text) => json!({"type": "trouble", "reason": text}),
        Event::Stepping(..) | Event::Password(_) => return None,
    };
    if let Some(object) = value.as_object_mut() {
        object.insert("at_ms".to_owned(), at_ms.into());
    }
    Some(value)
}

/// The last line.
pub(super) fn summary(id: &str, reason: Reason, state: &State, (code, at_ms): (u8, u64)) -> Value {
    let tally = state.tally();
    json!({
        "type": "summary", "at_ms": at_ms, "roll": id, "reason": reason.as_str(), "exit": code,
        "nodes": state.nodes.len(), "done": tally.done, "failed": tally.failed,
        "unreached": tally.unreached, "cut": tally.cut, "waiting": tally.waiting,
    })
}

fn gate_word(gate: Gate) -> &'static str {
    match gate {
        Gate::Green => "green",
        Gate::Red => "red",
        Gate::Unreached => "unreached",
    }
}
