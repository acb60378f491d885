//! The real program in real terminals: it starts, follows the keyboard and the window, and leaves the terminal as it was.

#![expect(
    clippy::print_stderr,
    clippy::panic,
    reason = "says what is not tested; a panic is what one test is about"
)]

#[path = "support/pty.rs"]
mod pty;
#[path = "support/tmux.rs"]
mod tmux;

use std::{
    env, fs, io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use portable_pty::CommandBuilder;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use rustix::process::{Pid, Signal, kill_process};
use sshoal::{
    fleet::{Millis, Snapshot},
    ssh::Prompt,
    tui::{
        Ended, Program, Screen, Source,
        depth::{Choice, Hints, detect},
        ground::Ground,
        run, term,
    },
    ui::{effect::Effect, event::Event},
};
use tokio::sync::watch;

use pty::{Answers, Pty, command};
use tmux::Tmux;

const PROGRAM: &str = env!("CARGO_BIN_EXE_sshoal");
/// Of the six nodes of `sshoal demo --nodes 6`, two.
const NODES: [&str; 2] = ["gpu01", "web01"];
/// Set where [`probe`] shall be a program of its own.
const PROBE: &str = "SSHOAL_TEST_PROBE";

fn demo() -> CommandBuilder {
    command(PROGRAM, &["demo", "--nodes", "6"])
}

fn probe_command() -> CommandBuilder {
    let program = env::current_exe().expect("this test has a file");
    let program = program.to_string_lossy();
    let mut command = command(&program, &["--exact", "probe", "--nocapture"]);
    command.env(PROBE, "1");
    command
}

fn signal(pty: &Pty, signal: Signal) {
    let pid = Pid::from_raw(pty.pid() as i32).expect("not zero");
    kill_process(pid, signal).expect("it runs");
}

fn started(columns: u16, rows: u16) -> Pty {
    let mut pty = Pty::start(columns, rows, demo());
    for name in NODES {
        pty.wait_for(name);
    }
    assert!(pty.screen().alternate_screen() && pty.screen().hide_cursor());
    assert!(pty.screen().bracketed_paste());
    pty
}

/// As a shell wants to find it again.
fn assert_restored(pty: &Pty, modes_before: &str) {
    let screen = pty.screen();
    assert!(!screen.alternate_screen(), "the alternate screen is left");
    assert!(!screen.hide_cursor(), "the cursor shows");
    assert!(!screen.bracketed_paste(), "pastes are typed");
    assert_eq!(screen.fgcolor(), vt100::Color::Default);
    assert!(!screen.bold() && !screen.inverse());
    assert_eq!(pty.modes(), modes_before);
    let text = String::from_utf8_lossy(&pty.transcript).into_owned();
    let (clear, leave) = (text.rfind("\x1b[2J"), text.rfind("\x1b[?1049l"));
    assert!(
        clear < leave && clear.is_some(),
        "cleared before it is left"
    );
    assert_eq!(
        text.matches("\x1b[?1049l").count(),
        text.matches("\x1b[?1049h").count()
    );
}

/// The modes of a terminal that nobody changed.
fn untouched_modes() -> String {
    let mut pty = Pty::start(80, 24, command("true", &[]));
    let modes = pty.modes();
    assert!(pty.wait_exit().success());
    modes
}

#[test]
fn it_starts_follows_the_keys_and_quits() {
    let mut pty = started(120, 36);
    pty.send("?");
    pty.wait("the help", |screen| screen.contents().contains("mark"));
    pty.send("\x1b");
    pty.send("/gpu\r");
    pty.wait("the filter", |screen| !screen.contents().contains("web01"));
    pty.send("q");
    let status = pty.wait_exit();
    assert_eq!(status.exit_code(), 0);
    assert_restored(&pty, &untouched_modes());
}

#[test]
fn it_remembers_what_was_chosen() {
    let home = tempfile::tempdir().expect("a folder");
    let hosts = home.path().join("hosts.yaml");
    fs::write(&hosts, "hosts: {here: {transport: local}}").expect("a file");
    let hosts = hosts.to_string_lossy();
    let run = |wanted: &str, keys: &str, then: &str| {
        let mut command = command(PROGRAM, &["--hosts", &hosts, "--view", "table"]);
        command.env("HOME", home.path());
        let mut pty = Pty::start(120, 36, command);
        pty.wait_for("here");
        pty.wait_for(wanted);
        pty.send(keys);
        pty.wait_for(then);
        pty.send("q");
        assert_eq!(pty.wait_exit().exit_code(), 0);
    };
    let file = home.path().join(".local/state/sshoal/dashboard.json");
    run("worst first", "", "here");
    assert!(!file.exists(), "nothing was chosen");
    run("worst first", "o", "by NODE");
    run("by NODE", "", "here");
    let kept = fs::read_to_string(&file).expect("the choices");
    assert!(
        kept.contains("\"sort\": \"name\"") && !kept.contains("view"),
        "{kept}"
    );
}

#[test]
fn keys_of_ones_own_are_read_and_wrong_ones_named() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join(".config/sshoal");
    fs::create_dir_all(&folder).expect("a folder");
    let start = |keys: &str| {
        fs::write(folder.join("config.yaml"), keys).expect("a file");
        let mut command = demo();
        command.env("HOME", home.path());
        Pty::start(120, 36, command)
    };
    let mut pty = start("keys: {fleet: {quit: x}}");
    pty.wait_for(NODES[0]);
    pty.wait_for("x quit");
    pty.send("x");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    let mut pty = start("keys:\n  fleet: {quit: n}\n");
    assert_eq!(pty.wait_exit().exit_code(), 2);
    let text = pty.screen().contents().replace('\n', "");
    assert!(
        text.contains("config.yaml: keys: fleet: `n` is a key of both"),
        "{text}"
    );
    fs::remove_file(folder.join("config.yaml")).expect("it is there");
    let mut mkfifo = std::process::Command::new("mkfifo");
    let made = mkfifo.arg(folder.join("config.yaml")).status();
    assert!(made.expect("mkfifo").success());
    let mut command = demo();
    command.env("HOME", home.path());
    let mut pty = Pty::start(120, 36, command);
    pty.wait_for("name a file");
    assert_eq!(pty.wait_exit().exit_code(), 2);
    let text = pty.screen().contents().replace('\n', "");
    assert!(
        text.contains("config.yaml: a named pipe, not a file; name a file"),
        "{text}"
    );
}

