use bytes::Bytes;
use proptest::prelude::*;

use super::*;

const HOLD: u64 = 300;

fn line(stream: u32, at_us: Option<i64>, number: usize) -> Line {
    Line {
        stream: StreamId(stream),
        at_us,
        is_stamped: at_us.is_some(),
        level: None,
        is_late: false,
        is_gap: false,
        text: Bytes::from(number.to_string()),
    }
}

fn merge(streams: u32) -> Merge {
    let mut merge = Merge::new(Duration::from_millis(HOLD));
    (0..streams).for_each(|stream| merge.open(StreamId(stream)));
    merge
}

fn push(merge: &mut Merge, stream: u32, times: &[i64], now_ms: u64) {
    let lines = times.iter().map(|at| line(stream, Some(*at), 0));
    merge.push(StreamId(stream), lines.collect(), now_ms);
}

/// Stream, time and mark of what goes out.
fn pop(merge: &mut Merge, now_ms: u64) -> Vec<(u32, i64, bool)> {
    let mut out = Vec::new();
    merge.pop(now_ms, &mut out, usize::MAX);
    let seen = |line: &Line| (line.stream.0, line.at_us.unwrap_or(-1), line.is_late);
    out.iter().map(seen).collect()
}

#[test]
fn goes_out_when_every_stream_has_spoken() {
    let mut merge = merge(2);
    push(&mut merge, 0, &[10, 30], 0);
    assert_eq!(pop(&mut merge, 0), []);
    assert_eq!((merge.waiting(), merge.next_at()), (2, Some(HOLD)));
    push(&mut merge, 1, &[20], 1);
    assert_eq!(pop(&mut merge, 1), [(0, 10, false), (1, 20, false)]);
    assert_eq!(merge.waiting(), 1, "stream 1 may yet say 25");
}

#[test]
fn a_silent_stream_delays_no_longer_than_the_hold() {
    let mut merge = merge(2);
    push(&mut merge, 0, &[10], 1000);
    assert_eq!(pop(&mut merge, 1000 + HOLD - 1), []);
    assert_eq!(merge.next_at(), Some(1000 + HOLD));
    assert_eq!(pop(&mut merge, 1000 + HOLD), [(0, 10, false)]);
    assert_eq!(merge.next_at(), None);
    push(&mut merge, 1, &[5], 1400);
    assert_eq!(
        pop(&mut merge, 1400 + HOLD),
        [(1, 5, true)],
        "and is late then"
    );
}

#[test]
fn an_earlier_line_goes_with_one_that_is_due() {
    let mut merge = merge(3);
    push(&mut merge, 0, &[10, 20], 0);
    push(&mut merge, 1, &[5, 15, 25], HOLD);
    let gone = pop(&mut merge, HOLD);
    assert_eq!(
        gone,
        [
            (1, 5, false),
            (0, 10, false),
            (1, 15, false),
            (0, 20, false)
        ]
    );
}

#[test]
fn a_closed_stream_is_not_waited_for() {
    let mut merge = merge(2);
    push(&mut merge, 0, &[10], 0);
    merge.close(StreamId(1));
    merge.close(StreamId(1));
    assert_eq!(pop(&mut merge, 0), [(0, 10, false)]);
    merge.open(StreamId(1));
    push(&mut merge, 0, &[20], 0);
    merge.close(StreamId(0));
    assert_eq!(pop(&mut merge, 0), [], "the other one is open again");
    assert_eq!(pop(&mut merge, HOLD), [(0, 20, false)]);
}

#[test]
fn a_clock_that_goes_back_keeps_the_order_and_marks_nothing() {
    let mut merge = merge(1);
    push(&mut merge, 0, &[100, 50, 60, 101], 0);
    let gone = pop(&mut merge, 0);
    assert!(gone.iter().all(|(_, _, is_late)| !is_late));
    assert_eq!(
        gone.iter().map(|(_, at, _)| *at).collect::<Vec<_>>(),
        [100, 50, 60, 101]
    );
}

#[test]
fn lines_without_any_time_go_at_once_and_are_never_late() {
    let mut merge = merge(2);
    push(&mut merge, 0, &[10], 0);
    merge.push(StreamId(1), vec![line(1, None, 0)], 0);
    assert_eq!(pop(&mut merge, 0), [(1, -1, false)]);
    merge.push(StreamId(1), vec![line(1, None, 0)], 0);
    push(&mut merge, 1, &[12], 0);
    assert_eq!(pop(&mut merge, 0), [(1, -1, false), (0, 10, false)]);
}

#[test]
fn most_is_a_bound_and_the_rest_goes_next() {
    let mut merge = merge(1);
    push(&mut merge, 0, &[1, 2, 3], 0);
    let mut out = Vec::new();
    merge.pop(0, &mut out, 2);
    assert_eq!((out.len(), merge.next_at()), (2, Some(0)));
    merge.pop(0, &mut out, 2);
    assert_eq!((out.len(), merge.waiting_bytes()), (3, 0));
}

#[test]
fn a_stream_nobody_opened_loses_nothing() {
    let mut merge = merge(0);
    push(&mut merge, 9, &[1], 0);
    assert_eq!(pop(&mut merge, 0), [(9, 1, false)]);
}

#[derive(Clone, Debug)]
enum Step {
    Open(u32),
    Close(u32),
    Push(u32, Vec<Option<i64>>),
    Pop(usize),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let stream = || 0u32..5;
    let at = prop::option::weighted(0.9, 0i64..40);
    let step = prop_oneof![
        1 => stream().prop_map(Step::Open),
        1 => stream().prop_map(Step::Close),
        5 => (stream(), prop::collection::vec(at, 0..6)).prop_map(|(stream, times)| Step::Push(stream, times)),
        3 => (0usize..9).prop_map(Step::Pop),
        2 => (0u64..400).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..60)
}

