//! Walks a command and every command inside it.

use std::ops::Range;

use super::{
    Danger, MAX_DANGERS,
    args::{Args, base},
    danger, expand,
    lex::Word,
    path, reads,
    script::{Command, Input, Script},
    wrapper::{Inner, inner},
};
use crate::node::text::SafeText;

/// Scripts in scripts beyond this depth are not read; they count as changes. It bounds the time too.
const MAX_DEPTH: usize = 8;

/// Characters shown of a dangerous command.
const MAX_SHOWN: usize = 80;

/// What is known so far.
#[derive(Debug, Default)]
pub(super) struct Finding {
    pub(super) is_mutating: bool,
    pub(super) dangers: Vec<Danger>,
}

/// Where a command stands.
#[derive(Clone)]
struct Place<'a> {
    /// The text that it is a part of.
    text: &'a str,
    /// In the whole command, where the text is only a part of that.
    outer: Option<Range<usize>>,
    depth: usize,
}

impl Place<'_> {
    fn span(&self, inner: Range<usize>) -> Range<usize> {
        self.outer.clone().unwrap_or(inner)
    }
}

impl Finding {
    pub(super) fn of(command: &str) -> Self {
        let mut finding = Self::default();
        finding.text(command, None, 0);
        finding
    }

    fn text(&mut self, text: &str, outer: Option<Range<usize>>, depth: usize) {
        if depth > MAX_DEPTH {
            self.is_mutating = true;
            return;
        }
        let place = Place { text, outer, depth };
        let script = Script::parse(text);
        if let Some(span) = script.bomb {
            self.danger("starts itself twice, without end", span, &place);
        }
        let mut printed = None;
        for command in &script.commands {
            self.command(command, printed.take(), &place);
            printed = text_printed(command);
        }
    }

    fn danger(&mut self, reason: &'static str, span: Range<usize>, place: &Place<'_>) {
        if self.dangers.len() == MAX_DANGERS {
            return;
        }
        let what = place.text.get(span.clone()).unwrap_or_default();
        let what = what.replace([expand::HOLE, expand::FULL], "$…");
        self.dangers.push(Danger {
            what: SafeText::line(what, MAX_SHOWN),
            reason,
            span: place.span(span),
        });
    }

    /// `printed`: what the command before it prints, where that is known.
    fn command(&mut self, command: &Command, printed: Option<String>, place: &Place<'_>) {
        let files = command.writes.iter().chain(&command.appends);
        for word in command.words.iter().chain(files).chain(&command.reads) {
            for script in &word.scripts {
                self.text(script, Some(place.span(word.span.clone())), place.depth + 1);
            }
        }
        let mut writes = command.writes.iter().chain(&command.appends);
        self.is_mutating |= writes.any(|word| !is_nowhere(word));
        if let Some(reason) = danger::of_redirections(command) {
            self.danger(reason, command.span(), place);
        }
        let input = match &command.input {
            Some(Input::Pipe) => printed,
            Some(Input::Text(text, _)) => Some(text.clone()),
            None => None,
        };
        let is_shell = self.words(&command.words, input, command.span(), place);
        if let Some(Input::Text(text, false)) = &command.input
            && !is_shell
        {
            for script in expand::substitutions(text) {
                self.text(&script, Some(place.span(command.span())), place.depth + 1);
            }
        }
    }

    /// Looks at what the words come down to; true where that is a shell that reads its input.
    fn words(
        &mut self,
        words: &[Word],
        input: Option<String>,
        span: Range<usize>,
        place: &Place<'_>,
    ) -> bool {
        let outer = Some(place.span(span.clone()));
        match inner(words) {
            Inner::Words(words) => self.plain(words, false, span, place),
            Inner::Fed(words) => self.plain(words, true, span, place),
            Inner::Script(text) => self.text(&text, outer, place.depth + 1),
            Inner::Away(text) => {
                self.is_mutating = true;
                self.text(&text, outer, place.depth + 1);
            }
            Inner::Stdin => {
                match input {
                    Some(text) => self.text(&text, outer, place.depth + 1),
                    None => self.is_mutating = true,
                }
                return true;
            }
        }
        false
    }

    fn plain(&mut self, words: &[Word], is_fed: bool, span: Range<usize>, place: &Place<'_>) {
        self.is_mutating |= !reads::reads(words);
        if let Some(reason) = danger::of_command(words, is_fed) {
            self.danger(reason, span.clone(), place);
        }
        if words.first().is_some_and(|word| base(&word.text) == "find") {
            self.run_by_find(words, &span, place);
        }
    }

    /// The commands after `-exec`.
    fn run_by_find(&mut self, words: &[Word], span: &Range<usize>, place: &Place<'_>) {
        let is_exec =
            |word: &Word| matches!(word.text.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir");
        let deeper = Place {
            depth: place.depth + 1,
            ..place.clone()
        };
        if deeper.depth > MAX_DEPTH {
            self.is_mutating = true;
            return;
        }
        for run in words.split(is_exec).skip(1) {
            let end = run
                .iter()
                .position(|word| matches!(word.text.as_str(), ";" | "+"));
            let run = run.get(..end.unwrap_or(run.len())).unwrap_or_default();
            self.words(run, None, span.clone(), &deeper);
        }
    }
}

/// What `echo` and `printf` print, near enough to be read by a shell.
fn text_printed(command: &Command) -> Option<String> {
    let (name, rest) = command.words.split_first()?;
    matches!(base(&name.text), "echo" | "printf").then(|| {
        let texts: Vec<&str> = Args(rest)
            .texts()
            .filter(|text| !matches!(*text, "-e" | "-n" | "-en" | "--"))
            .collect();
        texts.join(" ").replace("\\n", "\n")
    })
}

/// Writing there leaves nothing.
fn is_nowhere(word: &Word) -> bool {
    matches!(
        word.text.as_str(),
        "/dev/null" | "/dev/stderr" | "/dev/stdout" | "/dev/tty"
    ) && !path::is_device(word)
}