/// Nothing but text gets to a terminal that says it can do nothing else.
#[test]
fn a_dumb_terminal_gets_no_escape_sequence() {
    let home = tempfile::tempdir().expect("a folder");
    let start = |words: &[&str], term: Option<&str>| {
        let mut command = command(PROGRAM, words);
        command.env("HOME", home.path());
        command.cwd(home.path());
        command.env_remove("TERM");
        if let Some(term) = term {
            command.env("TERM", term);
        }
        Pty::start(200, 36, command)
    };
    let shown = |pty: &Pty| String::from_utf8_lossy(&pty.transcript).into_owned();
    for term in [Some("dumb"), Some(""), None] {
        for words in [&["-F", "none"][..], &["demo", "--nodes", "2"]] {
            let mut pty = start(words, term);
            pty.wait_for("`sshoal status`");
            assert_eq!(pty.wait_exit().exit_code(), 2);
            let text = shown(&pty);
            assert!(
                !text.contains('\x1b') && text.matches('\n').count() == 1,
                "{text:?}"
            );
            assert!(
                text.contains("`sshoal status`") && text.contains("`sshoal status --watch`"),
                "{text:?}"
            );
        }
        let mut pty = start(&["-F", "none", "status", "--watch", "500ms"], term);
        pty.wait("a second table", |screen| {
            screen.contents().matches("NODE").count() > 1
        });
        assert!(!shown(&pty).contains('\x1b'), "{:?}", shown(&pty));
    }
    let mut pty = start(&["-F", "none", "--color", "16", "status"], Some("dumb"));
    pty.wait_for("NODE");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert!(shown(&pty).contains('\x1b'), "asked for, they are there");
}

#[test]
fn it_follows_the_window_through_every_size() {
    let mut pty = started(120, 36);
    for (columns, rows) in [
        (80, 24),
        (20, 5),
        (1, 1),
        (250, 70),
        (3, 40),
        (200, 2),
        (100, 30),
    ] {
        pty.resize(columns, rows);
    }
    pty.wait_for(NODES[0]);
    let is_wide = |screen: &vt100::Screen| {
        let (rows, _) = screen.size();
        let last = screen.contents_between(rows.get() - 1, 0, rows.get(), 0);
        last.contains("quit")
    };
    pty.wait("a last row with hints", is_wide);
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert_restored(&pty, &untouched_modes());
}

