//! The file of the palette's lines: read at the dashboard's start, written at its end; trouble with it is only logged.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
};

use tempfile::NamedTempFile;

use crate::config::{Paths, history::History};

/// As many lines as are kept, each as long as it may be, come to this.
const MAX_BYTES: u64 = 32 << 20;

/// What was entered before; nothing where there is no file, or one that can't be read.
pub(super) fn load(paths: &Paths) -> History {
    let path = paths.history();
    let mut text = String::new();
    let read = File::open(&path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text));
    if let Err(error) = read {
        if error.kind() != io::ErrorKind::NotFound {
            tracing::warn!(path = %path.display(), %error, "history not read");
        }
        return History::default();
    }
    History::parse(&text)
}

/// Keeps what was entered in this run, on top of what is kept by now.
pub(super) fn save(paths: &Paths, history: &History) {
    if history.fresh().is_empty() {
        return;
    }
    let new = load(paths).with(history.fresh());
    if let Err(error) = write(paths, &new) {
        tracing::warn!(path = %paths.history().display(), %error, "history not kept");
    }
}

/// Whole or not at all, and for this user only, as temporary files are (0600).
fn write(paths: &Paths, history: &History) -> io::Result<()> {
    super::create_state(paths)?;
    let mut file = NamedTempFile::new_in(&paths.state)?;
    file.write_all(history.to_text().as_bytes())?;
    file.persist(paths.history())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn lines_are_kept_for_this_user_and_trouble_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths {
            home: folder.path().into(),
            state: folder.path().join("state/sshoal"),
            ..Paths::default()
        };
        let mut mine = load(&paths);
        save(&paths, &mine);
        assert!(!paths.state.exists(), "nothing was entered");
        mine.push("!uptime");
        save(&paths, &mine);
        let mut other = load(&paths);
        other.push("!df");
        save(&paths, &other);
        mine.push("!free");
        save(&paths, &mine);
        assert_eq!(load(&paths).lines(), ["!df", "!uptime", "!free"]);
        let mode = std::fs::metadata(paths.history())
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(paths.history(), b"\xff").unwrap();
        assert!(load(&paths).lines().is_empty());
    }
}
