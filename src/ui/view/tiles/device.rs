//! The devices of a tile: its GPUs as upright bars, and its fullest disk.

use ratatui::{buffer::Buffer, layout::Rect};

use super::Tile;
use crate::{
    metrics::{disk, gpu::Gpu},
    ui::{
        format,
        theme::Role,
        widget::{bar, strip},
    },
};

/// Cells of the disk's figure: `disk 100%`.
const DISK: u16 = 9;

impl Tile<'_> {
    /// One upright bar per GPU, and the fullest disk.
    pub(super) fn devices(&self, row: Rect, buf: &mut Buffer) {
        let Some(sample) = self.node.sample.as_deref().filter(|_| row.height > 0) else {
            return;
        };
        let mut x = row.x;
        if !sample.gpu.gpus.is_empty() {
            let room = Rect {
                width: row.width.saturating_sub(DISK + 1),
                ..row
            };
            x = self.gpus(&sample.gpu.gpus, room, buf);
            x = (x + 2).min(row.right().saturating_sub(DISK)).max(x + 1);
        }
        let rest = Rect {
            x,
            width: row.right().saturating_sub(x),
            ..row
        };
        self.disk(fullest(&sample.disk), rest, buf);
    }

    /// The GPUs, else the fullest disk; with a sign at least, or it would be taken for what is said of the figure before it.
    pub(super) fn device(&self, row: Rect, buf: &mut Buffer) {
        let Some(sample) = self.node.sample.as_deref() else {
            return;
        };
        let gpus = &sample.gpu.gpus;
        if !gpus.is_empty() {
            self.gpus(gpus, row, buf);
            return;
        }
        let percent = fullest(&sample.disk);
        if row.width >= DISK && percent.is_some() {
            return self.disk(percent, row, buf);
        }
        let x = format::put(buf, row, row.x, "d", self.look.style(Role::Muted));
        let width = row.right().saturating_sub(x);
        let role = Role::heat(percent.unwrap_or(0.0), Role::DISK);
        bar::render(percent, role, &self.look, Rect { x, width, ..row }, buf);
    }

    /// A bar each, after a label, which is short where not all bars have room behind it; where they have none at all, the
    /// busiest of each few. Much use of a GPU is what it is there for: no hot colours. Says where it ended.
    fn gpus(&self, gpus: &[Gpu], row: Rect, buf: &mut Buffer) -> u16 {
        // Digits in a row would be read as a number.
        let around = if self.glyphs().ascii {
            ["[", "]"]
        } else {
            [""; 2]
        };
        let ends = around.concat().len();
        let room = usize::from(row.width).saturating_sub(ends);
        // Bars of memory alone are not to be taken for use.
        let all_mig = gpus.iter().all(|gpu| gpu.mig);
        let (long, short) = if all_mig {
            ("mig ", "m")
        } else {
            ("gpu ", "g")
        };
        let label = match room {
            _ if long.len() + gpus.len() <= room => long,
            _ if short.len() < room => short,
            _ => "",
        };
        let muted = self.look.style(Role::Muted);
        let mut x = format::put(buf, row, row.x, label, muted);
        x = format::put(buf, row, x, around[0], muted);
        let each = strip::fold(gpus.len(), room - label.len().min(room));
        for few in gpus.chunks(each) {
            let bars = few.iter().map(height);
            let busiest =
                bars.max_by(|(a, _), (b, _)| a.unwrap_or(-1.0).total_cmp(&b.unwrap_or(-1.0)));
            let (percent, role) = busiest.unwrap_or((None, Role::GPU));
            let (sign, style) = bar::upright(percent, role, &self.look);
            x = format::put(buf, row, x, sign, style);
        }
        format::put(buf, row, x, around[1], muted)
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
            self.look.style(Role::heat(percent, Role::Text)),
        );
    }
}

/// A card's bar: its use. One in MIG mode tells none: its fullest instance's memory.
fn height(gpu: &Gpu) -> (Option<f64>, Role) {
    if gpu.mig {
        (gpu.fullest(), Role::MEMORY)
    } else {
        (gpu.util, Role::GPU)
    }
}

/// Use of the fullest mount.
fn fullest(disk: &disk::Reading) -> Option<f64> {
    disk.mounts
        .iter()
        .filter_map(disk::Mount::used)
        .reduce(f64::max)
}
