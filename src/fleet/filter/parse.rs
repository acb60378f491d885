//! Pieces to an expression, by recursive descent; at most `MAX_CHARS` deep.

use std::{collections::BTreeSet, iter::Peekable, vec::IntoIter};

use super::{
    Error, Expr, MAX_CHARS, Op,
    lex::{Token, tokens},
    value::Value,
};
use crate::{
    fleet::Status,
    inventory::Inventory,
    metrics,
    node::{in_names, set::NodeSet},
};

const STATES: [&str; 7] = [
    "up",
    "down",
    "stale",
    "connecting",
    "asking",
    "refused",
    "idle",
];
const STATUSES: [(&str, Status); 6] = [
    ("ok", Status::Ok),
    ("info", Status::Info),
    ("unknown", Status::Unknown),
    ("warn", Status::Warn),
    ("critical", Status::Critical),
    ("crit", Status::Critical),
];

pub(super) fn filter(text: &str, inventory: &Inventory) -> Result<Expr, Error> {
    let chars = text.chars().count();
    if chars > MAX_CHARS {
        let reason = format!("a filter has at most {MAX_CHARS} characters");
        return fail(MAX_CHARS + 1, reason);
    }
    let mut parser = Parser {
        tokens: tokens(text)?.into_iter().peekable(),
        end: chars + 1,
        inventory,
    };
    if parser.tokens.peek().is_none() {
        return Ok(Expr::All(Vec::new()));
    }
    let expr = parser.any()?;
    match parser.tokens.next() {
        None => Ok(expr),
        Some((column, token)) => fail(column, format!("{} is not expected here", name(&token))),
    }
}

struct Parser<'a> {
    tokens: Peekable<IntoIter<(usize, Token)>>,
    /// The column after the last one.
    end: usize,
    inventory: &'a Inventory,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Expr, Error> {
        let mut parts = vec![self.all()?];
        while self.take(&Token::Or) {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Expr::Any))
    }

    fn all(&mut self) -> Result<Expr, Error> {
        let mut parts = vec![self.unary()?];
        loop {
            match self.tokens.peek() {
                Some((_, Token::And)) => {
                    self.tokens.next();
                }
                Some((_, Token::Not | Token::Open | Token::Word(_))) => {}
                _ => return Ok(one_or(parts, Expr::All)),
            }
            parts.push(self.unary()?);
        }
    }

    fn unary(&mut self) -> Result<Expr, Error> {
        match self.tokens.next() {
            Some((_, Token::Not)) => Ok(Expr::Not(Box::new(self.unary()?))),
            Some((column, Token::Open)) => {
                let inner = self.any()?;
                if self.take(&Token::Close) {
                    return Ok(inner);
                }
                fail(column, "a closing ) is missing".to_owned())
            }
            Some((column, Token::Word(word))) => self.term(column, word),
            Some((column, token)) => fail(column, format!("{} is not expected here", name(&token))),
            None => fail(self.end, "something is missing here".to_owned()),
        }
    }

    fn term(&mut self, column: usize, word: String) -> Result<Expr, Error> {
        let Some((_, Token::Op(op))) = self.tokens.peek() else {
            return self.bare(column, &word);
        };
        let op = *op;
        self.tokens.next();
        match self.tokens.next() {
            Some((at, Token::Word(value))) => self.comparison((column, word), op, (at, value)),
            Some((at, token)) => fail(
                at,
                format!("a value is expected here, not {}", name(&token)),
            ),
            None => fail(self.end, "a value is missing here".to_owned()),
        }
    }

    fn bare(&self, column: usize, word: &str) -> Result<Expr, Error> {
        if !word.contains(['[', '@', '*', '?', ',', '!', '^']) {
            return name_part(column, word);
        }
        let set = NodeSet::parse(word, self.inventory).map_err(|e| Error {
            column: (column + e.column.saturating_sub(1)).min(self.end),
            reason: e.reason,
        })?;
        // Of a set of a million names, only those of nodes matter.
        let names = self.inventory.nodes.iter().map(|n| n.id.as_str());
        let members = names.filter(|name| set.contains(name));
        Ok(Expr::Members(members.map(str::to_owned).collect()))
    }

    fn comparison(
        &self,
        (column, key): (usize, String),
        op: Op,
        (at, value): (usize, String),
    ) -> Result<Expr, Error> {
        if let Some(status) = (key == "status").then(|| known(&STATUSES, at, &value)) {
            return Ok(Expr::Status(op, status?));
        }
        if let Some(known) = Value::named(&key) {
            let number = known.read(&value);
            let number = number.map_err(|reason| Error { column: at, reason })?;
            return Ok(Expr::Number(known, op, number));
        }
        if op.is_order() {
            return fail(column, self.unknown(&key));
        }
        match key.as_str() {
            "state" => state(op, at, value),
            "group" => self.group(op, at, value),
            "daemon" => Ok(Expr::Daemon(op, value)),
            "name" | "node" if op == Op::Equal => Ok(Expr::Members(BTreeSet::from([value]))),
            "name" | "node" => Ok(Expr::Not(Box::new(Expr::Members(BTreeSet::from([value]))))),
            _ => self.label((column, key), op, value),
        }
    }

    fn group(&self, op: Op, at: usize, value: String) -> Result<Expr, Error> {
        if self.inventory.groups.contains_key(&value) {
            return Ok(Expr::Group(op, value));
        }
        fail(at, format!("there is no group {value}"))
    }

    fn label(&self, (column, key): (usize, String), op: Op, value: String) -> Result<Expr, Error> {
        let label = key.strip_prefix("label.").unwrap_or(&key).to_owned();
        let nodes = &self.inventory.nodes;
        if nodes.iter().any(|n| n.labels.contains_key(&label)) {
            return Ok(Expr::Label(op, label, value));
        }
        fail(column, self.unknown(&key))
    }

    fn unknown(&self, key: &str) -> String {
        let words = ["state", "status", "group", "daemon", "name"];
        let labels = self.inventory.nodes.iter().flat_map(|n| n.labels.keys());
        let near = metrics::names()
            .chain(Value::names())
            .map(|name| -> &str { name })
            .chain(words)
            .chain(labels.map(String::as_str))
            .map(|known| (strsim::damerau_levenshtein(known, key), known))
            .filter(|(distance, _)| *distance <= 2)
            .min();
        match near {
            Some((_, known)) => format!("no field or label {key}; {known}?"),
            None => format!("no field or label {key}"),
        }
    }

    fn take(&mut self, wanted: &Token) -> bool {
        self.tokens.next_if(|(_, token)| token == wanted).is_some()
    }
}

