//! What ssh_config says is obeyed: alone it leads to a session, and ssh is asked no more than needed.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sshoal::{
    node::{Node, Transport},
    ssh::{Config, Connector, End, Source, SshConfig, Step},
};

use crate::{
    eventually, refused, run,
    support::sshd::{Sshd, config, peer},
};

fn direct(name: &str) -> Node {
    Node {
        transports: vec![Transport::Direct],
        ..Node::blank(name)
    }
}

/// Settings by which a file of `folder` is obeyed, and `program` is asked about it.
fn obeying(folder: &Path, program: Option<PathBuf>) -> Config {
    Config {
        known_hosts_chosen: false,
        ssh_config: SshConfig::On(Source {
            file: Some(folder.join("ssh_config")),
            home: folder.to_path_buf(),
            user: "nobody".to_owned(),
            cache: Some(folder.join("state/ssh_config.jsonl")),
            program,
        }),
        ..config(folder)
    }
}

/// The entry of a server under the name `box`.
fn entry(server: &Sshd, user: &str) -> String {
    let folder = server.folder.path().display();
    let key = fs::read_to_string(server.path("host_ed25519.pub")).unwrap();
    fs::write(server.path("known"), format!("box-alias {key}")).unwrap();
    format!(
        "Host box\n HostName 127.0.0.1\n Port {}\n User {user}\n IdentityFile {folder}/id_%n\n \
         IdentitiesOnly yes\n HostKeyAlias box-alias\n UserKnownHostsFile {folder}/known\n \
         StrictHostKeyChecking yes\n ConnectTimeout 9\n Ciphers aes192-ctr\n",
        server.port
    )
}

#[tokio::test]
async fn ssh_config_alone_leads_to_a_session() {
    let server = Sshd::with(&["LogLevel DEBUG1"]);
    let (Some(server), Some(ssh)) = (server, peer("ssh")) else {
        return;
    };
    let user = server.config().user;
    fs::rename(server.path("id_ed25519"), server.path("id_box")).unwrap();
    fs::write(server.path("ssh_config"), entry(&server, &user)).unwrap();
    for program in [Some(ssh), None] {
        let settings = Config {
            user: "wrong".to_owned(),
            ..obeying(server.folder.path(), program)
        };
        let connector = Connector::new(settings, None);
        let session = connector.connect(&direct("box")).await.unwrap();
        assert_eq!(session.info().peer, format!("127.0.0.1:{}", server.port));
        assert_eq!(session.info().user, user);
        assert!(session.info().auth.as_str().ends_with("id_box"));
        assert_eq!(run(&session, "true").await.end, Some(End::Exit(0)));
        assert!(server.log().contains("cipher: aes192-ctr"));
        // hosts.yaml comes first.
        let node = Node {
            port: Some(1),
            ..direct("box")
        };
        let error = refused(&connector, &node).await;
        assert_eq!(error.step, Step::Connect);
        assert!(error.reason.as_str().contains("127.0.0.1:1"), "{error}");
    }
}

/// The program that is asked, and then none: the files are read here.
const READERS: [fn() -> Option<PathBuf>; 2] = [|| peer("ssh"), || None];

/// The entry with these lines before its own.
fn connector(server: &Sshd, lines: &str, program: Option<PathBuf>) -> Connector {
    let user = server.config().user;
    fs::copy(server.path("id_ed25519"), server.path("id_box")).unwrap();
    let text = format!("Host box\n{lines}\n{}", entry(server, &user));
    fs::write(server.path("ssh_config"), text).unwrap();
    Connector::new(obeying(server.folder.path(), program), None)
}

/// On Linux all of 127.0.0.0/8 is this machine's.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_local_address_and_the_ip_version_are_the_ones_that_were_named() {
    let Some(server) = Sshd::start() else { return };
    for reader in READERS {
        let lines = "BindAddress 127.0.0.9\nAddressFamily inet\nTCPKeepAlive no";
        let connector = connector(&server, lines, reader());
        assert!(connector.connect(&direct("box")).await.is_ok());
        assert!(server.log().contains("Connection from 127.0.0.9 port"));
        let foreign = self::connector(&server, "BindAddress 192.0.2.1", reader());
        let error = refused(&foreign, &direct("box")).await;
        assert_eq!((error.step, error.permanent), (Step::Connect, false));
        assert!(error.reason.as_str().contains("not from 192.0.2.1: "));
        assert!(error.advice.as_str().contains("BindAddress 192.0.2.1"));
        let six = self::connector(&server, "AddressFamily inet6", reader());
        let error = refused(&six, &direct("box")).await;
        assert_eq!(error.step, Step::Resolve);
        let reason = error.reason.as_str();
        assert!(reason.contains("127.0.0.1 has no IPv6 address"), "{reason}");
        assert!(error.advice.as_str().contains("AddressFamily inet6"));
    }
}

