//! Sessions against a real OpenSSH server: logging in, host keys, commands, and every way in which they end.

mod support;

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use sshoal::{
    node::{HostKeyPolicy, Node, Transport},
    ssh::{Asked, Channel, Connector, End, Error, Output, Question, Session, Step},
};
use support::sshd::{SshAgent, Sshd, config, is_alive, keygen, node, peer};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, UnixListener, UnixStream},
    sync::mpsc,
    time::timeout,
};

/// Far above what anything here takes: only a hang meets it.
const SOON: Duration = Duration::from_secs(20);

#[derive(Debug, Default, PartialEq)]
struct Finished {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    end: Option<End>,
}

async fn finish(channel: &mut Channel) -> Finished {
    let mut finished = Finished::default();
    while finished.end.is_none() {
        match timeout(SOON, channel.next())
            .await
            .expect("output or an end")
        {
            Output::Stdout(bytes) => finished.stdout.extend_from_slice(&bytes),
            Output::Stderr(bytes) => finished.stderr.extend_from_slice(&bytes),
            Output::End(end) => finished.end = Some(end),
        }
    }
    finished
}

async fn run(session: &Session, command: &str) -> Finished {
    finish(&mut session.exec(command).await.unwrap()).await
}

/// The first line of output; what comes after it stays in the channel.
async fn first_line(channel: &mut Channel) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\n") {
        match timeout(SOON, channel.next()).await.unwrap() {
            Output::Stdout(bytes) => text.extend_from_slice(&bytes),
            other => panic!("{other:?}"),
        }
    }
    String::from_utf8(text).unwrap().trim().to_owned()
}

async fn refused(connector: &Connector, node: &Node) -> Error {
    let started = Instant::now();
    let error = timeout(SOON, connector.connect(node))
        .await
        .unwrap()
        .expect_err("a refusal");
    println!("{:?} {error}\n  -> {}", started.elapsed(), error.advice);
    error
}

async fn open(server: &Sshd) -> Session {
    server.trust();
    let connector = Connector::new(server.config(), None);
    connector.connect(&server.node()).await.unwrap()
}

/// Waits until `done`; for states of the system that nothing tells of.
async fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < SOON, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn tasks() -> usize {
    tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks()
}

// Logging in.

#[tokio::test]
async fn a_key_file_logs_in() {
    let Some(server) = Sshd::start() else { return };
    let session = open(&server).await;
    let info = session.info();
    assert_eq!(info.transport, Transport::Direct);
    assert_eq!(info.peer, format!("127.0.0.1:{}", server.port));
    assert!(info.ident.as_str().starts_with("SSH-2.0-OpenSSH"));
    assert!(info.auth.as_str().starts_with("file "), "{}", info.auth);
    assert_eq!(run(&session, "true").await.end, Some(End::Exit(0)));
    session.close().await;
}

#[tokio::test]
async fn rsa_ecdsa_and_older_forms_of_key_files_log_in() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let mut node = server.node();
    for (name, kind) in [("id_rsa", "rsa"), ("id_ecdsa", "ecdsa"), ("id_pem", "rsa")] {
        let path = server.path(name);
        keygen(&path, kind, "");
        let public = fs::read_to_string(server.path(&format!("{name}.pub"))).unwrap();
        server.append("authorized_keys", &public);
        if name == "id_pem" {
            let pem = ["-q", "-p", "-m", "PEM", "-P", "", "-N", "", "-f"];
            let made = Command::new("ssh-keygen").args(pem).arg(&path).output();
            assert!(made.unwrap().status.success());
        }
        node.identity = vec![path];
        let connector = Connector::new(server.config(), None);
        let session = connector.connect(&node).await.unwrap();
        assert!(session.info().auth.as_str().ends_with(name));
    }
}

