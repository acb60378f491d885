//! `--json`: one object a line for each happening, and a summary at the end.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::exec::{
    Capture, NodeResult, Outcome, Stream,
    json::{line, output},
    plan::Plan,
};

/// Turns happenings into lines.
pub(super) struct Lines {
    names: Vec<String>,
    /// The beginning of a character whose rest comes with the next piece.
    begun: HashMap<(usize, Stream), Vec<u8>>,
}

impl Lines {
    pub(super) fn new(plan: &Plan) -> Self {
        let names = plan.jobs.iter().map(|job| job.node.id.to_string());
        Self {
            names: names.collect(),
            begun: HashMap::new(),
        }
    }

    /// The run begins.
    pub(super) fn run(&self, run: &str, command: &str, now_ms: u64) -> Bytes {
        text(&json!({
            "event": "run", "time": now_ms, "run": run, "command": command, "nodes": self.names,
        }))
    }

    /// The command begins on a node.
    pub(super) fn start(&self, place: usize, now_ms: u64) -> Bytes {
        text(&json!({"event": "start", "time": now_ms, "node": self.names.get(place)}))
    }

    /// The command has printed something.
    pub(super) fn output(
        &mut self,
        place: usize,
        stream: Stream,
        bytes: &[u8],
        now_ms: u64,
    ) -> Bytes {
        let key = (place, stream);
        let mut all = self.begun.remove(&key).unwrap_or_default();
        all.extend_from_slice(bytes);
        let rest = all.split_off(whole(&all));
        if !rest.is_empty() {
            self.begun.insert(key, rest);
        }
        self.piece(place, stream, &all, now_ms)
    }

    /// The command has ended on a node.
    pub(super) fn end(&mut self, place: usize, result: &NodeResult, now_ms: u64) -> Vec<Bytes> {
        let mut lines = Vec::new();
        for stream in [Stream::Stdout, Stream::Stderr] {
            // Never finished: not text after all.
            if let Some(rest) = self.begun.remove(&(place, stream)) {
                lines.push(self.piece(place, stream, &rest, now_ms));
            }
        }
        lines.push(text(&end(result, now_ms)));
        lines
    }

    fn piece(&self, place: usize, stream: Stream, bytes: &[u8], now_ms: u64) -> Bytes {
        if bytes.is_empty() {
            return Bytes::new();
        }
        let mut value = output(bytes);
        put(&mut value, "event", "output".into());
        put(&mut value, "time", now_ms.into());
        put(&mut value, "node", self.names.get(place).cloned().into());
        put(&mut value, "stream", stream.as_str().into());
        text(&value)
    }
}

/// The run is over.
pub(super) fn summary(
    run: &str,
    results: &[std::sync::Arc<NodeResult>],
    (code, ending): (u8, &str),
    elapsed_ms: u64,
    now_ms: u64,
) -> Bytes {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for result in results {
        *counts.entry(result.outcome.as_str()).or_default() += 1;
    }
    let failed: Vec<&str> = results
        .iter()
        .filter(|result| !result.outcome.is_ok())
        .map(|result| result.node.as_str())
        .collect();
    text(&json!({
        "event": "summary", "time": now_ms, "run": run, "ending": ending, "exit_code": code,
        "nodes": results.len(), "outcomes": counts, "failed": failed, "elapsed_ms": elapsed_ms,
    }))
}

fn end(result: &NodeResult, now_ms: u64) -> Value {
    let outcome = &result.outcome;
    let mut value = json!({
        "event": "end", "time": now_ms, "node": result.node.as_str(), "outcome": outcome.as_str(),
        "duration_ms": result.duration.as_millis() as u64, "attempts": result.attempts,
        "stdout": kept(&result.stdout), "stderr": kept(&result.stderr),
        "transport": result.transport.map(|way| way.as_str()),
    });
    match outcome {
        Outcome::Ok => put(&mut value, "exit_code", 0.into()),
        Outcome::Exit(code) => put(&mut value, "exit_code", (*code).into()),
        Outcome::Signal(name) => put(&mut value, "signal", name.clone().into()),
        _ => {}
    }
    if !outcome.reason().is_empty() {
        put(&mut value, "reason", outcome.reason().into());
    }
    if matches!(outcome, Outcome::Timeout | Outcome::Cancelled) {
        let left = result.left.as_ref().map(|left| {
            let process =
                |l: &crate::exec::Leftover| json!({"pid": l.pid, "name": l.name.as_str()});
            left.iter().map(process).collect::<Vec<_>>()
        });
        // Nothing known is null, nothing left an empty list.
        put(&mut value, "left", json!(left));
    }
    value
}

/// What is kept of an output: `text` or `base64`; where it was cut, that is its beginning, and `tail` its end.
fn kept(capture: &Capture) -> Value {
    let mut value = output(&capture.head);
    put(&mut value, "bytes", capture.total.into());
    if capture.cut() > 0 {
        put(&mut value, "cut", capture.cut().into());
        put(&mut value, "tail", output(&capture.tail));
    }
    value
}

fn put(value: &mut Value, key: &str, what: Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.insert(key.to_owned(), what);
    }
}

/// How many of the bytes are there before a character that isn't whole at their end.
fn whole(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    let last = bytes.get(tail..).unwrap_or_default();
    let lead = last.iter().rposition(|byte| *byte >= 0xc2);
    let Some(at) = lead.map(|at| tail + at) else {
        return bytes.len();
    };
    let is_begun = |error: std::str::Utf8Error| error.error_len().is_none();
    match str::from_utf8(bytes.get(at..).unwrap_or_default()) {
        Err(error) if is_begun(error) => at,
        _ => bytes.len(),
    }
}

fn text(value: &Value) -> Bytes {
    // Values made here have no key that isn't a string, which is all that can fail.
    let mut line = line(value).unwrap_or_default();
    line.push('\n');
    line.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_in_two_pieces_is_one() {
        let mut lines = Lines {
            names: vec!["n1".to_owned()],
            begun: HashMap::new(),
        };
        let mut put = |bytes: &[u8]| {
            let line = lines.output(0, Stream::Stdout, bytes, 5);
            String::from_utf8(line.to_vec()).unwrap()
        };
        assert_eq!(put(b"\xe6\x97"), "");
        let line = put(b"\xa5\xff\xe6");
        assert!(line.contains("\"base64\":\"5pel/w==\""), "{line}");
        let line = put(b"\x97\xa5\n");
        assert!(line.contains("\"text\":\"日\\n\""), "{line}");
        assert!(line.contains("\"node\":\"n1\"") && line.contains("\"stream\":\"stdout\""));
        assert_eq!(whole(b"abc\xc3"), 3);
        assert_eq!(whole(b"abc\x80\x80"), 5);
    }
}
