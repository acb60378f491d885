//! One line as rows of the screen: who, the mark, and the text in its colours, cut or wrapped.

use regex::bytes::Regex;

use crate::{
    logs::{Level, Line, State, state::StreamState},
    node::text::styled::{Style, Styled},
    ui::{
        format::{self, width},
        glyph::Glyphs,
        theme::Role,
        view::pager::{self, Ink},
    },
};

/// Names are as wide as the widest one, up to this.
const NAME: usize = 24;

/// How lines are laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Cells of a row, names and marks counted in.
    pub(super) width: usize,
    pub(super) height: usize,
    /// Cells of the names.
    pub(super) name: usize,
    pub(super) wraps: bool,
    /// Cells of the text that are left of the screen.
    pub(super) left: usize,
}

impl Layout {
    /// Cells before the text: the mark, the name, a blank.
    pub(super) fn before(self) -> usize {
        match self.name {
            0 => 2,
            name => name + 3,
        }
    }

    /// Cells of the text.
    pub(super) fn room(self) -> usize {
        self.width.saturating_sub(self.before()).max(1)
    }
}

/// Cells for the names of what there is; none where it is one log.
pub(super) fn name_width(state: &State, only: Option<usize>, area: usize) -> usize {
    let is_shown = |place: usize| only.is_none_or(|only| only == place);
    let nodes = (0..)
        .zip(&state.nodes)
        .filter(|(place, _)| is_shown(*place));
    let nodes: Vec<usize> = nodes.map(|(_, node)| width(node.node.as_str())).collect();
    let streams = state.streams.iter();
    let streams = streams.filter(|stream| has_source(state) && is_shown(stream.place));
    let sources = streams.map(|stream| width(source(stream)) + 1);
    let widest = match (nodes.len(), sources.max()) {
        (0 | 1, None) => 0,
        (_, source) => nodes.iter().max().unwrap_or(&0) + source.unwrap_or(0),
    };
    widest.min(NAME).min(area / 4)
}

/// Some node has more than one log.
fn has_source(state: &State) -> bool {
    state.streams.len() > state.nodes.len()
}

/// The last part of a path, or the whole name.
fn source(stream: &StreamState) -> &str {
    let name = stream.name.as_str();
    name.rsplit('/').next().unwrap_or(name)
}

/// The text of a line, in pieces, cut into rows.
pub(super) fn text(line: &Line, layout: Layout) -> Vec<pager::Line> {
    let room = layout.room();
    // A line may be as long as 64 KiB, and most of it isn't on the screen.
    let cells = if layout.wraps {
        room * layout.height
    } else {
        layout.left + room
    };
    let most = cells.saturating_mul(8).saturating_add(512);
    let bytes = line.text.get(..most).unwrap_or(&line.text);
    let styled = Styled::line(bytes, &mut Style::default());
    let role = role(line);
    let pieces = styled.spans().map(|(text, style)| {
        let ink = match role {
            Some(role) if style.is_default() => Ink::Role(role),
            _ => Ink::Own(style),
        };
        (text.to_owned(), ink)
    });
    if layout.wraps {
        let mut rows = pager::wrap(pieces.collect(), room);
        rows.truncate(layout.height.max(1));
        rows
    } else {
        vec![skip(pieces, layout.left)]
    }
}

/// Without the first cells.
fn skip(pieces: impl Iterator<Item = (String, Ink)>, cells: usize) -> pager::Line {
    let mut left = cells;
    let cut = pieces.filter_map(|(text, ink)| {
        let whole = width(&text);
        if whole <= left {
            left -= whole;
            return (left == 0 && whole == 0).then_some((text, ink));
        }
        let mut used = 0;
        let at = text.char_indices().find(|(_, c)| {
            let is_there = used >= left;
            used += width(c.encode_utf8(&mut [0; 4]));
            is_there
        });
        left = 0;
        let rest = at.and_then(|(at, _)| text.get(at..)).unwrap_or_default();
        Some((rest.to_owned(), ink))
    });
    cut.collect()
}

/// The colour of what has none of its own.
fn role(line: &Line) -> Option<Role> {
    match line.level {
        _ if line.is_gap => Some(Role::Warn),
        Some(Level::Error | Level::Critical) => Some(Role::Critical),
        Some(Level::Warning) => Some(Role::Warn),
        Some(Level::Debug | Level::Trace) => Some(Role::Muted),
        _ => None,
    }
}

/// The name that stands before a line, and the colour of its node.
pub(super) fn name(line: &Line, state: &State, layout: Layout, glyphs: Glyphs) -> (String, Role) {
    let Some((node, stream)) = state.origin(line.stream) else {
        return (" ".repeat(layout.name), Role::Muted);
    };
    let text = if has_source(state) {
        format!("{} {}", node.node, source(stream))
    } else {
        node.node.to_string()
    };
    let text = format::left(&text, layout.name, glyphs);
    (text, Role::Series((stream.place % 8) as u8))
}

/// Where a pattern is found in a row: cells from its left, and how many.
pub(super) fn hits(row: &pager::Line, pattern: &Regex) -> Vec<(usize, usize)> {
    let text: String = row.iter().map(|(text, _)| text.as_str()).collect();
    let found = pattern.find_iter(text.as_bytes());
    let places = found.filter_map(|found| {
        let before = text.get(..found.start())?;
        let hit = text.get(found.start()..found.end())?;
        Some((width(before), width(hit)))
    });
    // One that is found everywhere marks nothing.
    places.filter(|(_, cells)| *cells > 0).take(200).collect()
}
