//! What differs per node in one command, and the choice of a few nodes at random. Pure.

use std::borrow::Cow;

use crate::node::{
    Node,
    quote::{is_plain_word, quoted},
};

/// A command with `{name}`, `{host}` and `{rank}` in it. `{{name}}` stands for the text `{name}`; all else is left as it
/// is, `${name}` and `awk '{print $1}'` too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Token(Token),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Name,
    Host,
    Rank,
}

const TOKENS: [(&str, Token); 3] = [
    ("{name}", Token::Name),
    ("{host}", Token::Host),
    ("{rank}", Token::Rank),
];

impl Template {
    /// Reads any text: there is none that is wrong.
    pub fn parse(text: &str) -> Self {
        let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '$']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            let (piece, after) = piece(from);
            match piece {
                Part::Text(text) => plain.push_str(&text),
                Part::Token(_) => {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(piece);
                }
            }
            rest = after;
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        Self { parts }
    }

    /// True where every node gets the same text.
    pub fn is_constant(&self) -> bool {
        self.parts.len() == 1
    }

    /// The text for one node; `rank` is its place among the selected ones, from 0. A value that isn't one plain word of a
    /// shell is quoted.
    pub fn fill(&self, node: &Node, rank: usize) -> String {
        let value = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Token(Token::Name) => word(node.id.as_str()).into_owned(),
            Part::Token(Token::Host) => word(&node.address).into_owned(),
            Part::Token(Token::Rank) => rank.to_string(),
        };
        self.parts.iter().map(value).collect()
    }
}

/// The first piece of a text that begins with `{` or `$`, and what follows it.
fn piece(from: &str) -> (Part, &str) {
    for (written, token) in TOKENS {
        let inner = from.strip_prefix('{').unwrap_or_default();
        if let Some(rest) = from.strip_prefix(written) {
            return (Part::Token(token), rest);
        }
        if let Some(rest) = inner
            .strip_prefix(written)
            .and_then(|r| r.strip_prefix('}'))
        {
            return (Part::Text(written.to_owned()), rest);
        }
        // A variable of the remote shell.
        if let Some(rest) = from.strip_prefix('$').and_then(|r| r.strip_prefix(written)) {
            return (Part::Text(format!("${written}")), rest);
        }
    }
    let (sign, rest) = from.split_at(from.len().min(1));
    (Part::Text(sign.to_owned()), rest)
}

fn word(value: &str) -> Cow<'_, str> {
    if is_plain_word(value) {
        return value.into();
    }
    quoted(value).into()
}

/// The places of `k` out of `n`, each as likely as any other, in rising order; all of them where there are no more.
/// The seed is the caller's: the same one gives the same choice.
pub fn pick(k: usize, n: usize, seed: u64) -> Vec<usize> {
    let mut random = SplitMix(seed);
    let mut wanted = k.min(n);
    let mut chosen = Vec::with_capacity(wanted);
    // Selection sampling, Knuth 3.4.2, algorithm S: each place with the chance that is left to it.
    for place in 0..n {
        if wanted > 0 && random.below((n - place) as u64) < wanted as u64 {
            chosen.push(place);
            wanted -= 1;
        }
    }
    chosen
}

/// SplitMix64: small, and good enough to choose nodes with.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0, without a bias: what would give some numbers a longer share is drawn again.
    fn below(&mut self, bound: u64) -> u64 {
        let share = u64::MAX / bound;
        loop {
            let number = self.next() / share;
            if number < bound {
                return number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(text: &str) -> String {
        let mut node = Node::blank("gpu07");
        node.address = "10.0.0.7".to_owned();
        Template::parse(text).fill(&node, 3)
    }

    #[test]
    fn only_the_three_tokens_are_replaced() {
        for (text, wanted) in [
            ("echo {name} {host} {rank}", "echo gpu07 10.0.0.7 3"),
            ("x{rank}{rank}y", "x33y"),
            ("echo {{name}} {{rank}}", "echo {name} {rank}"),
            ("{{{name}}}", "{{name}}"),
            ("awk '{print $1}'", "awk '{print $1}'"),
            ("echo ${name} ${x} $host", "echo ${name} ${x} $host"),
            ("$${rank}", "$${rank}"),
            (r#"{"name": {"host": 1}}"#, r#"{"name": {"host": 1}}"#),
            ("{Name} { name } {names} {n", "{Name} { name } {names} {n"),
            ("{{name} {name}}", "{gpu07 gpu07}"),
            ("é{name}é{", "égpu07é{"),
            ("", ""),
        ] {
            assert_eq!(filled(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_value_that_a_shell_would_read_is_quoted() {
        let mut node = Node::blank("n1");
        node.address = "fe80::1%eth0; rm -rf /".to_owned();
        let text = Template::parse("ping {host}").fill(&node, 0);
        assert_eq!(text, "ping 'fe80::1%eth0; rm -rf /'");
    }

    #[test]
    fn constant_means_the_same_for_all() {
        assert!(Template::parse("awk '{print $1}' {{name}}").is_constant());
        assert!(!Template::parse("{rank}").is_constant());
    }

    #[test]
    fn every_choice_is_as_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..30_000 {
            *counts.entry(pick(2, 4, seed)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6, "all pairs of four");
        let fair = counts.values().all(|count| (4700..5300).contains(count));
        assert!(fair, "{counts:?}");
    }

    proptest! {
        #[test]
        fn text_without_tokens_is_untouched(text in "[ -~é]{0,40}") {
            let has_one = ["{name}", "{host}", "{rank}"].iter().any(|token| text.contains(token));
            prop_assume!(!has_one);
            prop_assert_eq!(filled(&text), text);
        }

        #[test]
        fn a_choice_is_of_k_in_order(k in 0usize..20, n in 0usize..20, seed: u64) {
            let chosen = pick(k, n, seed);
            prop_assert_eq!(chosen.len(), k.min(n));
            prop_assert!(chosen.is_sorted_by(|a, b| a < b) && chosen.iter().all(|place| *place < n));
            prop_assert_eq!(pick(k, n, seed), chosen);
        }
    }
}
