//! What SSH costs this side, beside OpenSSH's `ssh` and async-ssh2-tokio: the same sshd, the same commands, the same run.

#[path = "support/demo.rs"]
mod demo;
#[path = "../tests/support/sshd.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "the fixture of the tests, which use the rest and may stop"
)]
mod sshd;
#[expect(dead_code, reason = "other benches use the rest")]
mod support;

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use async_ssh2_tokio::{AuthMethod, Client, Config, ServerCheckMethod};
use demo::Demo;
use futures::future::join_all;
use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    time::{ClockId, clock_gettime},
};
use sshd::Sshd;
use sshoal::{
    inventory::{self, Located},
    node::Node,
    ssh::{self, Channel, Connector, End, Keepalive, Limits, Output, Session},
};
use support::{Process, bounded, median, memory_mib, missing, noted};
use tokio::{
    runtime::{Builder, Runtime},
    time::sleep,
};

const ROUNDS: usize = 5;
const PER_ROUND: usize = 8;
const NODES: usize = 1000;
const BULK_BYTES: u64 = 1 << 30;
const IDLE: Duration = Duration::from_secs(30);

fn main() {
    raise_files();
    match Sshd::start() {
        Some(server) => {
            server.trust();
            for part in parts() {
                match part.as_str() {
                    "connects" => connects(&server),
                    "commands" => commands(&server),
                    "streams" => streams(&server),
                    "floods" => floods(&server),
                    _ => {}
                }
            }
        }
        None => missing("ssh: beside OpenSSH and async-ssh2-tokio", "no sshd"),
    }
    if parts().iter().any(|part| part == "fleet") {
        fleet();
    }
}

/// Those named on the command line, or all.
fn parts() -> Vec<String> {
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    if named.is_empty() {
        let all = ["connects", "commands", "streams", "floods", "fleet"];
        return all.map(str::to_owned).to_vec();
    }
    named
}

fn raise_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let current = maximum;
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).expect("up to the hard limit");
}

/// One thread, so that the CPU time of this process is that of the work.
fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

/// CPU seconds of this process.
fn own_cpu() -> f64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9
}

/// CPU seconds of the children that have ended, to a hundredth.
fn children_cpu() -> f64 {
    let own = Process::read(std::process::id()).expect("this process");
    own.children_ticks as f64 / 100.0
}

fn connects(server: &Sshd) {
    // What is kept of files counts once they are older than their times can tell.
    std::thread::sleep(Duration::from_secs(4));
    let runtime = runtime();
    let (config, node) = (server.config(), server.node());
    let user = config.user.clone();
    let connector = runtime.block_on(async { Connector::new(config, None) });
    let [mut ours, mut theirs, mut openssh] = [0.0; 3];
    for _ in 0..ROUNDS {
        let start = own_cpu();
        runtime.block_on(async {
            for _ in 0..PER_ROUND {
                connector.connect(&node).await.expect("a session");
                connector.close().await;
            }
        });
        let middle = own_cpu();
        runtime.block_on(async {
            for _ in 0..PER_ROUND {
                let client = client(server, &user).await;
                client.disconnect().await.expect("a goodbye");
            }
        });
        ours += middle - start;
        theirs += own_cpu() - middle;
        let start = children_cpu();
        for _ in 0..PER_ROUND {
            openssh_runs(server, &[], "true");
        }
        openssh += children_cpu() - start;
    }
    let each_ms = 1e3 / (ROUNDS * PER_ROUND) as f64;
    noted("ssh: connect and auth, CPU", ours * each_ms, "ms");
    noted("ssh: the same, async-ssh2-tokio", theirs * each_ms, "ms");
    noted("ssh: `ssh NODE true`", openssh * each_ms, "ms");
    bounded("ssh: connect, of ssh's CPU", ours / openssh, (0.2, "x"));
    bounded(
        "ssh: connect, of async-ssh2-tokio's CPU",
        ours / theirs,
        (1.1, "x"),
    );
}

async fn client(server: &Sshd, user: &str) -> Client {
    let key = server.path("id_ed25519");
    let known = server.path("known_hosts").display().to_string();
    let config = Config {
        nodelay: true,
        ..Config::default()
    };
    Client::connect_with_config(
        ("127.0.0.1", server.port),
        user,
        AuthMethod::with_key_file(key, None),
        ServerCheckMethod::with_known_hosts_file(&known),
        config,
    )
    .await
    .expect("a connection")
}

