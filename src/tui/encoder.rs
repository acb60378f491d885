//! Writes what changed on a screen: from left to right, or one look after the other over all rows, whichever is shorter.

use std::mem;

use super::{
    depth::Ink,
    pen::{Look, Pen, control, forward_cost},
    tile::Tile,
};

/// A column to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    y: u16,
    x: u16,
}

impl Spot {
    pub(super) fn new(x: u16, y: u16) -> Self {
        Self { y, x }
    }

    fn is_followed_by(self, next: Self) -> bool {
        (self.y, self.x + 1) == (next.y, next.x)
    }
}

/// All rows as they shall be.
pub(super) struct Screen<'a> {
    tiles: &'a [Tile],
    width: u16,
}

impl<'a> Screen<'a> {
    pub(super) fn new(tiles: &'a [Tile], width: u16) -> Self {
        Self { tiles, width }
    }

    fn row(&self, y: u16) -> Row<'a> {
        let start = usize::from(y) * usize::from(self.width);
        let tiles = self.tiles.get(start..start + usize::from(self.width));
        Row {
            tiles: tiles.unwrap_or_default(),
            y,
        }
    }
}

/// One row as it shall be.
#[derive(Clone, Copy)]
struct Row<'a> {
    tiles: &'a [Tile],
    y: u16,
}

impl Row<'_> {
    fn columns(&self) -> u16 {
        self.tiles.len() as u16
    }

    fn tile(&self, at: u16) -> Tile {
        let tile = self.tiles.get(usize::from(at)).copied();
        tile.unwrap_or(Tile::ERASED)
    }
}

/// Writes tiles for one terminal.
#[derive(Debug)]
pub(super) struct Encoder {
    keeps_background: bool,
    pen: Pen,
    /// Those of this frame, from that of the pen on.
    looks: Vec<Look>,
    /// For each column to be written, which of them it has.
    numbers: Vec<u8>,
    /// The columns of each look.
    groups: Vec<Vec<Spot>>,
}

/// Bytes of a move that only one of two orders makes, more or less.
const MOVE: usize = 5;

