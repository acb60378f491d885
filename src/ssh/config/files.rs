//! The files of ssh_config, read with all that they include, and what tells that one of them changed.

use std::{
    fs::{self, Metadata},
    io::{self, Read as _},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{glob::glob, tokens::tilde, users, words::Line};

/// As ssh: a file that includes itself ends somewhere.
const MAX_DEPTH: usize = 16;

/// All files together; more is something else.
const MAX_BYTES: u64 = 8 << 20;

/// A file to begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Root {
    pub(super) path: PathBuf,
    /// Where relative includes start; `None` for the system's file, in which `~` means nothing.
    pub(super) home: Option<PathBuf>,
    /// ssh insists on its owner and mode.
    pub(super) private: bool,
    /// A missing one is an error.
    pub(super) named: bool,
}

/// A line, or the bounds of an included file: what stands before them holds again after them.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Line(Line, Place),
    Open,
    Close,
}

/// Where a line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: Arc<Path>,
    /// From 1.
    pub(super) line: usize,
}

impl Place {
    /// `FILE line N: what`, as ssh writes it.
    pub(super) fn says(&self, what: &str) -> String {
        format!("{} line {}: {what}", self.file.display(), self.line)
    }
}

/// What differs between two states of a path; `None` where nothing is there.
pub(in crate::ssh) type Stamp = Option<[i64; 7]>;

/// All lines of all files, in the order in which ssh reads them.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    pub(super) items: Vec<Item>,
    /// Every path that was read, sought or looked into, with its state before that.
    pub(super) stamps: Vec<(PathBuf, Stamp)>,
    /// What can't be read as ssh reads it.
    pub(super) faults: Vec<String>,
    bytes: u64,
}

impl Files {
    /// Reads them. Blocks.
    pub(super) fn read(roots: &[Root]) -> Self {
        let mut files = Self::default();
        for root in roots {
            files.items.push(Item::Open);
            files.file(&root.path, root, 0);
            files.items.push(Item::Close);
        }
        files
    }

    /// True while no path has changed. Blocks.
    pub(super) fn are_current(&self) -> bool {
        self.stamps.iter().all(|(path, seen)| stamp(path) == *seen)
    }

    fn file(&mut self, path: &Path, root: &Root, depth: usize) {
        self.stamps.push((path.to_owned(), stamp(path)));
        let text = match self.text(path, root.private || depth > 0) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if depth == 0 && root.named {
                    self.faults
                        .push(format!("{} does not exist", path.display()));
                }
                return;
            }
            Err(error) => {
                self.faults.push(format!("{}: {error}", path.display()));
                return;
            }
        };
        let file: Arc<Path> = path.into();
        for (index, line) in text.lines().enumerate() {
            let Some(line) = Line::cut(line) else {
                continue;
            };
            let place = Place {
                file: Arc::clone(&file),
                line: index + 1,
            };
            let includes = line.key == "include";
            self.items.push(Item::Line(line.clone(), place.clone()));
            if includes {
                self.include(&line, &place, root, depth + 1);
            }
        }
    }

    fn include(&mut self, line: &Line, place: &Place, root: &Root, depth: usize) {
        let words = match &line.words {
            Ok(words) if !words.is_empty() => words,
            Ok(_) => return self.faults.push(place.says("Include names no file")),
            Err(why) => return self.faults.push(place.says(why)),
        };
        if depth > MAX_DEPTH {
            return self
                .faults
                .push(place.says("files include each other without end"));
        }
        for word in words {
            let found = pattern(word, root).and_then(|pattern| {
                glob(&pattern)
                    .map_err(|error| error.to_string())
                    .map(|found| (pattern, found))
            });
            match found {
                Ok((pattern, (paths, looked))) => {
                    if paths.is_empty() && looked.is_empty() {
                        self.stamps.push((pattern.clone().into(), None));
                    }
                    self.stamps.extend(looked.into_iter().map(|folder| {
                        let stamp = stamp(&folder);
                        (folder, stamp)
                    }));
                    for path in paths {
                        self.items.push(Item::Open);
                        self.file(&path, root, depth);
                        self.items.push(Item::Close);
                    }
                }
                Err(why) => self
                    .faults
                    .push(place.says(&format!("Include {word}: {why}"))),
            }
        }
    }

    fn text(&mut self, path: &Path, private: bool) -> io::Result<String> {
        let mut file = fs::File::open(path)?;
        let about = file.metadata()?;
        let uid = rustix::process::getuid().as_raw();
        if private && ((about.uid() != 0 && about.uid() != uid) || about.mode() & 0o022 != 0) {
            return Err(io::Error::other("bad owner or permissions"));
        }
        let mut bytes = Vec::new();
        let room = MAX_BYTES - self.bytes.min(MAX_BYTES);
        file.by_ref().take(room + 1).read_to_end(&mut bytes)?;
        self.bytes += bytes.len() as u64;
        if self.bytes > MAX_BYTES {
            let reason = format!("more than {} MiB of ssh_config", MAX_BYTES >> 20);
            return Err(io::Error::other(reason));
        }
        String::from_utf8(bytes).map_err(|_| io::Error::other("not UTF-8"))
    }
}

/// The pattern with its `~` replaced and its start, as ssh has them.
fn pattern(word: &str, root: &Root) -> Result<String, String> {
    if word.contains(['$', '%']) {
        return Err("variables and tokens are not read here".to_owned());
    }
    let below = |folder: &Path| format!("{}/{word}", folder.display());
    match &root.home {
        Some(home) if word.starts_with('~') => {
            tilde(word, &home.display().to_string(), &users::home)
        }
        None if word.starts_with('~') => Err("`~` means nothing in the system's file".to_owned()),
        _ if word.starts_with('/') => Ok(word.to_owned()),
        Some(home) => Ok(below(&home.join(".ssh"))),
        None => Ok(below(Path::new("/etc/ssh"))),
    }
}

/// The state of a path.
pub(in crate::ssh) fn stamp(path: &Path) -> Stamp {
    fs::metadata(path).ok().as_ref().map(stamp_of)
}

/// The state of a file.
pub(in crate::ssh) fn stamp_of(about: &Metadata) -> [i64; 7] {
    [
        about.dev().cast_signed(),
        about.ino().cast_signed(),
        about.size().cast_signed(),
        about.mtime(),
        about.mtime_nsec(),
        // The mode and owner count too.
        about.ctime(),
        about.ctime_nsec(),
    ]
}

/// A file that has just been written can change again under the same times: some file systems count in steps of 2 s.
const SETTLES: Duration = Duration::from_secs(2);

/// True where a change from now on shows in the stamp.
pub(in crate::ssh) fn has_settled(stamp: Stamp, now: SystemTime) -> bool {
    let Some([.., changed, _]) = stamp else {
        return true;
    };
    let changed = Duration::from_secs(changed.try_into().unwrap_or_default());
    let now = now.duration_since(UNIX_EPOCH);
    now.is_ok_and(|now| now.saturating_sub(changed) > SETTLES)
}
