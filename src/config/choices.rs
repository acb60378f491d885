//! What a person chose in the dashboard, as it is kept from one run to the next.

use serde::{Deserialize, Serialize};

/// What was chosen; absent is what was never touched. Names that this version doesn't know are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    /// A theme's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// `tiles`, `table` or `heatmap`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
    /// `worst`, `name`, or a column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// The order is turned round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inverted: Option<bool>,
    /// Columns of the table, from left to right.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

impl Choices {
    /// Reads what [`Choices::to_text`] wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// As a file holds it.
    pub fn to_text(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.map_or_else(|_| String::new(), |text| text + "\n")
    }

    /// These, and what became different between two moments of a run: what only a flag said for this run isn't kept.
    #[must_use]
    pub fn with_changes(&self, before: &Self, after: &Self) -> Self {
        Self {
            theme: pick(&self.theme, &before.theme, &after.theme),
            view: pick(&self.view, &before.view, &after.view),
            sort: pick(&self.sort, &before.sort, &after.sort),
            inverted: pick(&self.inverted, &before.inverted, &after.inverted),
            columns: pick(&self.columns, &before.columns, &after.columns),
        }
    }
}

fn pick<T: Clone + PartialEq>(kept: &T, before: &T, after: &T) -> T {
    if before == after { kept } else { after }.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(theme: &str, view: &str) -> Choices {
        Choices {
            theme: Some(theme.into()),
            view: Some(view.into()),
            ..Choices::default()
        }
    }

    #[test]
    fn only_what_changed_is_kept() {
        let kept = of("mono", "tiles");
        // A flag asked for the table, and the person took another theme.
        let (before, after) = (of("mono", "table"), of("one-light", "table"));
        assert_eq!(kept.with_changes(&before, &after), of("one-light", "tiles"));
        assert_eq!(kept.with_changes(&before, &before), kept);
    }

    #[test]
    fn the_text_is_read_back_and_other_text_is_nothing() {
        let mut choices = of("mono", "tiles");
        choices.columns = vec!["node".into(), "~cpu.busy".into()];
        assert_eq!(Choices::parse(&choices.to_text()), Some(choices));
        assert_eq!(Choices::default().to_text(), "{}\n");
        let newer = Choices::parse("{\"theme\": \"mono\", \"view\": \"tiles\", \"later\": 1}");
        assert_eq!(newer, Some(of("mono", "tiles")));
        for text in ["", "{", "[]x", "{\"theme\": 1}"] {
            assert_eq!(Choices::parse(text), None, "{text}");
        }
    }
}
