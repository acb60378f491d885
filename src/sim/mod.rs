//! Simulated nodes behind a real SSH server on the loopback: for the demo, the scenario tests and the benches.

pub mod cards;
mod channels;
pub mod counters;
mod fast;
pub mod fault;
pub mod files;
mod log;
pub mod mig;
pub mod model;
pub mod noise;
mod pacer;
pub mod profile;
mod program;
mod script;
mod server;
pub mod services;
mod shell;
mod slow;
mod smi;
mod tools;
mod upkeep;
mod visitor;
mod wire;
mod world;

pub use self::{
    fault::Fault,
    files::Files,
    profile::{Profile, Role, Story},
};

use self::{server::Port, world::World};
use std::{io, path::Path, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::DropGuard;

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Config {
    /// The nodes; their names must differ.
    pub nodes: Vec<Profile>,
    /// The same seed gives the same curves.
    pub seed: u64,
    /// Simulated seconds per second.
    pub speed: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            nodes: Profile::demo(24),
            seed: 1,
            speed: 1.0,
        }
    }
}

/// A running simulation; dropping it ends it too, without waiting.
pub struct Sim {
    world: Arc<World>,
    /// The port of each node.
    ports: Vec<u16>,
    shared: u16,
    _stop: DropGuard,
}

/// Deadline for all connections to notice the end.
const STOP: Duration = Duration::from_secs(5);

impl Sim {
    /// Starts the nodes of `config`, each reachable on 127.0.0.1 under its name as the login.
    #[expect(
        clippy::unused_async,
        reason = "it needs a runtime around it, and says so"
    )]
    pub async fn start(config: Config) -> io::Result<Self> {
        let (streams, new) = mpsc::channel(pacer::WAITING);
        let world = Arc::new(World::new(config, streams)?);
        let stop = world.stop.clone().drop_guard();
        let shared = Port::reserve()?;
        let number = shared.number();
        let mut ports = Vec::with_capacity(world.nodes.len());
        for (node, resident) in world.nodes.iter().enumerate() {
            if !resident.model.profile().has_own_port() {
                ports.push(number);
                continue;
            }
            let port = Port::reserve()?;
            ports.push(port.number());
            let listener = port.listen()?;
            let gate = server::gate(Arc::clone(&world), port, listener, node);
            world.tasks.spawn(gate);
        }
        let listener = shared.listen()?;
        let share = server::share(Arc::clone(&world), shared, listener);
        world.tasks.spawn(share);
        world.tasks.spawn(pacer::run(Arc::clone(&world), new));
        Ok(Self {
            world,
            ports,
            shared: number,
            _stop: stop,
        })
    }

    /// Writes `hosts.yaml`, `known_hosts` and the client's key into `folder`.
    pub fn write_files(&self, folder: &Path) -> io::Result<Files> {
        let profiles = self.world.nodes.iter().map(|node| node.model.profile());
        let nodes: Vec<(&Profile, u16)> = profiles.zip(self.ports.iter().copied()).collect();
        files::write(folder, &nodes, &self.world.keys)
    }

    /// The port of `node`.
    pub fn port(&self, node: &str) -> Option<u16> {
        self.ports.get(self.world.find(node)?).copied()
    }

    /// Sets or clears what is wrong with `node`; an error where the node doesn't exist, or shares its port and the fault needs one of its own.
    pub fn set_fault(&self, node: &str, fault: impl Into<Option<Fault>>) -> io::Result<()> {
        let fault = fault.into();
        let refused = |why: &str| {
            Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{node}: {why}"),
            ))
        };
        let Some(index) = self.world.find(node) else {
            return refused("no such simulated node");
        };
        let shares = self.ports.get(index) == Some(&self.shared);
        if shares && fault.is_some_and(Fault::acts_before_auth) {
            return refused("shares its port, so it can't fail before authentication");
        }
        self.world.node(index).fault.send_replace(fault);
        Ok(())
    }

    /// Seconds of simulated time since the start.
    pub fn time(&self) -> f64 {
        self.world.now().time
    }

    /// Ends every connection and task; false when some did not end in time.
    pub async fn stop(self) -> bool {
        self.world.stop.cancel();
        self.world.tasks.close();
        timeout(STOP, self.world.tasks.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod meter_tests;
#[cfg(test)]
mod tests;
