//! The two lines above the views and the hint line below them.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    format::{self, put, row},
    glyph::{Glyphs, status_role},
    order::Sort,
    theme::Role,
    view::{
        Scene,
        columns::Column,
        fleet::{Density, Fleet},
        reason,
    },
};
use crate::{
    config::keymap::{Action, Scope},
    daemon::roll::Standing,
    fleet::{Counts, Status},
};

/// A piece of a line.
type Piece = (String, Style);

/// What belongs together in a line.
type Part = Vec<Piece>;

/// Above, between and below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Areas {
    /// Counts, and what is shown: two lines, one where room is short.
    pub(super) header: Rect,
    /// The view.
    pub(super) body: Rect,
    /// The hints.
    pub(super) footer: Rect,
}

/// Below this width no view has room for why a node is not well.
const NARROW: u16 = 60;

/// Cuts the screen: update and drawing share it.
pub(super) fn areas(size: Rect) -> Areas {
    let above = match size.height {
        0..5 => 0,
        5..12 => 1,
        _ => 2,
    };
    let below = u16::from(size.height >= 5);
    let body = Rect {
        y: size.y + above,
        height: size.height - above - below,
        ..size
    };
    Areas {
        header: Rect {
            height: above,
            ..size
        },
        body,
        footer: Rect {
            y: body.bottom(),
            height: below,
            ..size
        },
    }
}

/// What is open over the fleet.
pub(super) struct Over {
    /// Its name.
    pub(super) crumb: String,
    /// In what order it stands; none where that of the fleet counts: the nodes beside this one.
    pub(super) order: Option<&'static str>,
}

/// Draws the header.
pub(super) fn header(
    fleet: &Fleet,
    over: Option<&Over>,
    scene: &Scene<'_>,
    areas: Areas,
    buf: &mut Buffer,
) {
    let area = areas.header;
    if area.is_empty() {
        return;
    }
    let first = row(area, 0);
    buf.set_style(first, scene.theme.style(Role::Panel));
    let mut line = counts(fleet.summary().counts, scene);
    line.extend(runs(scene));
    line.extend(rolls(scene));
    let end = pieces(buf, first, &line, scene.glyphs);
    ending(
        buf,
        Rect {
            x: end,
            width: first.right().saturating_sub(end),
            ..first
        },
        &age(fleet, scene),
    );
    if area.height > 1 {
        let second = row(area, 1);
        let right = match over.and_then(|over| over.order) {
            Some(order) => vec![(format!("{order} "), scene.theme.style(Role::Muted))],
            None => order(fleet, scene, areas.body),
        };
        let is_narrow = area.width < NARROW;
        let trouble = is_narrow.then(|| trouble(fleet, scene)).flatten();
        let room = usize::from(second.width);
        let left = match over {
            Some(over) => said(crumbs(&over.crumb, scene), 1, room, scene),
            None => said(shown(fleet, trouble, scene), 0, room, scene),
        };
        let end = pieces(buf, second, &left, scene.glyphs);
        ending(
            buf,
            Rect {
                x: end,
                width: second.right().saturating_sub(end),
                ..second
            },
            &right,
        );
    }
}

fn counts(counts: Counts, scene: &Scene<'_>) -> Vec<Piece> {
    let theme = scene.theme;
    let mut line = vec![(
        " sshoal ".to_owned(),
        theme.style(Role::Accent).patch(theme.style(Role::Strong)),
    )];
    let digits = counts.total.to_string().len();
    let all = [
        (Status::Critical, counts.critical),
        (Status::Warn, counts.warn),
        (Status::Unknown, counts.unknown),
        (Status::Info, counts.info),
        (Status::Ok, counts.ok),
    ];
    for (status, count) in all {
        let role = if count == 0 {
            Role::Muted
        } else {
            status_role(status)
        };
        // Where a sign is reversed, the gap before it is not.
        line.push(("  ".to_owned(), Style::new()));
        line.push((scene.glyphs.status(status).to_owned(), theme.style(role)));
        let role = if count == 0 { Role::Muted } else { Role::Text };
        line.push((format!(" {count:<digits$}"), theme.style(role)));
    }
    let nodes = if counts.total == 1 { "node" } else { "nodes" };
    line.push((
        format!("  of {} {nodes}", counts.total),
        theme.style(Role::Muted),
    ));
    line
}

/// The runs that go on.
fn runs(scene: &Scene<'_>) -> Option<Piece> {
    let runs = scene.snapshot.runs.iter();
    let count = runs.filter(|run| run.is_running()).count();
    let word = if count == 1 { "run" } else { "runs" };
    let sign = scene.glyphs.running();
    (count > 0).then(|| {
        let text = format!("   {sign} {count} {word}");
        (text, scene.theme.style(Role::Accent))
    })
}

