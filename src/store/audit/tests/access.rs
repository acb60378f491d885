use std::{
    fs::{Permissions, set_permissions},
    os::unix::fs::{PermissionsExt as _, symlink},
};

use super::*;

fn mode(path: &Path) -> u32 {
    let about = fs::metadata(path).expect("it is there");
    about.permissions().mode() & 0o7777
}

fn opened(folder: &Path) -> Result<(), String> {
    Audit::open(folder, NOW)
        .map(drop)
        .map_err(|e| e.to_string())
}

#[test]
fn everything_is_for_this_user_alone() {
    let (_home, folder) = place();
    opened(&folder).unwrap();
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("lock")), 0o600);
    for file in files(&folder) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn what_others_may_write_to_is_not_used() {
    for name in ["", "lock", "audit-000001.jsonl"] {
        let (_home, folder) = place();
        opened(&folder).unwrap();
        let path = folder.join(name);
        let own = mode(&path);
        set_permissions(&path, Permissions::from_mode(own | 0o020)).unwrap();
        let message = opened(&folder).unwrap_err();
        assert!(message.contains("others may write to"), "{message}");
        assert!(message.contains("chmod go-w"), "{message}");
        assert!(Reader::open(&folder).is_err(), "{name}");
        set_permissions(&path, Permissions::from_mode(own)).unwrap();
        opened(&folder).unwrap();
    }
}

#[test]
fn what_belongs_to_another_user_is_not_used() {
    if !rustix::process::geteuid().is_root() {
        return; // Only root may give a file away.
    }
    for name in ["", "lock", "audit-000001.jsonl"] {
        let (_home, folder) = place();
        opened(&folder).unwrap();
        std::os::unix::fs::chown(folder.join(name), Some(12_345), None).unwrap();
        let message = opened(&folder).unwrap_err();
        assert!(
            message.contains("belongs to user 12345, not to 0"),
            "{message}"
        );
    }
}

#[test]
fn links_and_folders_in_the_place_of_files_are_not_used() {
    for name in ["lock", "audit-000001.jsonl"] {
        let (home, folder) = place();
        fs::create_dir(&folder).unwrap();
        let elsewhere = home.path().join("elsewhere");
        fs::write(&elsewhere, "mine\n").unwrap();
        symlink(&elsewhere, folder.join(name)).unwrap();
        let message = opened(&folder).unwrap_err();
        assert!(message.contains("is not a plain file"), "{message}");
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "mine\n");
        fs::remove_file(folder.join(name)).unwrap();
        fs::create_dir(folder.join(name)).unwrap();
        assert!(opened(&folder).is_err());
    }
    let (home, folder) = place();
    symlink(home.path(), &folder).unwrap();
    let message = opened(&folder).unwrap_err();
    assert!(message.contains("is not a plain folder"), "{message}");
}

#[test]
fn a_home_that_is_not_there_is_not_made() {
    let (home, folder) = place();
    assert!(opened(&folder.join("deeper")).is_err());
    assert!(!folder.exists());
    assert!(records(&folder).is_empty());
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

/// A file system of 64 KiB: only root may make one.
#[cfg(target_os = "linux")]
mod full {
    use std::process::Command;

    use super::*;

    struct Mount(PathBuf);

    impl Mount {
        fn new(folder: &Path) -> Option<Self> {
            let made = Command::new("mount")
                .args(["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs"])
                .arg(folder)
                .output();
            made.is_ok_and(|done| done.status.success())
                .then(|| Self(folder.to_owned()))
        }
    }

    impl Drop for Mount {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg(&self.0).output();
        }
    }

    #[test]
    fn a_full_disk_is_said_plainly_and_the_chain_stays_whole() {
        let (_home, folder) = place();
        fs::create_dir(&folder).unwrap();
        let Some(_mount) = Mount::new(&folder) else {
            return; // Not allowed to mount here.
        };
        let folder = folder.join("audit");
        let mut audit = Audit::open(&folder, NOW).unwrap();
        let long = "x".repeat(1000);
        let error = (0..100)
            .map(|n| audit.intent(&intent(&RunId::new(NOW + n), &long, NOW)))
            .find_map(Result::err)
            .expect("100 records of 1 KiB don't fit");
        assert!(error.is_full(), "{error:?}");
        let message = error.to_string();
        assert!(
            message.starts_with("the audit log can't be written: "),
            "{message}"
        );
        assert!(message.contains("No space left on device"), "{message}");
        let before = whole(&folder);
        assert!(audit.intent(&intent(&RunId::new(NOW), &long, NOW)).is_err());
        assert_eq!(
            whole(&folder),
            before,
            "what didn't fit left nothing behind"
        );
    }
}
