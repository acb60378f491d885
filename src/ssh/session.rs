//! An open session: where commands are started, and which says when and why it ended.

use std::sync::Arc;

use super::{Channel, Error, SessionInfo, Step, link::Link, transport::local::Shell};

/// One authenticated connection to a node. Dropping it closes it, with every channel.
#[derive(Debug)]
pub struct Session {
    info: Arc<SessionInfo>,
    kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Ssh(Link),
    Local(Shell),
}

impl Session {
    pub(super) fn new(info: SessionInfo, kind: Kind) -> Self {
        let info = Arc::new(info);
        Self { info, kind }
    }

    /// What is known of it.
    pub fn info(&self) -> &Arc<SessionInfo> {
        &self.info
    }

    /// Starts a command. Dropped before its end, the call leaves nothing behind.
    pub async fn exec(&self, command: &str) -> Result<Channel, Error> {
        match &self.kind {
            Kind::Ssh(link) => link.exec(command).await,
            Kind::Local(shell) => shell.exec(command),
        }
    }

    /// Resolves when the session has ended, with the reason.
    pub async fn closed(&self) -> Error {
        let reason = match &self.kind {
            Kind::Ssh(link) => link.ended().await,
            Kind::Local(shell) => {
                shell.closed().await;
                "closed".into()
            }
        };
        Error::new(Step::Session, self.info.transport, reason.as_str())
    }

    /// Takes leave of the server and waits until everything is gone.
    pub async fn close(self) {
        match self.kind {
            Kind::Ssh(link) => link.close().await,
            Kind::Local(shell) => shell.close().await,
        }
    }
}