#[tokio::test]
async fn a_way_of_logging_in_that_is_not_wanted_is_not_tried() {
    let Some(server) = Sshd::with(&["PasswordAuthentication yes"]) else {
        return;
    };
    for reader in READERS {
        for lines in [
            "PreferredAuthentications password",
            "PubkeyAuthentication no",
        ] {
            let connector = connector(&server, lines, reader());
            let error = refused(&connector, &direct("box")).await;
            assert_eq!((error.step, error.permanent), (Step::Auth, true));
            let reason = error.reason.as_str();
            assert!(
                reason.contains("no key was offered")
                    && reason.contains("ssh_config leaves out publickey"),
                "{reason}"
            );
        }
        let lines = "PreferredAuthentications hostbased";
        let error = refused(&connector(&server, lines, reader()), &direct("box")).await;
        let advice = error.advice.as_str();
        assert!(advice.contains("PreferredAuthentications"), "{advice}");
        assert!(!server.log().contains("publickey"), "{}", server.log());
    }
}

#[tokio::test]
async fn what_changes_whom_ssh_trusts_and_is_not_known_here_is_refused() {
    let Some(server) = Sshd::start() else { return };
    for reader in READERS {
        for line in [
            "KnownHostsCommand /bin/true",
            "RevokedHostKeys /dev/null",
            "BindInterface lo",
        ] {
            let error = refused(&connector(&server, line, reader()), &direct("box")).await;
            assert_eq!((error.step, error.permanent), (Step::Config, true));
            let name = line.split(' ').next().unwrap();
            assert!(error.reason.as_str().contains(name), "{error}");
        }
        let lines = "KnownHostsCommand none\nKnownHostsCommand /bin/true\nRevokedHostKeys none";
        let connector = connector(&server, lines, reader());
        assert!(connector.connect(&direct("box")).await.is_ok());
    }
}

#[tokio::test]
async fn a_line_that_ssh_refuses_is_told_in_its_words_until_it_is_mended() {
    let Some(ssh) = peer("ssh") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ssh_config");
    fs::write(&file, "Host a\n Prot 22\nHost c\n Compression yes\n").unwrap();
    for program in [Some(ssh), None] {
        let connector = Connector::new(obeying(folder.path(), program), None);
        let error = refused(&connector, &direct("a")).await;
        assert_eq!((error.step, error.permanent), (Step::Config, true));
        let reason = error.reason.as_str();
        assert!(
            reason.contains("ssh_config") && reason.contains("line 2"),
            "{reason}"
        );
        assert!(error.advice.as_str().contains("-F none"));
    }
}