/// The rolls that go on, and whether one of them waits for a person.
fn rolls(scene: &Scene<'_>) -> Option<Piece> {
    let going = || {
        scene
            .snapshot
            .rolls
            .iter()
            .filter(|rolled| rolled.is_going())
    };
    let is_held = |rolled: &Standing| matches!(rolled, Standing::Paused | Standing::Promotion);
    let waits = going().any(|rolled| is_held(&rolled.state.standing));
    let (count, sign) = (going().count(), scene.glyphs.running());
    let word = if count == 1 { "roll" } else { "rolls" };
    (count > 0).then(|| {
        let (rest, role) = if waits {
            (" waits for you", Role::Warn)
        } else {
            ("", Role::Accent)
        };
        let text = format!("   {sign} {count} {word}{rest}");
        (text, scene.theme.style(role))
    })
}

/// How old the values of connected nodes are at most; nothing where none is connected any more.
fn age(fleet: &Fleet, scene: &Scene<'_>) -> Vec<Piece> {
    let summary = fleet.summary();
    if summary.is_blank {
        return vec![("no data yet ".to_owned(), scene.theme.style(Role::Unknown))];
    }
    let Some(oldest) = summary.oldest else {
        return Vec::new();
    };
    let age = scene.now.since(oldest);
    let role = if summary.is_stale {
        Role::Warn
    } else {
        Role::Muted
    };
    vec![(
        format!("data {:>3} ", format::age(age)),
        scene.theme.style(role),
    )]
}

/// Why the node under the cursor is not well.
fn trouble(fleet: &Fleet, scene: &Scene<'_>) -> Option<(String, Role)> {
    let node = fleet.under_cursor(scene)?;
    let reason = reason::brief(node);
    (!reason.is_empty()).then(|| (reason, status_role(node.status(scene.now))))
}

/// A trouble of our own.
fn trouble_of_ours(scene: &Scene<'_>) -> Option<Part> {
    let notice = scene.snapshot.notice.as_ref()?;
    let text = format!("{} {notice}", scene.glyphs.status(Status::Warn));
    Some(vec![(text, scene.theme.style(Role::Warn))])
}

/// What lasts, with what is said for a moment at the `place` in it. Where not all has room, what is said gives way, but for a
/// half of the line.
fn said(lasting: Vec<Part>, place: usize, room: usize, scene: &Scene<'_>) -> Vec<Piece> {
    let width = |part: &Part| {
        part.iter()
            .map(|(text, _)| format::width(text))
            .sum::<usize>()
    };
    let taken: usize = lasting.iter().map(|part| width(part) + 3).sum();
    let spare = room.saturating_sub(taken + 1).max(room / 2);
    let notice = scene.notice.map(|notice| {
        let text = format::fit(notice, spare, scene.glyphs);
        vec![(text.into_owned(), scene.theme.style(Role::Info))]
    });
    let mut parts = lasting;
    parts.splice(place..place, notice);
    let mut line = Vec::new();
    for part in parts {
        let gap = if line.is_empty() {
            " ".to_owned()
        } else {
            format!(" {} ", scene.glyphs.dot())
        };
        line.push((gap, scene.theme.style(Role::Muted)));
        line.extend(part);
    }
    line
}

/// A trouble of our own, the filter, the restriction, the marks, and the rule that fires most; in its place a trouble that
/// has no room elsewhere.
fn shown(fleet: &Fleet, trouble: Option<(String, Role)>, scene: &Scene<'_>) -> Vec<Part> {
    let mut line: Vec<Part> = trouble_of_ours(scene).into_iter().collect();
    let mut push = |text: String, role: Role| line.push(vec![(text, scene.theme.style(role))]);
    for text in alone(scene).into_iter().flatten() {
        push(text, Role::Muted);
    }
    let (filter, error) = fleet.filter();
    match error {
        None if filter.is_empty() => {}
        None => push(format!("/{filter}"), Role::Accent),
        // The inventory is another one than when it was typed.
        Some(error) => push(
            format!(
                "{} /{filter}: {}",
                scene.glyphs.status(Status::Warn),
                error.reason
            ),
            Role::Warn,
        ),
    }
    if fleet.only_faults() {
        push("only faults".to_owned(), Role::Accent);
    }
    if !filter.is_empty() || fleet.only_faults() {
        let by = if error.is_some() { " as last read" } else { "" };
        push(format!("{} shown{by}", fleet.shown()), Role::Text);
    }
    if fleet.marked() > 0 {
        push(
            format!("{} {} marked", scene.glyphs.mark(), fleet.marked()),
            Role::Marked,
        );
    }
    if let Some((reason, role)) = trouble {
        push(reason, role);
    } else if let Some((rule, count)) = fleet.summary().rule {
        let nodes = if count == 1 { "node" } else { "nodes" };
        let rule = rule.replace('_', " ");
        push(format!("{rule} on {count} {nodes}"), Role::Muted);
    }
    line
}

