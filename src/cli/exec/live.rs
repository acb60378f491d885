//! Output as it comes: whole lines behind the name of their node, or bytes as they are.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{
    cli::console::Target,
    exec::{
        Stream,
        lines::{Line, Lines},
        plan::Plan,
    },
    fleet::Millis,
    node::text::styled::{Style, Styled},
};

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;

/// A line that isn't finished is shown after so long: a prompt, a progress bar.
const PATIENCE_MS: u64 = 200;

/// Bytes of a line with tabs that are shown at once: the sanitiser cuts what is wider than it takes.
const WITH_TABS: usize = 8 << 10;

/// Colours of names, without red: that is for errors.
const COLOURS: [&str; 10] = ["36", "33", "35", "34", "32", "96", "93", "95", "94", "92"];

/// The colour of what comes on standard error.
const ERROR: &str = "31";

/// Names wider than this are not filled up to one width.
pub(in crate::cli) const ALIGNED: usize = 24;

/// Where both streams go, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) out: Target,
    pub(super) err: Target,
    /// The node's name stands before each line.
    pub(super) has_names: bool,
}

/// What one stream of one node has printed and isn't shown yet.
#[derive(Default)]
struct Output {
    lines: Lines,
    pen: Style,
    /// Since when a part of a line waits.
    since: Option<Millis>,
}

type Key = (usize, Stream);

/// Turns output into what is to be printed.
pub(super) struct Live {
    look: Look,
    /// As they stand on standard output and on standard error.
    names: Vec<[String; 2]>,
    outputs: BTreeMap<Key, Output>,
    page: Page,
}

/// Where the cursor is.
struct Page {
    look: Look,
    /// Whose line has no end yet, on standard output and standard error; one place where both are the same screen.
    open: [Option<Key>; 2],
}

impl Live {
    pub(super) fn new(plan: &Plan, look: Look) -> Self {
        let ids: Vec<&str> = plan.jobs.iter().map(|job| job.node.id.as_str()).collect();
        let widest = ids.iter().map(|id| id.len()).max().unwrap_or(0);
        let width = if widest <= ALIGNED { widest } else { 0 };
        let name = |id: &&str| {
            let shown = |target: Target| match target {
                _ if !look.has_names => String::new(),
                // Whoever reads a pipe splits at the colon, as with clush.
                Target {
                    is_terminal: false, ..
                } => format!("{} ", painted(id, target)),
                target => {
                    let blanks = width.saturating_sub(id.len()) + 1;
                    painted(id, target) + &" ".repeat(blanks)
                }
            };
            [shown(look.out), shown(look.err)]
        };
        Self {
            look,
            names: ids.iter().map(name).collect(),
            outputs: BTreeMap::new(),
            page: Page {
                look,
                open: [None; 2],
            },
        }
    }

    /// What is to be printed of this output now, on the stream of the same name.
    pub(super) fn output(&mut self, key: Key, bytes: &Bytes, now: Millis) -> Bytes {
        if self.is_raw(key.1) {
            return bytes.clone();
        }
        let names = self.names.get(key.0);
        let output = self.outputs.entry(key).or_default();
        let mut text = Vec::with_capacity(bytes.len() + 64);
        let (page, pen) = (&mut self.page, &mut output.pen);
        output.lines.feed(bytes, |line| {
            page.write(key, line, (names, pen), &mut text);
        });
        let is_waiting = !output.lines.rest().is_empty();
        output.since = is_waiting.then(|| output.since.unwrap_or(now));
        text.into()
    }

    /// Parts of lines that have waited long enough, where a person looks.
    pub(super) fn overdue(&mut self, now: Millis) -> Vec<(Stream, Bytes)> {
        let mut shown = Vec::new();
        for (key, output) in &mut self.outputs {
            let is_due = (output.since).is_some_and(|since| now.since(since) >= PATIENCE_MS);
            if !is_due || !self.look.target(key.1).is_terminal {
                continue;
            }
            let mut text = Vec::new();
            let (page, pen) = (&mut self.page, &mut output.pen);
            let names = self.names.get(key.0);
            output
                .lines
                .part(|line| page.write(*key, line, (names, pen), &mut text));
            output.since = None;
            shown.push((key.1, text.into()));
        }
        shown
    }

    /// The node has ended, and so has its last line.
    pub(super) fn end(&mut self, place: usize) -> Vec<(Stream, Bytes)> {
        let mut shown = Vec::new();
        for stream in [Stream::Stdout, Stream::Stderr] {
            let key = (place, stream);
            let mut text = Vec::new();
            if let Some(mut output) = self.outputs.remove(&key) {
                let (page, pen) = (&mut self.page, &mut output.pen);
                let names = self.names.get(place);
                output
                    .lines
                    .flush(|line| page.write(key, line, (names, pen), &mut text));
            }
            self.page.end(key, &mut text);
            if !text.is_empty() {
                shown.push((stream, text.into()));
            }
        }
        shown
    }

