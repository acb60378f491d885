//! All runs, the newest first: what goes on, and what the last ones have come to.

use std::sync::Arc;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    Scene,
    run::{progress, span},
    scroll::{Scroll, step},
};
use crate::{
    config::keymap::Action,
    exec::{Cancel, RunNumber, RunState},
    node::text::SafeText,
    ui::{
        effect::Effect,
        format::{self, put, row},
        theme::Role,
        widget::{Look, panel::Panel},
    },
};

/// Widest bar.
const BAR: u16 = 24;

/// Cells of what went worst.
const WORST: u16 = 13;

/// The list, and where one is.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    cursor: Option<RunNumber>,
    scroll: Scroll,
    /// What had not begun was cancelled of this run: the next time all is.
    cancelled: Option<RunNumber>,
}

/// What came of a key.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The list stays, and this is to be done.
    Do(Vec<Effect>),
    /// The list stays, and this is to be said.
    Say(&'static str),
    /// This run is looked at.
    Open(Arc<RunState>),
    /// The list is closed.
    Close,
}

impl Runs {
    fn at(&self, scene: &Scene<'_>) -> usize {
        let is_it = |run: &Arc<RunState>| Some(run.number) == self.cursor;
        newest(scene).iter().position(is_it).unwrap_or(0)
    }

    /// Does what a key means here.
    pub fn act(&mut self, action: Action, scene: &Scene<'_>, body: Rect) -> Reply {
        let runs = newest(scene);
        let (at, page) = (self.at(scene), page(body));
        let run = runs.get(at);
        match (action, run) {
            (Action::Back, _) => return Reply::Close,
            (Action::Open, Some(run)) => return Reply::Open(Arc::clone(run)),
            (Action::Cancel, Some(run)) => return self.cancel(run),
            (Action::Save, Some(run)) => return Reply::Do(vec![Effect::SaveRun(run.number)]),
            (Action::Drop, Some(run)) if run.is_running() => {
                return Reply::Say("this run goes on; cancel it first");
            }
            (Action::Drop, Some(run)) => return Reply::Do(vec![Effect::ForgetRun(run.number)]),
            _ => {}
        }
        let last = runs.len().saturating_sub(1);
        if let Some(to) = step(action, at, last, page) {
            self.cursor = runs.get(to).map(|run| run.number);
        }
        self.scroll = self.scroll.with(self.at(scene), runs.len(), page);
        Reply::Do(Vec::new())
    }

    /// Keys that would come to nothing for the run under the cursor.
    pub fn idle(&self, scene: &Scene<'_>) -> Vec<Action> {
        match newest(scene).get(self.at(scene)) {
            Some(run) if run.is_running() => vec![Action::Drop],
            Some(_) => vec![Action::Cancel],
            None => vec![Action::Open, Action::Cancel, Action::Drop, Action::Save],
        }
    }

    fn cancel(&mut self, run: &RunState) -> Reply {
        if !run.is_running() {
            return Reply::Say("this run is over");
        }
        let what = if self.cancelled == Some(run.number) {
            Cancel::All
        } else {
            Cancel::Pending
        };
        self.cancelled = Some(run.number);
        Reply::Do(vec![Effect::CancelRun(run.number, what)])
    }

    /// Draws it instead of the view.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        let style = |role| scene.theme.style(role);
        format::clear(buf, area, style(Role::Ground));
        let runs = newest(scene);
        let running = runs.iter().filter(|run| run.is_running()).count();
        let note = match (running, runs.len()) {
            (_, 0) => String::new(),
            (0, all) => format!("{all} over"),
            (open, all) => format!("{open} of {all} go on"),
        };
        let panel = Panel {
            title: &[("Runs", style(Role::Strong))],
            note: Some((&note, style(Role::Muted))),
            focused: true,
            ..Panel::default()
        };
        let inside = panel.render(&Look::from(scene), area, buf);
        if runs.is_empty() {
            let text = "no command was run yet";
            put(buf, row(inside, 0), inside.x, text, style(Role::Muted));
        }
        let at = self.at(scene);
        // There may be more than when a key was pressed, or fewer.
        let scroll = self.scroll.with(at, runs.len(), page(area));
        let shown = runs.iter().enumerate().skip(scroll.first());
        for (y, (index, run)) in (0..inside.height).zip(shown) {
            let line = row(inside, y);
            if index == at {
                buf.set_style(line, style(Role::Selected));
                put(
                    buf,
                    line,
                    line.x,
                    scene.glyphs.cursor(),
                    style(Role::Accent),
                );
            }
            one(run, scene, line, buf);
        }
    }
}

/// Runs that fit.
fn page(body: Rect) -> usize {
    usize::from(body.height.saturating_sub(2)).max(1)
}

fn newest(scene: &Scene<'_>) -> Vec<Arc<RunState>> {
    scene.snapshot.runs.iter().rev().cloned().collect()
}

/// One run on a line: number, command, how many failed, progress, time.
fn one(run: &RunState, scene: &Scene<'_>, line: Rect, buf: &mut Buffer) {
    use crate::fleet::Status;
    let (style, glyphs) = (|role| scene.theme.style(role), scene.glyphs);
    let (tallies, all) = (run.tallies, run.nodes.len());
    let (sign, role) = if run.is_running() {
        (glyphs.running(), Role::Info)
    } else if tallies.ok == all {
        (glyphs.status(Status::Ok), Role::Ok)
    } else if tallies.failed == 0 {
        (glyphs.status(Status::Warn), Role::Warn)
    } else {
        (glyphs.status(Status::Critical), Role::Critical)
    };
    let elapsed = span(run.elapsed_ms(scene.now.0));
    let parts = [
        (tallies.failed, "failed", Role::Critical),
        (tallies.unreached, "unreached", Role::Warn),
        (tallies.cancelled, "cancelled", Role::Warn),
        (tallies.skipped, "skipped", Role::Muted),
    ];
    let worst = parts.into_iter().find(|(count, ..)| *count > 0);
    let (worst, worst_role) = worst.map_or_else(
        || (String::new(), Role::Muted),
        |(count, word, role)| (format!("{count} {word}"), role),
    );
    let bar = BAR.min(line.width / 8);
    let share = format!("{}/{all}", tallies.ended());
    let end = format!("  {share:>7}  {elapsed:>6}");
    let after = WORST + 2 + bar + end.len() as u16;
    let mut x = put(buf, line, line.x + 2, sign, style(role)) + 1;
    let number = format!("{:<4}", run.number.to_string());
    x = put(buf, line, x, &number, style(Role::Muted)) + 1;
    let room = usize::from(line.right().saturating_sub(x + after + 1));
    let command = super::run::first_line(&run.order.command);
    let shown = format::fit(&command, room, glyphs);
    let stop = put(buf, line, x, &shown, style(Role::Strong));
    let left = room.saturating_sub(format::width(&shown) + 2);
    let selector = SafeText::from(run.order.selector.as_str());
    let selector = format::fit(selector.as_str(), left, glyphs);
    put(buf, line, stop + 2, &selector, style(Role::Muted));
    x = line.right().saturating_sub(after);
    put(buf, line, x, &worst, style(worst_role));
    x += WORST + 2;
    progress(
        run,
        scene,
        Rect {
            x,
            width: bar,
            ..line
        },
        buf,
    );
    put(buf, line, x + bar, &end, style(Role::Muted));
}
