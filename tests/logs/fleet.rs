//! What the dashboard follows: ordered from the fleet, seen in its snapshots, saved, and left without a trace.

use std::{fs, io::Write as _, sync::Arc};

use sshoal::{
    exec::record::Actor,
    fleet::{Answers, Clock, Fleet, Followed, Logbook, Order, Snapshot},
    logs::Source,
    store::roll::Files,
};
use tokio::{sync::watch, time::timeout};

use super::{SOON, numbered, order, support::sshd::Sshd};

async fn until(
    snapshots: &mut watch::Receiver<Arc<Snapshot>>,
    is_so: impl Fn(&[Arc<Followed>]) -> bool,
) -> Vec<Arc<Followed>> {
    let wanted = snapshots.wait_for(|snapshot| is_so(&snapshot.logs));
    let snapshot = timeout(SOON, wanted)
        .await
        .expect("in time")
        .expect("a fleet");
    snapshot.logs.to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_come_with_the_snapshots_and_are_saved() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.log");
    fs::write(&file, numbered(0..50).join("\n") + "\n").unwrap();
    let logbook = Logbook {
        audit: folder.path().join("audit"),
        rolls: folder.path().join("rolls"),
        files: Files::default(),
        outputs: vec![
            folder.path().join("not/\0/there"),
            folder.path().join("outputs"),
        ],
        actor: Actor {
            name: "a".to_owned(),
            origin: "dashboard".to_owned(),
        },
    };
    let fleet = Fleet::start_with(
        server.config(),
        Answers::None,
        Clock::start(),
        Some(logbook),
    );
    let mut snapshots = fleet.snapshots();
    let source = Source::File(file.to_str().unwrap().to_owned());
    let wanted = Arc::new(order(&server, source));
    let orders = fleet.orders();
    orders
        .send(Order::Follow(Arc::clone(&wanted)))
        .await
        .unwrap();

    let has = |count| {
        move |logs: &[Arc<Followed>]| logs.iter().any(|log| log.state.buffer.end() == count)
    };
    let logs = until(&mut snapshots, has(50)).await;
    assert!(Arc::ptr_eq(&logs[0].order, &wanted));
    let mut appended = fs::OpenOptions::new().append(true).open(&file).unwrap();
    writeln!(appended, "{}", numbered(50..51).join("")).unwrap();
    until(&mut snapshots, has(51)).await;

    let numbers = Arc::new(vec![3, 50, 99]);
    let save = Order::SaveLines(Arc::clone(&wanted), numbers);
    orders.send(save).await.unwrap();
    let logs = until(&mut snapshots, |logs| {
        logs.iter().any(|log| log.saved.is_some())
    })
    .await;
    let saved = logs[0].saved.clone().unwrap().unwrap();
    let prefix = format!("n1 {}: line ", file.display());
    let text = fs::read_to_string(saved.as_str()).unwrap();
    assert_eq!(text, format!("{prefix}00003\n{prefix}00050\n"));

    orders.send(Order::Unfollow(wanted)).await.unwrap();
    until(&mut snapshots, <[_]>::is_empty).await;
    timeout(SOON, fleet.stop()).await.unwrap();
}
