//! What the server may do to us: russh's callbacks. It shows its host key and says why it leaves; every channel that it tries to open is refused.

use std::{collections::VecDeque, io};

use russh::{
    Channel, ChannelId, ChannelOpenFailure, Names, cipher,
    client::{ChannelOpenHandle, DisconnectReason, Handler, Msg, Session},
    keys::PublicKeyOrCertificate,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Error, Step, host_key::Judge, pool::Wanted, trail::Trail, transport::direct::plain};
use crate::node::{Transport, text::SafeText};

/// The state of the callbacks of one connection. It lives as long as the connection: that it is dropped means the end.
pub(super) struct Events {
    judge: Judge,
    stop: CancellationToken,
    told: watch::Sender<Told>,
    transport: Transport,
    trail: Trail,
}

/// Refusals whose words are kept.
const KEPT_REFUSALS: usize = 16;

/// Of what a server says when it refuses a channel, so much is kept.
const REFUSAL_CHARS: usize = 160;

/// What the server has told of the connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// Why it ended, once it has.
    pub(super) ended: Option<SafeText>,
    /// Greetings sent during the login so far.
    pub(super) banners: u64,
    /// Channels refused so far.
    pub(super) refusals: usize,
    /// What was said at the latest of them, the last at the end.
    words: VecDeque<String>,
}

impl Told {
    fn refuse(&mut self, words: &str) {
        if self.words.len() == KEPT_REFUSALS {
            self.words.pop_front();
        }
        let words = words.chars().take(REFUSAL_CHARS).collect::<String>();
        self.words.push_back(words.trim().to_owned());
        self.refusals += 1;
    }

    /// What was said at the refusals after the first `mark`, each only once.
    pub(super) fn words_since(&self, mark: usize) -> Vec<String> {
        let newer = self.refusals.saturating_sub(mark).min(self.words.len());
        let mut words: Vec<String> = Vec::new();
        for said in self.words.iter().skip(self.words.len() - newer) {
            if !said.is_empty() && !words.contains(said) {
                words.push(said.clone());
            }
        }
        words
    }
}

/// Why a callback or the protocol gave up.
#[derive(Debug)]
pub(super) enum Fault {
    /// Our own refusal.
    Refused(Error),
    /// Anything that russh met.
    Ssh(russh::Error),
}

impl From<russh::Error> for Fault {
    fn from(error: russh::Error) -> Self {
        Self::Ssh(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl Events {
    /// The callbacks, and where the reason of the end will be found.
    pub(super) fn new(
        judge: Judge,
        stop: CancellationToken,
        wanted: &Wanted,
    ) -> (Self, watch::Receiver<Told>) {
        let (told, seen) = watch::channel(Told::default());
        let events = Self {
            judge,
            stop,
            told,
            transport: wanted.path.transport(),
            trail: wanted.trail.clone(),
        };
        (events, seen)
    }
}

/// An error of russh in words for a person.
pub(super) fn describe(error: &russh::Error) -> String {
    match error {
        russh::Error::Disconnect | russh::Error::HUP => {
            "the server closed the connection".to_owned()
        }
        russh::Error::IO(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the server closed the connection".to_owned()
        }
        russh::Error::IO(error) if error.kind() == io::ErrorKind::ConnectionReset => {
            "the connection was reset".to_owned()
        }
        russh::Error::IO(error) => plain(error),
        russh::Error::KeepaliveTimeout => "no answer to keepalives".to_owned(),
        russh::Error::InactivityTimeout => "the connection fell silent".to_owned(),
        russh::Error::WrongServerSig => "the server's proof of its host key is wrong".to_owned(),
        russh::Error::SendError | russh::Error::RecvError => "the connection is gone".to_owned(),
        other => other.to_string(),
    }
}

impl Handler for Events {
    type Error = Fault;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Fault> {
        tokio::select! {
            biased;
            // A person may be asked in here: an attempt that is given up must not wait for them.
            () = self.stop.cancelled() => Ok(false),
            judged = self.judge.check(shown) => {
                judged?;
                Ok(true)
            }
        }
    }

    async fn kex_done(
        &mut self,
        _secret: Option<&[u8]>,
        names: &Names,
        _session: &mut Session,
    ) -> Result<(), Fault> {
        // Terrapin (CVE-2023-48795): this cipher lets messages be dropped unseen unless strict key exchange is on.
        if names.cipher == cipher::CHACHA20_POLY1305 && !names.strict_kex() {
            let reason = "the server offers ChaCha20 only and no strict key exchange (Terrapin)";
            let error = Error::new(Step::Kex, self.transport, reason)
                .advise("update sshd, or enable an AES-GCM cipher there");
            return Err(error.for_good().into());
        }
        let what = || format!("{}, {}", names.kex.as_ref(), names.cipher.as_ref());
        self.trail.pass(Step::Kex, self.transport, what);
        Ok(())
    }

    async fn auth_banner(&mut self, _: &str, _: &mut Session) -> Result<(), Fault> {
        self.told.send_modify(|told| told.banners += 1);
        Ok(())
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Fault>) -> Result<(), Fault> {
        let (text, result) = match reason {
            DisconnectReason::ReceivedDisconnect(said) => {
                (format!("the server said: {}", said.message), Ok(()))
            }
            DisconnectReason::Error(Fault::Ssh(error)) => {
                (describe(&error), Err(Fault::Ssh(error)))
            }
            DisconnectReason::Error(Fault::Refused(error)) => {
                (error.reason.to_string(), Err(Fault::Refused(error)))
            }
        };
        self.told
            .send_modify(|told| told.ended = Some(text.as_str().into()));
        result
    }

    async fn channel_open_failure(
        &mut self,
        _: ChannelId,
        _: ChannelOpenFailure,
        description: &str,
        _: &str,
        _: &mut Session,
    ) -> Result<(), Fault> {
        self.told.send_modify(|told| told.refuse(description));
        Ok(())
    }

    // Nothing was offered to the server that would need a channel back. A reply that is dropped is a refusal;
    // russh's own default is to accept.

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Fault> {
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Fault> {
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _: Channel<Msg>,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Fault> {
        Ok(())
    }

    async fn server_channel_open_session(
        &mut self,
        _: Channel<Msg>,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Fault> {
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Fault> {
        Ok(())
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Fault> {
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Fault> {
        Ok(())
    }
}
