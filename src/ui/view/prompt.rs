//! A question over whatever is shown: only y accepts, only when all of it can be read, and never by pasted text.

use ratatui::{buffer::Buffer, layout::Rect};

use super::Scene;
use crate::{
    ssh::{Prompt, Question},
    ui::{
        format::{self, put, row},
        theme::Role,
        widget::{Look, panel::Panel},
    },
};

/// Widest box.
const WIDTH: u16 = 72;

/// Cells of the labels.
const LABEL: u16 = 13;

/// A line of the question: label, text, its colour.
type Line = (&'static str, String, Role);

/// True when the whole question fits, so that it may be answered with yes.
pub fn fits(prompt: &Prompt, area: Rect) -> bool {
    let width = WIDTH.min(area.width);
    width >= 24 && lines(prompt, 1, width).len() + 5 <= usize::from(area.height)
}

/// Draws the question; `waiting` counts it too, and `alike` the nodes that one answer covers.
pub fn render(
    prompt: &Prompt,
    (waiting, alike): (usize, usize),
    is_armed: bool,
    scene: &Scene<'_>,
    (area, buf): (Rect, &mut Buffer),
) {
    let width = WIDTH.min(area.width);
    let lines = if fits(prompt, area) {
        lines(prompt, alike, width)
    } else {
        vec![(
            "",
            "enlarge the terminal to read it, or n".to_owned(),
            Role::Warn,
        )]
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
    let others = match waiting.saturating_sub(alike) {
        0 => String::new(),
        n => format!("{n} more wait"),
    };
    let panel = Panel {
        title: &[("Unknown host key", style(Role::Warn))],
        note: Some((&others, style(Role::Muted))),
        focused: true,
        ..Panel::default()
    };
    let inside = panel.render(&Look::from(scene), frame, buf);
    let gap = u16::from(inside.height > lines.len() as u16);
    for (y, (label, text, role)) in (gap..).zip(&lines) {
        let line = row(inside, y);
        put(buf, line, line.x, label, style(Role::Muted));
        let x = line.x
            + if label.is_empty() && !fits(prompt, area) {
                0
            } else {
                LABEL
            };
        put(buf, line, x, text, style(*role));
    }
    answers(
        (waiting, alike),
        is_armed,
        scene,
        row(inside, inside.height.saturating_sub(1)),
        buf,
    );
}

fn answers(
    (waiting, alike): (usize, usize),
    is_armed: bool,
    scene: &Scene<'_>,
    line: Rect,
    buf: &mut Buffer,
) {
    let key = scene
        .theme
        .style(if is_armed { Role::Key } else { Role::Muted });
    let muted = scene.theme.style(Role::Muted);
    let mut x = line.x;
    let mut pair = |keys: &str, word: &str| {
        x = put(buf, line, x, keys, key);
        x = put(buf, line, x + 1, word, muted) + 3;
    };
    pair("y", "accept");
    pair("n", "refuse");
    if waiting > alike {
        pair("A", &format!("accept all {waiting}"));
    }
}

fn lines(prompt: &Prompt, alike: usize, width: u16) -> Vec<Line> {
    let room = usize::from(width.saturating_sub(LABEL + 4)).max(1);
    let Question::HostKey {
        host,
        algorithm,
        fingerprint,
    } = &prompt.question
    else {
        return vec![("node", prompt.node.to_string(), Role::Strong)];
    };
    let nodes = match alike.saturating_sub(1) {
        0 => prompt.node.to_string(),
        others => format!("{} and {others} more at this host", prompt.node),
    };
    let rows = [
        ("node", nodes, Role::Strong),
        ("host", host.to_string(), Role::Text),
        ("algorithm", algorithm.to_string(), Role::Text),
        ("fingerprint", fingerprint.to_string(), Role::Strong),
        (
            "",
            "Compare: ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub".to_owned(),
            Role::Muted,
        ),
    ];
    rows.into_iter()
        .flat_map(|row| wrapped(row, room))
        .collect()
}

/// All of a text, cut into lines: a fingerprint must be seen whole.
fn wrapped((label, text, role): Line, room: usize) -> Vec<Line> {
    let chars: Vec<char> = text.chars().collect();
    let chunks = chars
        .chunks(room)
        .map(|chunk| chunk.iter().collect::<String>());
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    labels
        .zip(chunks)
        .map(|(label, text)| (label, text, role))
        .collect()
}
