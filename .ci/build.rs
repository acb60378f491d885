//! Rebuilds when a theme is added, so that the embedded folder is never stale.

use std::{env, fs, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=themes");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets the manifest folder");
    let out = env::var("OUT_DIR").expect("cargo sets the output folder");
    let mut names: Vec<String> = fs::read_dir(Path::new(&root).join("themes"))
        .expect("themes/ is part of the package")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".yaml"))
        .collect();
    names.sort();
    let rows: String = names
        .iter()
        .map(|name| {
            let stem = name.trim_end_matches(".yaml");
            format!("(\"{stem}\", include_str!(\"{root}/themes/{name}\")),\n")
        })
        .collect();
    fs::write(Path::new(&out).join("themes.rs"), format!("&[\n{rows}]\n"))
        .expect("the output folder is writable");
}
