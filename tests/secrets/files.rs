//! Key files: passphrases asked once and only where they help, certificates, and what is wrong with a file.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command, time::Duration};

use sshoal::ssh::{Answer, Connector, Question};
use tokio::net::UnixListener;

use crate::{
    Person,
    agent::between,
    secrets,
    support::sshd::{SshAgent, Sshd, keygen},
};

fn authorise(server: &Sshd, key: &str) {
    let public = fs::read_to_string(server.path(&format!("{key}.pub"))).unwrap();
    server.append("authorized_keys", &public);
}

#[tokio::test]
async fn a_passphrase_is_asked_once_and_only_for_a_key_that_the_server_takes() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    for key in ["id_useless", "id_locked"] {
        keygen(&server.path(key), "ed25519", "open sesame");
    }
    authorise(&server, "id_locked");
    let mut node = server.node();
    node.identity = ["id_useless", "id_locked"]
        .map(|key| server.path(key))
        .to_vec();
    let mut answers = ["wrong", "open sesame", "open sesame"].into_iter();
    let person = Person::new(move |_| secrets(&[answers.next().unwrap()]));
    let connector = Connector::new(server.config(), Some(person.to.clone()));
    let (one, two) = tokio::join!(connector.connect(&node), connector.connect_bulk(&node));
    assert!(one.unwrap().info().auth.as_str().ends_with("id_locked"));
    drop(two.unwrap());
    connector.forget_secrets().await;
    connector.close().await;
    connector.connect(&node).await.unwrap();
    drop(connector);
    let asked = person.questions().await;
    assert_eq!(asked.len(), 3, "{asked:?}");
    for question in asked {
        let Question::Passphrase { file, .. } = question else {
            panic!("{question:?}");
        };
        assert!(file.as_str().ends_with("id_locked"));
    }
}

#[tokio::test]
async fn an_encrypted_pem_file_is_unlocked_in_its_turn() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let path = server.path("id_pem");
    keygen(&path, "rsa", "");
    authorise(&server, "id_pem");
    let pem = ["-q", "-p", "-m", "PEM", "-P", "", "-N", "open sesame", "-f"];
    let made = Command::new("ssh-keygen").args(pem).arg(&path).output();
    assert!(made.unwrap().status.success());
    fs::remove_file(server.path("id_pem.pub")).unwrap();
    let mut node = server.node();
    node.identity = vec![path];
    let person = Person::new(|_| secrets(&["open sesame"]));
    let connector = Connector::new(server.config(), Some(person.to.clone()));
    connector.connect(&node).await.unwrap();
    drop(connector);
    assert_eq!(person.questions().await.len(), 1);
    let wrong = Person::new(|_| secrets(&["wrong"]));
    let connector = Connector::new(server.config(), Some(wrong.to.clone()));
    let error = connector.connect(&node).await.unwrap_err();
    assert!(
        error.permanent && error.reason.as_str().contains("wrong passphrase"),
        "{error}"
    );
    drop(connector);
    assert_eq!(wrong.questions().await.len(), 3);
}

#[tokio::test]
async fn a_passphrase_opens_the_second_of_two_keys_that_are_wanted() {
    let Some(server) = Sshd::with(&["AuthenticationMethods publickey,publickey"]) else {
        return;
    };
    server.trust();
    keygen(&server.path("id_locked"), "ed25519", "open sesame");
    authorise(&server, "id_locked");
    let mut node = server.node();
    node.identity.push(server.path("id_locked"));
    let person = Person::new(|_| secrets(&["open sesame"]));
    let connector = Connector::new(server.config(), Some(person.to.clone()));
    connector.connect(&node).await.unwrap();
    drop(connector);
    assert_eq!(person.questions().await.len(), 1);
}

fn certify(server: &Sshd, key: &Path) {
    let signed = Command::new("ssh-keygen")
        .args(["-q", "-s"])
        .arg(server.path("ca"))
        .args(["-I", "test", "-n", &server.config().user])
        .arg(key.with_extension("pub"))
        .status();
    assert!(signed.unwrap().success());
}

