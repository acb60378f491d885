//! Key files: the node's, or the usual ones that exist. A file that can't be used says why.

use std::{
    env, fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use russh::keys::{PrivateKey, PublicKey, decode_secret_key, load_public_key};
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

/// A key file is a few KiB; more is something else.
const MAX_BYTES: u64 = 1 << 20;

/// What a key file came to.
#[derive(Debug)]
pub(super) struct Identity {
    /// As told to a person: `~/.ssh/id_ed25519`.
    pub(super) name: String,
    /// From the file itself or from the `.pub` beside it.
    pub(super) public: Option<PublicKey>,
    pub(super) secret: Option<Arc<PrivateKey>>,
    /// Why there is no secret.
    pub(super) note: Option<String>,
}

/// Loads key files; of those that nobody `named`, the ones that exist.
pub(super) async fn load(paths: &[PathBuf], named: bool) -> Vec<Identity> {
    let paths = paths.to_vec();
    let read = move || {
        paths
            .iter()
            .filter(|path| named || path.exists())
            .map(|path| read(path))
            .collect()
    };
    spawn_blocking(read).await.unwrap_or_default()
}

fn read(path: &Path) -> Identity {
    let name = tilde(path, env::home_dir().as_deref());
    let (public, secret, reason) = match secret(path) {
        Ok(Secret::Open(key)) => (Some(key.public_key().clone()), Some(key), None),
        Ok(Secret::Locked(public)) => (public, None, Some("is encrypted".to_owned())),
        Err(reason) => (None, None, Some(reason)),
    };
    let beside = || load_public_key(public_path(path)).ok();
    Identity {
        public: public.or_else(beside),
        secret,
        note: reason.map(|reason| format!("{name} {reason}")),
        name,
    }
}

enum Secret {
    Open(Arc<PrivateKey>),
    Locked(Option<PublicKey>),
}

fn secret(path: &Path) -> Result<Secret, String> {
    let text = contents(path)?;
    if let Ok(key) = PrivateKey::from_openssh(text.as_bytes()) {
        return Ok(if key.is_encrypted() {
            Secret::Locked(Some(key.public_key().clone()))
        } else {
            Secret::Open(Arc::new(key))
        });
    }
    // Older forms say it in a header or in their title, and hold no public key in the clear.
    if text.contains("ENCRYPTED") {
        return Ok(Secret::Locked(None));
    }
    match decode_secret_key(&text, None) {
        Ok(key) => Ok(Secret::Open(Arc::new(key))),
        Err(russh::keys::Error::KeyIsEncrypted) => Ok(Secret::Locked(None)),
        // An agent reads more forms, and P-256 keys with a short number, which the key library refuses (one in 512).
        Err(error) => Err(format!("can't be used ({error}), but may be in an agent")),
    }
}

fn contents(path: &Path) -> Result<Zeroizing<String>, String> {
    let about = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("can't be read: {error}"),
    })?;
    if !about.is_file() || about.len() > MAX_BYTES {
        return Err("is no key file".to_owned());
    }
    // As ssh: a secret that others can read is none. Files of another owner are that owner's business.
    let own = about.uid() == rustix::process::getuid().as_raw();
    if own && about.mode() & 0o077 != 0 {
        return Err("is readable by others (chmod 600)".to_owned());
    }
    fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| format!("can't be read: {error}"))
}

fn public_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

/// The path with the home folder shortened.
fn tilde(path: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) => format!("~/{}", rest.display()),
        None => path.display().to_string(),
    }
}
