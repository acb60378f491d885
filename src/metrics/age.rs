//! When what comes beside the frames was heard last: what is old is not known any more.

/// Cards that were not read for so long; the tool reads them every 2 s.
const CARDS_MS: u64 = 20_000;

/// Disks and daemons, which are asked about every 30 s.
const SLOW_MS: u64 = 180_000;

/// What is told of disks and daemons then.
const OVERDUE: &str = "no answer for over 3 minutes";

/// Times in milliseconds of our clock that is never set.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ages {
    /// When bytes of the node came last.
    now: u64,
    disks: Option<u64>,
    daemons: Option<u64>,
    cards: Option<u64>,
}

impl Ages {
    /// Bytes came.
    pub(super) fn at(&mut self, now: u64) {
        self.now = self.now.max(now);
    }

    /// What was not heard yet is waited for from now on.
    pub(super) fn begin(&mut self) {
        for time in [&mut self.disks, &mut self.daemons, &mut self.cards] {
            time.get_or_insert(self.now);
        }
    }

    /// Disks were told of.
    pub(super) fn disks(&mut self) {
        self.disks = Some(self.now);
    }

    /// Daemons were.
    pub(super) fn daemons(&mut self) {
        self.daemons = Some(self.now);
    }

    /// A card was.
    pub(super) fn cards(&mut self) {
        self.cards = Some(self.now);
    }

    /// Why the disks are not known.
    pub(super) fn late_disks(&self) -> Option<&'static str> {
        self.is_late(self.disks, SLOW_MS).then_some(OVERDUE)
    }

    /// Why the daemons are not known.
    pub(super) fn late_daemons(&self) -> Option<&'static str> {
        self.is_late(self.daemons, SLOW_MS).then_some(OVERDUE)
    }

    /// True when the cards are not known.
    pub(super) fn are_cards_late(&self) -> bool {
        self.is_late(self.cards, CARDS_MS)
    }

    fn is_late(&self, time: Option<u64>, than_ms: u64) -> bool {
        time.is_some_and(|time| self.now.saturating_sub(time) > than_ms)
    }
}
