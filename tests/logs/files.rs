//! Files are followed by name, through everything that happens to them.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use sshoal::logs::{Order, Since, Source, Tail};

use super::{Sshd, Watch, numbered, order};

/// Something that writes a log, a line a number.
struct Writer {
    path: PathBuf,
    file: File,
    next: usize,
}

impl Writer {
    fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: open(path),
            next: 0,
        }
    }

    fn lines(&mut self, count: usize) {
        for _ in 0..count {
            writeln!(self.file, "line {:05}", self.next).unwrap();
            self.next += 1;
        }
    }

    fn reopen(&mut self) {
        self.file = open(&self.path);
    }
}

fn open(path: &Path) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap()
}

#[tokio::test]
async fn a_file_is_followed_through_rotation_truncation_and_absence() {
    let Some(server) = Sshd::start() else { return };
    let path = server.path("app log");
    let mut writer = Writer::new(&path);
    writer.lines(150);
    let source = Source::File(path.display().to_string());
    let mut watch = Watch::start(&server, order(&server, source));
    watch.until(100).await;
    // Renamed, while its writer goes on for a while with the old one.
    fs::rename(&path, server.path("app log.1")).unwrap();
    writer.lines(20);
    tokio::time::sleep(Duration::from_millis(300)).await;
    writer.lines(20);
    writer.reopen();
    writer.lines(20);
    watch.until(160).await;
    // Truncated in its place, once all of it was read.
    File::create(&path).unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    writer.lines(20);
    watch.until(180).await;
    // Gone, and back.
    fs::remove_file(&path).unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    writer.reopen();
    writer.lines(20);
    watch.until(200).await;
    writer.lines(1);
    watch.until(201).await;
    assert_eq!(watch.texts(), numbered(50..251));
    assert_eq!(watch.flow.state().streams[0].gaps, 0);
    watch.stop().await;
}

#[tokio::test]
async fn a_new_file_of_the_pattern_is_taken_in() {
    let Some(server) = Sshd::start() else { return };
    let folder = server.path("logs");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a.log"), "line 00000\n").unwrap();
    let source = Source::File(format!("{}/*.log", folder.display()));
    let mut watch = Watch::start(&server, order(&server, source));
    watch.until(1).await;
    fs::write(folder.join("b.log"), "line 00001\n").unwrap();
    watch.until(2).await;
    assert_eq!(watch.texts(), numbered(0..2));
    assert_eq!(watch.flow.state().streams.len(), 2);
    watch.stop().await;
}

#[tokio::test]
async fn only_the_part_of_a_big_file_since_then_is_read() {
    let Some(server) = Sshd::start() else { return };
    let path = server.path("big.log");
    let mut text = String::new();
    let start = jiff::Timestamp::now().as_second() - 100_000;
    for second in 0..100_000 {
        let time = jiff::Timestamp::from_second(start + second).unwrap();
        text += &format!(
            "{time} padding padding padding padding padding {second}\n  more of {second}\n"
        );
    }
    fs::write(&path, &text).unwrap();
    let order = Order {
        tail: Tail {
            lines: None,
            since: Some(Since::Ago(Duration::from_mins(10))),
        },
        is_followed: false,
        ..order(&server, Source::File(path.display().to_string()))
    };
    let mut watch = Watch::start(&server, order);
    watch.finish().await;
    let count = watch.lines.len();
    assert!((1_100..=1_202).contains(&count), "{count}");
    assert_eq!(watch.texts()[count - 1], "  more of 99999");
    assert!(watch.texts()[0].contains("padding"), "{}", watch.texts()[0]);
    watch.stop().await;
}

#[tokio::test]
async fn the_last_lines_are_those_of_tail() {
    let Some(server) = Sshd::start() else { return };
    let path = server.path("x.log");
    for (text, lines, expected) in [
        ("a\nb\nc\n", 2, &["b", "c"][..]),
        ("a\nb\nc", 2, &["b", "c"]),
        ("a\nb\n", 5, &["a", "b"]),
        ("", 5, &[]),
        ("a\n", 0, &[]),
    ] {
        fs::write(&path, text).unwrap();
        let order = Order {
            tail: Tail {
                lines: Some(lines),
                since: None,
            },
            is_followed: false,
            ..order(&server, Source::File(path.display().to_string()))
        };
        let mut watch = Watch::start(&server, order);
        watch.finish().await;
        assert_eq!(watch.texts(), expected, "{text:?} {lines}");
        watch.stop().await;
    }
    let long = "x".repeat(300_000) + "\n";
    fs::write(&path, long.repeat(3) + "end\n").unwrap();
    let order = Order {
        tail: Tail {
            lines: Some(2),
            since: None,
        },
        is_followed: false,
        ..order(&server, Source::File(path.display().to_string()))
    };
    let mut watch = Watch::start(&server, order);
    watch.finish().await;
    let texts = watch.texts();
    assert_eq!(texts.len(), 2);
    assert!(texts[0].ends_with("(cut at 64 KiB)") && texts[1] == "end");
    watch.stop().await;
}
