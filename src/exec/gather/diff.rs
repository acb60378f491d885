//! How one output differs from another, line by line, as `diff -u` shows it.

use std::collections::HashMap;

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use crate::{
    exec::{Capture, Mask, Stream, size::left_out},
    node::{NodeId, text::SafeText},
};

/// Equal lines shown around a difference.
const CONTEXT: usize = 3;

/// Lines of each output that are compared: the time it takes can grow with their square.
const MAX_COMPARED: usize = 1000;

/// Lines that a diff may have; most people stop reading far sooner.
const MAX_LINES: usize = 400;

/// What a line of a diff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// In both.
    Same,
    /// In the reference only.
    Less,
    /// In this group only.
    More,
    /// Where the lines below stand: `@@ -1,3 +1,4 @@`.
    Place,
    /// A word on the diff itself.
    Remark,
}

/// One line of a diff, fit for a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// Which of the two outputs.
    pub stream: Stream,
    /// What it is.
    pub sign: Sign,
    /// Its text, without the sign.
    pub text: SafeText,
}

/// One of two outputs, in lines.
pub(super) struct Side<'a> {
    /// As they are compared.
    keys: Vec<Vec<u8>>,
    /// As they are shown.
    shown: Vec<&'a [u8]>,
    /// Stands for what was cut, as a line of its own.
    cut: Option<(usize, String)>,
    is_short: bool,
}

impl<'a> Side<'a> {
    pub(super) fn new(mask: Option<&Mask>, node: &NodeId, capture: &'a Capture) -> Self {
        let mut shown: Vec<&[u8]> = split(&capture.head).collect();
        let mut cut = None;
        if capture.cut() > 0 {
            cut = Some((shown.len(), left_out(capture.cut())));
            shown.push(b"");
            shown.extend(split(&capture.tail));
        }
        let is_short = shown.len() > MAX_COMPARED;
        shown.truncate(MAX_COMPARED);
        let key = |line: &&[u8]| mask.map_or_else(|| line.to_vec(), |mask| mask.hide(node, line));
        let mut keys: Vec<Vec<u8>> = shown.iter().map(key).collect();
        if let Some(key) = cut.as_ref().and_then(|(at, _)| keys.get_mut(*at)) {
            // No line holds a line's end: what was cut is equal to nothing but what was cut.
            *key = b"\n".to_vec();
        }
        Self {
            keys,
            shown,
            cut,
            is_short,
        }
    }

    fn text(&self, at: usize) -> SafeText {
        match &self.cut {
            Some((place, words)) if *place == at => words.as_str().into(),
            _ => SafeText::from(self.shown.get(at).copied().unwrap_or_default()),
        }
    }
}

pub(super) fn lines(stream: Stream, old: &Side<'_>, new: &Side<'_>) -> Vec<DiffLine> {
    let mut out = Vec::new();
    let (a, b) = numbered(&old.keys, &new.keys);
    for hunk in group_diff_ops(capture_diff_slices(Algorithm::Myers, &a, &b), CONTEXT) {
        out.push((Sign::Place, place(&hunk).as_str().into()));
        for op in &hunk {
            part(op, (old, new), &mut out);
        }
    }
    let more = out.len().saturating_sub(MAX_LINES);
    out.truncate(MAX_LINES);
    if more > 0 {
        out.push(remark(&format!("… {more} more lines of this diff …")));
    }
    if old.is_short || new.is_short {
        out.push(remark(&format!(
            "… only the first {MAX_COMPARED} lines were compared …"
        )));
    }
    let line = |(sign, text)| DiffLine { stream, sign, text };
    out.into_iter().map(line).collect()
}

fn remark(text: &str) -> (Sign, SafeText) {
    (Sign::Remark, text.into())
}

/// Equal lines as equal numbers: these are compared many times.
fn numbered<'a>(old: &'a [Vec<u8>], new: &'a [Vec<u8>]) -> (Vec<usize>, Vec<usize>) {
    let mut known: HashMap<&[u8], usize> = HashMap::new();
    let mut number = |line: &'a Vec<u8>| {
        let next = known.len();
        *known.entry(line).or_insert(next)
    };
    let old = old.iter().map(&mut number).collect();
    (old, new.iter().map(number).collect())
}

fn place(hunk: &[DiffOp]) -> String {
    let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else {
        return String::new();
    };
    // Of an empty range the line before it is named, as POSIX has it.
    let range = |start: usize, end: usize| {
        let first = if end == start { start } else { start + 1 };
        format!("{first},{}", end - start)
    };
    let old = range(first.old_range().start, last.old_range().end);
    let new = range(first.new_range().start, last.new_range().end);
    format!("@@ -{old} +{new} @@")
}

fn part(op: &DiffOp, (old, new): (&Side<'_>, &Side<'_>), out: &mut Vec<(Sign, SafeText)>) {
    if op.tag() == DiffTag::Equal {
        out.extend(op.new_range().map(|at| (Sign::Same, new.text(at))));
        return;
    }
    out.extend(op.old_range().map(|at| (Sign::Less, old.text(at))));
    out.extend(op.new_range().map(|at| (Sign::More, new.text(at))));
}

/// The lines of an output, without their ends; a last one without an end counts.
fn split(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let line = |line: &'_ [u8]| -> usize { line.len() - usize::from(line.ends_with(b"\n")) };
    bytes
        .split_inclusive(|b| *b == b'\n')
        .map(move |whole| whole.get(..line(whole)).unwrap_or_default())
}
