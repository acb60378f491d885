//! Many addresses of the loopback with a real sshd behind each, and the tools that run a command on all of them.

use std::{
    env, fs,
    io::Read,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::support::{Process, memory_mib};

/// sshd takes at most this many addresses.
const PER_SERVER: usize = 16;

/// Servers; stopped when dropped.
pub(crate) struct Cluster {
    folder: tempfile::TempDir,
    port: u16,
    nodes: usize,
    servers: Vec<Child>,
    /// The kernel answers for them, and nobody else does.
    _silent: Vec<TcpListener>,
}

/// What one run of a tool has cost.
pub(crate) struct Measured {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    pub(crate) first: Option<Duration>,
    pub(crate) peak_mib: f64,
}

impl Cluster {
    /// Starts servers for so many nodes; `None` without sshd, or not as root.
    pub(crate) fn start(nodes: usize) -> Option<Self> {
        let sshd = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"]
            .into_iter()
            .find(|path| Path::new(path).exists())?;
        if !rustix::process::getuid().is_root() {
            return None;
        }
        fs::create_dir_all("/run/sshd").ok()?;
        let port = TcpListener::bind("127.0.0.1:0")
            .ok()?
            .local_addr()
            .ok()?
            .port();
        let silent = (1..=3).map(|n| TcpListener::bind(format!("127.0.250.{n}:{port}")));
        let mut cluster = Self {
            folder: tempfile::tempdir().ok()?,
            port,
            nodes,
            servers: Vec::new(),
            _silent: silent.collect::<Result<_, _>>().ok()?,
        };
        cluster.write_files();
        for (number, addresses) in cluster.addresses().chunks(PER_SERVER).enumerate() {
            let config = cluster.path(&format!("sshd_{number}"));
            fs::write(&config, cluster.server(addresses)).ok()?;
            let mut server = Command::new(sshd);
            server
                .arg("-D")
                .arg("-f")
                .arg(&config)
                .arg("-E")
                .arg(cluster.path(&format!("log_{number}")));
            cluster.servers.push(server.spawn().ok()?);
        }
        let is_up = |address: &String| {
            (0..200).any(|_| {
                let found = std::net::TcpStream::connect((address.as_str(), port)).is_ok();
                if !found {
                    thread::sleep(Duration::from_millis(20));
                }
                found
            })
        };
        cluster
            .addresses()
            .iter()
            .step_by(PER_SERVER)
            .all(is_up)
            .then_some(cluster)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn addresses(&self) -> Vec<String> {
        (0..self.nodes)
            .map(|n| format!("127.0.{}.{}", 1 + n / 250, 1 + n % 250))
            .collect()
    }

    /// An inventory of all.
    pub(crate) fn hosts(&self) -> String {
        self.text("hosts.yaml")
    }

    /// Their host keys.
    pub(crate) fn known(&self) -> String {
        self.text("known_hosts")
    }

    fn write_files(&self) {
        for key in ["host", "id"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(self.path(key))
                .status();
            assert!(
                made.is_ok_and(|status| status.success()),
                "ssh-keygen comes with sshd"
            );
        }
        let read = |name: &str| fs::read_to_string(self.path(name)).expect("it was written");
        let write = |name: &str, text: &str| fs::write(self.path(name), text).expect("room");
        let host = read("host.pub");
        let host = host.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let addresses = self.addresses();
        let lines = |line: &dyn Fn(&String) -> String| {
            addresses.iter().map(line).collect::<Vec<_>>().join("\n") + "\n"
        };
        let port = self.port;
        write("authorized_keys", &read("id.pub"));
        write("list", &lines(&|address| address.clone()));
        let bad = (1..=3).flat_map(|n| [format!("127.0.250.{n}"), format!("127.0.251.{n}")]);
        let known = bad.fold(
            lines(&|address| format!("[{address}]:{port} {host}")),
            |all, address| all + &format!("[{address}]:{port} {host}\n"),
        );
        write("known_hosts", &known);
        let id = self.text("id");
        let nodes =
            lines(&|address| format!("  n{}: {{address: {address}}}", address.replace('.', "-")));
        write(
            "hosts.yaml",
            &format!(
                "defaults: {{port: {port}, user: root, identity: {id}, transports: [direct]}}\nhosts:\n{nodes}"
            ),
        );
        write("ssh_config", &self.client(""));
        write(
            "ssh_config_mux",
            &self.client(&format!(
                "  ControlPath {}/cm-%h\n",
                self.folder.path().display()
            )),
        );
        fs::set_permissions(self.path("id"), fs::Permissions::from_mode(0o600)).expect("our own");
    }

    fn client(&self, more: &str) -> String {
        let (id, known) = (self.text("id"), self.known());
        format!(
            "Host *\n  Port {}\n  User root\n  IdentityFile {id}\n  IdentitiesOnly yes\n  UserKnownHostsFile {known}\n  \
             GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n  BatchMode yes\n  LogLevel ERROR\n{more}",
            self.port
        )
    }

    /// The same key exchange for all; shells without files of their own, which would drown the figures.
    fn server(&self, addresses: &[String]) -> String {
        let listen = addresses.iter().fold(String::new(), |all, address| {
            all + "ListenAddress "
                + address
                + "
"
        });
        format!(
            "Port {}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\nUseDNS no\nPermitRootLogin yes\n\
             PrintMotd no\nPrintLastLog no\nMaxStartups 1000:30:2000\nMaxSessions 1000\nLogLevel ERROR\nSetEnv SHLVL=2\n\
             KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org\n{listen}",
            self.port,
            self.text("host"),
            self.text("authorized_keys"),
        )
    }

    /// The tools that are installed, by name, with fan-out to all.
    pub(crate) fn peers(&self, command: &str) -> Vec<(String, Vec<String>)> {
        let (list, config, all) = (
            self.text("list"),
            self.text("ssh_config"),
            self.nodes.to_string(),
        );
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<String>>();
        let bssh = env::var("BSSH").unwrap_or_else(|_| "bssh".to_owned());
        let addresses: Vec<String> = self
            .addresses()
            .iter()
            .map(|address| format!("root@{address}:{}", self.port))
            .collect();
        let mut tools = vec![
            (
                "xargs ssh",
                words(&format!(
                    "xargs -a {list} -P {all} -I{{}} ssh -F {config} {{}}"
                )),
            ),
            (
                "clush",
                words(&format!(
                    "clush -S -f {all} --options=-F{config} --hostfile {list} --"
                )),
            ),
            (
                "pdsh",
                words(&format!("pdsh -S -R ssh -f {all} -w ^{list}")),
            ),
            (
                "parallel-ssh",
                words(&format!(
                    "parallel-ssh -h {list} -p {all} -t 0 -i -x -F{config}"
                )),
            ),
        ];
        let id = self.text("id");
        let hosts = addresses.join(",");
        tools.push((
            "bssh",
            words(&format!(
                "{bssh} -i {id} --parallel {all} --connect-timeout 30 -H {hosts}"
            )),
        ));
        let there = tools
            .into_iter()
            .filter(|(_, words)| words.first().is_some_and(|program| is_there(program)));
        there
            .map(|(name, mut words)| {
                words.push(command.to_owned());
                (name.to_owned(), words)
            })
            .collect()
    }

    /// Opens a ControlMaster to each; the words that run `echo hi` through all of them.
    pub(crate) fn masters(&self) -> Option<Vec<String>> {
        let config = self.text("ssh_config_mux");
        let list = self.text("list");
        let opened = Command::new("xargs")
            .args([
                "-a",
                &list,
                "-P",
                "8",
                "-I{}",
                "ssh",
                "-F",
                &config,
                "-o",
                "ControlMaster=yes",
                "-o",
                "ControlPersist=60",
                "-N",
                "-f",
                "{}",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok()?;
        let all = self.nodes.to_string();
        let words = [
            "xargs", "-a", &list, "-P", &all, "-I{}", "ssh", "-F", &config, "{}", "echo hi",
        ];
        opened.success().then(|| words.map(str::to_owned).into())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for address in self.addresses() {
            let socket = self.path(&format!("cm-{address}"));
            if socket.exists() {
                let mut exit = Command::new("ssh");
                exit.args(["-F", &self.text("ssh_config_mux"), "-O", "exit", &address]);
                let _ = exit.stderr(Stdio::null()).status();
            }
        }
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

fn is_there(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    Path::new(program).is_file()
        || env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Runs a tool to its end, reading what it prints.
pub(crate) fn measure(words: &[String]) -> Measured {
    let (program, rest) = words.split_first().expect("a program");
    let ticks = || Process::read(std::process::id()).map_or(0, |own| own.children_ticks);
    let before = ticks();
    let started = Instant::now();
    let home = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(program)
        .args(rest)
        .env("PDSH_SSH_ARGS_APPEND", pdsh(words))
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it is installed");
    let mut output = child.stdout.take().expect("it is piped");
    let pid = child.id();
    let (mut first, mut peak_mib, mut buffer) = (None, 0.0_f64, vec![0; 1 << 16]);
    while let Ok(1..) = output.read(&mut buffer) {
        first.get_or_insert_with(|| started.elapsed());
        peak_mib = peak_mib.max(memory_mib(pid, "VmHWM:").unwrap_or_default());
    }
    child.wait().expect("our own child");
    let wall = started.elapsed();
    let cpu = Duration::from_millis((ticks() - before) * 10);
    Measured {
        wall,
        cpu,
        first,
        peak_mib,
    }
}

/// pdsh takes ssh's options by its environment; the file beside its list.
fn pdsh(words: &[String]) -> String {
    let list = words.iter().find_map(|word| word.strip_prefix('^'));
    list.map_or_else(String::new, |list| {
        format!("-F {}", list.replace("/list", "/ssh_config"))
    })
}
