//! Writes lines of logs into a file: each behind the name of its node and of its source, else as it came.

use std::{
    fs::{DirBuilder, OpenOptions},
    io::{self, BufWriter, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use crate::{logs::State, node::text::SafeText, store};

/// Writes them into a new file of the first folder that takes it; gives its name. Only this user can read it.
pub(super) fn write(
    outputs: &[PathBuf],
    state: &State,
    numbers: &[u64],
) -> Result<SafeText, SafeText> {
    let mut why = "there is no folder to save it in".to_owned();
    let name = format!("sshoal-logs-{}.log", store::now_ms());
    for folder in outputs {
        let path = folder.join(&name);
        match write_all(folder, &path, state, numbers) {
            Ok(()) => return Ok(path.display().to_string().as_str().into()),
            Err(error) => why = format!("not saved in {}: {error}", folder.display()),
        }
    }
    Err(why.as_str().into())
}

fn write_all(folder: &Path, path: &Path, state: &State, numbers: &[u64]) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let mut file = BufWriter::new(file);
    for line in numbers
        .iter()
        .filter_map(|number| state.buffer.get(*number))
    {
        if let Some((node, stream)) = state.origin(line.stream) {
            write!(file, "{} {}: ", node.node, stream.name)?;
        }
        file.write_all(&line.text)?;
        file.write_all(b"\n")?;
    }
    file.flush()
}