#[test]
fn signals_end_it_and_the_terminal_is_restored() {
    for (number, code) in [(Signal::TERM, 143), (Signal::INT, 143), (Signal::HUP, 129)] {
        let mut pty = started(80, 24);
        signal(&pty, number);
        assert_eq!(pty.wait_exit().exit_code(), code, "{number:?}");
        assert_restored(&pty, &untouched_modes());
    }
}

#[test]
fn a_lost_terminal_ends_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let code = folder.path().join("code");
    let shell = format!(
        "trap '' HUP; {PROGRAM} demo --nodes 6; echo \\$? > {}",
        code.display()
    );
    let Some(tmux) = start(80, 24, &format!("sh -c \"{shell}\"")) else {
        return;
    };
    tmux.wait_for(NODES[0]);
    // It goes while there is something to read.
    tmux.resize(100, 30);
    tmux.send(&["j"]);
    drop(tmux);
    let end = Instant::now() + pty::PATIENCE;
    while fs::read_to_string(&code).unwrap_or_default() != "129\n" {
        assert!(Instant::now() < end, "it still runs, or ended otherwise");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn no_color_means_no_color() {
    let mut command = demo();
    command.env("NO_COLOR", "1");
    command.env("COLORTERM", "truecolor");
    let mut pty = Pty::start(80, 24, command);
    for name in NODES {
        pty.wait_for(name);
    }
    for (row, column) in (0..24).flat_map(|row| (0..80).map(move |column| (row, column))) {
        let plain = (vt100::Color::Default, vt100::Color::Default);
        assert_eq!(pty.colours(row, column), Some(plain), "{row},{column}");
    }
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);
}

#[test]
fn a_locale_without_utf_8_means_ascii_unless_asked_otherwise() {
    for (words, is_ascii) in [(&[][..], true), (&["--ascii=false"], false)] {
        let mut command = demo();
        command.args(words);
        command.env("LC_ALL", "C");
        command.env("LANG", "en_US.UTF-8");
        let mut pty = Pty::start(80, 24, command);
        for name in NODES {
            pty.wait_for(name);
        }
        let contents = pty.screen().contents();
        assert_eq!(contents.is_ascii(), is_ascii, "{words:?}\n{contents}");
        pty.send("q");
        assert_eq!(pty.wait_exit().exit_code(), 0);
    }
}

#[test]
fn a_panic_restores_the_terminal_before_it_is_reported() {
    for key in ["!", "%"] {
        let mut pty = Pty::start(80, 24, probe_command());
        pty.wait_for("frame 80x24");
        pty.send(key);
        assert_ne!(pty.wait_exit().exit_code(), 0);
        assert_restored(&pty, &untouched_modes());
        let text = String::from_utf8_lossy(&pty.transcript).into_owned();
        let (left, report) = (text.rfind("\x1b[?1049l"), text.find("as the key wished"));
        assert!(left < report && left.is_some(), "{key}: {text}");
    }
}

#[test]
fn pastes_are_no_keys() {
    let mut pty = Pty::start(80, 24, probe_command());
    pty.wait_for("frame 80x24");
    pty.send("\x1b[200~q!\r\n\x1b[201~");
    pty.wait_for("pasted 4");
    pty.send("q");
    pty.wait_exit();
    assert!(String::from_utf8_lossy(&pty.transcript).contains("ended by Quit"));
}

#[test]
fn the_terminal_says_whether_it_is_light() {
    let cases = [
        (Some("rgb:ffff/ffff/ffff"), "Some(Light)"),
        (Some("rgb:1d1d/1f1f/2121"), "Some(Dark)"),
        (None, "None"),
    ];
    for (background, said) in cases {
        let answers = Answers {
            background,
            ..Answers::default()
        };
        let mut pty = Pty::start_on(80, 24, probe_command(), answers);
        pty.wait_for(said);
        pty.send("q");
        assert!(pty.wait_exit().success());
    }
}

#[test]
fn an_answer_that_comes_late_types_nothing() {
    let answers = Answers {
        deaf: true,
        ..Answers::default()
    };
    let mut pty = Pty::start_on(80, 24, probe_command(), answers);
    pty.wait_for("keys 0 pasted 0 None");
    pty.send("x\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;22cx");
    pty.wait_for("keys 2");
    pty.send("q");
    assert!(pty.wait_exit().success());
}

