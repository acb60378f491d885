//! Runs `sshoal demo`: simulated nodes in this process, and the dashboard on them by the ordinary way.

use std::io;

use color_eyre::eyre::{Result, WrapErr};

use super::{Context, dashboard, exit};
use crate::{
    command::demo::Demo,
    inventory::{self, Located},
    sim::{self, Profile, Sim},
    ssh::SshConfig,
};

pub(super) async fn run(context: &mut Context, demo: &Demo) -> Result<u8> {
    let nodes = Profile::demo(demo.nodes.into());
    let config = sim::Config {
        nodes,
        seed: demo.seed,
        ..sim::Config::default()
    };
    let sim = Sim::start(config)
        .await
        .wrap_err("cannot start the simulated nodes")?;
    let folder = tempfile::Builder::new()
        .prefix("sshoal-demo-")
        .tempdir()
        .wrap_err("no temporary folder")?;
    let files = sim
        .write_files(folder.path())
        .wrap_err("cannot write the demo's files")?;
    let code = if demo.serve {
        let (hosts, known) = (files.hosts.display(), files.known_hosts.display());
        // Listened for before anybody can know that it runs.
        let told = told_to_end().wrap_err("cannot wait for Ctrl-C")?;
        context.print(&format!("sshoal --hosts {hosts} --known-hosts {known}\n"))?;
        told.await;
        Ok(exit::OK)
    } else {
        context.args.global.known_hosts = Some(files.known_hosts);
        let mut ssh = context.ssh();
        ssh.agent = None;
        ssh.ssh_config = SshConfig::Off;
        let located: Located =
            inventory::locate(Some(&files.hosts), None, folder.path(), folder.path());
        dashboard::open(context, &located, ssh, None).await
    };
    sim.stop().await;
    code
}

/// Ctrl-C, or SIGTERM from whoever started this.
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
