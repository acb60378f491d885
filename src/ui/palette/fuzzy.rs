//! Fuzzy matching: how well a text fits what is typed, and which of its characters do.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{Atom, AtomKind, CaseMatching, Normalization},
};

/// What is looked for.
pub(super) struct Fuzzy {
    atom: Atom,
    matcher: Matcher,
    chars: Vec<char>,
}

impl Fuzzy {
    /// Looks for these letters, in this order, in any case.
    pub(super) fn new(typed: &str) -> Self {
        Self::of(typed, AtomKind::Fuzzy)
    }

    /// Looks for this text as a whole.
    pub(super) fn whole(typed: &str) -> Self {
        Self::of(typed, AtomKind::Substring)
    }

    fn of(typed: &str, kind: AtomKind) -> Self {
        Self {
            atom: Atom::new(
                typed,
                CaseMatching::Ignore,
                Normalization::Smart,
                kind,
                false,
            ),
            matcher: Matcher::new(Config::DEFAULT),
            chars: Vec::new(),
        }
    }

    /// How well it fits, and the places of the characters that do; `None` where it doesn't.
    pub(super) fn matched(&mut self, text: &str) -> Option<(u16, Vec<u32>)> {
        let mut places = Vec::new();
        let text = Utf32Str::new(text, &mut self.chars);
        let score = self.atom.indices(text, &mut self.matcher, &mut places)?;
        places.sort_unstable();
        Some((score, places))
    }

    /// The texts that fit, the best ones first, shorter ones before longer ones, else in their order.
    pub(super) fn ranked<T>(
        &mut self,
        all: impl IntoIterator<Item = T>,
        text: impl Fn(&T) -> &str,
    ) -> Vec<(T, Vec<u32>)> {
        let mut fit: Vec<(u16, T, Vec<u32>)> = all
            .into_iter()
            .filter_map(|item| {
                let (score, places) = self.matched(text(&item))?;
                Some((score, item, places))
            })
            .collect();
        let is_any = self.atom.needle_text().is_empty();
        fit.sort_by_key(|(score, item, _)| {
            let length = if is_any { 0 } else { text(item).len() };
            (u16::MAX - score, length)
        });
        fit.into_iter()
            .map(|(_, item, places)| (item, places))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(typed: &str, all: &[&'static str]) -> Vec<&'static str> {
        let found = Fuzzy::new(typed).ranked(all.iter().copied(), |text| text);
        found.into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn letters_in_order_fit_and_the_best_come_first() {
        let all = ["unmark", "mark", "theme", "Märkte"];
        assert_eq!(ranked("mark", &all), ["mark", "Märkte", "unmark"]);
        assert_eq!(ranked("tm", &all), ["theme"]);
        assert_eq!(ranked("", &all), all);
        assert!(ranked("kram", &all).is_empty());
        let (_, places) = Fuzzy::new("tm").matched("theme").unwrap();
        assert_eq!(places, [0, 3]);
        assert!(Fuzzy::whole("tm").matched("theme").is_none());
    }
}
