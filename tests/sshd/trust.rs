//! Host keys that are looked at, certified, or can't be written down.

use std::{fs, path::Path, process::Command};

use sshoal::{
    node::HostKeyPolicy,
    ssh::{Answer, Asked, Connector, Standing, Step},
};
use tokio::sync::mpsc;

use crate::{
    refused,
    support::sshd::{Sshd, keygen, peer},
};

/// A server with a host key that an authority vouches for, by the options of `ssh-keygen -s`.
pub(crate) struct Certified {
    pub(crate) keys: tempfile::TempDir,
    pub(crate) server: Sshd,
}

impl Certified {
    pub(crate) fn start(kind: &str, options: &[&str]) -> Option<Self> {
        peer("ssh-keygen")?;
        let keys = tempfile::tempdir().unwrap();
        let path = |name: &str| keys.path().join(name);
        keygen(&path("host"), kind, "");
        keygen(&path("ca"), "ed25519", "");
        sign(&path("ca"), &path("host.pub"), options);
        let lines = [
            format!("HostKey {}", path("host").display()),
            format!("HostCertificate {}", path("host-cert.pub").display()),
        ];
        let server = Sshd::with(&[&lines[0], &lines[1]])?;
        Some(Self { keys, server })
    }

    pub(crate) fn public(&self, name: &str) -> String {
        let text = fs::read_to_string(self.keys.path().join(name)).unwrap();
        text.trim().to_owned()
    }

    /// Replaces `known_hosts`.
    fn knows(&self, lines: &[String]) {
        fs::write(self.server.path("known_hosts"), lines.join("\n") + "\n").unwrap();
    }

    fn authority(&self) -> String {
        format!("@cert-authority [127.0.0.*]:* {}", self.public("ca.pub"))
    }

    fn plain(&self) -> String {
        let (port, key) = (self.server.port, self.public("host.pub"));
        format!("[127.0.0.1]:{port} {key}")
    }

    async fn trust(&self) -> Standing {
        let connector = Connector::new(self.server.config(), None);
        let shown = connector.host_key(&self.server.node()).await.unwrap();
        shown.unwrap().standing
    }
}

fn sign(authority: &Path, key: &Path, options: &[&str]) {
    let status = Command::new("ssh-keygen")
        .args(["-q", "-h", "-I", "test", "-s"])
        .arg(authority)
        .args(options)
        .arg(key)
        .status()
        .unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn a_look_writes_nothing_and_logs_in_nowhere() {
    let Some(server) = Sshd::start() else { return };
    let mut config = server.config();
    config.accept_new = true;
    let connector = Connector::new(config, None);
    let shown = connector.host_key(&server.node()).await.unwrap().unwrap();
    assert_eq!(
        (shown.algorithm.as_str(), &shown.standing),
        ("ssh-ed25519", &Standing::New)
    );
    assert!(!server.path("known_hosts").exists());
    assert!(connector.remember(&server.node(), &shown).await.unwrap());
    assert!(!connector.remember(&server.node(), &shown).await.unwrap());
    let again = connector.host_key(&server.node()).await.unwrap().unwrap();
    assert_eq!(again.standing, Standing::Known);
    let (host, known) = connector.known_keys(&server.node()).await.unwrap();
    assert_eq!(host.as_str(), format!("[127.0.0.1]:{}", server.port));
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].fingerprint, shown.fingerprint);
    assert!(!server.log().contains("Accepted"), "{}", server.log());
    assert!(connector.connect(&server.node()).await.is_ok());
}

#[tokio::test]
async fn a_changed_key_is_replaced_on_request() {
    let Some(server) = Sshd::start() else { return };
    keygen(&server.path("old"), "ed25519", "");
    server.know(&fs::read_to_string(server.path("old.pub")).unwrap());
    let (connector, node) = (Connector::new(server.config(), None), server.node());
    let error = refused(&connector, &node).await;
    let advice = error.advice.as_str();
    assert!(advice.contains("sshoal trust test --replace"), "{advice}");
    let shown = connector.host_key(&node).await.unwrap().unwrap();
    let Standing::Changed(place) = &shown.standing else {
        panic!("{shown:?}");
    };
    let gone = connector.replace(&node, &shown).await.unwrap();
    assert_eq!((gone.as_slice(), place.line), (&[place.clone()][..], 1));
    assert!(connector.connect(&node).await.is_ok());
    assert_eq!(connector.forget(&node).await.unwrap().len(), 1);
    let shown = connector.host_key(&node).await.unwrap().unwrap();
    assert_eq!(shown.standing, Standing::New);
}

