//! A real OpenSSH server of one test: on a free port of the loopback, with keys and files of its own, as root or not.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use sshoal::{
    node::{Node, Transport},
    ssh::Config,
};

#[path = "peer.rs"]
mod peer;

pub(crate) use peer::peer;

/// A running sshd; stopped when dropped.
pub(crate) struct Sshd {
    /// Keys, configuration, log and `known_hosts` of this server.
    pub(crate) folder: tempfile::TempDir,
    /// Where it listens on 127.0.0.1.
    pub(crate) port: u16,
    server: Child,
}

/// A running ssh-agent; stopped when dropped.
pub(crate) struct SshAgent {
    /// Its socket.
    pub(crate) socket: PathBuf,
    agent: Child,
}

/// Makes a key pair; an empty passphrase is none.
pub(crate) fn keygen(path: &Path, kind: &str, passphrase: &str) {
    let bits = match kind {
        // Fast to make.
        "rsa" => "2048",
        // ssh-key 0.7.0-rc.11 can't read P-256 keys whose number is short: one in 512.
        "ecdsa" => "521",
        _ => "256",
    };
    let status = Command::new("ssh-keygen")
        .args([
            "-q", "-t", kind, "-b", bits, "-N", passphrase, "-C", "test", "-f",
        ])
        .arg(path)
        .status()
        .expect("ssh-keygen comes with sshd");
    assert!(status.success());
}

impl Sshd {
    /// Starts a server that lets `folder/id_ed25519` in; `None` where there is no sshd.
    pub(crate) fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// The same with more lines of `sshd_config`, which win over the usual ones.
    pub(crate) fn with(options: &[&str]) -> Option<Self> {
        Some(Self::by(&peer("sshd")?, options))
    }

