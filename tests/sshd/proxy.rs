//! Servers behind commands: `ProxyCommand`, `cloudflared`, `tailscale`. The commands are stand-ins on PATH that do what the
//! real ones do on their standard input and output; behind them is a real sshd.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use sshoal::{
    node::{Cloudflare, Node, Route, Secret, Transport},
    ssh::{Connector, End, Step},
};
use tokio::time::timeout;

use crate::{
    SOON, eventually, refused, run,
    support::sshd::{Sshd, is_alive, peer},
    tasks,
};

const ID: &str = "canary-id-4711";
const SECRET: &str = "canary-secret-0815";

/// The shell text that speaks as `server` on its standard input and output.
fn speaks(server: &Sshd) -> Option<String> {
    let program = peer("sshd")?;
    let config = server.path("sshd_config");
    Some(format!("{} -i -f {}", program.display(), config.display()))
}

fn by_command(server: &Sshd, command: &str) -> Node {
    let mut node = server.node();
    node.transports = vec![Transport::ProxyCommand];
    node.route.proxy_command = Some(command.to_owned());
    node
}

#[tokio::test]
async fn a_proxy_command_carries_the_connection_and_goes_with_it() {
    let Some(server) = Sshd::start() else { return };
    let Some(speaks) = speaks(&server) else {
        return;
    };
    server.trust();
    let note = server.path("note");
    let command = format!(
        "sh -c 'echo $$ %h %p %r %n 100%% > {}; exec {speaks}'",
        note.display()
    );
    let mut node = by_command(&server, &command);
    node.user = Some("root".to_owned());
    let before = tasks();
    let connector = Connector::new(server.config(), None);
    let session = match connector.connect(&node).await {
        Err(error)
            if fs::read_to_string("/proc/self/status").is_ok_and(|s| !s.contains("Uid:\t0")) =>
        {
            eprintln!("SKIPPED: only root logs in as root: {error}");
            return;
        }
        session => session.unwrap(),
    };
    let said = fs::read_to_string(&note).unwrap();
    let (process, words) = said.trim().split_once(' ').unwrap();
    assert_eq!(words, format!("127.0.0.1 {} root test 100%", server.port));
    let info = session.info();
    assert_eq!(info.transport, Transport::ProxyCommand);
    assert_eq!(info.peer, format!("sh → 127.0.0.1:{}", server.port));
    assert_eq!(run(&session, "true").await.end, Some(End::Exit(0)));
    let process = process.parse().unwrap();
    assert!(is_alive(process));
    drop(session);
    connector.close().await;
    eventually("the command has ended", || !is_alive(process)).await;
    drop(connector);
    eventually("no task is left", || tasks() == before).await;
}

#[tokio::test]
async fn a_proxy_command_that_fails_is_told_in_its_own_words() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let connector = Connector::new(server.config(), None);
    let error = refused(
        &connector,
        &by_command(&server, "sh -c 'echo nc: no route to host >&2; exit 1'"),
    )
    .await;
    assert_eq!((error.step, error.permanent), (Step::Connect, false));
    assert_eq!(error.reason.as_str(), "exit code 1: nc: no route to host");
    let error = refused(&connector, &by_command(&server, "no-such-program %h")).await;
    assert!(error.reason.as_str().contains("not found"), "{error}");
    assert!(error.advice.as_str().contains("not installed"), "{error}");
    let error = refused(&connector, &by_command(&server, "nc %x")).await;
    assert_eq!((error.step, error.permanent), (Step::Config, true));

    let mut config = server.config();
    config.kex_timeout = std::time::Duration::from_millis(500);
    let connector = Connector::new(config, None);
    let before = tasks();
    let error = refused(
        &connector,
        &by_command(
            &server,
            "sh -c 'echo waiting for a login >&2; sleep 60 & wait'",
        ),
    )
    .await;
    assert_eq!(error.step, Step::Banner);
    assert!(
        error
            .reason
            .as_str()
            .ends_with("it says: waiting for a login")
    );
    eventually("no task is left", || tasks() == before).await;
}

