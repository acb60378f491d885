use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::*;
use crate::ssh::auth::identity::Private;

use russh::keys::{
    PrivateKey,
    ssh_key::{LineEnding, private::Ed25519Keypair},
};

fn write(path: &Path, seed: u8) {
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]));
    let text = key.to_openssh(LineEnding::LF).unwrap();
    fs::write(path, text.as_bytes()).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn wanted(path: &Path) -> Wanted {
    Wanted {
        identities: vec![path.to_owned()],
        named: true,
        certificates: vec![],
    }
}

/// A time at which everything on the disk is old.
fn later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(10)
}

fn private(files: &Files) -> &Private {
    &files.identities[0].private
}

#[test]
fn a_file_is_read_again_once_it_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, kept) = (folder.path().join("id"), Kept::default());
    let wanted = wanted(&path);
    let read = || kept.files_at(&wanted, later());
    assert!(matches!(private(&read()), Private::Absent(_)));

    write(&path, 1);
    let first = read();
    assert!(Arc::ptr_eq(&first, &read()));
    assert!(Arc::ptr_eq(&first, &kept.current(&wanted).unwrap()));

    write(&path, 2);
    assert!(kept.current(&wanted).is_none());
    let second = read();
    assert_ne!(first.identities[0].public, second.identities[0].public);

    // A certificate beside it.
    fs::write(folder.path().join("id-cert.pub"), "none").unwrap();
    assert!(kept.current(&wanted).is_none());
    assert_eq!(read().notes.len(), 1);

    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(private(&read()), Private::Absent(_)));
}

#[test]
fn what_was_just_written_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (path, kept) = (folder.path().join("id"), Kept::default());
    write(&path, 1);
    kept.files_at(&wanted(&path), SystemTime::now());
    assert!(kept.current(&wanted(&path)).is_none());
}

#[test]
fn forgotten_keys_are_gone_and_none_is_ever_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (path, kept) = (folder.path().join("id"), Kept::default());
    write(&path, 1);
    let files = kept.files_at(&wanted(&path), later());
    assert_eq!(format!("{kept:?}"), "Kept");
    kept.forget();
    assert!(kept.current(&wanted(&path)).is_none());
    assert_eq!(Arc::strong_count(&files), 1);
}
