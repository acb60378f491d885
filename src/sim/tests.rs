use super::*;
use crate::{inventory, metrics::sampler, node::Manager};
use russh::{
    ChannelMsg,
    client::{self, Handle},
    keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate, load_secret_key},
};
use std::{
    io::ErrorKind,
    net::Ipv4Addr,
    sync::{Arc, OnceLock},
};
use tokio::{io::AsyncReadExt, net::TcpStream};

/// Long enough for anything that should happen, even on a busy machine.
const SOON: Duration = Duration::from_secs(10);
/// Time in which something that must not happen doesn't.
const WHILE: Duration = Duration::from_millis(150);

/// Remembers the host key that it is shown.
#[derive(Clone, Default)]
struct Client(Arc<OnceLock<String>>);

impl client::Handler for Client {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else {
            return Ok(false);
        };
        let _ = self.0.set(key.to_openssh().unwrap());
        Ok(true)
    }
}

struct Rig {
    sim: Sim,
    folder: tempfile::TempDir,
    files: Files,
}

type Channel = russh::Channel<client::Msg>;

impl Rig {
    async fn new(nodes: Vec<Profile>, speed: f64) -> Self {
        let sim = Sim::start(Config {
            nodes,
            seed: 3,
            speed,
        });
        let sim = sim.await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let files = sim.write_files(folder.path()).unwrap();
        Self { sim, folder, files }
    }

    async fn one(profile: Profile) -> Self {
        Self::new(vec![profile], 1.0).await
    }

    async fn tcp(&self, node: &str) -> io::Result<TcpStream> {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.sim.port(node).unwrap())).await
    }

    /// Returns once the port is open.
    async fn back(&self, node: &str) {
        let tries = async {
            while self.tcp(node).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        timeout(SOON, tries).await.expect("an open port in time");
    }

    async fn greet(&self, node: &str, client: Client) -> Result<Handle<Client>, russh::Error> {
        let stream = self.tcp(node).await?;
        timeout(SOON, client::connect_stream(Arc::default(), stream, client))
            .await
            .expect("an answer in time")
    }

    async fn authenticate(&self, node: &str, to: &mut Handle<Client>) -> bool {
        let key = Arc::new(load_secret_key(&self.files.identity, None).unwrap());
        let key = PrivateKeyWithHashAlg::new(key, None);
        let answer = to.authenticate_publickey(node, key).await;
        answer.is_ok_and(|answer| answer.success())
    }

    async fn login(&self, node: &str) -> Handle<Client> {
        let mut handle = self.greet(node, Client::default()).await.unwrap();
        assert!(self.authenticate(node, &mut handle).await);
        handle
    }
}

/// Returns once the server has ended the connection.
async fn closed(handle: &Handle<Client>) {
    let tries = async {
        while !handle.is_closed() {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, tries).await.expect("an end in time");
}

async fn exec(on: &Handle<Client>, command: &str) -> Channel {
    let channel = on.channel_open_session().await.unwrap();
    channel.exec(true, command).await.unwrap();
    channel
}

/// Everything until the channel closes: stdout, stderr, exit status.
async fn outcome(mut channel: Channel) -> (String, String, Option<u32>) {
    let (mut out, mut err, mut code) = (Vec::new(), Vec::new(), None);
    while let Some(message) = timeout(SOON, channel.wait()).await.expect("an end in time") {
        match message {
            ChannelMsg::Data { data } => out.extend_from_slice(&data),
            ChannelMsg::ExtendedData { data, .. } => err.extend_from_slice(&data),
            ChannelMsg::ExitStatus { exit_status } => code = Some(exit_status),
            _ => {}
        }
    }
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(out), text(err), code)
}

/// Bytes until they end with `end`; all there were when the channel closes before.
async fn until(channel: &mut Channel, end: &str) -> Vec<u8> {
    let mut all = Vec::new();
    while !all.ends_with(end.as_bytes()) {
        match timeout(SOON, channel.wait()).await.expect("bytes in time") {
            Some(ChannelMsg::Data { data }) => all.extend_from_slice(&data),
            Some(_) => {}
            None => break,
        }
    }
    all
}

