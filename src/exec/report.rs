//! A gathered run as text: each answer once under its nodes, what differs as diffs, and one line on how it all went. Pure.

#[cfg(test)]
#[path = "report/tests.rs"]
mod tests;

use std::io::{self, Write};

use super::{
    Capture, Gather, Grade, Group, NodeResult, Outcome, Stream,
    gather::{DiffLine, Sign, Tally, has_run, label},
    size::left_out,
};
use crate::node::text::SafeText;

/// Columns that the rule beside a header fills up to.
const WIDTH: usize = 60;

/// Reasons of one outcome that the summary names.
pub const MAX_REASONS: usize = 4;

/// What a piece of a report is for; whoever prints it has the colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    /// No colour of its own.
    Plain,
    /// Rules, marks and remarks: less than the text.
    Faint,
    /// The names of a group.
    Names,
    /// All of it went well.
    Good,
    /// Something failed.
    Bad,
    /// Nobody knows how it would have gone.
    Unsure,
    /// Standard error.
    Stderr,
    /// A line that only the reference has.
    Less,
    /// A line that only this group has.
    More,
}

/// Puts a colour on a piece of text, or not.
pub type Paint<'a> = &'a dyn Fn(Tone, &str) -> String;

/// How a report is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Every group's output in full, no diffs.
    pub is_full: bool,
    /// Output byte for byte, for a pipe or a file.
    pub is_raw: bool,
    /// Nothing but ASCII in rules.
    pub is_ascii: bool,
}

/// Leaves text as it is.
pub fn plain(_: Tone, text: &str) -> String {
    text.to_owned()
}

/// Writes the groups and what they printed, the largest first. The nodes' own text is made safe unless it is wanted raw.
pub fn write(gather: &Gather, look: Look, paint: Paint<'_>, out: &mut dyn Write) -> io::Result<()> {
    let groups = gather.groups();
    let reference = groups.iter().find(|group| group.is_reference);
    for group in &groups {
        let mut page = Page {
            look,
            paint,
            out: &mut *out,
        };
        page.header(group, gather.is_masked())?;
        match reference.filter(|_| !group.is_reference && !look.is_full) {
            Some(reference) => page.differing(gather, reference, group)?,
            None => page.full(group)?,
        }
    }
    Ok(())
}

/// The line on how it all went: `198 ok · 1 exit 1 (gpu07) · 1 refused (gpu09: connect: timed out)`.
pub fn summary(tallies: &[Tally], paint: Paint<'_>) -> String {
    // A green word beside a failure is what is seen first.
    let is_well = tallies.iter().all(|tally| tally.grade == Grade::Good);
    let part = |tally: &Tally| {
        let tone = match tally.grade {
            Grade::Good if !is_well => Tone::Plain,
            grade => tone(grade),
        };
        paint(
            tone,
            &format!("{} {}{}", tally.count, tally.label, who(tally)),
        )
    };
    match tallies {
        [] => paint(Tone::Plain, "no node"),
        _ => tallies
            .iter()
            .map(part)
            .collect::<Vec<_>>()
            .join(&paint(Tone::Faint, " · ")),
    }
}

/// In brackets, which nodes and why; nothing for those that are ok.
fn who(tally: &Tally) -> String {
    if tally.grade == Grade::Good {
        return String::new();
    }
    let reason = |(nodes, why): &(_, SafeText)| match why.as_str() {
        "" => format!("{nodes}"),
        why => format!("{nodes}: {why}"),
    };
    let mut parts: Vec<String> = tally.reasons.iter().take(MAX_REASONS).map(reason).collect();
    let others = tally.reasons.iter().skip(MAX_REASONS);
    let others: usize = others.map(|(nodes, _)| nodes.len()).sum();
    if others > 0 {
        parts.push(format!("{others} more for other reasons"));
    }
    format!(" ({})", parts.join("; "))
}

