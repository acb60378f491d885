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
    if let Some(cipher) = foreign_cipher(&text) {
        let why = format!("its old encryption, {cipher}, is not read; ssh-keygen -p renews it");
        return (None, Private::Absent(Flaw::Unusable(why)));
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

/// The cipher of an encrypted PEM file, where the key library doesn't know it: each passphrase would be wrong.
fn foreign_cipher(text: &str) -> Option<&str> {
    let (_, info) = text.split_once("DEK-Info: ")?;
    let cipher = info.split([',', '\r', '\n']).next()?;
    let is_known = cipher == "AES-128-CBC" && text.contains("BEGIN RSA PRIVATE KEY");
    (!is_known).then_some(cipher)
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
    let bytes = fs::read(path).map_err(|error| Flaw::Unreadable(error.to_string()))?;
    let bytes = Zeroizing::new(bytes);
    // Keys are ASCII; the comment behind a public one may be in any encoding.
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::OpenOptionsExt as _;

    use super::*;

    fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&path);
        io::Write::write_all(&mut file.unwrap(), bytes).unwrap();
        (folder, path)
    }

    /// Asked for a passphrase, nobody could ever tell the right one.
    #[test]
    fn a_cipher_that_is_not_known_is_no_wrong_passphrase() {
        for (kind, cipher, known) in [
            ("RSA", "AES-128-CBC", true),
            ("RSA", "AES-256-CBC", false),
            ("EC", "AES-128-CBC", false),
        ] {
            let text = format!(
                "-----BEGIN {kind} PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: {cipher},B842\n\nAAAA\n"
            );
            let (_folder, path) = written("key", text.as_bytes());
            match halves(&path).1 {
                Private::Locked => assert!(known, "{kind} {cipher}"),
                Private::Absent(flaw) => {
                    assert!(!known && flaw.to_string().contains(cipher), "{flaw}");
                }
                Private::Open(_) => panic!("{kind} {cipher}"),
            }
        }
    }

    #[test]
    fn a_comment_may_be_in_any_encoding() {
        let key = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio J\xf6rg\n";
        let (_folder, path) = written("key.pub", key);
        assert!(matches!(halves(&path).1, Private::Absent(Flaw::Public)));
    }
}
