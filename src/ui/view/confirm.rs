//! What has to be confirmed before it is done: the exact command, where, why that is asked, and what to answer.

use std::sync::Arc;

use crokey::KeyCombination;
use ratatui::{buffer::Buffer, layout::Rect};

use super::{Scene, line::Line, roll::knobs, scroll::Scroll};
use crate::{
    command::{rolling::plan, trust::Trust},
    config::keymap::{Action, Scope},
    daemon::roll::Wish,
    exec::{
        RunOrder, RunState,
        guard::{Ask, Verdict, confirmation},
    },
    fleet::{
        Millis, Rolled,
        keys::{Change, Finding},
    },
    store::audit::RunId,
    ui::{
        format::{self, put, row},
        theme::Role,
        widget::{Look, panel::Panel},
    },
};

/// Widest box.
const WIDTH: u16 = 100;

/// A key pressed so soon after a question came up by itself was meant for something else.
const ARMED_AFTER_MS: u64 = 500;

/// Runs that are named before leaving.
const MAX_RUNS: usize = 5;

/// Batches that are named before a roll.
const MAX_BATCHES: usize = 12;

/// What is asked, and how far one has read.
#[derive(Clone, Debug)]
pub struct Confirm {
    title: &'static str,
    lines: Vec<(String, Role)>,
    /// The word to type; without one a `y` will do.
    word: Option<String>,
    typed: Box<Line>,
    scroll: Scroll,
    /// It came up by itself: a yes before this was meant for something else.
    armed: Millis,
    what: What,
}

/// What is done on a yes.
#[derive(Clone, Debug)]
enum What {
    Run(Arc<RunOrder>),
    Leave,
    Change(Trust, Change, Vec<Finding>),
    Roll(Arc<Wish>),
    Abort(RunId),
}

/// What came of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing yet.
    Stays,
    /// It is left; this is to be said.
    No(&'static str),
    /// Run it.
    Run(Arc<RunOrder>),
    /// Leave the program.
    Leave,
    /// Change known_hosts for these, as this command wished.
    Change(Trust, Change, Vec<Finding>),
    /// Begin this roll.
    Roll(Arc<Wish>),
    /// Cut this roll.
    Abort(RunId),
}

impl Confirm {
    /// For a command; the nodes are those of the order, whatever changes until the answer.
    pub fn run(order: Arc<RunOrder>, verdict: &Verdict) -> Self {
        let mut lines = told(&confirmation(&order.command, &order.nodes(), verdict));
        let options = &order.plan.options;
        let manner = [
            options.is_sudo.then(|| "As root, by sudo".to_owned()),
            options.folder.as_ref().map(|folder| format!("In {folder}")),
        ];
        let manner = manner.into_iter().flatten();
        lines.splice(1..1, manner.map(|line| (line, Role::Text)));
        let word = word(verdict);
        let title = if verdict.dangers.is_empty() {
            "Run this?"
        } else {
            "Dangerous: run this?"
        };
        Self::new(title, lines, word, What::Run(order))
    }

    /// For a roll: its commands, its nodes, and in what batches they come.
    pub fn roll(wish: Arc<Wish>, verdict: &Verdict, now: Millis) -> Self {
        let armed = match wish.resumes {
            // It comes up by itself, when its journal was read.
            Some(_) => Millis(now.0 + ARMED_AFTER_MS),
            None => Millis(0),
        };
        let mut lines = told(&confirmation(&wish.commands, &wish.nodes, verdict));
        if wish.manner.is_sudo {
            lines.insert(1, ("As root, by sudo".to_owned(), Role::Text));
        }
        if wish.done() > 0 {
            let text = format!("{} of them are done, and not repeated.", wish.done());
            lines.push((text, Role::Strong));
        }
        lines.push((knobs(&wish, "·"), Role::Text));
        let batches = wish.batches.len();
        lines.push((format!("Batches: {batches}"), Role::Strong));
        let text = plan(&wish.names(), &wish.batches);
        let shown = text.lines().take(MAX_BATCHES);
        lines.extend(shown.map(|line| (line.to_owned(), Role::Text)));
        if let Some(more @ 1..) = batches.checked_sub(MAX_BATCHES) {
            let text = format!("      and {more} more: --plan shows all");
            lines.push((text, Role::Muted));
        }
        let title = match wish.resumes {
            Some(_) => "Go on with this roll?",
            None => "Roll this?",
        };
        Self {
            armed,
            ..Self::new(title, lines, word(verdict), What::Roll(wish))
        }
    }

