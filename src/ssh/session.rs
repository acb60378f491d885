//! An open session: where commands are started, and which says when and why it ended.

use std::sync::Arc;

use super::{
    Channel, Connector, Error, SessionInfo, Step, connection::Connection, link::Denied,
    pool::Wanted, pump::Request, transport::local::Shell,
};
use crate::node::Transport;

/// Connections tried for one command: a server that refuses a channel on fresh connections would do so for ever.
const TRIES: usize = 4;

/// A node's connection, shared with others who want the same. Dropping it gives it back; channels live on until they are dropped themselves.
#[derive(Debug)]
pub struct Session(Kind);

#[derive(Debug)]
enum Kind {
    Ssh {
        main: Arc<Connection>,
        wanted: Wanted,
        /// Keeps the pool alive, and asks it for more connections.
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

    /// Starts a command; on another connection to the node where this one has no room, or has ended before the command
    /// was sent. Dropped before its end, the call leaves nothing behind.
    pub async fn exec(&self, command: &str) -> Result<Channel, Error> {
        let command = command.to_owned();
        self.start(Request {
            command,
            terminal: None,
            is_lossy: false,
        })
        .await
    }

    /// The same for somebody who wants the command done whatever becomes of its output: on a connection that it shares,
    /// what is not read in time is thrown away and counted, [`Channel::dropped`]. On a terminal of so many columns and
    /// rows both outputs come as one, and its end hangs up on the command.
    pub async fn exec_through(
        &self,
        command: &str,
        terminal: Option<(u16, u16)>,
    ) -> Result<Channel, Error> {
        let command = command.to_owned();
        let is_lossy = true;
        self.start(Request {
            command,
            terminal,
            is_lossy,
        })
        .await
    }

    async fn start(&self, request: Request) -> Result<Channel, Error> {
        let (main, wanted, connector) = match &self.0 {
            Kind::Ssh {
                main,
                wanted,
                connector,
            } => (main, wanted, connector),
            Kind::Local { .. } if request.terminal.is_some() => {
                let reason = "a command of this machine is given no terminal";
                return Err(Error::new(Step::Exec, Transport::Local, reason));
            }
            Kind::Local { shell, .. } => return shell.exec(&request.command),
        };
        let pool = connector.pool();
        let mut seat = match main.seat().filter(|_| !main.is_closed()) {
            Some(seat) => seat,
            None => pool.seat(wanted.clone()).await?,
        };
        let mut tries = 1;
        loop {
            match seat.exec(request.clone()).await {
                Ok(channel) => return Ok(channel),
                Err(Denied::NoChannel(_) | Denied::Unsent(_)) if tries < TRIES => tries += 1,
                Err(denied) => return Err(denied.into()),
            }
            seat = pool.seat(wanted.clone()).await?;
        }
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
