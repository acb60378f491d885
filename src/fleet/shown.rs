//! What a task shows of its work: the newest state for whoever looks, and that not too often.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until},
};

/// Where a state is shown.
#[derive(Debug)]
pub(super) struct Shown<T> {
    to: watch::Sender<Arc<T>>,
    /// Holds one word: what has changed is looked up, and two changes are as good as one.
    news: Arc<Notify>,
    /// Two states are at least this far apart.
    every: Duration,
    due: Option<Instant>,
}

impl<T> Shown<T> {
    /// Shows this first; `news` is told of each that comes after.
    pub(super) fn new(
        first: Arc<T>,
        news: Arc<Notify>,
        every: Duration,
    ) -> (Self, watch::Receiver<Arc<T>>) {
        let (to, seen) = watch::channel(first);
        let due = None;
        let shown = Self {
            to,
            news,
            every,
            due,
        };
        (shown, seen)
    }

    /// Something has changed since it was shown.
    pub(super) fn soon(&mut self) {
        let every = self.every;
        self.due.get_or_insert_with(|| Instant::now() + every);
    }

    /// Resolves when what has changed is to be shown; never while nothing has. Cancel-safe.
    pub(super) async fn due(&self) {
        match self.due {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// Shows this now.
    pub(super) fn show(&mut self, state: Arc<T>) {
        self.due = None;
        self.to.send_replace(state);
        self.news.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const EVERY: Duration = Duration::from_millis(50);

    #[tokio::test(start_paused = true)]
    async fn what_changes_often_is_shown_seldom() {
        let news = Arc::new(Notify::new());
        let told = || timeout(EVERY * 9, news.notified());
        let (mut shown, seen) = Shown::new(Arc::new(0), Arc::clone(&news), EVERY);
        assert!(timeout(EVERY * 9, shown.due()).await.is_err());
        let begun = Instant::now();
        shown.soon();
        tokio::time::advance(EVERY / 2).await;
        shown.soon();
        shown.due().await;
        assert_eq!(begun.elapsed(), EVERY, "the first change counts");
        assert!(told().await.is_err());
        shown.show(Arc::new(1));
        shown.show(Arc::new(2));
        assert_eq!((**seen.borrow(), told().await), (2, Ok(())));
        assert!(told().await.is_err(), "one says it all");
        assert!(timeout(EVERY * 9, shown.due()).await.is_err());
    }
}
