//! Settings merged from defaults, environment and flags into each domain's own config; the key map; the paths; what was
//! chosen in the dashboard.

mod choices;
mod file;
pub mod history;
pub mod keymap;
mod known;
mod paths;

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

pub use choices::Choices;
pub use file::File;
pub use paths::Paths;

use crate::{
    node::quote::word,
    ssh::{self, Source, SshConfig},
};

/// What the command line said, for every command.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--hosts`.
    pub hosts: Option<PathBuf>,
    /// `--known-hosts`.
    pub known_hosts: Option<PathBuf>,
    /// `--accept-new`.
    pub accept_new: bool,
    /// `--ssh-config`; `none` is none.
    pub ssh_config: Option<PathBuf>,
}

impl Flags {
    /// Those by which another command means the same nodes and host keys, each after a blank, as a shell reads them.
    fn repeated(&self) -> String {
        let flags = [
            ("--hosts", &self.hosts),
            ("--known-hosts", &self.known_hosts),
            ("-F", &self.ssh_config),
        ];
        let given = flags.iter().filter_map(|(flag, file)| {
            let file = file.as_ref()?.to_string_lossy();
            Some(format!(" {flag} {}", word(&file)))
        });
        given.collect()
    }
}

/// The environment variables that count.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `$SSHOAL_HOSTS`.
    pub hosts: Option<OsString>,
    /// `$SSH_AUTH_SOCK`.
    pub agent: Option<OsString>,
    /// The login by the password file, as for ssh; else `$USER`, else `$LOGNAME`.
    pub user: Option<OsString>,
    /// The home folder by the password file, as for ssh.
    pub home: Option<PathBuf>,
    /// `$PATH`.
    pub path: Option<OsString>,
}

impl Environment {
    /// Of this process; empty values count as unset.
    pub fn of_process() -> Self {
        let read = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let (login, home) = by_uid().unzip();
        Self {
            hosts: read("SSHOAL_HOSTS"),
            agent: read("SSH_AUTH_SOCK"),
            user: login.or_else(|| read("USER")).or_else(|| read("LOGNAME")),
            home,
            path: read("PATH"),
        }
    }
}

/// Login and home folder of the user who runs this, from the password file: neither cron nor a container sets the
/// variables, and ssh doesn't read them.
fn by_uid() -> Option<(OsString, PathBuf)> {
    let uid = rustix::process::getuid().as_raw().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let mut fields = users.lines().map(|line| line.split(':'));
    fields.find_map(|mut user| {
        let name = user.next()?;
        let is_own = user.nth(1) == Some(uid.as_str());
        let home = user.nth(2).filter(|home| home.starts_with('/'))?;
        is_own.then(|| (name.into(), home.into()))
    })
}

/// Which ssh_config counts.
fn ssh_config(flags: &Flags, environment: &Environment, paths: &Paths, user: &str) -> SshConfig {
    let file = flags.ssh_config.clone();
    if file
        .as_deref()
        .is_some_and(|file| file.as_os_str().eq_ignore_ascii_case("none"))
    {
        return SshConfig::Off;
    }
    let folders = environment.path.as_deref().map(std::env::split_paths);
    let programs = folders
        .into_iter()
        .flatten()
        .map(|folder| folder.join("ssh"));
    SshConfig::On(Source {
        file,
        home: environment
            .home
            .clone()
            .unwrap_or_else(|| paths.home.clone()),
        user: user.to_owned(),
        cache: Some(paths.state.join("ssh_config.jsonl")),
        // A relative folder on PATH would make the answer depend on where sshoal is started.
        program: programs
            .into_iter()
            .find(|program| program.is_absolute() && program.is_file()),
    })
}

/// The settings of the SSH layer.
pub fn ssh(flags: &Flags, environment: &Environment, paths: &Paths) -> ssh::Config {
    let user = environment.user.as_deref().map(OsStr::to_string_lossy);
    let user = user.map_or_else(|| "root".to_owned(), String::from);
    let known_hosts = flags.known_hosts.clone();
    ssh::Config {
        known_hosts_chosen: known_hosts.is_some(),
        agent: environment.agent.clone().map(PathBuf::from),
        identities: paths.identities(),
        accept_new: flags.accept_new,
        flags: flags.repeated().as_str().into(),
        ssh_config: ssh_config(flags, environment, paths, &user),
        ..ssh::Config::apart(
            known_hosts.map_or_else(|| paths.known_hosts(), |file| vec![file]),
            &user,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_replaces_the_known_hosts_of_the_user() {
        let paths = Paths {
            home: "/h".into(),
            ..Paths::default()
        };
        let of = |flags: &Flags| ssh(flags, &Environment::default(), &paths).known_hosts;
        let [first, _, _, _] = of(&Flags::default()).try_into().expect("four files");
        assert_eq!(first, PathBuf::from("/h/.ssh/known_hosts"));
        let flags = Flags {
            known_hosts: Some("/x".into()),
            ..Flags::default()
        };
        assert_eq!(of(&flags), [PathBuf::from("/x")]);
    }

    #[test]
    fn flags_that_lead_to_nodes_and_keys_are_repeated() {
        assert_eq!(Flags::default().repeated(), "");
        let flags = Flags {
            hosts: Some("my hosts.yaml".into()),
            known_hosts: Some("/tmp/known".into()),
            accept_new: true,
            ssh_config: Some("none".into()),
        };
        let repeated = " --hosts 'my hosts.yaml' --known-hosts /tmp/known -F none";
        assert_eq!(flags.repeated(), repeated);
    }

    #[test]
    fn ssh_config_is_that_of_the_user_unless_a_flag_says_another_or_none() {
        let environment = Environment {
            home: Some("/home/me".into()),
            ..Environment::default()
        };
        let of = |file: Option<&str>| {
            let flags = Flags {
                ssh_config: file.map(PathBuf::from),
                ..Flags::default()
            };
            match ssh(&flags, &environment, &Paths::default()).ssh_config {
                SshConfig::On(source) => Some((source.file, source.home)),
                SshConfig::Off => None,
            }
        };
        let home = PathBuf::from("/home/me");
        assert_eq!(of(None), Some((None, home.clone())));
        assert_eq!(of(Some("/x")), Some((Some("/x".into()), home)));
        assert_eq!(of(Some("none")), None);
    }
}
