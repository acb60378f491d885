//! What following tells while it goes on.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::{Line, StreamId};
use crate::node::text::SafeText;

/// One happening; nodes are named by their place in the order.
#[derive(Debug)]
pub enum Event {
    /// The node answers, and says what it has. Its clock is ahead of ours by so many microseconds.
    Reached(usize, i64),
    /// It can't be reached, for this reason; with an order that is followed it is tried again.
    Unreached(usize, SafeText),
    /// Nothing comes of a source of this node: it has none of that name, or it may not be read.
    Missing(usize, SafeText),
    /// All sources of the node have been looked for: the streams that it has were opened before.
    Looked(usize),
    /// A stream of a node, under its own name. The numbers of an order may have gaps.
    Opened {
        /// Its number.
        stream: StreamId,
        /// The place of its node.
        place: usize,
        /// A file's path, a unit, a container.
        name: SafeText,
        /// To be given back as its lines go out.
        credit: Credit,
    },
    /// Where it is.
    Phase(StreamId, Phase),
    /// What its log held already has come; from now on its lines come as they are written.
    CaughtUp(StreamId),
    /// Lines, in order.
    Lines(StreamId, Vec<Line>),
    /// What it holds, byte for byte, where that was asked for.
    Bytes(StreamId, Bytes),
    /// Nothing more comes of it.
    Closed(StreamId, End),
    /// A sentence for the person, such as that there are too many streams.
    Said(SafeText),
}

/// What a stream is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// It is being opened.
    #[default]
    Opening,
    /// Lines come as they are written.
    Live,
    /// Its connection is gone for this reason, and is tried again.
    Lost(SafeText),
    /// What it comes from has stopped, and is waited for.
    Waiting(SafeText),
    /// Nothing more comes.
    Closed(End),
}

/// How a stream has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// All of it was had.
    Done,
    /// Nobody wants it any more.
    Cancelled,
    /// The node says why there is no more.
    Failed(SafeText),
    /// The connection was lost, and there may be more.
    Lost(SafeText),
}

/// Begins the reason of a command that has ended with a code.
const EXIT: &str = "exit code ";

impl End {
    /// Of a command that said nothing but its exit code.
    pub(super) fn exit(code: u32) -> SafeText {
        format!("{EXIT}{code}").as_str().into()
    }

    /// The exit code, where the node said nothing else.
    pub fn exit_code(&self) -> Option<u32> {
        match self {
            Self::Done => Some(0),
            Self::Failed(why) => why.as_str().strip_prefix(EXIT)?.parse().ok(),
            Self::Cancelled | Self::Lost(_) => None,
        }
    }
}

/// What a stream may have under way, so that no flood takes the place of others.
#[derive(Clone, Debug)]
pub struct Credit(Arc<Semaphore>);

/// What a line counts for besides its bytes.
const LINE: usize = 256;

impl Credit {
    /// For so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes)))
    }

    /// Of one line.
    pub fn of(line: &Line) -> usize {
        line.text.len() + LINE
    }

    /// So much has gone out.
    pub fn give_back(&self, bytes: usize) {
        self.0.add_permits(bytes);
    }

    /// Waits until so much may be under way. Cancel-safe.
    pub(super) async fn take(&self, bytes: usize) {
        // It is never closed.
        if let Ok(permit) = self
            .0
            .acquire_many(bytes.try_into().unwrap_or(u32::MAX))
            .await
        {
            permit.forget();
        }
    }
}
