//! Files as they are written, and what becomes of them.

use std::{os::unix::fs::symlink, sync::Arc};

use bytes::Bytes;

use super::*;
use crate::{
    logs::{Source, Target},
    node::Node,
};

fn collector(folder: &Path) -> Collector {
    let target = Target {
        node: Arc::new(Node::blank("web1")),
        sources: vec![Source::System],
    };
    Collector::new(folder, &Order::follow(vec![target])).unwrap()
}

fn opened(stream: u32, name: &str) -> Event {
    Event::Opened {
        stream: StreamId(stream),
        place: 0,
        name: name.into(),
        credit: Credit::new(0),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut all: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    all.sort();
    all
}

#[test]
fn a_file_is_whole_or_says_that_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut collector = collector(folder.path());
    let names_of = [
        "/var/log/a.log",
        "/var/log_a.log",
        "nginx.service",
        "../../etc/x",
    ];
    for (stream, name) in names_of.iter().enumerate() {
        collector.take(&opened(stream as u32, name)).unwrap();
        let bytes = Event::Bytes(StreamId(stream as u32), Bytes::from_static(b"x\xff\0\n"));
        collector.take(&bytes).unwrap();
    }
    let done = |stream| Event::Closed(StreamId(stream), End::Done);
    collector.take(&done(0)).unwrap();
    collector.take(&done(1)).unwrap();
    let lost = End::Lost("reset".into());
    collector.take(&Event::Closed(StreamId(2), lost)).unwrap();
    let collected = collector.finish();
    assert_eq!(
        names(folder.path()),
        [
            "web1-.._.._etc_x.log.partial",
            "web1-nginx.service.log.partial",
            "web1-var_log_a-2.log",
            "web1-var_log_a.log"
        ]
    );
    assert_eq!(
        fs::read(folder.path().join("web1-var_log_a.log")).unwrap(),
        b"x\xff\0\n"
    );
    assert_eq!(
        (
            collected.nodes,
            collected.files,
            collected.bytes,
            collected.open
        ),
        (1, 2, 16, 0)
    );
    let why: Vec<&str> = collected
        .partial
        .iter()
        .map(|(_, why)| why.as_str())
        .collect();
    assert_eq!(why, ["the connection was lost: reset", "cancelled"]);
}

#[test]
fn a_link_in_the_folder_leads_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("precious");
    fs::write(&target, "precious").unwrap();
    for name in ["web1-a.log", "web1-a.log.partial"] {
        symlink(&target, folder.path().join(name)).unwrap();
    }
    let mut collector = collector(folder.path());
    collector.take(&opened(0, "a")).unwrap();
    collector
        .take(&Event::Bytes(StreamId(0), Bytes::from_static(b"new\n")))
        .unwrap();
    collector
        .take(&Event::Closed(StreamId(0), End::Done))
        .unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
    let written = folder.path().join("web1-a.log");
    assert!(!fs::symlink_metadata(&written).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(written).unwrap(), "new\n");
}