/// A sampler and its hello.
async fn sampler_on(handle: &Handle<Client>) -> (Channel, String) {
    let mut channel = exec(handle, sampler::COMMAND).await;
    let program = sampler::program("00ff", &[]);
    channel.data(program.as_bytes()).await.unwrap();
    let hello = until(&mut channel, "x86_64\n").await;
    (channel, String::from_utf8(hello).unwrap())
}

async fn tick(channel: &mut Channel, request: &str) -> Vec<u8> {
    channel
        .data(format!("{request}\n").as_bytes())
        .await
        .unwrap();
    let seq = request.split(' ').next().unwrap();
    let mut frame = Vec::new();
    loop {
        frame.extend(until(channel, "\n").await);
        let text = String::from_utf8_lossy(&frame);
        if text
            .lines()
            .any(|line| line.starts_with(&format!("]{seq} ")))
        {
            return frame;
        }
    }
}

#[tokio::test]
async fn a_few_commands_run_and_the_rest_is_refused_by_name() {
    let rig = Rig::one(Profile::new("web01")).await;
    let handle = rig.login("web01").await;
    let run = async |command: &str| outcome(exec(&handle, command).await).await;
    assert_eq!(
        run("uname -n").await,
        ("web01\n".into(), String::new(), Some(0))
    );
    assert_eq!(run("sleep 0.01").await.2, Some(0));
    let (_, complaint, code) = run("reboot").await;
    assert_eq!(
        (complaint.as_str(), code),
        ("sim: reboot: not simulated\n", Some(127))
    );
    assert!(rig.sim.stop().await);
}

#[tokio::test]
async fn nodes_on_one_port_are_told_apart_by_login() {
    let rig = Rig::new(vec![Profile::new("web01"), Profile::new("db1")], 1.0).await;
    assert_eq!(rig.sim.port("web01"), rig.sim.port("db1"));
    for node in ["web01", "db1"] {
        let handle = rig.login(node).await;
        assert_eq!(
            outcome(exec(&handle, "hostname").await).await.0,
            format!("{node}\n")
        );
    }
    let mut stranger = rig.greet("db1", Client::default()).await.unwrap();
    assert!(!rig.authenticate("root", &mut stranger).await);
}

#[tokio::test]
async fn the_sampler_greets_with_the_nonce_and_sends_only_what_changed() {
    let rig = Rig::one(Profile::new("gpu02")).await;
    let handle = rig.login("gpu02").await;
    let (mut channel, hello) = sampler_on(&handle).await;
    assert!(hello.starts_with("\nS1 00ff awk=mawk "), "{hello}");
    assert!(hello.contains(" cores=128 gpu=nvidia "), "{hello}");
    let full = tick(&mut channel, "1 a").await;
    let full = String::from_utf8(full).unwrap();
    let count = full.lines().count() - 2;
    assert!(
        full.starts_with("[1 ") && full.ends_with(&format!("\n]1 {count}\n")),
        "{full}"
    );
    let delta = tick(&mut channel, "2").await;
    assert!(delta.len() < full.len(), "{} < {}", delta.len(), full.len());
    let cores = tick(&mut channel, "3 p").await;
    assert!(String::from_utf8(cores).unwrap().contains("\nc127 "));
    channel.eof().await.unwrap();
    assert_eq!(outcome(channel).await.2, Some(0));
}

#[tokio::test]
async fn a_refused_port_is_closed_and_opens_again() {
    let rig = Rig::one(Profile::new("web01").own_port()).await;
    let handle = rig.login("web01").await;
    let _sleeper = exec(&handle, "sleep 60").await;
    rig.sim.set_fault("web01", Fault::Refuse).unwrap();
    closed(&handle).await;
    let refused = rig.tcp("web01").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    rig.sim.set_fault("web01", None).unwrap();
    rig.back("web01").await;
    rig.login("web01").await;
}