#[test]
fn it_works_over_tmux() {
    let shell = format!("sh -c '{PROGRAM} demo --nodes 6; echo \"exit $?\"; exec cat'");
    let Some(tmux) = start(100, 30, &shell) else {
        return;
    };
    for name in NODES {
        tmux.wait_for(name);
    }
    assert_eq!(tmux.flag("alternate_on"), "1");
    tmux.resize(60, 20);
    tmux.resize(120, 40);
    tmux.wait("a screen of the new size", |screen| {
        screen.lines().count() == 40 && screen.contains("quit")
    });
    tmux.send(&["q"]);
    tmux.wait_for("exit 0");
    tmux.wait("nothing else", |screen| screen.trim() == "exit 0");
    let flags = ["alternate_on", "cursor_flag"].map(|name| tmux.flag(name));
    assert_eq!(flags, ["0", "1"]);
}

#[test]
fn ctrl_z_gives_the_shell_its_screen_and_fg_takes_it_back() {
    let Some(tmux) = start(100, 30, "bash --norc --noprofile -i") else {
        return;
    };
    tmux.send(&[&format!("{PROGRAM} demo --nodes 6"), "Enter"]);
    tmux.wait_for(NODES[0]);
    for _ in 0..2 {
        tmux.send(&["C-z"]);
        tmux.wait_for("Stopped");
        assert_eq!(tmux.flag("alternate_on"), "0");
        assert_eq!(tmux.flag("cursor_flag"), "1");
        tmux.send(&["fg", "Enter"]);
        tmux.wait(NODES[0], |screen| {
            screen.contains(NODES[0]) && !screen.contains("Stopped")
        });
        assert_eq!(tmux.flag("alternate_on"), "1");
    }
    tmux.send(&["q"]);
    tmux.wait("a prompt", |screen| screen.trim_end().ends_with(['$', '#']));
    assert_eq!(tmux.flag("alternate_on"), "0");
}

fn start(columns: u16, rows: u16, command: &str) -> Option<Tmux> {
    let tmux = Tmux::start(columns, rows, command);
    let required = env::var_os("SSHOAL_REQUIRE_PEERS").is_some();
    assert!(tmux.is_some() || !required, "tmux is missing");
    if tmux.is_none() {
        eprintln!("not tested: tmux is missing");
    }
    tmux
}

/// No test by itself: the program that the tests above start in a terminal of its own.
#[test]
fn probe() -> io::Result<()> {
    if env::var_os(PROBE).is_none() {
        return Ok(());
    }
    term::restore_on_panic();
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(show_probe())?;
    println!("ended by {ended:?}");
    Ok(())
}

async fn show_probe() -> io::Result<Ended> {
    let hints = Hints {
        term: Some("xterm-256color"),
        ..Hints::default()
    };
    let mut screen = Screen::local(detect(Choice::Auto, hints), hints.term)?;
    let mut probe = Probe {
        ground: screen.ask_ground(),
        ..Probe::default()
    };
    let (_snapshots, snapshots) = watch::channel(Arc::default());
    let (_prompts, prompts) = watch::channel(Arc::default());
    run(&mut probe, &Nothing(snapshots, prompts), screen).await
}

/// Says what it is told.
#[derive(Default)]
struct Probe {
    ground: Option<Ground>,
    keys: usize,
    pasted: usize,
    drawn: bool,
}

impl Program for Probe {
    fn update(&mut self, event: Event) -> Vec<Effect> {
        self.drawn = false;
        match event {
            Event::Paste(text) => self.pasted = text.len(),
            Event::Key(key) => match key.to_string().as_str() {
                "q" => return vec![Effect::Quit],
                "!" => panic!("as the key wished"),
                "%" => {
                    let elsewhere = thread::spawn(|| panic!("as the key wished"));
                    assert!(elsewhere.join().is_err());
                }
                _ => self.keys += 1,
            },
            _ => {}
        }
        Vec::new()
    }

    fn render(&mut self, area: Rect, buffer: &mut Buffer) {
        self.drawn = true;
        let (size, keys) = (area.as_size(), self.keys);
        let text = format!(
            "frame {size} keys {keys} pasted {} {:?}",
            self.pasted, self.ground
        );
        buffer.set_string(0, 0, text, Style::new().bold());
    }

    fn is_dirty(&self) -> bool {
        !self.drawn
    }
}

/// A fleet without a node.
struct Nothing(
    watch::Receiver<Arc<Snapshot>>,
    watch::Receiver<Arc<Vec<Prompt>>>,
);

impl Source for Nothing {
    fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.0.clone()
    }

    fn prompts(&self) -> watch::Receiver<Arc<Vec<Prompt>>> {
        self.1.clone()
    }

    fn now(&self) -> Millis {
        Millis(0)
    }

    fn send(&self, _: Effect) -> Result<(), Effect> {
        Ok(())
    }
}