#[tokio::test]
async fn the_agent_goes_first_and_its_other_keys_are_kept_back_where_files_are_named() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let other = server.path("id_other");
    keygen(&other, "ed25519", "");
    let keys = [other.clone(), server.path("id_ed25519")];
    let Some(agent) = SshAgent::start(server.folder.path(), &keys) else {
        return;
    };
    let mut config = server.config();
    config.agent = Some(agent.socket.clone());
    let connector = Connector::new(config, None);
    let mut node = server.node();
    let session = connector.connect(&node).await.unwrap();
    assert_eq!(session.info().auth.as_str(), "agent ed25519 test");
    // Without named files, every key of the agent is offered.
    node.identity.clear();
    assert!(connector.connect(&node).await.is_ok());
    // With them, only theirs: the agent's good key stays unused.
    node.identity = vec![other];
    let error = refused(&connector, &node).await;
    assert_eq!(
        error.reason.as_str().matches("agent ed25519").count(),
        1,
        "{error}"
    );
}

#[tokio::test]
async fn an_rsa_key_in_the_agent_signs_with_sha_2() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let path = server.path("id_rsa");
    keygen(&path, "rsa", "");
    let public = fs::read_to_string(server.path("id_rsa.pub")).unwrap();
    server.append("authorized_keys", &public);
    let Some(agent) = SshAgent::start(server.folder.path(), &[path]) else {
        return;
    };
    let mut config = server.config();
    config.agent = Some(agent.socket.clone());
    let mut node = server.node();
    node.identity.clear();
    let session = Connector::new(config, None).connect(&node).await.unwrap();
    assert_eq!(session.info().auth.as_str(), "agent rsa test");
}

/// An agent in front of another, which refuses its first signature.
async fn fussy_agent(listener: UnixListener, real: PathBuf) {
    let mut refusals = 1;
    while let Ok((mut client, _)) = listener.accept().await {
        let mut agent = UnixStream::connect(&real).await.unwrap();
        while let Ok(length) = client.read_u32().await {
            let mut request = vec![0; length as usize];
            client.read_exact(&mut request).await.unwrap();
            const SIGN_REQUEST: u8 = 13;
            if request[0] == SIGN_REQUEST && refusals > 0 {
                refusals -= 1;
                client.write_all(&[0, 0, 0, 1, 5]).await.unwrap();
                continue;
            }
            agent.write_u32(length).await.unwrap();
            agent.write_all(&request).await.unwrap();
            let length = agent.read_u32().await.unwrap();
            let mut answer = vec![0; length as usize];
            agent.read_exact(&mut answer).await.unwrap();
            client.write_u32(length).await.unwrap();
            client.write_all(&answer).await.unwrap();
        }
    }
}

#[tokio::test]
async fn when_the_agent_refuses_one_key_the_next_is_used() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let second = server.path("id_second");
    keygen(&second, "ed25519", "");
    let public = fs::read_to_string(server.path("id_second.pub")).unwrap();
    server.append("authorized_keys", &public);
    let keys = [server.path("id_ed25519"), second];
    let Some(agent) = SshAgent::start(server.folder.path(), &keys) else {
        return;
    };
    let socket = server.path("fussy");
    let listener = UnixListener::bind(&socket).unwrap();
    let fussy = tokio::spawn(fussy_agent(listener, agent.socket.clone()));
    let mut config = server.config();
    config.agent = Some(socket);
    let mut node = server.node();
    node.identity.clear();
    let session = Connector::new(config, None).connect(&node).await.unwrap();
    assert_eq!(run(&session, "echo in").await.stdout, b"in\n");
    fussy.abort();
}

#[tokio::test]
async fn a_login_that_is_refused_is_refused_for_good_and_says_what_was_tried() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let (wrong, locked) = (server.path("id_wrong"), server.path("id_locked"));
    keygen(&wrong, "ed25519", "");
    keygen(&locked, "ed25519", "secret");
    let mut node = server.node();
    node.identity = vec![wrong, locked, server.path("id_none")];
    let error = refused(&Connector::new(server.config(), None), &node).await;
    assert_eq!((error.step, error.permanent), (Step::Auth, true));
    let reason = error.reason.as_str();
    for part in [
        "id_wrong",
        "id_locked is encrypted",
        "id_none does not exist",
        "publickey",
    ] {
        assert!(reason.contains(part), "{part}: {reason}");
    }
    assert!(error.advice.as_str().contains("ssh-add"));
}

