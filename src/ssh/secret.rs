//! What a person typed and nobody else may see: wiped when dropped, and never shown by `Debug`.

use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

/// A password, a passphrase or a one-time code. Clones share one copy, which is wiped with the last of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Takes over what was typed.
    pub fn new(typed: Zeroizing<String>) -> Self {
        Self(Arc::new(typed))
    }

    /// The text itself: for the server or the key file, and for nothing that keeps or shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    /// Orders and effects are recorded; not even its length is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::Answer;

    #[test]
    fn debug_shows_nothing_of_it() {
        let secret = Secret::new(Zeroizing::new("hunter2".to_owned()));
        let answer = Answer::Secrets(vec![secret.clone()]);
        assert_eq!(format!("{answer:?}"), "Secrets([Secret])");
        assert_eq!(secret.expose(), "hunter2");
    }
}