#[tokio::test]
async fn an_attempt_that_is_dropped_leaves_no_command_behind() {
    let Some(server) = Sshd::start() else { return };
    let connector = Connector::new(server.config(), None);
    let (before, note) = (tasks(), server.path("note"));
    let command = format!(
        "sh -c 'echo $$ >> {0}; sleep 60 & echo $! >> {0}; wait'",
        note.display()
    );
    let lines = || {
        fs::read_to_string(&note)
            .unwrap_or_default()
            .lines()
            .count()
    };
    let mut node = by_command(&server, &command);
    for turn in 1..=5_u16 {
        // Another server each time: an attempt that was just dropped could still be joined.
        node.port = Some(turn);
        let written = || lines() == 2 * usize::from(turn);
        tokio::select! {
            _ = connector.connect(&node) => panic!("nobody answers"),
            () = eventually("the command runs", written) => {}
        }
    }
    eventually("no task is left", || tasks() == before).await;
    for process in fs::read_to_string(&note).unwrap().lines() {
        let process = process.parse().unwrap();
        eventually("no process is left", || !is_alive(process)).await;
    }
}

#[tokio::test]
async fn nothing_that_a_shell_reads_gets_into_the_command() {
    let Some(server) = Sshd::start() else { return };
    let connector = Connector::new(server.config(), None);
    let note = server.path("note");
    for bad in ["$(touch NOTE)", "x;touch NOTE", "`touch NOTE`", "-oX=y"] {
        let bad = bad.replace("NOTE", note.to_str().unwrap());
        let mut node = by_command(&server, "echo %h");
        node.address = bad.clone();
        assert_eq!(refused(&connector, &node).await.step, Step::Config);
        let mut node = by_command(&server, "echo %r");
        node.user = Some(bad);
        assert_eq!(refused(&connector, &node).await.step, Step::Config);
    }
    assert!(!note.exists());
}

/// Makes an executable of that name in `folder/bin`.
fn stand_in(folder: &Path, name: &str, text: &str) {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).unwrap();
    let file = bin.join(name);
    fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs the test of that name in a process of its own, with the stand-ins first on PATH and secrets in its environment.
fn again(test: &str, server: &Sshd) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", server.path("bin").display());
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("proxy::{test}"), "--nocapture"])
        .env("SSHOAL_TEST_FOLDER", server.folder.path())
        .env("SSHOAL_TEST_PORT", server.port.to_string())
        .env("PATH", path)
        .env("TEST_TOKEN_ID", ID)
        .env("TEST_TOKEN_SECRET", SECRET)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    println!("{text}{errors}");
    assert!(output.status.success());
    assert!(text.contains("1 passed"));
    for told in [&text, &errors] {
        assert!(!told.contains("canary"), "a secret is told");
    }
    output
}

/// The node that `again` is about; nothing in the process that the test runner started.
fn inside() -> Option<(Node, sshoal::ssh::Config)> {
    let folder = std::env::var_os("SSHOAL_TEST_FOLDER")?;
    let folder = Path::new(&folder);
    let mut node = crate::support::sshd::node(Transport::Direct);
    node.port = Some(std::env::var("SSHOAL_TEST_PORT").ok()?.parse().ok()?);
    node.identity = vec![folder.join("id_ed25519")];
    Some((node, crate::support::sshd::config(folder)))
}

fn at(folder: &Sshd, name: &str) -> String {
    fs::read_to_string(folder.path(name)).unwrap_or_default()
}

fn by_cloudflare(mut node: Node, secret: Secret) -> Node {
    node.transports = vec![Transport::Cloudflare];
    node.route = Route {
        cloudflare: Some(Cloudflare {
            hostname: "ssh.example.com".to_owned(),
            token_id: Some(Secret::Env("TEST_TOKEN_ID".to_owned())),
            token_secret: Some(secret),
        }),
        ..Route::default()
    };
    node
}