#[tokio::test]
async fn a_key_that_cannot_be_written_down_counts_for_this_session_if_a_person_took_it() {
    let Some(server) = Sshd::start() else { return };
    let mut config = server.config();
    config.known_hosts = vec![server.path("no/such/known_hosts")];
    let (sender, mut questions) = mpsc::channel::<Asked>(4);
    let connector = Connector::new(config.clone(), Some(sender));
    let mut node = server.node();
    let (session, ()) = tokio::join!(connector.connect(&node), async {
        let asked = questions.recv().await.unwrap();
        asked.reply.send(Answer::Yes).unwrap();
    });
    let remark = session.unwrap().info().remark.to_string();
    for part in ["for this session only", "no/such/known_hosts"] {
        assert!(remark.contains(part), "{remark}");
    }
    node.host_keys = Some(HostKeyPolicy::AcceptNew);
    let error = refused(&Connector::new(config, None), &node).await;
    assert_eq!((error.step, error.permanent), (Step::HostKey, true));
    let reason = error.reason.as_str();
    assert!(reason.contains("no/such/known_hosts"), "{reason}");
    assert!(!server.path("no").exists());
}

#[tokio::test]
async fn a_certificate_of_a_known_authority_vouches_for_the_host() {
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let Some(host) = Certified::start(kind, &["-n", "127.0.0.1"]) else {
            return;
        };
        host.knows(&[host.authority()]);
        let session = Connector::new(host.server.config(), None)
            .connect(&host.server.node())
            .await;
        assert!(session.is_ok(), "{kind}: {session:?}");
        let trust = host.trust().await;
        assert!(
            matches!(&trust, Standing::Certified(place) if place.line == 1),
            "{trust:?}"
        );
    }
}

#[tokio::test]
async fn a_certificate_that_does_not_count_leaves_the_plain_key() {
    let faults: [(&[&str], &str); 5] = [
        (&["-n", "elsewhere"], "it is for elsewhere"),
        (&[], "it names no host"),
        (&["-n", "127.0.0.1", "-V", "-2d:-1d"], "expired"),
        (&["-n", "127.0.0.1", "-V", "+1d:+2d"], "not valid yet"),
        (
            &["-n", "127.0.0.1", "-O", "critical:odd=1"],
            "critical option odd",
        ),
    ];
    for (options, fault) in faults {
        let Some(host) = Certified::start("ed25519", options) else {
            return;
        };
        host.knows(&[host.authority()]);
        let connector = Connector::new(host.server.config(), None);
        let error = refused(&connector, &host.server.node()).await;
        assert!(error.reason.as_str().contains(fault), "{fault}: {error}");
        host.knows(&[host.authority(), host.plain()]);
        assert_eq!(host.trust().await, Standing::Known, "{fault}");
    }
}

#[tokio::test]
async fn a_certificate_counts_by_its_authority() {
    let Some(host) = Certified::start("ed25519", &["-n", "127.0.0.1"]) else {
        return;
    };
    keygen(&host.keys.path().join("other"), "ed25519", "");
    let ca = host.public("ca.pub");
    host.knows(&[format!("@cert-authority * {}", host.public("other.pub"))]);
    assert_eq!(host.trust().await, Standing::New);
    for revoked in [&ca, &host.public("host.pub")] {
        host.knows(&[
            host.authority(),
            host.plain(),
            format!("@revoked * {revoked}"),
        ]);
        assert!(matches!(host.trust().await, Standing::Revoked(_)));
    }
    // Without an authority nobody asks for a certificate.
    host.knows(&[host.plain()]);
    assert_eq!(host.trust().await, Standing::Known);
}
