//! The account of a login that failed: what was tried, what wasn't and why, and what to try. Pure.

use std::{collections::BTreeSet, fmt::Write as _};

use russh::{MethodKind, MethodSet};

/// What has happened so far.
#[derive(Default)]
pub(super) struct Told {
    /// Keys that the server was shown.
    pub(super) offered: Vec<String>,
    /// Keys whose turn has not come.
    pub(super) left: usize,
    /// Steps that the server took, while it wanted more.
    pub(super) accepted: Vec<String>,
    /// Why other things were not tried or did not work.
    pub(super) notes: Vec<String>,
    /// Somebody was asked and did not answer: at another time they may.
    pub(super) is_late: bool,
    hints: BTreeSet<Hint>,
}

/// What may help, the surest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hint {
    /// This file can be read by others.
    Expose(String),
    /// This public key was named as the private one.
    NamePrivate(String),
    /// This file is a security key's.
    AddToken(String),
    /// This file's passphrase was not told.
    Passphrase(String),
    /// This file's passphrase was wrong.
    WrongPassphrase(String),
    /// ssh_config forbids all that the server accepts.
    LeftOut,
    /// There was nobody to type what the server asks for.
    Type,
    /// A person declined, or was not there.
    AskAgain,
    /// The agent waited for something.
    Touch,
    NoAgent,
    DeadAgent,
    EmptyAgent,
}

impl Hint {
    /// Counts also when the server has judged keys.
    fn is_of_files(&self) -> bool {
        !matches!(self, Self::NoAgent | Self::DeadAgent | Self::EmptyAgent)
    }

    /// What to try, where the server takes keys or doesn't.
    fn text(&self, takes_keys: bool) -> String {
        match self {
            Self::Expose(file) => format!("chmod 600 {file}"),
            Self::NamePrivate(file) => {
                let private = file.strip_suffix(".pub").unwrap_or(file);
                let private = private.strip_suffix("-cert").unwrap_or(private);
                format!("name the private key, {private}, or load it into the agent: ssh-add {private}")
            }
            Self::AddToken(file) => format!("load it into the agent, which can ask for the touch: ssh-add {file}"),
            Self::Passphrase(file) => {
                format!("unlock the key into an agent: ssh-add {file}; or run sshoal in a terminal without --batch, to be asked")
            }
            Self::WrongPassphrase(file) => format!("check the passphrase: ssh-keygen -y -f {file}"),
            Self::LeftOut => "see PreferredAuthentications, and PubkeyAuthentication and the like, in ssh_config; or leave it out: -F none".to_owned(),
            Self::Type if takes_keys => "run sshoal in a terminal without --batch, to be asked; or put a key on the node: ssh-copy-id".to_owned(),
            Self::Type => "run sshoal in a terminal without --batch, to be asked; the server takes no keys: `PubkeyAuthentication yes` in its sshd_config would let them in".to_owned(),
            Self::AskAgain => "connect again to be asked again".to_owned(),
            Self::Touch => "touch the security key or confirm when the agent asks; or name a key file: identity in hosts.yaml".to_owned(),
            Self::NoAgent => "start an agent and run ssh-add, or name a key file: identity in hosts.yaml".to_owned(),
            Self::DeadAgent => "SSH_AUTH_SOCK names an agent that is gone: start one and run ssh-add, or name a key file: identity in hosts.yaml".to_owned(),
            Self::EmptyAgent => "the agent holds no keys: run ssh-add, or name a key file: identity in hosts.yaml".to_owned(),
        }
    }
}

impl Told {
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    pub(super) fn hint(&mut self, hint: Hint) {
        self.hints.insert(hint);
    }

    /// `refused for ops; offered file ~/.ssh/id_rsa; the server accepts publickey, password`.
    pub(super) fn refusal(&self, user: &str, methods: &MethodSet) -> String {
        let accepts: Vec<&str> = methods.iter().map(Into::into).collect();
        let verdict = match self.accepted.as_slice() {
            [] => "refused".to_owned(),
            steps => format!("{} accepted, the server wants more", steps.join(", ")),
        };
        format!(
            "{verdict} for {user}{}; the server accepts {}",
            self.trials(),
            accepts.join(", ")
        )
    }

    /// `; offered …; …`
    pub(super) fn trials(&self) -> String {
        let mut text = match self.offered.as_slice() {
            [] => "; no key was offered".to_owned(),
            offered => format!("; offered {}", offered.join(", ")),
        };
        if self.left > 0 {
            let _ = write!(text, "; {} more not offered", self.left);
        }
        for note in &self.notes {
            let _ = write!(text, "; {note}");
        }
        text
    }

    /// What to try next.
    pub(super) fn advice(&self, methods: &MethodSet) -> String {
        let mut hints = self.hints.iter();
        if let Some(hint) = hints.find(|hint| hint.is_of_files() || self.offered.is_empty()) {
            return hint.text(methods.contains(&MethodKind::PublicKey));
        }
        if methods.contains(&MethodKind::PublicKey) {
            return "check the login name, and that the node's authorized_keys holds the key"
                .to_owned();
        }
        let typed = [MethodKind::Password, MethodKind::KeyboardInteractive];
        if typed.iter().any(|kind| methods.contains(kind)) {
            return "check the login name and what was typed".to_owned();
        }
        "the server takes no login that this program knows".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn methods(kinds: &[MethodKind]) -> MethodSet {
        MethodSet::from(kinds)
    }

    #[test]
    fn the_surest_hint_is_the_advice() {
        let keys = methods(&[MethodKind::PublicKey]);
        let mut told = Told::default();
        told.hint(Hint::EmptyAgent);
        assert!(told.advice(&keys).starts_with("the agent holds no keys"));
        told.hint(Hint::Passphrase("~/.ssh/id".to_owned()));
        told.hint(Hint::Expose("~/.ssh/k".to_owned()));
        assert_eq!(told.advice(&keys), "chmod 600 ~/.ssh/k");
        let mut told = Told::default();
        told.hint(Hint::EmptyAgent);
        told.offered.push("file x".to_owned());
        assert!(told.advice(&keys).contains("authorized_keys"));
    }

    #[test]
    fn a_key_is_put_only_where_the_server_takes_keys() {
        let mut told = Told::default();
        told.hint(Hint::Type);
        let both = methods(&[MethodKind::PublicKey, MethodKind::Password]);
        assert!(told.advice(&both).contains("ssh-copy-id"));
        let advice = told.advice(&methods(&[MethodKind::Password]));
        assert!(!advice.contains("ssh-copy-id") && advice.contains("PubkeyAuthentication yes"));
    }

    #[test]
    fn a_public_key_is_traced_to_its_private_one() {
        let hint = |file: &str| Hint::NamePrivate(file.to_owned()).text(true);
        assert!(hint("~/.ssh/id.pub").ends_with("ssh-add ~/.ssh/id"));
        assert!(hint("~/.ssh/id-cert.pub").ends_with("ssh-add ~/.ssh/id"));
    }

    #[test]
    fn a_refusal_says_what_was_taken_and_what_was_not() {
        let told = Told {
            offered: vec!["file a".to_owned()],
            accepted: vec!["file a".to_owned()],
            notes: vec!["file b does not exist".to_owned()],
            ..Told::default()
        };
        let kinds = [MethodKind::PublicKey, MethodKind::Password];
        assert_eq!(
            told.refusal("ops", &methods(&kinds)),
            "file a accepted, the server wants more for ops; offered file a; file b does not exist; the server accepts publickey, password"
        );
    }
}