/// Connects through the stand-in, and through a command that notes what it is given.
async fn with_a_token(node: Node, config: sshoal::ssh::Config) {
    let by_command = {
        let mut node = node.clone();
        node.transports = vec![Transport::ProxyCommand];
        let folder = std::env::var("SSHOAL_TEST_FOLDER").unwrap();
        node.route.proxy_command = Some(format!("sh -c 'env > {folder}/others; exit 1'"));
        node
    };
    let folder = std::env::var("SSHOAL_TEST_FOLDER").unwrap();
    let secret = Secret::Command(format!("cat {folder}/secret"));
    let node = by_cloudflare(node, secret);
    // What the program itself could log at most; `again` looks through it.
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(std::io::stderr)
        .init();
    let connector = Connector::new(config, None);
    connector.hold_back([&node]);
    assert!(connector.connect(&by_command).await.is_err());
    let session = connector.connect(&node).await.unwrap();
    assert_eq!(session.info().peer, "cloudflared ssh.example.com");
    assert_eq!(run(&session, "true").await.end, Some(End::Exit(0)));
    println!("{session:?} {connector:?}");
    connector.close().await;
}

#[tokio::test]
async fn cloudflared_is_given_the_token_by_environment_only() {
    if let Some((node, config)) = inside() {
        return with_a_token(node, config).await;
    }
    let Some(server) = Sshd::start() else { return };
    let Some(speaks) = speaks(&server) else {
        return;
    };
    server.trust();
    let folder = server.folder.path();
    let text = format!(
        "tr '\\0' '\\n' < /proc/$$/cmdline > {0}/arguments\nenv > {0}/environment\nexec {speaks}",
        folder.display()
    );
    stand_in(folder, "cloudflared", &text);
    fs::write(folder.join("secret"), format!("{SECRET}\nmore\n")).unwrap();
    again(
        "cloudflared_is_given_the_token_by_environment_only",
        &server,
    );
    let arguments = at(&server, "arguments");
    assert!(
        arguments.ends_with("access\nssh\n--hostname=ssh.example.com\n"),
        "{arguments}"
    );
    assert!(!arguments.contains("canary"));
    let environment = at(&server, "environment");
    let holding: Vec<&str> = environment
        .lines()
        .filter(|line| line.contains("canary"))
        .collect();
    let mut expected = [
        format!("TUNNEL_SERVICE_TOKEN_ID={ID}"),
        format!("TUNNEL_SERVICE_TOKEN_SECRET={SECRET}"),
        // No secret of the inventory: only the one above is held back.
        format!("TEST_TOKEN_SECRET={SECRET}"),
    ];
    let mut holding: Vec<String> = holding.into_iter().map(str::to_owned).collect();
    holding.sort();
    expected.sort();
    assert_eq!(holding, expected);
    let others = at(&server, "others");
    assert!(others.contains("PATH=") && !others.contains(ID), "{others}");
}

#[tokio::test]
async fn cloudflared_that_fails_is_told_with_advice() {
    if let Some((node, config)) = inside() {
        let secret = Secret::Env("TEST_TOKEN_SECRET".to_owned());
        let connector = Connector::new(config, None);
        let error = refused(&connector, &by_cloudflare(node.clone(), secret)).await;
        assert_eq!((error.step, error.permanent), (Step::Connect, false));
        assert!(error.reason.as_str().contains("bad handshake"), "{error}");
        assert!(error.advice.as_str().contains("service token"), "{error}");
        let missing = Secret::Env("NOT_SET_ANYWHERE".to_owned());
        let error = refused(&connector, &by_cloudflare(node, missing)).await;
        assert_eq!(error.step, Step::Config);
        assert!(
            error
                .reason
                .as_str()
                .contains("$NOT_SET_ANYWHERE is not set"),
            "{error}"
        );
        return;
    }
    let Some(server) = Sshd::start() else { return };
    let text = "echo '2026-11-21T10:00:00Z ERR failed to connect to origin error=\"websocket: bad handshake\"' >&2; exit 1";
    stand_in(server.folder.path(), "cloudflared", text);
    again("cloudflared_that_fails_is_told_with_advice", &server);
}