#[tokio::test]
async fn an_agent_with_many_keys_never_meets_the_servers_limit() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let keys: Vec<PathBuf> = (0..8)
        .map(|index| server.path(&format!("id_{index}")))
        .collect();
    keys.iter().for_each(|key| keygen(key, "ed25519", ""));
    let Some(agent) = SshAgent::start(server.folder.path(), &keys) else {
        return;
    };
    let mut config = server.config();
    config.agent = Some(agent.socket.clone());
    // The right key is the agent's ninth, but it is known to be this user's: it goes first.
    config.identities = vec![server.path("id_ed25519")];
    let mut node = server.node();
    node.identity.clear();
    let error = refused(&Connector::new(config.clone(), None), &node).await;
    assert!(!error.reason.as_str().contains("Too many"), "{error}");
    let added = Command::new("ssh-add")
        .args(["-q".as_ref(), server.path("id_ed25519").as_os_str()])
        .env("SSH_AUTH_SOCK", &agent.socket)
        .status();
    assert!(added.unwrap().success());
    let connector = Connector::new(config, None);
    assert!(connector.connect(&node).await.is_ok());
}

// Host keys.

#[tokio::test]
async fn an_unknown_host_is_asked_about_once_and_remembered() {
    let Some(server) = Sshd::start() else { return };
    let (sender, mut questions) = mpsc::channel::<Asked>(4);
    let connector = Connector::new(server.config(), Some(sender));
    let node = server.node();
    let (session, ()) = tokio::join!(connector.connect(&node), async {
        let asked = questions.recv().await.unwrap();
        let Question::HostKey {
            host,
            algorithm,
            fingerprint,
        } = &asked.prompt.question;
        assert_eq!(host.as_str(), format!("[127.0.0.1]:{}", server.port));
        assert_eq!(algorithm.as_str(), "ssh-ed25519");
        assert_eq!(
            fingerprint.as_str(),
            fingerprint_of(&server.path("host_ed25519.pub"))
        );
        assert_eq!(asked.prompt.node, node.id);
        asked.reply.send(true).unwrap();
    });
    assert!(session.is_ok());
    assert!(connector.connect(&node).await.is_ok());
    assert!(questions.try_recv().is_err());
    let ssh_agrees = Command::new("ssh-keygen")
        .args(["-F", &format!("[127.0.0.1]:{}", server.port), "-f"])
        .arg(server.path("known_hosts"))
        .output()
        .unwrap();
    assert!(ssh_agrees.status.success());
}

