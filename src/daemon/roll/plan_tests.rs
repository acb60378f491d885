//! Batches: their sizes, their order, and that no node is left out.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::daemon::roll::Share;

fn nodes(count: usize, racks: usize) -> Vec<Node> {
    let node = |n: usize| {
        let mut node = Node::blank(&format!("n{n}"));
        if racks > 0 && n % (racks + 1) != racks {
            let rack = format!("r{}", n % (racks + 1));
            node.labels.insert("rack".to_owned(), rack);
        }
        node
    };
    (0..count).map(node).collect()
}

fn sizes(count: usize, options: &Options) -> Vec<usize> {
    let nodes = nodes(count, 0);
    let nodes: Vec<&Node> = nodes.iter().collect();
    let all = batches(&nodes, options);
    all.iter().map(|batch| batch.places.len()).collect()
}

fn shares(text: &str) -> Vec<Share> {
    text.split(',').map(|part| part.parse().unwrap()).collect()
}

#[test]
fn the_last_size_repeats_and_shares_are_rounded_down_to_one_at_least() {
    for (text, count, wanted) in [
        ("1", 3, &[1, 1, 1][..]),
        ("1,10%,25%", 40, &[1, 4, 10, 10, 10, 5]),
        ("10%", 9, &[1; 9]),
        ("25%", 10, &[2; 5]),
        ("100%", 7, &[7]),
        ("0", 2, &[1, 1]),
        ("50", 3, &[3]),
    ] {
        let options = Options {
            batches: shares(text),
            ..Options::default()
        };
        assert_eq!(sizes(count, &options), wanted, "{text} of {count}");
    }
}

#[test]
fn canaries_come_first_and_are_no_batch_of_the_list() {
    let options = Options {
        batches: shares("1,3"),
        canary: 2,
        ..Options::default()
    };
    assert_eq!(sizes(8, &options), [2, 1, 3, 2]);
}

#[test]
fn one_rack_comes_after_the_other() {
    let nodes = nodes(9, 2);
    let nodes: Vec<&Node> = nodes.iter().collect();
    let options = Options {
        batches: shares("2"),
        spread: Some("rack".to_owned()),
        ..Options::default()
    };
    let all = batches(&nodes, &options);
    let seen: Vec<_> = all
        .iter()
        .map(|batch| (batch.value.as_deref(), batch.places.clone()))
        .collect();
    let wanted = [
        (Some("r0"), vec![0, 3]),
        (Some("r0"), vec![6]),
        (Some("r1"), vec![1, 4]),
        (Some("r1"), vec![7]),
        (None, vec![2, 5]),
        (None, vec![8]),
    ];
    assert_eq!(seen, wanted);
}

#[test]
fn orders_are_what_they_say() {
    let nodes = ["b", "c", "a"].map(Node::blank);
    let nodes: Vec<&Node> = nodes.iter().collect();
    let places = |order| {
        let options = Options {
            batches: shares("100%"),
            order,
            ..Options::default()
        };
        batches(&nodes, &options)[0].places.clone()
    };
    assert_eq!(places(Order::Inventory), [0, 1, 2]);
    assert_eq!(places(Order::Reverse), [2, 1, 0]);
    assert_eq!(places(Order::Sorted), [2, 0, 1]);
    assert_eq!(places(Order::Shuffle(7)), places(Order::Shuffle(7)));
    let all: BTreeSet<_> = (0..50).map(|n| places(Order::Shuffle(n))).collect();
    assert_eq!(all.len(), 6, "every order comes about");
}

#[test]
fn shares_are_read_and_said() {
    for text in ["0", "12", "0%", "100%"] {
        assert_eq!(text.parse::<Share>().unwrap().to_string(), text);
    }
    for text in ["", "%", "-1", "+1", "101%", "1.5", "x"] {
        assert!(text.parse::<Share>().is_err(), "{text}");
    }
    let third = Share::Percent(33);
    assert_eq!((third.down(10), third.up(10)), (3, 4));
}

proptest! {
    #[test]
    fn each_node_is_in_one_batch(
        count in 0..60_usize,
        racks in 0..4_usize,
        sizes in prop::collection::vec(0..30_usize, 1..4),
        canary in 0..5_usize,
        seed: u64,
    ) {
        let nodes = nodes(count, racks);
        let nodes: Vec<&Node> = nodes.iter().collect();
        let options = Options {
            batches: sizes.into_iter().map(Share::Percent).collect(),
            canary,
            order: Order::Shuffle(seed),
            spread: (racks > 0).then(|| "rack".to_owned()),
            ..Options::default()
        };
        let all = batches(&nodes, &options);
        let mut places: Vec<usize> = all.iter().flat_map(|b| b.places.clone()).collect();
        places.sort_unstable();
        prop_assert_eq!(places, (0..count).collect::<Vec<_>>());
        prop_assert!(all.iter().all(|batch| !batch.places.is_empty()));
        let canaries: usize = all.iter().filter(|b| b.is_canary).map(|b| b.places.len()).sum();
        prop_assert_eq!(canaries, canary.min(count));
        prop_assert!(all.is_sorted_by_key(|batch| !batch.is_canary));
        for batch in &all {
            for place in &batch.places {
                let label = racks.checked_sub(1).and(nodes[*place].labels.get("rack"));
                prop_assert_eq!(label, batch.value.as_ref());
            }
        }
    }
}
