//! What the keys of one mapping have to do with each other.

use super::{
    fault::Fault,
    keys::Scope,
    tree::{Field, Tree},
};

/// Checks a whole mapping; `near` is where its key stands.
pub(super) fn check(scope: Scope, fields: &[Field<'_>], near: usize) -> Result<(), Fault> {
    let here = fields.first().map_or(near, |field| field.spot.at);
    let present = |name: &str| fields.iter().find(|field| field.key.name == name);
    for key in scope.keys().filter(|key| key.required) {
        if present(key.name).is_none_or(|field| matches!(field.value, Tree::Null)) {
            let reason = format!("{} needs `{}`", scope.title(), key.name);
            return Err(Fault::at(here, 1, reason));
        }
    }
    match scope {
        Scope::Source | Scope::Secret => exactly_one(scope, fields, here),
        Scope::Daemon => daemon(fields),
        Scope::Defaults | Scope::Group | Scope::Host => {
            match (present("transport"), present("transports")) {
                (Some(one), Some(list)) => {
                    let later = if one.spot.at > list.spot.at {
                        one
                    } else {
                        list
                    };
                    let reason = "`transport` is short for `transports`; write one of them";
                    Err(later.spot.fault(reason))
                }
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

fn exactly_one(scope: Scope, fields: &[Field<'_>], here: usize) -> Result<(), Fault> {
    let names: Vec<&str> = scope.keys().map(|key| key.name).collect();
    let choice = format!("{} has exactly one of {}", scope.title(), names.join(", "));
    match fields {
        [one] if !matches!(one.value, Tree::Null) => Ok(()),
        [_, second, ..] => Err(second.spot.fault(choice)),
        _ => Err(Fault::at(here, 1, choice)),
    }
}

/// A custom daemon is its commands; no other has them, but that a pid file's may be started.
fn daemon(fields: &[Field<'_>]) -> Result<(), Fault> {
    let present = |name: &str| fields.iter().find(|field| field.key.name == name);
    let manager = present("manager");
    let word = manager.and_then(|field| field.value.spot());
    let word = word.map_or("auto", |spot| &*spot.text);
    let needs = match word {
        "custom" if present("status").is_none() => "status",
        "pidfile" if present("pidfile").is_none() => "pidfile",
        _ => "",
    };
    if let (Some(manager), false) = (manager, needs.is_empty()) {
        let reason = format!("manager {word} needs `{needs}`");
        return Err(manager.spot.fault(reason));
    }
    let is_pidfile = word == "pidfile" || (manager.is_none() && present("pidfile").is_some());
    let commands = ["start", "stop", "restart", "status"];
    let mut commands = commands.into_iter().filter(|name| match word {
        "custom" => false,
        _ => *name != "start" || !is_pidfile,
    });
    match commands.find_map(present) {
        Some(field) => {
            let reason = format!("`{}` is read only with `manager: custom`", field.key.name);
            Err(field.spot.fault(reason))
        }
        None => Ok(()),
    }
}
