//! A full tile: load and memory as graphs, GPUs, disk, what is wrong, the daemons.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::Tile;
use crate::{
    fleet::Link,
    metrics::{self, Field, disk},
    ui::{
        format,
        glyph::{daemon_role, status_role},
        theme::Role,
        widget::{
            bar,
            graph::{Graph, round_up},
            panel::Panel,
            trace::Trace,
        },
    },
};

/// Span of a tile's graphs.
const SPAN_MS: u64 = 120_000;

impl Tile<'_> {
    /// Draws the frame, and inside it either the figures or why there are none.
    pub(super) fn full(&self, area: Rect, buf: &mut Buffer) {
        let inside = self.frame(area, buf);
        if inside.is_empty() {
            return;
        }
        match &self.node.link {
            Link::Down { .. } | Link::Refused(_) => self.trouble(inside, buf),
            _ if self.node.sample.is_none() => self.waiting(inside, buf),
            _ => self.figures(inside, buf),
        }
    }

    fn frame(&self, area: Rect, buf: &mut Buffer) -> Rect {
        let look = &self.look;
        let status = self.status();
        let mark = if self.marked {
            self.glyphs().mark()
        } else {
            ""
        };
        let name = self.node.node.id.as_str();
        let state = look.theme.style(status_role(status));
        let age = self.age();
        let group = self.node.node.groups.first().map_or("", String::as_str);
        let (daemons, daemons_style) = self.daemons();
        Panel {
            title: &[
                (self.glyphs().status(status), state),
                (mark, look.theme.style(Role::Marked)),
                (name, look.style(Role::Strong)),
            ],
            note: Some((age.as_deref().unwrap_or(group), look.style(Role::Muted))),
            foot: Some((&daemons, daemons_style)),
            foot_note: None,
            focused: self.selected,
            border: self.border(),
        }
        .render(look, area, buf)
    }

    /// The worst daemon when one is bad, else how many run.
    fn daemons(&self) -> (String, Style) {
        let is_up = matches!(self.node.link, Link::Up(_));
        let sample = self.node.sample.as_deref().filter(|_| is_up);
        let Some((daemon, worst)) = sample.and_then(|s| Some((&s.daemon, s.daemon.worst()?)))
        else {
            return (String::new(), Style::new());
        };
        let count = daemon.daemons.len();
        let plural = if count == 1 { "daemon" } else { "daemons" };
        let bad = daemon.daemons.iter().filter(|d| d.state.is_bad()).count();
        let text = match bad {
            0 => format!("{count} {plural}"),
            // The remark names it already.
            _ if self.reason().contains(worst.name.as_str()) => {
                format!("{bad} of {count} {plural}")
            }
            _ => format!("{} {}", worst.name, worst.state.as_str()),
        };
        let role = if bad == 0 {
            Role::Muted
        } else {
            daemon_role(worst.state)
        };
        (
            format!("{} {text}", self.glyphs().daemon(worst.state)),
            self.look.style(role),
        )
    }

    /// Why it is down, what to try, and when it is tried again.
    fn trouble(&self, area: Rect, buf: &mut Buffer) {
        // The last line is for when it is tried again.
        let rows = usize::from(area.height.saturating_sub(1)).max(1);
        let columns = usize::from(area.width);
        let all = |text: &str, role| Self::lines(text, role, (columns, usize::MAX));
        let (reason, mut advice) = (self.reason(), Vec::new());
        if let Link::Down { error, .. } | Link::Refused(error) = &self.node.link {
            advice = all(error.advice.as_str(), Role::Text);
        }
        // Where both don't fit, the reason leaves room for what to try: its page tells it whole.
        let kept = advice.len().min(advice_rows(rows));
        let mut lines = all(&reason, Role::Critical);
        if lines.len() > rows - kept {
            lines = Self::lines(&reason, Role::Critical, (columns, rows - kept));
        }
        lines.extend(advice);
        lines.truncate(rows);
        self.write(&lines, area, buf);
        if lines.len() < usize::from(area.height) {
            let below = format::row(area, area.height - 1);
            self.write(&[(self.retry(area.width), Role::Muted)], below, buf);
        }
    }

    fn retry(&self, width: u16) -> String {
        match &self.node.link {
            Link::Down {
                failures, retry_at, ..
            } => {
                let retry = format::retry(*retry_at, self.now);
                format!("{retry} {} failed {failures}x", self.glyphs().dot())
            }
            _ => self.untried(width),
        }
    }

    /// How one that is not retried is.
    fn untried(&self, width: u16) -> String {
        let dot = self.glyphs().dot();
        match self.retry {
            None => "not retried by itself".to_owned(),
            Some(key) if width < 40 => format!("not retried {dot} {key}"),
            Some(key) => format!("not retried by itself {dot} {key} retries"),
        }
    }

    /// Nothing measured yet: what it is waiting for, and since when.
    fn waiting(&self, area: Rect, buf: &mut Buffer) {
        let reason = self.reason();
        let role = status_role(self.status());
        let lines = if reason.is_empty() {
            let since = format::age(self.now.since(self.node.link_since));
            vec![(format!("{} {since}", self.node.state_text(self.now)), role)]
        } else {
            let room = (usize::from(area.width), usize::from(area.height));
            Self::lines(&reason, role, room)
        };
        self.write(&lines, area, buf);
    }

    /// A text in at most so many lines of so many cells; what doesn't fit stays on the last one.
    fn lines(text: &str, role: Role, (columns, rows): (usize, usize)) -> Vec<(String, Role)> {
        let lines = wrap(text, columns, rows);
        lines.into_iter().map(|line| (line, role)).collect()
    }

    fn write(&self, lines: &[(String, Role)], area: Rect, buf: &mut Buffer) {
        for (n, (line, role)) in (0..area.height).zip(lines) {
            let row = format::row(area, n);
            let line = format::fit(line, usize::from(row.width), self.glyphs());
            format::put(buf, row, row.x, &line, self.look.theme.style(*role));
        }
    }

    /// From the top: figures, graphs, what is wrong or the traffic, devices. Where rows are few, devices go first, then the traffic.
    fn figures(&self, area: Rect, buf: &mut Buffer) {
        let reason = self.reason();
        let rows = area.height;
        let has_devices = rows >= 4 || (rows == 3 && reason.is_empty());
        let has_remark = rows >= 5 || (rows >= 3 && !reason.is_empty());
        let below = u16::from(has_devices) + u16::from(has_remark);
        self.pair(
            Rect {
                height: rows.saturating_sub(below).max(1),
                ..area
            },
            buf,
        );
        if has_remark {
            self.remark(&reason, format::row(area, rows.saturating_sub(below)), buf);
        }
        if has_devices {
            self.devices(format::row(area, rows - 1), buf);
        }
    }

    /// Load and memory side by side, each a line of figures over its graph.
    fn pair(&self, area: Rect, buf: &mut Buffer) {
        let left = Rect {
            width: (area.width.saturating_sub(2)).div_ceil(2),
            ..area
        };
        let x = left.right() + 2;
        let right = Rect {
            x,
            width: area.right().saturating_sub(x),
            ..area
        };
        let cores = self.node.sample.as_deref().and_then(|s| s.host.cores);
        for (id, label, area) in [("load.1", "load", left), ("memory.used", "mem", right)] {
            let Some(field) = metrics::field(id) else {
                continue;
            };
            let value = format::value(field, self.node.value(field), self.glyphs());
            self.figure(label, &value, format::row(area, 0), buf);
            let below = Rect {
                y: area.y + 1,
                height: area.height.saturating_sub(1),
                ..area
            };
            self.graph(field, cores.filter(|_| id == "load.1"), below, buf);
        }
    }

    fn figure(&self, label: &str, value: &str, row: Rect, buf: &mut Buffer) {
        let x = format::put(buf, row, row.x, label, self.look.style(Role::Muted));
        format::put(buf, row, x + 1, value, self.look.style(Role::Text));
    }

    fn graph(&self, field: &Field, cores: Option<u32>, area: Rect, buf: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let trace = Trace::of(self.node, field, self.now, (SPAN_MS, area.width));
        // A load of one per core is a busy machine, of two a crowded one.
        let (top, full, calm) = match cores {
            Some(cores) => {
                let top = round_up(trace.max().unwrap_or(0.0), false).max(cores as f32);
                (top, 2.0 * cores as f32, Role::CPU)
            }
            None => (100.0, 100.0, Role::MEMORY),
        };
        let graph = Graph {
            trace: &trace,
            top,
            full: Some(full),
            calm,
        };
        graph.render(&self.look, area, buf);
    }

    /// One upright bar per GPU, and the fullest disk.
    fn devices(&self, row: Rect, buf: &mut Buffer) {
        let Some(sample) = self.node.sample.as_deref() else {
            return;
        };
        let mut x = row.x;
        if !sample.gpu.gpus.is_empty() {
            // Bars of memory alone are not to be taken for use.
            let all_mig = sample.gpu.gpus.iter().all(|gpu| gpu.mig);
            let label = if all_mig { "mig " } else { "gpu " };
            x = format::put(buf, row, x, label, self.look.style(Role::Muted));
            for gpu in sample.gpu.gpus.iter().take(8) {
                let (sign, style) = self.gpu(gpu);
                x = format::put(buf, row, x, sign, style);
            }
            x += 2;
        }
        let rest = Rect {
            x,
            width: row.right().saturating_sub(x),
            ..row
        };
        self.disk(fullest(&sample.disk), rest, buf);
    }

    fn disk(&self, percent: Option<f64>, row: Rect, buf: &mut Buffer) {
        let Some(percent) = percent else { return };
        let figure = format!("{percent:.0}%");
        let x = format::put(buf, row, row.x, "disk ", self.look.style(Role::Muted));
        let room = row.right().saturating_sub(x);
        if room < 9 {
            format::put(
                buf,
                row,
                x,
                &figure,
                self.look.style(Role::heat(percent, Role::Text)),
            );
            return;
        }
        bar::render(
            Some(percent),
            Role::heat(percent, Role::DISK),
            &self.look,
            Rect {
                x,
                width: room - 5,
                ..row
            },
            buf,
        );
        let figure = format::right(&figure, 4, self.glyphs());
        format::put(
            buf,
            row,
            row.right() - 4,
            &figure,
            self.look.style(Role::Text),
        );
    }

    /// What is wrong; where nothing is, the traffic.
    fn remark(&self, reason: &str, row: Rect, buf: &mut Buffer) {
        if reason.is_empty() {
            return self.traffic(row, buf);
        }
        let text = format::fit(reason, usize::from(row.width), self.glyphs());
        format::put(
            buf,
            row,
            row.x,
            &text,
            self.look.style(status_role(self.status())),
        );
    }

    fn traffic(&self, row: Rect, buf: &mut Buffer) {
        let mut x = format::put(buf, row, row.x, "net ", self.look.style(Role::Muted));
        for (id, sign) in [
            ("net.rx", self.glyphs().down()),
            ("net.tx", self.glyphs().up()),
        ] {
            let Some(field) = metrics::field(id) else {
                continue;
            };
            let value = format::value(field, self.node.value(field), self.glyphs());
            x = format::put(buf, row, x, sign, self.look.style(Role::Muted));
            let value = format!("{value} ");
            x = format::put(buf, row, x, &value, self.look.style(Role::Text));
        }
    }
}

/// Of so many rows, those that what to try may take from a long reason: in a small tile it would say nothing.
fn advice_rows(rows: usize) -> usize {
    if rows >= 6 { rows / 2 } else { rows / 3 }
}

/// Use of the fullest mount.
pub(super) fn fullest(disk: &disk::Reading) -> Option<f64> {
    disk.mounts
        .iter()
        .filter_map(disk::Mount::used)
        .reduce(f64::max)
}

/// Words in at most `rows` lines of `cols` cells; what doesn't fit stays on the last line.
pub(in crate::ui::view) fn wrap(text: &str, cols: usize, rows: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace().flat_map(|word| pieces(word, cols)) {
        let full = lines.len() >= rows;
        match lines.last_mut() {
            Some(line) if full || format::width(line) + 1 + format::width(&word) <= cols => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// A word that no line holds, such as a fingerprint, in pieces: it must be seen whole.
fn pieces(word: &str, cols: usize) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    chars
        .chunks(cols.max(1))
        .map(|piece| piece.iter().collect())
        .collect()
}
