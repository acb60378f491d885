//! The file of the dashboard's choices: read at its start, written at its end; trouble with it is only logged.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
};

use tempfile::NamedTempFile;

use crate::config::{Choices, Paths};

/// Far above what it can hold; more is no file of ours.
const MAX_BYTES: u64 = 64 << 10;

/// What was chosen last time; nothing where there is no file, or one that can't be read.
pub(super) fn load(paths: &Paths) -> Choices {
    let path = paths.choices();
    let mut text = String::new();
    let read = File::open(&path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text));
    match read {
        Ok(_) => Choices::parse(&text).unwrap_or_else(|| {
            tracing::warn!(path = %path.display(), "not a file of choices; passed over");
            Choices::default()
        }),
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!(path = %path.display(), %error, "choices not read");
            }
            Choices::default()
        }
    }
}

/// Keeps what became different during a run, on top of what is kept by now.
pub(super) fn save(paths: &Paths, before: &Choices, after: &Choices) {
    if before == after {
        return;
    }
    let kept = load(paths);
    let new = kept.with_changes(before, after);
    if new != kept
        && let Err(error) = write(paths, &new)
    {
        tracing::warn!(path = %paths.choices().display(), %error, "choices not kept");
    }
}

/// Whole or not at all: another dashboard may read it now.
fn write(paths: &Paths, choices: &Choices) -> io::Result<()> {
    super::create_state(paths)?;
    let mut file = NamedTempFile::new_in(&paths.state)?;
    file.write_all(choices.to_text().as_bytes())?;
    file.persist(paths.choices())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(theme: &str) -> Choices {
        Choices {
            theme: Some(theme.into()),
            ..Choices::default()
        }
    }

    #[test]
    fn choices_are_kept_and_trouble_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths {
            home: folder.path().into(),
            state: folder.path().join("state/sshoal"),
            ..Paths::default()
        };
        assert_eq!(load(&paths), Choices::default());
        save(&paths, &of("a"), &of("a"));
        assert!(!paths.state.exists(), "nothing changed");
        save(&paths, &of("a"), &of("b"));
        assert_eq!(load(&paths), of("b"));
        let files = std::fs::read_dir(&paths.state).unwrap().count();
        assert_eq!(files, 1, "no file is left beside it");
        std::fs::write(paths.choices(), "{broken").unwrap();
        assert_eq!(load(&paths), Choices::default());
        save(&paths, &of("a"), &of("c"));
        assert_eq!(load(&paths), of("c"));
        let homeless = Paths {
            home: folder.path().join("none"),
            state: folder.path().join("none/state"),
            ..Paths::default()
        };
        save(&homeless, &of("a"), &of("b"));
        assert!(!homeless.home.exists());
    }
}
