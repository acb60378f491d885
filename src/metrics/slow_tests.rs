//! The slow program's questions, and its answers whole, split and hostile.

use proptest::prelude::*;

use super::*;
use crate::{
    metrics::question,
    node::{Daemon, Manager},
};

fn daemon(name: &str, manager: Manager) -> Daemon {
    Daemon {
        name: name.into(),
        manager,
        status: Some("it's; fine".into()),
        ..Daemon::default()
    }
}

const DAEMONS: Topics = Topics {
    daemons: true,
    disks: false,
    mig: false,
};
const DISKS: Topics = Topics {
    daemons: false,
    disks: true,
    mig: false,
};
const BOTH: Topics = Topics {
    mig: false,
    ..Topics::EVERYTHING
};

const HELLO: &[u8] = b"Welcome\n\nS1 abc slow has=systemd,docker space=stat deadline=timeout 8\n";

fn greeted() -> Slow {
    let mut slow = Slow::default();
    assert_eq!(slow.tick(BOTH), None);
    assert_eq!(slow.feed(HELLO, "abc"), [Heard::Hello]);
    slow
}

#[test]
fn each_manager_is_asked_once() {
    let daemons = [
        daemon("nginx", Manager::Systemd),
        daemon("web", Manager::Docker),
        daemon("getty@tty1.service", Manager::Systemd),
        daemon("x", Manager::Custom),
        daemon("a b;rm", Manager::Systemd),
        daemon("redis", Manager::Auto),
    ];
    let text = question::questions(&daemons);
    assert!(
        text.contains("\nunits nginx.service getty@tty1.service redis.service\n"),
        "{text}"
    );
    assert!(text.contains("\ndocker_ redis\n") && text.contains("\ndocker_ web\n"));
    assert!(text.contains("custom 3 'it'\\''s; fine'\n"));
    assert!(text.contains("pidfile 5 /run/redis.pid "));
    assert!(!text.contains("rm"));
    let program = question::program("abc", &daemons);
    assert!(program.starts_with("# sshoal S1 slow abc\n") && program.ends_with("\n} #end\n"));
}

#[test]
fn an_answer_is_cut_into_parts() {
    let mut slow = greeted();
    assert_eq!(slow.tick(BOTH).unwrap(), "1 sd\n");
    assert_eq!(slow.tick(BOTH), None);
    let heard = slow.feed(
        b"junk\n(1 1795257895 1733.55\n=docker 1\n \n =mounts\n )1\n=mounts\n rw ext4 /\n)1\n",
        "abc",
    );
    let [Heard::Answer(answer)] = heard.as_slice() else {
        panic!("{heard:?}");
    };
    assert_eq!(
        (answer.epoch, answer.uptime),
        (Some(1_795_257_895.0), Some(1733.55))
    );
    assert_eq!(answer.part("docker"), Some("1"));
    assert_eq!(
        answer.lines("docker").collect::<Vec<_>>(),
        [&b""[..], b"=mounts", b")1"]
    );
    assert_eq!(answer.lines("mounts").collect::<Vec<_>>(), [b"rw ext4 /"]);
    assert_eq!(answer.part("mount"), None);
    assert_eq!(slow.told(), Some(BOTH));
    assert_eq!(slow.tick(DAEMONS).unwrap(), "2 s\n");
}

#[test]
fn an_answer_to_nothing_is_refused() {
    let mut slow = greeted();
    let heard = slow.feed(b"(1 1 1\n)1\n", "abc");
    assert!(matches!(heard.as_slice(), [Heard::Bad(_)]));
    slow.tick(DISKS).unwrap();
    assert!(matches!(
        slow.feed(b"(2 1 1\n)2\n", "abc").as_slice(),
        [Heard::Bad(_)]
    ));
    assert!(matches!(
        slow.feed(b"(1\n)1\n", "abc").as_slice(),
        [Heard::Answer(_)]
    ));
}

#[test]
fn the_part_that_hangs_is_left_out_for_a_while() {
    let mut slow = greeted();
    slow.tick(BOTH).unwrap();
    slow.feed(b"(1 1 1\n=systemd 0\n=mounts\n", "abc");
    slow.restart();
    slow.feed(HELLO, "abc");
    assert_eq!(slow.tick(BOTH).unwrap(), "2 s\n");

    let mut slow = greeted();
    slow.tick(BOTH).unwrap();
    slow.restart();
    slow.feed(HELLO, "abc");
    let mut asked = Vec::new();
    for n in 2..14 {
        asked.push(slow.tick(BOTH).unwrap());
        slow.feed(format!("({n}\n){n}\n").as_bytes(), "abc");
    }
    assert_eq!(
        asked.iter().filter(|line| line.ends_with(" d\n")).count(),
        10
    );
    assert!(asked[11].ends_with(" sd\n"));
}

#[test]
fn a_tool_that_hangs_takes_only_its_own_topic_along() {
    for (heard, without) in [
        ("(1 1 1\n=systemd 0\n=mounts\n=stat 0\n=mig\n", "sd"),
        ("(1 1 1\n=systemd 0\n=mounts\n", "sg"),
        ("(1 1 1\n=systemd 0\n", "dg"),
    ] {
        let mut slow = greeted();
        assert_eq!(slow.tick(Topics::EVERYTHING).unwrap(), "1 sdg\n");
        slow.feed(heard.as_bytes(), "abc");
        slow.restart();
        slow.feed(HELLO, "abc");
        let again = slow.tick(Topics::EVERYTHING).unwrap();
        assert_eq!(again, format!("2 {without}\n"), "{heard}");
    }
}

#[test]
fn a_flood_is_bounded() {
    let mut slow = greeted();
    slow.tick(BOTH).unwrap();
    let mut bad = 0;
    for _ in 0..100 {
        bad += slow.feed(&[b' '; 10_000], "abc").len();
        assert!(slow.buf.len() <= MAX_ANSWER + 10_000);
    }
    assert!(bad >= 1);
}

proptest! {
    #[test]
    fn where_it_is_split_makes_no_difference(
        text in "(\\([12] 5 6|\\)[12]|=systemd 0| Id=a.service| x|noise|\n){0,40}",
        sizes in prop::collection::vec(1usize..9, 1..80),
    ) {
        let ask = || { let mut slow = greeted(); slow.tick(BOTH).unwrap(); slow };
        let whole = ask().feed(text.as_bytes(), "abc");
        let (mut slow, mut heard, mut rest) = (ask(), Vec::new(), text.as_bytes());
        for size in sizes.into_iter().chain([usize::MAX]) {
            let (part, after) = rest.split_at(size.min(rest.len()));
            heard.extend(slow.feed(part, "abc"));
            rest = after;
        }
        prop_assert_eq!(heard, whole);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut slow = greeted();
        slow.tick(BOTH).unwrap();
        slow.feed(&bytes, "abc");
    }
}
