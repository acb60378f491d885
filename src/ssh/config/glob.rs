//! The files that an `Include` pattern stands for, as glob(7) has it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// More files than anybody includes.
const MAX_FILES: usize = 1000;

/// The paths that match, in byte order; and the folders that were looked into. Blocks.
pub(super) fn glob(pattern: &str) -> io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let mut looked = Vec::new();
    let mut found = vec![PathBuf::from(if pattern.starts_with('/') {
        "/"
    } else {
        ""
    })];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if !part.contains(['*', '?', '[', '\\']) {
            for path in &mut found {
                path.push(part);
            }
            continue;
        }
        let folders = std::mem::take(&mut found);
        for folder in folders {
            found.extend(matching(&folder, part)?);
            looked.push(folder);
        }
    }
    found.retain(|path| path.symlink_metadata().is_ok());
    found.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    if found.len() > MAX_FILES {
        return Err(io::Error::other(format!("more than {MAX_FILES} files")));
    }
    Ok((found, looked))
}

fn matching(folder: &Path, part: &str) -> io::Result<Vec<PathBuf>> {
    let shown = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    // As glob(3) without GLOB_ERR: a folder that can't be read is empty.
    let Ok(entries) = fs::read_dir(shown) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for name in entries.filter_map(|entry| Some(entry.ok()?.file_name())) {
        let Some(text) = name.to_str() else { continue };
        let hidden = text.starts_with('.') && !part.starts_with('.');
        if !hidden && fits(part, text) {
            found.push(folder.join(&name));
        }
    }
    if found.len() > MAX_FILES {
        return Err(io::Error::other(format!("more than {MAX_FILES} files")));
    }
    Ok(found)
}

fn fits(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    let Some(first) = rest.next() else {
        return text.is_empty();
    };
    let mut tail = text.chars();
    let next = tail.next();
    match first {
        '*' => {
            let rest = rest.as_str();
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter()
                .any(|at| text.get(at..).is_some_and(|text| fits(rest, text)))
        }
        '?' => next.is_some() && fits(rest.as_str(), tail.as_str()),
        '[' => match class(rest.as_str(), next) {
            Some((found, rest)) => found && fits(rest, tail.as_str()),
            None => next == Some('[') && fits(rest.as_str(), tail.as_str()),
        },
        '\\' => {
            let escaped = rest.next();
            escaped.is_some() && next == escaped && fits(rest.as_str(), tail.as_str())
        }
        c => next == Some(c) && fits(rest.as_str(), tail.as_str()),
    }
}

/// Whether the character is in the class, and what follows its `]`; nothing where it has none.
fn class(text: &str, c: Option<char>) -> Option<(bool, &str)> {
    let (negated, text) = match text.strip_prefix(['!', '^']) {
        Some(text) => (true, text),
        None => (false, text),
    };
    // A `]` that comes first is one of the characters.
    let end = text.char_indices().skip(1).find(|(_, c)| *c == ']')?.0;
    let (inside, rest) = text.split_at(end);
    let members: Vec<char> = inside.chars().collect();
    let mut found = false;
    let mut at = 0;
    while let Some(low) = members.get(at) {
        let high = members
            .get(at + 2)
            .filter(|_| members.get(at + 1) == Some(&'-'));
        found |= c.is_some_and(|c| (*low..=*high.unwrap_or(low)).contains(&c));
        at += if high.is_some() { 3 } else { 1 };
    }
    Some((c.is_some() && found != negated, rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_order_and_hidden_ones_are_not() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b.conf", "a.conf", ".c.conf", "d", "10.conf"] {
            fs::write(folder.path().join(name), "").expect("a file");
        }
        fs::create_dir(folder.path().join("sub")).expect("a folder");
        fs::write(folder.path().join("sub/a.conf"), "").expect("a file");
        let found = |pattern: &str| {
            let whole = format!("{}/{pattern}", folder.path().display());
            let (found, _) = glob(&whole).expect("readable");
            let short = found.iter().map(|path| path.strip_prefix(folder.path()));
            let names = short.map(|path| path.expect("below").display().to_string());
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(found("*.conf"), "10.conf a.conf b.conf");
        assert_eq!(found("[a-b].conf"), "a.conf b.conf");
        assert_eq!(found("[!a].conf"), "b.conf");
        assert_eq!(found("*/*.conf"), "sub/a.conf");
        assert_eq!(found("d"), "d");
        assert_eq!(found("none*"), "");
        assert_eq!(found("none"), "");
    }
}