    /// For cutting a roll; that of a demo has no later than its end.
    pub fn abort(rolled: &Rolled, is_demo: bool) -> Self {
        let tally = rolled.state.tally();
        let what = match tally.in_flight {
            0 => "Nothing is in flight.".to_owned(),
            1 => "1 node is in flight: its step is ended, and it is left as it is then.".to_owned(),
            n => format!(
                "{n} nodes are in flight: their steps are ended, and they are left as they are then."
            ),
        };
        let id = &rolled.id;
        let later = if is_demo {
            "To go on later, while the demo runs: r".to_owned()
        } else {
            format!("To go on later: sshoal roll resume {id}")
        };
        let lines = vec![
            (what, Role::Strong),
            (
                format!("Done: {}, not begun: {}.", tally.done, tally.waiting),
                Role::Text,
            ),
            (later, Role::Muted),
        ];
        Self::new("Abort the roll?", lines, None, What::Abort(id.clone()))
    }

    /// For leaving while these go on; a demo's nodes and journals go too.
    pub fn leave(running: &[Arc<RunState>], rolls: &[Arc<Rolled>], is_demo: bool) -> Self {
        let mut lines = Vec::new();
        for rolled in rolls {
            let (tally, all) = (rolled.state.tally(), rolled.wish.nodes.len());
            let what = &rolled.wish.what;
            let goes_on = format!(
                "The roll of {what} goes on: {} of {all} nodes done.",
                tally.done
            );
            if is_demo {
                let text = format!("{goes_on} Leaving ends it, and its simulated nodes with it.");
                lines.push((text, Role::Strong));
                continue;
            }
            let text =
                format!("{goes_on} Leaving lets those in flight end for a moment, then cuts them:");
            lines.push((text, Role::Strong));
            let text = format!("  later: sshoal roll resume {}", rolled.id);
            lines.push((text, Role::Accent));
        }
        match running.len() {
            0 => {}
            1 => lines.push((
                "1 run goes on. Leaving ends its commands:".to_owned(),
                Role::Strong,
            )),
            n => lines.push((
                format!("{n} runs go on. Leaving ends their commands:"),
                Role::Strong,
            )),
        }
        for run in running.iter().take(MAX_RUNS) {
            let (open, all) = (run.nodes.len() - run.tallies.ended(), run.nodes.len());
            let command = run.order.command.lines().next().unwrap_or_default();
            let text = format!(
                "  {} {command} · {open} of {all} nodes not done",
                run.number
            );
            lines.push((text, Role::Text));
        }
        if let Some(more @ 1..) = running.len().checked_sub(MAX_RUNS) {
            lines.push((format!("  and {more} more"), Role::Text));
        }
        Self::new("Leave?", lines, None, What::Leave)
    }

    /// For host keys that were found and are to be changed: what is shown is what is written.
    pub fn keys(trust: Trust, change: Change, findings: Vec<Finding>, now: Millis) -> Self {
        let count = match findings.len() {
            1 => "1 host".to_owned(),
            n => format!("{n} hosts"),
        };
        let (title, what) = match change {
            Change::Accept => ("Accept these keys?", "Write down the new keys of"),
            Change::Replace => ("Replace these keys?", "Replace the known keys of"),
            Change::Forget => ("Forget these keys?", "Take out the known keys of"),
        };
        let mut lines = vec![(format!("{what} {count}:"), Role::Strong)];
        for finding in &findings {
            let text = finding.text();
            lines.extend(text.lines().map(|line| (format!("  {line}"), Role::Text)));
        }
        let armed = Millis(now.0 + ARMED_AFTER_MS);
        Self {
            armed,
            ..Self::new(title, lines, None, What::Change(trust, change, findings))
        }
    }

