//! One mapping of settings as one node sees it: texts with its own part of each range, paths made whole.

use std::{
    borrow::Cow,
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::{
    fault::Fault,
    scalar::{self, quoted},
    tree::{Field, Spot, Tree},
    zip,
};

/// Where paths start.
pub(super) struct Places {
    /// What `~` stands for.
    pub(super) home: Option<PathBuf>,
    /// The folder of the file.
    pub(super) base: PathBuf,
}

impl Places {
    /// Those of a file.
    pub(super) fn of(file: &Path, home: Option<PathBuf>) -> Self {
        let base = file.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        Self { home, base }
    }

    /// The path that a text stands for.
    pub(super) fn path(&self, text: &str) -> Result<PathBuf, String> {
        let Some(rest) = text.strip_prefix('~') else {
            return Ok(self.base.join(text));
        };
        let home = self
            .home
            .as_deref()
            .ok_or("`~` is not known: $HOME is not set")?;
        match rest.strip_prefix('/') {
            Some(rest) => Ok(home.join(rest)),
            None if rest.is_empty() => Ok(home.to_path_buf()),
            None => Err(format!("{}: only `~/` is expanded", quoted(text))),
        }
    }
}

/// The fields of one mapping, and who among its hosts is meant.
pub(super) struct Layer<'t, 'a> {
    pub(super) fields: &'t [Field<'a>],
    /// `defaults`, `groups gpu`, `hosts gpu[01-16]`.
    pub(super) label: &'t str,
    pub(super) zips: &'t Zips,
    /// The place of the node among the names of its entry.
    pub(super) member: usize,
}

/// Texts with a range, with what they stand for.
pub(super) type Zips = HashMap<String, Vec<String>>;

/// Expands the ranges in the values of one entry, which has to stand for as many hosts.
pub(super) fn zips(fields: &[Field<'_>], entry: &Spot<'_>, hosts: usize) -> Result<Zips, Fault> {
    let mut zips = Zips::new();
    for field in fields {
        for item in field.value.items() {
            zips.extend(self::zips(item.fields(), entry, hosts)?);
            let Some(spot) = item.spot().filter(|_| field.key.zipped) else {
                continue;
            };
            if !zip::has_range(&spot.text) || zips.contains_key(&*spot.text) {
                continue;
            }
            let all = zip::expand(&spot.text, super::MAX_HOSTS).map_err(|why| spot.fault(why))?;
            if all.len() != hosts {
                return Err(spot.fault(format!(
                    "{} stands for {} values, and {} for {hosts} hosts; the sizes have to be equal",
                    quoted(&spot.text),
                    all.len(),
                    quoted(&entry.text)
                )));
            }
            for text in &all {
                scalar::check(field.key.kind, text).map_err(|why| spot.fault(why))?;
            }
            zips.insert(spot.text.to_string(), all);
        }
    }
    Ok(zips)
}

impl Layer<'_, '_> {
    /// The text of a scalar for this node.
    fn text<'s>(&'s self, spot: &'s Spot<'_>) -> Cow<'s, str> {
        let all = self.zips.get(&*spot.text);
        let own = all.and_then(|all| all.get(self.member));
        Cow::Borrowed(own.map_or(&*spot.text, String::as_str))
    }

    /// A scalar for this node; `None` for null.
    pub(super) fn value<T>(
        &self,
        value: &Tree<'_>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Fault> {
        let Some(spot) = value.spot() else {
            return Ok(None);
        };
        parse(&self.text(spot))
            .map(Some)
            .map_err(|why| spot.fault(why))
    }

    /// All items of a list for this node.
    pub(super) fn all<T>(
        &self,
        value: &Tree<'_>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>, Fault> {
        let spots = value.items().iter().filter_map(Tree::spot);
        let parsed = spots.map(|spot| parse(&self.text(spot)).map_err(|why| spot.fault(why)));
        parsed.collect()
    }
}