/// A stand-in for ssh that answers like the real one, and writes down when it began and ended.
fn counting(folder: &Path) -> PathBuf {
    let program = folder.join("counting-ssh");
    let log = folder.join("processes");
    fs::write(
        &program,
        format!(
            "#!/bin/sh\necho + >> {0}\nsleep 0.03\necho port 9\necho hostname 127.0.0.1\necho - >> {0}\n",
            log.display()
        ),
    )
    .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

/// How many processes ran, and how many at once.
fn processes(folder: &Path) -> (usize, usize) {
    let log = fs::read_to_string(folder.join("processes")).unwrap_or_default();
    let (mut now, mut most, mut all) = (0_usize, 0, 0);
    for line in log.lines() {
        if line == "+" {
            (now, all) = (now + 1, all + 1);
            most = most.max(now);
        } else {
            now -= 1;
        }
    }
    (all, most)
}

/// Connects to `names` at once by a connector of its own; port 9 refuses. Returns how long it took.
async fn storm(settings: &Config, names: &[String]) -> Duration {
    let connector = Connector::new(settings.clone(), None);
    let nodes: Vec<Node> = names.iter().map(|name| direct(name)).collect();
    let started = Instant::now();
    let ended = futures::future::join_all(nodes.iter().map(|node| connector.connect(node))).await;
    for error in ended {
        let error = error.unwrap_err();
        assert!(error.reason.as_str().contains("127.0.0.1:9"), "{error}");
    }
    started.elapsed()
}

#[tokio::test]
async fn five_hundred_names_are_asked_four_at_a_time_and_then_never_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ssh_config");
    fs::write(
        &file,
        "Host n*\n Port 9\n HostName 127.0.0.1\nHost other\n Port 8\n",
    )
    .unwrap();
    let settings = obeying(folder.path(), Some(counting(folder.path())));
    let names: Vec<String> = (0..500).map(|index| format!("n{index}")).collect();
    let cold = storm(&settings, &names).await;
    let (all, most) = processes(folder.path());
    assert_eq!(all, 500);
    assert!((2..=4).contains(&most), "{most} at once");
    let cache = folder.path().join("state/ssh_config.jsonl");
    let written = || fs::read_to_string(&cache).unwrap().lines().count();
    assert_eq!(written(), 500);
    let warm = storm(&settings, &names).await;
    println!("500 names: {cold:?} cold, {warm:?} warm");
    assert_eq!(processes(folder.path()).0, 500);
    assert_eq!(
        fs::metadata(&cache).unwrap().permissions().mode() & 0o777,
        0o600
    );
    // A broken cache, or one that others could have written, is as none.
    fs::write(&cache, "{\"key\":\"00\",\"said\":[]}\nnonsense\n").unwrap();
    storm(&settings, &names[..3]).await;
    assert_eq!(processes(folder.path()).0, 503);
    assert_eq!(written(), 5);
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o620)).unwrap();
    storm(&settings, &names[..3]).await;
    assert_eq!(processes(folder.path()).0, 506);
}

/// Files are looked at once a second.
async fn a_while_later() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_change_of_a_file_is_seen_by_the_next_connection() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ssh_config");
    let more = folder.path().join("more.conf");
    let text = format!("Include {}/*.conf\n", folder.path().display());
    fs::write(&file, text).unwrap();
    fs::write(&more, "Host n\n Port 9\n HostName 127.0.0.1\n").unwrap();
    let connector = Connector::new(obeying(folder.path(), Some(counting(folder.path()))), None);
    let node = direct("n");
    for _ in 0..3 {
        refused(&connector, &node).await;
    }
    assert_eq!(processes(folder.path()).0, 1);
    fs::write(&more, "Host n\n Port 9\n HostName 127.0.0.1\n\n").unwrap();
    a_while_later().await;
    refused(&connector, &node).await;
    assert_eq!(processes(folder.path()).0, 2);
    // What may change by itself is asked each time.
    fs::write(
        &more,
        "Match exec true\n Port 9\nHost n\n HostName 127.0.0.1\n",
    )
    .unwrap();
    a_while_later().await;
    for _ in 0..2 {
        refused(&connector, &node).await;
    }
    assert_eq!(processes(folder.path()).0, 4);
}

#[tokio::test]
async fn an_attempt_that_is_given_up_leaves_no_process() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ssh_config"), "Port 9\n").unwrap();
    let (program, pids) = (folder.path().join("slow-ssh"), folder.path().join("pids"));
    let script = format!(
        "#!/bin/sh\nsleep 60 &\necho $$ $! > {}\nwait\n",
        pids.display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let connector = Connector::new(obeying(folder.path(), Some(program)), None);
    let node = direct("n");
    let started = || fs::read_to_string(&pids).is_ok_and(|text| text.ends_with('\n'));
    tokio::select! {
        _ = connector.connect(&node) => panic!("it never answers"),
        () = eventually("it runs", started) => {}
    }
    let alive = || {
        let text = fs::read_to_string(&pids).unwrap();
        let mut all = text.split_whitespace().map(|pid| pid.parse().unwrap());
        all.any(crate::support::sshd::is_alive)
    };
    eventually("it has ended", || !alive()).await;
    fs::remove_file(&pids).unwrap();
    let error = refused(&connector, &node).await;
    assert_eq!((error.step, error.permanent), (Step::Config, false));
    assert!(error.reason.as_str().contains("within 3 s"), "{error}");
    eventually("it has ended", || !alive()).await;
}
