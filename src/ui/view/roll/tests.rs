use std::sync::Arc;

use super::*;
use crate::{
    daemon::roll::{Batch, End, Event, GateBy, Options, Past, Share, Step, Steps, Wish},
    exec::{NodeResult, Outcome, plan},
    fleet::Millis,
    node::Node,
    ui::glyph::Glyphs,
};

const BODY: Rect = Rect::new(0, 2, 80, 21);

fn wish(nodes: usize, each: usize, options: Options) -> Arc<Wish> {
    let nodes: Vec<_> = (1..=nodes)
        .map(|n| Arc::new(Node::blank(&format!("n{n}"))))
        .collect();
    let places: Vec<usize> = (0..nodes.len()).collect();
    let batch = |(at, places): (usize, &[usize])| Batch {
        places: places.to_vec(),
        is_canary: at < options.canary,
        value: None,
    };
    Arc::new(Wish {
        resumes: None,
        past: Past::default(),
        what: "nginx".into(),
        gate: "nginx by its manager".into(),
        set: "n[1-6]".to_owned(),
        batches: places.chunks(each).enumerate().map(batch).collect(),
        nodes,
        options,
        steps: Arc::new(Steps {
            before: None,
            restart: Box::new(|_, _| "true".to_owned()),
            after: None,
            gate: GateBy::Nothing,
            on_fail: None,
        }),
        manner: plan::Options::default(),
        words: Vec::new(),
        commands: "systemctl restart nginx".to_owned(),
    })
}

fn rolled(nodes: usize, each: usize, options: Options) -> Rolled {
    let id = RunId::new(1);
    Rolled::new(id, wish(nodes, each, options), Millis(0))
}

fn tell(rolled: &mut Rolled, at: u64, events: Vec<Event>) {
    let order = rolled.wish.order(&rolled.id);
    for event in events {
        rolled.apply(&event, &order, Millis(at));
    }
}

fn ended(rolled: &Rolled, place: usize, end: End, why: &str) -> Event {
    let node = &rolled.wish.nodes[place].id;
    let outcome = match end {
        End::Done => Outcome::Ok,
        _ => Outcome::Exit(1),
    };
    let result = Arc::new(NodeResult::without_run(node, outcome, 1));
    Event::Ended(place, end, why.into(), result)
}

fn view(rolled: Rolled) -> RollView {
    let mut view = RollView::new(Arc::new(rolled));
    view.fit(BODY);
    view
}

fn now(rolled: &Rolled, at: u64) -> now::Now {
    now::Now::of(rolled, Millis(at))
}

#[test]
fn the_batch_whose_turn_it_is_is_open_and_those_where_something_failed_stay_so() {
    let mut rolled = rolled(6, 2, Options::default());
    let open = |rolled: &Rolled| {
        let rows = view(rolled.clone()).rows;
        [0, 1, 2].map(|batch| rows.is_open(rolled, batch))
    };
    assert_eq!(open(&rolled), [true, false, false]);
    let first = ended(&rolled, 0, End::Done, "");
    let second = ended(&rolled, 1, End::Failed, "restart: exit 1");
    tell(
        &mut rolled,
        5,
        vec![Event::Batch(0), Event::Began(0), first, second],
    );
    tell(&mut rolled, 6, vec![Event::Batch(1)]);
    assert_eq!(open(&rolled), [true, true, false]);
    let (third, fourth) = (
        ended(&rolled, 2, End::Done, ""),
        ended(&rolled, 3, End::Done, ""),
    );
    tell(&mut rolled, 9, vec![third, fourth, Event::Batch(2)]);
    assert_eq!(open(&rolled), [true, false, true]);
    rolled.finish(Reason::Aborted, Millis(10));
    assert_eq!(open(&rolled), [true, false, false]);
}

#[test]
fn the_cursor_goes_with_the_roll_until_somebody_moves_it() {
    let mut rolled = rolled(6, 2, Options::default());
    let mut view = view(rolled.clone());
    assert_eq!(view.rows.cursor(), Some(Item::Batch(0)));
    tell(&mut rolled, 5, vec![Event::Batch(1)]);
    view.refresh(Arc::new(rolled.clone()), BODY);
    assert_eq!(view.rows.cursor(), Some(Item::Batch(1)));
    view.act(Action::Down, BODY);
    assert_eq!(view.rows.cursor(), Some(Item::Node(2)));
    tell(&mut rolled, 6, vec![Event::Batch(2)]);
    view.refresh(Arc::new(rolled), BODY);
    // Its batch was closed: what stands there now.
    assert_eq!(view.rows.cursor(), Some(Item::Batch(2)));
    assert_eq!(view.act(Action::Open, BODY), Reply::Stays);
    assert_eq!(view.rows.len(), 3, "closed by hand");
    view.act(Action::Open, BODY);
    assert_eq!(view.rows.len(), 5);
}

