use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::*;

fn rig() -> (Ring<Account, Secret>, JoinSet<()>) {
    let (keyring, owners) = Keyring::new();
    let mut tasks = JoinSet::new();
    for owner in owners {
        tasks.spawn(owner);
    }
    (keyring.passwords, tasks)
}

fn account() -> Account {
    Account {
        user: "ops".to_owned(),
        host: "web1".to_owned(),
        port: 22,
        node: None,
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(Zeroizing::new(text.to_owned()))
}

async fn turn(ring: &Ring<Account, Secret>) -> Turn<Secret> {
    match ring.find(account()).await {
        Found::Turn(turn) => turn,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn all_wait_for_the_one_who_finds_out() {
    let (ring, _owners) = rig();
    let first = turn(&ring).await;
    let mut second = ring.find(account()).boxed();
    assert!((&mut second).now_or_never().is_none());
    let elsewhere = Account {
        port: 2222,
        ..account()
    };
    assert!(matches!(ring.find(elsewhere).await, Found::Turn(_)));
    first.keep(secret("a"));
    assert!(matches!(second.await, Found::Known(known) if known == secret("a")));
    assert!(matches!(ring.find(account()).await, Found::Known(_)));
}

#[tokio::test]
async fn who_gives_up_hands_the_turn_on() {
    let (ring, _owners) = rig();
    let first = turn(&ring).await;
    let (mut gone, mut third) = (ring.find(account()).boxed(), ring.find(account()).boxed());
    assert!((&mut gone).now_or_never().is_none());
    assert!((&mut third).now_or_never().is_none());
    drop((first, gone));
    assert!(matches!(third.await, Found::Turn(_)));
}

#[tokio::test]
async fn a_refusal_counts_for_those_who_wait_but_not_for_ever() {
    let (ring, _owners) = rig();
    let first = turn(&ring).await;
    let mut second = ring.find(account()).boxed();
    assert!((&mut second).now_or_never().is_none());
    // Its request is in line before the refusal is heard.
    ring.spoilt(account(), secret("nothing")).await;
    tokio::task::yield_now().await;
    first.decline();
    assert!(matches!(second.await, Found::Declined));
    assert!(matches!(ring.find(account()).await, Found::Turn(_)));
}

#[tokio::test]
async fn a_spoilt_value_goes_and_a_newer_one_stays() {
    let (ring, _owners) = rig();
    turn(&ring).await.keep(secret("old"));
    ring.spoilt(account(), secret("old")).await;
    turn(&ring).await.keep(secret("new"));
    ring.spoilt(account(), secret("old")).await;
    assert!(matches!(ring.find(account()).await, Found::Known(known) if known == secret("new")));
    ring.forget().await;
    assert!(matches!(ring.find(account()).await, Found::Turn(_)));
}
