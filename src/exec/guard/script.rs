//! Shell text as its simple commands, in order, each with what it reads and writes.

use std::ops::Range;

use super::lex::{Between, Redirect, Token, Word, lex};

/// Reserved words that come before a command.
const RESERVED: &[&str] = &[
    "!", "{", "}", "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "esac",
    "time", "coproc",
];

/// A command, its words and its redirections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    /// Its name and arguments; empty where there are only redirections.
    pub(super) words: Vec<Word>,
    /// Files that it empties.
    pub(super) writes: Vec<Word>,
    /// Files that it adds to.
    pub(super) appends: Vec<Word>,
    /// Words that are only read.
    pub(super) reads: Vec<Word>,
    /// What it reads as standard input.
    pub(super) input: Option<Input>,
}

/// Standard input, where something is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// The output of the command before.
    Pipe,
    /// This text, and whether expansions in it are left alone.
    Text(String, bool),
}

/// The commands of a text, and where a function calls itself twice at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Script {
    pub(super) commands: Vec<Command>,
    pub(super) bomb: Option<Range<usize>>,
}

impl Script {
    pub(super) fn parse(text: &str) -> Self {
        let tokens = lex(text);
        let bomb = tokens.windows(8).find_map(bomb);
        let mut script = Self {
            commands: Vec::new(),
            bomb,
        };
        let mut command = Command::default();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                Token::Word(word) => command.add(word),
                Token::Document(text, is_quoted) => {
                    command.input = Some(Input::Text(text, is_quoted));
                }
                Token::Redirect(redirect) => {
                    if let Some(Token::Word(word)) =
                        tokens.next_if(|next| matches!(next, Token::Word(_)))
                    {
                        command.redirect(redirect, word);
                    }
                }
                Token::Between(between) => {
                    script.end(std::mem::take(&mut command));
                    let is_pipe = between == Between::Pipe;
                    command.input = is_pipe.then_some(Input::Pipe);
                }
            }
        }
        script.end(command);
        script
    }

    fn end(&mut self, command: Command) {
        let is_something = !command.words.is_empty()
            || !command.writes.is_empty()
            || !command.appends.is_empty()
            || !command.reads.is_empty()
            || matches!(command.input, Some(Input::Text(..)));
        if is_something {
            self.commands.push(command);
        }
    }
}

impl Command {
    fn add(&mut self, word: Word) {
        let is_reserved = !word.is_quoted && RESERVED.contains(&word.text.as_str());
        if !(self.words.is_empty() && is_reserved) {
            self.words.push(word);
        }
    }

    fn redirect(&mut self, redirect: Redirect, word: Word) {
        let is_descriptor = |b: u8| b.is_ascii_digit() || b == b'-';
        match redirect {
            Redirect::Duplicate if word.text.bytes().all(is_descriptor) => {}
            Redirect::Write | Redirect::Duplicate => self.writes.push(word),
            Redirect::Append => self.appends.push(word),
            Redirect::Read => self.reads.push(word),
            Redirect::Text => {
                self.input = Some(Input::Text(word.text.clone(), true));
                self.reads.push(word);
            }
        }
    }

    /// From its first word to its last.
    pub(super) fn span(&self) -> Range<usize> {
        let all = || self.words.iter().chain(&self.writes).chain(&self.appends);
        let start = all().map(|word| word.span.start).min();
        let end = all().map(|word| word.span.end).max();
        start.unwrap_or(0)..end.unwrap_or(0)
    }
}

/// `:(){ :|:& };:`, by whatever name.
fn bomb(tokens: &[Token]) -> Option<Range<usize>> {
    use Between::{Background, Close, Open, Pipe};
    let [
        Token::Word(name),
        Token::Between(Open),
        Token::Between(Close),
        Token::Word(brace),
        Token::Word(first),
        Token::Between(Pipe),
        Token::Word(second),
        Token::Between(Background),
    ] = tokens
    else {
        return None;
    };
    let is_bomb = brace.text == "{" && name.text == first.text && name.text == second.text;
    is_bomb.then_some(name.span.start..second.span.end)
}
