//! The person beside the reading: asked for sudo's password once, and heard when the reading is to end.

use color_eyre::eyre::Result;
use tokio::{pin, sync::mpsc};

use super::{Done, say};
use crate::{
    cli::{ask::Person, exit},
    exec::exit::ABORTED,
    logs::Sudo,
    node::text::SafeText,
    ssh::Secret,
};

/// sudo on the nodes, and what it asks.
pub(super) struct Root {
    pub(super) sudo: Sudo,
    pub(super) questions: mpsc::Receiver<SafeText>,
    /// Nothing says how far it is: else that may stand on the line.
    pub(super) is_dumb: bool,
}

/// Why the reading is not attended to any more.
enum Next {
    Over(Result<Done>),
    Question(SafeText),
    Refused(SafeText),
}

/// Attends to the reading to its end, or until it is left.
pub(super) async fn attend(
    work: impl Future<Output = Result<Done>>,
    person: &mut Person,
    root: Option<Root>,
) -> Result<Done> {
    let Some(mut root) = root else {
        let done = person.meanwhile(work).await;
        return done.unwrap_or_else(|code| Ok(Done::left(code)));
    };
    pin!(work);
    loop {
        let next = person
            .meanwhile(async {
                tokio::select! {
                    biased;
                    why = root.sudo.refused() => Next::Refused(why),
                    Some(text) = root.questions.recv() => Next::Question(text),
                    done = &mut work => Next::Over(done),
                }
            })
            .await;
        let text = match next {
            Err(code) => return Ok(Done::left(code)),
            Ok(Next::Over(done)) => return done,
            Ok(Next::Refused(why)) => {
                say(why.as_str());
                return Ok(Done::left(ABORTED));
            }
            Ok(Next::Question(text)) => text,
        };
        let start = if root.is_dumb { "" } else { "\r\x1b[K" };
        match person.typed(format!("{start}{text}"), false).await {
            Ok(Some(line)) => root.sudo.give(Secret::new(line)),
            Ok(None) => {
                say("no password was given: nothing is read as root");
                return Ok(Done::left(exit::INTERRUPTED));
            }
            Err(code) => return Ok(Done::left(code)),
        }
    }
}
