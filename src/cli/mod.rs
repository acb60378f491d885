//! The command line: flags to settings, a command to its report, an exit code to the shell.

pub mod args;
mod ask;
mod audit;
mod choices;
mod console;
mod daemon;
mod dashboard;
mod demo;
mod doctor;
mod exec;
pub mod exit;
mod files;
mod fleet;
mod history;
mod log;
mod logs;
mod look;
mod pool;
mod roll;
mod status;
mod trust;
mod tty;

use std::{
    io::{self, Read as _, Write},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use clap::Parser;
use color_eyre::eyre::{Result, WrapErr};
use tokio::runtime::{Builder, Runtime};

pub use args::Cli;
use args::{Colour, Command};
pub use console::{Console, Paint};

use crate::{
    command::{
        self, Usage,
        daemon::{Daemon, Part},
        nodes::Nodes,
    },
    config::{self, Environment, Paths},
    inventory::{self, Inventory, Located},
};

/// What every command runs with.
pub(crate) struct Context {
    pub(crate) args: Cli,
    pub(crate) console: Console,
    pub(crate) environment: Environment,
    pub(crate) paths: Paths,
    /// How many files this process may open.
    open_files: usize,
}

/// Runs the command line of this process; gives its exit code. What went wrong is printed in a line; only a failure to print is returned.
pub fn run() -> Result<u8> {
    let args = Cli::parse_from(args::words(std::env::args_os()));
    let term = std::env::var("TERM").unwrap_or_default();
    let ascii = args.global.ascii.unwrap_or_else(|| has_few_signs(&term));
    let is_dumb = console::is_dumb(&term);
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let paint = match args.global.color {
        Colour::Never => Paint::Never,
        Colour::Auto if no_color || is_dumb => Paint::Never,
        Colour::Auto => Paint::OnScreens,
        // Asked for here and now, it goes before what holds for all programs.
        Colour::Ansi16 | Colour::Ansi256 | Colour::Truecolor => Paint::Always,
    };
    let mut context = Context {
        console: Console::of_process(paint, ascii, is_dumb),
        args,
        environment: Environment::of_process(),
        paths: Paths::of_user(),
        open_files: files::raise(),
    };
    let _log = log::start(&context.paths);
    dispatch(&mut context).or_else(|report| {
        writeln!(context.console.err, "sshoal: {report:#}")?;
        let is_usage = report.is::<Usage>() || report.is::<inventory::Error>();
        Ok(if is_usage { exit::USAGE } else { exit::BROKEN })
    })
}

/// True where the terminal, or the locale, has little more than ASCII.
fn has_few_signs(term: &str) -> bool {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(variable);
    args::has_few_signs(term) || args::is_ascii_locale(locale.iter().map(|v| &**v))
}

fn dispatch(context: &mut Context) -> Result<u8> {
    context.check_ssh_config()?;
    match context.args.command.take() {
        None => run_to_end(dashboard::run(context)),
        Some(Command::Demo { demo, look }) => {
            context.args.look = look.or(&context.args.look);
            run_to_end(demo::run(context, &demo))
        }
        Some(Command::Status(status)) => run_to_end(status::run(context, &status)),
        Some(Command::Exec(_)) if context.args.look.read_only => {
            Err(Usage("--read-only: no command is run".to_owned()).into())
        }
        Some(Command::Exec(exec)) => run_to_end(exec::run(context, &exec)),
        Some(Command::Daemon(daemon)) => of_daemons(context, daemon),
        Some(Command::Roll(roll)) => roll::run(context, &roll),
        Some(Command::Logs(logs)) => run_to_end(logs::run(context, &logs)),
        Some(Command::Doctor(doctor)) => run_to_end(doctor::run(context, &doctor)),
        Some(Command::Trust(trust)) if context.args.look.read_only && trust.change().is_some() => {
            Err(Usage("--read-only: no host key is changed".to_owned()).into())
        }
        Some(Command::Trust(trust)) => run_to_end(trust::run(context, &trust)),
        Some(Command::Pool(pool)) => run_to_end(pool::run(context, &pool)),
        Some(Command::Audit(audit)) => audit::run(context, &audit),
        Some(Command::Nodes(nodes)) => print_nodes(context, nodes),
    }
}

fn of_daemons(context: &mut Context, daemon: Daemon) -> Result<u8> {
    let is_read_only = context.args.look.read_only;
    match daemon.part {
        Part::Roll(_) if is_read_only => {
            Err(Usage("--read-only: nothing is rolled".to_owned()).into())
        }
        Part::Roll(rolling) => run_to_end(roll::begin(context, &rolling)),
        Part::Act(verb) if is_read_only && verb.action().is_mutating() => {
            Err(Usage("--read-only: no daemon is started or stopped".to_owned()).into())
        }
        Part::Act(verb) => run_to_end(daemon::run(context, &verb)),
    }
}

fn print_nodes(context: &mut Context, nodes: Nodes) -> Result<u8> {
    let mut inventory = context.inventory()?;
    if !nodes.is_arithmetic() {
        inventory = inventory.with_nodes()?;
    }
    let sets = context.sets(&nodes.sets)?;
    let text = Nodes { sets, ..nodes }.report(&inventory)?;
    context.warn(&inventory)?;
    context.print(&text)?;
    Ok(exit::OK)
}

/// Runs a command. What may still hang when it is done, a read of a file that never ends for one, is left behind.
fn run_to_end(command: impl Future<Output = Result<u8>>) -> Result<u8> {
    let runtime = runtime()?;
    let code = runtime.block_on(command);
    runtime.shutdown_background();
    code
}

fn runtime() -> Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .wrap_err("cannot start the runtime")
}

