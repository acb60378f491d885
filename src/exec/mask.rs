//! Hides what differs from node to node in answers that are alike: names, addresses, times and numbers. Pure.

mod scan;

#[cfg(test)]
#[path = "mask/tests.rs"]
mod tests;

use std::collections::HashMap;

use crate::node::{Node, NodeId};

/// What stands for the node itself.
const HOST: &str = "<host>";

/// All that is ever put in; one that is there already is left as it is.
const PLACEHOLDERS: [&str; 6] = [HOST, "<ip>", "<mac>", "<uuid>", "<time>", "<num>"];

/// Hides a node's own names and addresses as `<host>`, and `<ip>`, `<mac>`, `<uuid>`, `<time>` and `<num>` whosoever they are.
/// Blanks beside a hidden value count as one, as columns move with its width. Masking what is masked changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    own: HashMap<NodeId, Vec<String>>,
}

impl Mask {
    /// Knows these nodes by name, address, and the first label of each.
    pub fn new<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Self {
        let own = nodes.into_iter().map(|node| (node.id.clone(), names(node)));
        Self { own: own.collect() }
    }

    /// An output of that node as it is compared.
    pub fn hide(&self, node: &NodeId, output: &[u8]) -> Vec<u8> {
        let own = self.own.get(node).map(Vec::as_slice).unwrap_or_default();
        let mut masked = Masked::new(output.len());
        let (mut rest, mut before) = (output, Before::Blank);
        while let Some(byte) = rest.first().copied() {
            let found = match before {
                Before::Word => placeholder(rest),
                Before::Blank => placeholder(rest).or_else(|| value(rest, own)),
            };
            let length = found.map_or(1, |(_, length)| length);
            before = match found {
                // What hangs on a hidden value belongs to its word, in every pass alike.
                Some(_) => Before::Word,
                None if byte.is_ascii_alphanumeric() => Before::Word,
                None => Before::Blank,
            };
            match found {
                Some((placeholder, _)) => masked.hidden(placeholder),
                None => masked.plain(byte),
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        masked.bytes
    }
}

/// What a byte comes after.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Within a word: no value begins here.
    Word,
    /// Anything else.
    Blank,
}

/// The output as far as it is masked.
struct Masked {
    bytes: Vec<u8>,
    /// A placeholder came last, or it and one blank.
    after_hidden: bool,
}

impl Masked {
    fn new(size: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(size),
            after_hidden: false,
        }
    }

    fn hidden(&mut self, placeholder: &str) {
        let text = self.bytes.iter().rposition(|b| !is_blank(*b));
        let end = text.map_or(0, |at| at + 1);
        let is_indented = end < self.bytes.len();
        self.bytes.truncate(end);
        if is_indented && !matches!(self.bytes.last(), None | Some(b'\n')) {
            self.bytes.push(b' ');
        }
        self.bytes.extend_from_slice(placeholder.as_bytes());
        self.after_hidden = true;
    }

    fn plain(&mut self, byte: u8) {
        if !is_blank(byte) {
            self.after_hidden = false;
        } else if self.after_hidden {
            if self.bytes.last() != Some(&b' ') {
                self.bytes.push(b' ');
            }
            return;
        }
        self.bytes.push(byte);
    }
}

/// A node's own names, the longest first, so that a full name is never taken for its short one.
fn names(node: &Node) -> Vec<String> {
    let long = [node.id.as_str(), &node.address];
    let is_address = |name: &str| name.contains(':') || name.parse::<std::net::IpAddr>().is_ok();
    let short = long.iter().filter(|name| !is_address(name));
    let short = short.filter_map(|name| name.split('.').next());
    let mut names: Vec<String> = long.into_iter().chain(short).map(str::to_owned).collect();
    names.retain(|name| name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == ':'));
    names.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    names.dedup();
    names
}

fn placeholder(rest: &[u8]) -> Option<(&'static str, usize)> {
    if rest.first() != Some(&b'<') {
        return None;
    }
    let found = PLACEHOLDERS
        .iter()
        .find(|p| rest.starts_with(p.as_bytes()))?;
    Some((found, found.len()))
}

/// What is hidden at the beginning of a word, and how long it is.
fn value(rest: &[u8], own: &[String]) -> Option<(&'static str, usize)> {
    let own = own.iter().find(|name| scan::begins(rest, name));
    own.map(|name| (HOST, name.len()))
        .or_else(|| scan::value(rest))
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
