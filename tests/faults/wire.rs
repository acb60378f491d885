//! A real network that can be cut: sshd in a namespace of its own behind a virtual cable, with nft between. Needs root.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Instant,
};

use sshoal::{
    node::{HostKeyPolicy, Node, NodeId, Transport},
    ssh::Config,
};

use crate::{
    rig::SOON,
    support::sshd::{config, keygen, peer},
};

static WIRES: AtomicU32 = AtomicU32::new(0);

/// All is taken down when dropped.
pub(crate) struct Wire {
    pub(crate) folder: tempfile::TempDir,
    /// The namespace.
    pub(crate) space: String,
    net: u32,
    sshd: PathBuf,
    server: Option<Child>,
}

fn ip(arguments: &str) -> bool {
    let mut command = Command::new("ip");
    command.args(arguments.split(' ')).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

impl Wire {
    /// `None`, said loudly, where a program is missing, or the right to make a namespace.
    pub(crate) fn lay() -> Option<Self> {
        let (sshd, _, _) = (peer("sshd")?, peer("ip")?, peer("nft")?);
        let (id, number) = (std::process::id(), WIRES.fetch_add(1, Ordering::Relaxed));
        let wire = Self {
            folder: tempfile::tempdir().unwrap(),
            space: format!("sshoal-{id}-cut{number}"),
            net: (id + number * 83) % 250,
            sshd,
            server: None,
        };
        if !ip(&format!("netns add {}", wire.space)) {
            eprintln!("SKIPPED: no right to make network namespaces");
            return None;
        }
        wire.connect(&format!("sf{id}n{number}"));
        for name in ["host", "id_ed25519"] {
            keygen(&wire.folder.path().join(name), "ed25519", "");
        }
        fs::create_dir_all("/run/sshd").unwrap();
        wire.nft("add table inet cut");
        for hook in ["input", "output"] {
            let kind = format!("{{ type filter hook {hook} priority 0; }}");
            wire.nft(&format!("add chain inet cut {hook} {kind}"));
        }
        Some(wire)
    }

    fn connect(&self, cable: &str) {
        let (space, net) = (&self.space, self.net);
        for step in [
            format!("link add {cable} type veth peer name far netns {space}"),
            format!("addr add 198.19.{net}.1/24 dev {cable}"),
            format!("link set {cable} up"),
            format!("-n {space} link set lo up"),
            format!("-n {space} link set far up"),
            format!("-n {space} addr add 198.19.{net}.2/24 dev far"),
            format!("-n {space} addr add 198.19.{net}.3/24 dev far"),
            format!("-n {space} addr add 198.19.{net}.4/24 dev far"),
        ] {
            assert!(ip(&step), "{step}");
        }
    }

    /// A statement to the packet filter of the namespace.
    pub(crate) fn nft(&self, statement: &str) {
        let status = self.inside("nft").arg(statement).status().unwrap();
        assert!(status.success(), "{statement}");
    }

    /// A program in the namespace.
    pub(crate) fn inside(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.space, program]);
        command
    }

    /// Nothing passes any more, and nobody is told.
    pub(crate) fn cut(&self) {
        self.drop_all("");
    }

    /// So much of what comes in and goes out is lost, in percent.
    pub(crate) fn lose(&self, percent: u32) {
        self.drop_all(&format!("numgen random mod 100 < {percent} "));
    }

    fn drop_all(&self, which: &str) {
        for hook in ["input", "output"] {
            self.nft(&format!("add rule inet cut {hook} {which}drop"));
        }
    }

    /// All passes again.
    pub(crate) fn heal(&self) {
        for hook in ["input", "output"] {
            self.nft(&format!("flush chain inet cut {hook}"));
        }
    }

    /// Starts sshd, on port 22 of all addresses.
    pub(crate) fn serve(&mut self) {
        let folder = self.folder.path().display();
        let text = format!(
            "HostKey {folder}/host\nAuthorizedKeysFile {folder}/id_ed25519.pub\nSetEnv HOME={folder}\n\
             PidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPasswordAuthentication no\n\
             PrintMotd no\nLogLevel VERBOSE\n"
        );
        let (file, log) = (
            self.folder.path().join("config"),
            self.folder.path().join("log"),
        );
        fs::write(&file, text).unwrap();
        let program = self.sshd.to_string_lossy().into_owned();
        let server = self
            .inside(&program)
            .args(["-D", "-e", "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        self.server = Some(server);
        let started = Instant::now();
        while !fs::read_to_string(&log).unwrap().contains("listening") {
            assert!(started.elapsed() < SOON, "sshd starts");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// Kills sshd and what serves its connections. It leaves without a word where the wire is cut.
    pub(crate) fn kill(&mut self) {
        self.kill_those(|name| name.starts_with("sshd"));
        if let Some(mut server) = self.server.take() {
            let _ = server.wait();
        }
    }

    fn kill_those(&self, is_meant: fn(&str) -> bool) {
        let listed = Command::new("ip")
            .args(["netns", "pids", &self.space])
            .output();
        let listed = listed.map(|listed| listed.stdout).unwrap_or_default();
        for process in String::from_utf8_lossy(&listed).split_whitespace() {
            let name = fs::read_to_string(format!("/proc/{process}/comm"));
            if name.is_ok_and(|name| is_meant(&name)) {
                let mut kill = Command::new("kill");
                let _ = kill.args(["-KILL", process]).stderr(Stdio::null()).status();
            }
        }
    }

    /// The node at one of the three addresses behind the wire.
    pub(crate) fn node(&self, at: u32) -> Node {
        Node {
            id: NodeId::new(&format!("far{at}")),
            address: self.address(at),
            user: Some("root".to_owned()),
            identity: vec![self.folder.path().join("id_ed25519")],
            transports: vec![Transport::Direct],
            host_keys: Some(HostKeyPolicy::AcceptNew),
            ..Node::blank("far")
        }
    }

    pub(crate) fn address(&self, at: u32) -> String {
        format!("198.19.{}.{}", self.net, at + 1)
    }

    pub(crate) fn config(&self) -> Config {
        config(self.folder.path())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.kill();
        self.kill_those(|_| true);
        ip(&format!("netns del {}", self.space));
        let _ = fs::remove_dir_all(PathBuf::from("/etc/netns").join(&self.space));
    }
}
