//! The layers, bounds and house rules of docs/architecture.md, held by a test.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Rows from the top down: a module sees only rows below its own. Neighbours don't see each other.
const ROWS: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["serve"],
    &["tui"],
    &["ui"],
    &["config"],
    &["command"],
    &["fleet"],
    &[
        "shell",
        "logs",
        "daemon",
        "transfer",
        "job",
        "inventory",
        "alert",
    ],
    &["exec"],
    &["task", "store"],
    &["ssh", "metrics"],
    &["node"],
];

/// A crate, and the only modules that may name it.
const CRATES: &[(&str, &[&str])] = &[
    ("ratatui", &["ui", "tui", "serve"]),
    ("crossterm", &["tui", "serve"]),
    ("tui_textarea", &["ui"]),
    ("russh", &["ssh", "serve", "sim"]),
    ("std::process", &["ssh", "transfer", "main", "cli"]),
    ("tokio::process", &["ssh", "transfer"]),
    ("color_eyre", &["main", "cli"]),
    ("notify", &["inventory"]),
    ("serde_yaml", &["inventory", "ui", "config"]),
    ("comfy_table", &["cli", "command"]),
];

/// Modules without I/O, async or clock.
const PURE: &[&str] = &["node", "metrics", "ui", "command"];

/// Modules that may read a clock.
const CLOCKS: &[&str] = &[
    "exec", "daemon", "fleet", "tui", "store", "ssh", "serve", "sim",
];

struct Source {
    path: PathBuf,
    domain: String,
    /// Product code: comments, strings and test modules taken out.
    code: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    files.sort();
    files.into_iter().map(|path| source(&root, path)).collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src is readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

fn source(root: &Path, path: PathBuf) -> Source {
    let text = fs::read_to_string(&path).expect("a UTF-8 source");
    let inside = path.strip_prefix(root).expect("below src");
    let first = inside.components().next().expect("a name");
    let domain = Path::new(first.as_os_str()).file_stem().expect("a stem");
    let product = if is_test_file(&path) { "" } else { &text };
    let code = product
        .lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .map(|line| strip(line).to_owned() + "\n")
        .collect();
    Source {
        domain: domain.to_string_lossy().into_owned(),
        code,
        text,
        path,
    }
}

fn is_test_file(path: &Path) -> bool {
    let name = path.file_stem().expect("a stem").to_string_lossy();
    name == "tests"
        || name.ends_with("_tests")
        || path.components().any(|c| c.as_os_str() == "tests")
}

fn strip(line: &str) -> &str {
    line.find("//").map_or(line, |at| &line[..at])
}

fn row(module: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&module))
}

/// First path segments after `crate::`, single or in a `use crate::{…}` tree.
fn seen_modules(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(tree) => found.extend(top_names(tree)),
            None => found.extend(first_word(rest)),
        }
    }
    found
}

fn top_names(tree: &str) -> Vec<String> {
    let (mut depth, mut names, mut start) = (0, Vec::new(), true);
    for (at, c) in tree.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if start && c.is_alphabetic() => {
                names.extend(first_word(&tree[at..]));
                start = false;
            }
            _ => {}
        }
    }
    names
}

fn first_word(text: &str) -> Option<String> {
    let word: String = text
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    word.chars()
        .next()
        .filter(|c| c.is_lowercase())
        .map(|_| word)
}

fn complain(what: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{what}:\n{}", faults.join("\n"));
}

#[test]
fn modules_see_only_rows_below() {
    let mut faults = Vec::new();
    for source in sources() {
        for seen in seen_modules(&source.code) {
            if seen == source.domain || source.domain == "lib" {
                continue;
            }
            let fine = match (source.domain.as_str(), seen.as_str()) {
                ("sim", other) => matches!(other, "metrics" | "node"),
                ("cli", "sim") => true,
                (domain, other) => row(domain).zip(row(other)).is_some_and(|(a, b)| a < b),
            };
            if !fine {
                faults.push(format!(
                    "{}: {} → {seen}",
                    source.path.display(),
                    source.domain
                ));
            }
        }
    }
    complain("edges that go up or sideways", &faults);
}

