//! Whole, cut and hostile answers.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::node::Manager;

#[test]
fn a_line_is_a_daemon_and_its_log_follows() {
    let text = b"Welcome to gpu01!\nnginx systemd up result=done since=1687812000 pid=1477 restarts=2 memory=5242880 cpu=120 new=1 reason=active/running\n\
web docker failed exit=137 since=2023-06-26T20:40:00.5Z reason=exited (out of memory)\n| one\n| \x1b[31mtwo\n- nobody\nx - absent\n";
    let reports = read(text);
    let [nginx, web, x] = &reports[..] else {
        panic!("{reports:?}")
    };
    assert_eq!(
        (nginx.manager, nginx.state),
        (Some(Manager::Systemd), State::Up)
    );
    assert_eq!(
        (nginx.since, nginx.pid, nginx.cpu_ms),
        (Some(1_687_812_000), Some(1477), Some(120))
    );
    assert_eq!(
        (nginx.verdict, nginx.is_well()),
        (Some(Verdict::Done), true)
    );
    assert_eq!(
        (web.exit, web.since, web.is_well()),
        (Some(137), Some(1_687_812_000), false)
    );
    assert_eq!(web.reason.as_str(), "exited (out of memory)");
    assert_eq!(web.log.len(), 2);
    assert!(!web.log[1].as_str().contains('\x1b'));
    assert_eq!((x.manager, x.state), (None, State::Absent));
}

#[test]
fn what_was_cut_is_not_believed() {
    let whole = read(b"a systemd up pid=123\nb systemd up pid=4");
    assert_eq!(whole.len(), 1, "{whole:?}");
    let capture = Capture {
        head: Bytes::from_static(b"a systemd up\nb systemd up pid=1"),
        tail: Bytes::from_static(b"c systemd up pid=2\nd systemd failed\n| x\n"),
        total: 1000,
        digest: [0; 32],
    };
    let names: Vec<String> = of(&capture).iter().map(|r| r.name.to_string()).collect();
    assert_eq!(names, ["a", "d"]);
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read(&bytes);
    }

    #[test]
    fn any_words_are_read(text in "(a|systemd|up|failed|pid=|since=|-|\\| |9{1,30}|reason=|=| |\n|\r|\u{1b}){0,40}") {
        for report in read(text.as_bytes()) {
            let is_active = |c: char| c.is_control();
            prop_assert!(!report.reason.as_str().contains(is_active));
        }
    }
}
