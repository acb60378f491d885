//! Key files and certificate files: the node's, or the usual ones that exist. One that can't be used says why.

use std::{
    env, fmt, fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use russh::keys::{Algorithm, Certificate, PrivateKey, PublicKey, decode_secret_key};
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use super::{
    kept::{Kept, Wanted},
    ready::ReadyKey,
};
use crate::ssh::{
    config::{Stamp, stamp},
    secret::Secret,
};

/// A key file is a few KiB; more is something else.
const MAX_BYTES: u64 = 1 << 20;

/// What a key file came to.
pub(super) struct Identity {
    /// As told to a person: `~/.ssh/id_ed25519`.
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// From the file itself or from the `.pub` beside it.
    pub(super) public: Option<PublicKey>,
    pub(super) private: Private,
}

/// The private half.
#[derive(Clone)]
pub(super) enum Private {
    Open(Arc<ReadyKey>),
    /// Encrypted; whoever knows the passphrase can have it.
    Locked,
    Absent(Flaw),
}

/// A certificate from a file.
pub(super) struct Certified {
    /// As told to a person: `~/.ssh/id_ed25519-cert.pub`.
    pub(super) name: String,
    pub(super) certificate: Certificate,
}

/// Why a file is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Missing,
    Unreadable(String),
    /// Others can read it.
    Exposed,
    /// The public half was named.
    Public,
    /// The private half is in a security key.
    Token,
    NoKey,
    /// An agent reads more forms, and P-256 keys with a short number, which the key library refuses (one in 512).
    Unusable(String),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("does not exist"),
            Self::Unreadable(error) => write!(f, "can't be read: {error}"),
            Self::Exposed => f.write_str("is readable by others"),
            Self::Public => f.write_str("is a public key"),
            Self::Token => f.write_str("is a security key's"),
            Self::NoKey => f.write_str("is no key file"),
            Self::Unusable(error) => write!(f, "can't be used ({error}), but may be in an agent"),
        }
    }
}

/// What the files of one login came to.
#[derive(Default)]
pub(in crate::ssh) struct Files {
    /// Every path that was looked at, with its state before that.
    pub(super) seen: Vec<(PathBuf, Stamp)>,
    pub(super) identities: Vec<Identity>,
    pub(super) certificates: Vec<Certified>,
    /// What is wrong with certificate files.
    pub(super) notes: Vec<String>,
}

/// Loads key files, of those that nobody named the ones that exist, and certificates: those named and those beside the key
/// files. What is kept of them counts while they stay as they are.
pub(super) async fn load(wanted: Wanted, kept: &Kept) -> Arc<Files> {
    let kept = kept.clone();
    spawn_blocking(move || kept.files(&wanted))
        .await
        .unwrap_or_default()
}

/// Decrypts a key file; takes the CPU for as long as its maker wanted (bcrypt), so off the runtime's threads.
pub(super) async fn unlock(path: &Path, passphrase: Secret) -> Result<Arc<ReadyKey>, String> {
    let path = path.to_owned();
    let decrypt = move || {
        let text = contents(&path).map_err(|flaw| flaw.to_string())?;
        decode_secret_key(&text, Some(passphrase.expose()))
            .map(|key| Arc::new(key.into()))
            .map_err(|error| error.to_string())
    };
    let unlocked = spawn_blocking(decrypt).await;
    unlocked.unwrap_or_else(|error| Err(error.to_string()))
}

/// Reads them. Blocks.
pub(super) fn read_all(wanted: &Wanted) -> Files {
    let mut files = Files::default();
    for path in &wanted.identities {
        if !files.finds(path) && !wanted.named {
            continue;
        }
        files.identify(path);
        let beside = suffixed(path, "-cert.pub");
        if files.finds(&beside) && !wanted.certificates.contains(&beside) {
            files.certify(&beside);
        }
    }
    for path in &wanted.certificates {
        files.finds(path);
        files.certify(path);
    }
    files
}

impl Files {
    /// Notes the state of a path; false where nothing is there.
    fn finds(&mut self, path: &Path) -> bool {
        let stamp = stamp(path);
        self.seen.push((path.to_owned(), stamp));
        stamp.is_some()
    }

    fn identify(&mut self, path: &Path) {
        let (mut public, private) = halves(path);
        if public.is_none() {
            let beside = suffixed(path, ".pub");
            self.finds(&beside);
            let text = text(&beside).ok();
            public = text.and_then(|text| PublicKey::from_openssh(text.trim()).ok());
        }
        self.identities.push(Identity {
            name: tilde(path, env::home_dir().as_deref()),
            path: path.to_owned(),
            public,
            private,
        });
    }

    fn certify(&mut self, path: &Path) {
        let name = tilde(path, env::home_dir().as_deref());
        let read = text(path).and_then(|text| {
            Certificate::from_openssh(text.trim())
                .map_err(|error| Flaw::Unreadable(error.to_string()))
        });
        match read {
            Ok(certificate) => self.certificates.push(Certified { name, certificate }),
            Err(flaw) => self.notes.push(format!("certificate {name} {flaw}")),
        }
    }
}

fn halves(path: &Path) -> (Option<PublicKey>, Private) {
    let text = match contents(path) {
        Ok(text) => text,
        Err(flaw) => return (None, Private::Absent(flaw)),
    };
    if let Ok(key) = PrivateKey::from_openssh(text.as_bytes()) {
        let public = Some(key.public_key().clone());
        let is_token = matches!(
            key.algorithm(),
            Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256
        );
        let private = match key {
            _ if is_token => Private::Absent(Flaw::Token),
            key if key.is_encrypted() => Private::Locked,
            key => Private::Open(Arc::new(key.into())),
        };
        return (public, private);
    }
    // Older forms say it in a header or in their title, and hold no public key in the clear.
    if text.contains("ENCRYPTED") {
        return (None, Private::Locked);
    }
    match decode_secret_key(&text, None) {
        Ok(key) => (
            Some(key.public_key().clone()),
            Private::Open(Arc::new(key.into())),
        ),
        Err(russh::keys::Error::KeyIsEncrypted) => (None, Private::Locked),
        Err(error) => (None, Private::Absent(Flaw::Unusable(error.to_string()))),
    }
}

/// A secret file's text. As ssh: a secret that others can read is none. Files of another owner are that owner's business.
fn contents(path: &Path) -> Result<Zeroizing<String>, Flaw> {
    let text = text(path)?;
    if PublicKey::from_openssh(text.trim()).is_ok()
        || Certificate::from_openssh(text.trim()).is_ok()
    {
        return Err(Flaw::Public);
    }
    let about = fs::metadata(path).map_err(|error| Flaw::Unreadable(error.to_string()))?;
    let own = about.uid() == rustix::process::getuid().as_raw();
    if own && about.mode() & 0o077 != 0 {
        return Err(Flaw::Exposed);
    }
    Ok(text)
}

fn text(path: &Path) -> Result<Zeroizing<String>, Flaw> {
    let about = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Flaw::Missing,
        _ => Flaw::Unreadable(error.to_string()),
    })?;
    if !about.is_file() || about.len() > MAX_BYTES {
        return Err(Flaw::NoKey);
    }
    fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| Flaw::Unreadable(error.to_string()))
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The path with the home folder shortened.
fn tilde(path: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) => format!("~/{}", rest.display()),
        None => path.display().to_string(),
    }
}