impl Encoder {
    pub(super) fn new(keeps_background: bool) -> Self {
        Self {
            keeps_background,
            pen: Pen::default(),
            looks: Vec::new(),
            numbers: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// Nobody knows where the cursor is.
    pub(super) fn lift(&mut self) {
        self.pen.lift();
    }

    /// The terminal was erased.
    pub(super) fn reset(&mut self) {
        self.pen = Pen::default();
    }

    /// Writes what changed, given row by row. Going back over the screen costs less than changing a colour and changing
    /// it back, but not where each look has one place.
    pub(super) fn write(&mut self, screen: &Screen<'_>, changed: &[Spot], out: &mut Vec<u8>) {
        let told_apart = self.tell_looks_apart(screen, changed);
        if told_apart.is_none() || !self.is_shorter_by_look(changed) {
            return self.runs(screen, changed, out);
        }
        let mut groups = mem::take(&mut self.groups);
        groups.resize_with(self.looks.len(), Vec::new);
        for (spot, number) in changed.iter().zip(&self.numbers) {
            if let Some(group) = groups.get_mut(usize::from(*number)) {
                group.push(*spot);
            }
        }
        for group in &mut groups {
            self.runs(screen, group, out);
            group.clear();
        }
        self.groups = groups;
    }

    /// Numbers the looks, and says which each column has; `None` when they are too many.
    fn tell_looks_apart(&mut self, screen: &Screen<'_>, changed: &[Spot]) -> Option<()> {
        self.looks.clear();
        self.looks.push(self.pen.look());
        self.numbers.clear();
        for spots in changed.chunk_by(|a, b| a.y == b.y) {
            let y = spots.first().map_or(0, |spot| spot.y);
            self.tell_apart(&screen.row(y), spots)?;
        }
        Some(())
    }

    /// A blank goes with what is written right behind it, else with what was written before it in its row.
    fn tell_apart(&mut self, row: &Row<'_>, spots: &[Spot]) -> Option<()> {
        let start = self.numbers.len();
        let mut before = 0;
        for spot in spots {
            let tile = row.tile(spot.x);
            if !tile.is_blank() || !self.suits(before, tile) {
                before = self.number(tile.look(), before)?;
            }
            self.numbers.push(before);
        }
        let mut behind: Option<(Spot, u8)> = None;
        for (at, spot) in spots.iter().enumerate().rev() {
            let tile = row.tile(spot.x);
            let joins =
                |(next, look): &(Spot, u8)| spot.is_followed_by(*next) && self.suits(*look, tile);
            let joined = behind.filter(joins).filter(|_| tile.is_blank());
            let number = self.numbers.get_mut(start + at)?;
            if let Some((_, look)) = joined {
                *number = look;
            }
            behind = Some((*spot, *number));
        }
        Some(())
    }

    fn suits(&self, look: u8, blank: Tile) -> bool {
        let look = self.looks.get(usize::from(look));
        look.is_some_and(|look| look.writes(blank.look(), true))
    }

    /// The number of a look, which mostly is that of the one before.
    fn number(&mut self, look: Look, before: u8) -> Option<u8> {
        if self.looks.get(usize::from(before)) == Some(&look) {
            return Some(before);
        }
        let known = self.looks.iter().position(|known| *known == look);
        let number = u8::try_from(known.unwrap_or(self.looks.len())).ok()?;
        if known.is_none() {
            self.looks.push(look);
        }
        Some(number)
    }

    /// Reckons what one order costs that the other one doesn't: a change of look here, and there a move to where it went on.
    fn is_shorter_by_look(&self, changed: &[Spot]) -> bool {
        let costs: Vec<usize> = self
            .looks
            .iter()
            .map(|l| self.pen.look().cost(*l))
            .collect();
        let (mut straight, mut by_look) = (0, costs.iter().sum::<usize>());
        let spots = changed.iter().zip(&self.numbers);
        for ((spot, number), (next, other)) in spots.clone().zip(spots.skip(1)) {
            if number != other {
                straight += costs.get(usize::from(*other)).copied().unwrap_or_default();
                by_look += if spot.is_followed_by(*next) { MOVE } else { 0 };
            }
        }
        by_look < straight
    }

    /// Writes the spots in their order.
    fn runs(&mut self, screen: &Screen<'_>, changed: &[Spot], out: &mut Vec<u8>) {
        for spots in changed.chunk_by(|a, b| a.y == b.y) {
            let row = screen.row(spots.first().map_or(0, |spot| spot.y));
            let mut done = 0;
            for (index, spot) in spots.iter().enumerate() {
                if spot.x >= done {
                    done = self.put(&row, spots.get(index..).unwrap_or_default(), out);
                }
            }
        }
    }

    /// Writes the first of the changed tiles, or a run of blanks from it on; the column behind what is done.
    fn put(&mut self, row: &Row<'_>, changed: &[Spot], out: &mut Vec<u8>) -> u16 {
        let Some(at) = changed.first().map(|spot| spot.x) else {
            return row.columns();
        };
        let tile = row.tile(at);
        if !self.bridge(row, at, out) {
            self.pen.go(at, row.y, out);
        }
        self.pen.dip(tile.look(), tile.is_blank(), out);
        if tile.is_blank() {
            return at + self.blanks(row, changed, tile.look(), out);
        }
        let width = tile.width();
        if tile.is_certain() {
            tile.write(out);
            self.pen.advance(width, row.columns());
            return at + width;
        }
        // Terminals disagree on the width of clusters and emoji: fill the room first, and trust no position afterwards.
        out.extend(std::iter::repeat_n(b' ', usize::from(width)));
        self.pen.lift();
        self.pen.go(at, row.y, out);
        tile.write(out);
        self.pen.lift();
        at + width
    }

    /// Rewrites the few tiles between the cursor and `at` when that is no longer than a move.
    fn bridge(&mut self, row: &Row<'_>, at: u16, out: &mut Vec<u8>) -> bool {
        let from = self.pen.column_in(row.y);
        let Some(gap) = from.and_then(|from| at.checked_sub(from)) else {
            return false;
        };
        let (mut room, start) = (forward_cost(gap), out.len());
        if usize::from(gap) > room {
            return false;
        }
        for tile in (at - gap..at).map(|column| row.tile(column)) {
            let fits = tile.width() == 0
                || self.pen.writes(tile.look(), tile.is_blank()) && tile.is_certain();
            if !fits || tile.length() > room {
                out.truncate(start);
                return false;
            }
            room -= tile.length();
            tile.write(out);
        }
        self.pen.advance(gap, row.columns());
        true
    }

    /// Writes or erases blanks of one background; how many columns are done.
    fn blanks(&mut self, row: &Row<'_>, changed: &[Spot], look: Look, out: &mut Vec<u8>) -> u16 {
        let at = changed.first().map_or(0, |spot| spot.x);
        let rest = row.tiles.get(usize::from(at)..).unwrap_or_default();
        let alike = |tile: &&Tile| tile.look() == look && tile.is_blank();
        let alike = rest.iter().take_while(alike).count() as u16;
        let within = changed.iter().take_while(|spot| spot.x < at + alike);
        let last = within.last().map_or(1, |last| last.x - at + 1);
        let erases = self.keeps_background || look.bg() == Ink::OWN;
        if erases && at + alike == row.columns() && last > 3 {
            out.extend_from_slice(b"\x1b[K");
            return alike;
        }
        let more = changed.last().is_some_and(|end| end.x >= at + last);
        let moves = 1 + usize::from(more);
        if erases && usize::from(last) > forward_cost(last) * moves {
            control(last, b'X', out);
            return last;
        }
        let run = changed.iter().zip(at..at + alike);
        let run = run
            .take_while(|(changed, column)| changed.x == *column)
            .count();
        out.extend(std::iter::repeat_n(b' ', run));
        self.pen.advance(run as u16, row.columns());
        run as u16
    }
}