fn fingerprint_of(public: &std::path::Path) -> String {
    let listed = Command::new("ssh-keygen").arg("-lf").arg(public).output();
    let text = String::from_utf8(listed.unwrap().stdout).unwrap();
    text.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn two_connections_that_ask_at_once_write_one_line() {
    let Some(server) = Sshd::start() else { return };
    let (sender, mut questions) = mpsc::channel::<Asked>(4);
    let connector = Connector::new(server.config(), Some(sender));
    let node = server.node();
    let (first, second, ()) =
        tokio::join!(connector.connect(&node), connector.connect(&node), async {
            let both = (
                questions.recv().await.unwrap(),
                questions.recv().await.unwrap(),
            );
            assert_ne!(both.0.prompt.id, both.1.prompt.id);
            both.0.reply.send(true).unwrap();
            both.1.reply.send(true).unwrap();
        });
    assert!(first.is_ok() && second.is_ok());
    let written = fs::read_to_string(server.path("known_hosts")).unwrap();
    assert_eq!(written.lines().count(), 1);
}

#[tokio::test]
async fn an_unknown_host_is_refused_where_nobody_says_yes() {
    let Some(server) = Sshd::start() else { return };
    let mut node = server.node();
    let error = refused(&Connector::new(server.config(), None), &node).await;
    assert_eq!((error.step, error.permanent), (Step::HostKey, true));
    assert!(error.advice.as_str().contains("--accept-new"));
    let (sender, mut questions) = mpsc::channel::<Asked>(4);
    let connector = Connector::new(server.config(), Some(sender));
    let (error, ()) = tokio::join!(refused(&connector, &node), async {
        questions.recv().await.unwrap().reply.send(false).unwrap();
    });
    assert!(error.reason.as_str().contains("declined"), "{error}");
    node.host_keys = HostKeyPolicy::Strict;
    let error = refused(&connector, &node).await;
    assert!(error.advice.as_str().contains("strict"));
    assert!(!server.path("known_hosts").exists());
}

#[tokio::test]
async fn accept_new_writes_the_key_unless_the_node_is_strict() {
    let Some(server) = Sshd::start() else { return };
    let mut config = server.config();
    config.accept_new = true;
    config.known_hosts = vec![server.path("new/known_hosts")];
    let connector = Connector::new(config, None);
    let mut node = server.node();
    node.host_keys = HostKeyPolicy::Strict;
    assert_eq!(refused(&connector, &node).await.step, Step::HostKey);
    node.host_keys = HostKeyPolicy::Ask;
    assert!(connector.connect(&node).await.is_ok());
    node.host_keys = HostKeyPolicy::Strict;
    assert!(connector.connect(&node).await.is_ok());
}

#[tokio::test]
async fn a_changed_key_is_refused_with_both_fingerprints() {
    let Some(server) = Sshd::start() else { return };
    let old = server.path("old");
    keygen(&old, "ed25519", "");
    server.append("known_hosts", "# a comment\n");
    server.know(&fs::read_to_string(server.path("old.pub")).unwrap());
    let mut config = server.config();
    config.accept_new = true;
    let mut node = server.node();
    node.host_keys = HostKeyPolicy::AcceptNew;
    let before = fs::read(server.path("known_hosts")).unwrap();
    let error = refused(&Connector::new(config, None), &node).await;
    assert_eq!((error.step, error.permanent), (Step::HostKey, true));
    let reason = error.reason.as_str();
    let place = format!("{}:2", server.path("known_hosts").display());
    let (shown, known) = (server.path("host_ed25519.pub"), server.path("old.pub"));
    for part in [place, fingerprint_of(&shown), fingerprint_of(&known)] {
        assert!(reason.contains(&part), "{part}: {reason}");
    }
    assert_eq!(fs::read(server.path("known_hosts")).unwrap(), before);
    assert!(!server.log().contains("Accepted"));
}

#[tokio::test]
async fn a_host_known_by_another_kind_of_key_is_asked_for_that_kind() {
    let folder = tempfile::tempdir().unwrap();
    if peer("ssh-keygen").is_none() {
        return;
    }
    let rsa = folder.path().join("host_rsa");
    keygen(&rsa, "rsa", "");
    let option = format!("HostKey {}", rsa.display());
    let Some(server) = Sshd::with(&[&option]) else {
        return;
    };
    server.know(&fs::read_to_string(folder.path().join("host_rsa.pub")).unwrap());
    let connector = Connector::new(server.config(), None);
    assert!(connector.connect(&server.node()).await.is_ok());
}

#[tokio::test]
async fn a_revoked_key_is_refused_though_it_is_known() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let key = fs::read_to_string(server.path("host_ed25519.pub")).unwrap();
    server.append("known_hosts", &format!("@revoked * {key}"));
    let error = refused(&Connector::new(server.config(), None), &server.node()).await;
    assert_eq!((error.step, error.permanent), (Step::HostKey, true));
    assert!(error.reason.as_str().contains("REVOKED"), "{error}");
}

#[tokio::test]
async fn known_hosts_that_cannot_be_read_never_count_as_empty() {
    let Some(server) = Sshd::start() else { return };
    let mut config = server.config();
    config.accept_new = true;
    config.known_hosts.push(server.path("home"));
    let error = refused(&Connector::new(config, None), &server.node()).await;
    assert_eq!((error.step, error.permanent), (Step::HostKey, true));
}

// Servers that aren't there, or aren't what they should be.

#[tokio::test]
async fn a_refused_port_fails_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut node = node(Transport::Direct);
    node.port = listener.local_addr().unwrap().port();
    drop(listener);
    let started = Instant::now();
    let error = refused(&Connector::new(config(folder.path()), None), &node).await;
    assert!(started.elapsed() < Duration::from_secs(1));
    assert_eq!((error.step, error.permanent), (Step::Connect, false));
    assert!(
        error.reason.as_str().contains("connection refused"),
        "{error}"
    );
}

