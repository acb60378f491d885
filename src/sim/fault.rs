//! What can be made to go wrong with a simulated node.

use std::time::Duration;

/// One way to fail. Times are seconds of simulated time since the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The port is closed: connections are refused, open ones are cut. Needs a port of its own.
    Refuse,
    /// TCP is accepted and nothing is ever sent. Needs a port of its own.
    HangAfterAccept,
    /// Something that is no SSH server answers, then hangs up. Needs a port of its own.
    GarbageBanner,
    /// The server shows another host key than the one in `known_hosts`. Needs a port of its own.
    ChangedHostKey,
    /// Authentication is never answered.
    AuthStall,
    /// No key is accepted.
    AuthRefuse,
    /// The connection is cut after so many bytes of frames on a fast channel.
    DropMidFrame {
        /// Bytes that still get through.
        after: usize,
    },
    /// The sampler's program is swallowed and answered with one line that is no hello.
    NoHello,
    /// Each frame is damaged, each time in another way.
    GarbageFrames,
    /// Every answer comes so much later.
    SlowReply(Duration),
    /// Ticks are read and never answered.
    Silent,
    /// A fast channel is closed at the next tick, without an exit status; the connection stays.
    CloseChannel,
    /// As `Refuse`, but only between two times; `until` may be infinite. Needs a port of its own.
    Away {
        /// When the node goes.
        from: f64,
        /// When it is back.
        until: f64,
    },
}

impl Fault {
    /// True for a fault that acts before the login name is known, so that a shared port can't show it.
    pub fn acts_before_auth(self) -> bool {
        use Fault::{Away, ChangedHostKey, GarbageBanner, HangAfterAccept, Refuse};
        matches!(
            self,
            Refuse | HangAfterAccept | GarbageBanner | ChangedHostKey | Away { .. }
        )
    }

    /// True while the node can't be reached at all.
    pub fn refuses(self, time: f64) -> bool {
        match self {
            Self::Refuse => true,
            Self::Away { from, until } => (from..until).contains(&time),
            _ => false,
        }
    }

    /// True for a fault that a connection made before it must not outlive.
    pub fn cuts(self) -> bool {
        !matches!(self, Self::Away { .. })
            && (self.acts_before_auth() || matches!(self, Self::AuthStall | Self::AuthRefuse))
    }
}

/// The frame `whole`, damaged in the `number`th way.
pub(super) fn garbled(whole: &str, number: usize) -> Vec<u8> {
    match number % 4 {
        // One line less than the trailer says.
        0 => {
            let line = whole.split_inclusive('\n').nth(1).unwrap_or_default();
            whole.replacen(line, "", 1).into_bytes()
        }
        // A trailer without a count.
        1 => {
            let (lines, trailer) = whole.rsplit_once(']').unwrap_or((whole, ""));
            let seq = trailer.split(' ').next().unwrap_or_default();
            format!("{lines}]{seq} ?\n").into_bytes()
        }
        // Another frame's number.
        2 => whole.replacen('[', "[9", 1).into_bytes(),
        // Two lines glued by bytes that are no text.
        _ => {
            let mut bytes = whole.as_bytes().to_vec();
            let middle = bytes.len() / 2;
            if let Some(end) = bytes.iter_mut().skip(middle).find(|b| **b == b'\n') {
                *end = 0xff;
            }
            bytes
        }
    }
}
