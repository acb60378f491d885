//! What a refusal teaches.

use super::*;

fn count() -> Arc<Count> {
    let allowance = Arc::new(Allowance::usual());
    Arc::new(Count::new(Instant::now(), allowance))
}

/// A server that has refused a channel before.
fn refused_before() -> Arc<Count> {
    let count = count();
    count.allowance.scarce.store(true, Ordering::Release);
    count
}

#[test]
fn the_first_refusal_may_be_of_a_channel_that_has_just_ended_and_only_pauses() {
    let count = count();
    let mut places = open(&count, 3);
    let place = places.pop().unwrap();
    assert!(!place.is_scarce());
    place.refused();
    assert_eq!((count.limit(), count.is_paused()), (USUAL_LIMIT, true));
    assert!(places.pop().unwrap().is_scarce());
}

fn open(count: &Arc<Count>, places: usize) -> Vec<Place> {
    let reserved = (0..places).map(|_| count.reserve());
    reserved.collect::<Option<_>>().expect("room")
}

#[test]
fn a_refusal_teaches_how_many_are_open_beside_it() {
    let count = refused_before();
    let mut places = open(&count, 3);
    places.pop().unwrap().refused();
    assert_eq!(count.limit(), 2);
    assert!(count.reserve().is_none());
    places.pop();
    assert!(count.reserve().is_some());
}

#[test]
fn a_place_given_back_since_the_server_was_asked_may_have_been_taken_when_it_refused() {
    let count = refused_before();
    let mut places = open(&count, 3);
    let asked = places.pop().unwrap();
    places.pop().unwrap().free();
    asked.refused();
    assert_eq!(count.limit(), 2);
}

#[test]
fn refusals_of_a_burst_lead_to_what_the_server_allows() {
    let count = refused_before();
    let mut places = open(&count, 10);
    for _ in 0..8 {
        places.pop().unwrap().refused();
    }
    assert_eq!(count.limit(), 2);
}

#[test]
fn a_server_that_refuses_the_only_channel_teaches_nothing() {
    let count = refused_before();
    open(&count, 1).pop().unwrap().refused();
    assert_eq!((count.limit(), count.is_paused()), (USUAL_LIMIT, false));
}

#[test]
fn a_refusal_while_closed_channels_may_still_count_teaches_nothing_and_pauses() {
    let count = count();
    let mut places = open(&count, 9);
    for _ in 0..7 {
        places.pop().unwrap().abandon();
    }
    open(&count, 1).pop().unwrap().refused();
    assert_eq!((count.limit(), count.is_paused()), (USUAL_LIMIT, true));
    assert!(count.reserve().is_none());
    assert_eq!(count.open.load(Ordering::Relaxed), 2);
}

#[test]
fn connections_to_one_server_share_what_is_known_of_it() {
    let first = refused_before();
    let second = Arc::new(Count::new(Instant::now(), Arc::clone(&first.allowance)));
    let mut places = open(&first, 3);
    places.pop().unwrap().refused();
    let _two = open(&second, 2);
    assert!(second.reserve().is_none());
}
