//! A real OpenSSH server and the real sudo where only these two see it: a login `op` with the password `right`.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use crate::support::sshd::{Sshd, peer};

/// Of `right`, as crypt(3) makes it.
const HASH: &str = "$6$sshoaltest$QnwvJCc/dLZhHulTkEj9OcylwpVd5LYQg.N8hAuR/Dq5QhJFh0gZRS.l1pQNfY9DUgmCDPN7ziFXE/G4omMwa0";

/// Mounts accounts of its own over those of the system, in a mount namespace of its own; needs root.
const BESIDE: &str = r#"#!/bin/sh
exec unshare -m /bin/sh -c '
set -e
cd FOLDER
for n in passwd shadow group; do cp -p /etc/$n $n; done
echo "op:x:4711:4711::/nonexistent:/bin/sh" >>passwd
echo "op:HASH:19000:0:99999:7:::" >>shadow
echo "op:x:4711:" >>group
echo "Defaults env_reset, use_pty, lecture=always
root ALL=(ALL:ALL) ALL
op ALL=(ALL:ALL) POLICY ALL" >sudoers
chown root:root sudoers
chmod 440 sudoers
for n in passwd shadow group sudoers; do mount --bind $n /etc/$n; done
mkdir -p /run/sudo && mount -t tmpfs none /run/sudo
exec "$0" "$@"' SSHD "$@"
"#;

/// `policy` is a tag of sudoers, such as `NOPASSWD:`; without one the password is asked for.
pub(crate) fn server(policy: &str) -> Option<Sshd> {
    let sshd = peer("sshd")?;
    let has_sudo = peer("sudo").is_some() && Path::new("/etc/pam.d/sudo").exists();
    if !has_sudo || !rustix::process::geteuid().is_root() || !may_mount() {
        eprintln!("SKIPPED: no accounts of our own can be made");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("sshd");
    let text = BESIDE
        .replace("FOLDER", &folder.path().display().to_string())
        .replace("HASH", &HASH.replace('$', "\\$"))
        .replace("POLICY", policy)
        .replace("SSHD", &sshd.display().to_string());
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let server = Sshd::by(&program, &[]);
    // Its keys are looked for as `op`, whose home is in there too.
    fs::set_permissions(server.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let home = server.path("home");
    std::os::unix::fs::chown(home, Some(4711), Some(4711)).unwrap();
    Some(server)
}

/// Where a container forbids it, nothing can be mounted.
fn may_mount() -> bool {
    let tried = Command::new("unshare")
        .args(["-m", "mount", "-t", "tmpfs", "none", "/mnt"])
        .output();
    tried.is_ok_and(|done| done.status.success())
}
