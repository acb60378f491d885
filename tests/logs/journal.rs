//! The journal of a real journald, in a mount namespace of its own together with the server.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command, time::Duration};

use sshoal::logs::{Order, Since, Source, Tail};

use super::{Sshd, Watch, numbered, order, support::sshd::peer};

/// Starts journald and then the server where only these two see it, and journald goes when the server does; needs root.
const BESIDE: &str = r#"#!/bin/sh
exec unshare -m /bin/sh -c '
mount -t tmpfs none /run/systemd 2>/dev/null || { mkdir -p /run/systemd && mount -t tmpfs none /run/systemd; }
mkdir -p /run/log && mount -t tmpfs none /run/log && mkdir -p /run/log/journal /run/systemd/journal
printf "[Journal]\nRateLimitBurst=0\nForwardToWall=no\n" >/run/systemd/journald.conf
setpriv --pdeathsig KILL /lib/systemd/systemd-journald >/dev/null 2>&1 &
n=0; until [ -S /run/systemd/journal/stdout ] || [ $n = 100 ]; do sleep 0.1; n=$((n+1)); done
exec "$0" "$@"' SSHD "$@"
"#;

pub(crate) fn journald() -> Option<Sshd> {
    let sshd = peer("sshd")?;
    let is_root = rustix::process::geteuid().is_root();
    let has_all =
        Path::new("/lib/systemd/systemd-journald").exists() && peer("systemd-cat").is_some();
    if !is_root || !has_all || Path::new("/run/systemd/journal/socket").exists() {
        eprintln!("SKIPPED: no journald of our own can be started");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("sshd");
    fs::write(
        &program,
        BESIDE.replace("SSHD", &sshd.display().to_string()),
    )
    .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    Some(Sshd::by(&program, &[]))
}

/// Writes lines as a program under systemd does.
fn log(server: &Sshd, text: &str) {
    on_node(
        server,
        &format!("printf '{text}' | systemd-cat -t app -p warning"),
    );
}

/// Writes lines of a unit, as systemd does of one that it tells about: no systemd runs here to start one.
pub(crate) fn log_of_unit(server: &Sshd, unit: &str, count: usize) {
    let entry = format!(
        "MESSAGE=line %05d\\nPRIORITY=4\\nSYSLOG_IDENTIFIER=app\\nOBJECT_SYSTEMD_UNIT={unit}\\n"
    );
    on_node(
        server,
        &format!(
            "n=0; while [ $n -lt {count} ]; do printf '{entry}' $n | logger --journald; n=$((n+1)); done"
        ),
    );
}

fn on_node(server: &Sshd, command: &str) {
    let status = Command::new("ssh")
        .args([
            "-F",
            "none",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-q",
        ])
        .args(["-p", &server.port.to_string(), "-i"])
        .arg(server.path("id_ed25519"))
        .args(["127.0.0.1", command])
        .status()
        .unwrap();
    assert!(status.success());
}

fn lines(range: std::ops::Range<usize>) -> String {
    numbered(range).join("\\n") + "\\n"
}

/// What `app` has said, with its process, `app[12]: `, or, where that was gone before journald looked at it, `app: `.
fn of_app(watch: &Watch) -> Vec<String> {
    let texts = watch.texts();
    let said = texts.iter().filter_map(|text| text.split_once(" app"));
    let said = said.filter_map(|(_, rest)| rest.split_once(": "));
    said.map(|(_, text)| text.to_owned()).collect()
}

async fn until(watch: &mut Watch, count: usize) {
    while of_app(watch).len() < count {
        watch.until(watch.lines.len() + 1).await;
    }
}

#[tokio::test]
async fn the_journal_is_followed_and_read_on() {
    let Some(server) = journald() else { return };
    log(&server, &lines(0..200));
    let mut watch = Watch::start(&server, order(&server, Source::System));
    until(&mut watch, 90).await;
    let first = of_app(&watch).len();
    assert_eq!(of_app(&watch), numbered(200 - first..200));
    for round in 0..3 {
        let start = 200 + round * 100;
        log(&server, &lines(start..start + 50));
        server.kill_connections();
        log(&server, &lines(start + 50..start + 100));
        until(&mut watch, first + (round + 1) * 100).await;
        println!(
            "{} ms: {:?}",
            watch.now(),
            watch.flow.state().streams[0].phase
        );
    }
    // None is late, and none comes twice.
    let more = tokio::time::timeout(
        Duration::from_millis(500),
        watch.until(watch.lines.len() + 1),
    );
    assert!(more.await.is_err(), "{:?}", watch.texts().last());
    assert_eq!(of_app(&watch), numbered(200 - first..500));
    assert_eq!(watch.flow.state().streams[0].gaps, 0);
    let line = watch.lines.last().unwrap();
    assert!(line.is_stamped, "{line:?}");
    watch.stop().await;
}

#[tokio::test]
async fn units_that_are_not_there_are_said_and_since_is_obeyed() {
    let Some(server) = journald() else { return };
    log(&server, &lines(0..10));
    let none = order(&server, Source::Unit("sshoal-none".to_owned()));
    let mut watch = Watch::start(&server, none);
    watch.finish().await;
    assert!(watch.said[0].contains("no such unit"), "{:?}", watch.said);
    watch.stop().await;
    for (since, count) in [(Duration::from_mins(1), 10), (Duration::ZERO, 0)] {
        let order = Order {
            tail: Tail {
                lines: None,
                since: Some(Since::Ago(since)),
            },
            is_followed: false,
            ..order(&server, Source::System)
        };
        if count == 0 {
            tokio::time::sleep(Duration::from_millis(1_100)).await;
        }
        let mut watch = Watch::start(&server, order);
        watch.finish().await;
        assert_eq!(of_app(&watch).len(), count);
        watch.stop().await;
    }
}

#[tokio::test]
async fn a_unit_is_followed_without_what_others_say() {
    let Some(server) = journald() else { return };
    log_of_unit(&server, "web.service", 3);
    log(&server, "of another\\n");
    let mut watch = Watch::start(&server, order(&server, Source::Unit("web".to_owned())));
    until(&mut watch, 3).await;
    server.kill_connections();
    log(&server, "of another\\n");
    log_of_unit(&server, "web.service", 2);
    until(&mut watch, 5).await;
    let all = [numbered(0..3), numbered(0..2)].concat();
    assert_eq!(of_app(&watch), all);
    assert_eq!(watch.flow.state().streams[0].gaps, 0);
    watch.stop().await;
}
