use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::logs::StreamId;

fn line(number: u64, length: usize) -> Line {
    Line {
        stream: StreamId(number as u32),
        at_us: None,
        is_stamped: false,
        level: None,
        is_late: false,
        is_gap: false,
        text: Bytes::from(vec![b'x'; length]),
    }
}

#[test]
fn keeps_within_its_bound_and_counts_what_is_gone() {
    let mut buffer = Buffer::new(1 << 20);
    for number in 0..100_000 {
        buffer.push(line(number, 100));
        assert!(buffer.bytes() <= 1 << 20);
    }
    assert_eq!(buffer.end(), 100_000);
    assert_eq!(buffer.dropped() + buffer.len() as u64, 100_000);
    assert!(buffer.bytes() > (1 << 20) * 9 / 10, "the bound is used");
    assert!(buffer.get(buffer.first() - 1).is_none() && buffer.get(100_000).is_none());
}

#[test]
fn a_line_beyond_the_bound_is_held_alone() {
    let mut buffer = Buffer::new(1000);
    (0..5).for_each(|number| buffer.push(line(number, 10)));
    buffer.push(line(5, 5000));
    assert_eq!((buffer.first(), buffer.len()), (5, 1));
    buffer.push(line(6, 1));
    assert_eq!((buffer.first(), buffer.len()), (6, 1));
}

#[test]
fn a_clone_stands_still() {
    let mut buffer = Buffer::new(1 << 20);
    (0..700).for_each(|number| buffer.push(line(number, 1)));
    let seen = buffer.clone();
    (700..50_000).for_each(|number| buffer.push(line(number, 1)));
    assert_eq!((seen.first(), seen.end()), (0, 700));
    assert!(
        seen.range(0..700)
            .all(|(number, line)| line.stream.0 == number as u32)
    );
}

#[test]
fn is_empty_at_first() {
    let buffer = Buffer::default();
    assert!(buffer.is_empty() && buffer.get(0).is_none());
    assert_eq!(buffer.range(0..10).count(), 0);
}

proptest! {
    /// Against a plain list: the held lines are its end, under the same numbers.
    #[test]
    fn it_is_the_end_of_a_list(lengths in prop::collection::vec(0usize..3000, 0..400), limit in 1usize..200_000, from in 0u64..500, span in 0u64..500) {
        let mut buffer = Buffer::new(limit);
        let mut all = Vec::new();
        for (number, length) in lengths.into_iter().enumerate() {
            let next = line(number as u64, length);
            all.push(next.clone());
            buffer.push(next);
            let held = all.get(buffer.first() as usize..).unwrap();
            let bytes: usize = held.iter().map(|line| line.text.len() + OVERHEAD).sum();
            prop_assert_eq!(buffer.bytes(), bytes);
            prop_assert!(bytes <= limit || buffer.chunks.len() == 1);
        }
        prop_assert_eq!(buffer.end(), all.len() as u64);
        for number in 0..all.len() as u64 + 2 {
            let expected = all.get(number as usize).filter(|_| number >= buffer.first());
            prop_assert_eq!(buffer.get(number), expected);
        }
        let range: Vec<_> = buffer.range(from..from + span).collect();
        let start = from.max(buffer.first());
        let expected: Vec<_> = (start..(from + span).min(buffer.end())).map(|n| (n, &all[n as usize])).collect();
        prop_assert_eq!(range, expected);
    }
}
