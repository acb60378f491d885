//! Runs `sshoal status`: waits for the nodes, prints them, says how it went.

use std::{cmp::Reverse, fmt::Write as _, sync::Arc, time::Duration};

use color_eyre::eyre::{Result, WrapErr};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    time::{sleep, timeout},
};

use super::{Console, Context, ask, exit, fleet};
use crate::{
    command::{
        select,
        status::{Row, Status, is_settled, is_well, lines, row, to_json},
    },
    fleet::{Fleet, Snapshot, Status as Word},
    inventory::Inventory,
    ui::{format::width, glyph::Glyphs},
};

pub(super) async fn run(context: &mut Context, status: &Status) -> Result<u8> {
    let inventory = context.inventory()?.with_nodes()?;
    let nodes = select(&context.sets(&status.sets)?, &inventory)?;
    context.warn(&inventory)?;
    let narrowed = Inventory { nodes, ..inventory };
    // From here on Ctrl-C leaves what is known.
    let interrupt = signal(SignalKind::interrupt()).wrap_err("cannot wait for Ctrl-C")?;
    let (asker, person) = ask::person(context);
    let fleet = fleet::start(context.ssh(), asker, Arc::new(narrowed)).await;
    let asking = person.asking();
    let code = person.beside(report(context, status, &fleet, (asking, interrupt)));
    let code = code.await;
    fleet.stop().await;
    code
}

/// Waits for the nodes and prints them, again and again with `--watch`: then not for the last one, as it comes in time.
async fn report(
    context: &mut Context,
    status: &Status,
    fleet: &Fleet,
    (asking, mut interrupt): (watch::Receiver<bool>, Signal),
) -> Result<u8> {
    let patience = status
        .watch
        .map_or(status.timeout, |w| w.min(status.timeout));
    let wait = fleet::wait(fleet, patience, asking, is_settled);
    let snapshot = tokio::select! {
        biased;
        _ = interrupt.recv() => None,
        snapshot = wait => Some(snapshot),
    };
    let Some(snapshot) = snapshot else {
        show(context, status, &now(fleet).await)?;
        return Ok(exit::INTERRUPTED);
    };
    let (code, is_read) = show(context, status, &snapshot)?;
    match status.watch.filter(|_| is_read) {
        None => Ok(code),
        Some(interval) => watch(context, status, fleet, (interval, interrupt)).await,
    }
}

/// For the first snapshot, which comes within a tenth of a second.
const FIRST: Duration = Duration::from_secs(1);

/// What is known at this moment; each node is in it.
async fn now(fleet: &Fleet) -> Snapshot {
    let mut snapshots = fleet.snapshots();
    // Where none comes, none is what is known.
    let _ = timeout(FIRST, snapshots.wait_for(|s| s.seq > 0)).await;
    let mut snapshot = Snapshot::clone(&fleet.snapshots().borrow());
    snapshot.at = fleet.clock().now();
    snapshot
}

/// Prints until Ctrl-C, or until nobody reads it any more.
async fn watch(
    context: &mut Context,
    status: &Status,
    fleet: &Fleet,
    (interval, mut interrupt): (Duration, Signal),
) -> Result<u8> {
    loop {
        tokio::select! {
            biased;
            _ = interrupt.recv() => return Ok(exit::INTERRUPTED),
            () = sleep(interval) => {}
        }
        let (code, is_read) = show(context, status, &now(fleet).await)?;
        if !is_read {
            return Ok(code);
        }
    }
}

/// Prints all nodes once; the exit code that they come to, and whether anybody reads it.
fn show(context: &mut Context, status: &Status, snapshot: &Snapshot) -> Result<(u8, bool)> {
    let is_watched = status.watch.is_some();
    let text = match context.console.size() {
        _ if status.json => json(snapshot, is_watched)?,
        Some(size) if is_watched && !context.console.is_dumb() => {
            screen(snapshot, &context.console, size)
        }
        size => {
            let columns = size.map_or(usize::MAX, |(columns, _)| columns);
            table(snapshot, &context.console, columns)
        }
    };
    let is_read = context.print_on(&text)?;
    let well = snapshot.nodes.iter().all(|n| is_well(n, snapshot.at));
    Ok((if well { exit::OK } else { exit::TROUBLE }, is_read))
}

/// A screenful over the one before, in one piece: nothing flickers, and nothing is scrolled away. Where not all nodes have
/// room, the worst come first.
fn screen(snapshot: &Snapshot, console: &Console, (columns, rows): (usize, usize)) -> String {
    let mut text = table(snapshot, console, columns);
    if text.lines().count() >= rows {
        let mut nodes = snapshot.nodes.clone();
        nodes.sort_by_key(|node| Reverse(node.status(snapshot.at)));
        let worst = Snapshot {
            nodes,
            ..snapshot.clone()
        };
        text = table(&worst, console, columns);
    }
    let all = text.lines().count();
    let shown = if all < rows {
        all
    } else {
        rows.saturating_sub(2)
    };
    let mut out = "\x1b[H".to_owned();
    for line in text.lines().take(shown) {
        let _ = writeln!(out, "{line}\x1b[K");
    }
    if shown < all {
        let more = format!("     {} lines more; the worst are above", all - shown);
        let more: String = more.chars().take(columns).collect();
        let _ = writeln!(out, "{more}\x1b[K");
    }
    out + "\x1b[J"
}