    fn new(
        title: &'static str,
        lines: Vec<(String, Role)>,
        word: Option<String>,
        what: What,
    ) -> Self {
        Self {
            title,
            lines,
            word,
            typed: Box::new(Line::new("")),
            scroll: Scroll::default(),
            armed: Millis(0),
            what,
        }
    }

    /// Where its keys are read.
    pub fn scope(&self) -> Scope {
        match self.word {
            Some(_) => Scope::Word,
            None => Scope::Confirm,
        }
    }

    /// True where it is asked whether to leave.
    pub fn is_leaving(&self) -> bool {
        matches!(self.what, What::Leave)
    }

    /// Takes a key that is text.
    pub fn key(&mut self, key: KeyCombination) {
        if self.word.is_some() {
            self.typed.key(key);
        }
    }

    /// Does what a key means here.
    pub fn act(&mut self, action: Action, now: Millis, screen: Rect) -> Reply {
        let (_, inside) = frame(self, screen);
        let text = self.wrapped(inside.width);
        let (page, lines) = (usize::from(room(inside)), text.len());
        // Only what could be read to its end is confirmed.
        let is_read = self.scroll.window(lines, page.max(1)).end == lines;
        match action {
            Action::No => return Reply::No("left as it is"),
            Action::Yes | Action::Send if is_read && now >= self.armed => return self.yes(),
            _ => self.scroll.act(action, lines, page.max(1)),
        };
        Reply::Stays
    }

    fn yes(&self) -> Reply {
        let is_right = |word: &String| word == self.typed.text().trim();
        if !self.word.as_ref().is_none_or(is_right) {
            return Reply::No("not run: that was another word");
        }
        match &self.what {
            What::Run(order) => Reply::Run(Arc::clone(order)),
            What::Leave => Reply::Leave,
            What::Change(trust, change, found) => {
                Reply::Change(trust.clone(), *change, found.clone())
            }
            What::Roll(wish) => Reply::Roll(Arc::clone(wish)),
            What::Abort(id) => Reply::Abort(id.clone()),
        }
    }

    /// Draws it over whatever is shown.
    pub fn render(&self, scene: &Scene<'_>, (screen, buf): (Rect, &mut Buffer)) {
        let (frame, inside) = frame(self, screen);
        let style = |role| scene.theme.style(role);
        format::clear(buf, frame, style(Role::Ground).patch(style(Role::Panel)));
        let text = self.wrapped(inside.width);
        let page = usize::from(room(inside));
        let window = self.scroll.window(text.len(), page);
        let rest = match text.len() - window.end {
            0 => String::new(),
            n => format!("{n} more lines: down"),
        };
        let role = if self.word.is_some() {
            Role::Critical
        } else {
            Role::Warn
        };
        let panel = Panel {
            title: &[(self.title, style(role))],
            note: Some((&rest, style(Role::Warn))),
            focused: true,
            ..Panel::default()
        };
        let inside = panel.render(&Look::from(scene), frame, buf);
        let shown = text.get(window).unwrap_or_default();
        for (y, (text, role)) in (0..).zip(shown) {
            put(buf, row(inside, y), inside.x, text, style(*role));
        }
        let last = row(inside, inside.height.saturating_sub(1));
        self.answers(scene, last, buf);
    }

