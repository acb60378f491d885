//! Roles of colour, and the themes that fill them.

mod builtin;
mod colour;
mod fill;
mod role;
mod scheme;

use std::path::{Path, PathBuf};

use ratatui::style::Style;

pub use role::{Depth, Role};

/// The theme without any wish.
pub const DEFAULT: &str = "tomorrow-night";

/// The schemes of `themes/`: name and text.
const SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/themes.rs"));

/// Themes without a file: the terminal's own 16 colours, and none.
const BUILT_IN: [&str; 2] = ["terminal", "mono"];

/// A filled set of roles.
#[derive(Clone, Debug)]
pub struct Theme {
    /// As named on the command line.
    pub name: String,
    /// For a light background.
    pub light: bool,
    /// What was changed of the scheme so that everything can be read, one line each.
    pub repairs: Vec<String>,
    styles: [Style; role::COUNT],
}

/// Why there is no such theme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Neither shipped nor a path.
    #[error("no theme is called `{name}`; there are {}, or give the path of a base16 YAML file", .known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The file can't be read.
    #[error("theme {}: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The file is no base16 or base24 scheme.
    #[error("theme {name}: {reason}")]
    Bad {
        /// As asked for.
        name: String,
        /// What is wrong, and where.
        reason: String,
    },
}

impl Default for Theme {
    fn default() -> Self {
        Self::load(DEFAULT).unwrap_or_else(|_| builtin::terminal())
    }
}

impl Theme {
    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role.index()).copied().unwrap_or_default()
    }

    /// A theme that comes with the program.
    pub fn load(name: &str) -> Result<Self, Error> {
        match name {
            "terminal" => return Ok(builtin::terminal()),
            "mono" => return Ok(builtin::mono()),
            _ => {}
        }
        match SHIPPED.iter().find(|(known, _)| *known == name) {
            Some((_, yaml)) => Self::parse(name, yaml),
            None => Err(Error::Unknown {
                name: name.to_owned(),
                known: Self::names().map(str::to_owned).collect(),
            }),
        }
    }

    /// A theme by name, or from a file where `wish` looks like a path; `read` gets the text of a file.
    pub fn find(
        wish: &str,
        read: impl FnOnce(&Path) -> std::io::Result<String>,
    ) -> Result<Self, Error> {
        let path = Path::new(wish);
        let is_path = wish.contains('/') || path.extension().is_some();
        if !is_path {
            return Self::load(wish);
        }
        let yaml = read(path).map_err(|error| Error::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        Self::parse(wish, &yaml)
    }

    /// A theme from the text of a base16 or base24 file; `name` is for the screen and for errors.
    pub fn parse(name: &str, yaml: &str) -> Result<Self, Error> {
        let scheme = scheme::Scheme::parse(name, yaml)?;
        fill::fill(name, &scheme)
    }

    /// The names that [`Theme::load`] knows, the default first.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let others = SHIPPED.iter().map(|(name, _)| *name);
        std::iter::once(DEFAULT)
            .chain(others.filter(|name| *name != DEFAULT))
            .chain(BUILT_IN)
    }

    /// The theme after this one; from a file of the user's own to the default.
    #[must_use]
    pub fn next(&self) -> Self {
        let after = Self::names().skip_while(|name| *name != self.name).nth(1);
        Self::load(after.unwrap_or(DEFAULT)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
