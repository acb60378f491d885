//! Unit and property tests of the line decoder.

use proptest::prelude::*;

use super::*;

type Owned = (Vec<u8>, bool);

/// The lines of a stream that comes in these chunks, and what was unfinished at its end.
fn lines<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Owned>, Option<Vec<u8>>) {
    let (mut decoder, mut found, mut rest) = (Lines::new(), Vec::new(), None);
    for chunk in chunks {
        decoder.feed(chunk, |line| {
            found.push((line.bytes.to_vec(), line.continued));
        });
        assert!(decoder.rest.len() <= MAX_LINE && decoder.rest.capacity() <= MAX_LINE);
    }
    decoder.flush(|line| rest = Some(line.bytes.to_vec()));
    (found, rest)
}

/// The bytes that the lines were made of.
fn joined((lines, rest): &(Vec<Owned>, Option<Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (line, continued) in lines {
        bytes.extend(line);
        bytes.extend((!continued).then_some(b'\n'));
    }
    bytes.extend(rest.iter().flatten());
    bytes
}

#[test]
fn lines_are_whole() {
    let found = lines([&b"one\r\ntw"[..], b"", b"o\n\nthr", b"ee"]);
    let expected = [
        (b"one\r".to_vec(), false),
        (b"two".to_vec(), false),
        (vec![], false),
    ];
    assert_eq!(found, (expected.to_vec(), Some(b"three".to_vec())));
    assert_eq!(lines([&b"a\n"[..]]).1, None);
    assert_eq!(lines([]), (vec![], None));
}

#[test]
fn the_rest_is_seen_before_its_line_ends() {
    let mut decoder = Lines::new();
    decoder.feed(b"one\npassword: ", |_| {});
    assert_eq!(decoder.rest(), b"password: ");
}

#[test]
fn a_line_that_just_fits_is_not_cut() {
    let line = vec![b'x'; MAX_LINE];
    let found = lines([&line[..], b"\n"]);
    assert_eq!(found, (vec![(line.clone(), false)], None));
    let found = lines([&line[..], b"y\n"]);
    let expected = [(line.clone(), true), (b"y".to_vec(), false)];
    assert_eq!(found, (expected.to_vec(), None));
}

#[test]
fn a_character_is_never_cut() {
    for character in ["é", "日", "👩"] {
        for shift in 0..4 {
            let text = "x".repeat(shift) + &character.repeat(MAX_LINE);
            let found = lines(text.as_bytes().chunks(1000));
            assert!(found.0.iter().all(|(line, _)| str::from_utf8(line).is_ok()));
            assert_eq!(joined(&found), text.as_bytes());
        }
    }
}

/// A line of 1 GB is the same piece 16,384 times; a hundredth of it shows what is held.
#[test]
fn a_line_without_end_is_held_in_pieces() {
    let (mut decoder, mut pieces, mut bytes) = (Lines::new(), 0, 0);
    let chunk = vec![b'x'; 32 * 1024];
    for _ in 0..320 {
        decoder.feed(&chunk, |line| {
            assert!(line.continued && line.bytes.len() == MAX_LINE);
            pieces += 1;
            bytes += line.bytes.len();
        });
        assert!(decoder.rest.capacity() <= MAX_LINE);
    }
    assert_eq!((pieces, bytes), (159, 159 * MAX_LINE));
    decoder.feed(b"\n", |line| bytes += line.bytes.len());
    assert_eq!(bytes, 320 * chunk.len());
    assert!(
        decoder.rest.capacity() <= KEPT,
        "a long line's memory goes with it"
    );
}

proptest! {
    #[test]
    fn any_chunking_has_the_same_lines(
        bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>(), 0x80..=0xffu8], 0..300),
        sizes in prop::collection::vec(1_usize..40, 1..20),
    ) {
        let mut chunks = Vec::new();
        let mut left = &bytes[..];
        for size in sizes.iter().cycle() {
            let (chunk, after) = left.split_at(left.len().min(*size));
            chunks.push(chunk);
            left = after;
            if left.is_empty() {
                break;
            }
        }
        let found = lines(chunks);
        prop_assert_eq!(&found, &lines([&bytes[..]]));
        prop_assert_eq!(joined(&found), bytes);
    }

    #[test]
    fn long_lines_are_cut_at_the_same_places(
        unit in prop::collection::vec(0x20..=0xffu8, 1..5),
        shift in 0_usize..8,
        size in 1_usize..200_000,
    ) {
        let mut bytes = vec![b' '; shift];
        bytes.extend(unit.iter().cycle().take(3 * MAX_LINE));
        bytes.push(b'\n');
        let found = lines(bytes.chunks(size));
        prop_assert_eq!(&found, &lines([&bytes[..]]));
        prop_assert!(found.0.iter().all(|(line, _)| line.len() <= MAX_LINE));
        prop_assert_eq!(joined(&found), bytes);
    }
}