/// Where a report is written to.
struct Page<'a> {
    look: Look,
    paint: Paint<'a>,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn header(&mut self, group: &Group, is_masked: bool) -> io::Result<()> {
        let rule = if self.look.is_ascii { "-" } else { "─" };
        let dot = if self.look.is_ascii { "-" } else { "·" };
        let outcome = &group.sample.outcome;
        let (names, size) = (group.nodes.fold(), group.size);
        let mut words = vec![how(outcome)];
        if is_masked && size > 1 {
            words.push(format!("as on {}", group.sample.node));
        }
        let mut width = 2 + names.chars().count() + format!(" ({size}) ").len();
        let start = format!("{} ", rule.repeat(2));
        let mut line = self.painted(Tone::Faint, &start) + &self.painted(Tone::Names, &names);
        line += &self.painted(Tone::Plain, &format!(" ({size})"));
        for (word, tone) in words.iter().zip([tone(outcome.grade()), Tone::Faint]) {
            width += word.chars().count() + 3;
            line += &self.painted(Tone::Faint, &format!(" {dot} "));
            line += &self.painted(tone, word);
        }
        let end = rule.repeat(WIDTH.saturating_sub(width).max(2));
        line += &self.painted(Tone::Faint, &format!(" {end}"));
        writeln!(self.out, "{line}")
    }

    fn full(&mut self, group: &Group) -> io::Result<()> {
        self.output(&group.sample.stdout, Tone::Plain)?;
        if group.sample.stderr.total > 0 {
            self.mark_stderr()?;
            self.output(&group.sample.stderr, Tone::Stderr)?;
        }
        Ok(())
    }

    /// As a diff, where that says more than the output itself does.
    fn differing(&mut self, gather: &Gather, reference: &Group, group: &Group) -> io::Result<()> {
        let sample = &group.sample;
        if sample.stdout.total + sample.stderr.total == 0 && !has_run(&sample.outcome) {
            return Ok(());
        }
        let diff = gather.diff(reference, group);
        if diff.is_empty() {
            let same = sameness(&reference.sample, sample, gather.is_masked());
            return self.remark(&format!("{same} {}", reference.nodes.fold()));
        }
        if has_nothing_in_common(&diff) {
            return self.full(group);
        }
        let whose = format!("compared with {}", reference.nodes.fold());
        self.remark(&whose)?;
        let mut stream = Stream::Stdout;
        for line in &diff {
            if line.stream != stream {
                stream = line.stream;
                self.mark_stderr()?;
            }
            self.diff_line(line)?;
        }
        Ok(())
    }

    fn diff_line(&mut self, line: &DiffLine) -> io::Result<()> {
        let (sign, tone) = match line.sign {
            Sign::Same => (" ", Tone::Plain),
            Sign::Less => ("-", Tone::Less),
            // More of it is no good sign.
            Sign::More if line.stream == Stream::Stderr => ("+", Tone::Stderr),
            Sign::More => ("+", Tone::More),
            Sign::Place | Sign::Remark => ("", Tone::Faint),
        };
        let text = self.painted(tone, &format!("{sign}{}", line.text));
        writeln!(self.out, "{text}")
    }

    fn output(&mut self, capture: &Capture, tone: Tone) -> io::Result<()> {
        self.lines(&capture.head, tone)?;
        if capture.cut() > 0 {
            self.remark(&left_out(capture.cut()))?;
        }
        self.lines(&capture.tail, tone)
    }

    /// Each ends its line, whether or not the output did: the next header begins one.
    fn lines(&mut self, bytes: &[u8], tone: Tone) -> io::Result<()> {
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            if self.look.is_raw {
                self.out.write_all(line)?;
                self.out.write_all(b"\n")?;
            } else {
                let text = self.painted(tone, shown(line).as_str());
                writeln!(self.out, "{text}")?;
            }
        }
        Ok(())
    }

    fn mark_stderr(&mut self) -> io::Result<()> {
        let mark = self.painted(Tone::Stderr, "stderr:");
        writeln!(self.out, "{mark}")
    }

    fn remark(&mut self, text: &str) -> io::Result<()> {
        let text = self.painted(Tone::Faint, text);
        writeln!(self.out, "{text}")
    }

    fn painted(&self, tone: Tone, text: &str) -> String {
        (self.paint)(tone, text)
    }
}

/// A line of a node's output, fit for a terminal.
fn shown(line: &[u8]) -> SafeText {
    SafeText::from(line)
}

/// The outcome as a header has it: `exit 0`, `exit 3`, `refused: connect: timed out`.
fn how(outcome: &Outcome) -> String {
    match (outcome, outcome.reason()) {
        (Outcome::Ok, _) => "exit 0".to_owned(),
        (_, "") => label(outcome),
        (_, why) => format!("{}: {why}", label(outcome)),
    }
}

fn tone(grade: Grade) -> Tone {
    match grade {
        Grade::Good => Tone::Good,
        Grade::Bad => Tone::Bad,
        Grade::Unsure => Tone::Unsure,
        Grade::Unsent => Tone::Faint,
    }
}

/// What may be said of two outputs that no diff tells apart; never more than is known.
fn sameness(old: &NodeResult, new: &NodeResult, is_masked: bool) -> &'static str {
    let outputs = [(&old.stdout, &new.stdout), (&old.stderr, &new.stderr)];
    if outputs.iter().all(|(old, new)| old.digest == new.digest) {
        "the same output as"
    } else if outputs.iter().any(|(old, new)| old.cut() + new.cut() > 0) {
        "as far as it is kept, the same output as"
    } else if is_masked {
        "but for what is masked, the same output as"
    } else {
        "but for the end of its last line, the same output as"
    }
}

/// True where every line of stdout is another one.
fn has_nothing_in_common(diff: &[DiffLine]) -> bool {
    let mut stdout = diff
        .iter()
        .filter(|line| line.stream == Stream::Stdout)
        .peekable();
    stdout.peek().is_some() && !stdout.any(|line| line.sign == Sign::Same)
}