#[test]
fn the_line_says_what_is_waited_for_and_which_key_goes_on() {
    let options = Options {
        canary: 1,
        settle: 8_000,
        min_up: Some(Share::Nodes(5)),
        ..Options::default()
    };
    let mut rolled = rolled(6, 1, options);
    let step = Event::Stepping(0, Step::Restart);
    tell(
        &mut rolled,
        1_000,
        vec![Event::Batch(0), Event::Began(0), step],
    );
    let line = now(&rolled, 4_000);
    assert_eq!((line.word, line.text.as_str()), ("going", "n1 restart 3s"));
    let red = Event::Gate(0, crate::daemon::roll::Gate::Red, "gate: exit 3".into());
    tell(&mut rolled, 5_000, vec![red]);
    assert_eq!(now(&rolled, 7_000).text, "n1 gate red 2s: gate: exit 3");
    let done = ended(&rolled, 0, End::Done, "");
    tell(
        &mut rolled,
        8_000,
        vec![done, Event::Standing(Standing::Promotion)],
    );
    let line = now(&rolled, 9_000);
    assert_eq!(line.word, "WAITS FOR YOU");
    assert_eq!(line.keys.first(), Some(&(Action::Promote, "goes on")));
    assert!(
        line.text.starts_with("canary n1 is rolled: "),
        "{}",
        line.text
    );
    let down = Event::Looked(vec![(3, "no route".into())]);
    tell(
        &mut rolled,
        9_500,
        vec![Event::Standing(Standing::Going), down],
    );
    let line = now(&rolled, 9_900);
    assert!(
        line.text.starts_with("waits: 1 down, and at most 1 may be"),
        "{}",
        line.text
    );
    tell(&mut rolled, 9_900, vec![Event::Standing(Standing::Paused)]);
    let line = now(&rolled, 10_000);
    assert_eq!(line.text, "no node begins, and none is in flight");
    assert_eq!(line.keys.first(), Some(&(Action::Resume, "goes on")));
    rolled.finish(Reason::Aborted, Millis(11_000));
    let line = now(&rolled, 20_000);
    assert_eq!(line.keys, [(Action::Resume, "rolls the rest")]);
    assert_eq!(rolled.elapsed_ms(Millis(20_000)), 11_000);
}

#[test]
fn keys_say_why_they_do_nothing() {
    let mut rolled = rolled(2, 1, Options::default());
    let mut open = view(rolled.clone());
    assert_eq!(open.act(Action::Pause, BODY), Reply::Steer(Note::Pause));
    assert_eq!(
        open.act(Action::Resume, BODY),
        Reply::Say("it is not paused")
    );
    assert_eq!(open.act(Action::Abort, BODY), Reply::AskToAbort);
    assert!(matches!(open.act(Action::Promote, BODY), Reply::Say(_)));
    let mut cut = rolled.clone();
    tell(&mut cut, 3, vec![Event::Batch(0)]);
    cut.finish(Reason::Aborted, Millis(5));
    assert_eq!(view(cut).act(Action::Resume, BODY), Reply::GoOn);
    rolled.finish(Reason::Done, Millis(5));
    let mut over = view(rolled);
    for action in [
        Action::Pause,
        Action::Resume,
        Action::Promote,
        Action::Abort,
    ] {
        assert_eq!(over.act(action, BODY), Reply::Say("this roll is over"));
    }
    assert_eq!(over.act(Action::Back, BODY), Reply::Close);
}

#[test]
fn keys_that_come_to_nothing_are_idle() {
    use Action::{Abort, Pause, Promote, Resume};
    let mut rolled = rolled(2, 1, Options::default());
    assert_eq!(view(rolled.clone()).idle(), [Resume, Promote]);
    tell(&mut rolled, 1, vec![Event::Standing(Standing::Paused)]);
    assert_eq!(view(rolled.clone()).idle(), [Pause, Promote]);
    tell(&mut rolled, 2, vec![Event::Standing(Standing::Promotion)]);
    assert_eq!(view(rolled.clone()).idle(), [Resume]);
    let stopping = Standing::Stopping(Reason::Aborted);
    tell(&mut rolled, 3, vec![Event::Standing(stopping)]);
    assert_eq!(view(rolled.clone()).idle(), [Pause, Resume, Promote, Abort]);
    tell(&mut rolled, 4, vec![Event::Batch(0)]);
    rolled.finish(Reason::Aborted, Millis(5));
    assert_eq!(view(rolled.clone()).idle(), [Pause, Promote, Abort]);
    let done = [0, 1].map(|at| ended(&rolled, at, End::Done, ""));
    tell(&mut rolled, 6, done.to_vec());
    assert_eq!(view(rolled).idle(), [Pause, Resume, Promote, Abort]);
}

#[test]
fn a_strip_without_room_shows_the_worst_of_each_few() {
    let mut rolled = rolled(6, 6, Options::default());
    let events = vec![
        ended(&rolled, 0, End::Done, ""),
        ended(&rolled, 1, End::Failed, "x"),
        ended(&rolled, 2, End::Done, ""),
    ];
    tell(&mut rolled, 5, events);
    let signs = |room| -> String {
        let strip = batch::strip(&rolled, 0, room, Glyphs { ascii: false });
        strip.iter().map(|(sign, _)| *sign).collect()
    };
    assert_eq!(signs(6), "●✖●◌◌◌");
    assert_eq!(signs(3), "✖◌◌");
    assert_eq!(signs(0), "✖");
}

#[test]
fn what_happened_names_no_key_and_no_command() {
    let mut rolled = rolled(2, 1, Options::default());
    let why = "exit 1: try a; then `sshoal roll b`, it goes on and on";
    let events = vec![
        Event::Ordered(Note::Pause, true),
        Event::Ordered(Note::Interrupt, false),
        Event::Standing(Standing::Promotion),
        ended(&rolled, 0, End::Failed, why),
    ];
    tell(&mut rolled, 1, events);
    let happened = rolled.happened.iter();
    let texts: Vec<&str> = happened.map(|said| said.text.as_str()).collect();
    let failed = format!("n1: FAILED: {why}");
    assert_eq!(
        texts,
        [
            "paused: no node begins (from another process)",
            "interrupted: what is in flight goes on to its end",
            "the canaries have ended",
            &failed,
        ]
    );
}
