//! Options and operands among the words after a command's name.

use super::lex::Word;

/// The words after a command's name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Args<'a>(pub(super) &'a [Word]);

impl<'a> Args<'a> {
    /// The texts of all words.
    pub(super) fn texts(self) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(|word| word.text.as_str())
    }

    /// Options, up to `--`.
    pub(super) fn options(self) -> impl Iterator<Item = &'a str> {
        self.texts()
            .take_while(|text| *text != "--")
            .filter(|text| text.starts_with('-') && text.len() > 1)
    }

    /// Words that are no options, and all after `--`.
    pub(super) fn operands(self) -> impl Iterator<Item = &'a Word> {
        let mut is_over = false;
        self.0.iter().filter(move |word| {
            let is_end = !is_over && word.text == "--";
            let is_operand = is_over || !word.text.starts_with('-') || word.text == "-";
            is_over |= is_end;
            is_operand && !is_end
        })
    }

    /// The text of the operand at this place.
    pub(super) fn operand(self, at: usize) -> &'a str {
        self.operands().nth(at).map_or("", |word| &word.text)
    }

    /// Whether one of these options is there: `-x` also within a cluster, `--long` also shortened, as getopt takes it.
    pub(super) fn has(self, options: &[&str]) -> bool {
        self.options()
            .any(|given| options.iter().any(|option| is_option(given, option)))
    }

    /// Whether a word stands there exactly like this.
    pub(super) fn has_word(self, words: &[&str]) -> bool {
        self.texts().any(|text| words.contains(&text))
    }

    /// The operands, where these options take the word after them.
    pub(super) fn operands_beside(self, takers: &[&str]) -> Vec<&'a str> {
        let mut found = Vec::new();
        let mut texts = self.texts();
        while let Some(text) = texts.next() {
            if takers.contains(&text) {
                texts.next();
            } else if !text.starts_with('-') {
                found.push(text);
            }
        }
        found
    }
}

fn is_option(given: &str, option: &str) -> bool {
    let name = given.split('=').next().unwrap_or(given);
    match option.strip_prefix("--") {
        Some(_) => name.len() > 2 && name.starts_with("--") && option.starts_with(name),
        None if option.len() > 2 => name == option,
        None => !given.starts_with("--") && given.contains(option.trim_start_matches('-')),
    }
}

/// The last part of a command's path.
pub(super) fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
