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

/// The text of a line, in pieces, cut into rows: a screenful of them at most, from this one on.
pub(super) fn text(line: &Line, layout: Layout, from: usize) -> Vec<pager::Line> {
    let room = layout.room();
    // A line may be as long as 64 KiB, and most of it isn't on the screen.
    let cells = if layout.wraps {
        room.saturating_mul(from.saturating_add(layout.height))
    } else {
        layout.left + room
    };
    let most = cells.saturating_mul(8).saturating_add(512);
    let bytes = line.text.get(..most).unwrap_or(&line.text);
    let styled = Styled::line(bytes, &mut Style::default());
    let role = role(line);
    let mut stamp = if line.is_stamped {
        stamp(styled.text().as_str())
    } else {
        0
    };
    let pieces = styled.spans().flat_map(|(text, style)| {
        let ink = match role {
            Some(role) if style.is_default() => Ink::Role(role),
            _ => Ink::Own(style),
        };
        let (time, rest) = text.split_at_checked(stamp).unwrap_or((text, ""));
        stamp = stamp.saturating_sub(time.len());
        let time = (time.to_owned(), Ink::Role(Role::Muted));
        [time, (rest.to_owned(), ink)]
    });
    let pieces = pieces.filter(|(text, _)| !text.is_empty());
    if layout.wraps {
        let rows = pager::wrap(pieces.collect(), room).into_iter();
        rows.skip(from).take(layout.height.max(1)).collect()
    } else {
        vec![skip(pieces, layout.left)]
    }
}

const NAMES: [&str; 19] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Mon",
    "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
];

/// Bytes of the time that a line begins with: it is less than what the line says, so that it stands back.
fn stamp(text: &str) -> usize {
    let mut end = 0;
    for word in text.split(' ').take(6) {
        end += word.len() + 1;
        let bare = word.trim_matches(['[', ']']);
        let is_of_time = |b: u8| b.is_ascii_digit() || b":.,/+-TZ".contains(&b);
        let digits = bare.bytes().filter(u8::is_ascii_digit).count();
        let is_number = digits > 0 && bare.bytes().all(is_of_time);
        if is_number && (bare.contains(':') || digits >= 10) {
            return end.min(text.len());
        }
        if !(is_number || word.is_empty() || NAMES.contains(&bare)) {
            break;
        }
    }
    0
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_a_line_begins_with_is_found() {
        for (text, time) in [
            (
                "2026-11-21T21:50:28.100Z INFO x",
                "2026-11-21T21:50:28.100Z ",
            ),
            ("2026-11-21 21:50:01,123 INFO", "2026-11-21 21:50:01,123 "),
            ("Nov  1 21:50:01 gpu01 sshd: 10:20", "Nov  1 21:50:01 "),
            (
                "[Sat Nov 21 21:50:01.123 2026] x",
                "[Sat Nov 21 21:50:01.123 ",
            ),
            ("1795297801.123 x", "1795297801.123 "),
            ("took 12 ms at 21:50:01", ""),
            ("42 things", ""),
            ("", ""),
        ] {
            assert_eq!(text.get(..stamp(text)), Some(time));
        }
    }
}
