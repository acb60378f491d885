//! Waits for what the server makes of a password, and notices where it asks for a new one instead.

use std::{future::Future, pin::pin, time::Duration};

use tokio::time::{Instant, sleep, sleep_until};

/// Between two looks at whether the server has said something.
const LOOK: Duration = Duration::from_millis(500);

/// After words that were no verdict, for one that may follow.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why there is no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The server has said nothing.
    Silent,
    /// It has said something else: it wants a new password (`SSH_MSG_USERAUTH_PASSWD_CHANGEREQ`, RFC 4252, 8), which russh takes
    /// for nothing and tells nobody.
    Change,
}

/// Waits until `limit`. `heard` counts what has come from the server, and the greetings among it, which are no verdict either
/// and may come at any time before one.
pub(super) async fn verdict<T>(
    sent: impl Future<Output = T>,
    heard: impl Fn() -> (u64, u64),
    limit: Duration,
) -> Result<T, Missing> {
    let mut sent = pin!(sent);
    let end = Instant::now() + limit;
    let mut before = heard();
    let mut odd_since: Option<Instant> = None;
    loop {
        tokio::select! {
            biased;
            verdict = &mut sent => return Ok(verdict),
            () = sleep_until(end) => return Err(Missing::Silent),
            () = sleep(LOOK) => {}
        }
        let now = heard();
        if now.1 != before.1 {
            (before, odd_since) = (now, None);
        } else if now.0 != before.0 {
            let since = *odd_since.get_or_insert_with(Instant::now);
            if since.elapsed() >= PATIENCE {
                return Err(Missing::Change);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::pending};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    async fn after<T>(millis: u64, value: T) -> T {
        sleep(Duration::from_millis(millis)).await;
        value
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_takes_its_time_gets_it() {
        assert_eq!(verdict(after(9_000, 7), || (3, 0), LIMIT).await, Ok(7));
        let silent = verdict(pending::<()>(), || (3, 0), LIMIT).await;
        assert_eq!(silent, Err(Missing::Silent));
    }

    #[tokio::test(start_paused = true)]
    async fn words_that_are_no_verdict_are_a_question() {
        let started = Instant::now();
        let said = Cell::new(3);
        let server = async {
            sleep(Duration::from_secs(1)).await;
            said.set(4);
            pending::<()>().await;
        };
        let missing = verdict(server, || (said.get(), 0), LIMIT).await;
        assert_eq!(missing, Err(Missing::Change));
        assert!(started.elapsed() < Duration::from_secs(4));
    }

    #[tokio::test(start_paused = true)]
    async fn a_greeting_before_the_verdict_is_not_taken_for_one() {
        let said = Cell::new((3, 0));
        let server = async {
            said.set((4, 1));
            after(5_000, 7).await
        };
        assert_eq!(verdict(server, || said.get(), LIMIT).await, Ok(7));
        // The same packet counts before russh has read it.
        let said = Cell::new((3, 0));
        let server = async {
            said.set((4, 0));
            sleep(Duration::from_secs(1)).await;
            said.set((4, 1));
            after(5_000, 7).await
        };
        assert_eq!(verdict(server, || said.get(), LIMIT).await, Ok(7));
    }
}