#[tokio::test]
async fn a_node_goes_away_and_comes_back_by_itself() {
    let away = Fault::Away {
        from: 30.0,
        until: 90.0,
    };
    let rig = Rig::new(vec![Profile::new("edge-1").fault(away)], 60.0).await;
    let handle = rig.login("edge-1").await;
    closed(&handle).await;
    assert!(rig.sim.time() >= 30.0);
    assert!(rig.tcp("edge-1").await.is_err());
    rig.back("edge-1").await;
    assert!(rig.sim.time() >= 90.0);
}

#[tokio::test]
async fn a_hanging_server_accepts_and_says_nothing() {
    let rig = Rig::one(Profile::new("web01").fault(Fault::HangAfterAccept)).await;
    let mut stream = rig.tcp("web01").await.unwrap();
    assert!(timeout(WHILE, stream.read_u8()).await.is_err());
    assert!(rig.sim.stop().await);
    assert!(timeout(SOON, stream.read_u8()).await.unwrap().is_err());
}

#[tokio::test]
async fn a_garbage_banner_is_no_ssh_and_ends() {
    let rig = Rig::one(Profile::new("web01").fault(Fault::GarbageBanner)).await;
    let mut all = Vec::new();
    let mut stream = rig.tcp("web01").await.unwrap();
    timeout(SOON, stream.read_to_end(&mut all))
        .await
        .unwrap()
        .unwrap();
    assert!(all.starts_with(b"HTTP/1.1 400") && !all.windows(4).any(|w| w == b"SSH-"));
}

#[tokio::test]
async fn a_changed_host_key_is_not_the_known_one() {
    let rig = Rig::one(Profile::new("web01").own_port()).await;
    let known = std::fs::read_to_string(&rig.files.known_hosts).unwrap();
    for (fault, same) in [(None, true), (Some(Fault::ChangedHostKey), false)] {
        rig.sim.set_fault("web01", fault).unwrap();
        let client = Client::default();
        rig.greet("web01", client.clone()).await.unwrap();
        let shown = client.0.get().unwrap();
        assert_eq!(known.contains(shown), same, "{fault:?}");
    }
}

#[tokio::test]
async fn authentication_is_refused_or_never_answered() {
    let rig = Rig::one(Profile::new("web01")).await;
    rig.sim.set_fault("web01", Fault::AuthRefuse).unwrap();
    let mut handle = rig.greet("web01", Client::default()).await.unwrap();
    assert!(!rig.authenticate("web01", &mut handle).await);
    rig.sim.set_fault("web01", Fault::AuthStall).unwrap();
    let mut handle = rig.greet("web01", Client::default()).await.unwrap();
    let stalled = timeout(WHILE, rig.authenticate("web01", &mut handle)).await;
    assert!(stalled.is_err());
    assert!(rig.sim.stop().await);
}

#[tokio::test]
async fn a_fault_that_hits_a_login_ends_the_open_connection_of_that_node_only() {
    let rig = Rig::new(vec![Profile::new("web01"), Profile::new("web02")], 1.0).await;
    let (hit, spared) = (rig.login("web01").await, rig.login("web02").await);
    rig.sim.set_fault("web01", Fault::AuthRefuse).unwrap();
    closed(&hit).await;
    assert_eq!(outcome(exec(&spared, "true").await).await.2, Some(0));
}

#[tokio::test]
async fn a_connection_is_cut_in_the_middle_of_a_frame() {
    let rig = Rig::one(Profile::new("web01").fault(Fault::DropMidFrame { after: 100 })).await;
    let handle = rig.login("web01").await;
    let (mut channel, _) = sampler_on(&handle).await;
    channel.data(&b"1 a\n"[..]).await.unwrap();
    let frame = until(&mut channel, "]1 ").await;
    assert_eq!(frame.len(), 100);
    closed(&handle).await;
}

