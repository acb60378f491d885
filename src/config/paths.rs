//! Where files of ours and of ssh are, by the XDG rules on every system.

use std::path::PathBuf;

use etcetera::{BaseStrategy, base_strategy::Xdg};

/// The folders of one user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// `~`.
    pub home: PathBuf,
    /// `~/.config/sshoal`.
    pub config: PathBuf,
    /// `~/.local/state/sshoal`.
    pub state: PathBuf,
}

impl Paths {
    /// Of the user who runs this; the current folder stands in where there is no home.
    pub fn of_user() -> Self {
        let Ok(xdg) = Xdg::new() else {
            return Self {
                home: ".".into(),
                config: ".".into(),
                state: ".".into(),
            };
        };
        let state = xdg
            .state_dir()
            .unwrap_or_else(|| xdg.home_dir().join(".local/state"));
        Self {
            home: xdg.home_dir().to_owned(),
            config: xdg.config_dir().join("sshoal"),
            state: state.join("sshoal"),
        }
    }

    /// Where the dashboard's choices are kept.
    pub fn choices(&self) -> PathBuf {
        self.state.join("dashboard.json")
    }

    /// Where the palette's lines are kept.
    pub fn history(&self) -> PathBuf {
        self.state.join("history")
    }

    /// Where the audit log is kept.
    pub fn audit(&self) -> PathBuf {
        self.state.join("audit")
    }

    /// Where the journals of rolls are kept.
    pub fn rolls(&self) -> PathBuf {
        self.state.join("rolls")
    }

    /// What a person writes for every run.
    pub fn file(&self) -> PathBuf {
        self.config.join("config.yaml")
    }

    /// True where a home is named that is not there: nothing is ever written then.
    pub fn is_homeless(&self) -> bool {
        self.state.starts_with(&self.home) && !self.home.is_dir()
    }

    /// The files that ssh reads host keys from; the first is the one to write to.
    pub fn known_hosts(&self) -> Vec<PathBuf> {
        let ssh = self.home.join(".ssh");
        vec![
            ssh.join("known_hosts"),
            ssh.join("known_hosts2"),
            "/etc/ssh/ssh_known_hosts".into(),
            "/etc/ssh/ssh_known_hosts2".into(),
        ]
    }

    /// The key files that ssh tries where they are there.
    pub fn identities(&self) -> Vec<PathBuf> {
        const NAMES: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];
        let ssh = self.home.join(".ssh");
        NAMES.map(|name| ssh.join(name)).into()
    }
}
