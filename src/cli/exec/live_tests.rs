//! What a terminal and a pipe are given.

use super::*;
use crate::{
    exec::plan::{Job, Options},
    node::Node,
};

const SCREEN: Target = Target {
    is_terminal: true,
    colour: false,
    is_dumb: false,
};

const DUMB: Target = Target {
    is_dumb: true,
    ..SCREEN
};

const PIPE: Target = Target {
    is_terminal: false,
    ..SCREEN
};

fn live(names: &[&str], target: Target) -> Live {
    let job = |name: &&str| Job {
        node: Node::blank(name).into(),
        command: String::new(),
    };
    let plan = Plan {
        jobs: names.iter().map(job).collect(),
        options: Options::default(),
    };
    let look = Look {
        out: target,
        err: target,
        has_names: true,
    };
    Live::new(&plan, look)
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(bytes.as_ref()).into_owned()
}

fn out(live: &mut Live, place: usize, bytes: &'static [u8]) -> String {
    text(live.output(
        (place, Stream::Stdout),
        &Bytes::from_static(bytes),
        Millis(0),
    ))
}

fn overdue(live: &mut Live, now: u64) -> String {
    let shown = live.overdue(Millis(now));
    shown.into_iter().map(|(_, bytes)| text(bytes)).collect()
}

fn end(live: &mut Live, place: usize) -> String {
    let shown = live.end(place);
    shown.into_iter().map(|(_, bytes)| text(bytes)).collect()
}

#[test]
fn names_are_of_one_width_on_a_terminal_alone() {
    let mut screen = live(&["n1", "n10"], SCREEN);
    assert_eq!(out(&mut screen, 0, b"a\n"), "n1:  a\n");
    assert_eq!(out(&mut screen, 1, b"x\n"), "n10: x\n");
    let mut pipe = live(&["n1", "n10"], PIPE);
    assert_eq!(out(&mut pipe, 0, b"a\n"), "n1: a\n");
    assert_eq!(out(&mut pipe, 1, b"x\n"), "n10: x\n");
}

#[test]
fn lines_are_whole() {
    let mut live = live(&["n1", "n10"], PIPE);
    assert_eq!(out(&mut live, 0, b"a\nb\xe6"), "n1: a\n");
    assert_eq!(out(&mut live, 1, b"x\n"), "n10: x\n");
    assert_eq!(out(&mut live, 0, b"\x97\xa5\n"), "n1: b日\n");
    assert_eq!(out(&mut live, 0, b"no end"), "");
    assert_eq!(overdue(&mut live, 1000), "", "a pipe can wait");
    assert_eq!(end(&mut live, 0), "n1: no end\n");
    assert_eq!(end(&mut live, 1), "");
}

#[test]
fn a_line_without_an_end_is_shown_when_it_is_due() {
    let mut live = live(&["n1", "n2"], SCREEN);
    assert_eq!(out(&mut live, 0, b"name? "), "");
    assert_eq!(overdue(&mut live, 199), "");
    assert_eq!(overdue(&mut live, 200), "n1: name? ");
    assert!(live.is_open());
    assert_eq!(overdue(&mut live, 900), "");
    assert_eq!(
        out(&mut live, 1, b"x\n"),
        "\nn2: x\n",
        "others begin a line of theirs"
    );
    assert_eq!(out(&mut live, 0, b"Ada\n"), "n1: Ada\n");
    assert_eq!(out(&mut live, 1, b"more"), "");
    assert_eq!(overdue(&mut live, 1200), "n2: more");
    assert_eq!(
        out(&mut live, 1, b" of it\n"),
        " of it\n",
        "nothing came between"
    );
    assert_eq!(out(&mut live, 1, b"end"), "");
    assert_eq!(overdue(&mut live, 2000), "n2: end");
    assert!(live.interrupt() && !live.is_open());
    assert_eq!(end(&mut live, 1), "");
}

#[test]
fn a_progress_bar_is_drawn_in_its_place() {
    let mut live = live(&["n1", "n2"], SCREEN);
    assert_eq!(out(&mut live, 0, b"10%\r20%"), "");
    assert_eq!(overdue(&mut live, 200), "n1: 20%");
    assert_eq!(out(&mut live, 0, b"\r30%"), "");
    assert_eq!(overdue(&mut live, 400), "\r\x1b[Kn1: 30%");
    assert_eq!(out(&mut live, 0, b"\r\n"), "\n");
}

#[test]
fn where_nothing_can_be_taken_back_a_progress_bar_goes_on_below() {
    let mut live = live(&["n1", "n2"], DUMB);
    assert_eq!(out(&mut live, 0, b"10%\r20%"), "");
    assert_eq!(overdue(&mut live, 200), "n1: 20%");
    assert_eq!(out(&mut live, 0, b"\r30%"), "");
    assert_eq!(overdue(&mut live, 400), "\nn1: 30%");
}

#[test]
fn nothing_is_cut_on_a_terminal() {
    let mut live = live(&["n1", "n2"], SCREEN);
    let tabs = [b"\t".repeat(60_000), b"end\n".to_vec()].concat();
    let shown = live.output((0, Stream::Stdout), &tabs.into(), Millis(0));
    let shown = text(shown);
    assert!(shown.ends_with("end\n") && !shown.contains('…'));
    let long = [b"x".repeat(200_000), b"\n".to_vec()].concat();
    let shown = text(live.output((0, Stream::Stdout), &long.into(), Millis(0)));
    assert_eq!(shown.len(), "n1: \n".len() + 200_000, "one line");
}

#[test]
fn one_node_in_a_pipe_is_left_as_it_is() {
    let mut alone = live(&["n1"], PIPE);
    assert_eq!(out(&mut alone, 0, b"a\x1b[2J"), "a\x1b[2J");
    assert_eq!(end(&mut alone, 0), "");
    let mut alone = live(&["n1"], SCREEN);
    assert_eq!(out(&mut alone, 0, b"a\x1b[2Jb\n"), "n1: ab\n");
}

#[test]
fn a_long_line_in_a_pipe_is_one_line() {
    let mut live = live(&["n1", "n2"], PIPE);
    let long = [b"x".repeat(200_000), b"\n".to_vec()].concat();
    let shown = text(live.output((0, Stream::Stdout), &long.into(), Millis(0)));
    assert_eq!(shown.lines().count(), 1);
}