/// Part of a name. What no name has was meant for something else, as in `load~4`: nothing would match it, ever.
fn name_part(column: usize, word: &str) -> Result<Expr, Error> {
    match word.chars().enumerate().find(|(_, c)| !in_names(*c)) {
        Some((place, sign)) => fail(
            column + place,
            format!("no name has {sign} in it; comparisons are = != < <= > >="),
        ),
        None => Ok(Expr::Name(word.to_ascii_lowercase())),
    }
}

fn state(op: Op, at: usize, value: String) -> Result<Expr, Error> {
    if STATES.contains(&value.as_str()) {
        return Ok(Expr::State(op, value));
    }
    fail(at, format!("no such state: {}", STATES.join(", ")))
}

fn known(table: &[(&str, Status)], at: usize, word: &str) -> Result<Status, Error> {
    let row = table.iter().find(|(name, _)| *name == word);
    row.map(|(_, status)| *status).ok_or_else(|| Error {
        column: at,
        reason: "no such status: ok, info, unknown, warn, critical".to_owned(),
    })
}

fn one_or(mut parts: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    }
}

fn fail<T>(column: usize, reason: String) -> Result<T, Error> {
    Err(Error { column, reason })
}

fn name(token: &Token) -> &str {
    match token {
        Token::Word(word) => word,
        Token::Op(Op::Equal) => "=",
        Token::Op(Op::Differs) => "!=",
        Token::Op(Op::Less) => "<",
        Token::Op(Op::AtMost) => "<=",
        Token::Op(Op::More) => ">",
        Token::Op(Op::AtLeast) => ">=",
        Token::And => "&",
        Token::Or => "|",
        Token::Not => "!",
        Token::Open => "(",
        Token::Close => ")",
    }
}