/// OpenSSH's client with nothing of the user's own.
fn openssh(server: &Sshd, options: &[&str]) -> Command {
    let option = |key: &str, value: &Path| format!("-o{key}={}", value.display());
    let mut command = Command::new("ssh");
    command
        .args(["-F", "none", "-oIdentitiesOnly=yes", "-oBatchMode=yes"])
        .arg("-oCiphers=aes256-gcm@openssh.com")
        .arg(option("UserKnownHostsFile", &server.path("known_hosts")))
        .arg(option("IdentityFile", &server.path("id_ed25519")))
        .args(["-p", &server.port.to_string()])
        .args(options)
        .arg(format!("{}@127.0.0.1", server.config().user))
        .env_remove("SSH_AUTH_SOCK")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

fn openssh_runs(server: &Sshd, options: &[&str], remote: &str) {
    let status = openssh(server, options).arg(remote).status();
    assert!(status.expect("ssh comes with sshd").success());
}

fn commands(server: &Sshd) {
    let control = server.path("control");
    let control = format!("-S{}", control.display());
    openssh_runs(server, &["-M", "-f", "-N", &control], "");
    let runtime = runtime();
    let connector = runtime.block_on(async { Connector::new(server.config(), None) });
    let session = runtime
        .block_on(connector.connect(&server.node()))
        .expect("a session");
    let client = runtime.block_on(client(server, &server.config().user));
    let [mut ours, mut theirs, mut master] = [Tally::default(), Tally::default(), Tally::default()];
    for _ in 0..ROUNDS {
        for _ in 0..PER_ROUND {
            ours.time(own_cpu, || runtime.block_on(succeeds(&session, "true")));
            theirs.time(own_cpu, || {
                drop(runtime.block_on(client.execute("true")).expect("an end"));
            });
        }
        let start = children_cpu();
        for _ in 0..PER_ROUND {
            master.time(|| 0.0, || openssh_runs(server, &[&control], "true"));
        }
        master.cpu += children_cpu() - start;
    }
    openssh_runs(server, &[&control, "-O", "exit"], "");
    let (our_p50, their_p50) = (ours.p50_ms(), master.p50_ms());
    noted("ssh: exec on an open connection, CPU", ours.cpu_ms(), "ms");
    noted("ssh: the same, async-ssh2-tokio", theirs.cpu_ms(), "ms");
    noted("ssh: the same, ssh through a master", master.cpu_ms(), "ms");
    noted("ssh: exec on an open connection, p50", our_p50, "ms");
    noted("ssh: the same, async-ssh2-tokio", theirs.p50_ms(), "ms");
    noted("ssh: the same, ssh through a master", their_p50, "ms");
    bounded("ssh: exec, of ssh's CPU", ours.cpu / master.cpu, (0.1, "x"));
    bounded("ssh: exec p50, of ssh's", our_p50 / their_p50, (0.5, "x"));
}

/// CPU and wall time of repeated work.
#[derive(Default)]
struct Tally {
    cpu: f64,
    walls: Vec<f64>,
}

impl Tally {
    fn time(&mut self, cpu: fn() -> f64, work: impl FnOnce()) {
        let (spent, start) = (cpu(), Instant::now());
        work();
        self.walls.push(start.elapsed().as_secs_f64());
        self.cpu += cpu() - spent;
    }

    fn cpu_ms(&self) -> f64 {
        self.cpu * 1e3 / self.walls.len() as f64
    }

    fn p50_ms(&mut self) -> f64 {
        median(&mut self.walls) * 1e3
    }
}

async fn succeeds(session: &Session, command: &str) {
    let mut channel = session.exec(command).await.expect("a channel");
    assert_eq!(ended(&mut channel).await, (0, End::Exit(0)));
}

/// Bytes of output, and the end.
async fn ended(channel: &mut Channel) -> (u64, End) {
    let mut bytes = 0;
    loop {
        match channel.next().await {
            Output::Stdout(piece) | Output::Stderr(piece) => bytes += piece.len() as u64,
            Output::End(end) => return (bytes, end),
        }
    }
}

fn streams(server: &Sshd) {
    let runtime = runtime();
    let connector = runtime.block_on(async { Connector::new(server.config(), None) });
    let node = server.node();
    let bulk = runtime
        .block_on(connector.connect_bulk(&node))
        .expect("a session");
    let command = format!("exec head -c {BULK_BYTES} /dev/zero");
    let [mut ours, mut openssh] = [Tally::default(), Tally::default()];
    for _ in 0..3 {
        ours.time(own_cpu, || {
            let done = runtime.block_on(async {
                let mut channel = bulk.exec(&command).await.expect("a channel");
                ended(&mut channel).await
            });
            assert_eq!(done, (BULK_BYTES, End::Exit(0)));
        });
        openssh.time(children_cpu, || openssh_runs(server, &[], &command));
    }
    let (our_p50, their_p50) = (ours.p50_ms(), openssh.p50_ms());
    let rate = |ms: f64| (BULK_BYTES >> 20) as f64 * 1e3 / ms;
    noted("ssh: one stream of 1 GiB", rate(our_p50), "MiB/s");
    noted("ssh: the same, ssh", rate(their_p50), "MiB/s");
    noted("ssh: one stream of 1 GiB, CPU", ours.cpu_ms(), "ms");
    noted("ssh: the same, ssh", openssh.cpu_ms(), "ms");
    bounded(
        "ssh: stream, of ssh's time",
        our_p50 / their_p50,
        (1.0, "x"),
    );
}

/// A command beside channels that nobody reads.
fn floods(server: &Sshd) {
    let runtime = runtime();
    let connector = runtime.block_on(async { Connector::new(server.config(), None) });
    let node = server.node();
    let open = async { connector.connect(&node).await.expect("a session") };
    let session = runtime.block_on(open);
    let p50 = |label: &str, flood: Option<&Session>| {
        let mut tally = Tally::default();
        let mut unread = Vec::new();
        for _ in 0..PER_ROUND * ROUNDS {
            if let Some(flood) = flood {
                // As soon as it is given up, the next one begins.
                unread.clear();
                let channel = runtime.block_on(flood.exec("exec cat /dev/zero"));
                unread.extend(channel.ok());
            }
            tally.time(own_cpu, || runtime.block_on(succeeds(&session, "true")));
        }
        let slowest = tally.walls.iter().copied().fold(0.0, f64::max) * 1e3;
        noted(&format!("ssh: exec {label}, slowest"), slowest, "ms");
        tally.p50_ms()
    };
    let normal = p50("with nothing beside it", None);
    let beside = p50("beside an unread flood", Some(&session));
    let bulk = runtime
        .block_on(connector.connect_bulk(&node))
        .expect("a session");
    let apart = p50("beside an unread bulk flood", Some(&bulk));
    noted("ssh: exec with nothing beside it, p50", normal, "ms");
    bounded(
        "ssh: exec beside an unread flood, p50 above normal",
        beside - normal,
        (50.0, "ms"),
    );
    bounded(
        "ssh: exec beside an unread bulk flood, p50 above normal",
        apart - normal,
        (50.0, "ms"),
    );
}

/// 1,000 simulated nodes in another process: all connected at once, then left alone.
fn fleet() {
    let demo = Demo::start(NODES, None);
    let all = inventory::load(&Located::File(demo.hosts())).expect("it was written");
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build();
    runtime
        .expect("a runtime")
        .block_on(storm(&all.nodes, &demo.known));
}

async fn storm(nodes: &[Arc<Node>], known: &Path) {
    let keepalive = Keepalive {
        interval: Duration::from_secs(15),
        ..Keepalive::default()
    };
    let config = ssh::Config {
        keepalive,
        limits: Limits {
            // One port stands for many machines here.
            per_server: 64,
            ..Limits::default()
        },
        ..ssh::Config::apart(vec![known.to_owned()], "nobody")
    };
    let connector = Connector::new(config, None);
    let pid = std::process::id();
    let memory = || memory_mib(pid, "VmRSS").unwrap_or(f64::NAN) * 1024.0;
    let (before, cpu, start) = (memory(), own_cpu(), Instant::now());
    let sessions = join_all(nodes.iter().map(|node| connector.connect(node))).await;
    let up = sessions.iter().filter(|session| session.is_ok()).count();
    let took = start.elapsed().as_secs_f64();
    bounded("ssh: 1,000 nodes up at once", took, (10.0, "s"));
    noted("ssh: the same, CPU", own_cpu() - cpu, "s");
    bounded("ssh: of them not up", (NODES - up) as f64, (0.0, ""));
    sleep(Duration::from_secs(2)).await;
    let growth = (memory() - before) / NODES as f64;
    bounded("ssh: memory of an idle connection", growth, (80.0, "KiB"));
    let (cpu, start) = (own_cpu(), Instant::now());
    sleep(IDLE).await;
    let percent = (own_cpu() - cpu) / start.elapsed().as_secs_f64() * 100.0;
    bounded("ssh: 1,000 idle connections, CPU", percent, (1.0, "%"));
    drop(sessions);
    connector.close().await;
}
