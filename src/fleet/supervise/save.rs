//! Writes what a run's nodes have printed into files: `NODE.stdout` and `NODE.stderr` in a folder of the run's own.

use std::{
    fs::{DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use crate::{
    exec::{Output, RunState, size::left_out},
    node::text::SafeText,
};

/// Writes what there is by now into the first folder that takes it; gives that. Only this user can read it.
pub(super) fn write(outputs: &[PathBuf], run: &RunState) -> Result<SafeText, SafeText> {
    let mut why = "there is no folder to save it in".to_owned();
    for outputs in outputs {
        let folder = outputs.join(format!("sshoal-run-{}", run.id));
        match write_all(&folder, run) {
            Ok(()) => return Ok(folder.display().to_string().as_str().into()),
            Err(error) => why = format!("not saved in {}: {error}", folder.display()),
        }
    }
    Err(why.as_str().into())
}

fn write_all(folder: &Path, run: &RunState) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    for node in &run.nodes {
        let name = file_name(node.node.id.as_str());
        for (stream, output) in [("stdout", &node.stdout), ("stderr", &node.stderr)] {
            write_one(folder.join(format!("{name}.{stream}")), output)?;
        }
    }
    Ok(())
}

fn write_one(path: PathBuf, output: &Output) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(&output.head())?;
    if output.cut() > 0 {
        write!(file, "\n{}\n", left_out(output.cut()))?;
        file.write_all(&output.tail())?;
    }
    file.flush()
}

/// A node's name as one that no folder is left by.
fn file_name(node: &str) -> String {
    let name = node.replace(['/', '\0'], "_");
    match name.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_its_folder() {
        for (node, file) in [
            ("gpu01", "gpu01"),
            ("../x", "_._x"),
            ("a/b", "a_b"),
            (".", "_"),
        ] {
            assert_eq!(file_name(node), file);
        }
    }
}