#[tokio::test]
async fn a_restricted_account_sends_a_line_and_no_hello() {
    let rig = Rig::one(Profile::new("web01").fault(Fault::NoHello)).await;
    let handle = rig.login("web01").await;
    let mut channel = exec(&handle, sampler::COMMAND).await;
    channel
        .data(sampler::program("00ff", &[]).as_bytes())
        .await
        .unwrap();
    let line = until(&mut channel, "\n").await;
    assert_eq!(line, b"This account is for backups only.\n");
    assert!(timeout(WHILE, channel.wait()).await.is_err());
}

#[tokio::test]
async fn damaged_frames_end_with_the_fault() {
    let rig = Rig::one(Profile::new("web01")).await;
    let handle = rig.login("web01").await;
    let (mut channel, _) = sampler_on(&handle).await;
    let whole = tick(&mut channel, "1 a").await;
    rig.sim.set_fault("web01", Fault::GarbageFrames).unwrap();
    let damaged = tick(&mut channel, "2 a").await;
    let lines = |frame: &[u8]| frame.split(|b| *b == b'\n').count();
    assert_eq!(lines(&damaged) + 1, lines(&whole));
    rig.sim.set_fault("web01", None).unwrap();
    let healed = String::from_utf8(tick(&mut channel, "3 a").await).unwrap();
    assert!(healed.ends_with(&format!("]3 {}\n", healed.lines().count() - 2)));
}

#[tokio::test]
async fn a_silent_node_reads_ticks_and_a_slow_one_answers_late() {
    let rig = Rig::one(Profile::new("web01")).await;
    let handle = rig.login("web01").await;
    let (mut channel, _) = sampler_on(&handle).await;
    rig.sim.set_fault("web01", Fault::Silent).unwrap();
    assert!(timeout(WHILE, tick(&mut channel, "1 a")).await.is_err());
    rig.sim.set_fault("web01", Fault::SlowReply(WHILE)).unwrap();
    let asked = std::time::Instant::now();
    tick(&mut channel, "2").await;
    assert!(asked.elapsed() >= WHILE);
}

#[tokio::test]
async fn a_fault_that_a_node_cannot_have_is_an_error() {
    let rig = Rig::one(Profile::new("web01")).await;
    for (node, fault) in [("web01", Fault::Refuse), ("web99", Fault::Silent)] {
        let error = rig.sim.set_fault(node, fault).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

#[tokio::test]
async fn stopping_ends_every_connection() {
    let rig = Rig::one(Profile::new("gpu01")).await;
    let handle = rig.login("gpu01").await;
    let (_sampler, _) = sampler_on(&handle).await;
    let mut smi = exec(
        &handle,
        "nvidia-smi --query-gpu=index,temperature.gpu --format=csv,noheader,nounits -l 2",
    )
    .await;
    let rows = String::from_utf8(until(&mut smi, "\n").await).unwrap();
    assert!(
        rows.starts_with("0, ") && rows.lines().count() == 4,
        "{rows}"
    );
    assert!(rig.sim.stop().await);
    closed(&handle).await;
}

#[tokio::test]
async fn the_files_name_every_node_and_the_key_is_private() {
    let rig = Rig::new(Profile::demo(24), 1.0).await;
    let folder = rig.folder.path();
    let located = inventory::locate(Some(&rig.files.hosts), None, folder, folder);
    let inventory = inventory::load(&located).unwrap();
    assert_eq!(inventory.nodes.len(), 24);
    let edge = inventory.node("edge-1").unwrap();
    assert_eq!(edge.port, rig.sim.port("edge-1"));
    let web = inventory.node("web03").unwrap();
    assert_eq!(
        (web.address.as_str(), web.user.as_deref()),
        ("127.0.0.1", Some("web03"))
    );
    assert_eq!(web.groups, ["web"]);
    let daemons = web.daemons.iter().map(|d| (d.name.as_str(), d.manager));
    let wanted = [("nginx", Manager::Systemd), ("app", Manager::Docker)];
    assert_eq!(daemons.collect::<Vec<_>>(), wanted);
    let known = std::fs::read_to_string(&rig.files.known_hosts).unwrap();
    assert_eq!(known.lines().count(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&rig.files.identity)
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
