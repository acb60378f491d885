//! The last lines of a log, within a bound of memory; what is older is dropped and counted.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use super::Line;

#[cfg(test)]
#[path = "buffer_tests.rs"]
mod tests;

/// Lines are copied, shared and dropped by so many.
const CHUNK: usize = 512;

/// What a line costs beside its text: itself, and what the allocator and a shared text add, as measured.
const OVERHEAD: usize = size_of::<Line>() + 64;

/// Lines with numbers that never change: the first line that ever came is number 0. Its clone costs next to nothing.
#[derive(Clone, Debug)]
pub struct Buffer {
    chunks: VecDeque<Arc<Chunk>>,
    limit: usize,
    bytes: usize,
    end: u64,
}

#[derive(Clone, Debug)]
struct Chunk {
    first: u64,
    bytes: usize,
    lines: Vec<Line>,
}

impl Default for Buffer {
    fn default() -> Self {
        Self::new(100 << 20)
    }
}

impl Buffer {
    /// Holds `limit` bytes, its lines' structure counted in.
    pub fn new(limit: usize) -> Self {
        Self {
            chunks: VecDeque::new(),
            limit,
            bytes: 0,
            end: 0,
        }
    }

    /// Adds a line at the end, and drops the oldest ones where the bound is passed.
    pub fn push(&mut self, line: Line) {
        let size = line.text.len() + OVERHEAD;
        let has_room = |chunk: &Chunk| {
            chunk.lines.len() < CHUNK && chunk.bytes + size <= (self.limit / 16).max(OVERHEAD)
        };
        if !self.chunks.back().is_some_and(|chunk| has_room(chunk)) {
            self.chunks.push_back(Arc::new(Chunk {
                first: self.end,
                bytes: 0,
                lines: Vec::new(),
            }));
        }
        if let Some(last) = self.chunks.back_mut() {
            // Copied where a clone of the buffer still sees it: half a thousand lines at most, and not their text.
            let chunk = Arc::make_mut(last);
            chunk.bytes += size;
            chunk.lines.push(line);
        }
        self.bytes += size;
        self.end += 1;
        self.bound();
    }

    /// Number of the oldest line that is held; `end` where none is.
    pub fn first(&self) -> u64 {
        self.chunks.front().map_or(self.end, |chunk| chunk.first)
    }

    /// Number that the next line will have.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// How many lines are held.
    pub fn len(&self) -> usize {
        (self.end - self.first()) as usize
    }

    /// No line is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lines that are gone, which is the number of the oldest that isn't.
    pub fn dropped(&self) -> u64 {
        self.first()
    }

    /// Bytes that are held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The line of that number, unless it is dropped or yet to come.
    pub fn get(&self, number: u64) -> Option<&Line> {
        let chunk = self.chunks.get(self.chunk(number)?)?;
        chunk.lines.get((number - chunk.first) as usize)
    }

    /// The lines of these numbers that are held, with their numbers.
    pub fn range(&self, numbers: Range<u64>) -> impl DoubleEndedIterator<Item = (u64, &Line)> {
        let start = numbers.start.max(self.first());
        let end = numbers.end.min(self.end);
        (start..end).filter_map(|number| Some((number, self.get(number)?)))
    }

    fn chunk(&self, number: u64) -> Option<usize> {
        let after = self.chunks.partition_point(|chunk| chunk.first <= number);
        after.checked_sub(1)
    }

    fn bound(&mut self) {
        while self.bytes > self.limit && self.chunks.len() > 1 {
            if let Some(oldest) = self.chunks.pop_front() {
                self.bytes -= oldest.bytes;
            }
        }
    }
}
