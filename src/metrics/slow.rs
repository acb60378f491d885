//! The slow channel: space and inodes, and the managers' truth about daemons.
//!
//! # Wire
//!
//! Started like the fast one (see [`super::sampler`]), its text begins with `# sshoal S1 slow NONCE`. It greets with
//!
//! ```text
//! S1 NONCE slow has=systemd,docker space=stat deadline=timeout 8
//! ```
//!
//! `has`: the managers found: `systemd`, `docker`, `podman`, `openrc`, `runit`, `supervisor`. `space`: `stat` or `df`. Then, for each request
//! `SEQ LETTERS` (`s` daemons, `d` disks), it answers
//!
//! ```text
//! (SEQ EPOCH UPTIME     the node's wall clock in seconds and its uptime; `-` or missing where not known
//! =PART ... STATUS      a part begins; STATUS is the tool's exit status
//!  LINE                 the part's lines, each behind one space
//! )SEQ
//! ```
//!
//! | part | lines |
//! |---|---|
//! | `=mounts` | `rw\|ro\|fault TYPE PATH` of each real local mount, the path with the octal escapes of `/proc/mounts`; `fault`: read-only though `/etc/fstab` has it writable |
//! | `=stat STATUS` | of each mount: block size, blocks, blocks for ordinary users, inodes, free inodes, path |
//! | `=df STATUS` | `df -Pk` of these paths, where `stat -f` doesn't exist |
//! | `=systemd STATUS` `=systemd-user STATUS` | `systemctl show`: blocks of `Key=value`, an empty line between |
//! | `=docker STATUS` `=podman STATUS` | per container: name, status, pid, restarts, exit code, OOM-killed, started at, health, separated by `\|` |
//! | `=supervisor STATUS` | `supervisorctl status` |
//! | `=openrc I STATUS` `=runit I STATUS` `=custom I STATUS` | the tool's words about daemon I of the node, counted from 0 |
//! | `=pidfile I PID WORD` | `up`, `gone`, `none` (no such file) or `unreadable`; PID may be `-` |
