//! Runs `sshoal demo`: simulated nodes in this process, and the dashboard on them by the ordinary way.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt as _,
    path::Path,
};

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
    remove_left(&std::env::temp_dir());
    let folder = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempdir()
        .wrap_err("no temporary folder")?;
    let _held = hold(folder.path()).wrap_err("no temporary folder")?;
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
        context.args.global.hosts = Some(files.hosts.clone());
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

/// The demo's folders begin so.
const PREFIX: &str = "sshoal-demo-";

/// Locked as long as the process lives to which the folder belongs.
const LOCK: &str = "lock";

/// Marks a folder as that of a living process, until what is given is dropped.
fn hold(folder: &Path) -> io::Result<File> {
    let new = folder.join("lock.new");
    let file = File::create(&new)?;
    file.lock()?;
    // Nobody finds it before it is locked.
    fs::rename(new, folder.join(LOCK))?;
    Ok(file)
}

/// Removes the folders of this user's demos that were killed. One that can't be removed hinders nobody.
fn remove_left(temporary: &Path) {
    let entries = fs::read_dir(temporary).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_named(&entry.file_name())) {
        let folder = entry.path();
        if is_left(&folder) {
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

fn is_named(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(PREFIX))
}

/// True for a folder of this user whose lock is there and free.
fn is_left(folder: &Path) -> bool {
    let own = rustix::process::geteuid().as_raw();
    let is_own =
        fs::symlink_metadata(folder).is_ok_and(|about| about.is_dir() && about.uid() == own);
    let lock = folder.join(LOCK);
    let is_file = || fs::symlink_metadata(&lock).is_ok_and(|about| about.is_file());
    if !is_own || !is_file() {
        return false;
    }
    let tried = File::open(&lock).map(|file| file.try_lock());
    matches!(tried, Ok(Ok(())))
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
