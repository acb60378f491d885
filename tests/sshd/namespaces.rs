//! A real network behind a real bastion: nodes that only the bastion reaches, by names that only the bastion knows. Needs root.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use sshoal::{
    node::{Node, NodeId, Transport},
    ssh::{Connector, End, Keepalive, Step},
};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    SOON, refused, run,
    support::sshd::{config, keygen, peer},
};

/// Nodes behind the bastion.
const NODES: usize = 20;

/// sshd's own limit of logins under way: from the eleventh on, some are dropped by chance.
const LIMIT: &str = "MaxStartups 10:30:100";

/// desk (where the test runs) - gate (the bastion) - far (all nodes: one sshd with an address each).
struct Lab {
    folder: tempfile::TempDir,
    gate: String,
    far: String,
    net: u32,
    /// Our end of the way to the bastion.
    cable: String,
    servers: Vec<Child>,
}

fn ip(arguments: &str) -> bool {
    let mut command = Command::new("ip");
    command.args(arguments.split(' ')).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

impl Lab {
    /// `None`, said loudly, where there is no sshd or no right to make a namespace.
    fn start() -> Option<Self> {
        let (sshd, _) = (peer("sshd")?, peer("ip")?);
        let id = std::process::id();
        let mut lab = Self {
            folder: tempfile::tempdir().unwrap(),
            gate: format!("sshoal-{id}-gate"),
            far: format!("sshoal-{id}-far"),
            net: id % 250,
            cable: format!("so{id}a"),
            servers: Vec::new(),
        };
        if !ip(&format!("netns add {}", lab.gate)) {
            eprintln!("SKIPPED: no right to make network namespaces");
            return None;
        }
        lab.wire(id);
        for name in ["host_gate", "host_far", "id_ed25519"] {
            keygen(&lab.path(name), "ed25519", "");
        }
        fs::copy(lab.path("id_ed25519.pub"), lab.path("authorized_keys")).unwrap();
        fs::create_dir_all("/run/sshd").unwrap();
        let (gate, far) = (lab.gate.clone(), lab.far.clone());
        lab.serve(&sshd, &gate, "gate");
        lab.serve(&sshd, &far, "far");
        Some(lab)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn wire(&self, id: u32) {
        let (gate, far, net) = (&self.gate, &self.far, self.net);
        let (a, b, c, d) = ("a", "b", "c", "d");
        let end = |letter: &str| format!("so{id}{letter}");
        let steps = [
            format!("netns add {far}"),
            format!(
                "link add {} type veth peer name {} netns {gate}",
                end(a),
                end(b)
            ),
            format!("addr add 198.18.{net}.1/24 dev {}", end(a)),
            format!("link set {} up", end(a)),
            format!("-n {gate} addr add 198.18.{net}.2/24 dev {}", end(b)),
            format!("-n {gate} link set {} up", end(b)),
            format!(
                "-n {gate} link add {} type veth peer name {} netns {far}",
                end(c),
                end(d)
            ),
            format!("-n {gate} addr add 198.19.{net}.1/24 dev {}", end(c)),
            format!("-n {gate} link set {} up", end(c)),
            format!("-n {far} link set {} up", end(d)),
        ];
        for step in steps {
            assert!(ip(&step), "{step}");
        }
        let mut hosts = vec!["127.0.0.1 localhost\n".to_owned()];
        for node in 1..=NODES {
            let address = format!("198.19.{net}.{}", node + 1);
            assert!(ip(&format!(
                "-n {far} addr add {address}/24 dev {}",
                end(d)
            )));
            hosts.push(format!("{address} web{node:02}.lab\n"));
        }
        let names = PathBuf::from("/etc/netns").join(gate);
        fs::create_dir_all(&names).unwrap();
        fs::write(names.join("hosts"), hosts.concat()).unwrap();
    }

    /// Starts sshd in a namespace, on port 22 of all its addresses.
    fn serve(&mut self, sshd: &Path, namespace: &str, name: &str) {
        let folder = self.folder.path().display();
        let text = format!(
            "HostKey {folder}/host_{name}\nAuthorizedKeysFile {folder}/authorized_keys\n\
             SetEnv HOME={folder}\nPidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n\
             PasswordAuthentication no\nPrintMotd no\nLogLevel DEBUG\n{LIMIT}\n"
        );
        let (file, log) = (self.path(&format!("config_{name}")), self.path(name));
        fs::write(&file, text).unwrap();
        let server = Command::new("ip")
            .args(["netns", "exec", namespace])
            .arg(sshd)
            .args(["-D", "-e", "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        self.servers.push(server);
        let started = Instant::now();
        while !self.log(name).contains("Server listening") {
            assert!(started.elapsed() < SOON, "{}", self.log(name));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn log(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn bastion(&self) -> Node {
        Node {
            id: NodeId::new("gate"),
            ..self.node(&format!("198.18.{}.2", self.net))
        }
    }

    fn node(&self, address: &str) -> Node {
        Node {
            address: address.to_owned(),
            user: Some("root".to_owned()),
            identity: vec![self.path("id_ed25519")],
            transports: vec![Transport::Direct],
            host_keys: Some(sshoal::node::HostKeyPolicy::AcceptNew),
            ..Node::blank("node")
        }
    }

    /// Cuts the cable to the bastion, or mends it.
    fn cable(&self, state: &str) {
        assert!(ip(&format!("link set {} {state}", self.cable)));
    }

    /// A node behind the bastion, known by name only there.
    fn behind(&self, at: usize) -> Node {
        let mut node = self.node(&format!("web{at:02}.lab"));
        node.id = NodeId::new(&format!("web{at:02}"));
        node.route.jump = vec![Arc::new(self.bastion())];
        node
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
        ip(&format!("netns del {}", self.far));
        ip(&format!("netns del {}", self.gate));
        let _ = fs::remove_dir_all(Path::new("/etc/netns").join(&self.gate));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_nodes_known_only_at_the_bastion_come_up_without_a_drop() {
    let Some(lab) = Lab::start() else { return };
    let connector = Connector::new(config(lab.folder.path()), None);
    // Here nobody knows the name.
    let mut direct = lab.behind(1);
    direct.route.jump.clear();
    assert_eq!(refused(&connector, &direct).await.step, Step::Resolve);
    let started = Instant::now();
    let mut attempts = JoinSet::new();
    for at in 1..=NODES {
        let (connector, node) = (connector.clone(), lab.behind(at));
        attempts.spawn(async move { connector.connect(&node).await.map(|session| (at, session)) });
    }
    let sessions: Vec<_> = attempts.join_all().await;
    println!("{NODES} nodes through one bastion: {:?}", started.elapsed());
    for session in &sessions {
        let (at, session) = session.as_ref().expect("a session");
        assert_eq!(session.info().peer, format!("gate → web{at:02}.lab:22"));
        let done = run(session, "echo $SSH_CONNECTION").await;
        assert_eq!(done.end, Some(End::Exit(0)));
        let seen = String::from_utf8(done.stdout).unwrap();
        // The node sees the bastion, and itself at its own address.
        let expected = format!("198.19.{0}.1 ", lab.net);
        assert!(seen.starts_with(&expected), "{seen}");
        assert!(
            seen.contains(&format!(" 198.19.{}.{} 22", lab.net, at + 1)),
            "{seen}"
        );
    }
    assert_eq!(connector.table().await.len(), NODES + 1);
    for name in ["gate", "far"] {
        let log = lab.log(name);
        assert!(!log.contains("MaxStartups"), "{name}: {log}");
        assert!(!log.contains("drop connection"), "{name}: {log}");
    }
    assert_eq!(lab.log("gate").matches("Accepted publickey").count(), 1);
    drop(sessions);
    connector.close().await;
    partition(&lab).await;
}

/// A bastion that falls silent is the reason for those behind it; once it is back, so are they.
async fn partition(lab: &Lab) {
    let mut config = config(lab.folder.path());
    config.keepalive = Keepalive {
        interval: Duration::from_millis(500),
        max: 3,
    };
    let connector = Connector::new(config, None);
    let session = connector.connect(&lab.behind(1)).await.unwrap();
    lab.cable("down");
    let cut = Instant::now();
    let reason = timeout(SOON, session.closed()).await.unwrap().reason;
    println!("partition told after {:?}: {reason}", cut.elapsed());
    assert_eq!(reason.as_str(), "bastion gate: no answer to keepalives");
    lab.cable("up");
    let again = timeout(SOON, connector.connect(&lab.behind(1))).await;
    assert_eq!(
        run(&again.unwrap().unwrap(), "true").await.end,
        Some(End::Exit(0))
    );
}
