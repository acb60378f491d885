//! The queue between a channel and its pump: order, ends and bounds.

use futures::FutureExt;

use super::*;

/// Polls once, outside tokio's budget of polls per turn.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    tokio::task::unconstrained(future).now_or_never()
}

fn bytes(length: usize) -> Output {
    Output::Stdout(Bytes::from(vec![b'x'; length]))
}

#[tokio::test]
async fn end_comes_after_the_output_and_is_repeated() {
    let (mut channel, feed) = pair(Transport::Local);
    assert!(feed.put(bytes(3)).await);
    feed.end(End::Exit(7));
    assert_eq!(channel.next().await, bytes(3));
    for _ in 0..2 {
        assert_eq!(channel.next().await, Output::End(End::Exit(7)));
    }
}

#[tokio::test]
async fn a_dropped_feed_is_a_lost_command() {
    let (mut channel, feed) = pair(Transport::Local);
    drop(feed);
    assert_eq!(channel.next().await, Output::End(End::Lost));
    assert!(channel.write(b"x").await.is_err());
}

#[tokio::test]
async fn memory_is_bounded_by_bytes_and_by_messages() {
    let (mut channel, feed) = pair(Transport::Local);
    for _ in 0..8 {
        assert!(now(feed.put(bytes(1 << 20))).unwrap());
    }
    assert_eq!(now(feed.put(bytes(1))), None);
    channel.next().await;
    assert!(now(feed.put(bytes(1 << 20))).unwrap());
    let (_channel, feed) = pair(Transport::Local);
    for _ in 0..QUEUE_PIECES {
        assert!(now(feed.put(bytes(1))).unwrap());
    }
    assert_eq!(now(feed.put(bytes(1))), None);
}

#[tokio::test]
async fn what_is_offered_is_taken_while_there_is_room_and_somebody_reads() {
    let (mut channel, feed) = pair(Transport::Direct);
    for _ in 0..8 {
        assert_eq!(feed.offer(bytes(1 << 20)), Offer::Taken);
    }
    assert_eq!(feed.offer(bytes(1)), Offer::Full);
    assert_eq!(channel.next().await, bytes(1 << 20));
    assert_eq!(feed.offer(bytes(1 << 20)), Offer::Taken);
    drop(channel);
    assert_eq!(feed.offer(bytes(1)), Offer::Gone);
}

#[tokio::test]
async fn a_feed_learns_that_its_reader_left() {
    let (channel, feed) = pair(Transport::Local);
    while now(feed.put(bytes(1))).is_some() {}
    let (accepted, ()) = tokio::join!(feed.put(bytes(1)), async { drop(channel) });
    assert!(!accepted);
}
