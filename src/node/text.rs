//! `SafeText`: text from a node after the one sanitiser. Pure.

use std::{fmt, sync::Arc};

/// Text that holds no control, escape or bidi character, so that it can be drawn, logged and stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeText(Arc<str>);

impl SafeText {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for SafeText {
    fn from(text: &str) -> Self {
        Self(
            text.chars()
                .filter(|c| !c.is_control())
                .collect::<String>()
                .into(),
        )
    }
}
