//! The guard: any text is judged, spans fit the text, and a confirmation can be shown as it is.

#![no_main]
#![allow(dead_code, unused_imports, reason = "modules are taken in whole")]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;

#[path = "../../src/node/mod.rs"]
mod node;

#[path = "../../src/exec"]
mod exec {
    pub mod guard;
}

use exec::guard::{confirmation, is_mutating, judge};
use node::Node;

fuzz_target!(|command: &str| {
    let nodes = [Arc::new(Node::blank("a")), Arc::new(Node::blank("b"))];
    let verdict = judge(command, &nodes);
    assert_eq!(verdict.mutating, is_mutating(command));
    for danger in &verdict.dangers {
        assert!(command.get(danger.span.clone()).is_some(), "{danger:?}");
    }
    for line in confirmation(command, &nodes, &verdict) {
        assert!(!line.contains(char::is_control), "{line:?}");
    }
});
