//! Rebuilds when a theme is added, so that the embedded folder is never stale.

use std::{env, fs, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=themes");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets the manifest folder");
    let out = env::var("OUT_DIR").expect("cargo sets the output folder");
    let mut names: Vec<String> = fs::read_dir(Path::new(&root).join("themes"))
        .expect("themes/ is part of the package")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|end| end == "yaml"))
        .collect();
    names.sort();
    let row = |name: &String| {
        let stem = name.trim_end_matches(".yaml");
        format!("(\"{stem}\", include_str!(\"{root}/themes/{name}\")),\n")
    };
    let rows: Vec<String> = names.iter().map(row).collect();
    fs::write(
        Path::new(&out).join("themes.rs"),
        format!("&[\n{}]\n", rows.concat()),
    )
    .expect("the output folder is writable");
}