/// Connects to a server that says `hello` and then nothing; returns the error after the server has seen the connection end.
async fn against(hello: &[u8], hang_up: bool) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut node = node(Transport::Direct);
    node.port = listener.local_addr().unwrap().port();
    let mut config = config(folder.path());
    config.kex_timeout = Duration::from_millis(300);
    let connector = Connector::new(config, None);
    let before = tasks();
    let (error, ()) = tokio::join!(refused(&connector, &node), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(hello).await.unwrap();
        if !hang_up {
            // Ends when the other side has closed its socket: nothing holds on to it.
            let mut sink = tokio::io::sink();
            let _ = timeout(SOON, tokio::io::copy(&mut stream, &mut sink))
                .await
                .unwrap();
        }
    });
    eventually("no task is left", || tasks() == before).await;
    error
}

#[tokio::test]
async fn a_silent_server_meets_the_deadline_and_leaves_nothing_behind() {
    let error = against(b"", false).await;
    assert_eq!((error.step, error.permanent), (Step::Banner, false));
    assert!(error.reason.as_str().contains("silent"), "{error}");
    // Within key exchange russh watches nothing but its stream.
    let error = against(b"SSH-2.0-stuck\r\n", false).await;
    assert_eq!((error.step, error.permanent), (Step::Kex, false));
}

#[tokio::test]
async fn what_is_said_instead_of_a_banner_is_told() {
    let error = against(b"Not allowed at this time\r\n", true).await;
    assert_eq!(error.step, Step::Banner);
    assert!(
        error.reason.as_str().contains("Not allowed at this time"),
        "{error}"
    );
    let error = against(b"HTTP/1.1 400 Bad Request\r\n\r\n", true).await;
    assert!(error.reason.as_str().contains("HTTP/1.1 400"), "{error}");
    let error = against(b"\x1b]52;c;x\x07\xff\n", true).await;
    assert!(!error.reason.as_str().contains(char::is_control), "{error}");
    let error = against(b"", true).await;
    assert!(error.advice.as_str().contains("MaxStartups"), "{error}");
    let error = against(b"SSH-1.5-old\r\n", true).await;
    assert!(error.reason.as_str().contains("SSH-1.5-old"), "{error}");
}

#[tokio::test]
async fn an_attempt_that_is_dropped_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut node = node(Transport::Direct);
    node.port = listener.local_addr().unwrap().port();
    let connector = Connector::new(config(folder.path()), None);
    let before = tasks();
    for _ in 0..20 {
        let (cut, stream) = tokio::join!(
            timeout(Duration::from_millis(30), connector.connect(&node)),
            async {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(b"SSH-2.0-stuck\r\n").await.unwrap();
                stream
            }
        );
        assert!(cut.is_err());
        drop(stream);
    }
    eventually("no task is left", || tasks() == before).await;
}

#[tokio::test]
async fn a_transport_that_is_not_there_yet_says_so_and_is_never_replaced_by_a_direct_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = node(Transport::Direct);
    node.route.jump = vec!["bastion".to_owned()];
    let error = refused(&Connector::new(config(folder.path()), None), &node).await;
    assert_eq!(
        (error.step, error.transport),
        (Step::Config, Transport::Jump)
    );
    assert!(error.permanent);
    node.transports = vec![Transport::Jump, Transport::Local];
    let connector = Connector::new(config(folder.path()), None);
    let session = connector.connect(&node).await.unwrap();
    assert_eq!(session.info().transport, Transport::Local);
}

// Commands: the same over SSH and on this machine.

async fn sessions() -> Vec<(Session, Option<Sshd>)> {
    let folder = tempfile::tempdir().unwrap();
    let connector = Connector::new(config(folder.path()), None);
    let local = connector.connect(&node(Transport::Local)).await.unwrap();
    let mut sessions = vec![(local, None)];
    if let Some(server) = Sshd::start() {
        sessions.push((open(&server).await, Some(server)));
    }
    sessions
}

#[tokio::test]
async fn output_error_and_exit_code_come_apart() {
    for (session, _server) in sessions().await {
        let done = run(&session, "echo out; echo err >&2; exit 7").await;
        assert_eq!(done.stdout, b"out\n");
        assert_eq!(done.stderr, b"err\n");
        assert_eq!(done.end, Some(End::Exit(7)));
        let done = run(&session, "kill -KILL $$").await;
        assert_eq!(done.end, Some(End::Signal("KILL".to_owned())));
        let done = run(&session, "no-such-command-here").await;
        assert_eq!(done.end, Some(End::Exit(127)));
    }
}

