//! The signs of the screen, each with an ASCII form, and the role of colour that goes with each state.

use super::theme::Role;
use crate::{
    fleet::Status,
    metrics::{daemon, health::Severity},
};

/// Which signs a terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Glyphs {
    /// Only ASCII: `. ! X i ?` instead of `● ▲ ✖ ◆ ◌`.
    pub ascii: bool,
}

impl Glyphs {
    /// The sign of a node.
    pub fn status(self, status: Status) -> &'static str {
        match status {
            Status::Ok => self.pick("●", "."),
            Status::Info => self.pick("◆", "i"),
            Status::Unknown => self.pick("◌", "?"),
            Status::Warn => self.pick("▲", "!"),
            Status::Critical => self.pick("✖", "X"),
        }
    }

    /// The sign of a finding.
    pub fn severity(self, severity: Severity) -> &'static str {
        match severity {
            Severity::Ok => self.pick("●", "."),
            Severity::Info => self.pick("◆", "i"),
            Severity::Warn => self.pick("▲", "!"),
            Severity::Critical => self.pick("✖", "X"),
        }
    }

    /// The sign of a daemon.
    pub fn daemon(self, state: daemon::State) -> &'static str {
        match state {
            daemon::State::Up => self.pick("✓", "+"),
            daemon::State::Changing => "~",
            daemon::State::Unknown => "?",
            daemon::State::Stopped => self.pick("○", "o"),
            daemon::State::Absent => self.pick("∅", "0"),
            daemon::State::Failed => self.pick("✗", "x"),
        }
    }

    /// Instead of a value that is not there.
    pub fn absent(self) -> &'static str {
        self.pick("–", "-")
    }

    /// Instead of a typed character that nobody may see.
    pub fn hidden(self) -> &'static str {
        self.pick("•", "*")
    }

    /// Chosen in a menu.
    pub fn check(self) -> &'static str {
        self.pick("✓", "x")
    }

    /// A column that is a graph.
    pub fn trace(self) -> &'static str {
        self.pick("∿", "~")
    }

    /// From a place to the one inside it.
    pub fn into(self) -> &'static str {
        self.pick("›", ">")
    }

    /// A marked node.
    pub fn mark(self) -> &'static str {
        self.pick("◉", "*")
    }

    /// The row under the cursor.
    pub fn cursor(self) -> &'static str {
        self.pick("▌", ">")
    }

    /// Where time writes in a graph.
    pub fn now(self) -> &'static str {
        self.pick("▏", "<")
    }

    /// The end of a text that was cut.
    pub fn ellipsis(self) -> &'static str {
        self.pick("…", "~")
    }

    /// Between two things on one line.
    pub fn dot(self) -> &'static str {
        self.pick("·", "|")
    }

    /// The way an order goes: the largest value on top, or the smallest.
    pub fn order(self, falls: bool) -> &'static str {
        if falls {
            self.pick("↓", "v")
        } else {
            self.pick("↑", "^")
        }
    }

    /// A key as hints show it.
    pub fn key(self, key: &str) -> &str {
        match key {
            "left" if !self.ascii => "←",
            "right" if !self.ascii => "→",
            "up" if !self.ascii => "↑",
            "down" if !self.ascii => "↓",
            key => key,
        }
    }

    /// Something goes on.
    pub fn running(self) -> &'static str {
        self.pick("▶", ">")
    }

    /// Something that shows what is in it.
    pub fn opened(self) -> &'static str {
        self.pick("▾", "v")
    }

    /// Something that doesn't.
    pub fn closed(self) -> &'static str {
        self.pick("▸", ">")
    }

    /// Received, or down.
    pub fn down(self) -> &'static str {
        self.pick("↓", "v")
    }

    /// Sent, or up.
    pub fn up(self) -> &'static str {
        self.pick("↑", "^")
    }

    /// A horizontal line, one cell.
    pub fn horizontal(self) -> &'static str {
        self.pick("─", "-")
    }

    /// A vertical line, one cell.
    pub fn vertical(self) -> &'static str {
        self.pick("│", "|")
    }

    /// Corners of a box: top left, top right, bottom left, bottom right.
    pub fn corners(self) -> [&'static str; 4] {
        if self.ascii {
            ["+"; 4]
        } else {
            ["╭", "╮", "╰", "╯"]
        }
    }

    /// The part of a scroll bar that shows where one is.
    pub fn thumb(self) -> &'static str {
        self.pick("┃", "#")
    }

    fn pick(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { unicode }
    }
}

/// The colour of a node.
pub fn status_role(status: Status) -> Role {
    match status {
        Status::Ok => Role::Ok,
        Status::Info => Role::Info,
        Status::Unknown => Role::Unknown,
        Status::Warn => Role::Warn,
        Status::Critical => Role::Critical,
    }
}

/// The colour of a finding.
pub fn severity_role(severity: Severity) -> Role {
    match severity {
        Severity::Ok => Role::Ok,
        Severity::Info => Role::Info,
        Severity::Warn => Role::Warn,
        Severity::Critical => Role::Critical,
    }
}

/// The colour of a daemon.
pub fn daemon_role(state: daemon::State) -> Role {
    match state {
        daemon::State::Up => Role::Ok,
        daemon::State::Changing => Role::Info,
        daemon::State::Unknown => Role::Unknown,
        daemon::State::Stopped | daemon::State::Absent => Role::Warn,
        daemon::State::Failed => Role::Critical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::format;

    #[test]
    fn every_sign_is_one_cell_wide() {
        for ascii in [false, true] {
            let glyphs = Glyphs { ascii };
            let statuses = [
                Status::Ok,
                Status::Info,
                Status::Unknown,
                Status::Warn,
                Status::Critical,
            ];
            for sign in statuses.map(|s| glyphs.status(s)).into_iter().chain([
                glyphs.absent(),
                glyphs.mark(),
                glyphs.cursor(),
                glyphs.ellipsis(),
                glyphs.thumb(),
            ]) {
                assert_eq!(format::width(sign), 1, "{sign}");
                assert!(!ascii || sign.is_ascii(), "{sign}");
            }
        }
    }
}
