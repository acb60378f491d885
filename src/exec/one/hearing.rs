//! What is heard of a command: output to hand on and to keep, and the script's own words.

use bytes::Bytes;

use crate::{
    exec::{
        Capture, Keep, Stream,
        marks::{Item, Mark, Marks},
        nonce::Nonce,
        plan::Options,
    },
    node::text::SafeText,
    ssh::Output,
};

/// Output that is held back until the script has begun.
const EARLY: usize = 64 << 10;

/// Longest line of a login shell that is told.
const TOLD: usize = 300;

/// The ear for one execution.
pub(super) struct Hearing {
    /// None once the script has nothing more to say.
    marks: Option<Marks>,
    /// Where it speaks.
    speaks_on: Stream,
    /// It speaks again after it has begun.
    is_talkative: bool,
    /// Typing a password ends a line that is nobody's output.
    is_asked: bool,
    /// Its process id, once it has begun.
    pub(super) begun: Option<u32>,
    /// A login shell that can't read the script says so: not for the person.
    early: Vec<(Stream, Bytes)>,
    early_bytes: usize,
    stdout: Keep,
    stderr: Keep,
}

impl Hearing {
    pub(super) fn new(options: &Options, nonce: &Nonce, is_script: bool) -> Self {
        let on_terminal = options.terminal.is_some();
        Self {
            marks: is_script.then(|| Marks::new(nonce)),
            speaks_on: if on_terminal {
                Stream::Stdout
            } else {
                Stream::Stderr
            },
            // On a terminal nothing is fed, and what the command prints there is never the script's.
            is_talkative: !on_terminal && (options.input.is_some() || options.is_sudo),
            is_asked: on_terminal && options.is_sudo,
            begun: None,
            early: Vec::new(),
            early_bytes: 0,
            stdout: Keep::new(options.keep),
            stderr: Keep::new(options.keep),
        }
    }

    /// Takes a piece in: what is to be handed on now, and what the script said.
    pub(super) fn take(&mut self, output: Output) -> (Vec<(Stream, Bytes)>, Vec<Mark>) {
        let (stream, bytes) = match output {
            Output::Stdout(bytes) => (Stream::Stdout, bytes),
            Output::Stderr(bytes) => (Stream::Stderr, bytes),
            Output::End(_) => return (Vec::new(), Vec::new()),
        };
        let Some(marks) = self.marks.as_mut() else {
            self.keep(stream, &bytes);
            return (vec![(stream, bytes)], Vec::new());
        };
        if stream != self.speaks_on {
            return (self.pass(stream, bytes), Vec::new());
        }
        let (mut passed, mut said) = (Vec::new(), Vec::new());
        for item in marks.feed(&bytes) {
            match item {
                Item::Output(bytes) => passed.extend(self.pass(stream, bytes.into())),
                Item::Mark(mark) => {
                    if let Mark::Begun(pid) = mark {
                        self.begun = Some(pid);
                        self.forget_blank_lines();
                        passed.extend(self.release());
                    }
                    said.push(mark);
                }
            }
        }
        let is_done = self.begun.is_some() && (!self.is_talkative || said.contains(&Mark::Fed));
        if is_done {
            passed.extend(self.last_words());
            self.marks = None;
        }
        (passed, said)
    }

    fn forget_blank_lines(&mut self) {
        let is_blank = |(_, bytes): &(Stream, Bytes)| bytes.trim_ascii().is_empty();
        if self.is_asked && self.early.iter().all(is_blank) {
            self.early.clear();
        }
    }

    /// Everything that was held back.
    pub(super) fn release(&mut self) -> Vec<(Stream, Bytes)> {
        let early = std::mem::take(&mut self.early);
        for (stream, bytes) in &early {
            self.keep(*stream, bytes);
        }
        early
    }

    /// What looked like the beginning of a word of the script's, at the end.
    pub(super) fn last_words(&mut self) -> Vec<(Stream, Bytes)> {
        let stream = self.speaks_on;
        let held = self.marks.as_mut().map(Marks::finish).unwrap_or_default();
        if held.is_empty() {
            return Vec::new();
        }
        self.pass(stream, held.into())
    }

    fn pass(&mut self, stream: Stream, bytes: Bytes) -> Vec<(Stream, Bytes)> {
        if self.begun.is_some() || self.early_bytes + bytes.len() > EARLY {
            let mut all = self.release();
            self.keep(stream, &bytes);
            all.push((stream, bytes));
            return all;
        }
        self.early_bytes += bytes.len();
        self.early.push((stream, bytes));
        Vec::new()
    }

    fn keep(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Stdout => self.stdout.push(bytes),
            Stream::Stderr => self.stderr.push(bytes),
        }
    }

    /// True when all there is to hear is a complaint: nothing on standard output.
    pub(super) fn is_complaint(&self) -> bool {
        let is_error = |(stream, _): &(Stream, Bytes)| *stream == Stream::Stderr;
        self.stdout.total() == 0 && !self.early.is_empty() && self.early.iter().all(is_error)
    }

    /// The first line of what was said before the script began.
    pub(super) fn complaint(&self) -> Option<SafeText> {
        let text: Vec<u8> = self
            .early
            .iter()
            .flat_map(|(_, bytes)| bytes.iter().copied())
            .collect();
        let line = text
            .split(|byte| *byte == b'\n')
            .find(|line| !line.trim_ascii().is_empty())?;
        Some(SafeText::line(line.trim_ascii(), TOLD))
    }

    /// What is kept of both outputs.
    pub(super) fn finish(self) -> (Capture, Capture) {
        (self.stdout.finish(), self.stderr.finish())
    }
}