#[tokio::test]
async fn input_is_streamed_and_ended() {
    for (session, _server) in sessions().await {
        let mut channel = session.exec("exec sh").await.unwrap();
        for line in ["a", "b"] {
            let echo = format!("echo {line}\n");
            channel.write(echo.as_bytes()).await.unwrap();
            assert_eq!(first_line(&mut channel).await, line);
        }
        channel.write(b"exit 3\n").await.unwrap();
        assert_eq!(finish(&mut channel).await.end, Some(End::Exit(3)));
        assert!(channel.write(b"echo more\n").await.is_err());
        let mut channel = session.exec("wc -c").await.unwrap();
        channel.write(&vec![b'x'; 5 << 20]).await.unwrap();
        channel.end_input().await;
        assert_eq!(first_line(&mut channel).await, (5 << 20).to_string());
        assert_eq!(channel.next().await, Output::End(End::Exit(0)));
        assert_eq!(channel.next().await, Output::End(End::Exit(0)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_mebibytes_arrive_to_the_byte() {
    for (session, _server) in sessions().await {
        let command = "head -c 67108864 /dev/zero | tr '\\0' x; printf end; echo done >&2";
        let started = Instant::now();
        let done = run(&session, command).await;
        println!("64 MiB in {:?}", started.elapsed());
        assert_eq!(done.stdout.len(), (64 << 20) + 3);
        assert!(done.stdout.starts_with(b"xxx") && done.stdout.ends_with(b"xend"));
        assert_eq!(done.stderr, b"done\n");
        assert_eq!(done.end, Some(End::Exit(0)));
    }
}

#[tokio::test]
async fn many_channels_of_a_session_work_at_once() {
    for (session, _server) in sessions().await {
        let done = futures::future::join_all((0..8).map(|index| {
            let session = &session;
            async move { run(session, &format!("echo {index}")).await.stdout }
        }))
        .await;
        let expected: Vec<Vec<u8>> = (0..8).map(|i| format!("{i}\n").into_bytes()).collect();
        assert_eq!(done, expected);
    }
}

#[tokio::test]
async fn a_dropped_channel_ends_its_command() {
    for (session, _server) in sessions().await {
        let mut channel = session.exec("echo $$; exec cat").await.unwrap();
        let process: u32 = first_line(&mut channel).await.parse().unwrap();
        assert!(is_alive(process));
        drop(channel);
        eventually("cat has ended", || !is_alive(process)).await;
        assert_eq!(run(&session, "true").await.end, Some(End::Exit(0)));
    }
}

#[tokio::test]
async fn dropped_channels_give_their_slots_back() {
    let Some(server) = Sshd::with(&["MaxSessions 2"]) else {
        return;
    };
    let session = open(&server).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(session.exec("cat").await.unwrap());
    }
    let error = session.exec("cat").await.expect_err("no slot is left");
    assert_eq!((error.step, error.permanent), (Step::Channel, false));
    drop(held);
    for _ in 0..8 {
        // Given up before it has started, it must not keep a slot either.
        let _ = timeout(Duration::from_micros(300), session.exec("cat")).await;
    }
    let started = Instant::now();
    while session.exec("true").await.is_err() {
        assert!(started.elapsed() < SOON, "the slots stay taken");
    }
}

#[tokio::test]
async fn a_reader_that_stands_still_loses_its_channel_and_not_the_session() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let connector = Connector::new(server.config(), None);
    let session = connector.connect(&server.node()).await.unwrap();
    let mut flood = session
        .exec("exec head -c 67108864 /dev/zero")
        .await
        .unwrap();
    assert!(matches!(flood.next().await, Output::Stdout(_)));
    eventually("the channel is given up", || connector.overruns() == 1).await;
    let done = run(&session, "echo still here").await;
    assert_eq!(done.stdout, b"still here\n");
    let lost = finish(&mut flood).await;
    assert_eq!(lost.end, Some(End::Lost));
    assert!(lost.stdout.len() <= 9 << 20, "{}", lost.stdout.len());
}

#[tokio::test]
async fn a_lost_connection_is_no_exit() {
    let Some(server) = Sshd::start() else { return };
    let session = open(&server).await;
    let mut channel = session.exec("echo started; exec cat").await.unwrap();
    assert_eq!(first_line(&mut channel).await, "started");
    server.kill_connections();
    assert_eq!(finish(&mut channel).await.end, Some(End::Lost));
    let reason = timeout(SOON, session.closed()).await.unwrap();
    assert_eq!((reason.step, reason.permanent), (Step::Session, false));
    println!("{reason}");
    assert!(channel.write(b"x").await.is_err());
    let error = session.exec("true").await.expect_err("the session is gone");
    assert_eq!(error.step, Step::Session);
}

#[tokio::test]
async fn a_writer_that_waits_is_woken_when_the_connection_dies() {
    let Some(server) = Sshd::start() else { return };
    let session = open(&server).await;
    let mut channel = session.exec("echo started; exec sleep 60").await.unwrap();
    assert_eq!(first_line(&mut channel).await, "started");
    // More than the server's window: the rest waits for a reader that never comes.
    let flood = vec![0; 8 << 20];
    let (written, ()) = tokio::join!(timeout(SOON, channel.write(&flood)), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.kill_connections();
    });
    assert!(written.unwrap().is_err());
}

async fn leaves_nothing_behind(session: Session, close: bool) {
    let mut channel = session.exec("echo $$; exec cat").await.unwrap();
    let process: u32 = first_line(&mut channel).await.parse().unwrap();
    if close {
        timeout(SOON, session.close()).await.unwrap();
    } else {
        drop(session);
    }
    assert_eq!(finish(&mut channel).await.end, Some(End::Lost));
    drop(channel);
    eventually("cat has ended", || !is_alive(process)).await;
    eventually("no task is left", || tasks() == 0).await;
}

#[tokio::test]
async fn a_closed_or_dropped_session_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let connector = Connector::new(config(folder.path()), None);
    let server = Sshd::start();
    for close in [true, false] {
        let local = connector.connect(&node(Transport::Local)).await;
        leaves_nothing_behind(local.unwrap(), close).await;
        if let Some(server) = &server {
            leaves_nothing_behind(open(server).await, close).await;
        }
    }
}

