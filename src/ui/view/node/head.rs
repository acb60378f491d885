//! Who the node is, what is wrong with it, and its figures: what an operator asks first.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Page, figures};
use crate::{
    fleet::{Link, Sampler},
    metrics::{self, health::Severity},
    ui::{
        format,
        glyph::{severity_role, status_role},
        theme::Role,
        view::tiles::wrap,
        widget::panel::Panel,
    },
};

/// Lines that the facts may take.
const MOST: usize = 3;

/// Lines that one remark may take: a changed host key is told with both fingerprints, and these don't break.
const MOST_OF_REMARK: usize = 6;

/// Lines inside the frame.
pub(super) fn height(page: &Page<'_>, width: u16) -> u16 {
    lines(page, width).len() as u16 + figures::height(page, width)
}

/// Draws it.
pub(super) fn render(page: &Page<'_>, area: Rect, buf: &mut Buffer) {
    let look = &page.look;
    let state = look.theme.style(status_role(page.status()));
    let groups = page.node.node.groups.join(" ");
    let inside = Panel {
        title: &[
            (look.glyphs.status(page.status()), state),
            (page.node.node.id.as_str(), look.theme.style(Role::Strong)),
            (page.node.state_text(page.now), state),
        ],
        note: Some((&groups, look.theme.style(Role::Muted))),
        ..Panel::default()
    }
    .render(look, area, buf);
    let lines = lines(page, inside.width);
    for (n, (line, role)) in (0..).zip(&lines) {
        let row = format::row(inside, n);
        let line = format::fit(line, usize::from(row.width), look.glyphs);
        format::put(buf, row, row.x, &line, look.theme.style(*role));
    }
    let above = (lines.len() as u16).min(inside.height);
    let below = Rect {
        y: inside.y + above,
        height: inside.height - above,
        ..inside
    };
    figures::render(page, below, buf);
}

/// What it is in a line or two, then all that is wrong.
fn lines(page: &Page<'_>, width: u16) -> Vec<(String, Role)> {
    let width = usize::from(width.max(8));
    let facts = facts(page).join(&format!(" {} ", page.look.glyphs.dot()));
    let mut lines: Vec<_> = wrap(&facts, width, MOST)
        .into_iter()
        .map(|line| (line, Role::Muted))
        .collect();
    for Remark { sign, text, role } in remarks(page) {
        let wrapped = wrap(&text, width - 2, MOST_OF_REMARK);
        let signs = std::iter::once(sign).chain(std::iter::repeat(" "));
        lines.extend(
            signs
                .zip(wrapped)
                .map(|(sign, line)| (format!("{sign} {line}"), role)),
        );
    }
    lines
}

/// Something that is wrong, in words.
struct Remark {
    sign: &'static str,
    text: String,
    role: Role,
}

fn facts(page: &Page<'_>) -> Vec<String> {
    let state = page.node;
    let mut facts = vec![state.node.address.clone()];
    let Some(sample) = page.sample() else {
        return facts;
    };
    let value = |id: &str| {
        let field = metrics::field(id)?;
        Some(format::value(
            field,
            Some(state.value(field)?),
            page.look.glyphs,
        ))
    };
    facts.extend(value("host.uptime").map(|time| format!("up {time}")));
    facts.extend(value("host.cores").map(|n| match sample.cpu.limit {
        Some(cpus) => format!("{cpus} of {n} cores"),
        None => format!("{n} cores"),
    }));
    facts.extend(value("memory.total").map(|size| format!("{size} memory")));
    facts.extend(sample.host.kernel.as_ref().map(ToString::to_string));
    facts.extend(
        sample
            .host
            .container
            .as_ref()
            .map(|kind| format!("in {kind}")),
    );
    let age = format::age(page.now.since(state.sample_at));
    facts.push(format!("sampled {age} ago"));
    facts
}

/// What is wrong, the worst first.
fn remarks(page: &Page<'_>) -> Vec<Remark> {
    let remark = |severity, text| Remark {
        sign: page.look.glyphs.severity(severity),
        text,
        role: severity_role(severity),
    };
    let mut remarks = Vec::new();
    match (&page.node.link, &page.node.sampler) {
        (Link::Down { error, .. } | Link::Refused(error), _) => {
            remarks.push(remark(Severity::Critical, error.to_string()));
            remarks.push(Remark {
                sign: " ",
                text: error.advice.to_string(),
                role: Role::Text,
            });
        }
        (Link::Asking, _) | (_, Sampler::Failed(_)) => {
            remarks.push(remark(Severity::Info, page.node.reason()));
        }
        _ if page.sample().is_none() => remarks.push(Remark {
            sign: " ",
            text: "nothing measured yet".to_owned(),
            role: Role::Muted,
        }),
        _ => {}
    }
    let findings = &page.node.health.findings;
    remarks.extend(
        findings
            .iter()
            .map(|f| remark(f.severity, f.reason.clone())),
    );
    for (subject, text) in page.sample().map(without_figure).unwrap_or_default() {
        if !findings.iter().any(|f| f.reason.contains(&subject)) {
            remarks.push(remark(Severity::Warn, text));
        }
    }
    remarks
}

/// What is wrong and has no figure, with what it is about: mounts that can't be written, daemons that are bad, a GPU tool without GPUs.
fn without_figure(sample: &metrics::Sample) -> Vec<(String, String)> {
    let mounts = sample.disk.mounts.iter().filter(|m| m.read_only);
    let daemons = sample.daemon.daemons.iter().filter(|d| d.state.is_bad());
    let gpu = sample.gpu.problem.iter();
    mounts
        .map(|m| (m.path.to_string(), format!("{} is read-only", m.path)))
        .chain(daemons.map(|d| {
            (
                d.name.to_string(),
                format!("{} {}", d.name, d.state.as_str()),
            )
        }))
        .chain(gpu.map(|why| (why.to_string(), format!("gpu: {why}"))))
        .collect()
}
