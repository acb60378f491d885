//! Logging in: key files, agents, and refusals.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use sshoal::{
    node::Transport,
    ssh::{Connector, End, Step},
};
use tokio::net::UnixListener;

use crate::{
    agent::between,
    eventually, open, refused, run,
    support::sshd::{SshAgent, Sshd, keygen, peer},
};

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
    let connector = || Connector::new(config.clone(), None);
    let mut node = server.node();
    let session = connector().connect(&node).await.unwrap();
    assert_eq!(
        session.info().auth.as_str(),
        known(&server.path("id_ed25519"))
    );
    // Without named files, every key of the agent is offered.
    node.identity.clear();
    assert!(connector().connect(&node).await.is_ok());
    // With them, only theirs: the agent's good key stays unused.
    node.identity = vec![other];
    let error = refused(&connector(), &node).await;
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
    let auth = session.info().auth.as_str().to_owned();
    assert!(auth.starts_with("agent rsa test (SHA256:"), "{auth}");
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
    let fussy = tokio::spawn(between(listener, agent.socket.clone(), Some(1)));
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
    let public = fs::read_to_string(server.path("id_locked.pub")).unwrap();
    server.append("authorized_keys", &public);
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
    for key in &keys {
        keygen(key, "ed25519", "");
    }
    let Some(agent) = SshAgent::start(server.folder.path(), &keys) else {
        return;
    };
    let mut config = server.config();
    config.agent = Some(agent.socket.clone());
    config.identities = vec![server.path("id_ed25519")];
    let mut node = server.node();
    node.identity.clear();
    let connector = Connector::new(config.clone(), None);
    let session = connector.connect(&node).await.unwrap();
    assert!(session.info().auth.as_str().starts_with("file "));
    // As the agent's ninth it is still known to be this user's, and goes first.
    let added = Command::new("ssh-add")
        .args(["-q".as_ref(), server.path("id_ed25519").as_os_str()])
        .env("SSH_AUTH_SOCK", &agent.socket)
        .status();
    assert!(added.unwrap().success());
    let connector = Connector::new(config.clone(), None);
    let session = connector.connect(&node).await.unwrap();
    assert_eq!(
        session.info().auth.as_str(),
        known(&server.path("id_ed25519"))
    );
    config.identities.clear();
    let error = refused(&Connector::new(config, None), &node).await;
    let reason = error.reason.as_str();
    assert!(
        reason.contains("Too many authentication failures")
            && reason.contains("3 more not offered"),
        "{reason}"
    );
}

/// The key as it is told where the agent holds it: `ssh-add -l` shows the same.
fn known(key: &Path) -> String {
    let shown = Command::new("ssh-keygen").arg("-lf").arg(key).output();
    let shown = String::from_utf8(shown.unwrap().stdout).unwrap();
    let fingerprint = shown.split_whitespace().nth(1).unwrap();
    format!("agent ed25519 test ({})", &fingerprint[..15])
}

/// Whether ssh and sshoal get in with the `good`th of eight keys, and how many the server saw of each.
async fn both(limit: usize, good: usize) -> Option<[(bool, usize); 2]> {
    let server = Sshd::with(&[&format!("MaxAuthTries {limit}")])?;
    let ssh = peer("ssh")?;
    server.trust();
    let keys: Vec<PathBuf> = (1..=8).map(|n| server.path(&format!("id_{n}"))).collect();
    for key in &keys {
        keygen(key, "ed25519", "");
    }
    let public = server.path(&format!("id_{good}.pub"));
    fs::copy(public, server.path("authorized_keys")).unwrap();
    let seen = |before: usize| {
        let log = server.log();
        let count = |word: &str| log.matches(word).count();
        count("Failed publickey") + count("Accepted publickey") - before
    };
    let mut asked = Command::new(ssh);
    asked.args(["-F", "none", "-oBatchMode=yes", "-oIdentitiesOnly=yes"]);
    asked.args(["-oIdentityAgent=none", "-p", &server.port.to_string()]);
    let known_hosts = server.path("known_hosts");
    asked.arg(format!("-oUserKnownHostsFile={}", known_hosts.display()));
    for key in &keys {
        asked.arg("-i").arg(key);
    }
    let ended = asked.args(["127.0.0.1", "true"]).output().unwrap();
    // The server tells the client before it tells its log.
    let accepted = |times: usize| server.log().matches("Accepted publickey").count() >= times;
    if ended.status.success() {
        eventually("its log tells of ssh", || accepted(1)).await;
    }
    let by_ssh = (ended.status.success(), seen(0));
    let mut node = server.node();
    node.identity = keys;
    let ended = Connector::new(server.config(), None).connect(&node).await;
    if let Err(error) = &ended {
        println!("{error}\n  -> {}", error.advice);
    }
    if ended.is_ok() {
        let times = 1 + usize::from(by_ssh.0);
        eventually("its log tells of us", || accepted(times)).await;
    }
    Some([by_ssh, (ended.is_ok(), seen(by_ssh.1))])
}