// The whole process is killed.

/// Not a test by itself: `killing_this_process_leaves_none_on_the_node` runs it as a process of its own.
#[tokio::test]
async fn holds_a_session_until_killed() {
    let Ok(folder) = std::env::var("SSHOAL_TEST_FOLDER") else {
        return;
    };
    let port: u16 = std::env::var("SSHOAL_TEST_PORT").unwrap().parse().unwrap();
    let folder = PathBuf::from(folder);
    let transport = if port == 0 {
        Transport::Local
    } else {
        Transport::Direct
    };
    let mut node = node(transport);
    node.port = port;
    node.identity = vec![folder.join("id_ed25519")];
    let connector = Connector::new(config(&folder), None);
    let session = connector.connect(&node).await.unwrap();
    let mut channel = session.exec("echo $$; exec cat").await.unwrap();
    println!("\nprocess {}", first_line(&mut channel).await);
    std::future::pending::<()>().await;
}

async fn killed_while_holding(folder: &std::path::Path, port: u16) {
    let mut holder = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holds_a_session_until_killed", "--nocapture"])
        .env("SSHOAL_TEST_FOLDER", folder)
        .env("SSHOAL_TEST_PORT", port.to_string())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let process: u32 = loop {
        let line = timeout(SOON, lines.next_line())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        if let Some(process) = line.strip_prefix("process ") {
            break process.parse().unwrap();
        }
    };
    assert!(is_alive(process));
    holder.start_kill().unwrap();
    holder.wait().await.unwrap();
    eventually("the node's process has ended", || !is_alive(process)).await;
}

#[tokio::test]
async fn killing_this_process_leaves_none_on_the_node() {
    let folder = tempfile::tempdir().unwrap();
    killed_while_holding(folder.path(), 0).await;
    let Some(server) = Sshd::start() else { return };
    server.trust();
    killed_while_holding(server.folder.path(), server.port).await;
}

#[tokio::test]
async fn local_commands_get_no_secrets_from_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let connector = Connector::new(config(folder.path()), None);
    let session = connector.connect(&node(Transport::Local)).await.unwrap();
    let done = run(&session, "env").await;
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(text.contains("PATH="));
    // Cargo sets this for every test.
    assert!(!text.contains("CARGO_MANIFEST_DIR"), "{text}");
}
