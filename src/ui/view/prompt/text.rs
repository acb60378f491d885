//! The lines of each kind of question.

use super::{Ask, LABEL};
use crate::{
    node::text::SafeText,
    ssh::{Field, Question},
    ui::{format, glyph::Glyphs, theme::Role},
};

/// A line of the question: label, text, its colour.
pub(super) type Line = (String, String, Role);

/// Lines of a server's explanation that are shown.
const MAX_LINES: usize = 6;

/// Of the question's box.
pub(super) fn title(question: &Question) -> &'static str {
    match question {
        Question::HostKey { .. } => "Unknown host key",
        Question::Passphrase { .. } => "Passphrase",
        Question::Password { .. } => "Password",
        Question::Sudo { .. } => "Password for sudo",
        Question::Codes { .. } => "The server asks",
    }
}

/// All lines, cut to the width; how many cells the labels take is in [`LABEL`].
pub(super) fn lines(ask: &Ask<'_>, glyphs: Glyphs, width: u16) -> Vec<Line> {
    let room = usize::from(width.saturating_sub(LABEL + 4)).max(1);
    let node = ask.prompt.node.to_string();
    match &ask.prompt.question {
        Question::HostKey {
            host,
            algorithm,
            fingerprint,
        } => host_key(
            ask,
            [host, algorithm, fingerprint].map(ToString::to_string),
            room,
        ),
        Question::Passphrase {
            user,
            file,
            attempt,
        } => {
            let mut lines = cut("node", &node, Role::Strong, room);
            lines.extend(cut("login", user.as_str(), Role::Text, room));
            lines.extend(cut("key file", file.as_str(), Role::Strong, room));
            lines.extend(wrong(*attempt));
            lines.push(entry(ask, glyphs, (0, "passphrase"), false, room));
            lines
        }
        Question::Password {
            user,
            host,
            attempt,
        } => {
            let mut lines = cut("node", &node, Role::Strong, room);
            lines.extend(login(user, host, room));
            lines.extend(cut("method", "password", Role::Text, room));
            lines.extend(wrong(*attempt));
            lines.push(entry(ask, glyphs, (0, "password"), false, room));
            lines.extend(for_all(ask, glyphs, room));
            lines
        }
        Question::Sudo { prompt, nodes } => sudo(ask, glyphs, (prompt, *nodes), room),
        Question::Codes {
            user,
            host,
            name,
            instruction,
            fields,
        } => {
            let mut lines = cut("node", &node, Role::Strong, room);
            lines.extend(login(user, host, room));
            lines.extend(cut("method", "keyboard-interactive", Role::Text, room));
            let said = [name, instruction].map(ToString::to_string);
            let said = said.iter().filter(|text| !text.is_empty());
            let said = said.flat_map(|text| cut("it says", text, Role::Text, room));
            lines.extend(said.take(MAX_LINES));
            lines.extend(codes(ask, glyphs, fields, room));
            lines
        }
    }
}

fn login(user: &SafeText, host: &SafeText, room: usize) -> Vec<Line> {
    cut("login", &format!("{user} at {host}"), Role::Strong, room)
}

fn sudo(
    ask: &Ask<'_>,
    glyphs: Glyphs,
    (prompt, nodes): (&SafeText, usize),
    room: usize,
) -> Vec<Line> {
    let first = &ask.prompt.node;
    let all = match nodes {
        1 => first.to_string(),
        _ => format!("{first} and {} more, the same for all", nodes - 1),
    };
    let mut lines = cut("nodes", &all, Role::Strong, room);
    lines.extend(cut("asks", prompt.as_str().trim_end(), Role::Strong, room));
    lines.push(entry(ask, glyphs, (0, "password"), false, room));
    lines
}

fn host_key(ask: &Ask<'_>, [host, algorithm, fingerprint]: [String; 3], room: usize) -> Vec<Line> {
    let node = &ask.prompt.node;
    let nodes = match ask.alike.saturating_sub(1) {
        0 => node.to_string(),
        others => format!("{node} and {others} more at this host"),
    };
    let mut kinds = ["ed25519", "ecdsa", "rsa"].into_iter();
    let kind = kinds.find(|kind| algorithm.contains(kind));
    let file = kind.map_or("...".to_owned(), |kind| {
        format!("/etc/ssh/ssh_host_{kind}_key.pub")
    });
    let rows = [
        ("node", nodes, Role::Strong),
        ("host", host, Role::Text),
        ("algorithm", algorithm, Role::Text),
        ("fingerprint", fingerprint, Role::Strong),
        // Of what is said there. It takes one file only.
        ("compare", format!("ssh-keygen -lf {file}"), Role::Muted),
    ];
    rows.into_iter()
        .flat_map(|(label, text, role)| cut(label, &text, role, room))
        .collect()
}

fn codes(ask: &Ask<'_>, glyphs: Glyphs, fields: &[Field], room: usize) -> Vec<Line> {
    let fields = fields.iter().enumerate();
    fields
        .flat_map(|(at, field)| {
            let mut lines = cut("asks", field.label.as_str(), Role::Strong, room);
            lines.push(entry(ask, glyphs, (at, "answer"), field.echo, room));
            lines
        })
        .collect()
}

/// The line that is typed into; its end, where it is longer than the room.
fn entry(
    ask: &Ask<'_>,
    glyphs: Glyphs,
    (at, label): (usize, &str),
    echo: bool,
    room: usize,
) -> Line {
    let is_here = ask.form.at() == at;
    let typed = ask.form.line(at).chars();
    let shown: Vec<char> = if echo {
        typed.collect()
    } else {
        typed.flat_map(|_| glyphs.hidden().chars()).collect()
    };
    let spare = room.saturating_sub(usize::from(is_here));
    let start = shown.len().saturating_sub(spare);
    let mut text: String = shown.into_iter().skip(start).collect();
    if is_here {
        text.push('_');
    }
    (label.to_owned(), text, Role::Key)
}

fn wrong(attempt: u8) -> Option<Line> {
    let text = format!("that was wrong; try {attempt}");
    (attempt > 1).then(|| (String::new(), text, Role::Warn))
}

fn for_all(ask: &Ask<'_>, glyphs: Glyphs, room: usize) -> Vec<Line> {
    if ask.alike < 2 {
        return Vec::new();
    }
    let mark = if ask.form.is_for_all() {
        glyphs.check()
    } else {
        " "
    };
    let text = format!(
        "[{mark}] also for the {} others that ask now",
        ask.alike - 1
    );
    cut("tab", &text, Role::Text, room)
}

/// All of a text, cut into lines: a fingerprint must be seen whole.
fn cut(label: &str, text: &str, role: Role, room: usize) -> Vec<Line> {
    let chunks = format::chunks(text, room).into_iter();
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    labels
        .zip(chunks)
        .map(|(label, text)| (label.to_owned(), text, role))
        .collect()
}
