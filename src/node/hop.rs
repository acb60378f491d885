//! A bastion as people write it: `[user@]host[:port]`, an IPv6 address with a port in brackets.

use super::Node;

/// The parts of `[user@]host[:port]`; nothing where the port is none.
pub fn split(text: &str) -> Option<(Option<&str>, &str, Option<u16>)> {
    let (user, rest) = match text.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, text),
    };
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, tail)) => (host, Some(tail.strip_prefix(':')?)),
        None if rest.matches(':').count() == 1 => {
            let (host, port) = rest.split_once(':')?;
            (host, Some(port))
        }
        None => (rest, None),
    };
    let port = match port {
        Some(digits) => Some(digits.parse().ok().filter(|port| *port > 0)?),
        None => None,
    };
    Some((user, host, port))
}

/// The node that such a text means, where it is no node of the inventory.
pub fn node(text: &str) -> Option<Node> {
    let (user, host, port) = split(text)?;
    Some(Node {
        port,
        user: user.map(str::to_owned),
        transports: vec![super::Transport::Direct],
        sampler: false,
        ..Node::blank(host)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_taken_apart() {
        assert_eq!(split("b"), Some((None, "b", None)));
        assert_eq!(split("ops@b:2222"), Some((Some("ops"), "b", Some(2222))));
        assert_eq!(split("2001:db8::1"), Some((None, "2001:db8::1", None)));
        assert_eq!(split("[2001:db8::1]"), Some((None, "2001:db8::1", None)));
        assert_eq!(
            split("me@corp@[2001:db8::1]:22"),
            Some((Some("me@corp"), "2001:db8::1", Some(22)))
        );
        for bad in ["b:", "b:0", "b:70000", "b:x", "[::1]22"] {
            assert_eq!(split(bad), None, "{bad}");
        }
    }
}
