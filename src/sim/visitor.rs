//! One SSH connection to a simulated node: who may come in.

use super::{channels::Channels, fault::Fault, wire::Ends, world::World};
use russh::{
    Channel, ChannelId, Error,
    keys::PublicKey,
    server::{self, Auth, ChannelOpenHandle, Msg, PublicKeyOffer, Session, VerifiedPublicKey},
};
use std::sync::Arc;
use tokio::sync::oneshot;

/// The server's side of one connection.
pub(super) struct Visitor {
    world: Arc<World>,
    ends: Ends,
    /// The node of the port, where the port belongs to one.
    expected: Option<usize>,
    /// Tells the owner of the connection which node was logged in to.
    known: Option<oneshot::Sender<usize>>,
    /// What runs, once somebody has logged in.
    channels: Option<Channels>,
}

impl Visitor {
    /// A connection that hasn't logged in; `expected` is the node of its port, `known` is told the node that it logs in to.
    pub(super) fn new(
        world: Arc<World>,
        ends: Ends,
        expected: Option<usize>,
        known: oneshot::Sender<usize>,
    ) -> Self {
        Self {
            world,
            ends,
            expected,
            known: Some(known),
            channels: None,
        }
    }

    /// The node that `user` means, if `key` opens it.
    async fn admit(&self, user: &str, key: &PublicKey) -> Option<usize> {
        let node = self.world.find(user)?;
        if self.expected.is_some_and(|expected| expected != node) {
            return None;
        }
        match self.world.node(node).fault() {
            Some(Fault::AuthStall) => {
                self.ends.cut.cancelled().await;
                None
            }
            Some(Fault::AuthRefuse) => None,
            _ => {
                let known = self.world.keys.client.public_key().key_data();
                (key.key_data() == known).then_some(node)
            }
        }
    }

    fn channels(&mut self) -> Result<&mut Channels, Error> {
        self.channels.as_mut().ok_or(Error::NotAuthenticated)
    }
}

impl server::Handler for Visitor {
    type Error = Error;

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, Error> {
        let node = self.admit(user, offer.public_key).await;
        Ok(node.map_or_else(Auth::reject, |_| Auth::Accept))
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Error> {
        let Some(node) = self.admit(user, key.public_key).await else {
            return Ok(Auth::reject());
        };
        let world = Arc::clone(&self.world);
        self.channels = Some(Channels::new(world, self.ends.clone(), node));
        if let Some(known) = self.known.take() {
            // The receiver is gone only when the connection is being cut.
            let _ = known.send(node);
        }
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Error> {
        // The channel object is dropped: its read half would fill and stop the connection, and `data` below sees the same bytes.
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Error> {
        self.channels()?.exec(channel, command, session).await
    }

    async fn data(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> Result<(), Error> {
        self.channels()?.data(channel, data, session).await
    }

    async fn channel_eof(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), Error> {
        self.channels()?.eof(channel, session)
    }

    async fn channel_close(
        &mut self,
        channel: ChannelId,
        _session: &mut Session,
    ) -> Result<(), Error> {
        self.channels()?.close(channel);
        Ok(())
    }
}