    /// True while a line has no end yet: nothing else is to be drawn behind it.
    pub(super) fn is_open(&self) -> bool {
        self.page.open.iter().any(Option::is_some)
    }

    /// Somebody else prints a line: what ends the one that has no end yet.
    pub(super) fn interrupt(&mut self) -> bool {
        let slot = self.page.slot(Stream::Stderr);
        let open = self.page.open.get_mut(slot);
        open.is_some_and(|open| open.take().is_some())
    }

    /// One node's output in a pipe is exactly that.
    fn is_raw(&self, stream: Stream) -> bool {
        self.names.len() == 1 && !self.look.target(stream).is_terminal
    }
}

impl Look {
    fn target(self, stream: Stream) -> Target {
        match stream {
            Stream::Stdout => self.out,
            Stream::Stderr => self.err,
        }
    }
}

impl Page {
    fn slot(&self, stream: Stream) -> usize {
        let is_one = self.look.out.is_terminal && self.look.err.is_terminal;
        usize::from(stream == Stream::Stderr && !is_one)
    }

    fn write(
        &mut self,
        key: Key,
        line: Line<'_>,
        (names, pen): (Option<&[String; 2]>, &mut Style),
        text: &mut Vec<u8>,
    ) {
        let target = self.look.target(key.1);
        let name = names.map_or("", |[out, err]| match key.1 {
            Stream::Stdout => out,
            Stream::Stderr => err,
        });
        let slot = self.slot(key.1);
        let Some(open) = self.open.get_mut(slot) else {
            return;
        };
        let is_next = *open == Some(key);
        if is_next && target.is_terminal && is_redrawn(line.bytes) {
            let back: &[u8] = if target.is_dumb { b"\n" } else { b"\r\x1b[K" };
            text.extend_from_slice(back);
            text.extend_from_slice(name.as_bytes());
        } else if !is_next {
            if open.is_some() {
                text.push(b'\n');
            }
            text.extend_from_slice(name.as_bytes());
        }
        if target.is_terminal {
            show(line.bytes, (key.1, target), pen, text);
        } else {
            text.extend_from_slice(line.bytes);
        }
        *open = line.continued.then_some(key);
        if !line.continued {
            text.push(b'\n');
        }
    }

    fn end(&mut self, key: Key, text: &mut Vec<u8>) {
        let slot = self.slot(key.1);
        if let Some(open) = self.open.get_mut(slot)
            && *open == Some(key)
        {
            *open = None;
            text.push(b'\n');
        }
    }
}

/// A program that draws its line anew, as progress bars do.
fn is_redrawn(bytes: &[u8]) -> bool {
    let before_end = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    before_end.contains(&b'\r')
}

/// Fit for a terminal; never cut.
pub(in crate::cli) fn show(
    bytes: &[u8],
    (stream, target): (Stream, Target),
    pen: &mut Style,
    text: &mut Vec<u8>,
) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, after) = if rest.contains(&b'\t') && rest.len() > WITH_TABS {
            split(rest, WITH_TABS)
        } else {
            (rest, &b""[..])
        };
        let line = Styled::line(piece, pen);
        let is_plain = line.spans().all(|(_, style)| style.is_default());
        let mut shown = String::with_capacity(piece.len() + 16);
        line.write_ansi(&mut shown, target.colour);
        if stream == Stream::Stderr && target.colour && is_plain {
            shown = format!("\x1b[{ERROR}m{shown}\x1b[0m");
        }
        text.extend_from_slice(shown.as_bytes());
        rest = after;
    }
}

/// Near this place, between two characters of UTF-8.
fn split(bytes: &[u8], at: usize) -> (&[u8], &[u8]) {
    let is_inside = |place: &usize| bytes.get(*place).is_some_and(|byte| byte & 0xc0 == 0x80);
    let place = (at.saturating_sub(3)..=at)
        .rev()
        .find(|place| !is_inside(place));
    bytes.split_at(place.unwrap_or(at))
}

/// The name and its colon.
fn painted(id: &str, target: Target) -> String {
    if target.colour {
        format!("\x1b[{}m{id}:\x1b[0m", colour(id))
    } else {
        format!("{id}:")
    }
}

/// The same for a name wherever and whenever (FNV-1a).
pub(in crate::cli) fn colour(name: &str) -> &'static str {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = name.bytes().fold(0x811c_9dc5, step);
    // The low bits of FNV are its weakest.
    let place = (hash ^ (hash >> 16)) as usize % COLOURS.len();
    COLOURS.get(place).copied().unwrap_or("36")
}
