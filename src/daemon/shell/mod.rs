//! The managers of daemons: what each is called, and the shell functions that look, act and read its log.

mod custom;
mod docker;
mod launchd;
mod openrc;
mod pidfile;
mod podman;
mod runit;
mod supervisor;
mod systemd;
mod systemd_user;

use crate::node::Manager;

/// What all managers have in common.
pub(super) const CORE: &str = include_str!("core.sh");

/// A manager's part of a script. Its functions begin with its word, `-` as `_`: `_has` is true where the manager is on the
/// node; `_look` sets what core.sh lists; `_act start|stop|restart` orders, and leaves words and status in `o` and `c`;
/// `_log` prints the last lines; `_lacks`, where there is one, is true with the reason in `X` where it can't act.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) manager: Manager,
    pub(super) text: &'static str,
    /// Other managers' functions that it calls.
    pub(super) needs: &'static [Manager],
}

impl Part {
    const fn new(manager: Manager, text: &'static str) -> Self {
        Self {
            manager,
            text,
            needs: &[],
        }
    }
}

/// All of them; those that `auto` tries come first, in its order.
pub(super) const PARTS: &[Part] = &[
    systemd::PART,
    docker::PART,
    podman::PART,
    openrc::PART,
    runit::PART,
    supervisor::PART,
    pidfile::PART,
    systemd_user::PART,
    launchd::PART,
    custom::PART,
];

/// How many of [`PARTS`] `auto` tries.
pub(super) const AUTO: usize = 7;

/// The manager of a word; nothing for `auto`, which runs no daemon.
pub(super) fn manager(word: &str) -> Option<Manager> {
    let part = PARTS.iter().find(|part| part.manager.as_str() == word);
    part.map(|part| part.manager)
}
