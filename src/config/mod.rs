//! Settings merged from defaults, environment and flags into each domain's own config; the key map; the paths.

pub mod keymap;
