//! The lines of the palette, as they are kept from one run to the next.

use crate::store::audit::redact;

/// Lines that are kept; the oldest go.
pub const MOST: usize = 1000;

/// Bytes of a line that is kept; scripts beyond that belong into a file.
const LONGEST: usize = 16 << 10;

/// Lines, the newest last, each once. Passwords and tokens are taken out before a line gets in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    lines: Vec<String>,
    /// Those that were entered in this run.
    fresh: Vec<String>,
}

impl History {
    /// Reads what [`History::to_text`] wrote; what else there is in it is passed over.
    pub fn parse(text: &str) -> Self {
        let mut history = Self::default();
        for line in text.lines().filter_map(|l| serde_json::from_str(l).ok()) {
            history.keep(line);
        }
        history
    }

    /// As a file holds it: a JSON text a line.
    pub fn to_text(&self) -> String {
        let lines = self.lines.iter().map(|line| {
            let text = serde_json::to_string(line).unwrap_or_default();
            text + "\n"
        });
        lines.collect()
    }

    /// The lines, the newest last.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// What was entered since it was read.
    pub fn fresh(&self) -> &[String] {
        &self.fresh
    }

    /// Takes in a line that was run. One that begins with a blank isn't kept, as in shells.
    pub fn push(&mut self, line: &str) {
        if line.starts_with(char::is_whitespace) {
            return;
        }
        let line = redact(line.trim_end());
        if line.is_empty() || line.len() > LONGEST {
            return;
        }
        self.fresh.retain(|old| *old != line);
        self.fresh.push(line.clone());
        let spare = self.fresh.len().saturating_sub(MOST);
        self.fresh.drain(..spare);
        self.keep(line);
    }

    /// These lines, and on top of them what was entered elsewhere.
    #[must_use]
    pub fn with(mut self, fresh: &[String]) -> Self {
        for line in fresh {
            self.keep(line.clone());
        }
        self
    }

    fn keep(&mut self, line: String) {
        if line.trim().is_empty() || line.len() > LONGEST {
            return;
        }
        self.lines.retain(|old| *old != line);
        self.lines.push(line);
        let spare = self.lines.len().saturating_sub(MOST);
        self.lines.drain(..spare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_kept_once_without_its_secrets() {
        let mut history = History::default();
        for line in [
            "!a",
            "!b\nc",
            " !hidden",
            "",
            "!a",
            "!mysql --password=hunter2 x",
        ] {
            history.push(line);
        }
        assert_eq!(
            history.lines(),
            ["!b\nc", "!a", "!mysql --password=[redacted] x"]
        );
        assert_eq!(History::parse(&history.to_text()).lines(), history.lines());
        assert_eq!(history.fresh(), history.lines());
    }

    #[test]
    fn it_is_bounded_and_other_text_is_nothing() {
        let mut history = History::parse("{}\n12\nx\n\"!a\"\n\"\"\n");
        assert_eq!(history.lines(), ["!a"]);
        assert!(history.fresh().is_empty());
        for n in 0..2 * MOST {
            history.push(&format!("!{n}"));
        }
        assert_eq!((history.lines().len(), history.fresh().len()), (MOST, MOST));
        history.push(&format!("!{}", "x".repeat(LONGEST)));
        assert_eq!(history.lines().last().unwrap(), "!1999");
    }

    #[test]
    fn what_another_dashboard_kept_stays() {
        let kept = History::parse("\"!a\"\n\"!b\"\n");
        let mut mine = History::parse("\"!a\"\n");
        mine.push("!c");
        mine.push("!a");
        assert_eq!(kept.with(mine.fresh()).lines(), ["!b", "!c", "!a"]);
    }
}
