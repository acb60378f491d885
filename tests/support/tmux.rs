//! A private tmux server: what a person sees who works in tmux.

use std::{
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// One server with one window; killed when dropped.
pub(crate) struct Tmux {
    name: String,
}

impl Tmux {
    /// Starts `command` (shell text) in a window of this size; `None` where there is no tmux.
    pub(crate) fn start(columns: u16, rows: u16, command: &str) -> Option<Self> {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let tmux = Self {
            name: format!("sshoal-test-{}-{count}", std::process::id()),
        };
        let size = [columns.to_string(), rows.to_string()];
        let start = ["new-session", "-d", "-x", &size[0], "-y", &size[1], command];
        Command::new("tmux").arg("-V").output().ok()?;
        tmux.run(&start);
        Some(tmux)
    }

    /// Types keys by their tmux names.
    pub(crate) fn send(&self, keys: &[&str]) {
        self.run(&[&["send-keys", "-t", "0"], keys].concat());
    }

    /// Changes the window's size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let size = [columns.to_string(), rows.to_string()];
        self.run(&["resize-window", "-t", "0", "-x", &size[0], "-y", &size[1]]);
    }

    /// The text of the screen.
    pub(crate) fn screen(&self) -> String {
        self.run(&["capture-pane", "-p", "-t", "0"])
    }

    /// A format variable of the pane: `alternate_on`, `cursor_flag`, ...
    pub(crate) fn flag(&self, name: &str) -> String {
        let format = format!("#{{{name}}}");
        let text = self.run(&["display-message", "-p", "-t", "0", &format]);
        text.trim().to_owned()
    }

    /// Waits until the screen is as wanted; panics with the screen when it never is.
    pub(crate) fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return;
            }
            assert!(Instant::now() < end, "never {what}:\n{screen}");
            // tmux tells nobody when a screen changes.
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until this text is on the screen.
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait(text, |screen| screen.contains(text));
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-L", &self.name, "-f", "/dev/null"])
            .args(arguments)
            .env_remove("TMUX")
            .env("LC_ALL", "C.UTF-8")
            .output()
            .expect("tmux runs");
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {arguments:?}: {why}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let mut kill = Command::new("tmux");
        let _gone_already = kill.args(["-L", &self.name, "kill-server"]).output();
    }
}
