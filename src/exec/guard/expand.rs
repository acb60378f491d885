//! Where expansions of the shell end, and what commands are in them.

/// Stands in a word for an expansion, which may be empty.
pub(super) const HOLE: char = '\0';

/// Stands in a word for an expansion that is never empty.
pub(super) const FULL: char = '\u{1}';

/// Where the bracket is that closes the text, or the text's end. Quotes and brackets inside are counted, not obeyed.
pub(super) fn closing(text: &str, bracket: char) -> usize {
    let mut stack = vec![bracket as u8];
    let mut last = b' ';
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        let Some(top) = stack.last().copied() else {
            return at;
        };
        if byte == top {
            stack.pop();
            if stack.is_empty() {
                return at;
            }
        } else if byte == b'\\' && top != b'\'' {
            bytes.next();
        } else if byte == b'#' && top == b')' && last.is_ascii_whitespace() {
            while bytes.next().is_some_and(|(_, byte)| byte != b'\n') {}
        } else if let Some(closer) = opened(byte, last, top) {
            stack.push(closer);
        }
        last = byte;
    }
    text.len()
}

/// What closes the thing that a byte opens, in what is closed by `top`.
fn opened(byte: u8, last: u8, top: u8) -> Option<u8> {
    let is_plain = !matches!(top, b'"' | b'\'' | b'`');
    match byte {
        _ if matches!(top, b'\'' | b'`') => None,
        b'(' if last == b'$' || is_plain => Some(b')'),
        b'{' if last == b'$' => Some(b'}'),
        b'`' => Some(b'`'),
        b'"' => Some(b'"'),
        b'\'' if is_plain => Some(b'\''),
        _ => None,
    }
}

/// The script in backquotes that begins here, and the bytes up to where the text goes on.
pub(super) fn backquoted(text: &str) -> (String, usize) {
    let mut script = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '`' => return (script, at + 1),
            '\\' => match chars.next() {
                Some((_, c @ ('`' | '$' | '\\'))) => script.push(c),
                Some((_, c)) => script.extend(['\\', c]),
                None => {}
            },
            _ => script.push(c),
        }
    }
    (script, text.len())
}

/// The scripts of all command substitutions in a text that is otherwise not looked at.
pub(super) fn substitutions(text: &str) -> Vec<String> {
    let mut scripts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '`', '$']) {
        let (_, found) = rest.split_at(at);
        if let Some(inside) = found.strip_prefix("$(") {
            let (script, after) = inside.split_at(closing(inside, ')'));
            scripts.push(script.to_owned());
            rest = after;
        } else if let Some(inside) = found.strip_prefix('`') {
            let (script, length) = backquoted(inside);
            scripts.push(script);
            rest = inside.get(length..).unwrap_or_default();
        } else {
            let skipped = if found.starts_with('\\') { 2 } else { 1 };
            let next = found.char_indices().nth(skipped);
            rest = next.and_then(|(at, _)| found.get(at..)).unwrap_or_default();
        }
    }
    scripts
}

/// Whether the inside of `${…}` fails or has a default where the variable is empty, or is a length.
pub(super) fn is_never_empty(inside: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let operator = inside.trim_start_matches(is_name);
    let default = operator.strip_prefix(":-");
    operator.starts_with(":?")
        || (inside.starts_with('#') && inside.len() > 1)
        || default
            .is_some_and(|text| text.starts_with(|c: char| is_name(c) || c == '/') && text != "/")
}
