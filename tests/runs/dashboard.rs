//! Rolls of the dashboard: ordered from the fleet, seen in its snapshots, steered, left and resumable.

use std::sync::Arc;

use sshoal::{
    command::{daemon::Part, registry, registry::Intent, resumption},
    daemon::roll::{Past, Reason, Standing, Trace, Wish},
    fleet::{Order, Rolled, Snapshot},
    store::{
        audit::{Event, Filter, Reader},
        roll::{End, Folder, Note, Record},
    },
};

use crate::Rig;

impl Rig {
    /// What `daemon roll` with these words means here.
    fn wish(&self, words: &str) -> Arc<Wish> {
        let nodes = &self.inventory.nodes;
        let names: Vec<&str> = nodes.iter().map(|node| node.id.as_str()).collect();
        let line = format!("daemon roll {} {words}", names.join(","));
        let Intent::Daemon(daemon) = registry::read(&line).unwrap() else {
            unreachable!("{line}");
        };
        let Part::Roll(rolling) = daemon.part else {
            unreachable!("{line}");
        };
        Arc::new(rolling.wish(nodes).unwrap())
    }

    async fn roll_until(&self, enough: impl Fn(&Rolled) -> bool) -> Arc<Rolled> {
        let first = |s: &Snapshot| s.rolls.first().cloned();
        let is_so = |s: &Snapshot| first(s).is_some_and(|rolled| enough(&rolled));
        first(&*self.wait(is_so).await).unwrap()
    }

