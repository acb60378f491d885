//! The slow channel's program: which manager is asked about which of a node's daemons.

use super::sampler::{SLOW_MARK, stripped, with_mark};
use crate::node::{
    Daemon, Manager,
    quote::{is_plain_word, quoted},
};

/// Text of the slow program for these daemons.
pub(super) fn program(nonce: &str, daemons: &[Daemon]) -> String {
    let text = stripped(include_str!("slow.sh"))
        .replace("@NONCE@", nonce)
        .replace("@DAEMONS@", &questions(daemons));
    with_mark(SLOW_MARK, nonce, &text)
}

/// The unit that a daemon's name stands for.
pub(super) fn unit(name: &str) -> String {
    const KINDS: [&str; 8] = [
        ".service", ".socket", ".timer", ".target", ".mount", ".path", ".slice", ".scope",
    ];
    if KINDS.iter().any(|kind| name.ends_with(kind)) {
        name.to_owned()
    } else {
        format!("{name}.service")
    }
}

/// Calls of the program's functions, each manager asked once for all of its daemons.
pub(super) fn questions(daemons: &[Daemon]) -> String {
    let by = |manager: Manager| names(daemons, move |m| m == manager);
    let auto = by(Manager::Auto);
    let units: Vec<_> = names(daemons, |m| matches!(m, Manager::Systemd | Manager::Auto));
    let units: Vec<_> = units.into_iter().map(unit).collect();
    let user_units: Vec<_> = by(Manager::SystemdUser).into_iter().map(unit).collect();
    let mut text = String::from("o=\n");
    text += &call("units", &units);
    if !auto.is_empty() {
        text += "case $o in '' | *LoadState=not-found*)\n";
        text += &call("docker_", &auto);
        text += &call("podman_", &auto);
        text += &call("supervisor", &auto);
        text += &each(daemons, Manager::Auto);
        text += ";; esac\n";
    }
    text += &call("user_units", &user_units);
    text += &call("docker_", &by(Manager::Docker));
    text += &call("podman_", &by(Manager::Podman));
    text += &call("supervisor", &by(Manager::Supervisor));
    for manager in [
        Manager::Openrc,
        Manager::Runit,
        Manager::Pidfile,
        Manager::Custom,
    ] {
        text += &each(daemons, manager);
    }
    text
}

fn names(daemons: &[Daemon], wanted: impl Fn(Manager) -> bool) -> Vec<&str> {
    let wanted = daemons.iter().filter(|d| wanted(d.manager));
    wanted
        .map(|d| d.name.as_str())
        .filter(|name| is_plain_word(name))
        .collect()
}

fn call<T: AsRef<str>>(function: &str, words: &[T]) -> String {
    let words: Vec<_> = words.iter().map(AsRef::as_ref).collect();
    if words.is_empty() {
        return String::new();
    }
    format!("{function} {}\n", words.join(" "))
}

/// What is asked daemon by daemon: by its position, since the answer may not name it.
fn each(daemons: &[Daemon], manager: Manager) -> String {
    let daemons = daemons.iter().enumerate();
    daemons
        .filter(|(_, d)| d.manager == manager)
        .map(|(i, d)| question(i, d))
        .collect()
}

fn question(i: usize, daemon: &Daemon) -> String {
    let name = &daemon.name;
    let plain = is_plain_word(name);
    match daemon.manager {
        Manager::Custom => match &daemon.status {
            Some(status) => format!("custom {i} {}\n", quoted(status)),
            None => String::new(),
        },
        Manager::Pidfile => match &daemon.pidfile {
            Some(path) => format!("pidfile {i} {}\n", quoted(path)),
            None if plain => pidfiles(i, name),
            None => String::new(),
        },
        Manager::Openrc if plain => format!("openrc {i} {name}\n"),
        Manager::Runit if plain => format!("runit {i} {name}\n"),
        Manager::Auto if plain => {
            format!("openrc {i} {name}\nrunit {i} {name}\n{}", pidfiles(i, name))
        }
        _ => String::new(),
    }
}

fn pidfiles(i: usize, name: &str) -> String {
    format!("pidfile {i} /run/{name}.pid /run/{name}/{name}.pid /var/run/{name}.pid\n")
}
