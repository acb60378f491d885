//! All rolls of this dashboard, the newest first: how each stands.

use std::sync::Arc;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    Scene,
    roll::standing,
    run::{bar, span},
    scroll::{Scroll, step},
};
use crate::{
    config::keymap::Action,
    fleet::Rolled,
    store::audit::RunId,
    ui::{
        format::{self, put, row},
        theme::Role,
        widget::{Look, panel::Panel},
    },
};

/// Widest bar.
const BAR: u16 = 24;

/// Cells of how a roll stands.
const STANDING: u16 = 14;

/// The list, and where one is.
#[derive(Clone, Debug, Default)]
pub struct Rolls {
    cursor: Option<RunId>,
    scroll: Scroll,
}

/// What came of a key.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The list stays.
    Stays,
    /// The list stays, and this is to be said.
    Say(&'static str),
    /// This roll is looked at.
    Open(Arc<Rolled>),
    /// This roll is shown no longer.
    Drop(RunId),
    /// The list is closed.
    Close,
}

impl Rolls {
    fn at(&self, scene: &Scene<'_>) -> usize {
        let is_it = |rolled: &Arc<Rolled>| Some(&rolled.id) == self.cursor.as_ref();
        newest(scene).iter().position(is_it).unwrap_or(0)
    }

    /// Does what a key means here.
    pub fn act(&mut self, action: Action, scene: &Scene<'_>, body: Rect) -> Reply {
        let rolls = newest(scene);
        let (at, page) = (self.at(scene), page(body));
        match (action, rolls.get(at)) {
            (Action::Back, _) => return Reply::Close,
            (Action::Open, Some(rolled)) => return Reply::Open(Arc::clone(rolled)),
            (Action::Drop, Some(rolled)) if rolled.is_going() => {
                return Reply::Say("this roll goes on; abort it first");
            }
            (Action::Drop, Some(rolled)) => return Reply::Drop(rolled.id.clone()),
            _ => {}
        }
        let last = rolls.len().saturating_sub(1);
        if let Some(to) = step(action, at, last, page) {
            self.cursor = rolls.get(to).map(|rolled| rolled.id.clone());
        }
        self.scroll = self.scroll.with(self.at(scene), rolls.len(), page);
        Reply::Stays
    }

    /// Keys that would come to nothing for the roll under the cursor.
    pub fn idle(&self, scene: &Scene<'_>) -> Vec<Action> {
        match newest(scene).get(self.at(scene)) {
            Some(rolled) if rolled.is_going() => vec![Action::Drop],
            Some(_) => Vec::new(),
            None => vec![Action::Open, Action::Drop],
        }
    }

    /// Draws it instead of the view.
    pub fn render(&self, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
        let style = |role| scene.theme.style(role);
        format::clear(buf, area, style(Role::Ground));
        let rolls = newest(scene);
        let going = rolls.iter().filter(|rolled| rolled.is_going()).count();
        let note = match (going, rolls.len()) {
            (_, 0) => String::new(),
            (0, all) => format!("{all} over"),
            (open, all) => format!("{open} of {all} go on"),
        };
        let panel = Panel {
            title: &[("Rolls", style(Role::Strong))],
            note: Some((&note, style(Role::Muted))),
            focused: true,
            ..Panel::default()
        };
        let inside = panel.render(&Look::from(scene), area, buf);
        if rolls.is_empty() {
            for (y, text) in (0..).zip(NONE) {
                put(buf, row(inside, y), inside.x, text, style(Role::Muted));
            }
        }
        let at = self.at(scene);
        // There may be more than when a key was pressed, or fewer.
        let scroll = self.scroll.with(at, rolls.len(), page(area));
        let shown = rolls.iter().enumerate().skip(scroll.first());
        for (y, (index, rolled)) in (0..inside.height).zip(shown) {
            let line = row(inside, y);
            if index == at {
                buf.set_style(line, style(Role::Selected));
                let sign = scene.glyphs.cursor();
                put(buf, line, line.x, sign, style(Role::Accent));
            }
            one(rolled, scene, line, buf);
        }
    }
}

/// What an empty list says.
const NONE: [&str; 2] = [
    "no daemon was rolled from here yet: :daemon roll SET DAEMON --batches 1,10%,25%",
    "those of other processes: :roll list",
];

/// Rolls that fit.
fn page(body: Rect) -> usize {
    usize::from(body.height.saturating_sub(2)).max(1)
}

fn newest(scene: &Scene<'_>) -> Vec<Arc<Rolled>> {
    scene.snapshot.rolls.iter().rev().cloned().collect()
}

/// One roll on a line: how it stands, what, where, progress, time.
fn one(rolled: &Rolled, scene: &Scene<'_>, line: Rect, buf: &mut Buffer) {
    let (style, glyphs) = (|role| scene.theme.style(role), scene.glyphs);
    let (tally, all) = (rolled.state.tally(), rolled.state.nodes.len());
    let (word, role) = standing(rolled);
    let elapsed = span(rolled.elapsed_ms(scene.now));
    let end = format!("  {:>7}  {elapsed:>6}", format!("{}/{all}", tally.done));
    let width = BAR.min(line.width / 6);
    let after = width + format::width(&end) as u16;
    put(buf, line, line.x + 2, word, style(role));
    let x = line.x + 2 + STANDING;
    let room = usize::from(line.right().saturating_sub(x + after + 1));
    let what = format::fit(rolled.wish.what.as_str(), room, glyphs);
    let stop = put(buf, line, x, &what, style(Role::Strong));
    let left = room.saturating_sub(format::width(&what) + 2);
    let set = crate::node::text::SafeText::from(rolled.wish.set.as_str());
    let set = format::fit(set.as_str(), left, glyphs);
    put(buf, line, stop + 2, &set, style(Role::Muted));
    let parts = [
        (tally.done, Role::Ok),
        (tally.failed, Role::Critical),
        (tally.unreached + tally.cut, Role::Warn),
        (tally.in_flight, Role::Info),
    ];
    let x = line.right().saturating_sub(after);
    bar(&parts, all, scene, (Rect { x, width, ..line }, buf));
    put(buf, line, x + width, &end, style(Role::Muted));
}
