//! A question over whatever is shown. A host key is accepted by y alone, only when all of it can be read, and never by pasted text; what is typed elsewhere stays hidden.

mod form;
mod text;

use ratatui::{buffer::Buffer, layout::Rect};

pub use form::Form;

use super::Scene;
use crate::{
    config::keymap::{Action, Scope},
    ssh::{Prompt, Question},
    ui::{
        format::{self, put, row},
        glyph::Glyphs,
        theme::Role,
        widget::{Look, panel::Panel},
    },
};

/// Widest box.
const WIDTH: u16 = 72;

/// Cells of the labels.
const LABEL: u16 = 13;

/// A question and how it stands.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What is asked.
    pub prompt: &'a Prompt,
    /// What is typed.
    pub form: &'a Form,
    /// Questions in all, this one too.
    pub waiting: usize,
    /// Questions that one answer may cover, this one too: names of one host, or one login's passwords.
    pub alike: usize,
    /// Host keys that wait.
    pub keys: usize,
    /// It was on the screen long enough to be read.
    pub is_armed: bool,
}

impl Ask<'_> {
    /// True when something is typed, and letters are no keys.
    pub fn is_typed(&self) -> bool {
        !matches!(self.prompt.question, Question::HostKey { .. })
    }
}

/// True when the whole question fits, so that it may be answered with yes.
pub fn fits(ask: &Ask<'_>, area: Rect) -> bool {
    let width = WIDTH.min(area.width);
    let lines = text::lines(ask, Glyphs::default(), width);
    width >= 24 && lines.len() + 5 <= usize::from(area.height)
}

/// Draws the question.
pub fn render(ask: &Ask<'_>, scene: &Scene<'_>, (area, buf): (Rect, &mut Buffer)) {
    let width = WIDTH.min(area.width);
    let is_whole = fits(ask, area);
    let lines = if is_whole {
        text::lines(ask, scene.glyphs, width)
    } else {
        let text = format!("enlarge the terminal to read it, or {}", no(ask, scene));
        vec![(String::new(), text, Role::Warn)]
    };
    let height = (lines.len() as u16 + 5).min(area.height);
    let frame = Rect::new(
        area.x + (area.width - width) / 2,
        area.y + (area.height - height) / 3,
        width,
        height,
    );
    let style = |role| scene.theme.style(role);
    format::clear(buf, frame, style(Role::Ground).patch(style(Role::Panel)));
    let alike = if ask.is_typed() { 1 } else { ask.alike };
    let others = match ask.waiting.saturating_sub(alike) {
        0 => String::new(),
        n => format!("{n} more wait"),
    };
    let panel = Panel {
        title: &[(text::title(&ask.prompt.question), style(Role::Warn))],
        note: Some((&others, style(Role::Muted))),
        focused: true,
        ..Panel::default()
    };
    let inside = panel.render(&Look::from(scene), frame, buf);
    let gap = u16::from(inside.height > lines.len() as u16);
    for (y, (label, text, role)) in (gap..).zip(&lines) {
        let line = row(inside, y);
        put(buf, line, line.x, label, style(Role::Muted));
        let indent = if is_whole { LABEL } else { 0 };
        put(buf, line, line.x + indent, text, style(*role));
    }
    let last = row(inside, inside.height.saturating_sub(1));
    answers(ask, scene, last, buf);
}

/// The key that declines.
fn no<'a>(ask: &Ask<'_>, scene: &Scene<'a>) -> &'a str {
    let key = scene.keys.key(Scope::Secret, Action::No);
    key.filter(|_| ask.is_typed()).unwrap_or("n")
}

fn answers(ask: &Ask<'_>, scene: &Scene<'_>, line: Rect, buf: &mut Buffer) {
    let role = if ask.is_armed { Role::Key } else { Role::Muted };
    let (key, muted) = (scene.theme.style(role), scene.theme.style(Role::Muted));
    let mut x = line.x;
    let mut pair = |keys: &str, word: &str| {
        x = put(buf, line, x, keys, key);
        x = put(buf, line, x + 1, word, muted) + 3;
    };
    if ask.is_typed() {
        pair(
            scene
                .keys
                .key(Scope::Secret, Action::Send)
                .unwrap_or("enter"),
            "send",
        );
        pair(no(ask, scene), "decline");
        return;
    }
    pair("y", "accept");
    pair("n", "refuse");
    if ask.keys > 1 {
        pair("A", &format!("accept all {}", ask.keys));
    }
}
