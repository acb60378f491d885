//! Who the node is and how it is reached.

use ratatui::{buffer::Buffer, layout::Rect};

use super::Page;
use crate::{
    fleet::{Link, Sampler},
    metrics::field,
    ui::{format, glyph::status_role, theme::Role, widget::panel::Panel},
};

/// Cells of one label with its value; as many beside each other as fit.
const LABEL: u16 = 11;
const ITEM: u16 = 36;

/// Lines inside the frame.
pub(super) fn height(page: &Page<'_>, width: u16) -> u16 {
    let beside = usize::from((width / ITEM).max(1));
    items(page).len().div_ceil(beside) as u16
}

/// Draws it.
pub(super) fn render(page: &Page<'_>, area: Rect, buf: &mut Buffer) {
    let look = &page.look;
    let state = look.theme.style(status_role(page.status()));
    let word = page.node.state_word(page.now);
    let groups = page.node.node.groups.join(" ");
    let inside = Panel {
        title: &[
            (look.glyphs.status(page.status()), state),
            (page.node.node.id.as_str(), look.theme.style(Role::Strong)),
            (word, state),
        ],
        note: Some((&groups, look.theme.style(Role::Muted))),
        ..Panel::default()
    }
    .render(look, area, buf);
    if inside.is_empty() {
        return;
    }
    let items = items(page);
    let beside = (inside.width / ITEM).max(1);
    let lines = (items.len() as u16).div_ceil(beside).max(1);
    for (n, (label, value)) in (0..).zip(&items) {
        // Down the columns, so that what belongs together stands together.
        let row = format::row(inside, n % lines);
        let x = inside.x + n / lines * (inside.width / beside);
        let value_x = format::put(buf, row, x, label, look.theme.style(Role::Muted)).max(x + LABEL);
        let room = (inside.width / beside).saturating_sub(LABEL + 2);
        let value = format::fit(value, usize::from(room), look.glyphs);
        format::put(buf, row, value_x, &value, look.theme.style(Role::Text));
    }
}

/// Labels and values of what is known.
fn items(page: &Page<'_>) -> Vec<(&'static str, String)> {
    let mut items = reach(page);
    items.extend(machine(page));
    items.extend(sampling(page));
    items
}

fn reach(page: &Page<'_>) -> Vec<(&'static str, String)> {
    let node = &page.node.node;
    let since = format::age(page.now.since(page.node.link_since));
    let mut items = Vec::new();
    match &page.node.link {
        Link::Up(info) => {
            let peer = if info.peer.is_empty() {
                "this machine"
            } else {
                &info.peer
            };
            items.push(("address", peer.to_owned()));
            items.push(("transport", info.transport.as_str().to_owned()));
            items.push(("login", info.user.clone()));
            items.push(("auth", info.auth.to_string()));
            items.push(("ssh", info.ident.to_string()));
            items.push((
                "connected",
                format!("{since} ago, in {} ms", info.setup.as_millis()),
            ));
        }
        link => {
            items.push(("address", format!("{}:{}", node.address, node.port)));
            let ways: Vec<&str> = node.transports.iter().map(|t| t.as_str()).collect();
            items.push(("transport", ways.join(", ")));
            items.extend(node.user.clone().map(|user| ("login", user)));
            items.push(("since", since));
            if let Link::Down {
                failures, retry_at, ..
            } = link
            {
                let wait = format::age(retry_at.since(page.now));
                items.push(("retry", format!("in {wait}, failed {failures} times")));
            }
        }
    }
    items.retain(|(_, value)| !value.is_empty());
    items
}

fn machine(page: &Page<'_>) -> Vec<(&'static str, String)> {
    let Some(host) = page.sample().map(|s| &s.host) else {
        return Vec::new();
    };
    let of = |id: &str| {
        let field = field(id)?;
        let value = page.node.value(field)?;
        Some(format::value(field, Some(value), page.look.glyphs))
    };
    [
        ("kernel", host.kernel.as_ref().map(ToString::to_string)),
        (
            "container",
            host.container.as_ref().map(ToString::to_string),
        ),
        ("cores", of("host.cores")),
        ("memory", of("memory.total")),
        ("uptime", of("host.uptime")),
        (
            "clock",
            of("host.skew").map(|skew| format!("{skew} off ours")),
        ),
    ]
    .into_iter()
    .filter_map(|(label, value)| Some((label, value?)))
    .collect()
}

fn sampling(page: &Page<'_>) -> Vec<(&'static str, String)> {
    let state = page.node;
    let sampler = match &state.sampler {
        Sampler::Off if !state.node.sampler => "switched off".to_owned(),
        Sampler::Off => "none".to_owned(),
        Sampler::Starting => "starting".to_owned(),
        Sampler::Running(kind) => kind.to_string(),
        Sampler::Failed(why) => format!("failed: {why}"),
    };
    let mut items = vec![("sampler", sampler)];
    if let Some(ms) = state.round_trip_ms {
        items.push(("round trip", format!("{ms:.1} ms")));
    }
    if state.sample.is_some() {
        let age = format::age(page.now.since(state.sample_at));
        let every = format::age(state.interval_ms);
        items.push(("sampled", format!("{age} ago, every {every}")));
    }
    items
}
