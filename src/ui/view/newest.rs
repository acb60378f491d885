//! What was put on a view, one after the other: Esc takes the newest off first.

/// Each once, the newest last. One that went off by itself may still be in it.
#[derive(Clone, Debug)]
pub(super) struct Newest<T>(Vec<T>);

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + PartialEq> Newest<T> {
    /// Nothing is newer than this now.
    pub(super) fn put(&mut self, what: T) {
        self.0.retain(|other| *other != what);
        self.0.push(what);
    }

    /// The newest that is still on.
    pub(super) fn last(&self, is_on: impl Fn(T) -> bool) -> Option<T> {
        self.0.iter().rev().copied().find(|what| is_on(*what))
    }
}
