//! An open session: where commands are started, and which says when and why it ended.

use std::sync::Arc;

use super::{
    Channel, Error, SessionInfo, Step, connection::Connection, connector::Connector, pool::Wanted,
    transport::local::Shell,
};

/// Connections tried for one command: a server that refuses a channel on a fresh connection would do so for ever.
const TRIES: usize = 4;

/// A node's connection, shared with others who want the same. Dropping it gives it back; channels live on until they are dropped themselves.
#[derive(Debug)]
pub struct Session(Kind);

#[derive(Debug)]
enum Kind {
    Ssh {
        main: Arc<Connection>,
        wanted: Wanted,
        /// Kept, as the connections go with it.
        connector: Connector,
    },
    Local {
        shell: Shell,
        info: Arc<SessionInfo>,
    },
}

impl Session {
    pub(super) fn ssh(main: Arc<Connection>, wanted: Wanted, connector: Connector) -> Self {
        Self(Kind::Ssh {
            main,
            wanted,
            connector,
        })
    }

    pub(super) fn local(shell: Shell, info: SessionInfo) -> Self {
        let info = Arc::new(info);
        Self(Kind::Local { shell, info })
    }

    /// What is known of it.
    pub fn info(&self) -> &Arc<SessionInfo> {
        match &self.0 {
            Kind::Ssh { main, .. } => &main.info,
            Kind::Local { info, .. } => info,
        }
    }

    /// Starts a command; on another connection to the node where this one has no room. Dropped before its end, the call leaves nothing behind.
    pub async fn exec(&self, command: &str) -> Result<Channel, Error> {
        let (main, wanted, connector) = match &self.0 {
            Kind::Ssh {
                main,
                wanted,
                connector,
            } => (main, wanted, connector),
            Kind::Local { shell, .. } => return shell.exec(command),
        };
        let mut connection = Arc::clone(main);
        for _ in 0..TRIES {
            if let Some(place) = connection.reserve() {
                match connection.exec(command, place).await {
                    Err(error) if error.step == Step::Channel && connection.learn() => {}
                    result => return result,
                }
            }
            connection = connector.connection(wanted.clone()).await?;
        }
        let reason = "the server refuses more channels";
        Err(Error::new(Step::Channel, self.info().transport, reason)
            .advise("sshd allows 10 sessions per connection by default (MaxSessions)"))
    }

    /// Resolves when the session has ended, with the reason.
    pub async fn closed(&self) -> Error {
        let reason = match &self.0 {
            Kind::Ssh { main, .. } => main.link.ended().await,
            Kind::Local { shell, .. } => {
                shell.closed().await;
                "closed".into()
            }
        };
        Error::new(Step::Session, self.info().transport, reason.as_str())
    }

    /// Gives it back; of this machine, once its commands are gone.
    pub async fn close(self) {
        if let Kind::Local { shell, .. } = self.0 {
            shell.close().await;
        }
    }
}
