//! One timer for all loops of `nvidia-smi` of a simulation.

use super::{smi::Query, world::World};
use futures::FutureExt;
use russh::{ChannelId, server};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    task::unconstrained,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

/// One loop.
pub(super) struct Stream {
    pub(super) to: server::Handle,
    pub(super) channel: ChannelId,
    pub(super) node: usize,
    pub(super) query: Query,
    pub(super) over: CancellationToken,
}

/// Loops that may wait to be started; more wait in their connection.
pub(super) const WAITING: usize = 64;

/// Feeds all loops every 2 s until the simulation stops.
pub(super) async fn run(world: Arc<World>, mut new: mpsc::Receiver<Stream>) {
    let mut streams: Vec<Stream> = Vec::new();
    let mut ticks = interval(Duration::from_secs(2));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! { biased;
            () = world.stop.cancelled() => return,
            Some(stream) = new.recv() => streams.push(stream),
            _ = ticks.tick() => {
                let time = world.now().time;
                streams.retain(|stream| stream.feed(&world, time));
            }
        }
    }
}

impl Stream {
    /// Sends one round; false when nobody listens any more. A visitor that doesn't read misses the round.
    fn feed(&self, world: &World, time: f64) -> bool {
        if self.over.is_cancelled() {
            return false;
        }
        let rows = self.query.rows(&world.node(self.node).model, time);
        // One poll feeds all loops: more than a task's budget of sends, which would hold up the last ones for ever.
        let sent = unconstrained(self.to.data(self.channel, rows)).now_or_never();
        !matches!(sent, Some(Err(_)))
    }
}
