//! A program in a pseudo-terminal with an emulator behind it, which answers queries as a terminal does.

use std::{
    io::{Read, Write},
    num::NonZero,
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use vt100::{Callbacks, Color, Parser, Screen};

/// How long anything may take on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The running program and its screen.
pub(crate) struct Pty {
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    child: Box<dyn Child + Send + Sync>,
    parser: Parser<Answers>,
    /// Every byte that the program wrote.
    pub(crate) transcript: Vec<u8>,
}

/// What a terminal answers, and how it looks to the program.
#[derive(Default)]
pub(crate) struct Answers {
    /// `rgb:ffff/ffff/ffff`; `None`: it doesn't know OSC 11.
    pub(crate) background: Option<&'static str>,
    /// It answers nothing at all.
    pub(crate) deaf: bool,
    /// Not sent yet.
    pub(crate) replies: Vec<u8>,
}

impl Callbacks for Answers {
    fn unhandled_csi(
        &mut self,
        screen: &mut Screen,
        first: Option<u8>,
        _second: Option<u8>,
        params: &[&[u16]],
        letter: char,
    ) {
        let (row, column) = screen.cursor_position();
        let reply = match (first, params, letter) {
            (None, [[5]], 'n') => "\x1b[0n".to_owned(),
            (None, [[6]], 'n') => format!("\x1b[{};{}R", row + 1, column + 1),
            (None, [] | [[0]], 'c') => "\x1b[?62;22c".to_owned(),
            _ => return,
        };
        self.replies.extend_from_slice(reply.as_bytes());
    }

    fn unhandled_osc(&mut self, _: &mut Screen, params: &[&[u8]]) {
        if let ([b"11", b"?"], Some(colour)) = (params, self.background) {
            let reply = format!("\x1b]11;{colour}\x1b\\");
            self.replies.extend_from_slice(reply.as_bytes());
        }
    }
}

impl Pty {
    /// Starts a program with this size, an empty environment but for PATH and HOME, and TERM=xterm-256color unless `command`
    /// says otherwise.
    pub(crate) fn start(columns: u16, rows: u16, command: CommandBuilder) -> Self {
        Self::start_on(columns, rows, command, Answers::default())
    }

    /// As [`Pty::start`], in a terminal with these answers.
    pub(crate) fn start_on(
        columns: u16,
        rows: u16,
        command: CommandBuilder,
        answers: Answers,
    ) -> Self {
        let pair = native_pty_system()
            .openpty(size(columns, rows))
            .expect("a pty");
        let child = pair
            .slave
            .spawn_command(command)
            .expect("the program starts");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let (to, output) = sync_channel(64);
        thread::spawn(move || {
            let mut chunk = [0; 8192];
            // The last close of the other side reads as an error.
            while let Ok(length @ 1..) = reader.read(&mut chunk) {
                if to
                    .send(chunk.iter().copied().take(length).collect())
                    .is_err()
                {
                    break;
                }
            }
        });
        let [rows, columns] = [rows, columns].map(|part| NonZero::new(part).expect("not empty"));
        Self {
            keyboard: pair.master.take_writer().expect("a writer"),
            master: pair.master,
            output,
            child,
            parser: Parser::new_with_callbacks(rows, columns, 0, answers),
            transcript: Vec::new(),
        }
    }

    /// Waits until the screen is as wanted; panics with the screen when it never is.
    pub(crate) fn wait(&mut self, what: &str, mut wanted: impl FnMut(&Screen) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !wanted(self.parser.screen()) {
            let left = end.saturating_duration_since(Instant::now());
            let goes_on = !left.is_zero() && self.read(left);
            let screen = self.parser.screen();
            assert!(
                goes_on || wanted(screen),
                "never {what}:\n{}",
                screen.contents()
            );
        }
    }

    /// Waits until this text is on the screen.
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text));
    }

    /// Types.
    pub(crate) fn send(&mut self, keys: &str) {
        self.keyboard
            .write_all(keys.as_bytes())
            .expect("the program reads");
        self.keyboard.flush().expect("the program reads");
    }

    /// Changes the size, as a person who drags the window's edge does.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        let [high, wide] = [rows, columns].map(|part| NonZero::new(part).expect("not empty"));
        self.parser.screen_mut().set_size(high, wide);
        self.master
            .resize(size(columns, rows))
            .expect("the pty lives");
    }

    /// The screen now.
    pub(crate) fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    /// The colours of a cell: foreground, background.
    pub(crate) fn colours(&self, row: u16, column: u16) -> Option<(Color, Color)> {
        let cell = self.screen().cell(row, column)?;
        Some((cell.fgcolor(), cell.bgcolor()))
    }

    /// The terminal's modes (echo, line editing, ...) in a comparable form.
    pub(crate) fn modes(&self) -> String {
        format!("{:?}", self.master.get_termios().expect("the pty lives"))
    }

    /// The program's process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Waits for the end and everything written until then.
    pub(crate) fn wait_exit(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            let open = self.read(Duration::from_millis(50));
            let status = self.child.try_wait().expect("a child can be waited for");
            if let (Some(status), false) = (&status, open) {
                return status.clone();
            }
            let screen = self.screen().contents();
            assert!(Instant::now() < end, "it never ended:\n{screen}");
        }
    }

    /// Takes in one chunk; false when nothing came or nothing can come.
    fn read(&mut self, patience: Duration) -> bool {
        match self.output.recv_timeout(patience) {
            Ok(chunk) => {
                self.transcript.extend_from_slice(&chunk);
                self.parser.process(&chunk);
                let replies = std::mem::take(&mut self.parser.callbacks_mut().replies);
                if !replies.is_empty() && !self.parser.callbacks().deaf {
                    // A program that ended doesn't want its answer any more.
                    let _gone = self.keyboard.write_all(&replies);
                }
                true
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
    }
}

/// A command with nothing inherited that changes how it behaves.
pub(crate) fn command(program: &str, arguments: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.env_clear();
    command.args(arguments);
    for name in ["PATH", "HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("TERM", "xterm-256color");
    command
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}