    /// The same by this program in sshd's place.
    pub(crate) fn by(program: &Path, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        fs::create_dir(&home).unwrap();
        keygen(&folder.path().join("host_ed25519"), "ed25519", "");
        keygen(&folder.path().join("id_ed25519"), "ed25519", "");
        fs::copy(
            folder.path().join("id_ed25519.pub"),
            folder.path().join("authorized_keys"),
        )
        .unwrap();
        if is_root() {
            // Packages make it when their service starts, which it doesn't in a container.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        // Another process may take the port between the choice and sshd's start.
        for _ in 0..5 {
            let port = free_port();
            if let Some(server) = launch(program, folder.path(), port, options) {
                return Self {
                    folder,
                    port,
                    server,
                };
            }
        }
        let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        panic!("sshd does not start: {log}");
    }

    /// A path in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The inventory's entry for it: the user's own key, host keys by `ask`.
    pub(crate) fn node(&self) -> Node {
        Node {
            port: Some(self.port),
            identity: vec![self.path("id_ed25519")],
            ..node(Transport::Direct)
        }
    }

    /// A connector's settings that keep to the folder.
    pub(crate) fn config(&self) -> Config {
        config(self.folder.path())
    }

    /// Writes its key into `known_hosts`, as one who has connected before.
    pub(crate) fn trust(&self) {
        let key = fs::read_to_string(self.path("host_ed25519.pub")).unwrap();
        self.know(&key);
    }

    /// Writes a line for this server into `known_hosts`.
    pub(crate) fn know(&self, key: &str) {
        let line = format!("[127.0.0.1]:{} {}\n", self.port, key.trim());
        self.append("known_hosts", &line);
    }

    /// Appends to a file of its folder.
    pub(crate) fn append(&self, name: &str, text: &str) {
        let mut file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path(name))
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// Kills the processes that serve its connections, but not their commands, and waits for nothing.
    pub(crate) fn kill_connections(&self) {
        let all = processes();
        let mut parents = vec![self.server.id()];
        // Each connection has a monitor and, unless root logs in, a child of that which holds the socket.
        while let Some(parent) = parents.pop() {
            for process in all.iter().filter(|p| p.parent == parent && p.is_sshd) {
                kill(process.id);
                parents.push(process.id);
            }
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.kill_connections();
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl SshAgent {
    /// Starts an agent that holds `keys`; `None` where there is no ssh-agent.
    pub(crate) fn start(folder: &Path, keys: &[PathBuf]) -> Option<Self> {
        let program = peer("ssh-agent")?;
        let socket = folder.join("agent");
        let mut agent = Command::new(program)
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It prints its address once it listens.
        let mut line = String::new();
        BufReader::new(agent.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let agent = Self { socket, agent };
        for key in keys {
            let status = Command::new("ssh-add")
                .arg("-q")
                .arg(key)
                .env("SSH_AUTH_SOCK", &agent.socket)
                .status()
                .unwrap();
            assert!(status.success());
        }
        Some(agent)
    }
}

impl Drop for SshAgent {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

/// A node at 127.0.0.1 with nothing special about it.
pub(crate) fn node(transport: Transport) -> Node {
    Node {
        address: "127.0.0.1".to_owned(),
        transports: vec![transport],
        ..Node::blank("test")
    }
}

/// Settings that touch nothing outside `folder`: its `known_hosts`, no agent, no key files.
pub(crate) fn config(folder: &Path) -> Config {
    Config {
        auth_timeout: Duration::from_secs(20),
        ..Config::apart(vec![folder.join("known_hosts")], &user())
    }
}

/// True while the process exists and is no zombie.
pub(crate) fn is_alive(process: u32) -> bool {
    processes().iter().any(|alive| alive.id == process)
}

fn kill(process: u32) {
    let _ = Command::new("kill")
        .args(["-KILL", &process.to_string()])
        .stderr(Stdio::null())
        .status();
}

struct Process {
    id: u32,
    parent: u32,
    /// `sshd`, from OpenSSH 9.8 on `sshd-session` for those that serve connections.
    is_sshd: bool,
}

/// Every process that isn't a zombie.
fn processes() -> Vec<Process> {
    let listed = Command::new("ps")
        .args(["-A", "-o", "pid=,ppid=,stat=,comm="])
        .output()
        .expect("ps is part of every system");
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let row = |line: &str| {
        let mut words = line.split_whitespace();
        let (id, parent) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let alive = !words.next()?.starts_with('Z');
        let is_sshd = words.next()?.contains("sshd");
        alive.then_some(Process {
            id,
            parent,
            is_sshd,
        })
    };
    text.lines().filter_map(row).collect()
}

fn launch(program: &Path, folder: &Path, port: u16, options: &[&str]) -> Option<Child> {
    let config = folder.join("sshd_config");
    fs::write(&config, sshd_config(folder, port, options)).unwrap();
    let mut server = Command::new(program)
        .args(["-D", "-e", "-f"])
        .arg(&config)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stderr.take().unwrap());
    let mut log = fs::File::create(folder.join("log")).unwrap();
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line).unwrap_or(0) == 0 {
            let _ = server.wait();
            return None;
        }
        log.write_all(line.as_bytes()).unwrap();
        if line.contains("Server listening") {
            break;
        }
    }
    // Ends with the server and its last connection.
    std::thread::spawn(move || copy_lines(&mut lines, &mut log));
    Some(server)
}

fn copy_lines(from: &mut impl Read, to: &mut impl Write) {
    let _ = std::io::copy(from, to);
}

/// The first value of an option counts, so that `options` come first; of MaxStartups it is the last.
fn sshd_config(folder: &Path, port: u16, options: &[&str]) -> String {
    let folder = folder.display();
    let strict = options.iter().find(|line| line.starts_with("MaxStartups"));
    let startups = strict.unwrap_or(&"MaxStartups 100");
    let options = options.join("\n");
    format!(
        "{options}
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_ed25519
AuthorizedKeysFile {folder}/authorized_keys
# The developer's shell start-up files would slow every command down.
SetEnv HOME={folder}/home
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
{startups}
LogLevel VERBOSE
PrintMotd no
"
    )
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn is_root() -> bool {
    user() == "root"
}

/// Who runs the tests.
fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
