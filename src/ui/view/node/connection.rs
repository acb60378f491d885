//! How the node is reached and sampled.

use std::fmt::Write as _;

use ratatui::{buffer::Buffer, layout::Rect};

use super::Page;
use crate::{
    fleet::{Link, Millis, Sampler, Status},
    ssh::Way,
    ui::{format, theme::Role, widget::panel::Panel},
};

/// Cells of a label, and of a label with its value; as many beside each other as fit.
const LABEL: u16 = 14;
const ITEM: u16 = 50;

/// Lines inside the frame.
pub(super) fn height(page: &Page<'_>, width: u16) -> u16 {
    items(page).len().div_ceil(usize::from(beside(width))) as u16
}

fn beside(width: u16) -> u16 {
    (width / ITEM).max(1)
}

/// Draws it.
pub(super) fn render(page: &Page<'_>, area: Rect, buf: &mut Buffer) {
    let look = &page.look;
    let inside = Panel {
        title: &[("connection", look.theme.style(Role::Accent))],
        ..Panel::default()
    }
    .render(look, area, buf);
    let items = items(page);
    let beside = beside(inside.width);
    let lines = (items.len() as u16).div_ceil(beside).max(1);
    let each = inside.width / beside;
    for (n, (label, value)) in (0..).zip(&items) {
        // Down the columns, so that what belongs together stands together.
        let row = format::row(inside, n % lines);
        let x = inside.x + n / lines * each;
        format::put(buf, row, x, label, look.theme.style(Role::Muted));
        let room = usize::from(each.saturating_sub(LABEL + 1));
        let value = format::fit(value, room, look.glyphs);
        format::put(buf, row, x + LABEL, &value, look.theme.style(Role::Text));
    }
}

/// Labels and values of what is known.
fn items(page: &Page<'_>) -> Vec<(&'static str, String)> {
    let mut items = link(page);
    items.extend(ways(page));
    items.extend(sampling(page));
    items.retain(|(_, value)| !value.is_empty());
    items
}

fn link(page: &Page<'_>) -> Vec<(&'static str, String)> {
    let node = &page.node.node;
    let since = format::age(page.now.since(page.node.link_since));
    if let Link::Up(info) = &page.node.link {
        return vec![
            ("address", info.peer.clone()),
            ("transport", info.transport.as_str().to_owned()),
            ("login", info.user.clone()),
            ("auth", info.auth.to_string()),
            ("server", info.ident.to_string()),
            ("remark", info.remark.to_string()),
            // Its connection may be older: it outlives what is changed in hosts.yaml.
            ("link", format!("up for {since}")),
            ("set-up", format!("{} ms", info.setup.as_millis())),
        ];
    }
    let ways: Vec<&str> = node.transports.iter().map(|t| t.as_str()).collect();
    let mut items = vec![
        ("address", crate::command::nodes::address(node)),
        ("transport", ways.join(", ")),
        ("login", node.user.clone().unwrap_or_default()),
        (
            "state",
            format!("{} for {since}", page.node.state_word(page.now)),
        ),
    ];
    if let Link::Down {
        failures, retry_at, ..
    } = &page.node.link
    {
        let retry = format::retry(*retry_at, page.now);
        items.push(("attempt", format!("{retry}, failed {failures} times")));
    }
    items
}

/// How the transports have done, where there is a choice or a failure.
fn ways(page: &Page<'_>) -> Vec<(&'static str, String)> {
    let ways: Vec<&Way> = page.node.ways.iter().collect();
    let quiet = matches!(ways.as_slice(), [way] if way.failures == 0);
    let told = ways.into_iter().filter(|_| !quiet);
    told.map(|way| (way.transport.as_str(), history(way, page)))
        .collect()
}

/// `● 3 of 4 worked, failed 12s ago: connect (direct): ...`
fn history(way: &Way, page: &Page<'_>) -> String {
    let status = match (way.breaker.is_open(), way.breaker.failures()) {
        (true, _) => Status::Critical,
        (false, 0) => Status::Ok,
        _ => Status::Warn,
    };
    let sign = page.look.glyphs.status(status);
    let (worked, tried) = (way.successes, way.successes + way.failures);
    let mut text = format!("{sign} {worked} of {tried} worked");
    let failure = way.last_failure_ms.zip(way.error.as_ref());
    if let Some((at, error)) = failure.filter(|_| status != Status::Ok) {
        let ago = format::age(page.now.since(Millis(at)));
        let retry = match &page.node.link {
            Link::Refused(_) => "not retried by itself".to_owned(),
            _ => format::retry(Millis(way.breaker.retry_at_ms()), page.now),
        };
        let reason = &error.reason;
        let _ = write!(text, ", failed {ago} ago, {retry}: {reason}");
    }
    text
}

fn sampling(page: &Page<'_>) -> Vec<(&'static str, String)> {
    let state = page.node;
    let sampler = match &state.sampler {
        Sampler::Off if !state.node.sampler => "switched off in hosts.yaml".to_owned(),
        Sampler::Off => "none".to_owned(),
        Sampler::Starting => "starting".to_owned(),
        Sampler::Running(kind) => kind.to_string(),
        Sampler::Failed(why) => format!("failed: {why}"),
    };
    let mut items = vec![("sampler", sampler)];
    if state.sample.is_some() {
        let age = format::age(page.now.since(state.sample_at));
        let every = format::age(state.interval_ms);
        items.push(("sampled", format!("{age} ago, every {every}")));
    }
    items.extend(
        state
            .round_trip_ms
            .map(|ms| ("round trip", format!("{ms:.1} ms"))),
    );
    let skew = page.sample().and_then(|s| s.host.skew);
    items.extend(skew.map(|seconds| ("clock", clock(seconds))));
    items
}

/// How far the node's clock is from ours.
fn clock(skew: f64) -> String {
    match skew.abs() {
        s if s < 0.0005 => "as ours".to_owned(),
        s if s < 1.0 => format!("{:+.0} ms", skew * 1000.0),
        s if s < 600.0 => format!("{skew:+.1} s"),
        _ => format!("{:+.0} min", skew / 60.0),
    }
}