#[test]
fn crates_stay_where_they_belong() {
    let mut faults = Vec::new();
    for source in sources() {
        // Key types reach the screen through crokey, as plain data.
        let code: String = source
            .code
            .lines()
            .filter(|line| !line.starts_with("use crokey::"))
            .collect();
        for (name, homes) in CRATES {
            let used =
                code.contains(&format!("{name}::")) || code.contains(&format!("use {name};"));
            let exit_code_only = *name == "std::process" && !code.contains("Command");
            if used && !exit_code_only && !homes.contains(&source.domain.as_str()) {
                faults.push(format!("{}: {name}", source.path.display()));
            }
        }
    }
    complain("crates outside their modules", &faults);
}

#[test]
fn pure_modules_are_pure() {
    const IMPURE: &[&str] = &[
        "tokio::", "std::fs", "std::net", "async fn", ".await", "std::env",
    ];
    let mut faults = Vec::new();
    for source in sources()
        .iter()
        .filter(|s| PURE.contains(&s.domain.as_str()))
    {
        for word in IMPURE.iter().filter(|word| source.code.contains(**word)) {
            faults.push(format!("{}: {word}", source.path.display()));
        }
    }
    complain("I/O in a pure module", &faults);
}

#[test]
fn clocks_and_tasks_have_owners() {
    let mut faults = Vec::new();
    for source in sources() {
        let clock = source.code.contains("Instant::now") || source.code.contains("SystemTime::now");
        if clock && !CLOCKS.contains(&source.domain.as_str()) {
            faults.push(format!("{}: reads a clock", source.path.display()));
        }
        if source.code.contains("tokio::spawn(") {
            faults.push(format!(
                "{}: a task that nobody joins",
                source.path.display()
            ));
        }
        if source.code.contains("unbounded_channel") {
            faults.push(format!("{}: an unbounded channel", source.path.display()));
        }
        if source.code.contains("Arc<Mutex") || source.code.contains("Arc<RwLock") {
            faults.push(format!("{}: a shared lock", source.path.display()));
        }
    }
    complain("clocks, tasks, locks", &faults);
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut faults = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > 500 {
            faults.push(format!("{}: {lines} lines", source.path.display()));
        }
        if !source.text.starts_with("//!") && !is_test_file(&source.path) {
            faults.push(format!(
                "{}: no first line that says what it is",
                source.path.display()
            ));
        }
        for word in [
            "todo!(",
            "unimplemented!(",
            "dbg!(",
            "#[ignore",
            "#[allow(",
            "TODO",
            "FIXME",
        ] {
            if source.text.contains(word) {
                faults.push(format!("{}: {word}", source.path.display()));
            }
        }
    }
    complain("files against the rules", &faults);
}

#[test]
fn folders_are_named_by_domain() {
    const BANNED: &[&str] = &[
        "util", "utils", "helper", "helpers", "common", "shared", "types", "manager", "misc",
    ];
    let faults: Vec<String> = sources()
        .iter()
        .flat_map(|s| {
            s.path
                .components()
                .map(|c| c.as_os_str().to_string_lossy().into_owned())
                .collect::<Vec<_>>()
        })
        .filter(|part| BANNED.contains(&part.trim_end_matches(".rs")))
        .collect();
    complain("names that say nothing", &faults);
}

#[test]
fn the_scan_sees_what_it_should() {
    let code =
        "use crate::{\n    node::{Node, set},\n    ssh::Error,\n};\nfn f() { crate::ui::x(); }";
    let seen: Vec<String> = seen_modules(code).into_iter().collect();
    assert_eq!(seen, ["node", "ssh", "ui"]);
}