/// Makes the folder of our own files, for this user only; a home that is not there is never made.
fn create_state(paths: &Paths) -> io::Result<()> {
    if paths.is_homeless() {
        return Err(io::Error::from(io::ErrorKind::NotFound));
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(&paths.state)
}

impl Context {
    /// Where an inventory is looked for when nobody names it.
    pub(crate) fn usual(&self) -> [PathBuf; 2] {
        let here = std::env::current_dir().unwrap_or_default();
        inventory::usual(&here, &self.paths.config)
    }

    /// Those places as a person writes them.
    fn looked_in(&self) -> Vec<String> {
        let [_, own] = self.usual();
        let own = match own.strip_prefix(&self.paths.home) {
            Ok(below) => Path::new("~").join(below),
            Err(_) => own,
        };
        vec!["./hosts.yaml".to_owned(), own.display().to_string()]
    }

    /// Which inventory counts.
    pub(crate) fn located(&self) -> Located {
        let here = std::env::current_dir().unwrap_or_default();
        let flag = self.args.global.hosts.as_deref();
        inventory::locate(
            flag,
            self.environment.hosts.as_deref(),
            &here,
            &self.paths.config,
        )
    }

    pub(crate) fn inventory(&self) -> Result<Inventory, inventory::Error> {
        self.load(&self.located())
    }

    pub(crate) fn load(&self, located: &Located) -> Result<Inventory, inventory::Error> {
        let looked_in = match located {
            Located::File(_) => Vec::new(),
            Located::ThisMachine => self.looked_in(),
        };
        let inventory = inventory::load(located)?;
        Ok(Inventory {
            looked_in,
            ..inventory
        })
    }

    /// As ssh, refuses to go on without the file that was named.
    fn check_ssh_config(&self) -> Result<(), Usage> {
        let config = self.ssh().ssh_config;
        let crate::ssh::SshConfig::On(crate::ssh::Source {
            file: Some(file), ..
        }) = config
        else {
            return Ok(());
        };
        let readable = std::fs::metadata(&file).and_then(|found| {
            // A pipe can be read only once, and not here.
            let opened = found.is_file().then(|| std::fs::File::open(&file));
            opened.transpose()
        });
        readable.map(drop).map_err(|error| {
            Usage(format!(
                "can't open the ssh_config {}: {error}; name another with -F, or leave ssh_config out: -F none",
                file.display()
            ))
        })
    }

    pub(crate) fn ssh(&self) -> crate::ssh::Config {
        let config = config::ssh(&self.args.global.flags(), &self.environment, &self.paths);
        crate::ssh::Config {
            limits: config.limits.within(self.open_files),
            ..config
        }
    }

    /// Node sets with those of standard input in the place of `-`.
    pub(crate) fn sets(&mut self, sets: &[String]) -> Result<Vec<String>> {
        if !sets.iter().any(|set| set == command::INPUT) {
            return Ok(sets.to_vec());
        }
        let mut text = String::new();
        let input = (&mut self.console.input).take(inventory::MAX_BYTES + 1);
        io::BufReader::new(input)
            .read_to_string(&mut text)
            .wrap_err("cannot read node sets from standard input")?;
        if text.len() as u64 > inventory::MAX_BYTES {
            let most = inventory::MAX_BYTES >> 20;
            return Err(Usage(format!(
                "more than {most} MiB of node sets on standard input"
            ))
            .into());
        }
        Ok(command::with_input(sets, &text))
    }

    pub(crate) fn warn(&mut self, inventory: &Inventory) -> Result<()> {
        for warning in &inventory.warnings {
            writeln!(self.console.err, "sshoal: {warning}")?;
        }
        Ok(())
    }

    /// Prints; a reader that left early (`| head`) is not an error.
    pub(crate) fn print(&mut self, text: &str) -> Result<()> {
        self.print_on(text).map(drop)
    }

    /// Prints something that more will follow; false when nobody reads it any more.
    pub(crate) fn print_on(&mut self, text: &str) -> Result<bool> {
        let out = &mut self.console.out;
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            other => other.map(|()| true).wrap_err("cannot write the result"),
        }
    }
}