    fn answers(&self, scene: &Scene<'_>, line: Rect, buf: &mut Buffer) {
        let (key, muted) = (scene.theme.style(Role::Key), scene.theme.style(Role::Muted));
        let mut x = line.x;
        if let Some(word) = &self.word {
            x = put(buf, line, x, "type ", muted);
            x = put(buf, line, x, word, scene.theme.style(Role::Strong));
            x = put(buf, line, x, " to run it: ", muted);
            put(buf, line, x, &format!("{}_", self.typed.text()), key);
            return;
        }
        let yes = match self.what {
            What::Run(_) => "run it",
            What::Roll(_) => "begin",
            What::Abort(_) => "abort it",
            What::Leave => "leave",
            What::Change(_, Change::Accept, _) => "accept them",
            What::Change(_, Change::Replace, _) => "replace them",
            What::Change(_, Change::Forget, _) => "forget them",
        };
        for (sign, word) in [("y", yes), ("n", "no")] {
            x = put(buf, line, x, sign, key);
            x = put(buf, line, x + 1, word, muted) + 3;
        }
    }

    /// All of the text, cut into lines: a command must be seen whole.
    fn wrapped(&self, width: u16) -> Vec<(String, Role)> {
        let lines = self.lines.iter();
        lines
            .flat_map(|(text, role)| {
                let pieces = wrap(text, usize::from(width).max(1));
                pieces.into_iter().map(|piece| (piece, *role))
            })
            .collect()
    }
}

/// Cut by cells; at a blank or a comma where there is one near the end.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for c in text.chars() {
        line.push(c);
        if format::width(&line) <= width {
            continue;
        }
        let near = line.len() * 2 / 3;
        let at = line.get(..line.len() - c.len_utf8()).unwrap_or_default();
        let at = at.rfind([' ', ',']).filter(|at| *at >= near);
        let at = at.map_or(line.len() - c.len_utf8(), |at| at + 1);
        let rest = line.split_off(at);
        lines.push(std::mem::replace(&mut line, rest));
    }
    lines.push(line);
    lines
}

/// The lines of a confirmation but the last: what to answer stands at the foot.
fn told(lines: &[String]) -> Vec<(String, Role)> {
    let told = lines.split_last().map_or(&[][..], |(_, told)| told);
    told.iter().map(|line| (line.clone(), role(line))).collect()
}

fn word(verdict: &Verdict) -> Option<String> {
    match &verdict.asks {
        Ask::TypedWord(word) => Some(word.clone()),
        Ask::Nothing | Ask::YesNo => None,
    }
}

/// What a line of a confirmation is for.
fn role(line: &str) -> Role {
    match line {
        line if line.starts_with("  ") => Role::Accent,
        line if line.starts_with("Run on ") => Role::Strong,
        line if line.starts_with("Protected: ") => Role::Warn,
        line if line.starts_with("Dangerous: ") => Role::Critical,
        _ => Role::Muted,
    }
}

/// The box, and what is within its frame.
fn frame(confirm: &Confirm, screen: Rect) -> (Rect, Rect) {
    let width = WIDTH.min(screen.width);
    let text = confirm.wrapped(width.saturating_sub(4)).len() as u16;
    let height = text.saturating_add(4).min(screen.height);
    let frame = Rect::new(
        screen.x + (screen.width - width) / 2,
        screen.y + (screen.height - height) / 3,
        width,
        height,
    );
    let inside = Rect::new(
        frame.x + 2,
        frame.y + 1,
        frame.width.saturating_sub(4),
        frame.height.saturating_sub(2),
    );
    (frame, inside)
}

/// Lines for the text: the last two are a gap and the answers.
fn room(inside: Rect) -> u16 {
    inside.height.saturating_sub(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_command_is_cut_into_lines_and_nothing_is_lost() {
        let text = "  sed -i 's/a very long pattern/and what comes in its place/' /etc/some/file";
        for width in [1, 7, 20, 200] {
            let lines = wrap(text, width);
            assert_eq!(lines.concat(), text, "{width}");
            assert!(
                lines.iter().all(|line| format::width(line) <= width),
                "{lines:?}"
            );
        }
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
        assert_eq!(wrap("", 4), [""]);
    }
}
