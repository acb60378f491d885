//! Why a node is not well, in words for a line that may be cut: what happened comes first, where it happened last or not at all.

use crate::fleet::{Link, NodeState};

/// One line; empty when it is well.
pub fn whole(node: &NodeState) -> String {
    match parts(node) {
        (what, Some(place)) => format!("{what} ({place})"),
        (what, None) => what,
    }
}

/// The same without the address that was dialled: for a line where the node's name stands already.
pub fn brief(node: &NodeState) -> String {
    parts(node).0
}

/// The same without a state's word that it begins with, where that word stands before it.
pub fn after<'a>(word: &str, reason: &'a str) -> &'a str {
    let rest = reason.strip_prefix(word);
    rest.and_then(|rest| rest.strip_prefix([' ', ':']))
        .map_or(reason, str::trim_start)
}

fn parts(node: &NodeState) -> (String, Option<String>) {
    let (Link::Down { error, .. } | Link::Refused(error)) = &node.link else {
        return (node.reason(), None);
    };
    match split(error.reason.as_str(), &node.node.address) {
        (what, Some(place)) => (what.to_owned(), Some(place.to_owned())),
        (what, None) => (what.to_owned(), None),
    }
}

/// What, and the address that stood before it: `10.0.0.1:22: connection refused`, `n1.example.org did not resolve within 2 s`.
fn split<'a>(reason: &'a str, address: &str) -> (&'a str, Option<&'a str>) {
    let whole = (reason, None);
    let Some((first, rest)) = reason.split_once(' ') else {
        return whole;
    };
    let place = first.strip_suffix(':').unwrap_or(first);
    let rest = rest.trim_start();
    if rest.is_empty() || !(place == address || has_port(place)) {
        return whole;
    }
    (rest, Some(place))
}

/// True for `HOST:PORT`.
fn has_port(place: &str) -> bool {
    let parts = place.rsplit_once(':');
    parts.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_comes_before_where() {
        for (reason, what, place) in [
            (
                "127.0.0.1:45441: connection refused",
                "connection refused",
                Some("127.0.0.1:45441"),
            ),
            (
                "[::1]:22: no route to host",
                "no route to host",
                Some("[::1]:22"),
            ),
            (
                "n1.example.org:22 did not answer within 5 s",
                "did not answer within 5 s",
                Some("n1.example.org:22"),
            ),
            ("n1: no such host", "no such host", Some("n1")),
            (
                "refused for ops; no key was offered",
                "refused for ops; no key was offered",
                None,
            ),
            (
                "n2: not the node's address",
                "n2: not the node's address",
                None,
            ),
            ("10.0.0.1:22:", "10.0.0.1:22:", None),
            ("", "", None),
        ] {
            assert_eq!(split(reason, "n1"), (what, place), "{reason}");
        }
    }

    #[test]
    fn a_word_is_said_once() {
        assert_eq!(after("refused", "refused for ops"), "for ops");
        assert_eq!(after("down", "down: no route"), "no route");
        assert_eq!(after("up", "upgraded"), "upgraded");
        assert_eq!(after("down", "no route"), "no route");
    }
}
