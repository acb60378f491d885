//! How the dashboard looks at its start: colours, theme, density, filter.

use std::{io::ErrorKind, path::Path};

use super::Context;
use crate::{
    command::Usage,
    config::{self, Choices, keymap::KeyMap},
    fleet::filter::Filter,
    inventory::{self, Inventory},
    tui::{
        Screen, Typed,
        depth::{Hints, detect},
        ground::Ground,
    },
    ui::{
        Settings,
        glyph::Glyphs,
        theme::{Depth, Theme},
    },
};

/// How many colours, and `$TERM`.
pub(super) fn depth(context: &Context) -> (Depth, Option<String>) {
    let variable = |name: &str| std::env::var(name).ok();
    let (no_color, colorterm, term) = (
        variable("NO_COLOR"),
        variable("COLORTERM"),
        variable("TERM"),
    );
    let hints = Hints {
        no_color: no_color.as_deref(),
        colorterm: colorterm.as_deref(),
        term: term.as_deref(),
    };
    (detect(context.args.global.color.into(), hints), term)
}

/// The theme that somebody asked for, now or last time.
pub(super) fn named_theme(context: &Context, last: &Choices) -> Result<Option<Theme>, Usage> {
    let name = context
        .args
        .look
        .theme
        .clone()
        .or_else(|| std::env::var("SSHOAL_THEME").ok());
    let read = |path: &Path| std::fs::read_to_string(path);
    let load = |name: String| Theme::find(&name, read).map_err(|e| Usage(e.to_string()));
    let asked = name.filter(|name| !name.is_empty()).map(load).transpose()?;
    // One that is no longer there is not worth a word.
    let chosen = || Theme::load(last.theme.as_deref()?).ok();
    Ok(asked.or_else(chosen))
}

/// That one; else one that suits the terminal.
pub(super) fn theme(named: Option<Theme>, depth: Depth, screen: &mut Screen<Typed>) -> Theme {
    let suits = |name: &str| Theme::load(name).unwrap_or_default();
    match (depth, named) {
        (Depth::Mono, _) => suits("mono"),
        (_, Some(theme)) => theme,
        (_, None) if screen.ask_ground() == Some(Ground::Light) => suits("one-light"),
        (_, None) => Theme::default(),
    }
}

/// The keys in force: the usual ones, and those of config.yaml over them.
pub(super) fn keys(context: &Context) -> Result<KeyMap, Usage> {
    let path = context.paths.file();
    let wrong = |why: String| Usage(format!("{}: {why}", path.display()));
    let text = match inventory::read(&path) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(KeyMap::default()),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let file = config::File::parse(&text).map_err(wrong)?;
    KeyMap::remapped(&file.keys).map_err(wrong)
}

/// Refuses a filter that can't be read: with all nodes in its place, `*` would mark what nobody meant.
pub(super) fn filter(context: &Context, inventory: &Inventory) -> Result<(), Usage> {
    let text = context.args.look.filter.as_deref().unwrap_or_default();
    let read = Filter::parse(text, inventory);
    read.map(drop)
        .map_err(|error| Usage(format!("--filter '{text}': {error}")))
}

/// What the screen starts with: flags before what was chosen last time.
pub(super) fn settings(context: &Context, theme: Theme, last: &Choices) -> Settings {
    let look = &context.args.look;
    let recalled = Settings::recall(last);
    Settings {
        theme,
        glyphs: Glyphs {
            ascii: context.console.ascii,
        },
        density: look.view.map(Into::into).or(recalled.density),
        filter: look.filter.clone().unwrap_or_default(),
        read_only: look.read_only,
        ..recalled
    }
}