/// The same by the letter of the rule, at any cost: every line with its place and its arrival.
#[derive(Default)]
struct Model {
    open: std::collections::BTreeSet<u32>,
    pending: BTreeMap<u32, VecDeque<(Line, u64)>>,
    reached: BTreeMap<u32, i64>,
    newest: Option<i64>,
    gone: Vec<Line>,
}

impl Model {
    fn pop(&mut self, now_ms: u64, most: usize) {
        for _ in 0..most {
            let is_full = self.open.iter().all(|stream| {
                self.pending
                    .get(stream)
                    .is_some_and(|lines| !lines.is_empty())
            });
            let mut all = self.pending.values().flatten();
            if !is_full && !all.any(|(_, came)| came + HOLD <= now_ms) {
                return;
            }
            let newest = self.newest.unwrap_or(i64::MIN);
            let place = |(stream, lines): (&u32, &VecDeque<(Line, u64)>)| {
                let (first, _) = lines.front()?;
                let own = self.reached.get(stream).copied().unwrap_or(i64::MIN);
                Some((first.at_us.map_or(own, |at| at.max(own)), *stream))
            };
            let Some((at, stream)) = self.pending.iter().filter_map(place).min() else {
                return;
            };
            let (mut line, _) = self.pending.get_mut(&stream).unwrap().pop_front().unwrap();
            line.is_late = line.at_us.is_some() && at < newest;
            self.reached.insert(stream, at);
            if line.at_us.is_some() {
                self.newest = Some(newest.max(at));
            }
            self.gone.push(line);
        }
    }
}

fn run(steps: &[Step]) -> (Vec<Line>, Model) {
    let (mut merge, mut model, mut out) = (merge(0), Model::default(), Vec::new());
    let (mut now, mut number) = (0, 0);
    for step in steps {
        match step {
            Step::Open(stream) => {
                merge.open(StreamId(*stream));
                model.open.insert(*stream);
            }
            Step::Close(stream) => {
                merge.close(StreamId(*stream));
                model.open.remove(stream);
            }
            Step::Push(stream, times) => {
                let mut next = |at: &Option<i64>| {
                    number += 1;
                    line(*stream, *at, number)
                };
                let lines: Vec<_> = times.iter().map(&mut next).collect();
                let pending = model.pending.entry(*stream).or_default();
                pending.extend(lines.iter().map(|line| (line.clone(), now)));
                merge.push(StreamId(*stream), lines, now);
            }
            Step::Pop(most) => {
                merge.pop(now, &mut out, *most);
                model.pop(now, *most);
            }
            Step::Wait(ms) => now += ms,
        }
        assert_eq!(merge.waiting(), number - out.len());
        assert_eq!(merge.next_at().is_some(), merge.waiting() > 0);
    }
    (0..5).for_each(|stream| merge.close(StreamId(stream)));
    model.open.clear();
    merge.pop(now, &mut out, usize::MAX);
    model.pop(now, usize::MAX);
    assert_eq!(
        (merge.waiting(), merge.waiting_bytes(), out.len()),
        (0, 0, number)
    );
    (out, model)
}

proptest! {
    #[test]
    fn it_is_the_rule(steps in steps()) {
        let (out, model) = run(&steps);
        prop_assert_eq!(out, model.gone);
    }

    #[test]
    fn nothing_is_lost_or_doubled_and_each_stream_keeps_its_order(steps in steps()) {
        let (out, _) = run(&steps);
        for stream in 0..5 {
            let sent = out.iter().filter(|line| line.stream.0 == stream);
            let numbers: Vec<u32> = sent.map(|line| std::str::from_utf8(&line.text).unwrap().parse().unwrap()).collect();
            prop_assert!(numbers.is_sorted_by(|a, b| a < b));
        }
    }

    #[test]
    fn with_nobody_late_it_is_a_sort(times in prop::collection::vec(prop::collection::vec(0i64..1000, 0..30), 1..8), batch in 1usize..7) {
        let mut merge = merge(times.len() as u32);
        let mut expected = Vec::new();
        let mut streams: Vec<_> = times.into_iter().enumerate().map(|(stream, mut times)| {
            times.sort_unstable();
            expected.extend(times.iter().map(|at| (*at, stream as u32)));
            times
        }).collect();
        let mut gone = Vec::new();
        while streams.iter().any(|times| !times.is_empty()) {
            for (stream, times) in streams.iter_mut().enumerate() {
                let rest = times.split_off(batch.min(times.len()));
                push(&mut merge, stream as u32, times, 0);
                *times = rest;
                if times.is_empty() {
                    merge.close(StreamId(stream as u32));
                }
            }
            gone.extend(pop(&mut merge, 0));
        }
        gone.extend(pop(&mut merge, 0));
        expected.sort_unstable();
        prop_assert!(gone.iter().all(|(_, _, is_late)| !is_late));
        prop_assert_eq!(gone.iter().map(|(stream, at, _)| (*at, *stream)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn no_line_waits_longer_than_the_hold(steps in steps()) {
        let mut merge = merge(5);
        let mut now = 0;
        for step in &steps {
            match step {
                Step::Push(stream, times) => {
                    let lines = times.iter().map(|at| line(*stream, *at, 0)).collect();
                    merge.push(StreamId(*stream), lines, now);
                }
                Step::Wait(ms) => now += ms,
                _ => {}
            }
            pop(&mut merge, now);
            prop_assert!(merge.next_at().is_none_or(|at| at > now && at <= now + HOLD));
        }
    }
}
