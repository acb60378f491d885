//! A line as it is printed: behind the name of its node, or as JSON.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    cli::{
        console::Target,
        exec::live::{ALIGNED, colour, show},
    },
    exec::{Stream, json},
    logs::{Level, Line, Order, State, StreamId},
    node::text::styled::Style,
};

/// Stands before a line that came after later ones.
const LATE: &str = "(late) ";

/// How lines are printed.
pub(super) struct Printer {
    out: Target,
    is_json: bool,
    has_names: bool,
    has_sources: bool,
    width: usize,
    /// What stands before the lines of a stream.
    names: HashMap<StreamId, String>,
    /// Colours that go on from one line to the next.
    pens: HashMap<StreamId, Style>,
}

impl Printer {
    pub(super) fn new(order: &Order, out: Target, is_json: bool, has_names: bool) -> Self {
        let names = order.targets.iter().map(|target| target.node.id.as_str());
        let widest = names.map(str::len).max().unwrap_or(0);
        Self {
            out,
            is_json,
            has_names,
            has_sources: false,
            width: if widest <= ALIGNED { widest } else { 0 },
            names: HashMap::new(),
            pens: HashMap::new(),
        }
    }

    /// The name of the source stands beside that of the node.
    #[must_use]
    pub(super) fn with_sources(self, has_sources: bool) -> Self {
        Self {
            has_sources,
            ..self
        }
    }

    /// Appends a line, with its newline.
    pub(super) fn line(&mut self, line: &Line, state: &State, text: &mut Vec<u8>) {
        if self.is_json {
            if let Ok(json) = json::line(&object(line, state)) {
                text.extend_from_slice(json.as_bytes());
                text.push(b'\n');
            }
            return;
        }
        if self.has_names {
            let name = self.name(line.stream, state);
            text.extend_from_slice(name.as_bytes());
        }
        if line.is_late {
            text.extend_from_slice(self.dim(LATE).as_bytes());
        }
        if line.is_gap {
            let gap = String::from_utf8_lossy(&line.text);
            text.extend_from_slice(self.dim(&gap).as_bytes());
        } else if self.out.is_terminal {
            let pen = self.pens.entry(line.stream).or_default();
            show(&line.text, (Stream::Stdout, self.out), pen, text);
        } else {
            text.extend_from_slice(&line.text);
        }
        text.push(b'\n');
    }

    fn name(&mut self, stream: StreamId, state: &State) -> &str {
        let (out, width, has_sources) = (self.out, self.width, self.has_sources);
        self.names.entry(stream).or_insert_with(|| {
            let Some((node, stream)) = state.origin(stream) else {
                return String::new();
            };
            let node = node.node.as_str();
            let source = if has_sources {
                format!(" {}", stream.name)
            } else {
                String::new()
            };
            let blanks = " ".repeat(width.saturating_sub(node.len()) + 1);
            if out.colour {
                format!("\x1b[{}m{node}{source}:\x1b[0m{blanks}", colour(node))
            } else {
                format!("{node}{source}:{blanks}")
            }
        })
    }

    fn dim(&self, text: &str) -> String {
        if self.out.colour {
            format!("\x1b[33m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

fn object(line: &Line, state: &State) -> Value {
    let origin = state.origin(line.stream);
    let mut object = json!({
        "node": origin.map(|(node, _)| node.node.as_str()),
        "source": origin.map(|(_, stream)| stream.name.as_str()),
        "time": line.at_us.and_then(|us| Timestamp::from_microsecond(us).ok()).map(|t| t.to_string()),
        "stamped": line.is_stamped,
        "level": line.level.map(word),
        "late": line.is_late,
    });
    if let (Value::Object(object), Value::Object(text)) = (&mut object, json::output(&line.text)) {
        if line.is_gap {
            object.insert("gap".to_owned(), Value::Bool(true));
        }
        object.extend(text);
    }
    object
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warning => "warn",
        Level::Error => "error",
        Level::Critical => "critical",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::*;
    use crate::{
        logs::{self, Credit, Event, Flow, Source},
        node::Node,
    };

    fn order() -> Order {
        let target = |name| logs::Target {
            node: Arc::new(Node::blank(name)),
            sources: vec![Source::System],
        };
        Order::follow(vec![target("a"), target("web10")])
    }

    fn flow(order: &Order) -> Flow {
        let mut flow = Flow::new(order);
        let opened = Event::Opened {
            stream: StreamId(0),
            place: 0,
            name: "/x y.log".into(),
            credit: Credit::new(0),
        };
        flow.apply(opened, 0);
        flow
    }

    fn line(text: &'static [u8]) -> Line {
        Line {
            stream: StreamId(0),
            at_us: Some(1_500_000),
            is_stamped: true,
            level: Some(Level::Warning),
            is_late: false,
            is_gap: false,
            text: Bytes::from_static(text),
        }
    }

    fn printed(out: Target, is_json: bool, lines: &[Line]) -> String {
        let order = order();
        let flow = flow(&order);
        let mut printer = Printer::new(&order, out, is_json, true).with_sources(true);
        let mut text = Vec::new();
        for line in lines {
            printer.line(line, flow.state(), &mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    #[test]
    fn a_line_has_its_node_its_source_and_its_marks() {
        let late = Line {
            is_late: true,
            ..line(b"x")
        };
        let gap = Line {
            is_gap: true,
            ..line(b"--- gap ---")
        };
        let text = printed(
            Target::default(),
            false,
            &[line(b"a\xff\x1b[2J"), late, gap],
        );
        assert_eq!(
            text,
            "a /x y.log:     a\u{fffd}\x1b[2J\na /x y.log:     (late) x\na /x y.log:     --- gap ---\n"
        );
    }

    #[test]
    fn a_terminal_is_shown_nothing_that_it_would_obey() {
        let screen = Target {
            is_terminal: true,
            ..Target::default()
        };
        let text = printed(screen, false, &[line(b"a\xff\x1b[2J\x1b]0;x\x07b")]);
        assert_eq!(text, "a /x y.log:     a\u{fffd}b\n");
    }

    #[test]
    fn json_has_every_byte() {
        let text = printed(Target::default(), true, &[line(b"hi"), line(b"\xff")]);
        let mut lines = text.lines();
        let first: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
        let expected = json!({
            "node": "a", "source": "/x y.log", "time": "1970-01-01T00:00:01.5Z", "stamped": true,
            "level": "warn", "late": false, "text": "hi",
        });
        assert_eq!(first, expected);
        assert!(lines.next().unwrap().contains(r#""base64":"/w==""#));
    }
}