/// Why there is one node only. What is said for a while, and troubles, need the room.
fn alone(scene: &Scene<'_>) -> Option<[String; 2]> {
    let looked_in = scene.snapshot.inventory.looked_in.join(", ");
    let is_quiet = scene.notice.is_none() && scene.snapshot.notice.is_none();
    (is_quiet && !looked_in.is_empty()).then(|| {
        let what = "no hosts.yaml found: this machine alone";
        [what.to_owned(), format!("looked in {looked_in}")]
    })
}

/// What is open, and a trouble of our own.
fn crumbs(crumb: &str, scene: &Scene<'_>) -> Vec<Part> {
    let style = |role| scene.theme.style(role);
    let way = format!("fleet {} ", scene.glyphs.into());
    let here = vec![
        (way, style(Role::Muted)),
        (crumb.to_owned(), style(Role::Strong)),
    ];
    std::iter::once(here)
        .chain(trouble_of_ours(scene))
        .collect()
}

fn order(fleet: &Fleet, scene: &Scene<'_>, body: Rect) -> Vec<Piece> {
    let muted = scene.theme.style(Role::Muted);
    let (sort, inverted) = fleet.sort();
    // As in the headings, where a column that gave way has no place for the sign.
    let by = |column: Column| {
        let sign = scene.glyphs.order(column.falls(inverted));
        format!("by {}{sign}", column.heading())
    };
    let word = match sort {
        Sort::Worst if inverted => "best first".to_owned(),
        Sort::Worst => "worst first".to_owned(),
        Sort::Name => by(Column::Node),
        Sort::Column(column) => by(column),
    };
    let density = match fleet.density(scene, body) {
        Density::Heatmap => format!("heatmap of {}", fleet.signal().as_str()),
        density => density.as_str().to_owned(),
    };
    vec![(format!("{density} {} {word} ", scene.glyphs.dot()), muted)]
}

/// What the line below the views says.
pub(super) struct Footer<'a> {
    /// Whose keys.
    pub(super) scope: Scope,
    /// What would come to nothing now.
    pub(super) idle: &'a [Action],
    /// Where the cursor is.
    pub(super) place: Option<String>,
}

/// Draws the hints of a scope, the most useful ones where not all fit, and the cursor's place at the right.
pub(super) fn footer(footer: &Footer<'_>, scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let place = footer.place.as_ref().map(|place| format!("{place} "));
    let reserved = place.as_deref().map_or(0, format::width);
    let room = usize::from(area.width).saturating_sub(reserved + 1);
    let width = |key: &str, word: &str| format::width(key) + format::width(word) + 3;
    let hints = scene.keys.hints(footer.scope, footer.idle);
    let mut hints: Vec<(u8, &str, &str)> = hints
        .map(|(place, key, word)| match (word, &scene.snapshot.notice) {
            // It tells whole what has no room in the header.
            ("help", Some(_)) => (place, scene.glyphs.key(key), "help, message"),
            _ => (place, scene.glyphs.key(key), word),
        })
        .collect();
    while hints
        .iter()
        .map(|(_, key, word)| width(key, word))
        .sum::<usize>()
        > room
    {
        let least = hints
            .iter()
            .enumerate()
            .max_by_key(|(_, (place, ..))| *place);
        match least.map(|(at, _)| at) {
            Some(at) => hints.remove(at),
            None => break,
        };
    }
    let mut x = area.x;
    for (_, key, word) in hints {
        x = put(buf, area, x + 1, key, scene.theme.style(Role::Key));
        x = put(buf, area, x + 1, word, scene.theme.style(Role::Muted)) + 1;
    }
    if let Some(place) = place {
        ending(buf, area, &[(place, scene.theme.style(Role::Muted))]);
    }
}

/// Draws them one after the other; what doesn't fit ends in the sign for that.
fn pieces(buf: &mut Buffer, area: Rect, line: &[Piece], glyphs: Glyphs) -> u16 {
    let mut x = area.x;
    for (text, style) in line {
        let room = usize::from(area.right().saturating_sub(x));
        x = put(buf, area, x, &format::fit(text, room, glyphs), *style);
    }
    x
}

/// Draws at the right end, when all of it fits with a gap before it.
fn ending(buf: &mut Buffer, area: Rect, line: &[Piece]) {
    let width: usize = line.iter().map(|(text, _)| format::width(text)).sum();
    let Some(spare) = usize::from(area.width).checked_sub(width + 1) else {
        return;
    };
    let mut x = area.x + spare as u16 + 1;
    for (text, style) in line {
        x = put(buf, area, x, text, *style);
    }
}
