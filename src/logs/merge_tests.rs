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

/// Streams that bring what their logs held already.
fn starting(streams: u32) -> Merge {
    let mut merge = Merge::new(Duration::from_millis(HOLD));
    (0..streams).for_each(|stream| merge.open(StreamId(stream), 0));
    merge
}

/// Streams that are through with that.
fn merge(streams: u32) -> Merge {
    let mut merge = starting(streams);
    (0..streams).for_each(|stream| merge.catch_up(StreamId(stream)));
    assert_eq!(pop(&mut merge, 0), []);
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
    merge.open(StreamId(1), 0);
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

#[test]
fn a_stream_that_catches_up_delays_no_new_line_and_is_late() {
    let mut merge = merge(2);
    push(&mut merge, 1, &[1_000], 0);
    let mut out = Vec::new();
    // As many old lines come as are taken.
    for now in 0..=HOLD {
        push(&mut merge, 0, &[now as i64, now as i64], now);
        merge.pop(now, &mut out, 2);
        assert!(out.iter().all(|line| line.stream == StreamId(0)));
    }
    push(&mut merge, 0, &[500, 501], HOLD + 1);
    assert_eq!(pop(&mut merge, HOLD + 1), [(1, 1_000, false)]);
    assert_eq!(
        pop(&mut merge, 2 * HOLD + 1),
        [(0, 500, true), (0, 501, true)]
    );
}

#[test]
fn what_logs_held_already_comes_in_order_however_slowly() {
    let mut merge = starting(2);
    push(&mut merge, 0, &[10, 30, 50, 70], 0);
    merge.catch_up(StreamId(0));
    for (turn, at) in [20, 40, 60].into_iter().enumerate() {
        let now = (turn as u64 + 1) * (PATIENCE_MS - 1);
        assert!(merge.next_at().is_some_and(|at| at > now));
        push(&mut merge, 1, &[at], now);
        assert_eq!(pop(&mut merge, now), [(0, at - 10, false), (1, at, false)]);
    }
    merge.catch_up(StreamId(1));
    assert_eq!(pop(&mut merge, 10_000), [(0, 70, false)]);
    push(&mut merge, 1, &[80], 20_000);
    assert_eq!(merge.next_at(), Some(20_000 + HOLD), "that was the start");
    merge.open(StreamId(2), 20_000);
    assert_eq!(pop(&mut merge, 20_000 + HOLD), [(1, 80, false)]);
}

#[test]
fn a_log_that_says_nothing_is_given_up_at_the_start() {
    let mut merge = starting(2);
    push(&mut merge, 0, &[10], 100);
    assert_eq!(merge.next_at(), Some(PATIENCE_MS));
    assert_eq!(pop(&mut merge, PATIENCE_MS - 1), []);
    assert_eq!(pop(&mut merge, PATIENCE_MS), [(0, 10, false)]);
}

#[test]
fn a_new_line_ends_the_start() {
    let mut merge = starting(2);
    merge.catch_up(StreamId(0));
    push(&mut merge, 0, &[100_000], 50);
    for now in 50..50 + PATIENCE_MS {
        push(&mut merge, 1, &[now as i64], now);
        assert_eq!(pop(&mut merge, now), [(1, now as i64, false)]);
    }
    let now = 50 + PATIENCE_MS;
    push(&mut merge, 1, &[now as i64], now);
    let gone = pop(&mut merge, now);
    assert_eq!(gone, [(1, now as i64, false), (0, 100_000, false)]);
    push(&mut merge, 1, &[now as i64], now + 1);
    let gone = pop(&mut merge, now + 1 + HOLD);
    assert_eq!(gone, [(1, now as i64, true)], "and waits no more");
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

/// Lines, each with its time and number of arrival.
type Pending = VecDeque<(Line, (u64, usize))>;

/// The same by the letter of the rule, at any cost: every line with its place and its arrival.
#[derive(Default)]
struct Model {
    open: std::collections::BTreeSet<u32>,
    pending: BTreeMap<u32, Pending>,
    reached: BTreeMap<u32, i64>,
    newest: Option<i64>,
    gone: Vec<Line>,
}

impl Model {
    fn pop(&mut self, now_ms: u64, most: usize) {
        for _ in 0..most {
            let Some((at, stream)) = self.next(now_ms) else {
                return;
            };
            let newest = self.newest.unwrap_or(i64::MIN);
            let (mut line, _) = self.pending.get_mut(&stream).unwrap().pop_front().unwrap();
            line.is_late = line.at_us.is_some() && at < newest;
            self.reached.insert(stream, at);
            if line.at_us.is_some() {
                self.newest = Some(newest.max(at));
            }
            self.gone.push(line);
        }
    }

    /// The place of the first line that goes out, and its stream.
    fn next(&self, now_ms: u64) -> Option<(i64, u32)> {
        let place = |(stream, lines): (&u32, &Pending)| {
            let (first, came) = lines.front()?;
            let own = self.reached.get(stream).copied().unwrap_or(i64::MIN);
            Some((first.at_us.map_or(own, |at| at.max(own)), *stream, *came))
        };
        let heads: Vec<_> = self.pending.iter().filter_map(place).collect();
        let (at, stream, (came, _)) = *heads.iter().min()?;
        // The one that came first is the first of its stream.
        let oldest = heads.iter().min_by_key(|(.., came)| *came)?;
        let due = oldest.2.0 + HOLD;
        let is_full = self
            .open
            .iter()
            .all(|stream| self.pending.get(stream).is_some_and(|l| !l.is_empty()));
        match due <= now_ms {
            true if came > due => Some((oldest.0, oldest.1)),
            false if !is_full => None,
            _ => Some((at, stream)),
        }
    }
}

fn run(steps: &[Step]) -> (Vec<Line>, Model) {
    let (mut merge, mut model, mut out) = (merge(0), Model::default(), Vec::new());
    let (mut now, mut number) = (0, 0);
    for step in steps {
        match step {
            Step::Open(stream) => {
                merge.open(StreamId(*stream), now);
                model.open.insert(*stream);
            }
            Step::Close(stream) => {
                merge.close(StreamId(*stream));
                model.open.remove(stream);
            }
            Step::Push(stream, times) => {
                let first = number;
                number += times.len();
                let numbers = first + 1..=number;
                let lines: Vec<_> = times
                    .iter()
                    .zip(numbers.clone())
                    .map(|(at, number)| line(*stream, *at, number))
                    .collect();
                let pending = model.pending.entry(*stream).or_default();
                pending.extend(lines.iter().cloned().zip(numbers.map(|n| (now, n))));
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
    #[test]
    fn a_line_waits_for_nothing_that_came_after_its_time(
        most in 1usize..8,
        flood in 1usize..12,
        credit in 8usize..64,
        ahead in prop::collection::vec((0u64..1_000, 0i64..2_000), 1..20),
    ) {
        let mut merge = merge(2);
        let mut fresh: VecDeque<(u64, i64)> = {
            let mut sorted = ahead.clone();
            sorted.sort_unstable();
            sorted.into()
        };
        let (mut out, mut came, mut gone, mut old) = (Vec::new(), Vec::new(), 0, 0);
        for now in 0..1_500 {
            while fresh.front().is_some_and(|(at, _)| *at <= now) {
                let (_, time) = fresh.pop_front().unwrap();
                push(&mut merge, 1, &[1_000_000 + time], now);
                came.push(now);
            }
            // Of the past, and as much as is taken in.
            let room = credit.saturating_sub(merge.waiting()).min(flood);
            let times: Vec<i64> = (old..old + room as i64).collect();
            old += room as i64;
            push(&mut merge, 0, &times, now);
            merge.pop(now, &mut out, most);
            gone += out.drain(..).filter(|line| line.stream == StreamId(1)).count();
            let bound = HOLD + ((credit + ahead.len()) / most) as u64 + 1;
            for at in came.iter().skip(gone) {
                prop_assert!(now < at + bound, "since {at} at {now}");
            }
        }
        prop_assert_eq!(came.len(), ahead.len());
    }

    #[test]
    fn what_logs_held_already_is_sorted_whatever_their_speeds(
        logs in prop::collection::vec((prop::collection::vec(0i64..1_000, 0..30), 1usize..6, 1u64..200), 1..6),
    ) {
        let mut merge = starting(logs.len() as u32);
        let mut expected = Vec::new();
        let mut logs: Vec<_> = logs.into_iter().enumerate().map(|(stream, (mut times, batch, every))| {
            times.sort_unstable();
            expected.extend(times.iter().map(|at| (stream as u32, *at, false)));
            (VecDeque::from(times), batch, every)
        }).collect();
        expected.sort_by_key(|(stream, at, _)| (*at, *stream));
        let mut gone = Vec::new();
        for now in 0..7_000u64 {
            for (stream, (times, batch, every)) in logs.iter_mut().enumerate() {
                if !now.is_multiple_of(*every) {
                    continue;
                }
                let some = times.drain(..times.len().min(*batch)).collect::<Vec<_>>();
                push(&mut merge, stream as u32, &some, now);
                if times.is_empty() {
                    merge.catch_up(StreamId(stream as u32));
                }
            }
            gone.extend(pop(&mut merge, now));
        }
        prop_assert_eq!(gone, expected);
    }
}