#[tokio::test]
async fn a_missing_cloudflared_is_said_and_the_next_transport_is_tried() {
    let Some(server) = Sshd::start() else { return };
    if std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join("cloudflared").is_file())
    {
        eprintln!("SKIPPED: cloudflared is installed here");
        return;
    }
    server.trust();
    let node = by_cloudflare(server.node(), Secret::Command("echo x".to_owned()));
    let mut node = Node {
        route: Route {
            cloudflare: node.route.cloudflare.clone().map(|cloudflare| Cloudflare {
                token_id: None,
                ..cloudflare
            }),
            ..Route::default()
        },
        ..node
    };
    let connector = Connector::new(server.config(), None);
    let error = refused(&connector, &node).await;
    assert_eq!((error.step, error.permanent), (Step::Config, true));
    assert!(error.reason.as_str().contains("not installed"), "{error}");
    node.transports.push(Transport::Direct);
    let session = connector.connect(&node).await.unwrap();
    assert_eq!(session.info().transport, Transport::Direct);
}

#[tokio::test]
async fn tailscale_status_finds_the_peer_and_skips_one_that_is_away() {
    if let Some((node, config)) = inside() {
        let by = |name: &str| Node {
            transports: vec![Transport::Tailscale],
            route: Route {
                tailscale: Some(name.to_owned()),
                ..Route::default()
            },
            ..node.clone()
        };
        let connector = Connector::new(config, None);
        let (one, two) = (by("web1"), by("web1.tail1.ts.net"));
        let (one, two) = tokio::join!(connector.connect(&one), connector.connect(&two));
        let info = one.unwrap().info().clone();
        assert_eq!(info.transport, Transport::Tailscale);
        assert_eq!(
            info.peer,
            format!("web1 (127.0.0.1:{})", node.port.unwrap())
        );
        assert!(two.is_ok());
        let error = refused(&connector, &by("db1")).await;
        assert_eq!((error.step, error.permanent), (Step::Connect, false));
        assert_eq!(
            error.reason.as_str(),
            "peer db1 is offline since 2026-11-20T08:15:30Z"
        );
        let mut next = by("db1");
        next.transports.push(Transport::Direct);
        let session = timeout(SOON, connector.connect(&next)).await.unwrap();
        assert_eq!(session.unwrap().info().transport, Transport::Direct);
        return;
    }
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let status = r#"{"BackendState": "Running", "MagicDNSSuffix": "tail1.ts.net", "Peer": {
        "a": {"DNSName": "web1.tail1.ts.net.", "Online": true, "TailscaleIPs": ["127.0.0.1"]},
        "b": {"DNSName": "db1.tail1.ts.net.", "Online": false, "TailscaleIPs": ["127.0.0.1"],
              "LastSeen": "2026-11-20T08:15:30Z"}}}"#;
    let count = server.path("count");
    let text = format!(
        "echo \"$*\" >> {}; sleep 0.2; cat <<'END'\n{status}\nEND",
        count.display()
    );
    stand_in(server.folder.path(), "tailscale", &text);
    again(
        "tailscale_status_finds_the_peer_and_skips_one_that_is_away",
        &server,
    );
    // One process for all of them.
    assert_eq!(fs::read_to_string(count).unwrap(), "status --json\n");
}

#[tokio::test]
async fn a_tailscale_that_hangs_or_is_stopped_is_told() {
    if let Some((mut node, config)) = inside() {
        node.transports = vec![Transport::Tailscale];
        node.route.tailscale = Some("127.0.0.1".to_owned());
        let folder = std::env::var("SSHOAL_TEST_FOLDER").unwrap();
        // It hangs: after 2 s the peer is dialled all the same.
        let connector = Connector::new(config.clone(), None);
        let session = timeout(SOON, connector.connect(&node)).await.unwrap();
        assert_eq!(session.unwrap().info().transport, Transport::Tailscale);
        stand_in(
            Path::new(&folder),
            "tailscale",
            "echo '{\"BackendState\": \"Stopped\"}'; exit 1",
        );
        let connector = Connector::new(config, None);
        let error = refused(&connector, &node).await;
        assert_eq!(
            error.reason.as_str(),
            "tailscale is not running on this machine: it is stopped"
        );
        return;
    }
    let Some(server) = Sshd::start() else { return };
    server.trust();
    stand_in(server.folder.path(), "tailscale", "exec sleep 60");
    again("a_tailscale_that_hangs_or_is_stopped_is_told", &server);
}