    fn rolls(&self) -> Folder {
        Folder::new(&self.folder.path().join("rolls"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_nodes_are_rolled_promoted_paused_and_resumed() {
    let rig = Rig::connected(20).await;
    let words = "--command 'sleep 0.05' --canary 1 --batches 2,25%";
    rig.order(Order::Roll(rig.wish(words))).await;
    let rolled = rig
        .roll_until(|r| r.state.standing == Standing::Promotion)
        .await;
    assert_eq!(rolled.state.tally().done, 1);
    let steer = |note| rig.order(Order::SteerRoll(rolled.id.clone(), note));
    steer(Note::Promote).await;
    rig.roll_until(|r| r.state.tally().done >= 3).await;
    steer(Note::Pause).await;
    let is_held =
        |r: &Rolled| r.state.standing == Standing::Paused && r.state.tally().in_flight == 0;
    let held = rig.roll_until(is_held).await;
    assert!(held.is_going() && held.state.tally().done < 20);
    steer(Note::Resume).await;
    let over = rig.roll_until(|r| !r.is_going()).await;
    assert_eq!(over.state.standing, Standing::Over(Reason::Done));
    assert_eq!((over.state.tally().done, over.trouble.as_ref()), (20, None));
    assert!(over.turns.iter().all(|turn| turn.ended.is_some()));
    assert!(
        over.last
            .iter()
            .all(|last| last.as_ref().unwrap().what == "restart")
    );
    let words = |text: &str| {
        let mut all = over.happened.iter();
        all.any(|happening| happening.text.as_str().contains(text))
    };
    assert!(words("paused") && words("the canaries are good") && words("batch 2 of "));

    let stored = rig.rolls().read(&over.id).unwrap();
    let notes = stored.lines.iter().filter_map(|line| match line.record {
        Record::Note { what } => Some(what),
        _ => None,
    });
    let wanted = [Note::Promote, Note::Pause, Note::Resume];
    assert_eq!(notes.collect::<Vec<_>>(), wanted);
    let reader = Reader::open(&rig.folder.path().join("audit")).unwrap();
    let mut kinds = [0; 3];
    for stored in reader.records(&Filter::default()) {
        match stored.unwrap().record.event {
            Event::Intent(intent) => {
                assert_eq!((intent.actor.as_str(), intent.nodes.len()), ("tester", 20));
                kinds[0] += 1;
            }
            Event::Result(_) => kinds[1] += 1,
            Event::End(_) => kinds[2] += 1,
            _ => {}
        }
    }
    assert_eq!(kinds, [1, 20, 1]);
    rig.order(Order::ForgetRoll(over.id.clone())).await;
    rig.wait(|s| s.rolls.is_empty()).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abort_cuts_what_is_in_flight() {
    let rig = Rig::connected(6).await;
    let words = "--command 'sleep 600' --batches 4";
    rig.order(Order::Roll(rig.wish(words))).await;
    let rolled = rig.roll_until(|r| r.state.tally().in_flight == 4).await;
    rig.order(Order::SteerRoll(rolled.id.clone(), Note::Abort))
        .await;
    let over = rig.roll_until(|r| !r.is_going()).await;
    assert_eq!(over.state.standing, Standing::Over(Reason::Aborted));
    let tally = over.state.tally();
    assert_eq!((tally.cut, tally.waiting), (4, 2));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_roll_is_rolled_later() {
    let rig = Rig::connected(8).await;
    rig.order(Order::Roll(rig.wish("--command 'sleep 0.3' --batches 2")))
        .await;
    let cut = rig.roll_until(|r| r.state.tally().done >= 2).await;
    rig.order(Order::SteerRoll(cut.id.clone(), Note::Abort))
        .await;
    let cut = rig.roll_until(|r| !r.is_going()).await;
    let stored = rig.rolls().read(&cut.id).unwrap();
    let rolling = resumption::rolling(&stored.header).unwrap();
    let wish = resumption::wish(&stored, &rolling, &rig.inventory).unwrap();
    let wish = Arc::new(wish.expect("something is left"));
    assert_eq!(wish.done(), cut.state.tally().done);
    rig.order(Order::Roll(Arc::clone(&wish))).await;
    let over = rig
        .roll_until(|r| Arc::ptr_eq(&r.wish, &wish) && !r.is_going())
        .await;
    assert_eq!((&over.id, over.state.tally().done), (&cut.id, 8));
    let stored = rig.rolls().read(&cut.id).unwrap();
    let done = stored.lines.iter().filter_map(|line| match line.record {
        Record::Node {
            place,
            end: End::Done,
            ..
        } => Some(place),
        _ => None,
    });
    let mut done: Vec<usize> = done.collect();
    done.sort_unstable();
    assert_eq!(done, (0..8).collect::<Vec<_>>(), "none is done twice");
    assert!(
        resumption::wish(&stored, &rolling, &rig.inventory)
            .unwrap()
            .is_none()
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_is_rolled_by_its_manager_and_one_that_nobody_knows_fails() {
    let rig = Rig::connected(4).await;
    let words = "nginx --batches 100% --max-failures 100% --gate-timeout 1";
    rig.order(Order::Roll(rig.wish(words))).await;
    let over = rig.roll_until(|r| !r.is_going()).await;
    let tally = over.state.tally();
    // Only web servers have it.
    let has_it =
        |node: &&Arc<sshoal::node::Node>| node.daemons.iter().any(|daemon| daemon.name == "nginx");
    let have = rig.inventory.nodes.iter().filter(has_it).count();
    assert!((1..4).contains(&have), "{have}");
    assert_eq!((tally.done, tally.failed), (have, 4 - have));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_lets_nodes_end_and_another_process_can_resume() {
    let rig = Rig::connected(8).await;
    let words = "--command 'sleep 0.3' --batches 2";
    rig.order(Order::Roll(rig.wish(words))).await;
    let rolled = rig
        .roll_until(|r| r.state.tally().done >= 2 && r.state.tally().in_flight > 0)
        .await;
    let folder = rig.rolls();
    let Rig {
        fleet,
        folder: _kept,
        sim,
        ..
    } = rig;
    fleet.stop().await;
    let (stored, _journal) = folder.resume(&rolled.id, 1).unwrap();
    let over =
        |record: &Record| matches!(record, Record::Over { reason } if reason == "interrupted");
    assert!(stored.lines.iter().any(|line| over(&line.record)));
    let past = Past::of(8, stored.lines.iter().map(|line| &line.record));
    let count = |trace: Trace| past.nodes.iter().filter(|t| **t == trace).count();
    let (done, left) = (count(Trace::Done), count(Trace::Untouched));
    assert_eq!(done + left, 8, "none is left half-way");
    assert!((3..8).contains(&done), "{done}");
    assert!(sim.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_roll_begins_that_can_not_be_written_down() {
    let rig = Rig::with(2, |_| "/proc/nowhere".into()).await;
    rig.order(Order::Roll(rig.wish("--command true"))).await;
    let over = rig.roll_until(|r| !r.is_going()).await;
    let why = over.trouble.clone().unwrap();
    assert!(why.as_str().starts_with("not begun: "), "{why}");
    assert_eq!(over.state.tally().waiting, 2);
    rig.stop().await;
}
