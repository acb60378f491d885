//! Settings merged from defaults, environment and flags into each domain's own config; the key map; the paths; what was
//! chosen in the dashboard.

mod choices;
mod file;
pub mod keymap;
mod paths;

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

pub use choices::Choices;
pub use file::File;
pub use paths::Paths;

use crate::ssh;

/// What the command line said, for every command.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--hosts`.
    pub hosts: Option<PathBuf>,
    /// `--known-hosts`.
    pub known_hosts: Option<PathBuf>,
    /// `--accept-new`.
    pub accept_new: bool,
}

/// The environment variables that count.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `$SSHOAL_HOSTS`.
    pub hosts: Option<OsString>,
    /// `$SSH_AUTH_SOCK`.
    pub agent: Option<OsString>,
    /// `$USER`, else `$LOGNAME`.
    pub user: Option<OsString>,
}

impl Environment {
    /// Of this process; empty values count as unset.
    pub fn of_process() -> Self {
        let read = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            hosts: read("SSHOAL_HOSTS"),
            agent: read("SSH_AUTH_SOCK"),
            user: read("USER").or_else(|| read("LOGNAME")).or_else(by_uid),
        }
    }
}

/// The name of the user who runs this, from the password file: neither cron nor a container sets the variables.
fn by_uid() -> Option<OsString> {
    let uid = rustix::process::getuid().as_raw().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let mut fields = users.lines().map(|line| line.split(':'));
    fields.find_map(|mut user| {
        let name = user.next()?;
        (user.nth(1) == Some(uid.as_str())).then(|| name.into())
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
        let [first, _, _] = of(&Flags::default()).try_into().expect("three files");
        assert_eq!(first, PathBuf::from("/h/.ssh/known_hosts"));
        let flags = Flags {
            known_hosts: Some("/x".into()),
            ..Flags::default()
        };
        assert_eq!(of(&flags), [PathBuf::from("/x")]);
    }
}
