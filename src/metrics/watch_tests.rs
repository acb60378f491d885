//! Liveness between two truths.

use super::*;
use crate::node::Manager;

fn list(truths: Vec<Truth>) -> Watchlist {
    let daemon = Daemon {
        name: "web".into(),
        manager: Manager::Auto,
        ..Daemon::default()
    };
    let mut list = Watchlist::new(&vec![daemon; truths.len()]);
    list.learn(truths);
    list
}

fn up(pid: Option<u32>, cgroup: Option<&str>) -> Truth {
    Truth {
        status: Status {
            state: State::Up,
            pid,
            ..Status::default()
        },
        started: Some(100.0),
        cgroup: cgroup.map(str::to_owned),
    }
}

#[test]
fn a_pid_that_goes_stops_its_daemon_within_one_frame() {
    let mut list = list(vec![up(Some(12), None)]);
    assert_eq!(list.changes(), Some(vec!["P12".to_owned()]));
    assert_eq!(list.changes(), None);
    assert!(!list.life(0, b"S 3021"));
    assert!(!list.life(0, b"R 3021"));
    assert_eq!(list.reading(Some(160.0), None).daemons[0].since, Some(60.0));
    assert!(list.life(0, b"-"));
    let status = &list.reading(Some(161.0), None).daemons[0];
    assert_eq!(
        (status.state, status.pid, status.since),
        (State::Stopped, None, None)
    );
    assert_eq!(list.changes(), Some(vec![]));
}

#[test]
fn a_zombie_and_a_reused_pid_are_no_life() {
    for value in ["Z 3021", "S 9999"] {
        let mut list = list(vec![up(Some(12), None)]);
        list.changes();
        list.life(0, b"S 3021");
        assert!(list.life(0, value.as_bytes()), "{value}");
    }
}

#[test]
fn a_hidden_pid_falls_back_to_the_cgroup() {
    let mut list = list(vec![up(Some(12), Some("/sys/fs/cgroup/x"))]);
    list.changes();
    assert!(list.life(0, b"-"), "asked for once");
    assert_eq!(list.reading(None, None).daemons[0].state, State::Up);
    list.learn(vec![up(Some(12), Some("/sys/fs/cgroup/x"))]);
    assert_eq!(list.changes(), Some(vec!["G/sys/fs/cgroup/x".to_owned()]));
    assert!(!list.life(0, b"1"));
    assert!(list.life(0, b"0"));
    assert_eq!(list.reading(None, None).daemons[0].state, State::Stopped);
}

#[test]
fn where_neither_can_be_read_nothing_is_watched() {
    let mut list = list(vec![up(None, Some("/sys/fs/cgroup/x"))]);
    list.changes();
    assert!(!list.life(0, b"-"), "cgroup v1 has no such file");
    assert_eq!(list.changes(), Some(vec![]));
    assert_eq!(list.reading(None, None).daemons[0].state, State::Up);
}

#[test]
fn an_answer_about_an_older_list_is_not_believed() {
    let mut list = list(vec![up(Some(12), None)]);
    list.changes();
    list.life(0, b"S 1");
    list.learn(vec![up(Some(13), None)]);
    assert!(!list.life(0, b"-"));
    assert!(!list.life(7, b"-"));
    assert_eq!(list.reading(None, None).daemons[0].state, State::Up);
}

#[test]
fn an_item_that_ends_the_sampler_is_given_up_once() {
    let mut list = list(vec![up(Some(12), None)]);
    assert!(!list.turn_off());
    list.changes();
    assert!(list.turn_off());
    list.restart();
    assert_eq!(list.changes(), None);
    assert!(!list.turn_off());
}

#[test]
fn a_containers_own_uptime_does_not_tell_since_when() {
    let mut truth = up(Some(12), None);
    truth.started = Some(2_600_000.0);
    let list = list(vec![truth]);
    assert_eq!(list.reading(Some(3600.0), None).daemons[0].since, None);
    let soon = list.reading(Some(2_599_999.0), None).daemons[0].since;
    assert_eq!(soon, Some(0.0), "two clocks");
}
