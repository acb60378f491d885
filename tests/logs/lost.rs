//! A connection that dies is not the end of a log: it is read on, every line once, or a gap says that this isn't known.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    process::Command,
    time::Duration,
};

use sshoal::logs::{Phase, Source, StreamId};

use super::{SOON, Sshd, Watch, numbered, order};

#[tokio::test]
async fn a_file_is_read_on_where_its_connection_was_lost() {
    let Some(server) = Sshd::start() else { return };
    let path = server.path("app.log");
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .unwrap();
    let mut written = 0;
    let mut lines = |file: &mut fs::File, count: usize| {
        for _ in 0..count {
            writeln!(file, "line {written:05}").unwrap();
            written += 1;
        }
    };
    lines(&mut file, 50);
    let source = Source::File(path.display().to_string());
    let mut watch = Watch::start(&server, order(&server, source));
    watch.until(50).await;
    // Cut while it is written to, twice.
    for round in 1..=2 {
        lines(&mut file, 100);
        server.kill_connections();
        lines(&mut file, 100);
        watch.until(50 + 200 * round).await;
    }
    // Rotated while nobody was connected.
    server.kill_connections();
    lines(&mut file, 30);
    fs::rename(&path, server.path("app.log.1")).unwrap();
    file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .unwrap();
    lines(&mut file, 30);
    watch.until(510).await;
    assert_eq!(watch.texts(), numbered(0..510));
    assert_eq!(watch.flow.state().streams[0].gaps, 0);
    // Rotated away: what came between is unknown, and that is said.
    server.kill_connections();
    fs::remove_file(&path).unwrap();
    file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .unwrap();
    lines(&mut file, 30);
    watch.until(541).await;
    assert!(watch.lines[510].is_gap, "{:?}", watch.texts()[510]);
    assert_eq!(watch.texts()[511..], numbered(510..540));
    watch.stop().await;
}

#[tokio::test]
async fn a_command_begins_anew_behind_a_gap() {
    let Some(server) = Sshd::start() else { return };
    let source = Source::Command("echo begun; exec sleep 300".to_owned());
    let mut watch = Watch::start(&server, order(&server, source));
    watch.until(1).await;
    assert_eq!(watch.flow.state().streams[0].phase, Phase::Live);
    server.kill_connections();
    watch.until(3).await;
    let texts = watch.texts();
    assert_eq!((texts[0].as_str(), texts[2].as_str()), ("begun", "begun"));
    assert!(
        watch.lines[1].is_gap && texts[1].contains("unknown"),
        "{texts:?}"
    );
    watch.stop().await;
}

#[tokio::test]
async fn nothing_is_left_on_the_node() {
    let Some(server) = Sshd::start() else { return };
    let path = server.path("quiet.log");
    for is_cut in [false, true] {
        // So long that nobody else's tail begins there.
        let before = 40_000 + usize::from(server.port);
        fs::write(&path, "x".repeat(before - 1) + "\n" + &"a\n".repeat(100)).unwrap();
        let source = Source::File(path.display().to_string());
        let mut watch = Watch::start(&server, order(&server, source));
        watch.until(100).await;
        let script = path.display().to_string();
        let tail = format!("tail -c +{} ", before + 1);
        assert!(runs(&script) && runs(&tail));
        if is_cut {
            server.kill_connections();
        }
        watch.stop().await;
        gone(&script).await;
        gone(&tail).await;
    }
}

#[tokio::test]
async fn nothing_is_left_when_the_connection_is_cut() {
    let Some(server) = Sshd::start() else { return };
    let wanted = format!("sleep 47{}", server.port);
    let source = Source::Command(format!("echo one; {wanted}"));
    let mut watch = Watch::start(&server, order(&server, source));
    watch.until(1).await;
    assert!(runs(&wanted));
    let again = watch.flow.state().streams[0].id;
    assert_eq!(again, StreamId(0));
    server.kill_connections();
    watch.stop().await;
    gone(&wanted).await;
}

/// A process whose command line holds this runs.
fn runs(wanted: &str) -> bool {
    let listed = Command::new("ps")
        .args(["-A", "-o", "args="])
        .output()
        .unwrap();
    String::from_utf8_lossy(&listed.stdout).contains(wanted)
}

async fn gone(wanted: &str) {
    let started = std::time::Instant::now();
    while runs(wanted) {
        assert!(started.elapsed() < SOON, "{wanted} is left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