/// One array; on one line when more will follow.
fn json(snapshot: &Snapshot, one_line: bool) -> Result<String> {
    let all: Vec<_> = snapshot
        .nodes
        .iter()
        .map(|n| to_json(n, snapshot.at))
        .collect();
    let text = if one_line {
        serde_json::to_string(&all)?
    } else {
        serde_json::to_string_pretty(&all)?
    };
    Ok(text + "\n")
}

fn table(snapshot: &Snapshot, console: &Console, width: usize) -> String {
    let glyphs = Glyphs {
        ascii: console.ascii,
    };
    let rows: Vec<Row> = snapshot
        .nodes
        .iter()
        .map(|n| row(n, snapshot.at, |daemon| glyphs.daemon(daemon)))
        .collect();
    let lines = lines(
        &rows,
        |status| glyphs.status(status),
        (width, glyphs.ellipsis()),
    );
    finish(lines.into_iter(), &rows, (glyphs, width), console)
}

/// Colours the sign at the start of each row, and puts under it why a node is not well, and what to try.
fn finish(
    lines: impl Iterator<Item = String>,
    rows: &[Row],
    (glyphs, width): (Glyphs, usize),
    console: &Console,
) -> String {
    let mut text = String::new();
    let room = width.saturating_sub(INDENT).max(INDENT);
    let bare = |line: String| line.trim_end().to_owned();
    let mut lines = lines.map(bare);
    let header = lines.next().unwrap_or_default();
    let _ = writeln!(text, "{}", dye(&header, "1", console));
    for (line, row) in lines.zip(rows) {
        let sign = glyphs.status(row.status);
        let sign_at = line.find(sign).map_or(0, |at| at + sign.len());
        let (front, figures) = line.split_at(sign_at);
        let front = front.replacen(sign, &dye(sign, colour(row.status), console), 1);
        let figures = if row.is_old {
            dye(figures, OLD, console)
        } else {
            figures.to_owned()
        };
        let _ = writeln!(text, "{front}{figures}");
        for (below, code) in [(&row.reason, colour(row.status)), (&row.advice, "2")] {
            for line in wrap(below, room) {
                let _ = writeln!(text, "{:INDENT$}{}", "", dye(&line, code, console));
            }
        }
    }
    text
}

/// Dimmed, as in the dashboard.
const OLD: &str = "2";

/// Cells before what stands under a row.
const INDENT: usize = 5;

/// A text in lines of whole words: a terminal would cut words, and begin at its edge. Only a word that no line has room for
/// is cut.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.extend(pieces(word, room)),
        }
    }
    lines
}

fn pieces(word: &str, room: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for sign in word.chars() {
        let sign = sign.to_string();
        match pieces.last_mut() {
            Some(piece) if width(piece) + width(&sign) <= room => piece.push_str(&sign),
            _ => pieces.push(sign),
        }
    }
    pieces
}

fn dye(text: &str, code: &str, console: &Console) -> String {
    if console.colour {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

fn colour(status: Word) -> &'static str {
    match status {
        Word::Ok => "32",
        Word::Info => "36",
        Word::Unknown => "2",
        Word::Warn => "33",
        Word::Critical => "31",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::Paint,
        fleet::{Millis, NodeState},
        node::Node,
        ssh::{Error, Evidence, Step},
    };

    #[test]
    fn a_screenful_stays_on_its_screen_with_the_worst_on_top() {
        let mut nodes: Vec<NodeState> = (1..=30)
            .map(|n| NodeState::new(Arc::new(Node::blank(&format!("n{n}")))))
            .collect();
        nodes[29].link = crate::fleet::Link::Refused(Arc::new(Error {
            step: Step::HostKey,
            transport: crate::node::Transport::Direct,
            reason: "the host key changed".into(),
            advice: "".into(),
            permanent: true,
            busy: false,
            evidence: Evidence::default(),
        }));
        let snapshot = Snapshot {
            nodes: nodes.into_iter().map(Arc::new).collect(),
            at: Millis(0),
            ..Snapshot::default()
        };
        let console = Console {
            is_terminal: false,
            colour: false,
            ..Console::of_process(Paint::Never, true, false)
        };
        let shown = screen(&snapshot, &console, (80, 12));
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 12, "{shown}");
        assert!(lines[0].starts_with("\x1b[H"), "{shown}");
        assert!(
            lines[1].starts_with(" X") && lines[1].contains("n30"),
            "{shown}"
        );
        assert!(lines[10].contains("lines more"), "{shown}");
        let narrow = screen(&snapshot, &console, (40, 100));
        for line in narrow.lines() {
            let line = line
                .replace("\x1b[H", "")
                .replace("\x1b[K", "")
                .replace("\x1b[J", "");
            assert!(line.chars().count() <= 40, "{line}");
        }
        let whole = screen(&snapshot, &console, (80, 100));
        assert!(whole.find("n1 ") < whole.find("n30"), "{whole}");
        assert!(!whole.contains("lines more") && whole.ends_with("\x1b[J"));
    }
}