#[tokio::test]
async fn as_many_keys_are_offered_as_the_server_looks_at() {
    for (limit, good, expected) in [
        (6, 6, (true, 6)),
        (6, 7, (false, 6)),
        (8, 8, (true, 8)),
        (2, 3, (false, 2)),
    ] {
        let Some([ssh, own]) = both(limit, good).await else {
            return;
        };
        assert_eq!(
            (ssh, own),
            (expected, expected),
            "{limit} tries, key {good}"
        );
    }
}

#[tokio::test]
async fn a_server_that_wants_two_keys_gets_two() {
    let methods = "AuthenticationMethods publickey,publickey";
    let Some(server) = Sshd::with(&[methods]) else {
        return;
    };
    server.trust();
    let second = server.path("id_second");
    keygen(&second, "ed25519", "");
    let mut node = server.node();
    let error = refused(&Connector::new(server.config(), None), &node).await;
    let reason = error.reason.as_str();
    assert!(reason.contains("the server wants more"), "{reason}");
    let public = fs::read_to_string(server.path("id_second.pub")).unwrap();
    server.append("authorized_keys", &public);
    node.identity.push(second);
    let connector = Connector::new(server.config(), None);
    assert!(connector.connect(&node).await.is_ok());
}

/// Requests of one kind that a server with `LogLevel DEBUG1` was sent; what came before a login stands in the log by then.
fn requests(server: &Sshd, method: &str) -> usize {
    server.log().matches(&format!(" method {method} [")).count()
}

#[tokio::test]
async fn the_key_of_the_last_time_is_offered_at_once() {
    let Some(server) = Sshd::with(&["LogLevel DEBUG1"]) else {
        return;
    };
    server.trust();
    let connector = Connector::new(server.config(), None);
    for logins in 1..=3 {
        connector.connect(&server.node()).await.unwrap();
        let accepted = || server.log().matches("Accepted publickey").count();
        eventually("the login in the log", || accepted() == logins).await;
        connector.close().await;
    }
    let sent = ["none", "publickey"].map(|method| requests(&server, method));
    assert_eq!(sent, [1, 6], "{}", server.log());
}

#[tokio::test]
async fn a_key_that_is_not_taken_any_more_leaves_the_others_their_turn() {
    let Some(server) = Sshd::with(&["LogLevel DEBUG1"]) else {
        return;
    };
    server.trust();
    let second = server.path("id_second");
    keygen(&second, "ed25519", "");
    let mut node = server.node();
    node.identity.push(second);
    let connector = Connector::new(server.config(), None);
    let login = async || {
        let session = connector.connect(&node).await;
        let by = session.map(|session| session.info().auth.to_string());
        connector.close().await;
        by
    };
    assert!(login().await.unwrap().ends_with("id_ed25519"));
    fs::copy(server.path("id_second.pub"), server.path("authorized_keys")).unwrap();
    assert!(login().await.unwrap().ends_with("id_second"));
    // That one is not the first: all is asked as at the beginning.
    assert!(login().await.unwrap().ends_with("id_second"));
    eventually("all in the log", || requests(&server, "none") == 2).await;
    fs::write(server.path("authorized_keys"), "").unwrap();
    let error = login().await.expect_err("nothing fits");
    assert_eq!((error.step, error.permanent), (Step::Auth, true));
    let reason = error.reason.as_str();
    for name in ["id_ed25519", "id_second"] {
        assert_eq!(reason.matches(name).count(), 1, "{reason}");
    }
}
