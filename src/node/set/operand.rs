//! One operand of an expression: a name pattern with its ranges, read from text.

use super::{
    Error, MAX_NAMES, column,
    grid::{Block, size},
    missing_bracket,
    number::Number,
    operator::Operator,
    pattern::{Part, Pattern},
    ranges::Ranges,
    too_many,
    written::List,
};

/// A place of a text with its column, so that no text is counted from its beginning for each of its names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    at: usize,
    column: usize,
}

impl Default for Mark {
    /// The beginning.
    fn default() -> Self {
        Self { at: 0, column: 1 }
    }
}

impl Mark {
    /// Goes on to a later place; gives its column.
    fn forward(&mut self, text: &str, at: usize) -> usize {
        let passed = text.get(self.at..at).unwrap_or_default();
        self.column += passed.chars().count();
        self.at = at;
        self.column
    }
}

/// A pattern with its ranges, where it starts, and what follows it.
#[derive(Debug)]
pub(super) struct Operand {
    pub(super) pattern: Pattern,
    pub(super) axes: Block,
    pub(super) column: usize,
    /// The operator after it and the place after that.
    pub(super) next: Option<(Operator, usize)>,
}

impl Operand {
    /// Reads the operand at a place of the text, which is not before the mark; of at most [`MAX_NAMES`] names.
    pub(super) fn read(text: &str, start: usize, mark: &mut Mark) -> Result<Self, Error> {
        let rest = text.get(start..).unwrap_or_default();
        let at = text.len() - rest.trim_start().len();
        let mut reader = Reader {
            text,
            at,
            pattern: Pattern::default(),
            axes: Block::new(),
        };
        let next = reader.run()?;
        let (pattern, axes) = (reader.pattern, reader.axes);
        let column = mark.forward(text, at);
        if pattern.is_empty() {
            return Err(missing(text, start, next));
        }
        if size(&axes) > MAX_NAMES {
            return Err(too_many(column, MAX_NAMES));
        }
        Ok(Self {
            pattern,
            axes,
            column,
            next,
        })
    }

    pub(super) fn is_group(&self) -> bool {
        self.pattern.parts().next() == Some(Part::Char('@'))
    }

    pub(super) fn is_wildcard(&self) -> bool {
        self.pattern
            .parts()
            .any(|part| matches!(part, Part::Char('*' | '?')))
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    pattern: Pattern,
    axes: Block,
}

impl<'a> Reader<'a> {
    /// Reads to the end of the operand; returns what follows.
    fn run(&mut self) -> Result<Option<(Operator, usize)>, Error> {
        loop {
            let literal = self.literal()?;
            match self.rest().chars().next() {
                Some('[') => self.list(literal)?,
                Some(']') => return Err(missing_bracket(self.text, self.at, '[')),
                following => {
                    self.push_text(literal);
                    return Ok(following
                        .and_then(Operator::read)
                        .map(|op| (op, self.at + 1)));
                }
            }
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Text up to a bracket, an operator or the end, without the blanks before the latter two.
    fn literal(&mut self) -> Result<&'a str, Error> {
        let rest = self.rest();
        let is_end = |c: char| matches!(c, '[' | ']') || Operator::read(c).is_some();
        let (literal, after) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
        let name = if after.starts_with('[') {
            literal
        } else {
            literal.trim_end()
        };
        if let Some(bad) = name.find(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(Error {
                column: column(self.text, self.at + bad),
                reason: "a name can't hold blanks or control characters; put `,` between names"
                    .into(),
            });
        }
        self.at += literal.len();
        Ok(name)
    }

    fn push_text(&mut self, text: &str) {
        let axes = &mut self.axes;
        self.pattern
            .push_text(text, |number| axes.push(Ranges::one(number)));
    }

    /// Reads a bracketed list and the digits around it, which belong to its numbers.
    fn list(&mut self, before: &str) -> Result<(), Error> {
        let open = self.at;
        let rest = self.rest();
        let Some((list, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        else {
            return Err(missing_bracket(self.text, open, ']'));
        };
        let tail = digits_from(after);
        if after
            .get(tail.len()..)
            .is_some_and(|after| after.starts_with('['))
        {
            self.at = self.text.len() - after.len();
            return Err(self.error("two ranges need other text than digits between them"));
        }
        let list = List::read(list).map_err(|error| error.after(self.text, open + 1))?;
        if list.len() > MAX_NAMES {
            return Err(too_many(column(self.text, open), MAX_NAMES));
        }
        let name = before.trim_end_matches(|c: char| c.is_ascii_digit());
        let head = before.get(name.len()..).unwrap_or_default();
        self.push_text(name);
        self.pattern.push_number();
        let axis = self.surround(head, list.ranges(), tail)?;
        self.axes.push(axis);
        self.at = self.text.len() - after.len() + tail.len();
        Ok(())
    }

    /// Puts digits before and after each number.
    fn surround(&self, head: &str, ranges: Ranges, tail: &str) -> Result<Ranges, Error> {
        if head.is_empty() && tail.is_empty() {
            return Ok(ranges);
        }
        if tail.is_empty() && ranges.widens() {
            // nodeset reads n1[8-11] as n[18-111], 94 nodes; whoever wrote it meant four.
            return Err(self.error(&format!(
                "digits before `[{ranges}]` can be read in two ways; write the numbers out"
            )));
        }
        let join = |number: Number| Number::read(&format!("{head}{number}{tail}"));
        let joined: Option<Ranges> = ranges.iter().map(join).collect();
        joined.ok_or_else(|| self.error("this number has too many digits"))
    }

    fn error(&self, reason: &str) -> Error {
        Error {
            column: column(self.text, self.at),
            reason: reason.into(),
        }
    }
}

fn digits_from(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// There is nothing between the operator before a place and the one after it, or the end.
fn missing(text: &str, start: usize, next: Option<(Operator, usize)>) -> Error {
    let (after, side) = next.map_or((start, "after"), |(_, after)| (after, "before"));
    let place = after.saturating_sub(1);
    let operator = text.get(place..after).unwrap_or_default();
    Error {
        column: column(text, place),
        reason: format!("a node set is missing {side} `{operator}`"),
    }
}