#[tokio::test]
async fn certificates_log_in_by_file_by_agent_and_with_rsa() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca");
    keygen(&ca, "ed25519", "");
    let trusted = format!("TrustedUserCAKeys {}", ca.with_extension("pub").display());
    let Some(server) = Sshd::with(&[&trusted]) else {
        return;
    };
    server.trust();
    fs::copy(&ca, server.path("ca")).unwrap();
    fs::write(server.path("authorized_keys"), "").unwrap();
    for (name, kind) in [("id_cert", "ed25519"), ("id_rsa", "rsa")] {
        let path = server.path(name);
        keygen(&path, kind, "");
        certify(&server, &path);
        let mut node = server.node();
        node.identity = vec![path.clone()];
        let session = Connector::new(server.config(), None).connect(&node).await;
        let session = session.unwrap();
        assert!(session.info().auth.as_str().starts_with("certificate "));
        // The key in the agent, the certificate in a file; then both in the agent.
        let Some(agent) = SshAgent::start(server.folder.path(), &[]) else {
            return;
        };
        let mut config = server.config();
        config.agent = Some(agent.socket.clone());
        let hidden = server.path(&format!("{name}-cert.pub"));
        let aside = server.path("aside");
        fs::rename(&hidden, &aside).unwrap();
        add(&agent, &path);
        fs::rename(&aside, &hidden).unwrap();
        let private = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let session = Connector::new(config.clone(), None).connect(&node).await;
        let how = session.unwrap().info().auth.as_str().to_owned();
        assert!(how.starts_with("certificate "), "{how}");
        fs::write(&path, private).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        add(&agent, &path);
        node.identity.clear();
        let session = Connector::new(config, None).connect(&node).await;
        let how = session.unwrap().info().auth.as_str().to_owned();
        assert!(
            how.starts_with("agent ") && how.contains("certificate"),
            "{how}"
        );
        drop(agent);
        fs::remove_file(server.path("agent")).ok();
    }
}

fn add(agent: &SshAgent, key: &Path) {
    let added = Command::new("ssh-add")
        .arg("-q")
        .arg(key)
        .env("SSH_AUTH_SOCK", &agent.socket)
        .status();
    assert!(added.unwrap().success());
}

#[tokio::test]
async fn an_agent_that_never_signs_leaves_the_files_their_turn() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    keygen(&server.path("id_other"), "ed25519", "");
    authorise(&server, "id_other");
    let keys = [server.path("id_other")];
    let Some(agent) = SshAgent::start(server.folder.path(), &keys) else {
        return;
    };
    let socket = server.path("silent");
    let listener = UnixListener::bind(&socket).unwrap();
    let silent = tokio::spawn(between(listener, agent.socket.clone(), None));
    let mut config = server.config();
    config.agent = Some(socket);
    config.agent_timeout = Duration::from_millis(300);
    config.identities = vec![server.path("id_ed25519")];
    let mut node = server.node();
    node.identity.clear();
    let session = Connector::new(config.clone(), None)
        .connect(&node)
        .await
        .unwrap();
    assert!(session.info().auth.as_str().starts_with("file "));
    config.identities.clear();
    let error = Connector::new(config, None)
        .connect(&node)
        .await
        .unwrap_err();
    assert!(
        error.reason.as_str().contains("may wait for a touch"),
        "{error}"
    );
    silent.abort();
}

#[tokio::test]
async fn fifty_keys_in_the_agent_leave_the_file_its_turn() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let keys: Vec<_> = (0..50).map(|at| server.path(&format!("id_{at}"))).collect();
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
    let session = Connector::new(config, None).connect(&node).await.unwrap();
    assert!(session.info().auth.as_str().starts_with("file "));
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_the_advice() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let (key, public) = (server.path("id_ed25519"), server.path("id_ed25519.pub"));
    let mut node = server.node();
    let advice = async |node: &_, agent: Option<&Path>| {
        let mut config = server.config();
        config.agent = agent.map(Path::to_owned);
        let person = Person::new(|_| Answer::No);
        let connector = Connector::new(config, Some(person.to.clone()));
        let error = connector.connect(node).await.unwrap_err();
        assert!(error.permanent, "{error}");
        error.advice.to_string()
    };
    node.identity = vec![public];
    let said = advice(&node, None).await;
    assert!(said.contains("name the private key"), "{said}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    node.identity = vec![key.clone()];
    assert_eq!(
        advice(&node, None).await,
        format!("chmod 600 {}", key.display())
    );
    node.identity.clear();
    let Some(agent) = SshAgent::start(server.folder.path(), &[]) else {
        return;
    };
    let said = advice(&node, Some(&agent.socket)).await;
    assert!(said.contains("holds no keys"), "{said}");
    let said = advice(&node, Some(&server.path("nowhere"))).await;
    assert!(said.contains("agent that is gone"), "{said}");
}
