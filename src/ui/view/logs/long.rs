//! A wrapped line that is longer than the screen: it is scrolled through, row by row.

use std::ops::Range;

use super::{Layout, Logs, form};

impl Logs {
    /// Moves by so many rows within the line under the cursor; false where there is no more of it that way.
    pub(super) fn scroll_within(&mut self, by: isize) -> bool {
        let layout = self.layout(self.body);
        let Some(here) = self.here() else {
            return false;
        };
        let Some(last) = self.hidden(here, layout) else {
            return false;
        };
        let at = self.cursor.map_or(last, |_| self.above.min(last));
        let to = at.saturating_add_signed(by).min(last);
        if to == at {
            return false;
        }
        self.hold_at(here);
        self.above = to;
        true
    }

    /// A screenful on, where lines are wrapped: the first line that wasn't wholly in sight is the first now.
    pub(super) fn page_down(&mut self) {
        let layout = self.layout(self.body);
        let lines = (self.shown.place(self.top)..).map_while(|place| self.shown.at(place));
        let mut rows = 0;
        let mut below = lines.skip_while(|number| {
            rows += self.rows_of(*number, layout);
            rows <= layout.height || *number == self.top
        });
        let (below, last) = (below.next(), self.shown.last());
        let Some(to) = below.or(last).filter(|_| self.cursor.is_some()) else {
            return;
        };
        self.hold_at(to);
        let most = last.map_or(to, |last| self.top_for(last, layout));
        self.top = below.map_or(self.top, |below| below.min(most));
    }

    /// A screenful back, where lines are wrapped: it ends above what was the first line.
    pub(super) fn page_up(&mut self) {
        let layout = self.layout(self.body);
        if let (None, Some(last)) = (self.cursor, self.shown.last()) {
            self.hold_at(last);
        }
        let before = self.shown.place(self.top).checked_sub(1);
        match before.and_then(|place| self.shown.at(place)) {
            Some(before) => {
                let top = self.top_for(before, layout);
                self.hold_at(top);
                self.top = top;
                self.above = usize::MAX;
            }
            None => self.cursor = self.shown.first().or(self.cursor),
        }
    }

    /// Goes to where in a long line the text is that was searched for.
    pub(super) fn show_hit(&mut self, number: u64) {
        let layout = self.layout(self.body);
        let (Some((_, pattern)), Some(_)) = (&self.sought, self.hidden(number, layout)) else {
            return;
        };
        let rows = self
            .line(number)
            .map(|line| form::text(line, whole(layout), 0));
        let mut rows = rows.unwrap_or_default().into_iter();
        let hit = rows.position(|row| !form::hits(&row, pattern).is_empty());
        self.above = hit.map_or(0, |hit| hit.saturating_sub(layout.height / 3));
    }

    /// Of the rows of the line under the cursor those in sight, and how many there are; none where it fits.
    pub(super) fn rows_in_sight(&self) -> Option<(Range<usize>, usize)> {
        let layout = self.layout(self.body);
        let last = self.hidden(self.here()?, layout)?;
        let first = self.cursor.map_or(last, |_| self.above.min(last));
        Some((first..first + layout.height, last + layout.height))
    }

    /// How many of its rows the screen has no room for; none where it has room for all.
    pub(super) fn hidden(&self, number: u64, layout: Layout) -> Option<usize> {
        if !layout.wraps || self.rows_of(number, layout) < layout.height {
            return None;
        }
        let rows = form::text(self.line(number)?, whole(layout), 0).len();
        rows.checked_sub(layout.height).filter(|more| *more > 0)
    }
}

/// As if the screen were as high as any line.
fn whole(layout: Layout) -> Layout {
    Layout {
        height: usize::MAX,
        ..layout
    }
}
